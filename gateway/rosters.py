"""Rosters on their way up: every version a commune submitted or a tier consolidated, and what each one held."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any, ClassVar, TypeAlias, assert_never
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import Boolean, Column, ColumnElement, Connection, Date, Index, Integer, Select, Table, select, true

from gateway import members, teams
from gateway.restating import Sums, Thing
from gateway.rows import Identifier, ReadModel
from gateway.structures import Asked, shared_out
from gateway.team_places import lying_in
from gateway.unit_tree import belonging
from gateway.units import homes_of
from services.kernel.message import Event
from services.kernel.projection import Delivered
from services.kernel.rows import Rows, write_all

# What it reads of the registry's events


class RosterTeam(BaseModel):
    """A team on the cut-off day."""

    team: UUID
    members: int
    has_leader: bool


class RosterPart(BaseModel):
    """A roster taken in."""

    roster: UUID
    unit: UUID
    version: int
    teams: int
    members: int
    content_hash: str


class RosterSubmitted(Event, name="roster.submitted"):
    """A commune handed its roster on."""

    roster: UUID
    profile: UUID
    tier: str
    unit: UUID
    version: int
    teams: tuple[RosterTeam, ...]
    team_count: int
    member_count: int
    content_hash: str
    cut_off: date
    submitted_on: date


class RosterConsolidated(Event, name="roster.consolidated"):
    """A tier handed on what it was sent."""

    roster: UUID
    profile: UUID
    tier: str
    unit: UUID
    version: int
    parts: tuple[RosterPart, ...]
    team_count: int
    member_count: int
    content_hash: str
    submitted_on: date


RosterEvent: TypeAlias = RosterSubmitted | RosterConsolidated


class Rosters(ReadModel):
    """Tables of roster versions, of the teams in them and of the rosters taken in."""

    name = "rosters"
    views: ClassVar[Mapping[str, Any]] = {"registry": RosterEvent}
    streams: ClassVar[frozenset[str]] = frozenset({"roster"})

    def define(self) -> None:
        self.rosters = Table(
            f"rosters{self.suffix}",
            self.metadata,
            Column("roster", Identifier, primary_key=True),
            Column("version", Integer, primary_key=True),
            Column("profile", Identifier, nullable=False),
            Column("tier", Identifier, nullable=False),
            Column("unit", Identifier, nullable=False),
            Column("team_count", Integer, nullable=False),
            Column("member_count", Integer, nullable=False),
            Column("content_hash", Identifier, nullable=False),
            Column("cut_off", Date),
            Column("submitted_on", Date, nullable=False),
        )
        Index(f"rosters_unit{self.suffix}", self.rosters.c.unit, self.rosters.c.profile, self.rosters.c.tier)
        self.teams = Table(
            f"roster_teams{self.suffix}",
            self.metadata,
            Column("roster", Identifier, primary_key=True),
            Column("version", Integer, primary_key=True),
            Column("team", Identifier, primary_key=True),
            Column("members", Integer, nullable=False),
            Column("has_leader", Boolean, nullable=False),
        )
        self.parts = Table(
            f"roster_parts{self.suffix}",
            self.metadata,
            Column("roster", Identifier, primary_key=True),
            Column("version", Integer, primary_key=True),
            Column("part", Identifier, primary_key=True),
            Column("unit", Identifier, nullable=False),
            Column("part_version", Integer, nullable=False),
            Column("teams", Integer, nullable=False),
            Column("members", Integer, nullable=False),
            Column("content_hash", Identifier, nullable=False),
        )

    def apply(self, connection: Connection, events: Sequence[Delivered[RosterEvent]]) -> None:
        rosters, held, parts = Rows(self.rosters), Rows(self.teams), Rows(self.parts)
        for delivered in events:
            event = delivered.event
            key = {"roster": str(event.roster), "version": event.version}
            row = event.model_dump(include={"tier", "team_count", "member_count", "content_hash", "submitted_on"})
            row |= key | {"profile": str(event.profile), "unit": str(event.unit)}
            match event:
                case RosterSubmitted():
                    rosters.put(row | {"cut_off": event.cut_off})
                    for team in event.teams:
                        held.put(key | team.model_dump(mode="json"))
                case RosterConsolidated():
                    rosters.put(row | {"cut_off": None})
                    for part in event.parts:
                        told = part.model_dump(mode="json", exclude={"roster", "version"})
                        parts.put(key | told | {"part": str(part.roster), "part_version": part.version})
                case _:
                    assert_never(event)
        write_all(connection, rosters, held, parts)


LIVE = Rosters()
"""The tables readers see."""


# Questions; `visible` is the viewer's scope as a condition on `rosters`


def roster_versions(connection: Connection, roster: str, visible: ColumnElement[bool]) -> list[Any]:
    """Every version of a roster the viewer may see, the first first."""
    rosters = LIVE.rosters.c
    query = select(LIVE.rosters).where(rosters.roster == roster, visible).order_by(rosters.version)
    return list(connection.execute(query))


def sent_by(
    connection: Connection, units: Sequence[str], profiles: Sequence[str], tier: str, day: date
) -> dict[tuple[str, str], list[Any]]:
    """Versions submitted up to a day by (unit, profile), the first first."""
    rosters = LIVE.rosters.c
    query = select(LIVE.rosters).where(
        rosters.unit.in_(units), rosters.profile.in_(profiles), rosters.tier == tier, rosters.submitted_on <= day
    )
    found: dict[tuple[str, str], list[Any]] = {}
    for row in connection.execute(query.order_by(rosters.version)):
        found.setdefault((row.unit, row.profile), []).append(row)
    return found


def sent_to(connection: Connection, unit: str, profile: str, tiers: Sequence[str], day: date) -> list[Any]:
    """The last version up to a day of each roster of these tiers that is a unit's to consolidate that day.

    What a unit had sent before it went whole into another counts until that one tells a roster with it inside.
    """
    return _last_sent(connection, select(belonging([unit], day).c.unit), profile, tiers, day, true())


def _last_sent(
    connection: Connection,
    within: Select[Any] | Sequence[str],
    profile: str,
    tiers: Sequence[str],
    day: date,
    visible: ColumnElement[bool],
) -> list[Any]:
    rosters = LIVE.rosters.c
    query = select(LIVE.rosters).where(
        rosters.profile == profile,
        rosters.tier.in_(tiers),
        rosters.unit.in_(within),
        rosters.submitted_on <= day,
        visible,
    )
    last = list({row.roster: row for row in connection.execute(query.order_by(rosters.version))}.values())
    gone = [one for one, home in homes_of(connection, [row.unit for row in last], day).items() if home != one]
    shown = {row.roster: row.cut_off or row.submitted_on for row in last} if gone else {}
    homes = {shown_on: homes_of(connection, gone, shown_on) for shown_on in set(shown.values())}
    inside = {
        (row.tier, one) for row in last for one in gone if one != row.unit and homes[shown[row.roster]][one] == row.unit
    }
    return [row for row in last if (row.tier, row.unit) not in inside]


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over communes' rosters; None where something was divided over `unshared` without a stated share."""

    rosters: int | None = 0
    teams: int | None = 0
    members: int | None = 0
    unshared: tuple[str, ...] = ()


