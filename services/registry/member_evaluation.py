"""What an office made of a member's year: one standing evaluation a member and year, corrected or withdrawn openly.

Duties are to be clear and results to count in the yearly emulation assessment (002 §III.1). No plan names grades or
where one begins, so the grade is the office's own words and nothing is computed from the figures beside it: these were
counted when the office judged, and stay as they were. A member is the opaque id they have in their teams.

Refusals: EVALUATED_ALREADY, NOT_EVALUATED, NOTHING_CORRECTED, TEAM_UNKNOWN, MEMBER_UNKNOWN, MEMBER_NOT_YET_THERE,
PRIVATE_NUMBER, DAY_IN_FUTURE, EVALUATED_BEFORE_YEAR, CORRECTED_BEFORE_EVALUATED.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Annotated, ClassVar, TypeAlias, assert_never
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.kernel.clock import business_date
from services.kernel.decider import Aggregate, Lookup, Refused
from services.kernel.identifiers import derived_id
from services.kernel.message import Command, Event
from services.registry.public_text import check_public
from services.registry.team import TEAM
from services.registry.wording import Wording

if TYPE_CHECKING:
    from services.registry.team_events import Team

Count: TypeAlias = Annotated[int, Field(ge=0, le=10_000_000)]
Year: TypeAlias = Annotated[int, Field(ge=2000, le=2100)]


def evaluation_id(member: object, year: int) -> UUID:
    """The id of the one evaluation of a member and year; the gateway makes the same."""
    return derived_id("member_evaluation", member, year)


class YearRecord(BaseModel):
    """What was recorded of the member in the year, when the office judged."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    duty: Wording | None
    """The one last assigned in the team; None: none was."""
    trainings_attended: Count
    visits: Count
    """Those that say this member made them."""
    activity_days: Count
    """Days with at least one of these."""
    team_visits: Count
    """All of the team, whoever made them."""


# Events


class MemberEvaluated(Event, name="member.evaluated"):
    """`office` evaluated what `member` did in `team` in `year`."""

    evaluation: UUID
    member: UUID
    team: UUID
    year: int
    grade: str
    office: str
    evidence: YearRecord
    evaluated_on: date


class MemberEvaluationCorrected(Event, name="member_evaluation.corrected"):
    """The grade was another one than said before; `reason` says why."""

    evaluation: UUID
    grade: str
    office: str
    reason: str
    evidence: YearRecord
    corrected_on: date


class MemberEvaluationWithdrawn(Event, name="member_evaluation.withdrawn"):
    """It does not stand, so that the member may be evaluated anew."""

    evaluation: UUID
    office: str
    reason: str
    withdrawn_on: date


MemberEvaluationEvent: TypeAlias = MemberEvaluated | MemberEvaluationCorrected | MemberEvaluationWithdrawn


# State


@dataclass(frozen=True, slots=True)
class MemberEvaluation:
    """What the rules remember of an evaluation."""

    evaluated: MemberEvaluated
    corrected: MemberEvaluationCorrected | None = None
    withdrawn: MemberEvaluationWithdrawn | None = None

    @property
    def grade(self) -> str:
        return self.evaluated.grade if self.corrected is None else self.corrected.grade

    @property
    def said_on(self) -> date:
        """The day of its last word."""
        return self.evaluated.evaluated_on if self.corrected is None else self.corrected.corrected_on


def evolve(evaluation: MemberEvaluation | None, event: MemberEvaluationEvent) -> MemberEvaluation | None:
    """The evaluation after `event`."""
    if isinstance(event, MemberEvaluated):
        return MemberEvaluation(event)
    if evaluation is None:
        return None
    match event:
        case MemberEvaluationCorrected():
            return replace(evaluation, corrected=event)
        case MemberEvaluationWithdrawn():
            return replace(evaluation, withdrawn=event)
        case _:
            assert_never(event)


# Commands


class EvaluateMember(Command, name="evaluate_member"):
    """Evaluate what a member did in a team in a year."""

    sealed: ClassVar[frozenset[str]] = frozenset({"evidence"})
    """Counted anew each time it is sent: the same evaluation sent again stays the same."""

    member: UUID
    team: UUID
    year: Year
    grade: Wording
    office: Wording
    evidence: YearRecord
    evaluated_on: date


class CorrectMemberEvaluation(Command, name="correct_member_evaluation"):
    """Say what the grade should have been, on what is recorded now."""

    sealed: ClassVar[frozenset[str]] = frozenset({"evidence"})

    evaluation: UUID
    grade: Wording
    office: Wording
    reason: Wording
    evidence: YearRecord
    corrected_on: date


class WithdrawMemberEvaluation(Command, name="withdraw_member_evaluation"):
    """Say that it does not stand."""

    evaluation: UUID
    office: Wording
    reason: Wording
    withdrawn_on: date


MemberEvaluationCommand: TypeAlias = EvaluateMember | CorrectMemberEvaluation | WithdrawMemberEvaluation


# Rules


