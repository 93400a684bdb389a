"""The catalogue of digital services: what is proposed, what is in force on a day, and in which words."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, TypeAlias, assert_never
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Date,
    LargeBinary,
    Select,
    Table,
    Text,
    and_,
    func,
    or_,
    select,
)

from gateway import finding
from gateway.paging import Page, Slice, page_of
from gateway.rows import Identifier, ReadModel
from gateway.unit_tree import around
from gateway.vietnamese import fold, sort_key
from services.kernel.message import Event
from services.kernel.projection import Delivered
from services.kernel.rows import Rows, write_all

ALWAYS, FOR_EVER = "", "9999-12-31"

# What it reads of the registry's events


class Facts(BaseModel):
    """The words of a service."""

    title: str = Field(alias="name")
    name_en: str
    group: str
    owner: str | None
    hotline: str | None
    source: str | None


class Proposer(BaseModel):
    """Who asked for it."""

    kind: str
    organisation: str


class DigitalServiceProposed(Event, name="digital_service.proposed"):
    """Asked for."""

    service: str
    facts: Facts
    territory: UUID | None
    proposer: Proposer | None


class DigitalServicePublished(Event, name="digital_service.published"):
    """In the catalogue."""

    service: str
    facts: Facts
    territory: UUID | None
    proposer: Proposer | None
    valid_from: date | None


class DigitalServiceRevised(Event, name="digital_service.revised"):
    """Other words from a day on."""

    service: str
    facts: Facts
    revised_on: date


class DigitalServiceWithdrawn(Event, name="digital_service.withdrawn"):
    """Ends; without a day it was a proposal, and is gone."""

    service: str
    last_day: date | None


DigitalServiceEvent: TypeAlias = (
    DigitalServiceProposed | DigitalServicePublished | DigitalServiceRevised | DigitalServiceWithdrawn
)


class DigitalServices(ReadModel):
    """Tables of services and of their words by spans of days."""

    name = "digital_services"
    views: ClassVar[Mapping[str, Any]] = {"registry": DigitalServiceEvent}
    streams: ClassVar[frozenset[str]] = frozenset({"digital_service"})

    def define(self) -> None:
        self.services = Table(
            f"digital_services{self.suffix}",
            self.metadata,
            Column("service", Identifier, primary_key=True),
            Column("status", Identifier, nullable=False),
            Column("territory", Identifier),
            Column("proposer_kind", Identifier),
            Column("proposer", Identifier),
            Column("valid_from", Date),
            Column("last_day", Date),
        )
        """`status` is proposed, published or taken_back (never published)."""
        self.words = Table(
            f"digital_service_words{self.suffix}",
            self.metadata,
            Column("service", Identifier, primary_key=True),
            Column("since", Identifier, primary_key=True),
            Column("until", Identifier, nullable=False),
            Column("name", Identifier, nullable=False),
            Column("name_en", Identifier, nullable=False),
            Column("service_group", Identifier, nullable=False),
            Column("owner", Identifier),
            Column("hotline", Identifier),
            Column("source", Identifier),
            Column("search_text", Text, nullable=False),
            Column("sort_key", LargeBinary, nullable=False),
        )
        """ISO days, `until` not included."""

    def apply(self, connection: Connection, events: Sequence[Delivered[DigitalServiceEvent]]) -> None:
        services, words = Rows(self.services), Rows(self.words)
        since: dict[str, str] = {}
        """Of each service touched: since when its newest words hold."""
        for delivered in events:
            event = delivered.event
            match event:
                case DigitalServiceProposed() | DigitalServicePublished():
                    services.put(_row(event))
                    words.put(_words(event.service, event.facts, ALWAYS))
                    since[event.service] = ALWAYS
                case DigitalServiceRevised():
                    day = event.revised_on.isoformat()
                    before = since.get(event.service) or self._newest(connection, event.service)
                    if before < day:
                        words.change((event.service, before), {"until": day})
                    words.put(_words(event.service, event.facts, day))
                    since[event.service] = day
                case DigitalServiceWithdrawn(last_day=None):
                    services.change((event.service,), {"status": "taken_back"})
                case DigitalServiceWithdrawn():
                    services.change((event.service,), {"last_day": event.last_day})
                case _:
                    assert_never(event)
        write_all(connection, services, words)

    def _newest(self, connection: Connection, service: str) -> str:
        words = self.words.c
        newest = select(func.max(words.since)).where(words.service == service)
        return connection.execute(newest).scalar() or ALWAYS


def _row(event: DigitalServiceProposed | DigitalServicePublished) -> dict[str, Any]:
    proposer = event.proposer
    return {
        "service": event.service,
        "status": "proposed" if isinstance(event, DigitalServiceProposed) else "published",
        "territory": None if event.territory is None else str(event.territory),
        "proposer_kind": proposer and proposer.kind,
        "proposer": proposer and proposer.organisation,
        "valid_from": None if isinstance(event, DigitalServiceProposed) else event.valid_from,
        "last_day": None,
    }


def _words(service: str, facts: Facts, since: str) -> dict[str, Any]:
    row = facts.model_dump(include={"name_en", "owner", "hotline", "source"})
    return row | {
        "service": service,
        "since": since,
        "until": FOR_EVER,
        "name": facts.title,
        "service_group": facts.group,
        "search_text": fold(f"{facts.title} {facts.name_en} {service}"),
        "sort_key": sort_key(facts.title),
    }


LIVE = DigitalServices()
"""The tables readers see."""


# Questions; `visible` is the viewer's scope as a condition on `digital_services`


def in_force(day: date) -> ColumnElement[bool]:
    """Published, and no stated day excludes this one."""
    services = LIVE.services.c
    return and_(
        services.status == "published",
        or_(services.valid_from.is_(None), services.valid_from <= day),
        or_(services.last_day.is_(None), services.last_day >= day),
    )


def mentions(text: str) -> list[ColumnElement[bool]]:
    """Every word of `text` begins a word of the name, of the English name or of the code; marks do not matter."""
    return finding.mentions(LIVE.words.c.search_text, text)


def serving(connection: Connection, unit: str, day: date) -> ColumnElement[bool]:
    """Services of the whole country, of the unit and of what is around it."""
    territory = LIVE.services.c.territory
    return or_(territory.is_(None), territory.in_(around(connection, unit, day)))


def _on(day: date) -> Select[Any]:
    """Services with the words of a day."""
    services, words = LIVE.services, LIVE.words
    rest = [column for column in words.c if column.name != "service"]
    day_text = day.isoformat()
    return (
        select(services, *rest)
        .join(words, words.c.service == services.c.service)
        .where(services.c.status != "taken_back", words.c.since <= day_text, words.c.until > day_text)
    )


def services_page(
    connection: Connection,
    day: date,
    visible: ColumnElement[bool],
    within: Sequence[ColumnElement[bool]],
    wanted: Slice,
) -> Page:
    """Services by name."""
    query = _on(day).where(visible, *within)
    return page_of(connection, query, [LIVE.words.c.sort_key, LIVE.services.c.service], wanted)


def services_count(
    connection: Connection, day: date, visible: ColumnElement[bool], within: Sequence[ColumnElement[bool]]
) -> int:
    """How many there are."""
    query = select(func.count()).select_from(_on(day).where(visible, *within).subquery())
    return connection.execute(query).scalar_one()


def service_by_code(connection: Connection, code: str, day: date, visible: ColumnElement[bool]) -> Any | None:
    """The service of a code with the words of a day, if the viewer may see it."""
    return connection.execute(_on(day).where(LIVE.services.c.service == code, visible)).one_or_none()


def services_by_code(connection: Connection, codes: Sequence[str], day: date) -> dict[str, Any]:
    """Published services with the words of a day, in force or not."""
    services = LIVE.services.c
    rows = connection.execute(_on(day).where(services.service.in_(codes), services.status == "published"))
    return {row.service: row for row in rows}


def known(connection: Connection, day: date) -> dict[str, str | None]:
    """Every service that was ever published, by name in order; None instead of the name when not in force that day."""
    services = LIVE.services.c
    query = _on(day).where(services.status == "published").order_by(LIVE.words.c.sort_key, services.service)
    is_on = in_force(day)
    rows = connection.execute(query.add_columns(is_on.label("is_on")))
    return {row.service: row.name if row.is_on else None for row in rows}
