"""The map: which unit is it on that day, what is below it, what became of it, what it came from.

A code alone names nothing (3,316 commune codes mean other places in the two regimes): code and day do, and
everything else goes by stable unit id. What holds on a day is data: validity of units, and since when a map is known.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from gateway.errors import MapNotKnown
from gateway.map_tables import LIVE as LIVE  # noqa: PLC0414  the tables readers see


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
    share: str | None = None
    share_source: str | None = None


COLUMNS = [column for column in LIVE.units.c if column.name not in ("since", "until", "search_text", "sort_key")]
_NAMES = [column.name for column in COLUMNS]


def unit_from(row: Any, as_of: date) -> Unit:
    """A result row of `map_units` as a `Unit`."""
    return Unit(**{name: getattr(row, name) for name in _NAMES}, as_of=as_of)


def called(place: Any) -> str:
    """What people call a unit or hamlet: its kind and its name, the kind said once."""
    said = f"{place.name} ".casefold().startswith(f"{place.kind} ".casefold())
    return str(place.name) if said else f"{place.kind} {place.name}"


def told_on(day: date | ColumnElement[date], table: Any = None) -> ColumnElement[bool]:
    """Of each unit (or hamlet) the one row that says what it was on that day, whether it stood or not."""
    c = (LIVE.units if table is None else table).c
    # Not `since <= day`: the key's second column by itself is no way in, and a plan made before the table was analysed
    # takes it for one, reading all units for each row of a join.
    return and_(func.coalesce(c.since, day) <= day, c.until > day)


def in_force(day: date | ColumnElement[date], table: Any = None) -> ColumnElement[bool]:
    """Rows of units (or hamlets) that stand on that day, as far as the source says."""
    c = (LIVE.units if table is None else table).c
    stands = and_(or_(c.valid_from.is_(None), c.valid_from <= day), or_(c.valid_to.is_(None), c.valid_to >= day))
    return and_(told_on(day, table), stands)


def unit_by_code(connection: Connection, code: str, as_of: date, level: str | None = None) -> Unit | None:
    """The unit that carried this code on that day. Raises `MapNotKnown`."""
    query = select(*COLUMNS).where(LIVE.units.c.code == code, in_force(as_of))
    if level is not None:
        query = query.where(LIVE.units.c.level == level)
    rows = connection.execute(query).all()
    if not rows:
        require_some_map(connection, as_of)
        return None
    newest = max(rows, key=lambda row: row.valid_from or date.min)
    require_known(connection, newest, as_of)
    return unit_from(newest, as_of)


def require_known(connection: Connection, row: Any, as_of: date) -> None:
    """Refuse a day on which the map around this unit is not known. Raises `MapNotKnown`."""
    span = _spans(connection, {row.unit: row.regime}, as_of).get(row.unit)
    if span is None or as_of < span.known_from or (span.known_to is not None and as_of > span.known_to):
        raise not_known()


def require_day(connection: Connection, ids: Sequence[str], day: date) -> None:
    """Refuse a day before the map around any of these units is known. Raises `MapNotKnown`."""
    if unknown_on(connection, ids, day):
        raise not_known()


def unknown_on(connection: Connection, ids: Sequence[str], day: date) -> dict[str, bool]:
    """Those of these units around which the map is not known yet on a day, each with True.

    A unit that is gone may be asked about on later days, and one nobody knows of on any: it has nothing.
    """
    found = units_by_id(connection, ids, day)
    spans = _spans(connection, {unit: row.regime for unit, row in found.items()}, day)
    return {unit: True for unit in found if unit not in spans or day < spans[unit].known_from}


def require_some_map(connection: Connection, day: date) -> None:
    """Refuse a day before the map of anywhere is known. Raises `MapNotKnown`."""
    earliest = connection.execute(select(func.min(LIVE.known.c.known_from))).scalar()
    if earliest is None or day < earliest:
        raise not_known()


def _spans(connection: Connection, regimes: Mapping[str, str], day: date) -> dict[str, Any]:
    """The declaration that holds for each unit, by its regime and what lies above it on the day."""
    known, above = LIVE.known.c, ancestors(connection, list(regimes), day)
    asked = select(LIVE.known).where(known.regime.in_(set(regimes.values())))
    declared = {(row.regime, row.province): row for row in connection.execute(asked)}
    found: dict[str, Any] = {}
    for unit, regime in regimes.items():
        # A province declared by itself is known for as long as it says, whatever holds for the rest of its regime.
        places = (*(one for one in (unit, *above.get(unit, ())) if (regime, one) in declared), "")
        span = declared.get((regime, places[0]))
        if span is not None:
            found[unit] = span
    return found


def not_known() -> MapNotKnown:
    """The refusal."""
    return MapNotKnown("Bản đồ hành chính của ngày này chưa có trong hệ thống.", field="asOf")


def units_by_id(connection: Connection, ids: Sequence[str], as_of: date) -> dict[str, Unit]:
    """Units by stable id, as they were called that day, whether they stood or not."""
    rows = connection.execute(select(*COLUMNS).where(LIVE.units.c.unit.in_(ids), told_on(as_of)))
    return {row.unit: unit_from(row, as_of) for row in rows}


def homes_of(connection: Connection, ids: Sequence[str], day: date) -> dict[str, str]:
    """The unit that what belongs to each unit belongs to on a day: itself, or what it went into as a whole."""
    went, homes = LIVE.successions.c, {one: one for one in ids}
    while True:
        gone = select(went.unit, went.successor).where(went.part.is_(False), went.on_day <= day)
        steps = {r.unit: r.successor for r in connection.execute(gone.where(went.unit.in_(set(homes.values()))))}
        if not steps:
            return homes
        homes = {one: steps.get(home, home) for one, home in homes.items()}


def homes_by_id(connection: Connection, ids: Sequence[str], day: date) -> dict[str, Unit]:
    """The same as units, by the ids asked about: a statement for all of them, and one more for each merger."""
    homes = homes_of(connection, ids, day)
    found = units_by_id(connection, sorted(set(homes.values())), day)
    return {one: found[home] for one, home in homes.items() if home in found}


def ancestors(connection: Connection, ids: Sequence[str], day: date) -> dict[str, list[str]]:
    """Ids above each unit on a day, nearest first."""
    units = LIVE.units
    path = select(units.c.unit.label("start"), units.c.parent.label("above")).where(units.c.unit.in_(ids), told_on(day))
    above = path.cte("above", recursive=True)
    step = select(above.c.start, units.c.parent).join(units, units.c.unit == above.c.above)
    above = above.union_all(step.where(units.c.parent.is_not(None), told_on(day)))
    found: dict[str, list[str]] = {}
    for row in connection.execute(select(above).where(above.c.above.is_not(None))):
        found.setdefault(row.start, []).append(row.above)
    return found


def hamlets_by_id(connection: Connection, ids: Sequence[str], day: date) -> dict[str, Any]:
    """Hamlet rows by id, as they were called that day."""
    hamlets = LIVE.hamlets
    rows = connection.execute(select(hamlets).where(hamlets.c.hamlet.in_(ids), told_on(day, hamlets)))
    return {row.hamlet: row for row in rows}
