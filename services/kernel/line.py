"""A line of callers who share work, each batch costing what one of them alone would cost.

Threads (or greenthreads) that call at the same time share one batch: whoever comes first works for all who wait behind
it and passes the lead on. There is no background thread; a lone caller pays nothing for it. After a shared batch the
next leader waits a moment for as many again: callers just answered are about to come back, and without the wait one of
them may lead alone while the rest queue (batches of 8 and 1 by turns).
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

GATHER_SECONDS = 0.001
"""Longest wait for callers who shared the last batch."""

T = TypeVar("T")


class _Turn(Generic[T]):
    """One caller in line. Its baton is released when its items are done, or when it is its turn to lead."""

    __slots__ = ("baton", "items", "leads")

    def __init__(self, items: Sequence[T]) -> None:
        self.items = items
        self.leads = False
        self.baton = threading.Lock()
        self.baton.acquire()


class Line(Generic[T]):
    """Calls `work` with the items of one or more callers, `most` or a little more, never twice at the same time."""

    def __init__(self, work: Callable[[list[T]], None], most: int) -> None:
        self._work = work
        self._most = most
        self._mutex = threading.Lock()
        self._busy = False
        self._waiting: deque[_Turn[T]] = deque()
        self._crowd = 1
        self._gathered = threading.Event()

    def join(self, items: Sequence[T]) -> None:
        """Return when the items have been worked on, by this caller or another one."""
        turn = _Turn(items)
        with self._mutex:
            self._waiting.append(turn)
            leads, self._busy = not self._busy, True
            if len(self._waiting) >= self._crowd:
                self._gathered.set()
        if not leads:
            turn.baton.acquire()
            leads = turn.leads
        if leads:
            self._lead()

    def _lead(self) -> None:
        """Work for everyone waiting, then pass the baton: to each his return, to the next in line the lead."""
        if len(self._waiting) < self._crowd:
            self._gathered.wait(GATHER_SECONDS)
        with self._mutex:
            turns = [self._waiting.popleft()]
            while self._waiting and sum(len(turn.items) for turn in turns) < self._most:
                turns.append(self._waiting.popleft())
        try:
            self._work([item for turn in turns for item in turn.items])
        finally:
            with self._mutex:
                heir = self._waiting[0] if self._waiting else None
                self._busy = heir is not None
                self._crowd = len(turns) + len(self._waiting)
                self._gathered.clear()
            for turn in turns[1:]:
                turn.baton.release()
            if heir is not None:
                heir.leads = True
                heir.baton.release()
