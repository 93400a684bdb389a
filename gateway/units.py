"""The map: which unit is it on that day, what is below it, what became of it, what it came from.

A code alone names nothing (3,316 commune codes mean other places in the two regimes): code and day do, and
everything else goes by stable unit id. What holds on a day is data: validity of units, and since when a map is known.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, TypeAlias
from uuid import UUID

from pydantic import Field
from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Date,
    Float,
    Index,
    LargeBinary,
    Table,
    and_,
    func,
    or_,
    select,
)

from gateway.errors import MapNotKnown
from gateway.rows import Identifier, ReadModel
from gateway.vietnamese import fold, sort_key
from services.kernel.message import Event
from services.kernel.projection import Delivered
from services.kernel.rows import Rows, write_all

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


MapEvent: TypeAlias = UnitRegistered | UnitSucceeded | MapDeclared | HamletRegistered


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
            Column("part", Boolean, nullable=False),
            Column("seat", Boolean, nullable=False),
            Column("on_day", Date, nullable=False),
        )
        Index(f"map_successions_successor{self.suffix}", self.successions.c.successor)
        self.carried = Table(
            f"map_carried{self.suffix}",
            self.metadata,
            Column("holds", Identifier, primary_key=True),
            Column("also", Identifier, primary_key=True),
        )
        """Who holds a unit holds its children and what it came from: one table, so that one index walks both."""
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
            Column("commune", Identifier, nullable=False),
            Column("name", Identifier, nullable=False),
            Column("kind", Identifier, nullable=False),
            Column("valid_from", Date, nullable=False),
            Column("sort_key", LargeBinary, nullable=False),
        )
        Index(f"map_hamlets_commune{self.suffix}", self.hamlets.c.commune, self.hamlets.c.sort_key)

    def apply(self, connection: Connection, events: Sequence[Delivered[MapEvent]]) -> None:
        units, successions = Rows(self.units), Rows(self.successions)
        carried, known, hamlets = Rows(self.carried), Rows(self.known), Rows(self.hamlets)
        for delivered in events:
            match delivered.event:
                case UnitRegistered() as unit:
                    units.put(_unit_row(unit))
                    if unit.parent is not None:
                        carried.put({"holds": str(unit.parent), "also": str(unit.unit)})
                case UnitSucceeded() as gone:
                    successions.put(
                        {
                            "unit": str(gone.unit),
                            "successor": str(gone.successor),
                            "part": gone.part,
                            "seat": gone.seat,
                            "on_day": gone.on,
                        }
                    )
                    carried.put({"holds": str(gone.successor), "also": str(gone.unit)})
                case MapDeclared() as declared:
                    known.put(
                        {
                            "regime": declared.regime,
                            "province": str(declared.province or ""),
                            "known_from": declared.known_from,
                            "known_to": declared.known_to,
                        }
                    )
                case HamletRegistered() as hamlet:
                    hamlets.put(
                        {
                            "hamlet": str(hamlet.hamlet),
                            "commune": str(hamlet.commune),
                            "name": hamlet.title,
                            "kind": hamlet.kind,
                            "valid_from": hamlet.valid_from,
                            "sort_key": sort_key(hamlet.title),
                        }
                    )
        write_all(connection, units, successions, carried, known, hamlets)


def _unit_row(unit: UnitRegistered) -> dict[str, Any]:
    row = unit.model_dump(exclude={"title"})
    return row | {
        "unit": str(unit.unit),
        "parent": None if unit.parent is None else str(unit.parent),
        "name": unit.title,
        "search_text": fold(unit.title),
        "sort_key": sort_key(unit.title),
    }


LIVE = Units()
"""The tables readers see; a rebuild swaps the rows below these names."""


# Questions


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as asked for on the day `as_of`."""

    unit: str
    regime: str
    code: str
    name: str
    level: str
    kind: str
    parent: str | None
    valid_from: date | None
    valid_to: date | None
    lat: float | None
    lon: float | None
    area_km2: float | None
    as_of: date


