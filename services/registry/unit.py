"""An administrative unit: a province, district or commune of one regime, its names and places, and what became of it.

Codes repeat across regimes (3,316 commune codes mean other places today), so identity is (regime, level, code).
That a regime began or ended on some day is data in these events; no date stands in this code. What changes a unit has
the day it takes effect, which may lie ahead; `reorganisation` puts such changes together.

Refusals: UNIT_EXISTS, UNIT_UNKNOWN, UNIT_VALIDITY_REVERSED, UNIT_NOT_IN_FORCE, UNIT_ENDED, CHANGED_LATER,
PARENT_MISSING, PARENT_UNKNOWN, PARENT_LEVEL, PARENT_NOT_IN_FORCE, SUCCESSOR_UNKNOWN, SUCCESSOR_IS_SELF,
SUCCESSOR_LEVEL, SUCCESSOR_NOT_IN_FORCE, SUCCESSION_EXISTS, SUCCESSION_BEFORE_END, SUCCEEDED_AS_WHOLE, SEAT_TAKEN.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Annotated, TypeAlias, assert_never
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field

from services.kernel.decider import Aggregate, Lookup, Refused
from services.kernel.identifiers import derived_id
from services.kernel.message import Command, Event
from services.kernel.tiers import tier
from services.registry.wording import Wording

Level: TypeAlias = Annotated[str, AfterValidator(lambda level: tier(level).code)]
"""The code of a tier; which there are is data (`services/kernel/tiers.toml`)."""


def unit_id(regime: str, level: str, code: str) -> UUID:
    """The stable id of a unit: the same in every installation and every import."""
    return derived_id("unit", regime, level, code)


# Events


class UnitRegistered(Event, name="unit.registered"):
    """A unit stands on the map. `valid_to` is its last day; None: the source states no day."""

    model_config = ConfigDict(serialize_by_alias=True)

    unit: UUID
    regime: str
    code: str
    title: str = Field(alias="name")
    """Stored as `name`, the word of the contract; a class of events keeps its own stored name there."""
    level: str
    kind: str
    parent: UUID | None
    valid_from: date | None
    valid_to: date | None
    lat: float | None
    lon: float | None
    area_km2: float | None


class UnitSucceeded(Event, name="unit.succeeded"):
    """`unit` went into `successor` from the day `on`, whole or in part; `seat` marks where its seat went."""

    unit: UUID
    successor: UUID
    part: bool
    seat: bool
    on: date


class UnitEnded(Event, name="unit.ended"):
    """`valid_to` is the last day the unit stands."""

    unit: UUID
    valid_to: date


class UnitRenamed(Event, name="unit.renamed"):
    """From the day `on` the unit goes by another name or is of another kind (xã becomes phường)."""

    model_config = ConfigDict(serialize_by_alias=True)

    unit: UUID
    title: str = Field(alias="name")
    kind: str
    on: date


class UnitTransferred(Event, name="unit.transferred"):
    """From the day `on` the unit lies under another parent."""

    unit: UUID
    parent: UUID
    on: date


UnitEvent: TypeAlias = UnitRegistered | UnitSucceeded | UnitEnded | UnitRenamed | UnitTransferred


# State


@dataclass(frozen=True, slots=True)
class Unit:
    """What the rules remember of a unit."""

    registered: UnitRegistered
    last_day: date | None = None
    named: tuple[str, str] = ("", "")
    named_on: date | None = None
    parents: tuple[tuple[date, UUID], ...] = ()
    """Later parents, each from a day on."""
    gone_on: date | None = None
    """The day it last went into others; what follows is of that day: a part may go now and the rest years later."""
    successors: frozenset[UUID] = frozenset()
    whole: bool = False
    seat: UUID | None = None

    def in_force(self, on: date) -> bool:
        """True when nothing says the unit did not exist that day."""
        first = self.registered.valid_from
        return (first is None or first <= on) and (self.last_day is None or on <= self.last_day)

    @property
    def changed_on(self) -> date:
        """The last day from which something about it is otherwise; nothing may be told of a day before."""
        days = (self.named_on, self.parents[-1][0] if self.parents else None, self.gone_on)
        return max((day for day in days if day is not None), default=date.min)

    def parent_on(self, day: date) -> UUID | None:
        """The unit it lay under on a day."""
        return next((parent for on, parent in reversed(self.parents) if on <= day), self.registered.parent)


def evolve(unit: Unit | None, event: UnitEvent) -> Unit | None:
    """The unit after `event`."""
    match event:
        case UnitRegistered():
            return Unit(event, event.valid_to, (event.title, event.kind))
        case UnitSucceeded():
            return unit and _gone(unit, event)
        case UnitEnded():
            return unit and replace(unit, last_day=event.valid_to)
        case UnitRenamed():
            return unit and replace(unit, named=(event.title, event.kind), named_on=event.on)
        case UnitTransferred():
            return unit and replace(unit, parents=(*unit.parents, (event.on, event.parent)))
        case _:
            assert_never(event)


def _gone(unit: Unit, event: UnitSucceeded) -> Unit:
    if unit.gone_on != event.on:
        unit = replace(unit, gone_on=event.on, successors=frozenset(), whole=False, seat=None)
    return replace(
        unit,
        successors=unit.successors | {event.successor},
        whole=unit.whole or not event.part,
        seat=event.successor if event.seat else unit.seat,
    )


def carried(lookup: Lookup, unit: UUID, day: date) -> UUID:
    """The unit that what belonged to `unit` belongs to on a day: itself, or what it went into as a whole."""
    found: Unit | None = lookup.state(UNIT, str(unit))
    while found is not None and found.whole and found.last_day is not None and found.last_day < day:
        (unit,) = found.successors
        found = lookup.state(UNIT, str(unit))
    return unit


# Commands


class RegisterUnit(Command, name="register_unit"):
    """Put a unit on the map. Degrees are WGS 84 and lie within Vietnam, its islands included."""

    regime: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    code: str = Field(pattern=r"^[0-9]{2,9}$")
    title: Wording = Field(alias="name")
    level: Level
    kind: Wording
    parent: UUID | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    lat: float | None = Field(default=None, ge=6, le=24)
    lon: float | None = Field(default=None, ge=102, le=118)
    area_km2: float | None = Field(default=None, gt=0, le=400_000)

    model_config = ConfigDict(serialize_by_alias=True)

    @cached_property
    def unit(self) -> UUID:
        """The id this unit has everywhere; asked for several times on a command's way."""
        return unit_id(self.regime, self.level, self.code)


