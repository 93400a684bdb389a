"""Which communes exist, and who has charge of them? Told by the registry, read by the guard and the scope of readings.

What a commune went into, whole or in part, has charge of what was said about it. The view follows with a small delay: a
commune registered a moment ago may still be unknown here.
"""

from collections.abc import Sequence
from datetime import date
from functools import cached_property
from typing import Any, ClassVar, TypeAlias, assert_never
from uuid import UUID

from sqlalchemy import Boolean, Column, Connection, Select, Table, Text, and_, bindparam, select

from services.kernel.message import Event
from services.kernel.projection import Delivered, Projection
from services.kernel.rows import Rows, write_all

FOR_EVER = "9999-12-31"


class UnitRegistered(Event, name="unit.registered"):
    """What feedback reads of the registry's event."""

    unit: UUID
    level: str
    parent: UUID | None = None
    valid_to: date | None = None


class UnitEnded(Event, name="unit.ended"):
    """The last day a unit stands."""

    unit: UUID
    valid_to: date


class UnitTransferred(Event, name="unit.transferred"):
    """Another parent from a day on."""

    unit: UUID
    parent: UUID
    on: date


class UnitSucceeded(Event, name="unit.succeeded"):
    """What a unit went into."""

    unit: UUID
    successor: UUID
    on: date


TerritoryEvent: TypeAlias = UnitRegistered | UnitEnded | UnitTransferred | UnitSucceeded


class Territory(Projection):
    """Units known, each with its last day, and which units have charge of it."""

    name: ClassVar[str] = "territory"
    views: ClassVar[dict[str, Any]] = {"registry": TerritoryEvent}

    units: Table
    charges: Table

    def define(self) -> None:
        self.units = Table(
            f"territory_units{self.suffix}",
            self.metadata,
            Column("unit", Text, primary_key=True),
            Column("level", Text, nullable=False),
            Column("valid_to", Text),
        )
        self.charges = Table(
            f"territory_charges{self.suffix}",
            self.metadata,
            Column("unit", Text, primary_key=True),
            Column("above", Text, primary_key=True),
            Column("since", Text, primary_key=True),
            Column("until", Text, nullable=False),
            Column("parent", Boolean, nullable=False),
        )
        """Parents and successors. ISO days, `until` not included: a parent's charge ends with a transfer."""

    def apply(self, connection: Connection, events: Sequence[Delivered[TerritoryEvent]]) -> None:
        units, charges, transfers = Rows(self.units), Rows(self.charges), list[UnitTransferred]()
        for delivered in events:
            match delivered.event:
                case UnitRegistered(unit=unit, level=level, parent=parent, valid_to=last):
                    day = None if last is None else last.isoformat()
                    units.put({"unit": str(unit), "level": level, "valid_to": day})
                    if parent is not None:
                        charges.put(_charge(unit, parent, "", parent=True))
                case UnitEnded(unit=unit, valid_to=last_day):
                    units.change((str(unit),), {"valid_to": last_day.isoformat()})
                case UnitTransferred(unit=unit, parent=above, on=on) as moved:
                    charges.put(_charge(unit, above, on.isoformat(), parent=True))
                    transfers.append(moved)
                case UnitSucceeded(unit=unit, successor=above, on=on):
                    charges.put(_charge(unit, above, on.isoformat(), parent=False))
                case _:
                    assert_never(delivered.event)
        write_all(connection, units, charges)
        for moved in transfers:
            self._let_go(connection, moved)

    def _let_go(self, connection: Connection, moved: UnitTransferred) -> None:
        charges, on = self.charges, moved.on.isoformat()
        theirs = charges.update().where(charges.c.unit == str(moved.unit), charges.c.parent, charges.c.since < on)
        others = theirs.where(charges.c.above != str(moved.parent), charges.c.until > on)
        connection.execute(others.values(until=on))

    @cached_property
    def commune(self) -> Select[Any]:
        """One row with `valid_to` when the commune `unit` is known."""
        unit = self.units.c.unit == bindparam("unit")
        return select(self.units.c.valid_to).where(unit, self.units.c.level == "commune")

    def in_charge(self, connection: Connection, unit: UUID, day: date) -> set[str]:
        """Ids of the unit, of all above it that day and of what they went into; just its own when it is unknown."""
        charges, on = self.charges.c, day.isoformat()
        holds = and_(charges.since <= on, charges.until > on)
        chain = select(charges.above).where(charges.unit == str(unit), holds).cte("chain", recursive=True)
        chain = chain.union(select(charges.above).where(charges.unit == chain.c.above, holds))
        return {str(unit), *connection.execute(select(chain.c.above)).scalars()}


def _charge(unit: UUID, above: UUID, since: str, *, parent: bool) -> dict[str, Any]:
    return {"unit": str(unit), "above": str(above), "since": since, "until": FOR_EVER, "parent": parent}


TERRITORY = Territory()
"""The live tables."""
