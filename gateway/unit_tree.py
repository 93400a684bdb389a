"""The shape of the map: what lies above and below a unit, what it became and came from; for many units at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    CompoundSelect,
    Connection,
    Date,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal,
    select,
    union,
)

from gateway import finding
from gateway.apportionments import LIVE as STATED
from gateway.map_tables import LIVE
from gateway.paging import Page, Slice, page_by_group
from gateway.rows import among, counted
from gateway.units import COLUMNS, Succession, ancestors, in_force, told_on, unit_from


def below(roots: Sequence[str] | Select[Any], as_of: date | None) -> CTE:
    """`(root, unit)` of everything under the roots, themselves included; as of a day, or of all days for None."""
    units = LIVE.units
    start = select(units.c.unit.label("root"), units.c.unit).where(among(units.c.unit, roots))
    tree = (start if as_of is None else start.where(told_on(as_of))).cte(recursive=True)
    step = select(tree.c.root, units.c.unit).join(tree, units.c.parent == tree.c.unit)
    return tree.union(step) if as_of is None else tree.union_all(step.where(in_force(as_of)))


def belonging(roots: Sequence[str] | Select[Any], day: date) -> CTE:
    """`(root, unit)` of the units whose things belong to the roots on a day: those below, and all that went into them.

    As a whole, that is: what a unit was divided over belongs to none of its parts until somebody says so, but still to
    the unit it lay under.
    """
    units, above = LIVE.units, LIVE.above
    start = select(units.c.unit.label("root"), units.c.unit).where(among(units.c.unit, roots), told_on(day))
    tree = start.cte(recursive=True)
    step = select(tree.c.root, above.c.unit).join(tree, above.c.above == tree.c.unit)
    return tree.union_all(step.where(told_on(day, above)))


def hamlets_of(roots: Sequence[str] | Select[Any], day: date) -> CTE:
    """`(root, hamlet)` of hamlets whose households belong to the roots on a day: these, and all that went into them.

    As a whole, as in `belonging`.
    """
    gone = LIVE.successions.c
    known = select(LIVE.hamlets.c.hamlet).where(among(LIVE.hamlets.c.hamlet, roots), told_on(day, LIVE.hamlets))
    start = known.subquery().c.hamlet
    tree = select(start.label("root"), start.label("hamlet")).cte(recursive=True)
    step = select(tree.c.root, gone.unit).join(tree, gone.successor == tree.c.hamlet)
    return tree.union(step.where(gone.part.is_(False), gone.on_day <= day))


def all_of_hamlet(connection: Connection, hamlet: str, day: date) -> list[str]:
    """The hamlet and all that went into it as a whole by a day: nearly always itself alone, found by an index."""
    found, ahead = [hamlet], [hamlet]
    while ahead:
        ahead = sorted(set(connection.execute(_came_to(), {"into": ahead, "day": day}).scalars()) - set(found))
        found += ahead
    return found


@cache
def _came_to() -> Select[Any]:
    """Built once: it is asked with every page of a hamlet's visits."""
    gone = LIVE.successions.c
    into = gone.successor.in_(bindparam("into", expanding=True))
    return select(gone.unit).where(into, gone.part.is_(False), gone.on_day <= bindparam("day"))


def hamlets_become(roots: Select[Any], day: date) -> CTE:
    """`hamlet`: the roots and all they went into as a whole by a day."""
    gone = LIVE.successions.c
    start = roots.subquery().c[0]
    tree = select(start.label("hamlet")).cte(recursive=True)
    step = select(gone.successor).join(tree, gone.unit == tree.c.hamlet)
    return tree.union(step.where(gone.part.is_(False), gone.on_day <= day))


def children_pages(connection: Connection, parents: Sequence[str], as_of: date, wanted: Slice) -> Mapping[str, Page]:
    """The units right below each parent on that day, in Vietnamese order."""
    units = LIVE.units.c
    query = select(*COLUMNS).where(units.parent.in_(parents), in_force(as_of))
    return page_by_group(connection, query, units.parent, [units.sort_key, units.unit], wanted)


