"""What was decided about the map: reorganisations, and the units and hamlets each of them names."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

import orjson
from sqlalchemy import Column, ColumnElement, Connection, Date, Index, Table, func, select

from gateway.paging import Page, Slice, page_of
from gateway.rows import Identifier, ReadModel
from services.kernel.message import Event
from services.kernel.projection import Delivered
from services.kernel.rows import Rows, write_all

# What it reads of the registry's events


class ReorganisationDecided(Event, name="reorganisation.decided"):
    """What was decided, by whom, from which day on."""

    reorganisation: UUID
    on: date
    decision_no: str | None
    decision_date: date | None
    issuer: str | None
    source: str | None
    operations: tuple[dict[str, Any], ...]


class Reorganisations(ReadModel):
    """Tables of reorganisations and of the units and hamlets each of them names."""

    name = "reorganisations"
    views: ClassVar[Mapping[str, Any]] = {"registry": ReorganisationDecided}
    streams: ClassVar[frozenset[str]] = frozenset({"reorganisation"})

    def define(self) -> None:
        self.decided = Table(
            f"reorganisations{self.suffix}",
            self.metadata,
            Column("reorganisation", Identifier, primary_key=True),
            Column("on_day", Date, nullable=False),
            Column("decision_no", Identifier),
            Column("decision_date", Date),
            Column("issuer", Identifier),
            Column("source", Identifier),
            Column("operations", Identifier, nullable=False),
        )
        """`operations` is JSON, as decided."""
        self.named = Table(
            f"reorganisation_units{self.suffix}",
            self.metadata,
            Column("reorganisation", Identifier, primary_key=True),
            Column("unit", Identifier, primary_key=True),
        )
        Index(f"reorganisation_units_unit{self.suffix}", self.named.c.unit)

    def apply(self, connection: Connection, events: Sequence[Delivered[ReorganisationDecided]]) -> None:
        decided, named = Rows(self.decided), Rows(self.named)
        for delivered in events:
            event, about = delivered.event, str(delivered.event.reorganisation)
            row = event.model_dump(include={"decision_no", "decision_date", "issuer", "source"})
            operations = orjson.dumps(event.operations).decode()
            decided.put(row | {"reorganisation": about, "on_day": event.on, "operations": operations})
            for unit in {unit for operation in event.operations for unit in _named(operation)}:
                named.put({"reorganisation": about, "unit": unit})
        write_all(connection, decided, named)


def _named(operation: Mapping[str, Any]) -> Iterator[str]:
    """The ids an operation names, places above founded units left out."""
    for field in ("unit", "to", "hamlet"):
        if operation.get(field):
            yield operation[field]
    yield from operation.get("units", ())
    into = operation.get("into", ())
    yield from [into] if isinstance(into, str) else into


LIVE = Reorganisations()
"""The tables readers see."""


# Questions


def decided_page(connection: Connection, unit: str | None, wanted: Slice) -> Page:
    """Reorganisations that name a unit or hamlet, or all of them, in the order of their days."""
    table = LIVE.decided
    return page_of(connection, select(table).where(_about(unit)), [table.c.on_day, table.c.reorganisation], wanted)


def decided_count(connection: Connection, unit: str | None) -> int:
    """How many there are."""
    return connection.execute(select(func.count()).select_from(LIVE.decided).where(_about(unit))).scalar_one()


def _about(unit: str | None) -> ColumnElement[bool]:
    named = select(LIVE.named.c.reorganisation)
    return LIVE.decided.c.reorganisation.in_(named if unit is None else named.where(LIVE.named.c.unit == unit))
