"""Cases: residents' difficulties as officials may list them; what was said lies sealed in feedback's vault."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, TypeAlias
from uuid import UUID

from sqlalchemy import Boolean, Column, ColumnElement, Connection, Date, Index, Table, func, select

from gateway.paging import Page, Slice, page_of
from gateway.rows import Identifier, ReadModel
from services.kernel.message import Event
from services.kernel.projection import Delivered
from services.kernel.rows import Rows

# What it reads of feedback's events


class FeedbackSubmitted(Event, name="feedback.submitted"):
    """A difficulty came in."""

    case: UUID
    category: str
    service: str | None = None
    commune: UUID
    body: str
    severity: str
    channel: str
    has_contact: bool
    submitted_on: date


class FeedbackAnswered(Event, name="feedback.answered"):
    """It was answered."""

    case: UUID
    answered_on: date


class PersonErased(Event, name="person.erased"):
    """Nobody can read any more who said what."""

    case: UUID


CaseEvent: TypeAlias = FeedbackSubmitted | FeedbackAnswered | PersonErased


class Cases(ReadModel):
    """The table of cases."""

    name = "cases"
    views: ClassVar[Mapping[str, Any]] = {"feedback": CaseEvent}
    streams: ClassVar[frozenset[str]] = frozenset({"case"})

    def define(self) -> None:
        self.cases = Table(
            f"cases{self.suffix}",
            self.metadata,
            Column("case", Identifier, primary_key=True),
            Column("category", Identifier, nullable=False),
            Column("service", Identifier),
            Column("commune", Identifier, nullable=False),
            Column("body", Identifier, nullable=False),
            Column("severity", Identifier, nullable=False),
            Column("channel", Identifier, nullable=False),
            Column("has_contact", Boolean, nullable=False),
            Column("submitted_on", Date, nullable=False),
            Column("submitted_at", Identifier, nullable=False),
            Column("status", Identifier, nullable=False),
            Column("answered_on", Date),
            Column("erased", Boolean, nullable=False),
        )
        Index(f"cases_commune{self.suffix}", self.cases.c.commune, self.cases.c.submitted_at, self.cases.c.case)

    def apply(self, connection: Connection, events: Sequence[Delivered[CaseEvent]]) -> None:
        cases = Rows(self.cases)
        for delivered in events:
            match delivered.event:
                case FeedbackSubmitted() as submitted:
                    row = submitted.model_dump() | {"case": str(submitted.case), "commune": str(submitted.commune)}
                    row |= {"submitted_at": delivered.recorded.recorded_at, "status": "received"}
                    cases.put(row | {"answered_on": None, "erased": False})
                case FeedbackAnswered() as answered:
                    cases.change((str(answered.case),), {"status": "answered", "answered_on": answered.answered_on})
                case PersonErased() as erased:
                    cases.change((str(erased.case),), {"erased": True})
        cases.write(connection)


LIVE = Cases()
"""The table readers see."""


# Questions; `visible` is the viewer's scope as a condition on `cases`


def cases_page(
    connection: Connection, visible: ColumnElement[bool], within: Sequence[ColumnElement[bool]], wanted: Slice
) -> Page:
    """Cases, the newest first."""
    cases = LIVE.cases.c
    query = select(LIVE.cases).where(visible, *within)
    return page_of(connection, query, [cases.submitted_at, cases.case], wanted, descending=True)


def cases_count(connection: Connection, visible: ColumnElement[bool], within: Sequence[ColumnElement[bool]]) -> int:
    """How many cases there are."""
    return connection.execute(select(func.count()).select_from(LIVE.cases).where(visible, *within)).scalar_one()


def case_by_id(connection: Connection, case: str, visible: ColumnElement[bool]) -> Any | None:
    """The case, if the viewer may see it."""
    return connection.execute(select(LIVE.cases).where(LIVE.cases.c.case == case, visible)).one_or_none()
