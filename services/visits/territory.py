"""Which hamlets exist, what became of them, and which a team serves on a day: told by the registry, for the guards.

A hamlet that went whole into another is that one from the day on: who serves the one serves the other. What was divided
stays what it was until somebody says of each household where it belongs.

The view follows with a small delay: a team established a moment ago may still be unknown here.
"""

from collections.abc import Sequence
from datetime import date
from functools import cached_property
from typing import Any, ClassVar, TypeAlias
from uuid import UUID

from pydantic import Field
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Select,
    Table,
    Text,
    bindparam,
    delete,
    insert,
    literal,
    select,
    update,
)

from services.kernel.message import Event
from services.kernel.projection import Delivered, Projection
from services.kernel.rows import Rows, write_all

ALWAYS, FOR_EVER = "", "9999-12-31"


class HamletRegistered(Event, name="hamlet.registered"):
    """What visits read of the registry's event."""

    hamlet: UUID
    title: str = Field(default="", alias="name")
    kind: str = ""


class HamletRenamed(Event, name="hamlet.renamed"):
    """Another name or kind."""

    hamlet: UUID
    title: str = Field(alias="name")
    kind: str


class HamletEnded(Event, name="hamlet.ended"):
    """The last day a hamlet stands."""

    hamlet: UUID
    valid_to: date


class HamletSucceeded(Event, name="hamlet.succeeded"):
    """Where a hamlet went, whole or in part."""

    hamlet: UUID
    successor: UUID
    part: bool
    on: date


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


HamletEvent: TypeAlias = HamletRegistered | HamletRenamed | HamletEnded | HamletSucceeded
TerritoryEvent: TypeAlias = HamletEvent | TeamEstablished | TeamRenewed | TeamDissolved


class Territory(Projection):
    """Hamlets known, what went into what, and the hamlets each team serves, by spans of days."""

    name: ClassVar[str] = "territory"
    views: ClassVar[dict[str, Any]] = {"registry": TerritoryEvent}

    hamlets: Table
    successions: Table
    served: Table

    def define(self) -> None:
        self.hamlets = Table(
            f"territory_hamlets{self.suffix}",
            self.metadata,
            Column("hamlet", Text, primary_key=True),
            Column("name", Text, nullable=False),
            Column("last_day", Text, nullable=False),
        )
        self.successions = Table(
            f"territory_successions{self.suffix}",
            self.metadata,
            Column("hamlet", Text, primary_key=True),
            Column("successor", Text, primary_key=True),
            Column("on_day", Text, nullable=False),
            Column("part", Boolean, nullable=False),
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
        hamlets, successions = Rows(self.hamlets), Rows(self.successions)
        for delivered in events:
            match delivered.event:
                case HamletRegistered(hamlet=hamlet, title=title, kind=kind):
                    hamlets.put({"hamlet": str(hamlet), "name": _called(kind, title), "last_day": FOR_EVER})
                case HamletRenamed(hamlet=hamlet, title=title, kind=kind):
                    hamlets.change((str(hamlet),), {"name": _called(kind, title)})
                case HamletEnded(hamlet=hamlet, valid_to=day):
                    hamlets.change((str(hamlet),), {"last_day": day.isoformat()})
                case HamletSucceeded(hamlet=hamlet, successor=successor, part=part, on=day):
                    gone = {"hamlet": str(hamlet), "successor": str(successor)}
                    successions.put(gone | {"on_day": day.isoformat(), "part": part})
                case TeamEstablished(team=team, hamlets=names):
                    self._serve(connection, team, names, ALWAYS)
                case TeamRenewed(team=team, hamlets=names, decision_date=day):
                    self._serve(connection, team, names, day.isoformat())
                case TeamDissolved(team=team, decision_date=day):
                    self._serve(connection, team, (), day.isoformat())
        write_all(connection, hamlets, successions)

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
        """One row when `hamlet` is known, with its name and last day."""
        return select(self.hamlets).where(self.hamlets.c.hamlet == bindparam("hamlet"))

    @cached_property
    def heirs(self) -> Select[Any]:
        """The hamlets that `hamlet` went into as a whole, one after the other, each from a day on."""
        gone = self.successions.c
        columns = (gone.successor, gone.on_day)
        first = select(*columns, literal(1).label("steps")).where(gone.hamlet == bindparam("hamlet"), ~gone.part)
        chain = first.cte("chain", recursive=True)
        step = select(*columns, chain.c.steps + 1).where(gone.hamlet == chain.c.successor, ~gone.part)
        chain = chain.union_all(step)
        return select(chain).order_by(chain.c.steps)

    @cached_property
    def successors(self) -> Select[Any]:
        """What `hamlet` became when it ended, by name: one where it went whole, several where it was divided."""
        gone, ended, heir = self.successions.c, self.hamlets.alias(), self.hamlets.alias()
        named = select(heir.c.name).join(self.successions, gone.successor == heir.c.hamlet)
        named = named.join(ended, ended.c.hamlet == gone.hamlet)
        return named.where(gone.hamlet == bindparam("hamlet"), gone.on_day > ended.c.last_day).order_by(heir.c.name)

    @cached_property
    def served_by(self) -> Select[Any]:
        """One row for each span in which `team` serves a hamlet; none when the team is unknown."""
        served = self.served.c
        return select(served.hamlet, served.since, served.until).where(served.team == bindparam("team"))


def _called(kind: str, title: str) -> str:
    """A hamlet as people say it; many names begin with the local word already."""
    return title if title.casefold().startswith(kind.casefold()) else f"{kind} {title}"


TERRITORY = Territory()
"""The live tables."""
