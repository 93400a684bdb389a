"""A small place for questions put to both databases: a province, two communes, hamlets, teams, and who asks."""

from pathlib import Path
from typing import Any
from uuid import UUID

from gateway.viewer import Role
from services.kernel.identifiers import derived_id
from tests.gateway.asking import Gateway
from tests.gateway.world import World, unit_id

PROVINCE = unit_id("current", "province", "96")
HERE, THERE = (unit_id("current", "commune", code) for code in ("31843", "31849"))
DECIDED = {"decision_no": "12/QĐ-UBND", "decision_date": "2025-08-01"}
CITED = {"severity": "warn", "note": "", "citation": {"document": "20/KH-UBND", "section": "II"}}


def found_the_map(world: World) -> None:
    """Cà Mau and two of its communes."""
    province = world.unit("current", "96", "Tỉnh Cà Mau", "province", "Tỉnh", None, valid_from="2025-07-01")
    for code, name in (("31843", "Xã Hồng Dân"), ("31849", "Xã Ninh Quới")):
        world.unit("current", code, name, "commune", "Xã", province, valid_from="2025-07-01")
    world.known("current", "2025-07-01")


def say(world: World, stream: object, event: str, **told: Any) -> None:
    """An event of the registry; ids as text, `stream` the id of the thing it is about."""
    plain = {name: str(value) if isinstance(value, UUID) else value for name, value in told.items()}
    world.log.add("registry", f"{event.partition('.')[0]}-{stream}", event, **plain)


def team(world: World, name: str, commune: UUID, *hamlets: UUID, level: str = "hamlet", **decided: Any) -> UUID:
    """A team as its own decision established it."""
    about = derived_id("team", name, commune)
    served = [str(hamlet) for hamlet in hamlets]
    facts = {"team": about, "commune": commune, "name": name, "level": level, "hamlets": served}
    say(world, about, "team.established", **facts, **{**DECIDED, **decided})
    return about


def serve(world: World, team: UUID, number: int, appointed_on: str = "2025-08-02", **told: Any) -> UUID:
    """Somebody serves in it: the same number is the same person."""
    member = derived_id("member", number)
    whence = {"organisation": "Xã đoàn", "role": "member", **told}
    say(world, team, "member.appointed", team=team, member=member, appointed_on=appointed_on, **whence)
    return member


def plan(world: World, *rules: dict[str, Any], territory: UUID = PROVINCE, **told: Any) -> None:
    """A published plan with these rules, each cited."""
    profile = derived_id("profile", territory, told.get("valid_from"))
    facts = {"code": "T", "name": "Kế hoạch", "issuer": "UBND", "document": "20/KH-UBND", "issued_on": "2025-08-01"}
    span = {"valid_from": "2025-08-01", "valid_to": None, "tiers": [], "team_levels": [], **told}
    said = {**facts, **span, "rules": [{**rule, **CITED} for rule in rules]}
    published = {"territory": str(territory), "profile": str(profile), "plan": said}
    world.log.add("registry", f"policy-{territory}", "policy_profile.published", **published)


def ask(
    world: World,
    var: Path,
    document: str,
    *held: UUID,
    role: Role = Role.PROVINCE_OFFICIAL,
    served: tuple[UUID, ...] = (),
    **told: Any,
) -> Any:
    """The data of a query, the read models caught up; asked by the province unless told otherwise."""
    world.catch_up()
    gateway = Gateway(world.database, var)
    try:
        return gateway.data(document, gateway.token(role, *(held or (PROVINCE,)), served=served), **told)
    finally:
        gateway.client.close()


def here(world: World, var: Path, document: str, **told: Any) -> Any:
    """The one root field, asked by the commune."""
    return next(iter(ask(world, var, document, HERE, role=Role.COMMUNE_OFFICIAL, **told).values()))


def there(world: World, var: Path, document: str, **told: Any) -> Any:
    """The one root field, asked by the other commune."""
    return next(iter(ask(world, var, document, THERE, role=Role.COMMUNE_OFFICIAL, **told).values()))


def province(world: World, var: Path, document: str, **told: Any) -> Any:
    """The one root field, asked by the province."""
    return next(iter(ask(world, var, document, **told).values()))
