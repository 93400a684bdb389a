"""Where a hamlet lies on a day: its commune and province, told by the registry, for plans and roll-ups.

A unit that went whole into another lies under that one from the day on, so that nobody's figures are lost.
"""

from collections.abc import Collection, Sequence
from datetime import date
from functools import cached_property
from typing import Any, ClassVar, TypeAlias, assert_never
from uuid import UUID

from sqlalchemy import Column, Connection, Index, Select, Table, Text, and_, bindparam, select
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


TerritoryEvent: TypeAlias = UnitRegistered | UnitTransferred | UnitSucceeded | HamletRegistered | HamletTransferred


class Territory(Projection):
    """The tree of units by spans of days, whatever its tiers on a given day, and the hamlets under it."""

    name: ClassVar[str] = "territory"
    views: ClassVar[dict[str, Any]] = {"registry": TerritoryEvent}

    units: Table
    hamlets: Table

    def define(self) -> None:
        self.units = Table(
            f"territory_units{self.suffix}",
            self.metadata,
            Column("unit", Text, primary_key=True),
            Column("since", Text, primary_key=True),
            Column("until", Text, nullable=False),
            Column("level", Text, nullable=False),
            Column("parent", Text),
            Index(f"territory_units_parent{self.suffix}", "parent"),
        )
        self.hamlets = Table(
            f"territory_hamlets{self.suffix}",
            self.metadata,
            Column("hamlet", Text, primary_key=True),
            Column("since", Text, primary_key=True),
            Column("until", Text, nullable=False),
            Column("commune", Text, nullable=False),
            Index(f"territory_hamlets_commune{self.suffix}", "commune"),
        )
        """ISO days, `until` not included; the rows of one unit or hamlet cover all days."""

    def apply(self, connection: Connection, events: Sequence[Delivered[TerritoryEvent]]) -> None:
        units = Spans(self.units, "unit", ALWAYS, FOR_EVER)
        hamlets = Spans(self.hamlets, "hamlet", ALWAYS, FOR_EVER)
        for delivered in events:
            match delivered.event:
                case UnitRegistered(unit=unit, level=level, parent=parent):
                    above = None if parent is None else str(parent)
                    units.begin({"unit": str(unit), "level": level, "parent": above})
                case HamletRegistered(hamlet=hamlet, commune=commune):
                    hamlets.begin({"hamlet": str(hamlet), "commune": str(commune)})
                case UnitSucceeded(part=True):
                    pass
                case UnitTransferred(unit=unit, parent=goal, on=on) | UnitSucceeded(unit=unit, successor=goal, on=on):
                    units.change(str(unit), {"parent": str(goal)}, on.isoformat())
                case HamletTransferred(hamlet=hamlet, commune=commune, on=on):
                    hamlets.change(str(hamlet), {"commune": str(commune)}, on.isoformat())
                case _:
                    assert_never(delivered.event)
        units.write(connection)
        hamlets.write(connection)

    def hamlets_under(self, unit: UUID, day: date) -> Select[Any]:
        """Ids of all hamlets of a province, district or commune on a day."""
        units, hamlets = self.units, self.hamlets
        below = select(units.c.unit).where(units.c.unit == str(unit)).cte("below", recursive=True)
        below = below.union(select(units.c.unit).where(units.c.parent == below.c.unit, _on(units, day.isoformat())))
        here = hamlets.c.commune.in_(select(below.c.unit))
        return select(hamlets.c.hamlet).where(here, _on(hamlets, day.isoformat()))

    def provinces_of(self, connection: Connection, hamlets: Collection[UUID], day: date) -> dict[UUID, UUID]:
        """The province each hamlet lies in on a day; one is left out while the registry's events have not all come."""
        asked = {"hamlets": [str(hamlet) for hamlet in hamlets], "day": day.isoformat()}
        return {UUID(row.hamlet): UUID(row.unit) for row in connection.execute(self._provinces_asked, asked)}

    @cached_property
    def _provinces_asked(self) -> Select[Any]:
        # Asked with every batch of visits: built once.
        units, hamlets = self.units.c, self.hamlets.c
        day: Any = bindparam("day")
        columns = (units.unit, units.level, units.parent)
        first = select(hamlets.hamlet, *columns).join(self.units, units.unit == hamlets.commune)
        first = first.where(_on(self.hamlets, day), _on(self.units, day))
        above = first.where(hamlets.hamlet.in_(bindparam("hamlets", expanding=True))).cte("above", recursive=True)
        step = select(above.c.hamlet, *columns).where(units.unit == above.c.parent, _on(self.units, day))
        above = above.union_all(step)
        return select(above.c.hamlet, above.c.unit).where(above.c.level == "province", above.c.parent.is_(None))


def _on(table: Table, day: Any) -> ColumnElement[bool]:
    return and_(table.c.since <= day, table.c.until > day)


TERRITORY = Territory()
"""The live tables."""
