"""Teams: founded, renewed, launched and dissolved by which decisions, serving which hamlets on which days."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, TypeAlias, assert_never
from uuid import UUID

from pydantic import Field
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Date,
    Index,
    LargeBinary,
    Select,
    Table,
    and_,
    func,
    or_,
    select,
)

from gateway import units
from gateway.paging import Page, Slice, page_by_group, page_of
from gateway.rows import Identifier, ReadModel, counted, listed
from gateway.unit_tree import belonging
from gateway.vietnamese import sort_key
from services.kernel.message import Event
from services.kernel.projection import Delivered
from services.kernel.rows import Rows, write_all

# What it reads of the registry's events


FOR_EVER = "9999-12-31"


class TeamEstablished(Event, name="team.established"):
    """A team for hamlets of one commune."""

    team: UUID
    commune: UUID
    title: str = Field(alias="name")
    level: str
    hamlets: tuple[UUID, ...]
    decision_no: str
    decision_date: date
    signer: str | None = None
    enterprise: UUID | None = None


class TeamRenewed(Event, name="team.renewed"):
    """From the decision's day on the team serves these hamlets."""

    team: UUID
    hamlets: tuple[UUID, ...]
    decision_no: str
    decision_date: date
    signer: str | None


class TeamLaunched(Event, name="team.launched"):
    """Presented to the people."""

    team: UUID
    launched_on: date


class TeamDissolved(Event, name="team.dissolved"):
    """From the decision's day on there is no such team."""

    team: UUID
    decision_no: str
    decision_date: date
    signer: str | None
    successor: UUID | None


TeamEvent: TypeAlias = TeamEstablished | TeamRenewed | TeamLaunched | TeamDissolved


class Teams(ReadModel):
    """Tables of teams, the decisions on them and the hamlets they serve, past ones included."""

    name = "teams"
    views: ClassVar[Mapping[str, Any]] = {"registry": TeamEvent}
    streams: ClassVar[frozenset[str]] = frozenset({"team"})

    def define(self) -> None:
        self.teams = Table(
            f"teams{self.suffix}",
            self.metadata,
            Column("team", Identifier, primary_key=True),
            Column("commune", Identifier, nullable=False),
            Column("name", Identifier, nullable=False),
            Column("level", Identifier, nullable=False),
            Column("enterprise", Identifier),
            Column("decision_no", Identifier, nullable=False),
            Column("decision_date", Date, nullable=False),
            Column("launched_on", Date),
            Column("dissolved_on", Date),
            Column("successor", Identifier),
            Column("sort_key", LargeBinary, nullable=False),
        )
        Index(f"teams_commune{self.suffix}", self.teams.c.commune, self.teams.c.sort_key)
        self.served = Table(
            f"team_hamlets{self.suffix}",
            self.metadata,
            Column("team", Identifier, primary_key=True),
            Column("hamlet", Identifier, primary_key=True),
            Column("since", Identifier, primary_key=True),
            Column("until", Identifier, nullable=False),
        )
        """ISO days, `until` not included."""
        self.decisions = Table(
            f"team_decisions{self.suffix}",
            self.metadata,
            Column("team", Identifier, primary_key=True),
            Column("decision_date", Identifier, primary_key=True),
            Column("decision_no", Identifier, primary_key=True),
            Column("kind", Identifier, nullable=False),
            Column("signer", Identifier),
        )
        Index(f"team_hamlets_hamlet{self.suffix}", self.served.c.hamlet)

    def apply(self, connection: Connection, events: Sequence[Delivered[TeamEvent]]) -> None:
        batch = _Batch(self, connection)
        for delivered in events:
            batch.take(delivered.event)
        write_all(connection, *batch.rows)


class _Batch:
    """What a batch of events does to the tables."""

    def __init__(self, model: Teams, connection: Connection) -> None:
        self._model, self._connection = model, connection
        self._teams, self._served, self._decisions = Rows(model.teams), Rows(model.served), Rows(model.decisions)
        self.rows = (self._teams, self._served, self._decisions)
        self._now: dict[str, dict[str, str]] = {}
        """Of each team touched: the hamlets it serves, and since when."""

    def take(self, event: TeamEvent) -> None:
        match event:
            case TeamEstablished() | TeamRenewed() | TeamDissolved():
                self._decided(event)
            case TeamLaunched():
                self._teams.change((str(event.team),), {"launched_on": event.launched_on})
            case _:
                assert_never(event)

    def _decided(self, event: TeamEstablished | TeamRenewed | TeamDissolved) -> None:
        team, day = str(event.team), event.decision_date
        kind = event.name.partition(".")[2]
        decision = {"team": team, "decision_date": day.isoformat(), "decision_no": event.decision_no}
        self._decisions.put(decision | {"kind": kind, "signer": event.signer})
        match event:
            case TeamEstablished():
                row = event.model_dump(include={"level", "decision_no", "decision_date"})
                row |= {"team": team, "commune": str(event.commune), "name": event.title}
                row["enterprise"] = None if event.enterprise is None else str(event.enterprise)
                gone = {"launched_on": None, "dissolved_on": None, "successor": None}
                self._teams.put(row | gone | {"sort_key": sort_key(event.title)})
                self._now[team] = {}
                self._serve(team, event.hamlets, day)
            case TeamRenewed():
                self._serve(team, event.hamlets, day)
            case TeamDissolved():
                successor = None if event.successor is None else str(event.successor)
                self._teams.change((team,), {"dissolved_on": day, "successor": successor})
                self._serve(team, (), day)

    def _serve(self, team: str, hamlets: Sequence[UUID], day: date) -> None:
        """From `day` on the team serves exactly these."""
        if team not in self._now:
            served = self._model.served.c
            asked = select(served.hamlet, served.since).where(served.team == team, served.until == FOR_EVER)
            self._now[team] = {row.hamlet: row.since for row in self._connection.execute(asked)}
        now, wanted, today = self._now[team], {str(hamlet) for hamlet in hamlets}, day.isoformat()
        for hamlet in now.keys() - wanted:
            row = {"team": team, "hamlet": hamlet, "since": now.pop(hamlet)}
            self._served.put(row | {"until": today})
        for hamlet in wanted - now.keys():
            now[hamlet] = today
            self._served.put({"team": team, "hamlet": hamlet, "since": today, "until": FOR_EVER})


