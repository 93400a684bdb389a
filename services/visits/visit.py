"""A visit to a household: recorded, corrected when something was wrong, voided when it never was.

A correction appends the whole visit as it should have been told; nothing is ever edited. A household counts as guided
directly (indicator HH-02, 220/KH-UBND §III.3b) when the outcome is "guided", and then at least one service is named.

Errors:

    Refused
    ├── DayInFuture, DayTooEarly   see `business_days`
    ├── VisitUnknown               "NO_SUCH_VISIT"
    ├── VisitVoidedAlready         "VISIT_VOIDED"
    ├── VisitAlreadyRecorded       "VISIT_ALREADY_RECORDED"  the id is taken by another visit
    ├── ServiceRequired            "SERVICE_REQUIRED"
    ├── ServicesNotExpected        "SERVICES_NOT_EXPECTED"
    ├── UnknownService, …          see `catalogue`
    └── UnknownHousehold, …        see `place`
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any, Literal, TypeAlias, assert_never
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.kernel.decider import Aggregate, Lookup, NotKnownHere, Refused
from services.kernel.message import Command, Event
from services.visits.business_days import check_day
from services.visits.catalogue import check_services
from services.visits.place import check_place

Mode: TypeAlias = Literal["home", "team_point", "phone", "online", "event"]
Outcome: TypeAlias = Literal["guided", "informed", "absent", "refused"]
CorrectionReason: TypeAlias = Literal["wrong_household", "wrong_date", "wrong_service", "wrong_outcome", "other"]
VoidReason: TypeAlias = Literal["duplicate", "not_made", "other"]
ServiceCodes: TypeAlias = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=40)], ...],
    Field(max_length=40),
    AfterValidator(lambda codes: tuple(sorted(set(codes)))),
]
"""Codes of the service catalogue; a set in a fixed order, so that the same visit told twice reads the same."""


class VisitFacts(BaseModel):
    """What is told of a visit. `visited_on` is a Vietnamese date, `member` the team member who went, if known."""

    model_config = ConfigDict(frozen=True)

    household: UUID
    hamlet: UUID
    team: UUID
    member: UUID | None = None
    visited_on: date
    mode: Mode
    services: ServiceCodes = ()
    outcome: Outcome


# -- events -----------------------------------------------------------------------------------------------------------


class VisitRecorded(VisitFacts, Event, name="visit.recorded"):
    """A team tells of a visit. Version 1 knew `guided: bool` in place of `outcome`."""

    schema_version = 2

    visit: UUID

    @classmethod
    def upcast(cls, data: dict[str, Any], schema_version: int) -> dict[str, Any]:
        """Version 1 could not tell absent or refused apart: who was not guided was informed."""
        if schema_version == 1:
            rest = {key: value for key, value in data.items() if key != "guided"}
            return {**rest, "outcome": "guided" if data["guided"] else "informed"}
        return data


class VisitCorrected(VisitFacts, Event, name="visit.corrected"):
    """The visit as it should have been told, whole.

    `previous_hamlet` is where the visit was until now, told only when that differs from `hamlet`: who counts by hamlet
    must take it out there, and should not need a memory of every visit for it.
    """

    visit: UUID
    reason: CorrectionReason
    previous_hamlet: UUID | None = None


class VisitVoided(Event, name="visit.voided"):
    """The visit counts for nothing. Household, hamlet and team are those it had at the end."""

    visit: UUID
    household: UUID
    hamlet: UUID
    team: UUID
    reason: VoidReason


VisitEvent: TypeAlias = VisitRecorded | VisitCorrected | VisitVoided

# -- state ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Visit:
    """The visit as last told."""

    facts: VisitFacts
    voided: bool = False


def evolve(state: Visit | None, event: VisitEvent) -> Visit | None:
    """The visit after `event`."""
    match event:
        case VisitRecorded() | VisitCorrected():
            return Visit(_facts(event))
        case VisitVoided():
            return None if state is None else replace(state, voided=True)
        case _:
            assert_never(event)


def _facts(told: VisitFacts) -> VisitFacts:
    return VisitFacts(**{name: getattr(told, name) for name in VisitFacts.model_fields})


# -- commands ---------------------------------------------------------------------------------------------------------


class RecordVisit(VisitFacts, Command, name="record_visit"):
    """Tell of a visit."""

    visit: UUID


class CorrectVisit(VisitFacts, Command, name="correct_visit"):
    """Tell the whole visit again, as it should have been told."""

    visit: UUID
    reason: CorrectionReason


class VoidVisit(Command, name="void_visit"):
    """Take a visit back."""

    visit: UUID
    reason: VoidReason


VisitCommand: TypeAlias = RecordVisit | CorrectVisit | VoidVisit

# -- rules ------------------------------------------------------------------------------------------------------------


class VisitUnknown(NotKnownHere):
    """No visit was recorded under this id (yet): the one of the same batch may itself have been refused in passing."""

    code = "NO_SUCH_VISIT"


class VisitVoidedAlready(Refused):
    """The visit was taken back; record a new one."""

    code = "VISIT_VOIDED"


class VisitAlreadyRecorded(Refused):
    """The id names a visit that was told differently."""

    code = "VISIT_ALREADY_RECORDED"


class ServiceRequired(Refused):
    """Guided, but in nothing."""

    code = "SERVICE_REQUIRED"


class ServicesNotExpected(Refused):
    """Nobody was met, yet services are named."""

    code = "SERVICES_NOT_EXPECTED"


def guard(command: VisitCommand, lookup: Lookup) -> None:
    """What is told of exists and belongs together."""
    match command:
        case RecordVisit() | CorrectVisit():
            check_services(command.services, command.visited_on, lookup)
            check_place(command.household, command.hamlet, command.team, command.visited_on, lookup)
        case VoidVisit():
            pass
        case _:
            assert_never(command)


def decide(command: VisitCommand, state: Visit | None) -> Sequence[VisitEvent]:
    """What is told already changes nothing; what contradicts it is a correction."""
    match command:
        case RecordVisit():
            return _record(command, state)
        case CorrectVisit():
            return _correct(command, state)
        case VoidVisit():
            return _void(command, state)
        case _:
            assert_never(command)


def _record(command: RecordVisit, state: Visit | None) -> Sequence[VisitEvent]:
    facts = _facts(command)
    if state is None:
        _check(facts, command)
        return [VisitRecorded(visit=command.visit, **dict(facts))]
    if state.voided:
        raise _voided()
    if state.facts != facts:
        raise VisitAlreadyRecorded("Mã này đã dùng cho một lượt thăm khác; hãy dùng chức năng sửa.", field="visit")
    return []


def _correct(command: CorrectVisit, state: Visit | None) -> Sequence[VisitEvent]:
    facts = _facts(command)
    before = _standing(state)
    _check(facts, command)
    if before == facts:
        return []
    moved_from = before.hamlet if before.hamlet != facts.hamlet else None
    return [VisitCorrected(visit=command.visit, reason=command.reason, previous_hamlet=moved_from, **dict(facts))]


def _void(command: VoidVisit, state: Visit | None) -> Sequence[VisitEvent]:
    if state is not None and state.voided:
        return []
    facts = _standing(state)
    return [
        VisitVoided(
            visit=command.visit,
            household=facts.household,
            hamlet=facts.hamlet,
            team=facts.team,
            reason=command.reason,
        )
    ]


def _standing(state: Visit | None) -> VisitFacts:
    if state is None:
        raise VisitUnknown("Không có lượt thăm này.", field="visit")
    if state.voided:
        raise _voided()
    return state.facts


def _voided() -> VisitVoidedAlready:
    return VisitVoidedAlready("Lượt thăm này đã bị hủy; hãy ghi một lượt thăm mới.", field="visit")


def _check(facts: VisitFacts, command: Command) -> None:
    check_day(facts.visited_on, command.at, "visited_on")
    match facts.outcome:
        case "guided" if not facts.services:
            raise ServiceRequired("Đã hướng dẫn thì phải chọn ít nhất một dịch vụ.", field="services")
        case "absent" | "refused" if facts.services:
            raise ServicesNotExpected("Hộ vắng nhà hoặc từ chối thì không ghi dịch vụ.", field="services")


VISIT: Aggregate[Visit | None, VisitCommand, VisitEvent] = Aggregate(
    category="visit",
    events=VisitEvent,
    commands=VisitCommand,
    initial=None,
    evolve=evolve,
    decide=decide,
    identity=lambda command: command.visit,
    guard=guard,
    opens=frozenset({RecordVisit}),
)
