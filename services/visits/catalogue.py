"""Which digital services a team may have guided a household in on a day: told by the registry, read by the guards.

Before the registry's catalogue was imported, and while its events are on their way, the registry has told of nothing.
Phones went on working with the codes of the first release (`data/digital-services.csv`), and what a team did at a door
must not wait for a file: such a code is accepted on any day until the registry speaks of that very code; from then on
the registry's days hold. Every other code is unknown until it is told of, which may only mean not yet, so that refusal
is not remembered. A day nobody stated excludes nothing. Whose territory a service has is not asked: people are guided
in services of the province they came from.

Errors:

    Refused
    ├── UnknownService        "UNKNOWN_SERVICE"
    └── ServiceNotAvailable   "SERVICE_NOT_AVAILABLE"   not yet, or no more, on the day of the visit
"""

import csv
from collections.abc import Iterable, Sequence
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Column, Connection, Select, Table, Text, bindparam, select

from services.kernel.decider import Lookup, NotKnownHere, Refused
from services.kernel.message import Event
from services.kernel.projection import Delivered, Projection
from services.kernel.rows import Rows

_FILE = Path(__file__).parent / "data" / "digital-services.csv"
ALWAYS, FOR_EVER = "", "9999-12-31"


class UnknownService(NotKnownHere):
    """No service of this code has been told of (yet)."""

    code = "UNKNOWN_SERVICE"


class ServiceNotAvailable(Refused):
    """The service did not exist on that day."""

    code = "SERVICE_NOT_AVAILABLE"


class Facts(BaseModel):
    """What visits read of a service's words."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    title: str = Field(alias="name")


class DigitalServicePublished(Event, name="digital_service.published"):
    """What visits read of the registry's event."""

    service: str
    facts: Facts
    valid_from: date | None


class DigitalServiceWithdrawn(Event, name="digital_service.withdrawn"):
    """It ends; a proposal that was never published has no last day."""

    service: str
    last_day: date | None


CatalogueEvent: TypeAlias = DigitalServicePublished | DigitalServiceWithdrawn


class Catalogue(Projection):
    """Services told of, each with its first and last day as ISO text."""

    name: ClassVar[str] = "catalogue"
    views: ClassVar[dict[str, Any]] = {"registry": CatalogueEvent}

    services: Table

    def define(self) -> None:
        self.services = Table(
            f"catalogue_services{self.suffix}",
            self.metadata,
            Column("service", Text, primary_key=True),
            Column("name", Text, nullable=False),
            Column("valid_from", Text, nullable=False),
            Column("last_day", Text, nullable=False),
        )

    def apply(self, connection: Connection, events: Sequence[Delivered[CatalogueEvent]]) -> None:
        services = Rows(self.services)
        for delivered in events:
            match delivered.event:
                case DigitalServicePublished(service=service, facts=facts, valid_from=day):
                    since = ALWAYS if day is None else day.isoformat()
                    row = {"service": service, "name": facts.title, "valid_from": since}
                    services.put(row | {"last_day": FOR_EVER})
                case DigitalServiceWithdrawn(service=service, last_day=day) if day is not None:
                    services.change((service,), {"last_day": day.isoformat()})
                case _:
                    pass
        services.write(connection)

    @cached_property
    def service(self) -> Select[Any]:
        """One row when the service of this code was told of."""
        return select(self.services).where(self.services.c.service == bindparam("service"))


CATALOGUE = Catalogue()
"""The live table."""


@cache
def first_codes() -> frozenset[str]:
    """Codes accepted before the registry speaks of them; the file is read once."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        return frozenset(row["code"] for row in csv.DictReader(file))


def check_services(codes: Iterable[str], day: date, lookup: Lookup) -> None:
    """Refuse a code nobody told of, or one not in the catalogue on `day`. The message never repeats the input."""
    for code in codes:
        found = lookup.query(CATALOGUE.service, service=code)
        if not found:
            if code not in first_codes():
                raise UnknownService("Có mã dịch vụ không nằm trong danh mục.", field="services")
        elif not found[0].valid_from <= day.isoformat() <= found[0].last_day:
            raise ServiceNotAvailable(f"Dịch vụ {found[0].name} không có vào ngày này.", field="services")
