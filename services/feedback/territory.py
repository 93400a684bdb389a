"""Which communes exist, and under whom? Told by the registry, read by the guard and by the scope of readings.

The view follows with a small delay: a commune registered a moment ago may still be unknown here.
"""

from collections.abc import Sequence
from datetime import date
from functools import cached_property
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Column, Connection, Select, Table, Text, bindparam, delete, insert, select

from services.kernel.message import Event
from services.kernel.projection import Delivered, Projection

TIERS = 4
"""More levels than any map had: province, district, commune; a cycle in bad data ends here."""


class UnitRegistered(Event, name="unit.registered"):
    """What feedback reads of the registry's event."""

    unit: UUID
    level: str
    parent: UUID | None = None
    valid_to: date | None = None


class Territory(Projection):
    """Units known, each with its parent and last day."""

    name: ClassVar[str] = "territory"
    views: ClassVar[dict[str, Any]] = {"registry": UnitRegistered}

    units: Table

    def define(self) -> None:
        self.units = Table(
            f"territory_units{self.suffix}",
            self.metadata,
            Column("unit", Text, primary_key=True),
            Column("level", Text, nullable=False),
            Column("parent", Text),
            Column("valid_to", Text),
        )

    def apply(self, connection: Connection, events: Sequence[Delivered[UnitRegistered]]) -> None:
        rows = {str(delivered.event.unit): _row(delivered.event) for delivered in events}
        if rows:
            gone = delete(self.units).where(self.units.c.unit == bindparam("key"))
            connection.execute(gone, [{"key": unit} for unit in rows])
            connection.execute(insert(self.units), list(rows.values()))

    @cached_property
    def commune(self) -> Select[Any]:
        """One row with `valid_to` when the commune `unit` is known."""
        unit = self.units.c.unit == bindparam("unit")
        return select(self.units.c.valid_to).where(unit, self.units.c.level == "commune")

    def chain(self, connection: Connection, unit: UUID) -> list[str]:
        """The unit's id and its parents', nearest first; just the id when it is unknown."""
        chain = [str(unit)]
        for _ in range(TIERS):
            parent = connection.execute(select(self.units.c.parent).where(self.units.c.unit == chain[-1])).scalar()
            if parent is None:
                break
            chain.append(parent)
        return chain


def _row(event: UnitRegistered) -> dict[str, str | None]:
    return {
        "unit": str(event.unit),
        "level": event.level,
        "parent": str(event.parent) if event.parent else None,
        "valid_to": event.valid_to.isoformat() if event.valid_to else None,
    }


TERRITORY = Territory()
"""The live tables."""
