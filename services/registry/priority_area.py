"""A priority area: a commune or hamlet that a decision names rural, remote, hard-pressed or of an ethnic minority.

The plans ask for more where it is harder (000 §I.1b; 002 §I.2). It is the area that is named, never a person: who
lives there is not thereby of any kind. A place is designated once a kind at a time, and again after that ended.

Refusals: PLACE_UNKNOWN, PLACE_NOT_IN_FORCE, DECISION_IN_FUTURE, AREA_EXISTS, AREA_UNKNOWN, ENDED_ALREADY,
SPAN_REVERSED.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, TypeAlias, assert_never
from uuid import UUID

from services.kernel.clock import business_date
from services.kernel.decider import Aggregate, Lookup, Refused
from services.kernel.identifiers import derived_id
from services.kernel.message import Command, Event
from services.registry.hamlet import HAMLET, Hamlet
from services.registry.unit import UNIT, Unit
from services.registry.wording import Wording

Place: TypeAlias = Literal["commune", "hamlet"]
Kind: TypeAlias = Literal["rural", "remote", "hardship", "ethnic_minority"]
"""Nông thôn; vùng sâu, vùng xa; nơi có điều kiện khó khăn; vùng đồng bào dân tộc thiểu số."""


def area_id(about: object, kind: str) -> UUID:
    """The id of a place as an area of a kind; the gateway makes the same."""
    return derived_id("priority_area", about, kind)


# Events


class PriorityAreaDesignated(Event, name="priority_area.designated"):
    """A decision makes a place a priority area of a kind from the day `valid_from`."""

    area: UUID
    place: Place
    about: UUID
    kind: Kind
    decision_no: str
    decision_date: date
    issuing_body: str
    valid_from: date


class PriorityAreaEnded(Event, name="priority_area.ended"):
    """What was designated from `valid_from` holds no longer after `last_day`."""

    area: UUID
    valid_from: date
    last_day: date


AreaEvent: TypeAlias = PriorityAreaDesignated | PriorityAreaEnded


# State


@dataclass(frozen=True, slots=True)
class PriorityArea:
    """The last designation of a place, and its last day where one was told."""

    designated: PriorityAreaDesignated
    last_day: date | None = None


def evolve(area: PriorityArea | None, event: AreaEvent) -> PriorityArea | None:
    """The area after `event`."""
    match event:
        case PriorityAreaDesignated():
            return PriorityArea(event)
        case PriorityAreaEnded():
            return area and replace(area, last_day=event.last_day)
        case _:
            assert_never(event)


# Commands


class DesignatePriorityArea(Command, name="designate_priority_area"):
    """Record that a decision designated a place."""

    place: Place
    about: UUID
    kind: Kind
    decision_no: Wording
    decision_date: date
    issuing_body: Wording
    valid_from: date


class EndPriorityArea(Command, name="end_priority_area"):
    """Say on which last day it is one."""

    area: UUID
    last_day: date


AreaCommand: TypeAlias = DesignatePriorityArea | EndPriorityArea


# Rules


def guard(command: AreaCommand, lookup: Lookup) -> None:
    """The commune or hamlet stands on the first day."""
    if not isinstance(command, DesignatePriorityArea):
        return
    place: Unit | Hamlet | None
    if command.place == "hamlet":
        place = lookup.state(HAMLET, str(command.about))
    else:
        unit: Unit | None = lookup.state(UNIT, str(command.about))
        place = unit if unit is not None and unit.registered.level == "commune" else None
    if place is None:
        raise Refused("Chưa có xã, phường, ấp, khóm này.", code="PLACE_UNKNOWN", field="about")
    if not place.in_force(command.valid_from):
        raise Refused("Nơi này không có hiệu lực vào ngày đó.", code="PLACE_NOT_IN_FORCE", field="valid_from")


def decide(command: AreaCommand, area: PriorityArea | None) -> list[AreaEvent]:
    """One designation after another, each told once."""
    match command:
        case DesignatePriorityArea():
            return _designate(command, area)
        case EndPriorityArea():
            return _end(command, area)
        case _:
            assert_never(command)


def _designate(command: DesignatePriorityArea, area: PriorityArea | None) -> list[AreaEvent]:
    event = PriorityAreaDesignated(
        area=area_id(command.about, command.kind),
        place=command.place,
        about=command.about,
        kind=command.kind,
        decision_no=command.decision_no,
        decision_date=command.decision_date,
        issuing_body=command.issuing_body,
        valid_from=command.valid_from,
    )
    if area is not None:
        if area.designated == event:
            return []
        if area.last_day is None or command.valid_from <= area.last_day:
            said = "Nơi này đã được công nhận là địa bàn ưu tiên loại này cho những ngày đó."
            raise Refused(said, code="AREA_EXISTS", field="valid_from")
    if command.decision_date > business_date(command.at):
        raise Refused("Quyết định không được đề ngày tương lai.", code="DECISION_IN_FUTURE", field="decision_date")
    return [event]


def _end(command: EndPriorityArea, area: PriorityArea | None) -> list[AreaEvent]:
    if area is None:
        raise Refused("Chưa có địa bàn ưu tiên này.", code="AREA_UNKNOWN", field="area")
    if area.last_day == command.last_day:
        return []
    if area.last_day is not None:
        raise Refused("Địa bàn ưu tiên này đã có ngày cuối khác.", code="ENDED_ALREADY", field="last_day")
    first_day = area.designated.valid_from
    if command.last_day < first_day:
        raise Refused("Ngày cuối phải từ ngày đầu trở đi.", code="SPAN_REVERSED", field="last_day")
    return [PriorityAreaEnded(area=command.area, valid_from=first_day, last_day=command.last_day)]


def _identity(command: AreaCommand) -> UUID:
    match command:
        case DesignatePriorityArea():
            return area_id(command.about, command.kind)
        case EndPriorityArea():
            return command.area
        case _:
            assert_never(command)


PRIORITY_AREA: Aggregate[PriorityArea | None, AreaCommand, AreaEvent] = Aggregate(
    category="priority_area",
    events=AreaEvent,
    commands=AreaCommand,
    initial=None,
    evolve=evolve,
    decide=decide,
    identity=_identity,
    guard=guard,
    opens=frozenset({DesignatePriorityArea}),
)
