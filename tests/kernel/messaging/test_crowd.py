"""Commands of many callers in few calls: to each his own answer, and nobody pays for his neighbour."""

import asyncio
from collections.abc import Callable, Sequence

import pytest

from services.kernel.bus import Answer, Payload, ServiceUnavailable
from services.kernel.messaging.crowd import CALLS, MOST, MOST_BYTES, PATIENCE_SECONDS, CouldNotAnswer, Crowd

Call = list[str]


class Service:
    """Answers every command with its own name once it is let; remembers what came in which call."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.seconds: list[float] = []
        self.open = asyncio.Event()
        self.bad = ""
        self.during: Callable[[Call], object] = lambda names: None
        self.error: type[Exception] | None = None

    async def __call__(self, commands: Sequence[tuple[str, Payload]], seconds: float) -> list[Answer]:
        names = [name for name, _ in commands]
        self.calls.append(names)
        self.seconds.append(seconds)
        try:
            async with asyncio.timeout(seconds):
                await self.open.wait()
        except TimeoutError:
            raise ServiceUnavailable("no answer") from None
        if self.error is not None:
            raise self.error("down")
        self.during(names)
        await asyncio.sleep(0.01)
        if self.bad in names:
            raise CouldNotAnswer("failed")
        return [Answer(True, name, 1) for name in names]


async def begin(crowd: Crowd, *names: str) -> list[asyncio.Task[Answer]]:
    """Commands under way, each from a caller of its own."""
    tasks = [asyncio.create_task(crowd.execute(name, {})) for name in names]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


async def streams(tasks: Sequence[asyncio.Task[Answer]]) -> list[str]:
    return [answer.stream for answer in await asyncio.gather(*tasks)]


def test_a_command_that_comes_alone_is_sent_at_once_and_alone() -> None:
    async def scene() -> None:
        service = Service()
        tasks = await begin(Crowd(service, 5), "one")
        assert service.calls == [["one"]]
        service.open.set()
        assert await streams(tasks) == ["one"]

    asyncio.run(scene())


def test_what_comes_while_calls_are_under_way_goes_together_and_gets_its_own_answers() -> None:
    async def scene() -> None:
        service = Service()
        crowd = Crowd(service, 5)
        first = [task for number in range(CALLS) for task in await begin(crowd, f"first {number}")]
        later = await begin(crowd, *(f"later {number}" for number in range(20)))
        assert len(service.calls) == CALLS, "nothing more is sent before an answer comes"
        service.open.set()
        assert await streams(later) == [f"later {number}" for number in range(20)]
        assert await streams(first) == [f"first {number}" for number in range(CALLS)]
        assert service.calls[CALLS:] == [[f"later {number}" for number in range(20)]]

    asyncio.run(scene())


def test_a_long_queue_goes_in_pieces_in_the_order_it_came() -> None:
    async def scene() -> None:
        service = Service()
        crowd = Crowd(service, 5)
        await begin(crowd, "first")
        names = [str(number) for number in range(3 * MOST)]
        tasks = await begin(crowd, *names)
        service.open.set()
        assert await streams(tasks) == names
        assert [name for call in service.calls[1:] for name in call] == names
        assert max(map(len, service.calls)) == MOST

    asyncio.run(scene())


def test_a_command_whose_caller_has_gone_is_not_sent() -> None:
    async def scene() -> None:
        service = Service()
        crowd = Crowd(service, 5)
        for number in range(CALLS):
            await begin(crowd, f"first {number}")
        gone, stays = await begin(crowd, "gone", "stays")
        gone.cancel()
        await asyncio.sleep(0)
        service.open.set()
        assert await streams([stays]) == ["stays"]
        assert service.calls[-1] == ["stays"]

    asyncio.run(scene())


def test_when_the_service_fails_at_a_call_only_the_command_to_blame_fails() -> None:
    async def scene() -> None:
        service = Service()
        service.bad = "bad"
        crowd = Crowd(service, 5)
        for number in range(CALLS):
            await begin(crowd, f"first {number}")
        tasks = await begin(crowd, "before", "bad", "after")
        service.open.set()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(found[1], ServiceUnavailable)
        assert [answer.stream for answer in (found[0], found[2]) if isinstance(answer, Answer)] == ["before", "after"]

    asyncio.run(scene())


def test_when_the_service_fails_at_a_call_nobody_is_sent_again_who_was_alone_in_it_or_has_gone() -> None:
    async def scene() -> None:
        service = Service()
        service.bad = "bad"
        crowd = Crowd(service, 5)
        lone = await begin(crowd, "bad")
        for number in range(1, CALLS):
            await begin(crowd, f"first {number}")
        gone, stays = await begin(crowd, "gone", "stays")
        (worse,) = await begin(crowd, "bad")
        service.during = lambda names: gone.cancel() if "gone" in names else None
        service.open.set()
        found = await asyncio.gather(*lone, stays, worse, return_exceptions=True)
        assert [type(each) for each in found] == [CouldNotAnswer, Answer, CouldNotAnswer]
        assert service.calls.count(["bad"]) == 2, "once in the beginning, once after it had failed with others"
        assert ["gone"] not in service.calls

    asyncio.run(scene())


def test_what_cannot_be_sent_fails_its_own_caller_only() -> None:
    async def scene() -> None:
        service = Service()
        service.open.set()
        crowd = Crowd(service, 5)
        good = await begin(crowd, "good")
        with pytest.raises(TypeError):
            await crowd.execute("bad", {"number": 1 << 70})
        assert await streams(good) == ["good"]

    asyncio.run(scene())


def test_large_commands_do_not_make_a_larger_call() -> None:
    async def scene() -> None:
        service = Service()
        crowd = Crowd(service, 5)
        for number in range(CALLS):
            await begin(crowd, f"first {number}")
        large = {"text": "x" * (MOST_BYTES // 2)}
        tasks = [asyncio.create_task(crowd.execute(f"large {number}", large)) for number in range(3)]
        await asyncio.sleep(0)
        service.open.set()
        assert await streams(tasks) == ["large 0", "large 1", "large 2"]
        assert [len(call) for call in service.calls[CALLS:]] == [1, 1, 1]

    asyncio.run(scene())


def test_calls_that_hang_hold_up_those_behind_them_only_for_a_moment() -> None:
    async def scene() -> None:
        service = Service()
        crowd = Crowd(service, 2)
        for number in range(CALLS):
            await begin(crowd, f"hangs {number}")
        behind = await begin(crowd, "one", "two")
        assert len(service.calls) == CALLS
        await asyncio.sleep(2 * PATIENCE_SECONDS)
        assert service.calls[CALLS:] == [["one", "two"]]
        assert service.seconds[-1] > 2 - 2 * PATIENCE_SECONDS, "with nearly all of their time left"
        service.open.set()
        assert await streams(behind) == ["one", "two"]

    asyncio.run(scene())


@pytest.mark.parametrize("error", [ServiceUnavailable, ValueError])
def test_when_the_way_is_broken_everybody_hears_it_and_the_next_caller_tries_anew(error: type[Exception]) -> None:
    async def scene() -> None:
        service = Service()
        service.error = error
        service.open.set()
        crowd = Crowd(service, 5)
        tasks = await begin(crowd, "one", "two", "three")
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(each) for each in found] == [error] * 3
        service.error = None
        assert await streams(await begin(crowd, "four")) == ["four"]

    asyncio.run(scene())


def test_nobody_waits_longer_than_a_call_may_take() -> None:
    async def scene() -> None:
        service = Service()
        crowd = Crowd(service, 0.5)
        tasks = [task for number in range(CALLS + 1) for task in await begin(crowd, f"{number}")]
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(each) for each in found] == [ServiceUnavailable] * (CALLS + 1)
        service.open.set()
        assert await streams(await begin(crowd, "later")) == ["later"]

    asyncio.run(scene())


def test_whoever_comes_in_the_very_moment_the_calls_end_is_sent_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.kernel.messaging.crowd.PATIENCE_SECONDS", 60.0)  # nobody is saved by waiting long

    async def scene() -> None:
        gate = asyncio.Event()

        async def send(commands: Sequence[tuple[str, Payload]], _seconds: float) -> list[Answer]:
            await gate.wait()
            return [Answer(True, name, 1) for name, _ in commands]

        crowd = Crowd(send, 5)

        async def twice() -> str:
            await crowd.execute("first", {})
            return (await crowd.execute("again", {})).stream

        eager = asyncio.create_task(twice())
        await asyncio.sleep(0.01)  # each has a call of its own
        for number in range(CALLS - 1):
            await begin(crowd, f"{number}")
        gate.set()
        assert await eager == "again"

    asyncio.run(scene())


def test_a_loop_that_ends_leaves_nobody_waiting() -> None:
    async def scene() -> None:
        service = Service()
        crowd = Crowd(service, 5)
        tasks = await begin(crowd, "one")
        for call in crowd._calls:
            call.cancel()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(found[0], ServiceUnavailable)

    asyncio.run(scene())