LIVE = Teams()
"""The tables readers see."""


# Questions; `visible` is the viewer's scope as a condition on `teams`


def teams_page(
    connection: Connection, visible: ColumnElement[bool], within: ColumnElement[bool], wanted: Slice
) -> Page:
    """Teams the viewer may see among those `within`, by name."""
    teams = LIVE.teams.c
    return page_of(connection, select(LIVE.teams).where(visible, within), [teams.sort_key, teams.team], wanted)


def teams_count(connection: Connection, visible: ColumnElement[bool], within: ColumnElement[bool]) -> int:
    """How many of them there are."""
    return connection.execute(select(func.count()).select_from(LIVE.teams).where(visible, within)).scalar_one()


def teams_pages(
    connection: Connection, roots: Sequence[str], as_of: date, visible: ColumnElement[bool], wanted: Slice
) -> Mapping[str, Page]:
    """Teams the viewer may see anywhere below each unit."""
    teams, tree = LIVE.teams.c, belonging(roots, as_of)
    query = select(LIVE.teams).join(tree, tree.c.unit == teams.commune).where(visible)
    return page_by_group(connection, query, tree.c.root, [teams.sort_key, teams.team], wanted)


def teams_counts(
    connection: Connection, roots: Sequence[str], as_of: date, visible: ColumnElement[bool]
) -> Mapping[str, int]:
    """How many of them there are."""
    tree = belonging(roots, as_of)
    query = select(tree.c.root, func.count()).join(LIVE.teams, tree.c.unit == LIVE.teams.c.commune).where(visible)
    return counted(connection, query.group_by(tree.c.root))


def teams_by_id(connection: Connection, ids: Sequence[str], visible: ColumnElement[bool]) -> dict[str, Any]:
    """Team rows the viewer may see, by id."""
    rows = connection.execute(select(LIVE.teams).where(listed(connection, LIVE.teams.c.team, ids), visible))
    return {row.team: row for row in rows}


def stands(day: date) -> ColumnElement[bool]:
    """Condition on `teams`: founded by that day and not dissolved."""
    table = LIVE.teams.c
    return and_(table.decision_date <= day, or_(table.dissolved_on.is_(None), table.dissolved_on > day))


def serves(day: date) -> ColumnElement[bool]:
    """Condition on `team_hamlets`: spans that hold on a day."""
    served = LIVE.served.c
    return and_(served.since <= day.isoformat(), served.until > day.isoformat())


def hamlets_served(connection: Connection, teams: Sequence[str], day: date) -> dict[str, list[Any]]:
    """Rows of the hamlets each team serves on a day, by name."""
    served, hamlets = LIVE.served.c, units.LIVE.hamlets
    query = select(hamlets, served.team).join(LIVE.served, served.hamlet == hamlets.c.hamlet).where(serves(day))
    query = query.where(units.told_on(day, hamlets))
    found: dict[str, list[Any]] = {}
    for row in connection.execute(query.where(served.team.in_(teams)).order_by(hamlets.c.sort_key, hamlets.c.hamlet)):
        found.setdefault(row.team, []).append(row)
    return found


def hamlets_of(within: Select[Any], day: date, on: date) -> Select[Any]:
    """Hamlets that stood on a day and lie in these units on the map of `on`, as they are called on it."""
    then, hamlets = units.LIVE.hamlets.alias("then"), units.LIVE.hamlets
    here = select(hamlets).where(hamlets.c.commune.in_(within))
    if on == day:
        return here.where(units.in_force(day, hamlets))
    stood = select(then.c.hamlet).where(units.in_force(day, then))
    return here.where(units.told_on(on, hamlets), hamlets.c.hamlet.in_(stood))


def without_team(within: Select[Any], day: date, on: date) -> Select[Any]:
    """Those of them that no team served on the day."""
    served = LIVE.served.c
    has_one = select(served.hamlet).where(served.hamlet == units.LIVE.hamlets.c.hamlet, serves(day)).exists()
    return hamlets_of(within, day, on).where(~has_one)


def hamlets_without_team_page(
    connection: Connection, within: Select[Any], day: date, on: date, visible: ColumnElement[bool], wanted: Slice
) -> Page:
    """These hamlets as far as the viewer may see, by name."""
    hamlets, query = units.LIVE.hamlets.c, without_team(within, day, on).where(visible)
    return page_of(connection, query, [hamlets.sort_key, hamlets.hamlet], wanted)


def hamlets_without_team_count(
    connection: Connection, within: Select[Any], day: date, on: date, visible: ColumnElement[bool]
) -> int:
    """How many of them there are."""
    found = without_team(within, day, on).where(visible).subquery()
    return connection.execute(select(func.count()).select_from(found)).scalar_one()


def decisions_of(connection: Connection, teams: Sequence[str]) -> dict[str, list[Any]]:
    """Rows of the decisions on each team, the first first."""
    decisions = LIVE.decisions.c
    query = select(LIVE.decisions).where(decisions.team.in_(teams)).order_by(decisions.decision_date)
    found: dict[str, list[Any]] = {}
    for row in connection.execute(query):
        found.setdefault(row.team, []).append(row)
    return found
