"""A hamlet (ấp, khóm, thôn, tổ dân phố…): under a commune, not a tier of government; households live in it.

`kind` keeps the local word. Hamlets are put together, divided and renamed later than their communes (domain A8 (d));
`reorganisation` puts such changes together.

Refusals: HAMLET_EXISTS, HAMLET_UNKNOWN, HAMLET_NOT_IN_FORCE, HAMLET_ENDED, CHANGED_LATER, COMMUNE_UNKNOWN,
COMMUNE_NOT_IN_FORCE, SUCCESSOR_UNKNOWN, SUCCESSOR_IS_SELF, SUCCESSOR_NOT_IN_FORCE, SUCCESSION_EXISTS,
SUCCEEDED_AS_WHOLE.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TypeAlias, assert_never
from uuid import UUID

from pydantic import ConfigDict, Field

from services.kernel.decider import Aggregate, Lookup, Refused
from services.kernel.message import Command, Event
from services.registry.unit import UNIT, Unit
from services.registry.wording import Wording

# Events


class HamletRegistered(Event, name="hamlet.registered"):
    """A hamlet belongs to `commune` from the day `valid_from`."""

    model_config = ConfigDict(serialize_by_alias=True)

    hamlet: UUID
    commune: UUID
    title: str = Field(alias="name")
    kind: str
    valid_from: date


class HamletEnded(Event, name="hamlet.ended"):
    """`valid_to` is the last day the hamlet stands."""

    hamlet: UUID
    valid_to: date


class HamletSucceeded(Event, name="hamlet.succeeded"):
    """`hamlet` went into `successor` from the day `on`, whole or in part."""

    hamlet: UUID
    successor: UUID
    part: bool
    on: date


class HamletRenamed(Event, name="hamlet.renamed"):
    """From the day `on` the hamlet goes by another name or is of another kind (ấp becomes khóm)."""

    model_config = ConfigDict(serialize_by_alias=True)

    hamlet: UUID
    title: str = Field(alias="name")
    kind: str
    on: date


class HamletTransferred(Event, name="hamlet.transferred"):
    """From the day `on` the hamlet belongs to another commune."""

    hamlet: UUID
    commune: UUID
    on: date


HamletEvent: TypeAlias = HamletRegistered | HamletEnded | HamletSucceeded | HamletRenamed | HamletTransferred


# State


@dataclass(frozen=True, slots=True)
class Hamlet:
    """What the rules remember of a hamlet."""

    registered: HamletRegistered
    last_day: date | None = None
    named: tuple[str, str] = ("", "")
    named_on: date | None = None
    communes: tuple[tuple[date, UUID], ...] = ()
    """Later communes, each from a day on."""
    gone_on: date | None = None
    """The day it last went into others; what follows is of that day."""
    successors: frozenset[UUID] = frozenset()
    whole: bool = False

    def in_force(self, on: date) -> bool:
        """True when the hamlet stands that day."""
        return self.registered.valid_from <= on and (self.last_day is None or on <= self.last_day)

    def ended_by(self, day: date) -> bool:
        """True when the hamlet is no more on that day."""
        return self.last_day is not None and self.last_day < day

    @property
    def changed_on(self) -> date:
        """The last day from which something about it is otherwise; nothing may be told of a day before."""
        days = (self.named_on, self.communes[-1][0] if self.communes else None, self.gone_on)
        return max((day for day in days if day is not None), default=date.min)

    def commune_on(self, day: date) -> UUID:
        """The commune it was put under on a day; that one may have gone into another."""
        return next((commune for on, commune in reversed(self.communes) if on <= day), self.registered.commune)


def evolve(hamlet: Hamlet | None, event: HamletEvent) -> Hamlet | None:
    """The hamlet after `event`."""
    match event:
        case HamletRegistered():
            return Hamlet(event, named=(event.title, event.kind))
        case HamletEnded():
            return hamlet and replace(hamlet, last_day=event.valid_to)
        case HamletSucceeded():
            return hamlet and _gone(hamlet, event)
        case HamletRenamed():
            return hamlet and replace(hamlet, named=(event.title, event.kind), named_on=event.on)
        case HamletTransferred():
            return hamlet and replace(hamlet, communes=(*hamlet.communes, (event.on, event.commune)))
        case _:
            assert_never(event)


def _gone(hamlet: Hamlet, event: HamletSucceeded) -> Hamlet:
    before = hamlet.successors if hamlet.gone_on == event.on else frozenset()
    return replace(hamlet, gone_on=event.on, successors=before | {event.successor}, whole=not event.part)


# Commands


class RegisterHamlet(Command, name="register_hamlet"):
    """Register a hamlet under a commune."""

    model_config = ConfigDict(serialize_by_alias=True)

    hamlet: UUID
    commune: UUID
    title: Wording = Field(alias="name")
    kind: Wording
    valid_from: date


class EndHamlet(Command, name="end_hamlet"):
    """Say on which last day a hamlet stands."""

    hamlet: UUID
    valid_to: date


class SucceedHamlet(Command, name="succeed_hamlet"):
    """Say what became of a hamlet. One command per successor."""

    hamlet: UUID
    successor: UUID
    part: bool
    on: date


class RenameHamlet(Command, name="rename_hamlet"):
    """Give a hamlet another name or kind from a day on."""

    model_config = ConfigDict(serialize_by_alias=True)

    hamlet: UUID
    title: Wording = Field(alias="name")
    kind: Wording
    on: date


class TransferHamlet(Command, name="transfer_hamlet"):
    """Put a hamlet under another commune from a day on."""

    hamlet: UUID
    commune: UUID
    on: date


HamletCommand: TypeAlias = RegisterHamlet | EndHamlet | SucceedHamlet | RenameHamlet | TransferHamlet


# Rules


def commune_of(lookup: Lookup, commune: UUID) -> Unit:
    """The commune. Raises COMMUNE_UNKNOWN for no unit and for a unit of another level."""
    unit: Unit | None = lookup.state(UNIT, str(commune))
    if unit is None or unit.registered.level != "commune":
        raise Refused("Chưa có xã, phường này trên bản đồ.", code="COMMUNE_UNKNOWN", field="commune")
    return unit


def guard(command: HamletCommand, lookup: Lookup) -> None:
    """The commune, or the successor, must stand on that day: nobody joins what is gone."""
    match command:
        case RegisterHamlet():
            _commune_stands(command.commune, command.valid_from, "valid_from", lookup)
        case TransferHamlet():
            _commune_stands(command.commune, command.on, "on", lookup)
        case SucceedHamlet():
            successor: Hamlet | None = lookup.state(HAMLET, str(command.successor))
            if successor is None:
                raise Refused("Chưa có ấp, khóm kế tục này.", code="SUCCESSOR_UNKNOWN", field="successor")
            if not successor.in_force(command.on):
                rule = "Ấp, khóm kế tục không có hiệu lực vào ngày này."
                raise Refused(rule, code="SUCCESSOR_NOT_IN_FORCE", field="on")
        case EndHamlet() | RenameHamlet():
            pass
        case _:
            assert_never(command)


def _commune_stands(commune: UUID, day: date, field: str, lookup: Lookup) -> None:
    if not commune_of(lookup, commune).in_force(day):
        raise Refused("Xã, phường này không có hiệu lực vào ngày đó.", code="COMMUNE_NOT_IN_FORCE", field=field)


def decide(command: HamletCommand, hamlet: Hamlet | None) -> list[HamletEvent]:
    """A hamlet is registered once and ends once; told again just so, nothing changes."""
    if isinstance(command, RegisterHamlet):
        return _register(command, hamlet)
    if hamlet is None:
        raise Refused("Chưa có ấp, khóm này.", code="HAMLET_UNKNOWN", field="hamlet")
    match command:
        case EndHamlet():
            return _end(command, hamlet)
        case SucceedHamlet():
            return _succeed(command, hamlet)
        case RenameHamlet():
            return _rename(command, hamlet)
        case TransferHamlet():
            return _transfer(command, hamlet)
        case _:
            assert_never(command)


def _register(command: RegisterHamlet, hamlet: Hamlet | None) -> list[HamletEvent]:
    event = HamletRegistered(
        hamlet=command.hamlet,
        commune=command.commune,
        name=command.title,
        kind=command.kind,
        valid_from=command.valid_from,
    )
    if hamlet is None:
        return [event]
    if hamlet.registered == event:
        return []
    raise Refused("Ấp, khóm này đã được đăng ký với nội dung khác.", code="HAMLET_EXISTS", field="hamlet")


def _end(command: EndHamlet, hamlet: Hamlet) -> list[HamletEvent]:
    if hamlet.last_day == command.valid_to:
        return []
    if hamlet.last_day is not None:
        raise Refused("Ấp, khóm này đã có ngày hết hiệu lực.", code="HAMLET_ENDED", field="valid_to")
    _stands(hamlet, command.valid_to, "valid_to")
    _not_changed_later(hamlet, command.valid_to + timedelta(days=1), "valid_to")
    return [HamletEnded(hamlet=command.hamlet, valid_to=command.valid_to)]


def _stands(hamlet: Hamlet, on: date, field: str = "on") -> None:
    if not hamlet.in_force(on):
        raise Refused("Ấp, khóm không có hiệu lực vào ngày này.", code="HAMLET_NOT_IN_FORCE", field=field)


def _succeed(command: SucceedHamlet, hamlet: Hamlet) -> list[HamletEvent]:
    if command.successor == command.hamlet:
        raise Refused("Ấp, khóm không thể kế tục chính nó.", code="SUCCESSOR_IS_SELF", field="successor")
    _not_changed_later(hamlet, command.on)
    _stands(hamlet, command.on - timedelta(days=1))
    same_day = hamlet.gone_on == command.on
    if same_day and command.successor in hamlet.successors:
        raise Refused("Việc kế tục này đã được ghi.", code="SUCCESSION_EXISTS", field="successor")
    if same_day and (hamlet.whole or not command.part):
        raise Refused("Ấp, khóm nhập nguyên vẹn chỉ có một nơi kế tục.", code="SUCCEEDED_AS_WHOLE", field="part")
    return [HamletSucceeded(hamlet=command.hamlet, successor=command.successor, part=command.part, on=command.on)]


def _rename(command: RenameHamlet, hamlet: Hamlet) -> list[HamletEvent]:
    if hamlet.named == (command.title, command.kind) and (hamlet.named_on is None or hamlet.named_on <= command.on):
        return []
    _stands(hamlet, command.on)
    _not_changed_later(hamlet, command.on)
    return [HamletRenamed(hamlet=command.hamlet, name=command.title, kind=command.kind, on=command.on)]


def _not_changed_later(hamlet: Hamlet, on: date, field: str = "on") -> None:
    if on < hamlet.changed_on:
        raise Refused("Đã ghi một thay đổi có hiệu lực sau ngày này.", code="CHANGED_LATER", field=field)


def _transfer(command: TransferHamlet, hamlet: Hamlet) -> list[HamletEvent]:
    last = hamlet.communes[-1][0] if hamlet.communes else None
    if hamlet.commune_on(command.on) == command.commune and (last is None or last <= command.on):
        return []
    _stands(hamlet, command.on)
    _not_changed_later(hamlet, command.on)
    return [HamletTransferred(hamlet=command.hamlet, commune=command.commune, on=command.on)]


HAMLET: Aggregate[Hamlet | None, HamletCommand, HamletEvent] = Aggregate(
    category="hamlet",
    events=HamletEvent,
    commands=HamletCommand,
    initial=None,
    evolve=evolve,
    decide=decide,
    identity=lambda command: command.hamlet,
    guard=guard,
    opens=frozenset({RegisterHamlet}),
)
