"""The map as rows: every unit and hamlet with its names and places by spans of days, and what went into what.

A row of a unit or hamlet holds for the days `since` to `until` (not included); the rows of one cover all days, so that
any day has exactly one, whether the unit stands on it or not. What belongs to a unit that went whole into another
belongs to that one from the day on, what belongs to one that was divided to the unit it lay under: `map_above`.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, TypeAlias, assert_never
from uuid import UUID

from pydantic import Field
from sqlalchemy import Boolean, Column, Connection, Date, Float, Index, LargeBinary, Table

from gateway.rows import Identifier, ReadModel
from gateway.vietnamese import fold, sort_key
from services.kernel.message import Event
from services.kernel.projection import Delivered
from services.kernel.rows import Rows, write_all
from services.kernel.spans import Spans

ALWAYS, FOR_EVER = date.min, date.max

# What it reads of the registry's events


class UnitRegistered(Event, name="unit.registered"):
    """A unit, its place in the tree and the days it stands."""

    unit: UUID
    regime: str
    code: str
    title: str = Field(alias="name")
    level: str
    kind: str
    parent: UUID | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    lat: float | None = None
    lon: float | None = None
    area_km2: float | None = None


class UnitSucceeded(Event, name="unit.succeeded"):
    """Where a unit went, whole or in part."""

    unit: UUID
    successor: UUID
    part: bool
    seat: bool
    on: date


class MapDeclared(Event, name="map.declared"):
    """Since when, and until when, a map is known."""

    regime: str
    province: UUID | None = None
    known_from: date
    known_to: date | None = None


class HamletRegistered(Event, name="hamlet.registered"):
    """A hamlet of a commune."""

    hamlet: UUID
    commune: UUID
    title: str = Field(alias="name")
    kind: str
    valid_from: date


class UnitEnded(Event, name="unit.ended"):
    """The last day a unit stands."""

    unit: UUID
    valid_to: date


class UnitRenamed(Event, name="unit.renamed"):
    """Another name or kind from a day on."""

    unit: UUID
    title: str = Field(alias="name")
    kind: str
    on: date


class UnitTransferred(Event, name="unit.transferred"):
    """Another parent from a day on."""

    unit: UUID
    parent: UUID
    on: date


class HamletEnded(Event, name="hamlet.ended"):
    """The last day a hamlet stands."""

    hamlet: UUID
    valid_to: date


class HamletSucceeded(Event, name="hamlet.succeeded"):
    """Where a hamlet went, whole or in part."""

    hamlet: UUID
    successor: UUID
    part: bool
    on: date


class HamletRenamed(Event, name="hamlet.renamed"):
    """Another name or kind from a day on."""

    hamlet: UUID
    title: str = Field(alias="name")
    kind: str
    on: date


class HamletTransferred(Event, name="hamlet.transferred"):
    """Another commune from a day on."""

    hamlet: UUID
    commune: UUID
    on: date


UnitEvent: TypeAlias = UnitRegistered | UnitSucceeded | UnitEnded | UnitRenamed | UnitTransferred
HamletEvent: TypeAlias = HamletRegistered | HamletEnded | HamletSucceeded | HamletRenamed | HamletTransferred
MapEvent: TypeAlias = MapDeclared | UnitEvent | HamletEvent


class Units(ReadModel):
    """Tables of the map."""

    name = "units"
    views: ClassVar[Mapping[str, Any]] = {"registry": MapEvent}
    streams: ClassVar[frozenset[str]] = frozenset({"unit", "map", "hamlet"})

    def define(self) -> None:
        self.units = Table(
            f"map_units{self.suffix}",
            self.metadata,
            Column("unit", Identifier, primary_key=True),
            Column("since", Date, primary_key=True),
            Column("until", Date, nullable=False),
            Column("regime", Identifier, nullable=False),
            Column("code", Identifier, nullable=False),
            Column("name", Identifier, nullable=False),
            Column("level", Identifier, nullable=False),
            Column("kind", Identifier, nullable=False),
            Column("parent", Identifier),
            Column("valid_from", Date),
            Column("valid_to", Date),
            Column("lat", Float),
            Column("lon", Float),
            Column("area_km2", Float),
            Column("search_text", Identifier, nullable=False),
            Column("sort_key", LargeBinary, nullable=False),
        )
        Index(f"map_units_code{self.suffix}", self.units.c.code)
        Index(f"map_units_parent{self.suffix}", self.units.c.parent, self.units.c.sort_key)
        self.successions = Table(
            f"map_successions{self.suffix}",
            self.metadata,
            Column("unit", Identifier, primary_key=True),
            Column("successor", Identifier, primary_key=True),
            Column("on_day", Date, primary_key=True),
            Column("part", Boolean, nullable=False),
            Column("seat", Boolean, nullable=False),
        )
        """Of units and of hamlets."""
        Index(f"map_successions_successor{self.suffix}", self.successions.c.successor)
        self.carried = Table(
            f"map_carried{self.suffix}",
            self.metadata,
            Column("holds", Identifier, primary_key=True),
            Column("also", Identifier, primary_key=True),
            Column("since", Date, primary_key=True),
            Column("until", Date, nullable=False),
            Column("parent", Boolean, nullable=False),
        )
        """Who holds a unit holds its children and what it came from: one table, so that one index walks both."""
        self.above = Table(
            f"map_above{self.suffix}",
            self.metadata,
            Column("unit", Identifier, primary_key=True),
            Column("since", Date, primary_key=True),
            Column("until", Date, nullable=False),
            Column("above", Identifier),
        )
        """Where what is a unit's belongs: its parent, from the day it went whole into another that one."""
        Index(f"map_above_above{self.suffix}", self.above.c.above)
        self.known = Table(
            f"map_known{self.suffix}",
            self.metadata,
            Column("regime", Identifier, primary_key=True),
            Column("province", Identifier, primary_key=True),
            Column("known_from", Date, nullable=False),
            Column("known_to", Date),
        )
        self.hamlets = Table(
            f"map_hamlets{self.suffix}",
            self.metadata,
            Column("hamlet", Identifier, primary_key=True),
            Column("since", Date, primary_key=True),
            Column("until", Date, nullable=False),
            Column("commune", Identifier, nullable=False),
            Column("name", Identifier, nullable=False),
            Column("kind", Identifier, nullable=False),
            Column("valid_from", Date, nullable=False),
            Column("valid_to", Date),
            Column("search_text", Identifier, nullable=False),
            Column("sort_key", LargeBinary, nullable=False),
        )
        Index(f"map_hamlets_commune{self.suffix}", self.hamlets.c.commune, self.hamlets.c.sort_key)

    def apply(self, connection: Connection, events: Sequence[Delivered[MapEvent]]) -> None:
        batch = _Batch(self, connection)
        for delivered in events:
            batch.take(delivered.event)
        batch.write()