def guard(command: MemberEvaluationCommand, lookup: Lookup) -> None:
    """The member serves or served in the team, and not only since a later year."""
    if not isinstance(command, EvaluateMember):
        return
    team: Team | None = lookup.state(TEAM, str(command.team))
    if team is None:
        raise Refused("Chưa có Tổ này.", code="TEAM_UNKNOWN", field="team")
    serving = team.serving.get(command.member)
    if command.member in team.served:
        return
    if serving is None:
        raise Refused("Người này không phải thành viên của Tổ.", code="MEMBER_UNKNOWN", field="member")
    if serving.appointed_on.year > command.year:
        rule = "Trong năm đó người này chưa là thành viên của Tổ."
        raise Refused(rule, code="MEMBER_NOT_YET_THERE", field="year")


def decide(command: MemberEvaluationCommand, evaluation: MemberEvaluation | None) -> list[MemberEvaluationEvent]:
    """One stands at a time; what was said before stays readable."""
    today = business_date(command.at)
    if isinstance(command, EvaluateMember):
        return _evaluate(command, evaluation, today)
    if evaluation is None:
        raise Refused("Chưa có đánh giá này.", code="NOT_EVALUATED", field="evaluation")
    match command:
        case CorrectMemberEvaluation():
            return _correct(command, evaluation, today)
        case WithdrawMemberEvaluation():
            return _withdraw(command, evaluation, today)
        case _:
            assert_never(command)


def _evaluate(command: EvaluateMember, evaluation: MemberEvaluation | None, today: date) -> list[MemberEvaluationEvent]:
    event = MemberEvaluated(
        evaluation=evaluation_id(command.member, command.year),
        member=command.member,
        team=command.team,
        year=command.year,
        grade=command.grade,
        office=command.office,
        evidence=command.evidence,
        evaluated_on=command.evaluated_on,
    )
    if evaluation is not None and evaluation.withdrawn is None:
        if evaluation.evaluated.model_copy(update={"evidence": event.evidence}) == event:
            return []
        rule = "Người này đã được đánh giá cho năm đó; hãy sửa hoặc rút đánh giá đã có."
        raise Refused(rule, code="EVALUATED_ALREADY", field="year")
    _check_words(command.grade, command.office)
    if command.evaluated_on > today:
        raise Refused("Ngày đánh giá không được ở tương lai.", code="DAY_IN_FUTURE", field="evaluated_on")
    if command.evaluated_on.year < command.year:
        raise Refused("Không đánh giá trước khi năm bắt đầu.", code="EVALUATED_BEFORE_YEAR", field="evaluated_on")
    return [event]


def _correct(
    command: CorrectMemberEvaluation, evaluation: MemberEvaluation, today: date
) -> list[MemberEvaluationEvent]:
    event = MemberEvaluationCorrected(
        evaluation=command.evaluation,
        grade=command.grade,
        office=command.office,
        reason=command.reason,
        evidence=command.evidence,
        corrected_on=command.corrected_on,
    )
    _stands(evaluation)
    before = evaluation.corrected
    if before is not None and before.model_copy(update={"evidence": event.evidence}) == event:
        return []
    if evaluation.grade == command.grade:
        raise Refused("Mức đánh giá không đổi.", code="NOTHING_CORRECTED", field="grade")
    _check_words(command.grade, command.office, command.reason)
    _follows(command.corrected_on, "corrected_on", evaluation, today)
    return [event]


def _withdraw(
    command: WithdrawMemberEvaluation, evaluation: MemberEvaluation, today: date
) -> list[MemberEvaluationEvent]:
    event = MemberEvaluationWithdrawn(
        evaluation=command.evaluation,
        office=command.office,
        reason=command.reason,
        withdrawn_on=command.withdrawn_on,
    )
    if evaluation.withdrawn == event:
        return []
    _stands(evaluation)
    check_public(command.office, "office")
    check_public(command.reason, "reason")
    _follows(command.withdrawn_on, "withdrawn_on", evaluation, today)
    return [event]


def _stands(evaluation: MemberEvaluation) -> None:
    if evaluation.withdrawn is not None:
        raise Refused("Đánh giá này đã được rút.", code="NOT_EVALUATED", field="evaluation")


def _check_words(grade: str, office: str, reason: str = "") -> None:
    check_public(grade, "grade")
    check_public(office, "office")
    check_public(reason, "reason")


def _follows(day: date, field: str, evaluation: MemberEvaluation, today: date) -> None:
    if day > today:
        raise Refused("Ngày này không được ở tương lai.", code="DAY_IN_FUTURE", field=field)
    if day < evaluation.said_on:
        rule = "Ngày này không được trước lần đánh giá trước."
        raise Refused(rule, code="CORRECTED_BEFORE_EVALUATED", field=field)


def _identity(command: MemberEvaluationCommand) -> UUID:
    return evaluation_id(command.member, command.year) if isinstance(command, EvaluateMember) else command.evaluation


MEMBER_EVALUATION: Aggregate[MemberEvaluation | None, MemberEvaluationCommand, MemberEvaluationEvent] = Aggregate(
    category="member_evaluation",
    events=MemberEvaluationEvent,
    commands=MemberEvaluationCommand,
    initial=None,
    evolve=evolve,
    decide=decide,
    identity=_identity,
    guard=guard,
    opens=frozenset({EvaluateMember}),
)
