"""Teams: which teams serve which hamlets, who serves in them (opaque members with a role), and since when."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, TypeAlias
from uuid import UUID

from pydantic import Field
from sqlalchemy import Boolean, Column, ColumnElement, Connection, Date, Index, LargeBinary, Table, func, or_, select

from gateway import units
from gateway.paging import Page, Slice, page_by_group, page_of
from gateway.rows import Identifier, ReadModel, counted
from gateway.unit_tree import below
from gateway.vietnamese import sort_key
from services.kernel.message import Event
from services.kernel.projection import Delivered
from services.kernel.rows import Rows, write_all

# What it reads of the registry's events


class TeamEstablished(Event, name="team.established"):
    """A team for hamlets of one commune."""

    team: UUID
    commune: UUID
    title: str = Field(alias="name")
    level: str
    hamlets: tuple[UUID, ...]
    decision_no: str
    decision_date: date


class MemberAppointed(Event, name="member.appointed"):
    """Somebody serves."""

    team: UUID
    member: UUID
    role: str
    organisation: str
    appointed_on: date
    organisation_kind: str | None = None
    same_hamlet: bool | None = None


class MemberStoodDown(Event, name="member.stood_down"):
    """Somebody serves no longer. Since when they had served was not always said."""

    team: UUID
    member: UUID
    stood_down_on: date
    appointed_on: date | None = None


TeamEvent: TypeAlias = TeamEstablished | MemberAppointed | MemberStoodDown


class Teams(ReadModel):
    """Tables of teams, the hamlets they serve and their members, past ones included."""

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
            Column("decision_no", Identifier, nullable=False),
            Column("decision_date", Date, nullable=False),
            Column("sort_key", LargeBinary, nullable=False),
        )
        Index(f"teams_commune{self.suffix}", self.teams.c.commune, self.teams.c.sort_key)
        self.served = Table(
            f"team_hamlets{self.suffix}",
            self.metadata,
            Column("team", Identifier, primary_key=True),
            Column("hamlet", Identifier, primary_key=True),
        )
        Index(f"team_hamlets_hamlet{self.suffix}", self.served.c.hamlet)
        self.members = Table(
            f"team_members{self.suffix}",
            self.metadata,
            Column("team", Identifier, primary_key=True),
            Column("member", Identifier, primary_key=True),
            Column("appointed_on", Identifier, primary_key=True),
            Column("role", Identifier, nullable=False),
            Column("organisation", Identifier, nullable=False),
            Column("organisation_kind", Identifier),
            Column("same_hamlet", Boolean),
            Column("stood_down_on", Date),
        )
        Index(f"team_members_member{self.suffix}", self.members.c.member)

    def apply(self, connection: Connection, events: Sequence[Delivered[TeamEvent]]) -> None:
        teams, served, members = Rows(self.teams), Rows(self.served), Rows(self.members)
        since: dict[tuple[str, str], str] = {}
        for delivered in events:
            match delivered.event:
                case TeamEstablished() as team:
                    row = team.model_dump(include={"level", "decision_no", "decision_date"})
                    row |= {"team": str(team.team), "commune": str(team.commune)}
                    teams.put(row | {"name": team.title, "sort_key": sort_key(team.title)})
                    for hamlet in team.hamlets:
                        served.put({"team": str(team.team), "hamlet": str(hamlet)})
                case MemberAppointed() as member:
                    row = member.model_dump(mode="json") | {"stood_down_on": None}
                    members.put(row)
                    since[row["team"], row["member"]] = row["appointed_on"]
                case MemberStoodDown() as gone:
                    key = (str(gone.team), str(gone.member))
                    began = gone.appointed_on.isoformat() if gone.appointed_on else since.get(key)
                    began = began or self._since(connection, *key)
                    members.change((*key, began), {"stood_down_on": gone.stood_down_on})
        write_all(connection, teams, served, members)

    def _since(self, connection: Connection, team: str, member: str) -> str | None:
        """When somebody who serves was appointed."""
        members = self.members.c
        serving = select(members.appointed_on).where(members.team == team, members.member == member)
        return connection.execute(serving.where(members.stood_down_on.is_(None))).scalar()


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
    teams, tree = LIVE.teams.c, below(roots, as_of)
    query = select(LIVE.teams).join(tree, tree.c.unit == teams.commune).where(visible)
    return page_by_group(connection, query, tree.c.root, [teams.sort_key, teams.team], wanted)


def teams_counts(
    connection: Connection, roots: Sequence[str], as_of: date, visible: ColumnElement[bool]
) -> Mapping[str, int]:
    """How many of them there are."""
    tree = below(roots, as_of)
    query = select(tree.c.root, func.count()).join(LIVE.teams, tree.c.unit == LIVE.teams.c.commune).where(visible)
    return counted(connection, query.group_by(tree.c.root))


def teams_by_id(connection: Connection, ids: Sequence[str], visible: ColumnElement[bool]) -> dict[str, Any]:
    """Team rows the viewer may see, by id."""
    rows = connection.execute(select(LIVE.teams).where(LIVE.teams.c.team.in_(ids), visible))
    return {row.team: row for row in rows}


def hamlets_served(connection: Connection, teams: Sequence[str]) -> dict[str, list[Any]]:
    """Rows of the hamlets each team serves, by name."""
    served, hamlets = LIVE.served.c, units.LIVE.hamlets
    query = select(hamlets, served.team).join(LIVE.served, served.hamlet == hamlets.c.hamlet)
    found: dict[str, list[Any]] = {}
    for row in connection.execute(query.where(served.team.in_(teams)).order_by(hamlets.c.sort_key, hamlets.c.hamlet)):
        found.setdefault(row.team, []).append(row)
    return found


def members_pages(
    connection: Connection, teams: Sequence[str], serving_only: bool, wanted: Slice
) -> Mapping[str, Page]:
    """Members of each team in the order they were appointed."""
    members = LIVE.members.c
    query = select(LIVE.members).where(members.team.in_(teams))
    if serving_only:
        query = query.where(members.stood_down_on.is_(None))
    return page_by_group(connection, query, members.team, [members.member, members.appointed_on], wanted)


def members_counts(connection: Connection, teams: Sequence[str], serving_only: bool) -> Mapping[str, int]:
    """How many members each team has."""
    members = LIVE.members.c
    query = select(members.team, func.count()).where(members.team.in_(teams)).group_by(members.team)
    if serving_only:
        query = query.where(members.stood_down_on.is_(None))
    return counted(connection, query)


def serving_on(connection: Connection, teams: Sequence[str], day: date) -> dict[str, list[Any]]:
    """Rows of those who served in each team on a day."""
    members = LIVE.members.c
    query = select(LIVE.members).where(members.team.in_(teams), *_serving(day)).order_by(members.member)
    found: dict[str, list[Any]] = {}
    for row in connection.execute(query):
        found.setdefault(row.team, []).append(row)
    return found


def serving_elsewhere(connection: Connection, members: Sequence[str], day: date) -> dict[str, int]:
    """In how many teams each of these served on a day."""
    table = LIVE.members.c
    query = select(table.member, func.count(table.team.distinct())).where(table.member.in_(members), *_serving(day))
    return counted(connection, query.group_by(table.member))


def _serving(day: date) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    members = LIVE.members.c
    return members.appointed_on <= day.isoformat(), or_(members.stood_down_on.is_(None), members.stood_down_on > day)
