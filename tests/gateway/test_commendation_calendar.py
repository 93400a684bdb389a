"""The year of awards: the plan's day, what is still open before it, what was awarded; on both databases."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.kernel.identifiers import derived_id
from tests.gateway.places import HERE, THERE, found_the_map, here, plan, say, team, there
from tests.gateway.world import World

CALENDAR = """query($u: String!, $y: Int!, $s: CommendationStatus) { commendationCalendar(unit: $u, year: $y) {
    year awardDay rule { section } profile { code } due(status: $s) { totalCount nodes { id status } }
    awarded { totalCount nodes { id awardedOn warnings { code } } } } }"""
TENTH = {"kind": "yearly_day", "what": "awards", "month": 10, "day": 10}


@pytest.fixture
def one(world: World) -> UUID:
    found_the_map(world)
    return team(world, "Tổ 1", HERE)


def proposed(world: World, team: UUID, number: int, day: str, *steps: str, awarded_on: str = "") -> str:
    about = derived_id("commendation", team, number)
    figures = {"visits": 1, "households_visited": 1, "households_guided": 1, "activity_days": 1}
    told = {
        "team": team,
        "member": None,
        "form": "annual_award",
        "period_from": "2026-01-01",
        "period_to": "2026-06-30",
    }
    whose = {"proposer": "office", "proposed_on": day, "evidence": figures}
    say(world, about, "commendation.proposed", commendation=about, **told, **whose)
    decision = {"decision_no": "7/QĐ", "decision_date": day, "signer": "UBND xã", "issuing_body": "UBND xã"}
    steps_told: dict[str, dict[str, Any]] = {
        "selected": {"office": "Phòng VH-XH", "selected_on": day},
        "declined": {"office": "Phòng VH-XH", "declined_on": day},
        "approved": decision,
        "awarded": {"awarded_on": awarded_on},
        "revoked": decision,
    }
    for step in steps:
        say(world, about, f"commendation.{step}", commendation=about, **steps_told[step])
    return str(about)


def test_the_calendar_shows_the_plan_s_day_what_is_due_and_what_was_awarded(
    world: World, one: UUID, tmp_path: Path
) -> None:
    plan(world, TENTH)
    waiting = proposed(world, one, 1, "2026-10-10")
    chosen = proposed(world, one, 2, "2026-09-01", "selected")
    proposed(world, one, 3, "2026-10-11")
    proposed(world, one, 4, "2026-09-01", "declined")
    done = ("selected", "approved", "awarded")
    on_the_day = proposed(world, one, 5, "2026-08-02", *done, awarded_on="2026-10-10")
    off_the_day = proposed(world, one, 6, "2026-08-01", *done, awarded_on="2026-11-01")
    proposed(world, one, 7, "2026-08-01", *done, "revoked", awarded_on="2026-10-10")
    proposed(world, one, 8, "2025-08-02", *done, awarded_on="2025-10-10")
    found = here(world, tmp_path, CALENDAR, u="31843", y=2026)
    assert (found["year"], found["awardDay"]) == (2026, "2026-10-10")
    assert (found["rule"], found["profile"]) == ({"section": "II"}, {"code": "T"})
    assert found["due"]["totalCount"] == 2
    assert [(node["id"], node["status"]) for node in found["due"]["nodes"]] == [
        (waiting, "PROPOSED"),
        (chosen, "SELECTED"),
    ]
    assert found["awarded"]["totalCount"] == 2
    assert [(node["id"], [each["code"] for each in node["warnings"]]) for node in found["awarded"]["nodes"]] == [
        (on_the_day, []),
        (off_the_day, ["AWARDED_OFF_THE_DAY"]),
    ]
    only = here(world, tmp_path, CALENDAR, u="31843", y=2026, s="SELECTED")
    assert [node["id"] for node in only["due"]["nodes"]] == [chosen]
    nobody_s = there(world, tmp_path, CALENDAR, u="31843", y=2026)
    assert (nobody_s["due"]["totalCount"], nobody_s["awarded"]["totalCount"]) == (0, 0)


def test_the_day_is_the_one_of_the_plan_in_force_on_it(world: World, one: UUID, tmp_path: Path) -> None:
    late = proposed(world, one, 1, "2026-12-01")

    def day(year: int, unit: str = "31843") -> str | None:
        named: str | None = here(world, tmp_path, CALENDAR, u=unit, y=year)["awardDay"]
        return named

    assert day(2026) is None
    without = here(world, tmp_path, CALENDAR, u="31843", y=2026)["due"]["nodes"]
    assert without == [{"id": late, "status": "PROPOSED"}], "without a day all of the year is due"
    plan(world, TENTH, valid_from="2026-01-01", valid_to="2026-12-31")
    assert day(2026) == "2026-10-10"
    assert day(2025) is None and day(2027) is None
    plan(world, {**TENTH, "month": 3, "day": 26}, territory=HERE, valid_from="2026-03-26")
    assert day(2026) == "2026-03-26", "the nearer plan speaks first"
    assert day(2026, "31849") == "2026-10-10"
    plan(world, {**TENTH, "month": 2, "day": 29}, territory=THERE, valid_from="2026-01-01")
    assert day(2028, "31849") == "2028-02-29"
    assert day(2027, "31849") is None, "a day that year does not have"
