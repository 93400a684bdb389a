"""Every member trained every year: figures by unit, who is not yet, who missed what; on both databases."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from gateway.viewer import Role
from services.kernel.identifiers import derived_id
from tests.gateway.asking import Gateway
from tests.gateway.places import HERE, PROVINCE, THERE, found_the_map, here, plan, province, say, serve, team, there
from tests.gateway.world import World

FIGURES = """query($u: String!, $y: Int!) { trainingCompliance(unit: $u, year: $y) { countedOn members trained
    trainedRate rule { value section } below { nodes { unit { code } members trained } } } }"""
PEOPLE = """query($u: String!, $y: Int!, $n: Int, $a: String) { trainingCompliance(unit: $u, year: $y) {
    untrained(first: $n, after: $a) { totalCount pageInfo { endCursor } nodes { member teams { name } } }
    missed(first: $n) { totalCount pageInfo { endCursor } nodes { member name mode heldOn } } } }"""


@pytest.fixture
def people(world: World) -> list[UUID]:
    """Five people: the first four in two teams here, the first in both; the fifth elsewhere."""
    found_the_map(world)
    one, two, other = team(world, "Tổ 1", HERE), team(world, "Tổ 2", HERE), team(world, "Tổ kia", THERE)
    serve(world, two, 1)
    return [serve(world, place, number) for number, place in enumerate((one, one, one, two, other), start=1)]


def held(world: World, name: str, day: str, attended: list[UUID], missed: list[UUID]) -> None:
    about = derived_id("training", name)
    days = {"first_day": day, "last_day": day}
    told = {"unit": PROVINCE, "course": None, "name": name, "mode": "online", "organiser": "Sở", **days}
    say(world, about, "training.scheduled", training=about, trainer_organisation="province_office", **told)
    present = {"attended": [str(each) for each in attended], "missed": [str(each) for each in missed]}
    say(world, about, "training.held", training=about, held_on=day, **present)


def test_members_are_counted_once_and_by_the_year(world: World, people: list[UUID], tmp_path: Path) -> None:
    rule = {"kind": "quantity", "measure": "members_trained_per_year_percent", "level": None, "comparator": ">="}
    plan(world, {**rule, "value": 100})
    held(world, "Quý I", "2026-03-02", people[:2], people[2:3])
    held(world, "Năm trước", "2025-12-31", people[3:4], [])
    completed = {"course": "Kỹ năng số", "provider": "Bình dân học vụ số", "completed_on": "2026-05-10"}
    say(world, people[0], "external_course.completed", member=people[0], **completed)
    assert province(world, tmp_path, FIGURES, u="96", y=2026) == {
        "countedOn": "2026-11-20",
        "members": 5,
        "trained": 2,
        "trainedRate": "40.0",
        "rule": {"value": 100, "section": "II"},
        "below": {
            "nodes": [
                {"unit": {"code": "31843"}, "members": 4, "trained": 2},
                {"unit": {"code": "31849"}, "members": 1, "trained": 0},
            ]
        },
    }
    last_year = here(world, tmp_path, FIGURES, u="31843", y=2025)
    assert [last_year[name] for name in ("countedOn", "members", "trained")] == ["2025-12-31", 4, 1]
    nobody = there(world, tmp_path, FIGURES, u="31843", y=2026)
    assert (nobody["members"], nobody["trained"], nobody["trainedRate"]) == (0, 0, None), "only what the viewer holds"


def test_who_is_not_trained_and_who_missed_what_is_listed(world: World, people: list[UUID], tmp_path: Path) -> None:
    held(world, "Quý I", "2026-03-02", people[1:2], people[2:3])
    held(world, "Quý II", "2026-06-02", people[3:4], [people[1], people[4]])
    gone = {"stood_down_on": "2026-07-01", "appointed_on": "2025-08-02"}
    say(world, derived_id("team", "Tổ 1", HERE), "member.stood_down", team=_team("Tổ 1"), member=people[2], **gone)

    def asked(**more: Any) -> dict[str, Any]:
        found: dict[str, Any] = here(world, tmp_path, PEOPLE, u="31843", y=2026, **more)
        return found

    found = asked()
    assert found["untrained"]["nodes"] == [{"member": str(people[0]), "teams": [{"name": "Tổ 1"}, {"name": "Tổ 2"}]}]
    assert found["missed"]["nodes"] == [
        {"member": str(people[1]), "name": "Quý II", "mode": "ONLINE", "heldOn": "2026-06-02"}
    ], "who left, and who serves elsewhere, is not this commune's"
    assert (found["untrained"]["totalCount"], found["missed"]["totalCount"]) == (1, 1)
    whole = province(world, tmp_path, PEOPLE, u="96", y=2026)
    assert {row["member"] for row in whole["untrained"]["nodes"]} == {str(people[0]), str(people[4])}
    first = province(world, tmp_path, PEOPLE, u="96", y=2026, n=1)
    rest = province(world, tmp_path, PEOPLE, u="96", y=2026, n=1, a=first["untrained"]["pageInfo"]["endCursor"])
    assert first["untrained"]["nodes"] + rest["untrained"]["nodes"] == whole["untrained"]["nodes"]
    assert whole["missed"]["totalCount"] == 2


@pytest.mark.usefixtures("people")
def test_a_year_to_come_is_refused(world: World, tmp_path: Path) -> None:
    world.catch_up()
    gateway = Gateway(world.database, tmp_path)
    token = gateway.token(Role.PROVINCE_OFFICIAL, PROVINCE)
    assert gateway.code(FIGURES, token, u="96", y=2027) == "INVALID_INPUT"
    assert gateway.code(FIGURES, u="96", y=2026) == "UNAUTHENTICATED"


def _team(name: str) -> UUID:
    return derived_id("team", name, HERE)
