"""The local view of the registry that guards read."""

from collections.abc import Sequence
from datetime import date

import pytest
from sqlalchemy import Connection, create_engine

from services.kernel.identifiers import derived_id
from services.kernel.message import Event
from services.visits.territory import (
    ALWAYS,
    HamletRegistered,
    TeamDissolved,
    TeamEstablished,
    TeamRenewed,
    Territory,
)
from tests.visits.test_phone_batch import delivered

FIRST, SECOND = (derived_id("test", "hamlet", n) for n in range(2))
TEAM = derived_id("test", "team")
HISTORY: list[Event] = [
    HamletRegistered(hamlet=FIRST),
    TeamEstablished(team=TEAM, hamlets=(FIRST,)),
    HamletRegistered(hamlet=SECOND),
    TeamRenewed(team=TEAM, hamlets=(SECOND,), decision_date=date(2026, 7, 1)),
    TeamDissolved(team=TEAM, decision_date=date(2026, 10, 1)),
]
Span = tuple[str, str, str]


def rows(connection: Connection, batches: Sequence[Sequence[Event]]) -> tuple[list[str], list[Span]]:
    territory = Territory()
    territory.metadata.create_all(connection)
    for batch in batches:
        territory.apply(connection, [delivered(event) for event in batch])
    known = [str(h) for h in (FIRST, SECOND) if connection.execute(territory.hamlet, {"hamlet": str(h)}).all()]
    spans = connection.execute(territory.served_by, {"team": str(TEAM)})
    return known, sorted((row.since, row.until, row.hamlet) for row in spans)


@pytest.mark.parametrize("edge", range(len(HISTORY) + 1))
def test_the_spans_do_not_depend_on_batch_edges(edge: int) -> None:
    with create_engine("sqlite://").connect() as connection:
        known, spans = rows(connection, [HISTORY[:edge], HISTORY[edge:]])
        assert sorted(known) == sorted([str(FIRST), str(SECOND)])
        assert spans == [(ALWAYS, "2026-07-01", str(FIRST)), ("2026-07-01", "2026-10-01", str(SECOND))]


def test_an_unknown_team_serves_nothing() -> None:
    with create_engine("sqlite://").connect() as connection:
        assert rows(connection, []) == ([], [])
