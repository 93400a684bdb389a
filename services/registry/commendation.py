"""A commendation (khen thưởng) of a team or of one of its members: proposed, selected, approved, awarded.

The leader or an official proposes on the figures recorded for a period, the commune's office selects, a decision
approves, and it is awarded on a day, on Digital Transformation Day where the plan says so (domain.md A4 rows 74, 75).
Another day is no breach: the plan names when awards are due, it forbids no other. A decision may revoke it. A member is
the opaque id they have in the team; nobody's name is ever told.

Refusals: COMMENDATION_EXISTS, COMMENDATION_UNKNOWN, TEAM_UNKNOWN, MEMBER_UNKNOWN, PERIOD_REVERSED, DAY_IN_FUTURE,
PROPOSED_BEFORE_PERIOD_ENDED, DRIVE_UNKNOWN, DRIVE_OF_ANOTHER_TIME, DECLINED, REVOKED, SELECTED_ALREADY,
SELECTED_BEFORE_PROPOSED, DECLINED_BEFORE_PROPOSED, NOT_SELECTED, APPROVED_ALREADY, APPROVED_BEFORE_SELECTED,
NOT_APPROVED, AWARDED_ALREADY, AWARDED_BEFORE_APPROVED, REVOKED_BEFORE_APPROVED.
"""

from datetime import date
from typing import TYPE_CHECKING, ClassVar, TypeAlias, assert_never
from uuid import UUID

from services.kernel.clock import business_date
from services.kernel.decider import Aggregate, Lookup, Refused
from services.kernel.message import Command
from services.registry.commendation_events import (
    Commendation,
    CommendationApproved,
    CommendationAwarded,
    CommendationDeclined,
    CommendationEvent,
    CommendationProposed,
    CommendationRevoked,
    CommendationSelected,
    Evidence,
    Form,
    Proposer,
    evolve,
)
from services.registry.emulation_drive import EMULATION_DRIVE
from services.registry.team import TEAM
from services.registry.wording import Wording

if TYPE_CHECKING:
    from services.registry.emulation_drive import EmulationDrive
    from services.registry.team_events import Team

# Commands


class ProposeCommendation(Command, name="propose_commendation"):
    """Propose to commend a team or a member of it."""

    sealed: ClassVar[frozenset[str]] = frozenset({"evidence"})
    """Counted anew each time it is sent: the same proposal sent again stays the same."""

    commendation: UUID
    team: UUID
    member: UUID | None = None
    form: Form
    period_from: date
    period_to: date
    evidence: Evidence
    proposer: Proposer
    proposed_on: date
    drive: UUID | None = None


class SelectCommendation(Command, name="select_commendation"):
    """Select a proposal."""

    commendation: UUID
    office: Wording
    selected_on: date


class DeclineCommendation(Command, name="decline_commendation"):
    """Do not select a proposal."""

    commendation: UUID
    office: Wording
    declined_on: date


class ApproveCommendation(Command, name="approve_commendation"):
    """Approve what was selected, by decision."""

    commendation: UUID
    decision_no: Wording
    decision_date: date
    signer: Wording
    issuing_body: Wording


class AwardCommendation(Command, name="award_commendation"):
    """Say that it was awarded."""

    commendation: UUID
    awarded_on: date


class RevokeCommendation(Command, name="revoke_commendation"):
    """Revoke it, by decision."""

    commendation: UUID
    decision_no: Wording
    decision_date: date
    signer: Wording
    issuing_body: Wording


CommendationCommand: TypeAlias = (
    ProposeCommendation
    | SelectCommendation
    | DeclineCommendation
    | ApproveCommendation
    | AwardCommendation
    | RevokeCommendation
)


# Rules


def guard(command: CommendationCommand, lookup: Lookup) -> None:
    """The team must exist, the member serve or have served in it, the drive have run in the period."""
    if not isinstance(command, ProposeCommendation):
        return
    team: Team | None = lookup.state(TEAM, str(command.team))
    if team is None:
        raise Refused("Chưa có Tổ này.", code="TEAM_UNKNOWN", field="team")
    if command.member is not None and command.member not in team.serving and command.member not in team.served:
        raise Refused("Người này không phải thành viên của Tổ.", code="MEMBER_UNKNOWN", field="member")
    if command.drive is not None:
        drive: EmulationDrive | None = lookup.state(EMULATION_DRIVE, str(command.drive))
        if drive is None:
            raise Refused("Chưa có phong trào thi đua này.", code="DRIVE_UNKNOWN", field="drive")
        if drive.launched.first_day > command.period_to or drive.launched.last_day < command.period_from:
            rule = "Phong trào không diễn ra trong kỳ xét khen thưởng."
            raise Refused(rule, code="DRIVE_OF_ANOTHER_TIME", field="drive")


