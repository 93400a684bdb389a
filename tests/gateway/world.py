"""A gateway with a past: events of all four services, taken in by the gateway's own subscriptions.

The log is a list in memory; cursor, versions and read models are the real ones, in a real database.
"""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from gateway.projections import PROJECTIONS
from services.kernel.database import Database
from services.kernel.identifiers import derived_id
from services.kernel.log import Head, Page
from services.kernel.message import Recorded
from services.kernel.subscription import Subscription, for_projection

MAP = Path(__file__).parents[2] / "services" / "registry" / "data"


class Log:
    """What services would have published, in memory."""

    def __init__(self) -> None:
        self.events: dict[str, list[Recorded]] = {}
        self._versions: dict[str, int] = {}

    def head(self, source: str) -> Head:
        return Head("epoch-1", len(self.events.get(source, [])))

    def events_since(self, source: str, after: int, limit: int) -> Page:
        return Page("epoch-1", self.events.get(source, [])[after : after + limit])

    def add(self, source: str, stream: str, event: str, /, **data: Any) -> int:
        """Record one event; returns its version in the stream."""
        log = self.events.setdefault(source, [])
        self._versions[stream] = version = self._versions.get(stream, 0) + 1
        log.append(
            Recorded(
                position=len(log) + 1,
                id=str(derived_id("event", source, len(log) + 1)),
                stream=stream,
                version=version,
                name=event,
                schema_version=2 if event == "visit.recorded" else 1,
                data=orjson.dumps(data).decode(),
                recorded_at=f"2026-11-01T00:{len(log) // 60 % 60:02}:{len(log) % 60:02}.{len(log):06}Z",
                correlation_id="",
                cause="",
            )
        )
        return version