class _Batch:
    """What a batch of events does to the tables."""

    def __init__(self, model: Units, connection: Connection) -> None:
        self._connection = connection
        self._units = Spans(model.units, "unit", ALWAYS, FOR_EVER)
        self._hamlets = Spans(model.hamlets, "hamlet", ALWAYS, FOR_EVER)
        self._above = Spans(model.above, "unit", ALWAYS, FOR_EVER)
        self._successions, self._carried, self._known = Rows(model.successions), Rows(model.carried), Rows(model.known)
        self._model, self._transfers = model, list[UnitTransferred]()

    def take(self, event: MapEvent) -> None:
        match event:
            case MapDeclared():
                self._known.put(event.model_dump() | {"province": str(event.province or "")})
            case UnitRegistered() | UnitSucceeded() | UnitEnded() | UnitRenamed() | UnitTransferred():
                self._take_unit(event)
            case HamletRegistered() | HamletSucceeded() | HamletEnded() | HamletRenamed() | HamletTransferred():
                self._take_hamlet(event)
            case _:
                assert_never(event)

    def _take_unit(self, event: UnitEvent) -> None:
        unit = str(event.unit)
        match event:
            case UnitRegistered():
                row = _unit_row(event)
                self._units.begin(row)
                self._above.begin({"unit": unit, "above": row["parent"]})
                if event.parent is not None:
                    self._carry(event.parent, event.unit, ALWAYS, parent=True)
            case UnitEnded():
                self._units.change(unit, {"valid_to": event.valid_to})
            case UnitSucceeded():
                self._succeed(event.unit, event)
                self._carry(event.successor, event.unit, event.on)
                if not event.part:
                    self._above.change(unit, {"above": str(event.successor)}, event.on)
            case UnitRenamed():
                self._units.change(unit, _named(event.title, event.kind), event.on)
            case UnitTransferred():
                self._units.change(unit, {"parent": str(event.parent)}, event.on)
                self._above.change(unit, {"above": str(event.parent)}, event.on)
                self._carry(event.parent, event.unit, event.on, parent=True)
                self._transfers.append(event)
            case _:
                assert_never(event)

    def _take_hamlet(self, event: HamletEvent) -> None:
        hamlet = str(event.hamlet)
        match event:
            case HamletRegistered():
                self._hamlets.begin(_hamlet_row(event))
            case HamletEnded():
                self._hamlets.change(hamlet, {"valid_to": event.valid_to})
            case HamletSucceeded():
                self._succeed(event.hamlet, event)
            case HamletRenamed():
                self._hamlets.change(hamlet, _named(event.title, event.kind), event.on)
            case HamletTransferred():
                self._hamlets.change(hamlet, {"commune": str(event.commune)}, event.on)
            case _:
                assert_never(event)

    def write(self) -> None:
        for spans in (self._units, self._hamlets, self._above):
            spans.write(self._connection)
        write_all(self._connection, self._successions, self._carried, self._known)
        for gone in self._transfers:
            self._let_go(gone)

    def _carry(self, holds: UUID, also: UUID, since: date, *, parent: bool = False) -> None:
        edge = {"holds": str(holds), "also": str(also), "since": since}
        self._carried.put(edge | {"until": FOR_EVER, "parent": parent})

    def _let_go(self, gone: UnitTransferred) -> None:
        """Who was a unit's parent holds it no longer."""
        carried = self._model.carried
        theirs = carried.update().where(carried.c.also == str(gone.unit), carried.c.parent, carried.c.since < gone.on)
        others = theirs.where(carried.c.holds != str(gone.parent), carried.c.until > gone.on)
        self._connection.execute(others.values(until=gone.on))

    def _succeed(self, gone: UUID, event: UnitSucceeded | HamletSucceeded) -> None:
        seat = isinstance(event, UnitSucceeded) and event.seat
        row = {"unit": str(gone), "successor": str(event.successor), "on_day": event.on}
        self._successions.put(row | {"part": event.part, "seat": seat})


def _unit_row(unit: UnitRegistered) -> dict[str, Any]:
    row = unit.model_dump(exclude={"title"})
    place = {"unit": str(unit.unit), "parent": None if unit.parent is None else str(unit.parent)}
    return row | place | _named(unit.title, unit.kind)


def _hamlet_row(hamlet: HamletRegistered) -> dict[str, Any]:
    return {
        "hamlet": str(hamlet.hamlet),
        "commune": str(hamlet.commune),
        "valid_from": hamlet.valid_from,
        "valid_to": None,
        **_named(hamlet.title, hamlet.kind),
    }


def _named(title: str, kind: str) -> dict[str, Any]:
    return {"name": title, "kind": kind, "search_text": fold(title), "sort_key": sort_key(title)}


LIVE = Units()
"""The tables readers see; a rebuild swaps the rows below these names."""
