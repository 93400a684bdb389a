"""Decisions on many teams, with the lists attached to them, as they were issued."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

import orjson
from sqlalchemy import Column, ColumnElement, Connection, Index, Table, func, select

from gateway.paging import Page, Slice, page_of
from gateway.rows import Identifier, ReadModel
from services.kernel.message import Event
from services.kernel.projection import Delivered
from services.kernel.rows import Rows, write_all


class TeamDecisionIssued(Event, name="team_decision.issued"):
    """What it reads of the registry's event; `acts` as the registry writes them."""

    decision: UUID
    unit: UUID
    decision_no: str
    decision_date: date
    signer: str | None = None
    acts: tuple[dict[str, Any], ...]


class Decisions(ReadModel):
    """Table of decisions, each with its acts as JSON: they are shown whole or not at all."""

    name = "decisions"
    views: ClassVar[Mapping[str, Any]] = {"registry": TeamDecisionIssued}
    streams: ClassVar[frozenset[str]] = frozenset({"team_decision"})

    def define(self) -> None:
        self.decisions = Table(
            f"issued_decisions{self.suffix}",
            self.metadata,
            Column("decision", Identifier, primary_key=True),
            Column("unit", Identifier, nullable=False),
            Column("decision_no", Identifier, nullable=False),
            Column("decision_date", Identifier, nullable=False),
            Column("signer", Identifier),
            Column("acts", Identifier, nullable=False),
        )
        table = self.decisions.c
        Index(f"issued_decisions_unit{self.suffix}", table.unit, table.decision_date)

    def apply(self, connection: Connection, events: Sequence[Delivered[TeamDecisionIssued]]) -> None:
        decisions = Rows(self.decisions)
        for delivered in events:
            row = delivered.event.model_dump(mode="json", include={"decision", "unit", "decision_no", "signer"})
            acts = orjson.dumps(delivered.event.acts).decode()
            decisions.put(row | {"decision_date": delivered.event.decision_date.isoformat(), "acts": acts})
        write_all(connection, decisions)


LIVE = Decisions()
"""The tables readers see."""


# Questions; `visible` is the viewer's scope as a condition on `issued_decisions`


def decisions_page(connection: Connection, visible: ColumnElement[bool], wanted: Slice) -> Page:
    """Decisions the viewer may see, the latest first."""
    table = LIVE.decisions.c
    order = [table.decision_date, table.decision]
    return page_of(connection, select(LIVE.decisions).where(visible), order, wanted, descending=True)


def decisions_count(connection: Connection, visible: ColumnElement[bool]) -> int:
    """How many of them there are."""
    return connection.execute(select(func.count()).select_from(LIVE.decisions).where(visible)).scalar_one()


def decision_by_id(connection: Connection, decision: str, visible: ColumnElement[bool]) -> Any | None:
    """One decision the viewer may see."""
    return connection.execute(
        select(LIVE.decisions).where(LIVE.decisions.c.decision == decision, visible)
    ).one_or_none()


def acts_of(decision: Any) -> list[dict[str, Any]]:
    """What a decision says of each team."""
    acts: list[dict[str, Any]] = orjson.loads(decision.acts)
    return acts