def decide(command: CommendationCommand, commendation: Commendation | None) -> list[CommendationEvent]:
    """One step after the other, none dated before the one before it; what was revoked or declined stays so."""
    if isinstance(command, ProposeCommendation):
        return _propose(command, commendation)
    if commendation is None:
        raise Refused("Chưa có đề xuất khen thưởng này.", code="COMMENDATION_UNKNOWN", field="commendation")
    event = _said(command)
    if event in (commendation.selected, commendation.declined, commendation.approved, commendation.awarded):
        return []
    if commendation.revoked is not None:
        if event == commendation.revoked:
            return []
        raise Refused("Khen thưởng này đã bị thu hồi.", code="REVOKED", field="commendation")
    if commendation.declined is not None:
        raise Refused("Đề xuất này đã không được chọn.", code="DECLINED", field="commendation")
    _fits(event, commendation, business_date(command.at))
    return [event]


def _propose(command: ProposeCommendation, commendation: Commendation | None) -> list[CommendationEvent]:
    event = CommendationProposed(**_words(command))
    if commendation is not None:
        if commendation.proposed.model_copy(update={"evidence": event.evidence}) == event:
            return []
        raise Refused("Đề xuất này đã có với nội dung khác.", code="COMMENDATION_EXISTS", field="commendation")
    if command.period_to < command.period_from:
        raise Refused("Ngày cuối kỳ phải từ ngày đầu kỳ trở đi.", code="PERIOD_REVERSED", field="period_to")
    _not_in_future(command.proposed_on, "proposed_on", business_date(command.at))
    if command.proposed_on < command.period_to:
        rule = "Chỉ đề xuất khi kỳ xét khen thưởng đã hết."
        raise Refused(rule, code="PROPOSED_BEFORE_PERIOD_ENDED", field="proposed_on")
    return [event]


_Step: TypeAlias = (
    SelectCommendation | DeclineCommendation | ApproveCommendation | AwardCommendation | RevokeCommendation
)
_Said: TypeAlias = (
    CommendationSelected | CommendationDeclined | CommendationApproved | CommendationAwarded | CommendationRevoked
)


def _said(command: _Step) -> _Said:
    words = _words(command)
    match command:
        case SelectCommendation():
            return CommendationSelected(**words)
        case DeclineCommendation():
            return CommendationDeclined(**words)
        case ApproveCommendation():
            return CommendationApproved(**words)
        case AwardCommendation():
            return CommendationAwarded(**words)
        case RevokeCommendation():
            return CommendationRevoked(**words)
        case _:
            assert_never(command)


def _words(command: CommendationCommand) -> dict[str, object]:
    return command.model_dump(exclude={"command_id", "actor", "at", "correlation_id"})


def _fits(event: _Said, was: Commendation, today: date) -> None:
    match event:
        case CommendationSelected():
            _still_open(was)
            _follows(event.selected_on, "selected_on", today, was.proposed.proposed_on, "SELECTED_BEFORE_PROPOSED")
        case CommendationDeclined():
            _still_open(was)
            _follows(event.declined_on, "declined_on", today, was.proposed.proposed_on, "DECLINED_BEFORE_PROPOSED")
        case CommendationApproved():
            if was.approved is not None:
                raise Refused("Khen thưởng này đã có quyết định.", code="APPROVED_ALREADY", field="commendation")
            if was.selected is None:
                raise Refused("Đề xuất này chưa được chọn.", code="NOT_SELECTED", field="commendation")
            _follows(event.decision_date, "decision_date", today, was.selected.selected_on, "APPROVED_BEFORE_SELECTED")
        case CommendationAwarded():
            if was.awarded is not None:
                raise Refused("Khen thưởng này đã được trao.", code="AWARDED_ALREADY", field="commendation")
            approved = _approved(was)
            _follows(event.awarded_on, "awarded_on", today, approved.decision_date, "AWARDED_BEFORE_APPROVED")
        case CommendationRevoked():
            approved = _approved(was)
            _follows(event.decision_date, "decision_date", today, approved.decision_date, "REVOKED_BEFORE_APPROVED")
        case _:
            assert_never(event)


def _still_open(was: Commendation) -> None:
    if was.selected is not None:
        raise Refused("Đề xuất này đã được chọn.", code="SELECTED_ALREADY", field="commendation")


def _approved(was: Commendation) -> CommendationApproved:
    if was.approved is None:
        raise Refused("Chưa có quyết định khen thưởng.", code="NOT_APPROVED", field="commendation")
    return was.approved


def _follows(day: date, field: str, today: date, before: date, code: str) -> None:
    _not_in_future(day, field, today)
    if day < before:
        raise Refused("Ngày này không được trước bước liền trước.", code=code, field=field)


def _not_in_future(day: date, field: str, today: date) -> None:
    if day > today:
        raise Refused("Ngày này không được ở tương lai.", code="DAY_IN_FUTURE", field=field)


COMMENDATION: Aggregate[Commendation | None, CommendationCommand, CommendationEvent] = Aggregate(
    category="commendation",
    events=CommendationEvent,
    commands=CommendationCommand,
    initial=None,
    evolve=evolve,
    decide=decide,
    identity=lambda command: command.commendation,
    guard=guard,
    opens=frozenset({ProposeCommendation}),
)
