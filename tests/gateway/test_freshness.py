"""Read your own writes: by position in the stream, never by a guess at time."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from gateway.errors import InvalidInput, NotYetApplied, StreamParked
from gateway.freshness import Freshness, Written, read_token, read_tokens, token
from services.kernel.bus import Answer
from services.kernel.consumption import held_streams
from tests.gateway.world import World, unit_id


def written(world: World) -> Written:
    """A unit recorded but not yet taken in."""
    unit = world.unit("current", "96", "Tỉnh Cà Mau", "province", "Tỉnh", None)
    return Written("registry", f"unit-{unit}", 1)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def test_a_token_goes_there_and_back_and_says_nothing_else() -> None:
    made = token("registry", Answer(accepted=True, stream="team-1", version=7))
    assert read_token(made) == Written("registry", "team-1", 7)
    assert read_tokens([f"{made}, {made}", "", made]) == [Written("registry", "team-1", 7)] * 3


@pytest.mark.parametrize("text", ["x", "e30", "W10", "WzEsMiwzXQ", "💥", "W1siYSJdLCJiIiwxXQ"])
def test_a_token_not_ours_is_invalid_input(text: str) -> None:
    with pytest.raises(InvalidInput):
        read_token(text)


def test_too_many_tokens_are_refused() -> None:
    with pytest.raises(InvalidInput):
        read_tokens([token("registry", Answer(accepted=True, stream="team-1", version=1))] * 21)


@pytest.mark.anyio
async def test_what_has_been_taken_in_is_not_waited_for(world: World) -> None:
    seen = written(world)
    world.catch_up()
    with looking(world) as looks:
        await Freshness(world.database).wait([seen])
    assert len(looks) == 1


@pytest.mark.anyio
async def test_what_has_not_is_waited_for_until_it_has(world: World) -> None:
    seen = written(world)
    waiting = asyncio.create_task(Freshness(world.database).wait([seen]))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    world.catch_up()
    await waiting


@pytest.mark.anyio
async def test_all_who_wait_are_asked_for_together(world: World) -> None:
    seen, freshness = written(world), Freshness(world.database)
    with looking(world) as looks:
        waiting = [asyncio.create_task(freshness.wait([seen])) for _ in range(100)]
        await asyncio.sleep(0.05)
        world.catch_up()
        await asyncio.gather(*waiting)
    assert len(looks) < 50


@pytest.mark.anyio
async def test_one_who_goes_away_takes_nobody_with_him(world: World) -> None:
    seen, freshness = written(world), Freshness(world.database)
    impatient, patient = (asyncio.create_task(freshness.wait([seen])) for _ in range(2))
    await asyncio.sleep(0.02)
    impatient.cancel()
    await asyncio.sleep(0.02)
    world.catch_up()
    await patient


@pytest.mark.anyio
async def test_the_wait_is_bounded(world: World) -> None:
    with pytest.raises(NotYetApplied):
        await Freshness(world.database, seconds=0.05).wait([written(world)])


@pytest.mark.anyio
async def test_trouble_with_the_database_ends_the_wait_and_the_next_one_works(world: World) -> None:
    seen, freshness = written(world), Freshness(world.database)
    world.catch_up()
    with world.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE applied_versions RENAME TO away")
    with pytest.raises(DBAPIError):
        await freshness.wait([seen])
    with world.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO applied_versions")
    await freshness.wait([seen])


@pytest.mark.anyio
async def test_a_parked_stream_says_so_at_once(world: World) -> None:
    seen = written(world)
    with world.database.write() as connection:
        connection.execute(
            held_streams.insert().values(
                subscription="gateway.units",
                source="registry",
                stream=seen.stream,
                state="parked",
                attempts=4,
                next_attempt_at=0.0,
                reason="unreadable",
                since="2026-11-01",
            )
        )
    with pytest.raises(StreamParked):
        await Freshness(world.database).wait([seen])


@pytest.mark.anyio
async def test_streams_that_no_read_model_shows_are_not_waited_for(world: World) -> None:
    unknown = [Written("registry", "secret-1", 9), Written("nobody", f"unit-{unit_id('x', 'y', 'z')}", 9)]
    with looking(world) as looks:
        await Freshness(world.database).wait(unknown)
    assert looks == []


@contextmanager
def looking(world: World) -> Iterator[list[str]]:
    """The look-ups made meanwhile."""
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "applied_versions" in statement and statement.startswith("SELECT"):
            found.append(statement)

    event.listen(world.database.engine, "before_cursor_execute", note)
    yield found
    event.remove(world.database.engine, "before_cursor_execute", note)