class SucceedUnit(Command, name="succeed_unit"):
    """Say what became of a unit. One command per successor."""

    unit: UUID
    successor: UUID
    part: bool
    seat: bool
    on: date


class EndUnit(Command, name="end_unit"):
    """Say on which last day a unit stands."""

    unit: UUID
    valid_to: date


class RenameUnit(Command, name="rename_unit"):
    """Give a unit another name or kind from a day on."""

    model_config = ConfigDict(serialize_by_alias=True)

    unit: UUID
    title: Wording = Field(alias="name")
    kind: Wording
    on: date


class TransferUnit(Command, name="transfer_unit"):
    """Put a unit under another parent from a day on."""

    unit: UUID
    parent: UUID
    on: date


UnitCommand: TypeAlias = RegisterUnit | SucceedUnit | EndUnit | RenameUnit | TransferUnit


# Rules


def lies_within(lookup: Lookup, place: UUID, territory: UUID, day: date) -> bool:
    """True when what belongs to `place` lies in the territory on a day; what is not on the map lies nowhere.

    The place is followed into what it became by then, the territory is not: one that went into another holds nothing.
    """
    above: UUID | None = place
    while above is not None:
        above = carried(lookup, above, day)
        unit: Unit | None = lookup.state(UNIT, str(above))
        if unit is None:
            return False
        if above == territory:
            return True
        above = unit.parent_on(day)
    return False


