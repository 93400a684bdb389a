"""Good practices: what offices proposed, what everybody may read, found by its words with or without marks."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, TypeAlias, assert_never
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import Column, ColumnElement, Connection, Index, Select, Table, Text, func, select

from gateway import finding, materials, teams
from gateway.paging import Page, Slice, page_of
from gateway.rows import Identifier, ReadModel
from gateway.unit_tree import ever_held
from gateway.vietnamese import fold
from services.kernel.message import Event
from services.kernel.projection import Delivered
from services.kernel.rows import Rows, write_all

# What it reads of the registry's events


class Facts(BaseModel):
    """What is told of a practice."""

    title: str = Field(alias="name")
    done: str
    topic: str
    material: UUID | None


class GoodPracticeProposed(Event, name="good_practice.proposed"):
    """Written down, or written anew."""

    practice: UUID
    unit: UUID
    team: UUID | None
    facts: Facts
    proposed_on: date


class GoodPracticeShared(Event, name="good_practice.shared"):
    """Given to everybody."""

    practice: UUID
    shared_on: date


class GoodPracticeWithdrawn(Event, name="good_practice.withdrawn"):
    """Taken back, or dropped."""

    practice: UUID
    withdrawn_on: date


GoodPracticeEvent: TypeAlias = GoodPracticeProposed | GoodPracticeShared | GoodPracticeWithdrawn


class GoodPractices(ReadModel):
    """The table of good practices."""

    name = "good_practices"
    views: ClassVar[Mapping[str, Any]] = {"registry": GoodPracticeEvent}
    streams: ClassVar[frozenset[str]] = frozenset({"good_practice"})

    def define(self) -> None:
        self.practices = Table(
            f"good_practices{self.suffix}",
            self.metadata,
            Column("practice", Identifier, primary_key=True),
            Column("unit", Identifier, nullable=False),
            Column("team", Identifier),
            Column("name", Text, nullable=False),
            Column("done", Text, nullable=False),
            Column("topic", Identifier, nullable=False),
            Column("material", Identifier),
            Column("status", Identifier, nullable=False),
            Column("proposed_on", Identifier, nullable=False),
            Column("shared_on", Identifier),
            Column("withdrawn_on", Identifier),
            Column("last_step_on", Identifier, nullable=False),
            Column("search_text", Text, nullable=False),
        )
        """ISO days; `status` is proposed, shared or withdrawn."""
        practices = self.practices.c
        Index(f"good_practices_order{self.suffix}", practices.status, practices.last_step_on, practices.practice)

    def apply(self, connection: Connection, events: Sequence[Delivered[GoodPracticeEvent]]) -> None:
        practices = Rows(self.practices)
        for delivered in events:
            event = delivered.event
            key = (str(event.practice),)
            match event:
                case GoodPracticeProposed():
                    practices.put(_row(event))
                case GoodPracticeShared():
                    day = event.shared_on.isoformat()
                    practices.change(key, {"status": "shared", "shared_on": day, "last_step_on": day})
                case GoodPracticeWithdrawn():
                    day = event.withdrawn_on.isoformat()
                    practices.change(key, {"status": "withdrawn", "withdrawn_on": day, "last_step_on": day})
                case _:
                    assert_never(event)
        write_all(connection, practices)


def _row(event: GoodPracticeProposed) -> dict[str, Any]:
    facts, day = event.facts, event.proposed_on.isoformat()
    return {
        "practice": str(event.practice),
        "unit": str(event.unit),
        "team": None if event.team is None else str(event.team),
        "name": facts.title,
        "done": facts.done,
        "topic": facts.topic,
        "material": None if facts.material is None else str(facts.material),
        "status": "proposed",
        "proposed_on": day,
        "shared_on": None,
        "withdrawn_on": None,
        "last_step_on": day,
        "search_text": fold(f"{facts.title} {facts.done} {facts.topic}"),
    }


LIVE = GoodPractices()
"""The table readers see."""


# Questions; `within` holds who may see what: what is shared is everybody's


def mentions(text: str) -> list[ColumnElement[bool]]:
    """Every word of `text` begins a word of the title, of the text or of the topic; marks do not matter."""
    return finding.mentions(LIVE.practices.c.search_text, text)


def of_place(unit: str, today: date) -> ColumnElement[bool]:
    """Practices of a unit, of what lies below it and of what preceded these."""
    return LIVE.practices.c.unit.in_(select(ever_held([unit], today, "asked_about").c.unit))


def _named() -> Select[Any]:
    """Practices with the name of their team, which is public."""
    table = teams.LIVE.teams
    named = select(LIVE.practices, table.c.name.label("team_name"))
    return named.outerjoin(table, table.c.team == LIVE.practices.c.team)


def practices_page(connection: Connection, within: Sequence[ColumnElement[bool]], wanted: Slice) -> Page:
    """Practices, those of the latest step first."""
    practices = LIVE.practices.c
    query = _named().where(*within)
    return page_of(connection, query, [practices.last_step_on, practices.practice], wanted, descending=True)


def practices_count(connection: Connection, within: Sequence[ColumnElement[bool]]) -> int:
    """How many there are."""
    return connection.execute(select(func.count()).select_from(LIVE.practices).where(*within)).scalar_one()


def practice_by_id(connection: Connection, practice: str) -> Any | None:
    """The practice of this id."""
    return connection.execute(_named().where(LIVE.practices.c.practice == practice)).one_or_none()


def materials_handed_out(connection: Connection, ids: Sequence[str]) -> dict[str, Any]:
    """Of these materials those handed out now, by id; for everybody."""
    return materials.materials_by_id(connection, ids, materials.LIVE.materials.c.status == "published")
