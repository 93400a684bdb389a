"""Priority areas: which communes and hamlets are designated on a day, and how many households were guided there.

A commune that went whole into another takes its designation along: it is an area of that one from then on, of its own
hamlets and no others. What a divided one was designated for is found under the unit it lay under.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, TypeAlias, assert_never
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    CompoundSelect,
    Connection,
    Index,
    Table,
    and_,
    func,
    literal,
    or_,
    select,
    union,
)

from gateway import coverage, units
from gateway.coverage import Figures
from gateway.paging import Page, Slice, page_of
from gateway.restating import coverage_restated
from gateway.rows import Identifier, ReadModel
from gateway.structures import Structure
from gateway.unit_tree import belonging
from gateway.viewer import Scope
from services.kernel.message import Event
from services.kernel.projection import Delivered
from services.kernel.rows import Rows

ALL = ""
"""Stands for the kind when areas of every kind are taken together."""

# What it reads of the registry's events


class PriorityAreaDesignated(Event, name="priority_area.designated"):
    """A place is a priority area from a day on."""

    area: UUID
    place: str
    about: UUID
    kind: str
    decision_no: str
    decision_date: date
    issuing_body: str
    valid_from: date


class PriorityAreaEnded(Event, name="priority_area.ended"):
    """The last day of the designation that began on `valid_from`."""

    area: UUID
    valid_from: date
    last_day: date


AreaEvent: TypeAlias = PriorityAreaDesignated | PriorityAreaEnded


class PriorityAreas(ReadModel):
    """The table of designations, past ones included; ISO days."""

    name = "priority_areas"
    views: ClassVar[Mapping[str, Any]] = {"registry": AreaEvent}
    streams: ClassVar[frozenset[str]] = frozenset({"priority_area"})

    def define(self) -> None:
        self.areas = Table(
            f"priority_areas{self.suffix}",
            self.metadata,
            Column("area", Identifier, primary_key=True),
            Column("valid_from", Identifier, primary_key=True),
            Column("last_day", Identifier),
            Column("place", Identifier, nullable=False),
            Column("about", Identifier, nullable=False),
            Column("kind", Identifier, nullable=False),
            Column("decision_no", Identifier, nullable=False),
            Column("decision_date", Identifier, nullable=False),
            Column("issuing_body", Identifier, nullable=False),
        )
        Index(f"priority_areas_about{self.suffix}", self.areas.c.about)

    def apply(self, connection: Connection, events: Sequence[Delivered[AreaEvent]]) -> None:
        areas = Rows(self.areas)
        for delivered in events:
            match delivered.event:
                case PriorityAreaDesignated() as designated:
                    areas.put(designated.model_dump(mode="json") | {"last_day": None})
                case PriorityAreaEnded() as ended:
                    key = (str(ended.area), ended.valid_from.isoformat())
                    areas.change(key, {"last_day": ended.last_day.isoformat()})
                case _:
                    assert_never(delivered.event)
        areas.write(connection)


LIVE = PriorityAreas()
"""The table readers see."""


# Questions; `visible` is the viewer's scope as a condition on `priority_areas`


def in_force(day: date) -> ColumnElement[bool]:
    """Designations that hold on a day."""
    areas, text = LIVE.areas.c, day.isoformat()
    return and_(areas.valid_from <= text, or_(areas.last_day.is_(None), areas.last_day >= text))


def within(unit: str, day: date) -> ColumnElement[bool]:
    """Areas that belong to a unit on a day."""
    hamlets, tree = units.LIVE.hamlets, belonging([unit], day)
    here = select(hamlets.c.hamlet).where(hamlets.c.commune.in_(select(tree.c.unit)), units.told_on(day, hamlets))
    return or_(LIVE.areas.c.about.in_(select(tree.c.unit)), LIVE.areas.c.about.in_(here))


def areas_page(
    connection: Connection, wanted: Slice, visible: ColumnElement[bool], conditions: Sequence[ColumnElement[bool]]
) -> Page:
    """Designations, the latest first."""
    areas = LIVE.areas.c
    query = select(LIVE.areas).where(visible, *conditions)
    return page_of(connection, query, [areas.valid_from, areas.area], wanted, descending=True)


def areas_count(connection: Connection, visible: ColumnElement[bool], conditions: Sequence[ColumnElement[bool]]) -> int:
    """How many there are."""
    query = select(func.count()).select_from(LIVE.areas).where(visible, *conditions)
    return connection.execute(query).scalar_one()


def area_by_id(connection: Connection, area: str) -> Any | None:
    """The last designation of an area."""
    query = select(LIVE.areas).where(LIVE.areas.c.area == area).order_by(LIVE.areas.c.valid_from.desc()).limit(1)
    return connection.execute(query).one_or_none()


def coverage_by_kind(
    connection: Connection, unit: str, day: date, quarter: str, scope: Scope, structure: Structure = "current"
) -> dict[str, Figures]:
    """Figures over the hamlets of a unit that lie in areas of each kind on a day; under `ALL` each hamlet once.

    The map and the designations are those of `day` (current) or of the quarter's last day (original); or those of then,
    carried to `day` (restated). A kind without any hamlet is left out. Raises `MapNotKnown`.
    """
    then = min(day, coverage.last_day_of(quarter))
    if structure == "restated":
        return _restated(connection, unit, day, quarter, scope, then)
    if structure == "original":
        day = then
        for one in units.units_by_id(connection, [unit], day).values():
            units.require_known(connection, one, day)
    hamlets, tree, found = units.LIVE.hamlets, belonging([unit], day), _designated(day).subquery("designated")
    here = select(hamlets.c.hamlet).where(
        hamlets.c.commune.in_(select(tree.c.unit)), units.told_on(day, hamlets), scope.hamlets(hamlets.c.hamlet)
    )
    each = select(found.c.kind.label("member"), found.c.hamlet).where(found.c.hamlet.in_(here))
    together = select(literal(ALL).label("member"), found.c.hamlet).where(found.c.hamlet.in_(here))
    pairs = union(each, together).subquery("covered")
    return coverage.figures(connection, select(pairs.c.member, pairs.c.hamlet), quarter)


def _restated(
    connection: Connection, unit: str, day: date, quarter: str, scope: Scope, then: date
) -> dict[str, Figures]:
    of: dict[str, set[str]] = {ALL: set()}
    for kind, hamlet in connection.execute(_designated(then)):
        of[ALL].add(hamlet)
        of.setdefault(kind, set()).add(hamlet)
    found = {
        kind: coverage_restated(connection, [unit], day, quarter, scope, hamlets).get(unit)
        for kind, hamlets in of.items()
    }
    return {
        kind: figures
        for kind, figures in found.items()
        if figures is not None and (figures.hamlets or figures.unshared)
    }


def _designated(day: date) -> CompoundSelect[Any]:
    """`(kind, hamlet)`: hamlets designated themselves, and those of designated communes."""
    areas, hamlets = LIVE.areas.c, units.LIVE.hamlets
    alone = select(areas.kind, areas.about.label("hamlet")).where(areas.place == "hamlet", in_force(day))
    communes = and_(areas.place == "commune", in_force(day))
    tree = belonging(select(areas.about).where(communes), day)
    below = select(areas.kind, hamlets.c.hamlet).join(tree, tree.c.root == areas.about)
    below = below.join(hamlets, hamlets.c.commune == tree.c.unit)
    return union(alone, below.where(communes, units.told_on(day, hamlets)))
