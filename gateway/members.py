"""Members of teams: opaque ids with a role, where they come from, and from when to when they serve."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, TypeAlias, assert_never
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Date,
    Index,
    Select,
    Table,
    func,
    not_,
    or_,
    select,
)

from gateway import teams
from gateway.paging import Page, Slice, page_by_group, page_of
from gateway.rows import Identifier, ReadModel, counted, listed
from gateway.team_places import lying_in
from gateway.unit_tree import belonging
from services.kernel.message import Event
from services.kernel.projection import Delivered
from services.kernel.rows import Rows, write_all

# What it reads of the registry's events


class MemberNominated(Event, name="member.nominated"):
    """Somebody was put forward."""

    team: UUID
    member: UUID
    organisation: str
    organisation_kind: str | None
    nominated_on: date


class MemberAppointed(Event, name="member.appointed"):
    """Somebody serves."""

    team: UUID
    member: UUID
    role: str
    organisation: str
    appointed_on: date
    organisation_kind: str | None = None
    same_hamlet: bool | None = None
    part_time: bool | None = None
    term_to: date | None = None


class MemberStoodDown(Event, name="member.stood_down"):
    """Somebody serves no longer. Since when they had served was not always said."""

    team: UUID
    member: UUID
    stood_down_on: date
    appointed_on: date | None = None


class DutyAssigned(Event, name="duty.assigned"):
    """What a member is to do from now on."""

    team: UUID
    member: UUID
    duty: str
    assigned_on: date


MemberEvent: TypeAlias = MemberNominated | MemberAppointed | MemberStoodDown | DutyAssigned


class Members(ReadModel):
    """Tables of members, past ones included, and of those put forward."""

    name = "members"
    views: ClassVar[Mapping[str, Any]] = {"registry": MemberEvent}
    streams: ClassVar[frozenset[str]] = frozenset({"team"})

    def define(self) -> None:
        self.members = Table(
            f"members{self.suffix}",
            self.metadata,
            Column("team", Identifier, primary_key=True),
            Column("member", Identifier, primary_key=True),
            Column("appointed_on", Identifier, primary_key=True),
            Column("role", Identifier, nullable=False),
            Column("organisation", Identifier, nullable=False),
            Column("organisation_kind", Identifier),
            Column("same_hamlet", Boolean),
            Column("part_time", Boolean),
            Column("term_to", Date),
            Column("duty", Identifier),
            Column("stood_down_on", Date),
        )
        self.nominations = Table(
            f"team_nominations{self.suffix}",
            self.metadata,
            Column("team", Identifier, primary_key=True),
            Column("member", Identifier, primary_key=True),
            Column("organisation", Identifier, nullable=False),
            Column("organisation_kind", Identifier),
            Column("nominated_on", Date, nullable=False),
            Column("pending", Boolean, nullable=False),
        )
        Index(f"members_member{self.suffix}", self.members.c.member)

    def apply(self, connection: Connection, events: Sequence[Delivered[MemberEvent]]) -> None:
        members, nominations = Rows(self.members), Rows(self.nominations)
        since: dict[tuple[str, str], str] = {}

        def change(event: MemberStoodDown | DutyAssigned, values: Mapping[str, Any], told: date | None = None) -> None:
            key = (str(event.team), str(event.member))
            began = told.isoformat() if told else since.get(key) or self._serving_since(connection, *key)
            members.change((*key, began), values)

        for delivered in events:
            match delivered.event:
                case MemberNominated() as nominated:
                    nominations.put(nominated.model_dump() | _ids(nominated) | {"pending": True})
                case MemberAppointed() as appointed:
                    row = appointed.model_dump() | _ids(appointed)
                    row |= {"appointed_on": appointed.appointed_on.isoformat(), "stood_down_on": None, "duty": None}
                    members.put(row)
                    since[row["team"], row["member"]] = row["appointed_on"]
                    nominations.change((row["team"], row["member"]), {"pending": False})
                case MemberStoodDown() as gone:
                    change(gone, {"stood_down_on": gone.stood_down_on}, gone.appointed_on)
                case DutyAssigned() as assigned:
                    change(assigned, {"duty": assigned.duty})
                case _:
                    assert_never(delivered.event)
        write_all(connection, members, nominations)

    def _serving_since(self, connection: Connection, team: str, member: str) -> str | None:
        members = self.members.c
        serving = select(members.appointed_on).where(members.team == team, members.member == member)
        return connection.execute(serving.where(members.stood_down_on.is_(None))).scalar()


def _ids(event: MemberAppointed | MemberNominated) -> dict[str, str]:
    return {"team": str(event.team), "member": str(event.member)}


LIVE = Members()
"""The tables readers see."""


# Questions; who may see a team may see its members


def members_pages(
    connection: Connection, teams: Sequence[str], serving_only: bool, day: date | None, wanted: Slice
) -> Mapping[str, Page]:
    """Members of each team in the order they were appointed: who serves, who ever served, or who did on a day."""
    members = LIVE.members.c
    query = select(LIVE.members).where(members.team.in_(teams), *_those(serving_only, day))
    return page_by_group(connection, query, members.team, [members.member, members.appointed_on], wanted)


def members_counts(
    connection: Connection, teams: Sequence[str], serving_only: bool, day: date | None
) -> Mapping[str, int]:
    """How many of them each team has."""
    members = LIVE.members.c
    query = select(members.team, func.count()).where(members.team.in_(teams), *_those(serving_only, day))
    return counted(connection, query.group_by(members.team))


def _those(serving_only: bool, day: date | None) -> tuple[ColumnElement[bool], ...]:
    if day is not None:
        return serving(day)
    return (LIVE.members.c.stood_down_on.is_(None),) if serving_only else ()


def serving_on(connection: Connection, teams: Sequence[str], day: date) -> dict[str, list[Any]]:
    """Rows of those who served in each team on a day."""
    members = LIVE.members.c
    query = select(LIVE.members).where(listed(connection, members.team, teams), *serving(day)).order_by(members.member)
    found: dict[str, list[Any]] = {}
    for row in connection.execute(query):
        found.setdefault(row.team, []).append(row)
    return found


def serving_elsewhere(connection: Connection, members: Sequence[str], day: date) -> dict[str, int]:
    """In how many teams that stood each of these served on a day."""
    table, team = LIVE.members.c, teams.LIVE.teams.c
    query = select(table.member, func.count(table.team.distinct())).join(teams.LIVE.teams, team.team == table.team)
    query = query.where(listed(connection, table.member, members), *serving(day), teams.stands(day))
    return counted(connection, query.group_by(table.member))


def serving(day: date) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Conditions on `members`: who serves on a day."""
    members = LIVE.members.c
    return members.appointed_on <= day.isoformat(), or_(members.stood_down_on.is_(None), members.stood_down_on > day)


