"""A reorganisation: what one decision changes on the map from one day on, all of it or none.

Its operations entail the changes of each unit and hamlet, recorded in their own streams in the same append. The day may
lie ahead: what is recorded takes effect on its date, not on the day it was typed. Old units keep their history.

Refusals: REORGANISATION_EXISTS, DECISION_IN_FUTURE, EFFECTIVE_BEFORE_DECISION, UNIT_TWICE, SUCCESSION_CYCLE,
SUCCESSOR_ENDS, and those of `unit` and `hamlet`.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Annotated, Any, Literal, TypeAlias, assert_never
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.kernel.clock import business_date
from services.kernel.decider import Aggregate, Refused
from services.kernel.message import Command, Event
from services.registry.hamlet import EndHamlet, RegisterHamlet, RenameHamlet, SucceedHamlet, TransferHamlet
from services.registry.unit import EndUnit, Level, RegisterUnit, RenameUnit, SucceedUnit, TransferUnit, unit_id
from services.registry.wording import Wording

Place: TypeAlias = Literal["unit", "hamlet"]
"""What an operation is about."""


class _Operation(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)


class FoundUnit(_Operation):
    """A unit stands from that day."""

    do: Literal["found_unit"] = "found_unit"
    regime: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    code: str = Field(pattern=r"^[0-9]{2,9}$")
    title: Wording = Field(alias="name")
    level: Level
    kind: Wording
    parent: UUID | None = None
    lat: float | None = Field(default=None, ge=6, le=24)
    lon: float | None = Field(default=None, ge=102, le=118)
    area_km2: float | None = Field(default=None, gt=0, le=400_000)


class FoundHamlet(_Operation):
    """A hamlet stands from that day."""

    do: Literal["found_hamlet"] = "found_hamlet"
    hamlet: UUID
    commune: UUID
    title: Wording = Field(alias="name")
    kind: Wording


class Merge(_Operation):
    """All of `units` go, each as a whole, into `into`, which stands already or is founded beside."""

    do: Literal["merge"] = "merge"
    place: Place = "unit"
    units: tuple[UUID, ...] = Field(min_length=1, max_length=200)
    into: UUID


class Split(_Operation):
    """`unit` ends, in the parts that are known; `seat` is the one its seat lies in, None: not stated."""

    do: Literal["split"] = "split"
    place: Place = "unit"
    unit: UUID
    into: tuple[UUID, ...] = Field(min_length=1, max_length=50)
    seat: UUID | None = None


class Cede(_Operation):
    """A part of `unit` goes over to another; `unit` goes on."""

    do: Literal["cede"] = "cede"
    place: Place = "unit"
    unit: UUID
    to: UUID


class Transfer(_Operation):
    """`unit` goes under another parent, a hamlet under another commune, as it is."""

    do: Literal["transfer"] = "transfer"
    place: Place = "unit"
    unit: UUID
    to: UUID


class Rename(_Operation):
    """`unit` goes by another name or is of another kind."""

    do: Literal["rename"] = "rename"
    place: Place = "unit"
    unit: UUID
    title: Wording = Field(alias="name")
    kind: Wording


class Abolish(_Operation):
    """`units` end and nothing succeeds them, as when a tier goes."""

    do: Literal["abolish"] = "abolish"
    place: Place = "unit"
    units: tuple[UUID, ...] = Field(min_length=1, max_length=2000)


Operation: TypeAlias = Annotated[
    FoundUnit | FoundHamlet | Merge | Split | Cede | Transfer | Rename | Abolish, Field(discriminator="do")
]


# Events


class ReorganisationDecided(Event, name="reorganisation.decided"):
    """`on` is the first day of the new order; `source` says on whose word, where no decision is at hand."""

    reorganisation: UUID
    on: date
    decision_no: str | None
    decision_date: date | None
    issuer: str | None
    source: str | None
    operations: tuple[Operation, ...]


# State


def evolve(_decided: ReorganisationDecided | None, event: ReorganisationDecided) -> ReorganisationDecided | None:
    """What was decided."""
    return event


# Commands


class Reorganise(Command, name="reorganise"):
    """Change the map from the day `on`; operations take effect in their order."""

    reorganisation: UUID
    on: date
    decision_no: Wording | None = None
    decision_date: date | None = None
    issuer: Wording | None = None
    source: Wording | None = None
    operations: tuple[Operation, ...] = Field(min_length=1, max_length=2000)


# Rules


def decide(command: Reorganise, decided: ReorganisationDecided | None) -> list[ReorganisationDecided]:
    """A reorganisation is decided once; nobody goes two ways in it, and nobody round in a circle."""
    event = ReorganisationDecided.model_validate(
        command.model_dump(exclude={"command_id", "actor", "at", "correlation_id"})
    )
    if decided is not None:
        if decided == event:
            return []
        raise Refused("Việc sắp xếp này đã được ghi.", code="REORGANISATION_EXISTS", field="reorganisation")
    if command.decision_date is not None:
        if command.decision_date > business_date(command.at):
            raise Refused("Quyết định không được đề ngày tương lai.", code="DECISION_IN_FUTURE", field="decision_date")
        if command.on < command.decision_date:
            rule = "Ngày có hiệu lực không được trước ngày quyết định."
            raise Refused(rule, code="EFFECTIVE_BEFORE_DECISION", field="on")
    _each_goes_once(command.operations)
    _nobody_in_circles(command.operations)
    return [event]


def _ending(operation: Operation) -> Sequence[tuple[UUID, tuple[UUID, ...]]]:
    """Which units an operation ends, and where they go."""
    match operation:
        case Merge(units=units, into=into):
            return [(unit, (into,)) for unit in units]
        case Split(unit=unit, into=parts):
            return [(unit, parts)]
        case Abolish(units=units):
            return [(unit, ()) for unit in units]
        case _:
            return []


def _each_goes_once(operations: Sequence[Operation]) -> None:
    gone = Counter(unit for operation in operations for unit, _ in _ending(operation))
    place = next(
        (n for n, operation in enumerate(operations) if any(gone[unit] > 1 for unit, _ in _ending(operation))), None
    )
    if place is not None:
        raise Refused("Một đơn vị chỉ kết thúc một lần.", code="UNIT_TWICE", field=f"operations.{place}")


def _nobody_in_circles(operations: Sequence[Operation]) -> None:
    goes = {unit: into for operation in operations for unit, into in _ending(operation)}
    for place, operation in enumerate(operations):
        for start, _ in _ending(operation):
            seen, ahead = set[UUID](), list(goes[start])
            while ahead:
                unit = ahead.pop()
                if unit == start:
                    rule = "Đơn vị không thể nhập vòng quanh về chính nó."
                    raise Refused(rule, code="SUCCESSION_CYCLE", field=f"operations.{place}")
                if unit not in seen:
                    seen.add(unit)
                    ahead += goes.get(unit, ())
        if any(goal in goes for _, into in _ending(operation) for goal in into):
            rule = "Đơn vị kế tục cũng kết thúc trong lần sắp xếp này; hãy ghi thẳng nơi cuối cùng."
            raise Refused(rule, code="SUCCESSOR_ENDS", field=f"operations.{place}")


def entailed(command: Reorganise) -> list[Command]:
    """The change of each unit and hamlet: first those that begin, then the rest in the order given."""
    first = [change for operation in command.operations for change in _beginnings(operation, command)]
    return first + [change for operation in command.operations for change in _changes(operation, command)]


def _beginnings(operation: Operation, command: Reorganise) -> Iterator[Command]:
    match operation:
        case FoundUnit():
            yield RegisterUnit(**operation.model_dump(exclude={"do"}), valid_from=command.on, **_envelope(command))
        case FoundHamlet():
            yield RegisterHamlet(**operation.model_dump(exclude={"do"}), valid_from=command.on, **_envelope(command))
        case _:
            return


def _envelope(command: Reorganise) -> dict[str, Any]:
    return {"command_id": command.command_id, "actor": command.actor, "at": command.at}


def _changes(operation: Operation, command: Reorganise) -> Iterator[Command]:
    on, common = command.on, _envelope(command)
    for unit, into in _ending(operation):
        yield from _ends(operation, unit, into, command)
    match operation:
        case Cede(place="unit", unit=unit, to=to):
            yield SucceedUnit(unit=unit, successor=to, part=True, seat=False, on=on, **common)
        case Cede(unit=unit, to=to):
            yield SucceedHamlet(hamlet=unit, successor=to, part=True, on=on, **common)
        case Transfer(place="unit", unit=unit, to=to):
            yield TransferUnit(unit=unit, parent=to, on=on, **common)
        case Transfer(unit=unit, to=to):
            yield TransferHamlet(hamlet=unit, commune=to, on=on, **common)
        case Rename(place="unit", unit=unit, title=title, kind=kind):
            yield RenameUnit(unit=unit, name=title, kind=kind, on=on, **common)
        case Rename(unit=unit, title=title, kind=kind):
            yield RenameHamlet(hamlet=unit, name=title, kind=kind, on=on, **common)
        case FoundUnit() | FoundHamlet() | Merge() | Split() | Abolish():
            pass
        case _:
            assert_never(operation)


def _ends(operation: Operation, one: UUID, into: Sequence[UUID], command: Reorganise) -> Iterator[Command]:
    on, common, last_day = command.on, _envelope(command), command.on - timedelta(days=1)
    part = isinstance(operation, Split)
    seat = operation.seat if isinstance(operation, Split) else next(iter(into), None)
    if getattr(operation, "place", "") == "unit":
        yield EndUnit(unit=one, valid_to=last_day, **common)
        for to in into:
            yield SucceedUnit(unit=one, successor=to, part=part, seat=to == seat, on=on, **common)
    else:
        yield EndHamlet(hamlet=one, valid_to=last_day, **common)
        for to in into:
            yield SucceedHamlet(hamlet=one, successor=to, part=part, on=on, **common)


def founded(operation: FoundUnit) -> UUID:
    """The id a founded unit has everywhere."""
    return unit_id(operation.regime, operation.level, operation.code)


REORGANISATION: Aggregate[ReorganisationDecided | None, Reorganise, ReorganisationDecided] = Aggregate(
    category="reorganisation",
    events=ReorganisationDecided,
    commands=Reorganise,
    initial=None,
    evolve=evolve,
    decide=decide,
    identity=lambda command: command.reorganisation,
    opens=frozenset({Reorganise}),
    entails=entailed,
)
