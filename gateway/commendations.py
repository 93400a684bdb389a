"""Commendations: how far each has come, on what figures; and the public roll of those awarded.

The roll is for everybody and names teams and communes only: a member is told by the role they had in the team.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, TypeAlias, assert_never
from uuid import UUID

import orjson
from sqlalchemy import Column, ColumnElement, Connection, Date, Index, Table, Text, and_, func, select

from gateway import members, policies, teams
from gateway.paging import Page, Slice, page_of
from gateway.rows import Identifier, ReadModel
from gateway.team_places import ever_in, homes
from gateway.unit_tree import ever_held
from services.kernel.message import Event
from services.kernel.projection import Delivered
from services.kernel.rows import Rows, write_all

# What it reads of the registry's events


class CommendationProposed(Event, name="commendation.proposed"):
    """Somebody proposed it, on these figures."""

    commendation: UUID
    team: UUID
    member: UUID | None
    form: str
    period_from: date
    period_to: date
    evidence: dict[str, int | None]
    proposer: str
    proposed_on: date
    drive: UUID | None = None


class CommendationSelected(Event, name="commendation.selected"):
    """The office selected it."""

    commendation: UUID
    office: str
    selected_on: date


class CommendationDeclined(Event, name="commendation.declined"):
    """The office did not."""

    commendation: UUID
    office: str
    declined_on: date


class CommendationApproved(Event, name="commendation.approved"):
    """A decision approved it."""

    commendation: UUID
    decision_no: str
    decision_date: date
    signer: str
    issuing_body: str


class CommendationAwarded(Event, name="commendation.awarded"):
    """It was awarded."""

    commendation: UUID
    awarded_on: date


class CommendationRevoked(Event, name="commendation.revoked"):
    """A decision revoked it."""

    commendation: UUID
    decision_no: str
    decision_date: date
    signer: str
    issuing_body: str


CommendationEvent: TypeAlias = (
    CommendationProposed
    | CommendationSelected
    | CommendationDeclined
    | CommendationApproved
    | CommendationAwarded
    | CommendationRevoked
)

_NOT_YET = {
    "status": "proposed",
    "office": None,
    "selected_on": None,
    "declined_on": None,
    "decision_no": None,
    "decision_date": None,
    "signer": None,
    "issuing_body": None,
    "awarded_on": None,
    "revoked_on": None,
    "revoked_by_no": None,
    "revoked_by_body": None,
}


class Commendations(ReadModel):
    """The table of commendations, declined and revoked ones included."""

    name = "commendations"
    views: ClassVar[Mapping[str, Any]] = {"registry": CommendationEvent}
    streams: ClassVar[frozenset[str]] = frozenset({"commendation"})

    def define(self) -> None:
        self.commendations = Table(
            f"commendations{self.suffix}",
            self.metadata,
            Column("commendation", Identifier, primary_key=True),
            Column("team", Identifier, nullable=False),
            Column("member", Identifier),
            Column("form", Identifier, nullable=False),
            Column("period_from", Date, nullable=False),
            Column("period_to", Date, nullable=False),
            Column("evidence", Text, nullable=False),
            Column("proposer", Identifier, nullable=False),
            Column("proposed_on", Identifier, nullable=False),
            Column("status", Identifier, nullable=False),
            Column("office", Identifier),
            Column("selected_on", Date),
            Column("declined_on", Date),
            Column("decision_no", Identifier),
            Column("decision_date", Date),
            Column("signer", Identifier),
            Column("issuing_body", Identifier),
            Column("awarded_on", Identifier),
            Column("revoked_on", Date),
            Column("revoked_by_no", Identifier),
            Column("revoked_by_body", Identifier),
            Column("drive", Identifier),
        )
        Index(f"commendations_team{self.suffix}", self.commendations.c.team, self.commendations.c.proposed_on)
        Index(f"commendations_awarded{self.suffix}", self.commendations.c.awarded_on)

    def apply(self, connection: Connection, events: Sequence[Delivered[CommendationEvent]]) -> None:
        commendations = Rows(self.commendations)
        for delivered in events:
            event = delivered.event
            key = (str(event.commendation),)
            match event:
                case CommendationProposed():
                    commendations.put(_row(event) | _NOT_YET)
                case CommendationSelected():
                    told = {"office": event.office, "selected_on": event.selected_on}
                    commendations.change(key, {"status": "selected", **told})
                case CommendationDeclined():
                    told = {"office": event.office, "declined_on": event.declined_on}
                    commendations.change(key, {"status": "declined", **told})
                case CommendationApproved():
                    told = event.model_dump(exclude={"commendation"})
                    commendations.change(key, {"status": "approved", **told})
                case CommendationAwarded():
                    commendations.change(key, {"status": "awarded", "awarded_on": event.awarded_on.isoformat()})
                case CommendationRevoked():
                    by = {"revoked_by_no": event.decision_no, "revoked_by_body": event.issuing_body}
                    commendations.change(key, {"status": "revoked", "revoked_on": event.decision_date, **by})
                case _:
                    assert_never(event)
        write_all(connection, commendations)


def _row(event: CommendationProposed) -> dict[str, Any]:
    row = event.model_dump(include={"form", "period_from", "period_to", "proposer"})
    return row | {
        "commendation": str(event.commendation),
        "team": str(event.team),
        "member": None if event.member is None else str(event.member),
        "drive": None if event.drive is None else str(event.drive),
        "proposed_on": event.proposed_on.isoformat(),
        "evidence": orjson.dumps(event.evidence).decode(),
    }


LIVE = Commendations()
"""The table readers see."""


# Questions; `visible` is the viewer's scope as a condition on `commendations`


def within(unit: str, today: date) -> ColumnElement[bool]:
    """Commendations of teams below a unit or what preceded it."""
    team = teams.LIVE.teams.c
    here = select(team.team).where(ever_in(select(ever_held([unit], today, "asked_about").c.unit), today))
    return LIVE.commendations.c.team.in_(here)


def commendations_page(
    connection: Connection, visible: ColumnElement[bool], those: Sequence[ColumnElement[bool]], wanted: Slice
) -> Page:
    """Commendations, the latest proposed first."""
    table = LIVE.commendations.c
    query = select(LIVE.commendations).where(visible, *those)
    return page_of(connection, query, [table.proposed_on, table.commendation], wanted, descending=True)


def commendations_count(
    connection: Connection, visible: ColumnElement[bool], those: Sequence[ColumnElement[bool]]
) -> int:
    """How many there are."""
    query = select(func.count()).select_from(LIVE.commendations).where(visible, *those)
    return connection.execute(query).scalar_one()


def commendation_by_id(connection: Connection, commendation: str, visible: ColumnElement[bool]) -> Any | None:
    """The commendation, if the viewer may see it."""
    query = select(LIVE.commendations).where(LIVE.commendations.c.commendation == commendation, visible)
    return connection.execute(query).one_or_none()


def awarded_in(year: int) -> ColumnElement[bool]:
    """Commendations awarded in a year and not revoked."""
    table = LIVE.commendations.c
    first, last = date(year, 1, 1).isoformat(), date(year, 12, 31).isoformat()
    return and_(table.status == "awarded", table.awarded_on >= first, table.awarded_on <= last)


def _awarded(unit: str, year: int, today: date) -> list[ColumnElement[bool]]:
    return [awarded_in(year), within(unit, today)]


def roll_page(connection: Connection, unit: str, year: int, today: date, wanted: Slice) -> Page:
    """Who was awarded in a year below a unit or what preceded it, and not revoked; the latest first. For everybody."""
    table, team = LIVE.commendations.c, teams.LIVE.teams.c
    query = (
        select(LIVE.commendations, team.name.label("team_name"), team.commune)
        .join(teams.LIVE.teams, team.team == table.team)
        .where(*_awarded(unit, year, today))
    )
    return page_of(connection, query, [table.awarded_on, table.commendation], wanted, descending=True)


def roll_count(connection: Connection, unit: str, year: int, today: date) -> int:
    """How many they are."""
    query = select(func.count()).select_from(LIVE.commendations).where(*_awarded(unit, year, today))
    return connection.execute(query).scalar_one()


def roles_of(connection: Connection, commendations: Sequence[str]) -> dict[str, str]:
    """The role in which each commended member last served within the period, or had served before its end."""
    table, member = LIVE.commendations.c, members.LIVE.members.c
    query = (
        select(table.commendation, member.role, member.appointed_on, table.period_to)
        .join(members.LIVE.members, (member.team == table.team) & (member.member == table.member))
        .where(table.commendation.in_(commendations))
        .order_by(member.appointed_on)
    )
    return {
        row.commendation: row.role for row in connection.execute(query) if row.appointed_on <= row.period_to.isoformat()
    }


def off_the_day(connection: Connection, team: str, awarded_on: date) -> Mapping[str, Any] | None:
    """The rule by which awards to the team were due on another day (002 §IV.1: 10 October); None where none says so."""
    row = connection.execute(select(teams.LIVE.teams).where(teams.LIVE.teams.c.team == team)).one_or_none()
    if row is None:
        return None
    commune = homes(connection, [row], awarded_on)[team]
    found = policies.stated(
        policies.profiles_in_force(connection, [commune], awarded_on)[commune], "yearly_day", what="awards"
    )
    if found is None:
        return None
    rule = found[0]
    return None if (rule["month"], rule["day"]) == (awarded_on.month, awarded_on.day) else rule