def totals(connection: Connection, asked: Asked, profile: str, visible: ColumnElement[bool]) -> Totals:
    """The last version up to a day of each commune's roster of a unit. What a roster shows, it shows of its cut-off."""

    def told(communes: Select[Any] | Sequence[str]) -> list[Thing]:
        last = _last_sent(connection, communes, profile, ["commune"], asked.day, visible)
        return [
            Thing([row.unit], (1, row.team_count, row.member_count), row.cut_off or row.submitted_on) for row in last
        ]

    if asked.structure == "restated":
        found = shared_out(connection, [asked.unit], asked.on, told, 3).get(asked.unit, Sums((0, 0, 0)))
    else:
        found = Sums(tuple(map(sum, zip((0, 0, 0), *(thing.counts for thing in told(asked.units)), strict=True))))
    sent, stood, served = found.counts or (None, None, None)
    return Totals(sent, stood, served, found.unshared)


def version_key(roster: Any) -> str:
    """One version of one roster, as something to load by."""
    return f"{roster.roster} {roster.version}"


def teams_in(connection: Connection, versions: Sequence[str]) -> dict[str, list[Any]]:
    """The teams of each version."""
    return _of_versions(connection, LIVE.teams, LIVE.teams.c.team, versions)


def parts_in(connection: Connection, versions: Sequence[str]) -> dict[str, list[Any]]:
    """The rosters each version took in."""
    return _of_versions(connection, LIVE.parts, LIVE.parts.c.part, versions)


def _of_versions(
    connection: Connection, table: Table, order: ColumnElement[str], versions: Sequence[str]
) -> dict[str, list[Any]]:
    wanted = set(versions)
    query = select(table).where(table.c.roster.in_({key.partition(" ")[0] for key in versions}))
    found: dict[str, list[Any]] = {}
    for row in connection.execute(query.order_by(order)):
        if version_key(row) in wanted:
            found.setdefault(version_key(row), []).append(row)
    return found


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A commune's teams at the end of a day, as a roster tells them."""

    teams: list[dict[str, Any]]
    content_hash: str


def snapshot(connection: Connection, commune: str, day: date) -> Snapshot:
    """Who served in the commune's teams that day. The hash covers teams, members, roles and since when they serve.

    Its teams are those that lay in it then, in hamlets it held or communes that had gone whole into it.
    """
    team = teams.LIVE.teams.c
    here = select(team.team).where(lying_in(belonging([commune], day), day), teams.stands(day)).order_by(team.team)
    ids = list(connection.execute(here).scalars())
    serving = members.serving_on(connection, ids, day)
    told: list[dict[str, Any]] = []
    digest = sha256()
    for each in ids:
        people = serving.get(each, [])
        told.append({"team": each, "members": len(people), "has_leader": any(p.role == "leader" for p in people)})
        lines = [f"{p.member} {p.role} {p.appointed_on}\n" for p in people]
        digest.update(f"{each}\n{''.join(sorted(lines))}".encode())
    return Snapshot(told, digest.hexdigest())