def guard(command: UnitCommand, lookup: Lookup) -> None:
    """Parents and successors are units of their own: they must be there first."""
    match command:
        case RegisterUnit():
            if command.parent is not None:
                _parent_fits(command.parent, command.level, lookup)
            elif not tier(command.level).alone:
                raise Refused("Đơn vị cấp này phải có đơn vị cấp trên.", code="PARENT_MISSING", field="parent")
        case SucceedUnit():
            _successor_fits(command, lookup)
        case TransferUnit():
            _new_parent_fits(command, lookup)
        case EndUnit() | RenameUnit():
            pass
        case _:
            assert_never(command)


def _parent_fits(parent_id: UUID, level: str, lookup: Lookup) -> Unit:
    parent: Unit | None = lookup.state(UNIT, str(parent_id))
    if parent is None:
        raise Refused("Chưa có đơn vị cấp trên này trên bản đồ.", code="PARENT_UNKNOWN", field="parent")
    if tier(parent.registered.level).rank >= tier(level).rank:
        raise Refused("Đơn vị cấp trên phải thuộc cấp cao hơn.", code="PARENT_LEVEL", field="parent")
    return parent


def _new_parent_fits(command: TransferUnit, lookup: Lookup) -> None:
    unit: Unit | None = lookup.state(UNIT, str(command.unit))
    if unit is not None and not _parent_fits(command.parent, unit.registered.level, lookup).in_force(command.on):
        rule = "Đơn vị cấp trên không có hiệu lực vào ngày này."
        raise Refused(rule, code="PARENT_NOT_IN_FORCE", field="parent")


def _successor_fits(command: SucceedUnit, lookup: Lookup) -> None:
    successor: Unit | None = lookup.state(UNIT, str(command.successor))
    if successor is None:
        raise Refused("Chưa có đơn vị kế tục này trên bản đồ.", code="SUCCESSOR_UNKNOWN", field="successor")
    if not successor.in_force(command.on):
        raise Refused("Đơn vị kế tục không có hiệu lực vào ngày này.", code="SUCCESSOR_NOT_IN_FORCE", field="on")
    predecessor: Unit | None = lookup.state(UNIT, str(command.unit))
    levels = {unit.registered.level for unit in (predecessor, successor) if unit is not None}
    # An island district may become a commune; a province only ever becomes a province.
    if len(levels) > 1 and any(tier(level).alone for level in levels):
        raise Refused("Tỉnh chỉ được kế tục bởi tỉnh.", code="SUCCESSOR_LEVEL", field="successor")


def decide(command: UnitCommand, unit: Unit | None) -> list[UnitEvent]:
    """A unit is registered once and ends once: whole in one, or in parts of which one keeps the seat."""
    if isinstance(command, RegisterUnit):
        return _register(command, unit)
    if unit is None:
        raise Refused("Chưa có đơn vị này trên bản đồ.", code="UNIT_UNKNOWN", field="unit")
    match command:
        case SucceedUnit():
            return _succeed(command, unit)
        case EndUnit():
            return _end(command, unit)
        case RenameUnit():
            return _rename(command, unit)
        case TransferUnit():
            return _transfer(command, unit)
        case _:
            assert_never(command)


def _register(command: RegisterUnit, unit: Unit | None) -> list[UnitEvent]:
    if command.valid_from and command.valid_to and command.valid_to < command.valid_from:
        raise Refused(
            "Ngày hết hiệu lực phải từ ngày có hiệu lực trở đi.", code="UNIT_VALIDITY_REVERSED", field="valid_to"
        )
    registered = UnitRegistered(
        unit=command.unit,
        regime=command.regime,
        code=command.code,
        name=command.title,
        level=command.level,
        kind=command.kind,
        parent=command.parent,
        valid_from=command.valid_from,
        valid_to=command.valid_to,
        lat=command.lat,
        lon=command.lon,
        area_km2=command.area_km2,
    )
    if unit is None:
        return [registered]
    if unit.registered == registered:
        return []
    raise Refused("Đơn vị này đã có trên bản đồ với nội dung khác.", code="UNIT_EXISTS", field="code")


