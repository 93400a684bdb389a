"""Where a hamlet lies: its commune and province, told by the registry, for plans and roll-ups."""

from collections.abc import Collection, Sequence
from functools import cached_property
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Column, Connection, Index, Select, Table, Text, bindparam, delete, insert, select

from services.kernel.message import Event
from services.kernel.projection import Delivered, Projection


class UnitRegistered(Event, name="unit.registered"):
    """What reporting reads of the registry's event."""

    unit: UUID
    level: str
    parent: UUID | None = None


class HamletRegistered(Event, name="hamlet.registered"):
    """What reporting reads of the registry's event."""

    hamlet: UUID
    commune: UUID


class Territory(Projection):
    """The tree of units, whatever its tiers on a given day, and the hamlets under it."""

    name: ClassVar[str] = "territory"
    views: ClassVar[dict[str, Any]] = {"registry": UnitRegistered | HamletRegistered}

    units: Table
    hamlets: Table

    def define(self) -> None:
        self.units = Table(
            f"territory_units{self.suffix}",
            self.metadata,
            Column("unit", Text, primary_key=True),
            Column("level", Text, nullable=False),
            Column("parent", Text),
            Index(f"territory_units_parent{self.suffix}", "parent"),
        )
        self.hamlets = Table(
            f"territory_hamlets{self.suffix}",
            self.metadata,
            Column("hamlet", Text, primary_key=True),
            Column("commune", Text, nullable=False),
            Index(f"territory_hamlets_commune{self.suffix}", "commune"),
        )

    def apply(self, connection: Connection, events: Sequence[Delivered[UnitRegistered | HamletRegistered]]) -> None:
        units: dict[str, dict[str, str | None]] = {}
        hamlets: dict[str, dict[str, str | None]] = {}
        for delivered in events:
            match delivered.event:
                case UnitRegistered(unit=unit, level=level, parent=parent):
                    above = None if parent is None else str(parent)
                    units[str(unit)] = {"unit": str(unit), "level": level, "parent": above}
                case HamletRegistered(hamlet=hamlet, commune=commune):
                    hamlets[str(hamlet)] = {"hamlet": str(hamlet), "commune": str(commune)}
        _replace(connection, self.units, self.units.c.unit, units)
        _replace(connection, self.hamlets, self.hamlets.c.hamlet, hamlets)

    def hamlets_under(self, unit: UUID) -> Select[Any]:
        """Ids of all hamlets of a province, district or commune."""
        below = select(self.units.c.unit).where(self.units.c.unit == str(unit)).cte("below", recursive=True)
        below = below.union_all(select(self.units.c.unit).where(self.units.c.parent == below.c.unit))
        return select(self.hamlets.c.hamlet).where(self.hamlets.c.commune.in_(select(below.c.unit)))

    def provinces_of(self, connection: Connection, hamlets: Collection[UUID]) -> dict[UUID, UUID]:
        """The province each hamlet lies in; one is left out while the registry's events have not all come."""
        rows = connection.execute(self._provinces_asked, {"hamlets": [str(hamlet) for hamlet in hamlets]})
        return {UUID(row.hamlet): UUID(row.unit) for row in rows}

    @cached_property
    def _provinces_asked(self) -> Select[Any]:
        # Asked with every batch of visits: built once.
        units, hamlets = self.units.c, self.hamlets.c
        columns = (units.unit, units.level, units.parent)
        first = select(hamlets.hamlet, *columns).join(self.units, units.unit == hamlets.commune)
        above = first.where(hamlets.hamlet.in_(bindparam("hamlets", expanding=True))).cte("above", recursive=True)
        above = above.union_all(select(above.c.hamlet, *columns).where(units.unit == above.c.parent))
        return select(above.c.hamlet, above.c.unit).where(above.c.level == "province")


def _replace(connection: Connection, table: Table, key: Column[Any], rows: dict[str, dict[str, str | None]]) -> None:
    if rows:
        connection.execute(delete(table).where(key == bindparam("key")), [{"key": value} for value in rows])
        connection.execute(insert(table), list(rows.values()))


TERRITORY = Territory()
"""The live tables."""