def children_counts(connection: Connection, parents: Sequence[str], as_of: date) -> Mapping[str, int]:
    """How many units are right below each parent on that day."""
    units = LIVE.units.c
    query = select(units.parent, func.count()).where(units.parent.in_(parents), in_force(as_of))
    return counted(connection, query.group_by(units.parent))


def descendants_pages(
    connection: Connection, roots: Sequence[str], as_of: date, level: str, wanted: Slice
) -> Mapping[str, Page]:
    """The units of one level anywhere below each root on that day."""
    units, tree = LIVE.units, below(roots, as_of)
    query = (
        select(*COLUMNS)
        .join(tree, tree.c.unit == units.c.unit)
        .where(units.c.level == level, tree.c.root != tree.c.unit, told_on(as_of))
    )
    return page_by_group(connection, query, tree.c.root, [units.c.sort_key, units.c.unit], wanted)


def descendants_counts(connection: Connection, roots: Sequence[str], as_of: date, level: str) -> Mapping[str, int]:
    """How many units of one level are below each root on that day."""
    units, tree = LIVE.units, below(roots, as_of)
    query = (
        select(tree.c.root, func.count())
        .join(units, tree.c.unit == units.c.unit)
        .where(units.c.level == level, tree.c.root != tree.c.unit, told_on(as_of))
    )
    return counted(connection, query.group_by(tree.c.root))


def successors(connection: Connection, ids: Sequence[str]) -> dict[str, list[Succession]]:
    """What each unit became; the part that kept the seat first."""
    return _succession(connection, ids, LIVE.successions.c.unit, LIVE.successions.c.successor)


def predecessors(connection: Connection, ids: Sequence[str]) -> dict[str, list[Succession]]:
    """What each unit came from."""
    return _succession(connection, ids, LIVE.successions.c.successor, LIVE.successions.c.unit)


def _succession(
    connection: Connection, ids: Sequence[str], near: ColumnElement[str], far: ColumnElement[str]
) -> dict[str, list[Succession]]:
    units, gone = LIVE.units, LIVE.successions.c
    shares, stated = STATED.shares.c, STATED.stated.c
    query = (
        select(*COLUMNS, near.label("near"), gone.part, gone.seat, gone.on_day, shares.share, stated.source)
        .join(units, units.c.unit == far)
        .outerjoin(
            STATED.shares,
            and_(shares.about == gone.unit, shares.on_day == gone.on_day, shares.successor == gone.successor),
        )
        .outerjoin(STATED.stated, stated.about == shares.about)
        # As it was called that day; a predecessor that ended is called as on its last.
        .where(near.in_(ids), units.c.since <= gone.on_day, units.c.until > gone.on_day)
        .order_by(gone.seat.desc(), units.c.sort_key, units.c.unit)
    )
    found: dict[str, list[Succession]] = {}
    for row in connection.execute(query):
        # Seen on a day it stood: the first of a successor, the last of a predecessor.
        as_of = row.valid_to if row.valid_to is not None and row.valid_to < row.on_day else row.on_day
        other = Succession(unit_from(row, as_of), row.part, row.seat, row.on_day, row.share, row.source)
        found.setdefault(row.near, []).append(other)
    return found


@dataclass(frozen=True, slots=True)
class Node:
    """A unit or hamlet below another; `parent` is the unit it belongs to on the day."""

    id: str
    parent: str
    level: str
    kind: str
    name: str


def whole_trees(connection: Connection, roots: Sequence[str], day: date) -> dict[str, list[Node]]:
    """All that stands below each root on a day, hamlets too, in Vietnamese order: one statement.

    What belongs to a unit that is no more hangs on the one it went into, or lay under.
    """
    found: dict[str, list[Node]] = {}
    for root, *node, _ in connection.execute(_whole_trees(), {"roots": roots, "day": day}):
        found.setdefault(root, []).append(Node(*node))
    return found


