"""Which digital services a difficulty may be about: told by the registry, read by the guard.

Before the registry's catalogue was imported, and while its events are on their way, the codes of the first release
(`data/services.csv`) are accepted: the form offers them, and the resident has a code for the report before this
service sees it. Every other code is unknown until it is told of, which may only mean not yet, so that refusal is not
remembered and the intake's next attempt succeeds. Days are not asked here, unlike for visits: that a service is no
more, or not yet there, may be the very difficulty, and a report already receipted would never come through. The form
itself offers only what is in force.
"""

import csv
from collections.abc import Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Any, ClassVar

from sqlalchemy import Column, Connection, Select, Table, Text, bindparam, select

from services.kernel.decider import Lookup
from services.kernel.message import Event
from services.kernel.projection import Delivered, Projection
from services.kernel.rows import Rows

_FILE = Path(__file__).parent / "data" / "services.csv"


class DigitalServicePublished(Event, name="digital_service.published"):
    """What feedback reads of the registry's event."""

    service: str


class Catalogue(Projection):
    """Codes of services that were ever published."""

    name: ClassVar[str] = "catalogue"
    views: ClassVar[dict[str, Any]] = {"registry": DigitalServicePublished}

    services: Table

    def define(self) -> None:
        self.services = Table(
            f"catalogue_services{self.suffix}", self.metadata, Column("service", Text, primary_key=True)
        )

    def apply(self, connection: Connection, events: Sequence[Delivered[DigitalServicePublished]]) -> None:
        services = Rows(self.services)
        for delivered in events:
            services.put({"service": delivered.event.service})
        services.write(connection)

    @cached_property
    def service(self) -> Select[Any]:
        """One row when the service of this code was told of."""
        return select(self.services.c.service).where(self.services.c.service == bindparam("service"))


CATALOGUE = Catalogue()
"""The live table."""


@cache
def first_codes() -> frozenset[str]:
    """Codes accepted before the registry speaks of them; the file is read once."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        return frozenset(row["code"] for row in csv.DictReader(file))


def is_known(code: str, lookup: Lookup) -> bool:
    """True for a service that a difficulty may be about."""
    return code in first_codes() or bool(lookup.query(CATALOGUE.service, service=code))
