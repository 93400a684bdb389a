"""Commendations: step by step, each dated after the one before it, and nothing more once revoked."""

from datetime import date, timedelta
from typing import Any

import orjson
import pytest

from services.kernel.identifiers import derived_id
from services.kernel.testing import given
from services.registry.commendation import (
    COMMENDATION,
    ApproveCommendation,
    AwardCommendation,
    DeclineCommendation,
    ProposeCommendation,
    RevokeCommendation,
    SelectCommendation,
    guard,
)
from services.registry.commendation_events import (
    CommendationApproved,
    CommendationAwarded,
    CommendationDeclined,
    CommendationProposed,
    CommendationRevoked,
    CommendationSelected,
)
from services.registry.emulation_drive import EMULATION_DRIVE, EmulationDriveLaunched
from services.registry.examples import DRIVE_ID, EXAMPLES, MEMBER_ID, TEAM_ID
from services.registry.team import TEAM
from services.registry.team_events import MemberAppointed, MemberStoodDown, TeamEstablished
from tests.registry.looking import Looking, refusal_of

(PROPOSED,) = (event for event in EXAMPLES if isinstance(event, CommendationProposed))
(SELECTED,) = (event for event in EXAMPLES if isinstance(event, CommendationSelected))
(DECLINED,) = (event for event in EXAMPLES if isinstance(event, CommendationDeclined))
(APPROVED,) = (event for event in EXAMPLES if isinstance(event, CommendationApproved))
(AWARDED,) = (event for event in EXAMPLES if isinstance(event, CommendationAwarded))
(REVOKED,) = (event for event in EXAMPLES if isinstance(event, CommendationRevoked))
(LAUNCHED,) = (event for event in EXAMPLES if isinstance(event, EmulationDriveLaunched))
(ESTABLISHED,) = (event for event in EXAMPLES if isinstance(event, TeamEstablished))
(APPOINTED,) = (event for event in EXAMPLES if isinstance(event, MemberAppointed))
(STOOD_DOWN,) = (event for event in EXAMPLES if isinstance(event, MemberStoodDown))
NOON = "2026-11-20T05:00:00Z"
TOMORROW = date(2026, 11, 21)
SOMEBODY = derived_id("test", "somebody")


def told(command: Any, event: Any, **changes: Any) -> Any:
    """The command that leads to `event`, with some words changed."""
    return command.model_validate({"actor": "official", "at": NOON, **event.model_dump(), **changes})


def test_it_is_proposed_selected_approved_awarded_and_may_be_revoked() -> None:
    given(COMMENDATION).when(told(ProposeCommendation, PROPOSED)).then(PROPOSED)
    given(COMMENDATION, PROPOSED).when(told(SelectCommendation, SELECTED)).then(SELECTED)
    given(COMMENDATION, PROPOSED, SELECTED).when(told(ApproveCommendation, APPROVED)).then(APPROVED)
    given(COMMENDATION, PROPOSED, SELECTED, APPROVED).when(told(AwardCommendation, AWARDED)).then(AWARDED)
    whole = (PROPOSED, SELECTED, APPROVED, AWARDED)
    given(COMMENDATION, *whole).when(told(RevokeCommendation, REVOKED)).then(REVOKED)
    given(COMMENDATION, *whole[:3]).when(told(RevokeCommendation, REVOKED)).then(REVOKED)


@pytest.mark.parametrize(
    ("command", "event"),
    [
        (ProposeCommendation, PROPOSED),
        (SelectCommendation, SELECTED),
        (ApproveCommendation, APPROVED),
        (AwardCommendation, AWARDED),
        (RevokeCommendation, REVOKED),
    ],
)
def test_each_step_said_twice_is_done_once(command: Any, event: Any) -> None:
    given(COMMENDATION, PROPOSED, SELECTED, APPROVED, AWARDED, REVOKED).when(told(command, event)).then()


def test_no_step_is_skipped() -> None:
    proposed = given(COMMENDATION, PROPOSED)
    proposed.when(told(ApproveCommendation, APPROVED)).refused("NOT_SELECTED", field="commendation")
    proposed.when(told(AwardCommendation, AWARDED)).refused("NOT_APPROVED", field="commendation")
    proposed.when(told(RevokeCommendation, REVOKED)).refused("NOT_APPROVED", field="commendation")
    given(COMMENDATION).when(told(SelectCommendation, SELECTED)).refused("COMMENDATION_UNKNOWN")


def test_no_step_is_dated_before_the_one_before_it_or_tomorrow() -> None:
    proposed, selected = given(COMMENDATION, PROPOSED), given(COMMENDATION, PROPOSED, SELECTED)
    approved = given(COMMENDATION, PROPOSED, SELECTED, APPROVED)
    for history, command, event, field, early, code in (
        (proposed, SelectCommendation, SELECTED, "selected_on", date(2026, 8, 31), "SELECTED_BEFORE_PROPOSED"),
        (proposed, DeclineCommendation, DECLINED, "declined_on", date(2026, 8, 31), "DECLINED_BEFORE_PROPOSED"),
        (selected, ApproveCommendation, APPROVED, "decision_date", date(2026, 9, 14), "APPROVED_BEFORE_SELECTED"),
        (approved, AwardCommendation, AWARDED, "awarded_on", date(2026, 9, 30), "AWARDED_BEFORE_APPROVED"),
        (approved, RevokeCommendation, REVOKED, "decision_date", date(2026, 9, 30), "REVOKED_BEFORE_APPROVED"),
    ):
        history.when(told(command, event, **{field: early})).refused(code, field=field)
        history.when(told(command, event, **{field: TOMORROW})).refused("DAY_IN_FUTURE", field=field)


