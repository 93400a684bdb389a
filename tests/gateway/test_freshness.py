"""Read your own writes: by position in the stream, never by a guess at time."""

import pytest

from gateway import freshness
from gateway.errors import InvalidInput, NotYetApplied, StreamParked
from gateway.freshness import Written, read_token, read_tokens, token, wait
from services.kernel.bus import Answer
from services.kernel.subscription import held_streams
from tests.gateway.world import World, unit_id


def written(world: World) -> Written:
    """A unit recorded but not yet taken in."""
    unit = world.unit("current", "96", "Tỉnh Cà Mau", "province", "Tỉnh", None)
    return Written("registry", f"unit-{unit}", 1)


async def never(_: float) -> None:
    raise AssertionError("it should not have had to wait")


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
    await wait(world.database, [seen], pause=never)


@pytest.mark.anyio
async def test_what_has_not_is_waited_for_until_it_has(world: World) -> None:
    seen, looks = written(world), []

    async def pause(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 3:
            world.catch_up()

    await wait(world.database, [seen], pause=pause)
    assert looks == list(freshness.PAUSES[:3])


@pytest.mark.anyio
async def test_the_wait_is_bounded(world: World) -> None:
    with pytest.raises(NotYetApplied):
        await wait(world.database, [written(world)], seconds=0, pause=never)


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
        await wait(world.database, [seen], pause=never)


@pytest.mark.anyio
async def test_streams_that_no_read_model_shows_are_not_waited_for(world: World) -> None:
    unknown = [Written("registry", "secret-1", 9), Written("nobody", f"unit-{unit_id('x', 'y', 'z')}", 9)]
    await wait(world.database, unknown, pause=never)
