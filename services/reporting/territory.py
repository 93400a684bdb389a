"""Where a hamlet lies on a day: its commune and province, told by the registry, for plans and roll-ups.

A unit or hamlet that went whole into another lies under that one from the day on, so that nobody's figures are lost.
"""

from collections.abc import Collection, Sequence
from datetime import date
from functools import cached_property
from typing import Any, ClassVar, TypeAlias, assert_never
from uuid import UUID

from sqlalchemy import Boolean, Column, Connection, Index, Select, Table, Text, and_, bindparam, literal, select
from sqlalchemy.sql.elements import ColumnElement

from services.kernel.message import Event
from services.kernel.projection import Delivered, Projection
from services.kernel.spans import Spans

ALWAYS, FOR_EVER = "", "9999-12-31"


class UnitRegistered(Event, name="unit.registered"):
    """What reporting reads of the registry's event."""

    unit: UUID
    level: str
    parent: UUID | None = None


class UnitTransferred(Event, name="unit.transferred"):
    """Another parent from a day on."""

    unit: UUID
    parent: UUID
    on: date


class UnitSucceeded(Event, name="unit.succeeded"):
    """Where a unit went, whole or in part."""

    unit: UUID
    successor: UUID
    part: bool
    on: date


class HamletRegistered(Event, name="hamlet.registered"):
    """What reporting reads of the registry's event."""

    hamlet: UUID
    commune: UUID


class HamletTransferred(Event, name="hamlet.transferred"):
    """Another commune from a day on."""

    hamlet: UUID
    commune: UUID
    on: date


class HamletSucceeded(Event, name="hamlet.succeeded"):
    """Where a hamlet went, whole or in part."""

    hamlet: UUID
    successor: UUID
    part: bool
    on: date


HamletEvent: TypeAlias = HamletRegistered | HamletTransferred | HamletSucceeded
TerritoryEvent: TypeAlias = UnitRegistered | UnitTransferred | UnitSucceeded | HamletEvent
HAMLET = "hamlet"


class Territory(Projection):
    """The tree of units and hamlets by spans of days, whatever its tiers on a given day."""

    name: ClassVar[str] = "territory"
    views: ClassVar[dict[str, Any]] = {"registry": TerritoryEvent}

    places: Table

    def define(self) -> None:
        self.places = Table(
            f"territory_places{self.suffix}",
            self.metadata,
            Column("place", Text, primary_key=True),
            Column("since", Text, primary_key=True),
            Column("until", Text, nullable=False),
            Column("level", Text, nullable=False),
            Column("parent", Text),
            Column("gone", Boolean, nullable=False),
            Index(f"territory_places_parent{self.suffix}", "parent"),
        )
        """ISO days, `until` not included; the rows of one place cover all days. What is `gone` lies under its heir."""

    def apply(self, connection: Connection, events: Sequence[Delivered[TerritoryEvent]]) -> None:
        places = Spans(self.places, "place", ALWAYS, FOR_EVER)
        for delivered in events:
            match delivered.event:
                case UnitRegistered(unit=place, level=level, parent=parent):
                    places.begin(_row(place, level, parent))
                case HamletRegistered(hamlet=place, commune=parent):
                    places.begin(_row(place, HAMLET, parent))
                case (
                    UnitTransferred(unit=place, parent=goal, on=on)
                    | HamletTransferred(hamlet=place, commune=goal, on=on)
                ):
                    places.change(str(place), {"parent": str(goal)}, on.isoformat())
                case UnitSucceeded(part=True) | HamletSucceeded(part=True):
                    pass
                case (
                    UnitSucceeded(unit=place, successor=goal, on=on)
                    | HamletSucceeded(hamlet=place, successor=goal, on=on)
                ):
                    places.change(str(place), {"parent": str(goal), "gone": True}, on.isoformat())
                case _:
                    assert_never(delivered.event)
        places.write(connection)

    def hamlets_under(self, roots: Collection[UUID], day: date) -> Select[Any]:
        """Ids of all hamlets of provinces, districts or communes on a day, or of hamlets: those that went into them."""
        places, on = self.places.c, self._on(day.isoformat())
        below = select(places.place, places.level).where(places.place.in_([str(root) for root in roots]), on)
        tree = below.cte("below", recursive=True)
        tree = tree.union(select(places.place, places.level).where(places.parent == tree.c.place, on))
        return select(tree.c.place).where(tree.c.level == HAMLET)

    def families_of(self, connection: Connection, hamlets: Collection[UUID]) -> dict[UUID, set[UUID]]:
        """Of each hamlet into which others went whole, on any day, directly or not: these and itself."""
        found: dict[UUID, set[UUID]] = {}
        for row in connection.execute(self._families_asked, {"hamlets": [str(hamlet) for hamlet in hamlets]}):
            found.setdefault(UUID(row.heir), {UUID(row.heir)}).add(UUID(row.place))
        return found

    def chains_of(self, connection: Connection, places: Collection[UUID], day: date) -> dict[UUID, list[UUID]]:
        """The units that bind each place on a day, itself and the nearest first, up to its province.

        What is gone binds nobody. A place is left out while the registry's events have not all come.
        """
        asked = {"places": [str(place) for place in places], "day": day.isoformat()}
        chains: dict[UUID, list[UUID]] = {}
        whole: set[UUID] = set()
        for row in connection.execute(self._chains_asked, asked):
            chain = chains.setdefault(UUID(row.start), [])
            if row.level != HAMLET and not row.gone:
                chain.append(UUID(row.place))
            if row.level == "province" and row.parent is None:
                whole.add(UUID(row.start))
        return {start: chain for start, chain in chains.items() if start in whole}

    @cached_property
    def _chains_asked(self) -> Select[Any]:
        # Asked with every batch of visits: built once.
        places = self.places.c
        day: Any = bindparam("day")
        said = (places.place, places.level, places.parent, places.gone)
        first = select(places.place.label("start"), *said, literal(0).label("steps"))
        first = first.where(places.place.in_(bindparam("places", expanding=True)), self._on(day))
        above = first.cte("above", recursive=True)
        step = select(above.c.start, *said, above.c.steps + 1).where(places.place == above.c.parent, self._on(day))
        above = above.union_all(step)
        return select(above).order_by(above.c.start, above.c.steps)

    @cached_property
    def _families_asked(self) -> Select[Any]:
        places = self.places.c
        mine = places.parent.in_(bindparam("hamlets", expanding=True))
        went = select(places.parent.label("heir"), places.place).where(mine, places.level == HAMLET)
        family = went.cte("family", recursive=True)
        before = select(family.c.heir, places.place).where(places.parent == family.c.place, places.level == HAMLET)
        return select(family.union(before))

    def _on(self, day: Any) -> ColumnElement[bool]:
        return and_(self.places.c.since <= day, self.places.c.until > day)


def _row(place: UUID, level: str, parent: UUID | None) -> dict[str, Any]:
    above = None if parent is None else str(parent)
    return {"place": str(place), "level": level, "parent": above, "gone": False}


TERRITORY = Territory()
"""The live tables."""