def serving_below(unit: str, day: date, visible: ColumnElement[bool]) -> list[ColumnElement[bool]]:
    """Conditions on `members` joined with `teams`: who serves that day below a unit, in visible teams."""
    return [lying_in(belonging([unit], day), day), teams.stands(day), visible, *serving(day)]


def served_between(
    first: date, last: date, visible: ColumnElement[bool], within: Sequence[ColumnElement[bool]]
) -> Select[Any]:
    """`members` who served on some day from `first` to `last`, the last time they were appointed by then."""
    team, people, later = teams.LIVE.teams.c, LIVE.members.c, LIVE.members.alias("later")
    again = select(later.c.member).where(
        later.c.team == people.team,
        later.c.member == people.member,
        later.c.appointed_on > people.appointed_on,
        later.c.appointed_on <= last.isoformat(),
    )
    return (
        select(people.team, people.member, people.role, people.duty)
        .join(teams.LIVE.teams, team.team == people.team)
        .where(
            visible,
            *within,
            people.appointed_on <= last.isoformat(),
            or_(people.stood_down_on.is_(None), people.stood_down_on > first),
            or_(team.dissolved_on.is_(None), team.dissolved_on > first),
            not_(again.exists()),
        )
    )


def leaders_on(connection: Connection, teams: Sequence[str], day: date) -> dict[str, Any]:
    """Who led each team on a day; a team without a leader is left out."""
    members = LIVE.members.c
    query = select(LIVE.members).where(listed(connection, members.team, teams), members.role == "leader", *serving(day))
    return {row.team: row for row in connection.execute(query.order_by(members.appointed_on, members.member))}


def teams_serving(
    connection: Connection, members: Sequence[str], day: date, visible: ColumnElement[bool]
) -> dict[str, list[str]]:
    """In which teams the viewer may see each of these serves on a day, by name."""
    table, team = LIVE.members.c, teams.LIVE.teams.c
    query = select(table.member, table.team).join(teams.LIVE.teams, team.team == table.team)
    query = query.where(listed(connection, table.member, members), *serving(day), teams.stands(day), visible)
    found: dict[str, list[str]] = {}
    for row in connection.execute(query.order_by(team.sort_key, team.team)):
        found.setdefault(row.member, []).append(row.team)
    return found


def pending_page(connection: Connection, those: Sequence[ColumnElement[bool]], wanted: Slice) -> Page:
    """Those put forward and not appointed yet, by their team's name. `those` are about `nominations` and `teams`."""
    team, table = teams.LIVE.teams.c, LIVE.nominations.c
    return page_of(connection, _pending(those), [team.sort_key, table.team, table.member], wanted)


def pending_count(connection: Connection, those: Sequence[ColumnElement[bool]]) -> int:
    """How many there are."""
    return connection.execute(select(func.count()).select_from(_pending(those).subquery())).scalar_one()


def _pending(those: Sequence[ColumnElement[bool]]) -> Select[Any]:
    table = LIVE.nominations
    query = select(table).join(teams.LIVE.teams, teams.LIVE.teams.c.team == table.c.team)
    return query.where(table.c.pending, *those)


def nominations_of(connection: Connection, teams: Sequence[str]) -> dict[str, list[Any]]:
    """Rows of those put forward for each team and not appointed yet."""
    nominations = LIVE.nominations.c
    query = select(LIVE.nominations).where(nominations.team.in_(teams), nominations.pending)
    found: dict[str, list[Any]] = {}
    for row in connection.execute(query.order_by(nominations.nominated_on, nominations.member)):
        found.setdefault(row.team, []).append(row)
    return found


def teams_of(connection: Connection, members: Sequence[str]) -> dict[str, list[str]]:
    """In which teams each of these serves or served."""
    table = LIVE.members.c
    found: dict[str, list[str]] = {}
    for row in connection.execute(select(table.member, table.team).where(table.member.in_(members))):
        found.setdefault(row.member, []).append(row.team)
    return found


def was_in(connection: Connection, team: str, member: str) -> bool:
    """Whether somebody serves or served in a team, or was put forward for it."""
    for table in (LIVE.members.c, LIVE.nominations.c):
        here = select(table.member).where(table.team == team, table.member == member).limit(1)
        if connection.execute(here).scalar() is not None:
            return True
    return False
