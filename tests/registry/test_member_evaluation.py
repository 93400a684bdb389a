"""A member's yearly evaluation: one stands, corrected and withdrawn with a reason, never judged by the system."""

from datetime import date
from typing import Any

from services.kernel.identifiers import derived_id
from services.kernel.testing import given
from services.registry.examples import EXAMPLES, MEMBER_ID, TEAM_ID
from services.registry.member_evaluation import (
    MEMBER_EVALUATION,
    CorrectMemberEvaluation,
    EvaluateMember,
    MemberEvaluated,
    MemberEvaluationCorrected,
    MemberEvaluationWithdrawn,
    WithdrawMemberEvaluation,
    evaluation_id,
    guard,
)
from services.registry.team import TEAM
from services.registry.team_events import MemberAppointed, MemberStoodDown, TeamEstablished
from tests.registry.looking import Looking, refusal_of

(EVALUATED,) = (event for event in EXAMPLES if isinstance(event, MemberEvaluated))
(CORRECTED,) = (event for event in EXAMPLES if isinstance(event, MemberEvaluationCorrected))
(WITHDRAWN,) = (event for event in EXAMPLES if isinstance(event, MemberEvaluationWithdrawn))
(ESTABLISHED,) = (event for event in EXAMPLES if isinstance(event, TeamEstablished))
(APPOINTED,) = (event for event in EXAMPLES if isinstance(event, MemberAppointed))
(STOOD_DOWN,) = (event for event in EXAMPLES if isinstance(event, MemberStoodDown))
LATER = "2026-12-31T05:00:00Z"
MORE = EVALUATED.evidence.model_copy(update={"visits": 40})


def told(command: Any, event: Any, **changes: Any) -> Any:
    words = event.model_dump()
    if command is EvaluateMember:
        del words["evaluation"]
    return command.model_validate({"actor": "official", "at": LATER, **words, **changes})


EVALUATE = told(EvaluateMember, EVALUATED)
CORRECT = told(CorrectMemberEvaluation, CORRECTED)
WITHDRAW = told(WithdrawMemberEvaluation, WITHDRAWN)


def test_it_is_given_corrected_and_withdrawn() -> None:
    given(MEMBER_EVALUATION).when(EVALUATE).then(EVALUATED)
    given(MEMBER_EVALUATION, EVALUATED).when(CORRECT).then(CORRECTED)
    given(MEMBER_EVALUATION, EVALUATED, CORRECTED).when(WITHDRAW).then(WITHDRAWN)
    given(MEMBER_EVALUATION).when(CORRECT).refused("NOT_EVALUATED", field="evaluation")
    given(MEMBER_EVALUATION).when(WITHDRAW).refused("NOT_EVALUATED", field="evaluation")
    given(MEMBER_EVALUATION, EVALUATED, WITHDRAWN).when(CORRECT).refused("NOT_EVALUATED", field="evaluation")


def test_each_step_said_twice_is_done_once_whatever_is_counted_by_then() -> None:
    again = told(EvaluateMember, EVALUATED, evidence=MORE)
    given(MEMBER_EVALUATION, EVALUATED).when(again).then()
    assert again.payload_hash() == EVALUATE.payload_hash()
    given(MEMBER_EVALUATION, EVALUATED, CORRECTED).when(told(CorrectMemberEvaluation, CORRECTED, evidence=MORE)).then()
    given(MEMBER_EVALUATION, EVALUATED, WITHDRAWN).when(WITHDRAW).then()


def test_never_do_two_stand_of_one_member_and_year() -> None:
    elsewhere = told(EvaluateMember, EVALUATED, team=derived_id("test", "team"), grade="Khác")
    assert MEMBER_EVALUATION.stream(elsewhere) == MEMBER_EVALUATION.stream(CORRECT)
    given(MEMBER_EVALUATION, EVALUATED).when(elsewhere).refused("EVALUATED_ALREADY", field="year")
    given(MEMBER_EVALUATION, EVALUATED, CORRECTED).when(elsewhere).refused("EVALUATED_ALREADY", field="year")
    given(MEMBER_EVALUATION, EVALUATED, WITHDRAWN).when(EVALUATE).then(EVALUATED)
    assert evaluation_id(MEMBER_ID, 2026) != evaluation_id(MEMBER_ID, 2025)


