"""Which hamlets exist and which of them a team serves: told by the registry, read by the guards.

The view follows with a small delay: a team established a moment ago may still be unknown here.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Column, Connection, Select, Table, Text, bindparam, delete, insert, select

from services.kernel.message import Event
from services.kernel.projection import Delivered, Projection


class HamletRegistered(Event, name="hamlet.registered"):
    """What visits read of the registry's event."""

    hamlet: UUID


class TeamEstablished(Event, name="team.established"):
    """What visits read of the registry's event."""

    team: UUID
    hamlets: tuple[UUID, ...]


class Territory(Projection):
    """Hamlets known, and the hamlets each team serves."""

    name: ClassVar[str] = "territory"
    views: ClassVar[dict[str, Any]] = {"registry": HamletRegistered | TeamEstablished}

    hamlets: Table
    served: Table

    def define(self) -> None:
        self.hamlets = Table(
            f"territory_hamlets{self.suffix}",
            self.metadata,
            Column("hamlet", Text, primary_key=True),
        )
        self.served = Table(
            f"territory_served{self.suffix}",
            self.metadata,
            Column("team", Text, primary_key=True),
            Column("hamlet", Text, primary_key=True),
        )

    def apply(self, connection: Connection, events: Sequence[Delivered[HamletRegistered | TeamEstablished]]) -> None:
        hamlets: set[str] = set()
        served: dict[str, set[str]] = {}
        for delivered in events:
            match delivered.event:
                case HamletRegistered(hamlet=hamlet):
                    hamlets.add(str(hamlet))
                case TeamEstablished(team=team, hamlets=names):
                    served[str(team)] = {str(name) for name in names}
        if hamlets:
            gone = delete(self.hamlets).where(self.hamlets.c.hamlet == bindparam("key"))
            connection.execute(gone, [{"key": hamlet} for hamlet in hamlets])
            connection.execute(insert(self.hamlets), [{"hamlet": hamlet} for hamlet in sorted(hamlets)])
        if served:
            gone = delete(self.served).where(self.served.c.team == bindparam("key"))
            connection.execute(gone, [{"key": team} for team in served])
        if rows := [{"team": team, "hamlet": hamlet} for team, names in served.items() for hamlet in sorted(names)]:
            connection.execute(insert(self.served), rows)

    @cached_property
    def hamlet(self) -> Select[Any]:
        """One row when `hamlet` is known."""
        return select(self.hamlets.c.hamlet).where(self.hamlets.c.hamlet == bindparam("hamlet"))

    @cached_property
    def served_by(self) -> Select[Any]:
        """One row for each hamlet that `team` serves; none when the team is unknown."""
        return select(self.served.c.hamlet).where(self.served.c.team == bindparam("team"))


TERRITORY = Territory()
"""The live tables."""
