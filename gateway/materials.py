"""Guidance materials: what is drafted, what the province said, what teams hand out."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, TypeAlias, assert_never
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Date,
    Index,
    LargeBinary,
    Table,
    and_,
    func,
    or_,
    select,
)

from gateway.paging import Page, Slice, page_of
from gateway.rows import Identifier, ReadModel
from gateway.vietnamese import fold, sort_key
from services.kernel.message import Event
from services.kernel.projection import Delivered
from services.kernel.rows import Rows, write_all

# What it reads of the registry's events


class File(BaseModel):
    """The file by its content."""

    sha256: str
    media_type: str
    size: int


class Facts(BaseModel):
    """What is told of a material."""

    title: str = Field(alias="name")
    topic: str
    service: str | None
    language: str
    issuer: str
    file: File


class MaterialDrafted(Event, name="material.drafted"):
    """Written, or written anew."""

    material: UUID
    unit: UUID
    facts: Facts


class MaterialOpinionGiven(Event, name="material.opinion_given"):
    """What the province said."""

    material: UUID
    favourable: bool
    document: str
    given_on: date


class MaterialApproved(Event, name="material.approved"):
    """Approved."""

    material: UUID
    approved_on: date


class MaterialPublished(Event, name="material.published"):
    """Handed out."""

    material: UUID
    published_on: date
    replaces: UUID | None


class MaterialWithdrawn(Event, name="material.withdrawn"):
    """Handed out no more."""

    material: UUID
    withdrawn_on: date
    replaced_by: UUID | None


MaterialEvent: TypeAlias = (
    MaterialDrafted | MaterialOpinionGiven | MaterialApproved | MaterialPublished | MaterialWithdrawn
)


class Materials(ReadModel):
    """The table of materials."""

    name = "materials"
    views: ClassVar[Mapping[str, Any]] = {"registry": MaterialEvent}
    streams: ClassVar[frozenset[str]] = frozenset({"material"})

    def define(self) -> None:
        self.materials = Table(
            f"materials{self.suffix}",
            self.metadata,
            Column("material", Identifier, primary_key=True),
            Column("unit", Identifier, nullable=False),
            Column("name", Identifier, nullable=False),
            Column("topic", Identifier, nullable=False),
            Column("service", Identifier),
            Column("language", Identifier, nullable=False),
            Column("issuer", Identifier, nullable=False),
            Column("sha256", Identifier, nullable=False),
            Column("media_type", Identifier, nullable=False),
            Column("size", BigInteger, nullable=False),
            Column("status", Identifier, nullable=False),
            Column("opinion", Identifier),
            Column("opinion_document", Identifier),
            Column("opinion_on", Date),
            Column("approved_on", Date),
            Column("published_on", Date),
            Column("withdrawn_on", Date),
            Column("replaces", Identifier),
            Column("replaced_by", Identifier),
            Column("search_text", Identifier, nullable=False),
            Column("sort_key", LargeBinary, nullable=False),
        )
        """`status` is drafted, approved, published or withdrawn; `opinion` favourable or unfavourable."""
        Index(f"materials_sha256{self.suffix}", self.materials.c.sha256)
        Index(f"materials_name{self.suffix}", self.materials.c.sort_key, self.materials.c.material)

    def apply(self, connection: Connection, events: Sequence[Delivered[MaterialEvent]]) -> None:
        materials = Rows(self.materials)
        for delivered in events:
            event = delivered.event
            key = (str(event.material),)
            match event:
                case MaterialDrafted():
                    materials.put(_row(event))
                case MaterialOpinionGiven():
                    said = {"opinion": "favourable" if event.favourable else "unfavourable"}
                    materials.change(key, {**said, "opinion_document": event.document, "opinion_on": event.given_on})
                case MaterialApproved():
                    materials.change(key, {"status": "approved", "approved_on": event.approved_on})
                case MaterialPublished():
                    days = {"status": "published", "published_on": event.published_on}
                    materials.change(key, {**days, "replaces": _id(event.replaces)})
                case MaterialWithdrawn():
                    days = {"status": "withdrawn", "withdrawn_on": event.withdrawn_on}
                    materials.change(key, {**days, "replaced_by": _id(event.replaced_by)})
                case _:
                    assert_never(event)
        write_all(connection, materials)


_LATER = ("opinion", "opinion_document", "opinion_on", "approved_on", "published_on", "withdrawn_on")


def _row(event: MaterialDrafted) -> dict[str, Any]:
    facts = event.facts
    row: dict[str, Any] = dict.fromkeys((*_LATER, "replaces", "replaced_by"))
    row |= facts.model_dump(include={"topic", "service", "language", "issuer"}) | facts.file.model_dump()
    ids = {"material": str(event.material), "unit": str(event.unit)}
    words = {
        "search_text": fold(f"{facts.title} {facts.topic} {facts.service or ''}"),
        "sort_key": sort_key(facts.title),
    }
    return row | ids | words | {"name": facts.title, "status": "drafted"}


def _id(of: UUID | None) -> str | None:
    return None if of is None else str(of)


LIVE = Materials()
"""The table readers see."""


# Questions; `visible` is the viewer's scope as a condition on `materials`


def published_before(day: date) -> ColumnElement[bool]:
    """Handed out before a day, and not taken back before it."""
    materials = LIVE.materials.c
    return and_(materials.published_on < day, or_(materials.withdrawn_on.is_(None), materials.withdrawn_on >= day))


def on_topic(topic: str) -> ColumnElement[bool]:
    """About a subject, or about the service of that code."""
    return or_(LIVE.materials.c.topic == topic, LIVE.materials.c.service == topic)


def materials_page(
    connection: Connection, visible: ColumnElement[bool], within: Sequence[ColumnElement[bool]], wanted: Slice
) -> Page:
    """Materials by name."""
    materials = LIVE.materials.c
    query = select(LIVE.materials).where(visible, *within)
    return page_of(connection, query, [materials.sort_key, materials.material], wanted)


def materials_count(connection: Connection, visible: ColumnElement[bool], within: Sequence[ColumnElement[bool]]) -> int:
    """How many there are."""
    return connection.execute(select(func.count()).select_from(LIVE.materials).where(visible, *within)).scalar_one()


def materials_by_id(connection: Connection, ids: Sequence[str], visible: ColumnElement[bool]) -> dict[str, Any]:
    """Materials the viewer may see, by id."""
    rows = connection.execute(select(LIVE.materials).where(LIVE.materials.c.material.in_(ids), visible))
    return {row.material: row for row in rows}


def materials_of_file(connection: Connection, digest: str, *within: ColumnElement[bool]) -> list[Any]:
    """Materials that have this file, the published ones first."""
    materials = LIVE.materials.c
    query = select(LIVE.materials).where(materials.sha256 == digest, *within)
    published_first = (materials.status != "published", materials.published_on, materials.material)
    return list(connection.execute(query.order_by(*published_first)))


def files_in_use(connection: Connection) -> set[str]:
    """Digests of the files of all materials there are, withdrawn ones included."""
    return set(connection.execute(select(LIVE.materials.c.sha256).distinct()).scalars())