def test_a_correction_changes_the_grade_and_comes_after_what_it_corrects() -> None:
    evaluated = given(MEMBER_EVALUATION, EVALUATED)
    same = told(CorrectMemberEvaluation, CORRECTED, grade=EVALUATED.grade)
    evaluated.when(same).refused("NOTHING_CORRECTED", field="grade")
    back = told(CorrectMemberEvaluation, CORRECTED, grade=EVALUATED.grade, corrected_on=date(2026, 12, 1))
    assert given(MEMBER_EVALUATION, EVALUATED, CORRECTED).when(back).refusal is None, "what it says now counts"
    early = told(CorrectMemberEvaluation, CORRECTED, corrected_on=date(2026, 11, 15))
    evaluated.when(early).refused("CORRECTED_BEFORE_EVALUATED", field="corrected_on")
    late = told(CorrectMemberEvaluation, CORRECTED, corrected_on=date(2027, 1, 1))
    evaluated.when(late).refused("DAY_IN_FUTURE", field="corrected_on")
    early = told(WithdrawMemberEvaluation, WITHDRAWN, withdrawn_on=date(2026, 11, 29))
    given(MEMBER_EVALUATION, EVALUATED, CORRECTED).when(early).refused(
        "CORRECTED_BEFORE_EVALUATED", field="withdrawn_on"
    )


def test_nobody_is_evaluated_before_the_year_or_for_tomorrow() -> None:
    fresh = given(MEMBER_EVALUATION)
    early = told(EvaluateMember, EVALUATED, evaluated_on=date(2025, 12, 31))
    fresh.when(early).refused("EVALUATED_BEFORE_YEAR", field="evaluated_on")
    late = told(EvaluateMember, EVALUATED, evaluated_on=date(2027, 1, 1))
    fresh.when(late).refused("DAY_IN_FUTURE", field="evaluated_on")
    assert fresh.when(told(EvaluateMember, EVALUATED, year=2025)).refusal is None, "a year may be judged when over"


def test_nobody_s_number_stands_in_grade_office_or_reason() -> None:
    number = "0912 345 678"
    given(MEMBER_EVALUATION).when(told(EvaluateMember, EVALUATED, grade=number)).refused(
        "PRIVATE_NUMBER", field="grade"
    )
    given(MEMBER_EVALUATION).when(told(EvaluateMember, EVALUATED, office=number)).refused(
        "PRIVATE_NUMBER", field="office"
    )
    evaluated = given(MEMBER_EVALUATION, EVALUATED)
    for command, event in ((CorrectMemberEvaluation, CORRECTED), (WithdrawMemberEvaluation, WITHDRAWN)):
        evaluated.when(told(command, event, reason=number)).refused("PRIVATE_NUMBER", field="reason")


def test_only_who_served_in_the_team_by_then_is_evaluated() -> None:
    def refused(*events: Any, **changes: Any) -> tuple[str, str | None] | None:
        lookup = Looking()
        if events:
            lookup.with_events(TEAM, TEAM_ID, *events)
        return refusal_of(lambda: guard(told(EvaluateMember, EVALUATED, **changes), lookup))

    assert refused() == ("TEAM_UNKNOWN", "team")
    assert refused(ESTABLISHED) == ("MEMBER_UNKNOWN", "member")
    assert refused(ESTABLISHED, APPOINTED) is None
    before = APPOINTED.appointed_on.year - 1
    assert refused(ESTABLISHED, APPOINTED, year=before) == ("MEMBER_NOT_YET_THERE", "year")
    assert refused(ESTABLISHED, APPOINTED, STOOD_DOWN) is None, "who left may be evaluated for before"
