"""Recording, correcting and voiding visits."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from services.kernel.testing import given
from services.visits.examples import (
    HAMLET,
    HOUSEHOLD,
    MEMBER,
    PREVIOUS_HAMLET,
    TEAM,
    VISIT as SOME_VISIT,
    VISIT_RECORDED,
    VISIT_VOIDED,
)
from services.visits.visit import VISIT, CorrectVisit, RecordVisit, VisitCorrected, VisitRecorded, VoidVisit

NOON = datetime(2026, 10, 8, 5, 0, tzinfo=UTC)
TOLD: dict[str, Any] = {
    "visit": SOME_VISIT,
    "household": HOUSEHOLD,
    "hamlet": HAMLET,
    "team": TEAM,
    "member": MEMBER,
    "visited_on": date(2026, 10, 6),
    "mode": "home",
    "services": ("VNEID_L2", "DVCQG"),
    "outcome": "guided",
}


def record(at: datetime = NOON, /, **changes: Any) -> RecordVisit:
    return RecordVisit(actor="phone", at=at, **{**TOLD, **changes})


def correct(at: datetime = NOON, /, **changes: Any) -> CorrectVisit:
    return CorrectVisit(actor="phone", at=at, **{**TOLD, "reason": "other", **changes})


def void() -> VoidVisit:
    return VoidVisit(actor="phone", at=NOON, visit=SOME_VISIT, reason="duplicate")


def corrected(**changes: Any) -> VisitCorrected:
    return VisitCorrected(**{**TOLD, "reason": "other", **changes})


def test_a_visit_is_recorded() -> None:
    given(VISIT).when(record()).then(VISIT_RECORDED)


def test_services_are_a_set_in_a_fixed_order() -> None:
    given(VISIT).when(record(services=("VNEID_L2", "DVCQG", "VNEID_L2"))).then(VISIT_RECORDED)


def test_the_same_visit_told_again_changes_nothing() -> None:
    given(VISIT, VISIT_RECORDED).when(record()).then()


def test_another_visit_under_a_taken_id_is_refused() -> None:
    outcome = given(VISIT, VISIT_RECORDED).when(record(visited_on=date(2026, 10, 5)))
    outcome.refused("VISIT_ALREADY_RECORDED", field="visit")


def test_a_visit_tomorrow_is_refused() -> None:
    given(VISIT).when(record(visited_on=date(2026, 10, 9))).refused("DAY_IN_FUTURE", field="visited_on")


def test_today_is_a_vietnamese_day() -> None:
    half_past_midnight = datetime(2026, 9, 30, 17, 30, tzinfo=UTC)
    before_midnight = datetime(2026, 9, 30, 16, 59, 59, tzinfo=UTC)
    first_of_quarter = date(2026, 10, 1)
    assert given(VISIT).when(record(half_past_midnight, visited_on=first_of_quarter)).refusal is None
    given(VISIT).when(record(before_midnight, visited_on=first_of_quarter)).refused("DAY_IN_FUTURE")


def test_a_visit_before_any_team_existed_is_refused() -> None:
    given(VISIT).when(record(visited_on=date(2021, 12, 31))).refused("DAY_TOO_EARLY", field="visited_on")
    assert given(VISIT).when(record(visited_on=date(2022, 1, 1))).refusal is None


def test_guided_needs_a_service() -> None:
    given(VISIT).when(record(services=())).refused("SERVICE_REQUIRED", field="services")


@pytest.mark.parametrize("outcome", ["absent", "refused"])
def test_nobody_met_means_no_service(outcome: str) -> None:
    given(VISIT).when(record(outcome=outcome)).refused("SERVICES_NOT_EXPECTED", field="services")
    assert given(VISIT).when(record(outcome=outcome, services=())).refusal is None


def test_informing_may_name_services_or_not() -> None:
    assert given(VISIT).when(record(outcome="informed")).refusal is None
    assert given(VISIT).when(record(outcome="informed", services=())).refusal is None


def test_a_correction_tells_the_whole_visit_again() -> None:
    outcome = given(VISIT, VISIT_RECORDED).when(correct(visited_on=date(2026, 10, 7), reason="wrong_date"))
    outcome.then(corrected(services=("DVCQG", "VNEID_L2"), visited_on=date(2026, 10, 7), reason="wrong_date"))


def test_a_correction_that_changes_nothing_is_no_event() -> None:
    given(VISIT, VISIT_RECORDED).when(correct()).then()


def test_a_correction_into_another_hamlet_tells_the_previous_one() -> None:
    household = UUID("019a0000-0000-7000-8000-0000000000aa")
    moved = {"household": household, "hamlet": PREVIOUS_HAMLET}
    outcome = given(VISIT, VISIT_RECORDED).when(correct(**moved))
    outcome.then(corrected(services=("DVCQG", "VNEID_L2"), previous_hamlet=HAMLET, **moved))


def test_a_second_correction_tells_the_hamlet_of_the_first() -> None:
    moved = corrected(hamlet=PREVIOUS_HAMLET, previous_hamlet=HAMLET)
    outcome = given(VISIT, VISIT_RECORDED, moved).when(correct())
    outcome.then(corrected(services=("DVCQG", "VNEID_L2"), previous_hamlet=PREVIOUS_HAMLET))


def test_a_correction_obeys_the_rules_of_a_visit() -> None:
    before = given(VISIT, VISIT_RECORDED)
    before.when(correct(visited_on=date(2026, 10, 9))).refused("DAY_IN_FUTURE", field="visited_on")
    before.when(correct(services=())).refused("SERVICE_REQUIRED", field="services")


def test_an_unknown_visit_cannot_be_corrected_or_voided() -> None:
    given(VISIT).when(correct()).refused("NO_SUCH_VISIT", field="visit")
    given(VISIT).when(void()).refused("NO_SUCH_VISIT", field="visit")


def test_a_voided_visit_is_over() -> None:
    over = given(VISIT, VISIT_RECORDED, VISIT_VOIDED)
    over.when(correct()).refused("VISIT_VOIDED", field="visit")
    over.when(record()).refused("VISIT_VOIDED", field="visit")


def test_voiding_tells_where_the_visit_counted() -> None:
    given(VISIT, VISIT_RECORDED).when(void()).then(VISIT_VOIDED)
    moved = corrected(hamlet=PREVIOUS_HAMLET, previous_hamlet=HAMLET)
    voided = VISIT_VOIDED.model_copy(update={"hamlet": PREVIOUS_HAMLET})
    given(VISIT, VISIT_RECORDED, moved).when(void()).then(voided)


def test_voiding_twice_changes_nothing() -> None:
    given(VISIT, VISIT_RECORDED, VISIT_VOIDED).when(void()).then()


def test_version_1_told_guided_instead_of_an_outcome() -> None:
    old = VISIT_RECORDED.model_dump(mode="json", exclude={"outcome"})
    guided, informed = ({**old, "guided": told} for told in (True, False))
    assert VisitRecorded.model_validate(VisitRecorded.upcast(guided, 1)).outcome == "guided"
    assert VisitRecorded.model_validate(VisitRecorded.upcast(informed, 1)).outcome == "informed"


@pytest.mark.parametrize(
    ("field", "value"),
    [("mode", "drone"), ("outcome", "maybe"), ("visited_on", "hôm qua"), ("household", "nhà ông Ba"), ("owner", "x")],
)
def test_a_field_that_does_not_fit_is_named(field: str, value: str) -> None:
    with pytest.raises(ValidationError) as caught:
        record(**{field: value})
    assert caught.value.errors()[0]["loc"] == (field,)