@dataclass(frozen=True, slots=True)
class Succession:
    """The other end of a succession: a unit on a day it stood, whole or part, and whether the seat went along."""

    unit: Unit
    part: bool
    seat: bool
    on: date


COLUMNS = [column for column in LIVE.units.c if column.name not in ("search_text", "sort_key")]
_NAMES = [column.name for column in COLUMNS]


def unit_from(row: Any, as_of: date) -> Unit:
    """A result row of `map_units` as a `Unit`."""
    return Unit(**{name: getattr(row, name) for name in _NAMES}, as_of=as_of)


def in_force(as_of: date, table: Any = None) -> ColumnElement[bool]:
    """Units that stand on that day, as far as the source says."""
    c = (LIVE.units if table is None else table).c
    return and_(or_(c.valid_from.is_(None), c.valid_from <= as_of), or_(c.valid_to.is_(None), c.valid_to >= as_of))


def unit_by_code(connection: Connection, code: str, as_of: date, level: str | None = None) -> Unit | None:
    """The unit that carried this code on that day. Raises `MapNotKnown`."""
    query = select(*COLUMNS).where(LIVE.units.c.code == code, in_force(as_of))
    if level is not None:
        query = query.where(LIVE.units.c.level == level)
    rows = connection.execute(query).all()
    if not rows:
        earliest = connection.execute(select(func.min(LIVE.known.c.known_from))).scalar()
        if earliest is None or as_of < earliest:
            raise _not_known()
        return None
    newest = max(rows, key=lambda row: row.valid_from or date.min)
    require_known(connection, newest, as_of)
    return unit_from(newest, as_of)


def require_known(connection: Connection, row: Any, as_of: date) -> None:
    """Refuse a day on which the map around this unit is not known. Raises `MapNotKnown`."""
    known = LIVE.known.c
    provinces = ["", row.unit, *ancestors(connection, [row.unit]).get(row.unit, [])]
    spans = connection.execute(
        select(known.province, known.known_from, known.known_to).where(
            known.regime == row.regime, known.province.in_(provinces)
        )
    ).all()
    # A province declared by itself is known for as long as it says, whatever holds for the rest of its regime.
    span = max(spans, key=lambda row: row.province != "", default=None)
    if span is None or as_of < span.known_from or (span.known_to is not None and as_of > span.known_to):
        raise _not_known()


def _not_known() -> MapNotKnown:
    return MapNotKnown("Bản đồ hành chính của ngày này chưa có trong hệ thống.", field="asOf")


def units_by_id(connection: Connection, ids: Sequence[str], as_of: date) -> dict[str, Unit]:
    """Units by stable id, whatever the day."""
    rows = connection.execute(select(*COLUMNS).where(LIVE.units.c.unit.in_(ids)))
    return {row.unit: unit_from(row, as_of) for row in rows}


def ancestors(connection: Connection, ids: Sequence[str]) -> dict[str, list[str]]:
    """Ids above each unit, nearest first."""
    units = LIVE.units
    path = select(units.c.unit.label("start"), units.c.parent.label("above")).where(units.c.unit.in_(ids))
    above = path.cte("above", recursive=True)
    step = select(above.c.start, units.c.parent).join(units, units.c.unit == above.c.above)
    above = above.union_all(step.where(units.c.parent.is_not(None)))
    found: dict[str, list[str]] = {}
    for row in connection.execute(select(above).where(above.c.above.is_not(None))):
        found.setdefault(row.start, []).append(row.above)
    return found


def hamlets_by_id(connection: Connection, ids: Sequence[str]) -> dict[str, Any]:
    """Hamlet rows by id."""
    rows = connection.execute(select(LIVE.hamlets).where(LIVE.hamlets.c.hamlet.in_(ids)))
    return {row.hamlet: row for row in rows}
