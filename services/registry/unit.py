"""An administrative unit: a province, district or commune of one regime, and what became of it.

Codes repeat across regimes (3,316 commune codes mean other places today), so identity is (regime, level, code).
That a regime began or ended on some day is data in these events; no date stands in this code.

Refusals: UNIT_EXISTS, UNIT_UNKNOWN, UNIT_VALIDITY_REVERSED, PARENT_MISSING, PARENT_UNKNOWN, PARENT_LEVEL,
SUCCESSOR_UNKNOWN, SUCCESSOR_IS_SELF, SUCCESSOR_LEVEL, SUCCESSOR_NOT_IN_FORCE, SUCCESSION_EXISTS,
SUCCESSION_BEFORE_END, SUCCEEDED_AS_WHOLE, SEAT_TAKEN.
"""

from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Literal, TypeAlias, assert_never
from uuid import UUID

from pydantic import ConfigDict, Field

from services.kernel.decider import Aggregate, Lookup, Refused
from services.kernel.identifiers import derived_id
from services.kernel.message import Command, Event
from services.registry.wording import Wording

Level: TypeAlias = Literal["province", "district", "commune"]
RANK: dict[str, int] = {"province": 0, "district": 1, "commune": 2}


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
    level: Level
    kind: str
    parent: UUID | None
    valid_from: date | None
    valid_to: date | None
    lat: float
    lon: float
    area_km2: float | None


class UnitSucceeded(Event, name="unit.succeeded"):
    """`unit` went into `successor` from the day `on`, whole or in part; `seat` marks where its seat went."""

    unit: UUID
    successor: UUID
    part: bool
    seat: bool
    on: date


UnitEvent: TypeAlias = UnitRegistered | UnitSucceeded


# State


@dataclass(frozen=True, slots=True)
class Unit:
    """What the rules remember of a unit."""

    registered: UnitRegistered
    successors: frozenset[UUID] = frozenset()
    whole: bool = False
    seat: UUID | None = None

    def in_force(self, on: date) -> bool:
        """True when nothing says the unit did not exist that day."""
        first, last = self.registered.valid_from, self.registered.valid_to
        return (first is None or first <= on) and (last is None or on <= last)


def evolve(unit: Unit | None, event: UnitEvent) -> Unit | None:
    """The unit after `event`."""
    match event:
        case UnitRegistered():
            return Unit(event)
        case UnitSucceeded():
            if unit is None:
                return None
            return replace(
                unit,
                successors=unit.successors | {event.successor},
                whole=unit.whole or not event.part,
                seat=event.successor if event.seat else unit.seat,
            )
        case _:
            assert_never(event)


# Commands


class RegisterUnit(Command, name="register_unit"):
    """Put a unit on the map. Degrees are WGS 84 and lie within Vietnam, its islands included."""

    regime: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    code: str = Field(pattern=r"^[0-9]{2,5}$")
    title: Wording = Field(alias="name")
    level: Level
    kind: Wording
    parent: UUID | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    lat: float = Field(ge=6, le=24)
    lon: float = Field(ge=102, le=118)
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


UnitCommand: TypeAlias = RegisterUnit | SucceedUnit


# Rules


def lies_within(lookup: Lookup, place: UUID, territory: UUID) -> bool:
    """True when the unit `place` is the territory or lies below it; a place that is not on the map lies nowhere."""
    above: UUID | None = place
    while above is not None:
        unit: Unit | None = lookup.state(UNIT, str(above))
        if unit is None:
            return False
        if above == territory:
            return True
        above = unit.registered.parent
    return False


def guard(command: UnitCommand, lookup: Lookup) -> None:
    """Parents and successors are units of their own: they must be there first."""
    match command:
        case RegisterUnit():
            _parent_fits(command, lookup)
        case SucceedUnit():
            _successor_fits(command, lookup)
        case _:
            assert_never(command)


def _parent_fits(command: RegisterUnit, lookup: Lookup) -> None:
    if command.parent is None:
        if command.level != "province":
            raise Refused("Huyện và xã phải có đơn vị cấp trên.", code="PARENT_MISSING", field="parent")
        return
    parent: Unit | None = lookup.state(UNIT, str(command.parent))
    if parent is None:
        raise Refused("Chưa có đơn vị cấp trên này trên bản đồ.", code="PARENT_UNKNOWN", field="parent")
    if RANK[parent.registered.level] >= RANK[command.level]:
        raise Refused("Đơn vị cấp trên phải thuộc cấp cao hơn.", code="PARENT_LEVEL", field="parent")


def _successor_fits(command: SucceedUnit, lookup: Lookup) -> None:
    successor: Unit | None = lookup.state(UNIT, str(command.successor))
    if successor is None:
        raise Refused("Chưa có đơn vị kế tục này trên bản đồ.", code="SUCCESSOR_UNKNOWN", field="successor")
    if not successor.in_force(command.on):
        raise Refused("Đơn vị kế tục không có hiệu lực vào ngày này.", code="SUCCESSOR_NOT_IN_FORCE", field="on")
    predecessor: Unit | None = lookup.state(UNIT, str(command.unit))
    provinces = {u.registered.level == "province" for u in (predecessor, successor) if u is not None}
    # An island district may become a commune; a province only ever becomes a province.
    if len(provinces) > 1:
        raise Refused("Tỉnh chỉ được kế tục bởi tỉnh.", code="SUCCESSOR_LEVEL", field="successor")


def decide(command: UnitCommand, unit: Unit | None) -> list[UnitEvent]:
    """A unit is registered once and ends once: whole in one, or in parts of which one keeps the seat."""
    match command:
        case RegisterUnit():
            return _register(command, unit)
        case SucceedUnit():
            return _succeed(command, unit)
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


def _succeed(command: SucceedUnit, unit: Unit | None) -> list[UnitEvent]:
    if unit is None:
        raise Refused("Chưa có đơn vị này trên bản đồ.", code="UNIT_UNKNOWN", field="unit")
    if command.successor == command.unit:
        raise Refused("Đơn vị không thể kế tục chính nó.", code="SUCCESSOR_IS_SELF", field="successor")
    if command.successor in unit.successors:
        raise Refused("Việc kế tục này đã được ghi.", code="SUCCESSION_EXISTS", field="successor")
    if unit.whole or (unit.successors and not command.part):
        raise Refused("Đơn vị nhập nguyên vẹn chỉ có một đơn vị kế tục.", code="SUCCEEDED_AS_WHOLE", field="part")
    if command.seat and unit.seat is not None:
        raise Refused("Trụ sở đã thuộc một đơn vị kế tục khác.", code="SEAT_TAKEN", field="seat")
    last_day = unit.registered.valid_to
    if last_day is not None and command.on <= last_day:
        raise Refused("Ngày kế tục phải sau ngày cuối của đơn vị cũ.", code="SUCCESSION_BEFORE_END", field="on")
    return [
        UnitSucceeded(
            unit=command.unit, successor=command.successor, part=command.part, seat=command.seat, on=command.on
        )
    ]


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
