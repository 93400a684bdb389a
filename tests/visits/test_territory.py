"""The local view of the registry that guards read."""

from collections.abc import Sequence

import pytest
from sqlalchemy import Connection, create_engine

from services.kernel.identifiers import derived_id
from services.kernel.message import Event
from services.visits.territory import HamletRegistered, TeamEstablished, Territory
from tests.visits.test_phone_batch import delivered

FIRST, SECOND = (derived_id("test", "hamlet", n) for n in range(2))
TEAM = derived_id("test", "team")
HISTORY: list[Event] = [
    HamletRegistered(hamlet=FIRST),
    TeamEstablished(team=TEAM, hamlets=(FIRST,)),
    HamletRegistered(hamlet=SECOND),
    TeamEstablished(team=TEAM, hamlets=(FIRST, SECOND)),
]


def rows(connection: Connection, batches: Sequence[Sequence[Event]]) -> tuple[list[str], list[str]]:
    territory = Territory()
    territory.metadata.create_all(connection)
    for batch in batches:
        territory.apply(connection, [delivered(event) for event in batch])
    known = [str(h) for h in (FIRST, SECOND) if connection.execute(territory.hamlet, {"hamlet": str(h)}).all()]
    return known, sorted(connection.execute(territory.served_by, {"team": str(TEAM)}).scalars())


@pytest.mark.parametrize("edge", range(len(HISTORY) + 1))
def test_the_rows_do_not_depend_on_batch_edges(edge: int) -> None:
    with create_engine("sqlite://").connect() as connection:
        both = sorted([str(FIRST), str(SECOND)])
        known, served = rows(connection, [HISTORY[:edge], HISTORY[edge:], HISTORY])
        assert (sorted(known), served) == (both, both)


def test_an_unknown_team_serves_nothing() -> None:
    with create_engine("sqlite://").connect() as connection:
        assert rows(connection, []) == ([], [])
