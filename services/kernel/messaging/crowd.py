"""Commands of many callers in one call: what comes while others are on their way waits a moment and goes together.

A call costs both ends and the broker some milliseconds of processor time, however many commands are in it. Whoever
comes alone is sent at once; the more come, the more share a call, so that the cost of a command falls as load rises.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from services.kernel.bus import Answer, Payload, ServiceUnavailable

CALLS = 2
"""Under way at the same time; more would leave nothing to go together."""
MOST = 50
"""Commands in one call: few enough that nobody waits long for his neighbours."""


class CouldNotAnswer(ServiceUnavailable):
    """The service failed at the call, and said so: one command in it may be to blame, the others are sent alone."""


@dataclass(eq=False, slots=True)
class _Waiting:
    command: tuple[str, Payload]
    until: float
    """On the loop's clock: nobody waits for the answer any more, and the command must not run."""
    answer: asyncio.Future[Answer]


class Crowd:
    """The way of single commands to one service. Belongs to one event loop."""

    def __init__(
        self, send: Callable[[Sequence[tuple[str, Payload]], float], Awaitable[Sequence[Answer]]], seconds: float
    ) -> None:
        self._send = send
        self._seconds = seconds
        self._waiting: deque[_Waiting] = deque()
        self._calls: set[asyncio.Task[None]] = set()

    async def execute(self, command: str, payload: Payload) -> Answer:
        """The command's own answer. Raises `ServiceUnavailable` and whatever else sending raises."""
        loop = asyncio.get_running_loop()
        mine = _Waiting((command, payload), loop.time() + self._seconds, loop.create_future())
        self._waiting.append(mine)
        if len(self._calls) < CALLS:
            self._calls.add(loop.create_task(self._work()))
        try:
            async with asyncio.timeout_at(mine.until):
                return await mine.answer
        except TimeoutError:
            raise ServiceUnavailable(f"no answer within {self._seconds:g} s") from None

    async def _work(self) -> None:
        call = asyncio.current_task()
        try:
            while turn := self._next():
                await self._send_turn(turn)
        finally:  # in the same step in which nobody was found waiting: whoever comes now begins a new call
            self._calls = {each for each in self._calls if each is not call}

    async def _send_turn(self, turn: list[_Waiting]) -> None:
        try:
            await self._settle(turn)
        except CouldNotAnswer:
            await asyncio.gather(*(self._alone(each) for each in turn))
        except Exception as error:
            _fail(turn, error)
        except BaseException:
            _fail(turn, ServiceUnavailable("the way to the service was closed"))
            raise

    def _next(self) -> list[_Waiting]:
        turn: list[_Waiting] = []
        while self._waiting and len(turn) < MOST:
            each = self._waiting.popleft()
            if not each.answer.done():  # its caller has gone
                turn.append(each)
        return turn

    async def _settle(self, turn: list[_Waiting]) -> None:
        left = turn[0].until - asyncio.get_running_loop().time()  # the first has waited longest
        answers = await self._send([each.command for each in turn], max(left, 0.001))
        for each, answer in zip(turn, answers, strict=True):
            if not each.answer.done():
                each.answer.set_result(answer)

    async def _alone(self, one: _Waiting) -> None:
        try:
            await self._settle([one])
        except Exception as error:
            _fail([one], error)


def _fail(turn: Sequence[_Waiting], error: Exception) -> None:
    for each in turn:
        if not each.answer.done():
            each.answer.set_exception(error)
