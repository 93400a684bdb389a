"""Rosters on their way up: submitted by communes, consolidated by each tier above, as the plan says who owes one."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.kernel.identifiers import derived_id
from services.kernel.testing import given
from services.registry.examples import EXAMPLES, OLD_COMMUNE, OLD_DISTRICT, OLD_PROVINCE, PLAN, PLAN_2023, TEAM_ID
from services.registry.plan_rules import Citation, DueRule
from services.registry.policy import POLICY, PolicyProfilePublished
from services.registry.roster import (
    ROSTER,
    ConsolidateRoster,
    RosterConsolidated,
    RosterPart,
    RosterSubmitted,
    SubmitRoster,
    guard,
    roster_id,
)
from services.registry.team import TEAM
from services.registry.team_events import TeamEstablished
from services.registry.unit import UNIT, UnitEnded, UnitRegistered, UnitSucceeded, UnitTransferred
from tests.registry.looking import Looking, refusal_of

(SUBMITTED,) = (event for event in EXAMPLES if isinstance(event, RosterSubmitted))
(SENT_ON,) = (event for event in EXAMPLES if isinstance(event, RosterConsolidated))
(ESTABLISHED,) = (event for event in EXAMPLES if isinstance(event, TeamEstablished))
PROVINCE_TODAY = next(event for event in EXAMPLES if isinstance(event, UnitRegistered) and event.level == "province")
NOON = "2026-11-20T05:00:00Z"
DERIVED = {"roster", "version", "team_count", "member_count"}
_SECTION = Citation(document="220/KH-UBND", section="III.1d")


def due(tier: str, to: str | None) -> DueRule:
    told = {"kind": "due", "what": "roster", "cadence": "once", "tier": tier, "to": to, "citation": _SECTION}
    return DueRule.model_validate(told)


THREE_TIERS = (due("commune", "district"), due("district", "department"), due("department", "province"))
TWO_TIERS = (due("commune", "department"), due("department", "province"))


def submit(**changes: Any) -> SubmitRoster:
    told = SUBMITTED.model_dump(exclude=DERIVED)
    return SubmitRoster.model_validate({"actor": "official", "at": NOON, **told, **changes})


def consolidate(**changes: Any) -> ConsolidateRoster:
    told = SENT_ON.model_dump(exclude={*DERIVED, "content_hash"})
    return ConsolidateRoster.model_validate({"actor": "official", "at": NOON, **told, **changes})


def unit(of: UUID, level: str, parent: UUID | None, last_day: date | None = date(2025, 6, 30)) -> UnitRegistered:
    told = {"unit": of, "level": level, "parent": parent, "regime": "legacy", "valid_from": None, "valid_to": last_day}
    return PROVINCE_TODAY.model_copy(update=told)


def looking(*rules: DueRule, sent: tuple[Any, ...] = ()) -> Looking:
    """Old Cà Mau with a district, a commune and its team, under a plan of these rules."""
    plan = PLAN.model_copy(update={"valid_from": date(2023, 8, 31), "valid_to": date(2025, 6, 30), "rules": rules})
    published = PolicyProfilePublished(territory=OLD_PROVINCE, profile=PLAN_2023, plan=plan)
    of_commune = ESTABLISHED.model_copy(update={"commune": OLD_COMMUNE})
    there = Looking().with_events(POLICY, OLD_PROVINCE, published).with_events(TEAM, TEAM_ID, of_commune)
    there.with_events(UNIT, OLD_PROVINCE, unit(OLD_PROVINCE, "province", None))
    there.with_events(UNIT, OLD_DISTRICT, unit(OLD_DISTRICT, "district", OLD_PROVINCE))
    there.with_events(UNIT, OLD_COMMUNE, unit(OLD_COMMUNE, "commune", OLD_DISTRICT))
    for each in sent:
        there.with_events(ROSTER, each.roster, each)
    return there


def refused(command: Any, there: Looking) -> tuple[str, str | None] | None:
    return refusal_of(lambda: guard(command, there))


def test_a_roster_is_a_snapshot_with_its_counts() -> None:
    given(ROSTER).when(submit()).then(SUBMITTED)
    given(ROSTER, SUBMITTED).when(submit()).then()


def test_what_changed_is_the_next_version_and_never_of_an_earlier_day() -> None:
    team = SUBMITTED.teams[0].model_copy(update={"members": 6})
    later = {"teams": (team,), "content_hash": "0" * 64, "submitted_on": date(2023, 9, 20)}
    second = SUBMITTED.model_copy(update={**later, "member_count": 6, "version": 2})
    given(ROSTER, SUBMITTED).when(submit(**later)).then(second)
    given(ROSTER, SUBMITTED, second).when(submit(**later)).then()
    given(ROSTER, SUBMITTED, second).when(submit()).refused("SUBMITTED_OUT_OF_ORDER", field="submitted_on")


def test_nothing_is_submitted_tomorrow_or_before_it_was_cut_off_and_no_team_twice() -> None:
    there = given(ROSTER)
    there.when(submit(submitted_on=date(2026, 11, 21))).refused("DAY_IN_FUTURE", field="submitted_on")
    there.when(submit(cut_off=date(2023, 9, 15))).refused("CUT_OFF_AFTER_SUBMISSION", field="cut_off")
    there.when(submit(teams=SUBMITTED.teams * 2)).refused("TEAM_TWICE", field="teams")


def test_a_late_roster_is_taken() -> None:
    late = SUBMITTED.model_copy(update={"submitted_on": date(2024, 2, 1)})
    given(ROSTER).when(submit(submitted_on=date(2024, 2, 1))).then(late)
    assert refused(submit(submitted_on=date(2024, 2, 1)), looking(*THREE_TIERS)) is None


def test_the_plan_says_which_tier_owes_a_roster() -> None:
    assert refused(submit(), looking(*THREE_TIERS)) is None
    assert refused(submit(), looking(*THREE_TIERS[1:])) == ("ROSTER_NOT_DUE", "tier")
    assert refused(submit(profile=derived_id("test", "p")), looking(*THREE_TIERS)) == ("PROFILE_UNKNOWN", "profile")
    assert refused(consolidate(), looking(*TWO_TIERS, sent=(SUBMITTED,))) == ("ROSTER_NOT_DUE", "tier")
    early = submit(submitted_on=date(2023, 8, 30), cut_off=date(2023, 8, 30))
    assert refused(early, looking(*THREE_TIERS)) == ("SUBMITTED_BEFORE_PLAN", "submitted_on")


def test_a_roster_is_a_unit_s_own_while_the_unit_stands() -> None:
    there = looking(*THREE_TIERS)
    assert refused(submit(unit=OLD_DISTRICT), there) == ("UNIT_OF_OTHER_TIER", "unit")
    assert refused(submit(unit=derived_id("test", "u")), there) == ("UNIT_UNKNOWN", "unit")
    assert refused(submit(submitted_on=date(2025, 7, 1)), there) == ("UNIT_NOT_IN_FORCE", "submitted_on")
    elsewhere = derived_id("test", "elsewhere")
    there.with_events(UNIT, elsewhere, unit(elsewhere, "commune", None))
    assert refused(submit(unit=elsewhere, teams=()), there) == ("OUTSIDE_TERRITORY", "unit")
    there.with_events(TEAM, TEAM_ID, ESTABLISHED)
    assert refused(submit(), there) == ("TEAM_OF_OTHER_COMMUNE", "teams")
    there.with_events(TEAM, TEAM_ID)
    assert refused(submit(), there) == ("TEAM_UNKNOWN", "teams")


def test_a_commune_submits_the_teams_of_one_that_went_whole_into_it_before_the_cut_off() -> None:
    there, other, day = looking(*THREE_TIERS), derived_id("test", "other"), date(2023, 9, 10)
    gone = UnitSucceeded(unit=OLD_COMMUNE, successor=other, part=False, seat=True, on=day)
    ended = UnitEnded(unit=OLD_COMMUNE, valid_to=date(2023, 9, 9))
    there.with_events(UNIT, OLD_COMMUNE, unit(OLD_COMMUNE, "commune", OLD_DISTRICT, None), ended, gone)
    there.with_events(UNIT, other, unit(other, "commune", OLD_DISTRICT))
    assert refused(submit(unit=other, cut_off=day), there) is None
    early = submit(unit=other, cut_off=date(2023, 9, 9))
    assert refused(early, there) == ("TEAM_OF_OTHER_COMMUNE", "teams")
    assert refused(submit(cut_off=date(2023, 9, 9)), there) == ("UNIT_NOT_IN_FORCE", "submitted_on")


def test_a_roster_is_consolidated_where_its_commune_lies_that_day() -> None:
    there, other, day = looking(*THREE_TIERS, sent=(SUBMITTED,)), derived_id("test", "other"), SENT_ON.submitted_on
    moved = UnitTransferred(unit=OLD_COMMUNE, parent=other, on=day)
    there.with_events(UNIT, other, unit(other, "district", OLD_PROVINCE))
    there.with_events(UNIT, OLD_COMMUNE, unit(OLD_COMMUNE, "commune", OLD_DISTRICT), moved)
    assert refused(consolidate(), there) == ("ROSTER_OF_OTHER_TIER", "parts")
    assert refused(consolidate(unit=other), there) is None
    eve = day - timedelta(days=1)
    assert refused(consolidate(submitted_on=eve), there) is None
    assert refused(consolidate(unit=other, submitted_on=eve), there) == ("ROSTER_OF_OTHER_TIER", "parts")


def test_a_district_consolidates_what_its_communes_sent_it() -> None:
    given(ROSTER).when(consolidate()).then(SENT_ON.model_copy(update={"content_hash": _hash(SENT_ON.parts)}))
    assert refused(consolidate(), looking(*THREE_TIERS, sent=(SUBMITTED,))) is None
    assert refused(consolidate(), looking(*THREE_TIERS)) == ("ROSTER_UNKNOWN", "parts")
    second = SUBMITTED.model_copy(update={"version": 2})
    assert refused(consolidate(), looking(*THREE_TIERS, sent=(second,))) == ("ROSTER_CHANGED", "parts")
    after = SUBMITTED.model_copy(update={"submitted_on": date(2023, 9, 26)})
    there = looking(*THREE_TIERS, sent=(after,))
    assert refused(consolidate(), there) == ("CONSOLIDATED_BEFORE_SUBMITTED", "submitted_on")


def test_counts_of_a_part_cannot_be_made_up() -> None:
    part = SENT_ON.parts[0].model_copy(update={"members": 500})
    assert refused(consolidate(parts=(part,)), looking(*THREE_TIERS, sent=(SUBMITTED,))) == ("ROSTER_CHANGED", "parts")


def test_a_plan_without_districts_sends_from_the_commune_to_the_department() -> None:
    there = looking(*TWO_TIERS, sent=(SUBMITTED,))
    assert refused(submit(), there) is None
    assert refused(consolidate(tier="department", unit=OLD_PROVINCE), there) is None
    three = looking(*THREE_TIERS, sent=(SUBMITTED,))
    skipped = consolidate(tier="department", unit=OLD_PROVINCE)
    assert refused(skipped, three) == ("ROSTER_OF_OTHER_TIER", "parts")


def test_nothing_is_consolidated_from_nothing_or_twice() -> None:
    given(ROSTER).when(consolidate(parts=())).refused("NOTHING_TO_CONSOLIDATE", field="parts")
    given(ROSTER).when(consolidate(parts=SENT_ON.parts * 2)).refused("ROSTER_TWICE", field="parts")


@pytest.mark.parametrize("change", ["version", "content_hash"])
def test_the_hash_of_a_consolidation_tells_which_versions_it_holds(change: str) -> None:
    part = SENT_ON.parts[0]
    other = part.model_copy(update={change: 2 if change == "version" else "1" * 64})
    assert _hash((part,)) != _hash((other,))


def test_each_plan_tier_and_unit_has_one_roster() -> None:
    assert submit().roster == roster_id(PLAN_2023, "commune", OLD_COMMUNE) == SUBMITTED.roster
    assert submit(unit=OLD_DISTRICT).roster != SUBMITTED.roster
    assert consolidate().roster == roster_id(PLAN_2023, "district", OLD_DISTRICT)


def _hash(parts: tuple[RosterPart, ...]) -> str:
    (event,) = ROSTER.decide(consolidate(parts=parts), None)
    return event.content_hash
