"""The map as rows: every unit and hamlet with its names and places by spans of days, and what went into what.

A row of a unit or hamlet holds for the days `since` to `until` (not included); the rows of one cover all days, so that
any day has exactly one, whether the unit stands on it or not. What belongs to a unit that went whole into another
belongs to that one from the day on: `map_homes`.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, TypeAlias, assert_never
from uuid import UUID

from pydantic import Field
from sqlalchemy import Boolean, Column, Connection, Date, Float, Index, LargeBinary, Table, bindparam, delete, select

from gateway.rows import Identifier, ReadModel
from gateway.vietnamese import fold, sort_key
from services.kernel.message import Event
from services.kernel.projection import Delivered
from services.kernel.rows import Rows, change_from, write_all

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
        )
        """Who holds a unit holds its children and what it came from: one table, so that one index walks both."""
        self.homes = Table(
            f"map_homes{self.suffix}",
            self.metadata,
            Column("unit", Identifier, primary_key=True),
            Column("since", Date, primary_key=True),
            Column("until", Date, nullable=False),
            Column("home", Identifier, nullable=False),
        )
        """Units that went whole into others, and where what is theirs belongs from then on."""
        Index(f"map_homes_home{self.suffix}", self.homes.c.home)
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
        self._model, self._connection = model, connection
        self._units, self._hamlets = Rows(model.units), Rows(model.hamlets)
        self._successions, self._carried, self._known = Rows(model.successions), Rows(model.carried), Rows(model.known)
        self._ended: dict[str, list[dict[str, Any]]] = {"unit": [], "hamlet": []}
        self._whole: set[str] = set()

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
        match event:
            case UnitRegistered():
                self._units.put(_unit_row(event))
                if event.parent is not None:
                    self._carry(event.parent, event.unit)
            case UnitEnded():
                self._ended["unit"].append({"ended": str(event.unit), "last_day": event.valid_to})
            case UnitSucceeded():
                self._succeed(event.unit, event)
                self._carry(event.successor, event.unit)
                if not event.part:
                    self._whole.add(str(event.unit))
            case UnitRenamed():
                self._change("unit", event.unit, event.on, _named(event.title, event.kind))
            case UnitTransferred():
                self._change("unit", event.unit, event.on, {"parent": str(event.parent)})
                self._carry(event.parent, event.unit)
            case _:
                assert_never(event)

    def _take_hamlet(self, event: HamletEvent) -> None:
        match event:
            case HamletRegistered():
                self._hamlets.put(_hamlet_row(event))
            case HamletEnded():
                self._ended["hamlet"].append({"ended": str(event.hamlet), "last_day": event.valid_to})
            case HamletSucceeded():
                self._succeed(event.hamlet, event)
            case HamletRenamed():
                named = {"name": event.title, "kind": event.kind, "sort_key": sort_key(event.title)}
                self._change("hamlet", event.hamlet, event.on, named)
            case HamletTransferred():
                self._change("hamlet", event.hamlet, event.on, {"commune": str(event.commune)})
            case _:
                assert_never(event)

    def write(self) -> None:
        self._flush()
        if self._whole:
            self._settle()

    def _flush(self) -> None:
        write_all(self._connection, self._units, self._successions, self._carried, self._known, self._hamlets)
        for key, table in (("unit", self._model.units), ("hamlet", self._model.hamlets)):
            if self._ended[key]:
                ended = table.update().where(table.c[key] == bindparam("ended"))
                self._connection.execute(ended.values(valid_to=bindparam("last_day")), self._ended[key])
                self._ended[key] = []

    def _carry(self, holds: UUID, also: UUID) -> None:
        self._carried.put({"holds": str(holds), "also": str(also)})

    def _succeed(self, gone: UUID, event: UnitSucceeded | HamletSucceeded) -> None:
        seat = isinstance(event, UnitSucceeded) and event.seat
        row = {"unit": str(gone), "successor": str(event.successor), "on_day": event.on}
        self._successions.put(row | {"part": event.part, "seat": seat})

    def _change(self, key: str, identity: UUID, on: date, values: Mapping[str, Any]) -> None:
        """From `on` the last row is another one. Such events are rare: each is written by itself."""
        self._flush()
        table = self._model.units if key == "unit" else self._model.hamlets
        change_from(self._connection, table, {key: str(identity)}, on, **values)

    def _settle(self) -> None:
        """Write anew where what belonged to units that went whole belongs, and to those that had gone into them."""
        homes = self._model.homes
        came = select(homes.c.unit).where(homes.c.home.in_(self._whole))
        gone = self._whole | set(self._connection.execute(came).scalars())
        steps = self._steps(gone)
        rows = [row for unit in sorted(gone) for row in _homes(unit, steps)]
        self._connection.execute(delete(homes).where(homes.c.unit.in_(gone)))
        self._connection.execute(homes.insert(), rows)

    def _steps(self, gone: Collection[str]) -> dict[str, tuple[str, date]]:
        """Of these units and of what they became: into which unit each went whole, and when."""
        went, steps, ask = self._model.successions.c, dict[str, tuple[str, date]](), set(gone)
        while ask:
            asked = select(went.unit, went.successor, went.on_day).where(went.unit.in_(ask), went.part.is_(False))
            found = {row.unit: (row.successor, row.on_day) for row in self._connection.execute(asked)}
            steps |= found
            ask = {successor for successor, _ in found.values()} - steps.keys()
        return steps


def _homes(unit: str, steps: Mapping[str, tuple[str, date]]) -> list[dict[str, Any]]:
    """The way of one unit as rows."""
    rows: list[dict[str, Any]] = []
    at = unit
    while at in steps:
        at, on = steps[at]
        if rows:
            rows[-1]["until"] = on
        rows.append({"unit": unit, "since": on, "until": FOR_EVER, "home": at})
    return rows


def _unit_row(unit: UnitRegistered) -> dict[str, Any]:
    row = unit.model_dump(exclude={"title"})
    place = {"unit": str(unit.unit), "parent": None if unit.parent is None else str(unit.parent)}
    return row | place | _named(unit.title, unit.kind) | {"since": ALWAYS, "until": FOR_EVER}


def _hamlet_row(hamlet: HamletRegistered) -> dict[str, Any]:
    return {
        "hamlet": str(hamlet.hamlet),
        "since": ALWAYS,
        "until": FOR_EVER,
        "commune": str(hamlet.commune),
        "name": hamlet.title,
        "kind": hamlet.kind,
        "valid_from": hamlet.valid_from,
        "valid_to": None,
        "sort_key": sort_key(hamlet.title),
    }


def _named(title: str, kind: str) -> dict[str, Any]:
    return {"name": title, "kind": kind, "search_text": fold(title), "sort_key": sort_key(title)}


LIVE = Units()
"""The tables readers see; a rebuild swaps the rows below these names."""
