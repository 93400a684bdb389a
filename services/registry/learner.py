"""What a member has learnt: skills assessed, courses completed elsewhere (000 §II.2a, 002 §III.2b).

A member is the opaque id they have in their teams. An assessment may be confirmed by an office; a new one waits to be
confirmed anew. Refusals: DAY_IN_FUTURE, ASSESSED_OUT_OF_ORDER, NOT_ASSESSED, ASSESSMENT_CHANGED,
CONFIRMED_BEFORE_ASSESSED, CONFIRMED_ALREADY.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, TypeAlias, assert_never
from uuid import UUID

from services.kernel.clock import business_date
from services.kernel.decider import Aggregate, Refused
from services.kernel.message import Command, Event
from services.registry.wording import Wording

Skill: TypeAlias = Literal["none", "basic", "advanced"]

# Events


class MemberSkillAssessed(Event, name="member_skill.assessed"):
    """`member` masters digital skills so far, in the judgement of `assessor` (an office or organisation)."""

    member: UUID
    skill: Skill
    assessor: str
    assessed_on: date


class MemberSkillConfirmed(Event, name="member_skill.confirmed"):
    """`office` confirmed the assessment of that day (domain.md C1 TRN-02)."""

    member: UUID
    assessed_on: date
    office: str
    confirmed_on: date


class ExternalCourseCompleted(Event, name="external_course.completed"):
    """`member` completed a course of somebody else's, such as Bình dân học vụ số."""

    member: UUID
    course: str
    provider: str
    completed_on: date


LearnerEvent: TypeAlias = MemberSkillAssessed | MemberSkillConfirmed | ExternalCourseCompleted


# State


@dataclass(frozen=True, slots=True)
class Learner:
    """What the rules remember of a member's learning."""

    assessed: MemberSkillAssessed | None = None
    confirmed: MemberSkillConfirmed | None = None
    completed: frozenset[tuple[str, str, date]] = frozenset()


def evolve(learner: Learner, event: LearnerEvent) -> Learner:
    """The learner after `event`."""
    match event:
        case MemberSkillAssessed():
            return replace(learner, assessed=event, confirmed=None)
        case MemberSkillConfirmed():
            return replace(learner, confirmed=event)
        case ExternalCourseCompleted():
            done = (event.course, event.provider, event.completed_on)
            return replace(learner, completed=learner.completed | {done})
        case _:
            assert_never(event)


# Commands


class AssessMemberSkill(Command, name="assess_member_skill"):
    """Say how far a member masters digital skills."""

    member: UUID
    skill: Skill
    assessor: Wording
    assessed_on: date


class ConfirmMemberSkill(Command, name="confirm_member_skill"):
    """Confirm the assessment of a day."""

    member: UUID
    assessed_on: date
    office: Wording
    confirmed_on: date


class CompleteExternalCourse(Command, name="complete_external_course"):
    """Say that a member completed a course elsewhere."""

    member: UUID
    course: Wording
    provider: Wording
    completed_on: date


LearnerCommand: TypeAlias = AssessMemberSkill | ConfirmMemberSkill | CompleteExternalCourse


# Rules


def decide(command: LearnerCommand, learner: Learner) -> list[LearnerEvent]:
    """Nothing lies in the future; the newest assessment is the one that holds."""
    today = business_date(command.at)
    match command:
        case AssessMemberSkill():
            if command.assessed_on > today:
                raise Refused("Ngày đánh giá không được ở tương lai.", code="DAY_IN_FUTURE", field="assessed_on")
            event = MemberSkillAssessed(
                member=command.member,
                skill=command.skill,
                assessor=command.assessor,
                assessed_on=command.assessed_on,
            )
            if learner.assessed == event:
                return []
            if learner.assessed is not None and command.assessed_on < learner.assessed.assessed_on:
                raise Refused("Đã có đánh giá của ngày sau.", code="ASSESSED_OUT_OF_ORDER", field="assessed_on")
            return [event]
        case ConfirmMemberSkill():
            return _confirm(command, learner, today)
        case CompleteExternalCourse():
            if command.completed_on > today:
                raise Refused("Ngày hoàn thành không được ở tương lai.", code="DAY_IN_FUTURE", field="completed_on")
            if (command.course, command.provider, command.completed_on) in learner.completed:
                return []
            return [
                ExternalCourseCompleted(
                    member=command.member,
                    course=command.course,
                    provider=command.provider,
                    completed_on=command.completed_on,
                )
            ]
        case _:
            assert_never(command)


def _confirm(command: ConfirmMemberSkill, learner: Learner, today: date) -> list[LearnerEvent]:
    event = MemberSkillConfirmed(
        member=command.member,
        assessed_on=command.assessed_on,
        office=command.office,
        confirmed_on=command.confirmed_on,
    )
    if learner.confirmed == event:
        return []
    if learner.assessed is None:
        raise Refused("Thành viên này chưa được đánh giá.", code="NOT_ASSESSED", field="member")
    if learner.assessed.assessed_on != command.assessed_on:
        raise Refused("Đánh giá gần nhất là của ngày khác.", code="ASSESSMENT_CHANGED", field="assessed_on")
    if learner.confirmed is not None:
        raise Refused("Đánh giá này đã được xác nhận.", code="CONFIRMED_ALREADY", field="member")
    if command.confirmed_on > today:
        raise Refused("Ngày xác nhận không được ở tương lai.", code="DAY_IN_FUTURE", field="confirmed_on")
    if command.confirmed_on < command.assessed_on:
        said = "Ngày xác nhận không được trước ngày đánh giá."
        raise Refused(said, code="CONFIRMED_BEFORE_ASSESSED", field="confirmed_on")
    return [event]


LEARNER: Aggregate[Learner, LearnerCommand, LearnerEvent] = Aggregate(
    category="learner",
    events=LearnerEvent,
    commands=LearnerCommand,
    initial=Learner(),
    evolve=evolve,
    decide=decide,
    identity=lambda command: command.member,
)
