"""Which hamlets exist and which of them a team serves on a day: told by the registry, read by the guards.

The view follows with a small delay: a team established a moment ago may still be unknown here.
"""

from collections.abc import Sequence
from datetime import date
from functools import cached_property
from typing import Any, ClassVar, TypeAlias
from uuid import UUID

from sqlalchemy import Column, Connection, Select, Table, Text, bindparam, delete, insert, select, update

from services.kernel.message import Event
from services.kernel.projection import Delivered, Projection
from services.kernel.rows import Rows

ALWAYS, FOR_EVER = "", "9999-12-31"


class HamletRegistered(Event, name="hamlet.registered"):
    """What visits read of the registry's event."""

    hamlet: UUID


class TeamEstablished(Event, name="team.established"):
    """What visits read of the registry's event."""

    team: UUID
    hamlets: tuple[UUID, ...]


class TeamRenewed(Event, name="team.renewed"):
    """From the decision's day on the team serves these."""

    team: UUID
    hamlets: tuple[UUID, ...]
    decision_date: date


class TeamDissolved(Event, name="team.dissolved"):
    """From the decision's day on the team serves none."""

    team: UUID
    decision_date: date


TerritoryEvent: TypeAlias = HamletRegistered | TeamEstablished | TeamRenewed | TeamDissolved


class Territory(Projection):
    """Hamlets known, and the hamlets each team serves, by spans of days."""

    name: ClassVar[str] = "territory"
    views: ClassVar[dict[str, Any]] = {"registry": TerritoryEvent}

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
            Column("since", Text, primary_key=True),
            Column("until", Text, nullable=False),
        )
        """ISO days, `until` not included; from its first decision back a team is taken to have served always."""

    def apply(self, connection: Connection, events: Sequence[Delivered[TerritoryEvent]]) -> None:
        hamlets = Rows(self.hamlets)
        for delivered in events:
            match delivered.event:
                case HamletRegistered(hamlet=hamlet):
                    hamlets.put({"hamlet": str(hamlet)})
                case TeamEstablished(team=team, hamlets=names):
                    self._serve(connection, team, names, ALWAYS)
                case TeamRenewed(team=team, hamlets=names, decision_date=day):
                    self._serve(connection, team, names, day.isoformat())
                case TeamDissolved(team=team, decision_date=day):
                    self._serve(connection, team, (), day.isoformat())
        hamlets.write(connection)

    def _serve(self, connection: Connection, team: UUID, names: Sequence[UUID], since: str) -> None:
        """From `since` on exactly these; decisions are rare, so each is written by itself."""
        served = self.served.c
        mine = served.team == str(team)
        connection.execute(delete(self.served).where(mine, served.since >= since))
        connection.execute(update(self.served).where(mine, served.until > since).values(until=since))
        if names:
            rows = [{"team": str(team), "hamlet": str(name), "since": since, "until": FOR_EVER} for name in names]
            connection.execute(insert(self.served), rows)

    @cached_property
    def hamlet(self) -> Select[Any]:
        """One row when `hamlet` is known."""
        return select(self.hamlets.c.hamlet).where(self.hamlets.c.hamlet == bindparam("hamlet"))

    @cached_property
    def served_by(self) -> Select[Any]:
        """One row for each span in which `team` serves a hamlet; none when the team is unknown."""
        served = self.served.c
        return select(served.hamlet, served.since, served.until).where(served.team == bindparam("team"))


TERRITORY = Territory()
"""The live tables."""