@cache
def _whole_trees() -> CompoundSelect[Any]:
    """Built once: to put it together takes as long as the database needs for a small province."""
    units, above, hamlets = LIVE.units, LIVE.above, LIVE.hamlets
    day = bindparam("day", type_=Date())
    start = select(units.c.unit.label("root"), units.c.unit, units.c.unit.label("home"), units.c.parent)
    start = start.where(units.c.unit.in_(bindparam("roots", expanding=True)), told_on(day))
    tree = start.cte(recursive=True)
    home = case((in_force(day), units.c.unit), else_=tree.c.home)
    step = select(tree.c.root, units.c.unit, home, tree.c.home).join(above, above.c.above == tree.c.unit)
    tree = tree.union_all(step.join(units, units.c.unit == above.c.unit).where(told_on(day, above), told_on(day)))
    said = select(
        *(tree.c.root, tree.c.unit.label("node"), tree.c.parent, units.c.level, units.c.kind, units.c.name),
        units.c.sort_key.label("place"),
    )
    standing = said.join(units, units.c.unit == tree.c.unit).where(
        told_on(day), tree.c.home == tree.c.unit, tree.c.unit != tree.c.root
    )
    below_them = select(
        *(tree.c.root, hamlets.c.hamlet, tree.c.home, literal("hamlet")),
        *(hamlets.c.kind, hamlets.c.name, hamlets.c.sort_key),
    )
    here = below_them.join(tree, tree.c.unit == hamlets.c.commune).where(in_force(day, hamlets))
    return standing.union_all(here).order_by("place", "node")


def around(connection: Connection, unit: str, day: date) -> list[str]:
    """The unit, what is above it, and what these came from or became.

    For what is of a territory: a province that merged keeps it, and to show one too many hides nothing.
    """
    chain = [unit, *ancestors(connection, [unit], day).get(unit, [])]
    gone = LIVE.successions.c
    kin = union(select(gone.successor).where(gone.unit.in_(chain)), select(gone.unit).where(gone.successor.in_(chain)))
    return sorted({*chain, *connection.execute(kin).scalars()})


def hamlets_pages(
    connection: Connection, roots: Sequence[str], as_of: date, search: str | None, wanted: Slice
) -> Mapping[str, Page]:
    """Hamlets anywhere below each unit that stand on a day and whose name then has the words of `search`."""
    hamlets, tree = LIVE.hamlets.c, belonging(roots, as_of)
    query = select(LIVE.hamlets).join(tree, tree.c.unit == hamlets.commune).where(in_force(as_of, LIVE.hamlets))
    query = query.where(*finding.mentions(hamlets.search_text, search))
    return page_by_group(connection, query, tree.c.root, [hamlets.sort_key, hamlets.hamlet], wanted)


def hamlets_counts(
    connection: Connection, roots: Sequence[str], as_of: date, search: str | None = None
) -> Mapping[str, int]:
    """How many of them there are."""
    hamlets, tree = LIVE.hamlets.c, belonging(roots, as_of)
    query = select(tree.c.root, func.count()).join(LIVE.hamlets, tree.c.unit == hamlets.commune)
    query = query.where(in_force(as_of, LIVE.hamlets), *finding.mentions(hamlets.search_text, search))
    return counted(connection, query.group_by(tree.c.root))


def ever_held(held: Sequence[str], today: date, name: str = "ever_held") -> CTE:
    """`unit`: the units held today, what lies below them, and all that preceded any of these by now.

    The viewer's scope has the usual name: beside it another one needs a name of its own.
    """
    units, carried = LIVE.units.c, LIVE.carried
    reach = select(units.unit).where(among(units.unit, held)).cte(name, recursive=True)
    step = select(carried.c.also).join(reach, carried.c.holds == reach.c.unit)
    return reach.union(step.where(told_on(today, carried)))