class World:
    """A log and the gateway's prepared database that follows it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.log = Log()

    def subscriptions(self) -> list[Subscription]:
        """A fresh set of the gateway's subscriptions."""
        return [
            subscription
            for projection in PROJECTIONS
            for subscription in for_projection("gateway", projection(), self.database, self.log)
        ]

    def catch_up(self) -> None:
        """Have every read model take in all that was recorded."""
        for subscription in self.subscriptions():
            subscription.catch_up()

    # -- what happened -------------------------------------------------------------------------------------------

    def real_map(self) -> None:
        """All 14,149 units, all 10,665 successions, and since when the map is known."""
        units = _read("admin-units.csv")
        by_code = {(u["regime"], u["level"], u["code"]): u for u in units}
        for unit in units:
            self.unit(**{"kind" if k == "type" else k: v for k, v in unit.items()}, parent=_parent(unit, by_code))
        for gone in _read("unit-successions.csv"):
            old = unit_id("legacy", gone["level"], gone["legacy_code"])
            new = unit_id("current", "province" if gone["level"] == "province" else "commune", gone["current_code"])
            self.succeeded(old, new, part=gone["kind"] == "part", seat=gone["is_default"] == "1")
        for known in _read("map-known-from.csv"):
            self.known(known["regime"], known["known_from"], known["known_to"] or None, known["province_code"] or None)

    def unit(
        self,
        regime: str,
        code: str,
        name: str,
        level: str,
        kind: str,
        parent: UUID | None,
        valid_from: str = "",
        valid_to: str = "",
        **numbers: str,
    ) -> UUID:
        unit = unit_id(regime, level, code)
        self.log.add(
            "registry",
            f"unit-{unit}",
            "unit.registered",
            unit=str(unit),
            regime=regime,
            code=code,
            name=name,
            level=level,
            kind=kind,
            parent=None if parent is None else str(parent),
            valid_from=valid_from or None,
            valid_to=valid_to or None,
            **{key: float(numbers[key]) if numbers.get(key) else None for key in ("lat", "lon", "area_km2")},
        )
        return unit

    def succeeded(self, old: UUID, new: UUID, *, part: bool = False, seat: bool = True) -> None:
        self.log.add(
            "registry",
            f"unit-{old}",
            "unit.succeeded",
            unit=str(old),
            successor=str(new),
            part=part,
            seat=seat,
            on="2025-07-01",
        )

    def known(self, regime: str, since: str, until: str | None = None, province_code: str | None = None) -> None:
        province = unit_id(regime, "province", province_code) if province_code else None
        self.log.add(
            "registry",
            f"map-{regime}" + (f"-{province_code}" if province_code else ""),
            "map.declared",
            regime=regime,
            province=None if province is None else str(province),
            known_from=since,
            known_to=until,
            source="data",
        )

    def hamlet(self, name: str, commune: UUID) -> UUID:
        hamlet = derived_id("hamlet", name, commune)
        self.log.add(
            "registry",
            f"hamlet-{hamlet}",
            "hamlet.registered",
            hamlet=str(hamlet),
            commune=str(commune),
            name=name,
            kind="Ấp",
            valid_from="2025-07-01",
        )
        return hamlet

    def team(self, name: str, commune: UUID, *hamlets: UUID) -> UUID:
        team = derived_id("team", name, commune)
        self.log.add(
            "registry",
            f"team-{team}",
            "team.established",
            team=str(team),
            commune=str(commune),
            name=name,
            level="hamlet",
            hamlets=[str(hamlet) for hamlet in hamlets],
            decision_no="12/QĐ-UBND",
            decision_date="2025-08-01",
        )
        return team

    def member(self, team: UUID, number: int, role: str = "member") -> UUID:
        member = derived_id("member", team, number)
        self.log.add(
            "registry",
            f"team-{team}",
            "member.appointed",
            team=str(team),
            member=str(member),
            role=role,
            organisation="Đoàn Thanh niên",
            appointed_on="2025-08-02",
        )
        return member

    def household(self, hamlet: UUID, number: int) -> UUID:
        household = derived_id("household", hamlet, number)
        self.log.add(
            "visits",
            f"household-{household}",
            "household.registered",
            household=str(household),
            hamlet=str(hamlet),
            registered_on="2025-09-01",
        )
        return household

    def visit(self, household: UUID, hamlet: UUID, team: UUID, number: int, visited_on: str = "2026-10-05") -> UUID:
        visit = derived_id("visit", household, number)
        self.log.add(
            "visits",
            f"visit-{visit}",
            "visit.recorded",
            visit=str(visit),
            household=str(household),
            hamlet=str(hamlet),
            team=str(team),
            member=None,
            visited_on=visited_on,
            mode="home",
            services=["VNEID_L2"],
            outcome="guided",
        )
        return visit

    def counted(self, hamlet: UUID, quarter: str, households: int, guided: int, since_plan: int | None) -> None:
        self.log.add(
            "reporting",
            f"coverage-{hamlet}",
            "coverage.counted",
            hamlet=str(hamlet),
            plan="CM-2026-20" if since_plan is not None else None,
            quarter=quarter,
            households=households,
            guided_in_quarter=guided,
            guided_since_plan=since_plan,
        )

    def case(self, commune: UUID, number: int, body: str = "CONG_AN_XA", category: str = "ACC_L2") -> UUID:
        case = derived_id("case", commune, number)
        self.log.add(
            "feedback",
            f"case-{case}",
            "feedback.submitted",
            case=str(case),
            category=category,
            service="VNEID_L2",
            commune=str(commune),
            body=body,
            severity="S2",
            channel="public_form",
            has_contact=True,
            submitted_on="2026-10-10",
        )
        return case


def unit_id(regime: str, level: str, code: str) -> UUID:
    """The stable id of a unit, as the registry makes it."""
    return derived_id("unit", regime, level, code)


def _parent(unit: dict[str, str], by_code: dict[tuple[str, str, str], dict[str, str]]) -> UUID | None:
    for level in ("district", "province"):
        if (unit["regime"], level, unit["parent_code"]) in by_code and level != unit["level"]:
            return unit_id(unit["regime"], level, unit["parent_code"])
    return None


def _read(name: str) -> list[dict[str, str]]:
    with (MAP / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


MakeWorld = Callable[[], World]