def test_what_was_decided_is_not_decided_otherwise() -> None:
    selected = given(COMMENDATION, PROPOSED, SELECTED)
    selected.when(told(SelectCommendation, SELECTED, office="Phòng khác")).refused("SELECTED_ALREADY")
    selected.when(told(DeclineCommendation, DECLINED)).refused("SELECTED_ALREADY")
    approved = given(COMMENDATION, PROPOSED, SELECTED, APPROVED)
    approved.when(told(ApproveCommendation, APPROVED, decision_no="9/QĐ")).refused("APPROVED_ALREADY")
    awarded = given(COMMENDATION, PROPOSED, SELECTED, APPROVED, AWARDED)
    awarded.when(told(AwardCommendation, AWARDED, awarded_on=date(2026, 10, 11))).refused("AWARDED_ALREADY")
    declined = given(COMMENDATION, PROPOSED, DECLINED)
    declined.when(told(DeclineCommendation, DECLINED)).then()
    declined.when(told(SelectCommendation, SELECTED)).refused("DECLINED", field="commendation")
    revoked = given(COMMENDATION, PROPOSED, SELECTED, APPROVED, REVOKED)
    revoked.when(told(AwardCommendation, AWARDED)).refused("REVOKED", field="commendation")
    revoked.when(told(RevokeCommendation, REVOKED, decision_no="10/QĐ")).refused("REVOKED", field="commendation")


def test_another_day_than_the_plan_s_is_no_reason_to_refuse() -> None:
    late = AWARDED.model_copy(update={"awarded_on": date(2026, 11, 20)})
    given(COMMENDATION, PROPOSED, SELECTED, APPROVED).when(told(AwardCommendation, late)).then(late)


def test_a_proposal_is_about_a_period_that_is_over() -> None:
    def proposed(**changes: Any) -> Any:
        return given(COMMENDATION).when(told(ProposeCommendation, PROPOSED, **changes))

    proposed(period_to=date(2025, 12, 31)).refused("PERIOD_REVERSED", field="period_to")
    proposed(proposed_on=date(2026, 8, 30)).refused("PROPOSED_BEFORE_PERIOD_ENDED", field="proposed_on")
    proposed(proposed_on=TOMORROW).refused("DAY_IN_FUTURE", field="proposed_on")


def test_figures_counted_anew_do_not_make_it_another_proposal() -> None:
    more = PROPOSED.evidence.model_copy(update={"visits": 211})
    again = told(ProposeCommendation, PROPOSED, evidence=more)
    given(COMMENDATION, PROPOSED).when(again).then()
    assert again.payload_hash() == told(ProposeCommendation, PROPOSED).payload_hash()
    other = told(ProposeCommendation, PROPOSED, form="praise")
    given(COMMENDATION, PROPOSED).when(other).refused("COMMENDATION_EXISTS", field="commendation")
    assert other.payload_hash() != again.payload_hash()


def test_only_a_team_and_those_who_serve_or_served_in_it_are_commended() -> None:
    def refused(*history: Any, **changes: Any) -> tuple[str, str | None] | None:
        lookup = Looking().with_events(TEAM, TEAM_ID, *history).with_events(EMULATION_DRIVE, DRIVE_ID, LAUNCHED)
        return refusal_of(lambda: guard(told(ProposeCommendation, PROPOSED, **changes), lookup))

    assert refused() == ("TEAM_UNKNOWN", "team")
    assert refused(ESTABLISHED) is None
    assert refused(ESTABLISHED, member=MEMBER_ID) == ("MEMBER_UNKNOWN", "member")
    assert refused(ESTABLISHED, APPOINTED, member=MEMBER_ID) is None
    assert refused(ESTABLISHED, APPOINTED, STOOD_DOWN, member=MEMBER_ID) is None, "who left may be honoured for before"
    assert refused(ESTABLISHED, APPOINTED, member=SOMEBODY) == ("MEMBER_UNKNOWN", "member")


def test_a_drive_it_belongs_to_ran_in_the_period_and_none_is_needed() -> None:
    def refused(*launched: Any, **changes: Any) -> tuple[str, str | None] | None:
        lookup = Looking().with_events(TEAM, TEAM_ID, ESTABLISHED)
        if launched:
            lookup.with_events(EMULATION_DRIVE, DRIVE_ID, *launched)
        return refusal_of(lambda: guard(told(ProposeCommendation, PROPOSED, **changes), lookup))

    assert refused() == ("DRIVE_UNKNOWN", "drive")
    assert refused(drive=None) is None
    assert refused(LAUNCHED) is None
    first, last = LAUNCHED.first_day, LAUNCHED.last_day
    assert refused(LAUNCHED, period_to=first) is None
    assert refused(LAUNCHED, period_from=last, period_to=last) is None
    before, after = first - timedelta(days=1), last + timedelta(days=1)
    assert refused(LAUNCHED, period_to=before) == ("DRIVE_OF_ANOTHER_TIME", "drive")
    assert refused(LAUNCHED, period_from=after, period_to=after) == ("DRIVE_OF_ANOTHER_TIME", "drive")


def test_what_was_proposed_before_drives_were_known_still_reads() -> None:
    body = orjson.loads(PROPOSED.model_dump_json())
    del body["drive"]
    assert CommendationProposed.model_validate(body).drive is None