def _succeed(command: SucceedUnit, unit: Unit) -> list[UnitEvent]:
    if command.successor == command.unit:
        raise Refused("Đơn vị không thể kế tục chính nó.", code="SUCCESSOR_IS_SELF", field="successor")
    _not_changed_later(unit, command.on)
    _stands(unit, command.on - timedelta(days=1))
    if unit.gone_on == command.on:
        _goes_along(command, unit)
    if unit.last_day is not None and command.on <= unit.last_day:
        raise Refused("Ngày kế tục phải sau ngày cuối của đơn vị cũ.", code="SUCCESSION_BEFORE_END", field="on")
    return [
        UnitSucceeded(
            unit=command.unit, successor=command.successor, part=command.part, seat=command.seat, on=command.on
        )
    ]


def _goes_along(command: SucceedUnit, unit: Unit) -> None:
    """The same day it goes elsewhere too."""
    if command.successor in unit.successors:
        raise Refused("Việc kế tục này đã được ghi.", code="SUCCESSION_EXISTS", field="successor")
    if unit.whole or not command.part:
        raise Refused("Đơn vị nhập nguyên vẹn chỉ có một đơn vị kế tục.", code="SUCCEEDED_AS_WHOLE", field="part")
    if command.seat and unit.seat is not None:
        raise Refused("Trụ sở đã thuộc một đơn vị kế tục khác.", code="SEAT_TAKEN", field="seat")


def _end(command: EndUnit, unit: Unit) -> list[UnitEvent]:
    if unit.last_day == command.valid_to:
        return []
    if unit.last_day is not None:
        raise Refused("Đơn vị này đã có ngày hết hiệu lực.", code="UNIT_ENDED", field="valid_to")
    _stands(unit, command.valid_to, "valid_to")
    _not_changed_later(unit, command.valid_to + timedelta(days=1), "valid_to")
    return [UnitEnded(unit=command.unit, valid_to=command.valid_to)]


def _stands(unit: Unit, on: date, field: str = "on") -> None:
    if not unit.in_force(on):
        raise Refused("Đơn vị không có hiệu lực vào ngày này.", code="UNIT_NOT_IN_FORCE", field=field)


def _rename(command: RenameUnit, unit: Unit) -> list[UnitEvent]:
    if unit.named == (command.title, command.kind) and (unit.named_on is None or unit.named_on <= command.on):
        return []
    _stands(unit, command.on)
    _not_changed_later(unit, command.on)
    return [UnitRenamed(unit=command.unit, name=command.title, kind=command.kind, on=command.on)]


def _not_changed_later(unit: Unit, on: date, field: str = "on") -> None:
    if on < unit.changed_on:
        raise Refused("Đã ghi một thay đổi có hiệu lực sau ngày này.", code="CHANGED_LATER", field=field)


def _transfer(command: TransferUnit, unit: Unit) -> list[UnitEvent]:
    if unit.parent_on(command.on) == command.parent and (not unit.parents or unit.parents[-1][0] <= command.on):
        return []
    _stands(unit, command.on)
    _not_changed_later(unit, command.on)
    return [UnitTransferred(unit=command.unit, parent=command.parent, on=command.on)]


UNIT: Aggregate[Unit | None, UnitCommand, UnitEvent] = Aggregate(
    category="unit",
    events=UnitEvent,
    commands=UnitCommand,
    initial=None,
    evolve=evolve,
    decide=decide,
    identity=lambda command: command.unit,
    guard=guard,
    opens=frozenset({RegisterUnit}),
)
