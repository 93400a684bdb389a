"""Commands of many callers in one call: what comes while others are on their way waits a moment and goes together.

A call costs both ends and the broker some milliseconds of processor time, however many commands are in it. Whoever
comes alone is sent at once; the more come, the more share a call, so that the cost of a command falls as load rises.
Nobody waits longer than `PATIENCE_SECONDS` to be sent: two calls that hang must not stop those behind them.
"""

import asyncio
import sys
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from services.kernel.bus import Answer, Payload, ServiceUnavailable
from services.kernel.messaging import rpc

CALLS = 2
"""Under way at the same time while they answer in time; more would leave nothing to go together."""
PATIENCE_SECONDS = 0.25
"""Whoever has waited so long goes in a call of his own, with all who wait then."""
MOST, MOST_BYTES = 50, 500_000
"""Commands in one call: few enough that nobody waits long for his neighbours and no message grows large."""


class CouldNotAnswer(ServiceUnavailable):
    """The service failed at the call, and said so: one command in it may be to blame, the others are sent alone."""


@dataclass(eq=False, slots=True)
class _Waiting:
    command: tuple[str, Payload]
    size: int
    since: float
    until: float
    """On the loop's clock: from then on nobody waits for the answer, and the command is not sent any more."""
    answer: asyncio.Future[Answer]

    def given_up(self) -> bool:
        return self.answer.done() or self.answer.get_loop().time() >= self.until

    def fail(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


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
        now = loop.time()
        size = len(rpc.request_body((command, dict(payload))))  # what cannot be sent fails here, for its caller alone
        mine = _Waiting((command, payload), size, now, now + self._seconds, loop.create_future())
        self._waiting.append(mine)
        if len(self._calls) < CALLS:
            self._begin(self._work())
        else:
            loop.call_later(PATIENCE_SECONDS, self._hurry)
        try:
            async with asyncio.timeout_at(mine.until):
                return await mine.answer
        except TimeoutError:
            raise ServiceUnavailable(f"no answer within {self._seconds:g} s") from None

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        self._calls.add(asyncio.get_running_loop().create_task(work))

    def _hurry(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._waiting and now - self._waiting[0].since >= 0.9 * PATIENCE_SECONDS:
            self._begin(self._work(turns=1))  # more of these would leave nothing to go together, and make the jam worse

    async def _work(self, turns: int = sys.maxsize) -> None:
        call = asyncio.current_task()
        try:
            while turns and (turn := self._next()):
                turns -= 1
                await self._send_turn(turn)
        finally:  # in the same step in which nobody was found waiting: whoever comes now begins a new call
            self._calls = {each for each in self._calls if each is not call}

    def _next(self) -> list[_Waiting]:
        turn: list[_Waiting] = []
        size = 0
        while self._waiting and len(turn) < MOST:
            size += self._waiting[0].size
            if turn and size > MOST_BYTES:
                break
            each = self._waiting.popleft()
            if not each.given_up():
                turn.append(each)
        return turn

    async def _send_turn(self, turn: list[_Waiting]) -> None:
        try:
            try:
                await self._settle(turn)
            except CouldNotAnswer as error:
                await self._each_alone(turn, error)
        except Exception as error:
            for each in turn:
                each.fail(error)
        except BaseException:
            for each in turn:
                each.fail(ServiceUnavailable("the way to the service was closed"))
            raise

    async def _each_alone(self, turn: list[_Waiting], error: CouldNotAnswer) -> None:
        """One after the other: the service has just said that it is in trouble."""
        if len(turn) == 1:
            raise error
        for each in turn:
            if not each.given_up():
                try:
                    await self._settle([each])
                except CouldNotAnswer as its_own:
                    each.fail(its_own)

    async def _settle(self, turn: list[_Waiting]) -> None:
        left = turn[0].until - asyncio.get_running_loop().time()  # of the one who has waited longest
        answers = await self._send([each.command for each in turn], max(left, 0.001))
        for each, answer in zip(turn, answers, strict=True):
            if not each.answer.done():
                each.answer.set_result(answer)
