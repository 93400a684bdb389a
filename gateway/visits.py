"""The visit log: households visited, by which team, for which services; what was corrected or voided stays visible."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, TypeAlias
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import Column, ColumnElement, Connection, Date, Index, Table, func, select

from gateway.paging import Page, Slice, page_of
from gateway.rows import Identifier, ReadModel
from services.kernel.message import Event
from services.kernel.projection import Delivered
from services.kernel.rows import Rows, write_all

# What it reads of the visits' events


class HouseholdRegistered(Event, name="household.registered"):
    """A household (opaque id) of a hamlet."""

    household: UUID
    hamlet: UUID
    registered_on: date


class HouseholdMoved(Event, name="household.moved"):
    """It belongs to another hamlet."""

    household: UUID
    hamlet: UUID


class _VisitMade(BaseModel):
    visit: UUID
    household: UUID
    hamlet: UUID
    team: UUID
    member: UUID | None = None
    visited_on: date
    mode: str
    services: tuple[str, ...]
    outcome: str


class VisitRecorded(_VisitMade, Event, name="visit.recorded"):
    """A household was visited. Version 1 told `guided: bool` in place of `outcome`."""

    schema_version = 2

    @classmethod
    def upcast(cls, data: dict[str, Any], schema_version: int) -> dict[str, Any]:
        """Who was not guided was informed: version 1 knew no other outcomes."""
        if schema_version == 1:
            return {**data, "outcome": "guided" if data["guided"] else "informed"}
        return data


class VisitCorrected(_VisitMade, Event, name="visit.corrected"):
    """The visit as it really was."""

    reason: str


class VisitVoided(Event, name="visit.voided"):
    """The visit does not count."""

    visit: UUID
    reason: str


VisitEvent: TypeAlias = HouseholdRegistered | HouseholdMoved | VisitRecorded | VisitCorrected | VisitVoided


class Visits(ReadModel):
    """Tables of visits and households."""

    name = "visits"
    views: ClassVar[Mapping[str, Any]] = {"visits": VisitEvent}
    streams: ClassVar[frozenset[str]] = frozenset({"visit", "household"})

    def define(self) -> None:
        self.households = Table(
            f"households{self.suffix}",
            self.metadata,
            Column("household", Identifier, primary_key=True),
            Column("hamlet", Identifier, nullable=False),
            Column("registered_on", Date, nullable=False),
        )
        Index(f"households_hamlet{self.suffix}", self.households.c.hamlet)
        self.visits = Table(
            f"visits{self.suffix}",
            self.metadata,
            Column("visit", Identifier, primary_key=True),
            Column("household", Identifier, nullable=False),
            Column("hamlet", Identifier, nullable=False),
            Column("team", Identifier, nullable=False),
            Column("member", Identifier),
            Column("visited_on", Identifier, nullable=False),
            Column("mode", Identifier, nullable=False),
            Column("services", Identifier, nullable=False),
            Column("outcome", Identifier, nullable=False),
            Column("status", Identifier, nullable=False),
            Column("reason", Identifier),
        )
        Index(f"visits_hamlet{self.suffix}", self.visits.c.hamlet, self.visits.c.visited_on, self.visits.c.visit)
        Index(f"visits_team{self.suffix}", self.visits.c.team, self.visits.c.visited_on, self.visits.c.visit)

    def apply(self, connection: Connection, events: Sequence[Delivered[VisitEvent]]) -> None:
        households, visits = Rows(self.households), Rows(self.visits)
        for delivered in events:
            match delivered.event:
                case HouseholdRegistered() as household:
                    row = {"household": str(household.household), "hamlet": str(household.hamlet)}
                    households.put(row | {"registered_on": household.registered_on})
                case HouseholdMoved() as moved:
                    households.change((str(moved.household),), {"hamlet": str(moved.hamlet)})
                case VisitRecorded() as visit:
                    visits.put(_row(visit) | {"status": "recorded", "reason": None})
                case VisitCorrected() as visit:
                    visits.put(_row(visit) | {"status": "corrected", "reason": visit.reason})
                case VisitVoided() as voided:
                    visits.change((str(voided.visit),), {"status": "voided", "reason": voided.reason})
        write_all(connection, households, visits)


def _row(visit: VisitRecorded | VisitCorrected) -> dict[str, Any]:
    # Dates as ISO text: the log is paged by (day, id) and a cursor holds text.
    return visit.model_dump(mode="json", exclude={"services", "reason"}) | {"services": " ".join(visit.services)}


LIVE = Visits()
"""The tables readers see."""


# Questions; `visible` is the viewer's scope as a condition on the table asked


def visits_page(
    connection: Connection, visible: ColumnElement[bool], within: Sequence[ColumnElement[bool]], wanted: Slice
) -> Page:
    """Visits, the latest day first."""
    visits = LIVE.visits.c
    query = select(LIVE.visits).where(visible, *within)
    return page_of(connection, query, [visits.visited_on, visits.visit], wanted, descending=True)


def visits_count(connection: Connection, visible: ColumnElement[bool], within: Sequence[ColumnElement[bool]]) -> int:
    """How many visits there are."""
    return connection.execute(select(func.count()).select_from(LIVE.visits).where(visible, *within)).scalar_one()


def households_count(
    connection: Connection, visible: ColumnElement[bool], within: Sequence[ColumnElement[bool]]
) -> int:
    """How many households are registered."""
    return connection.execute(select(func.count()).select_from(LIVE.households).where(visible, *within)).scalar_one()


def households_by_id(connection: Connection, ids: Sequence[str], visible: ColumnElement[bool]) -> dict[str, Any]:
    """Household rows the viewer may see, by id."""
    rows = connection.execute(select(LIVE.households).where(LIVE.households.c.household.in_(ids), visible))
    return {row.household: row for row in rows}


def visits_by_id(connection: Connection, ids: Sequence[str], visible: ColumnElement[bool]) -> dict[str, Any]:
    """Visit rows the viewer may see, by id."""
    rows = connection.execute(select(LIVE.visits).where(LIVE.visits.c.visit.in_(ids), visible))
    return {row.visit: row for row in rows}
