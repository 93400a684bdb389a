"""The embedded adapters: commands called directly, events handed over in this very process.

A hand-over is only a hint. Whatever is dropped (a full inbox, a crash) is a gap, and a gap is fetched from the log, so
the embedded run keeps the same promises as the distributed one with the same relay and subscription code.
"""

import asyncio
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import psycopg
import structlog
from sqlalchemy.exc import DBAPIError

from services.kernel import log as event_log
from services.kernel.bus import Answer, Payload, ServiceUnavailable
from services.kernel.database import Database
from services.kernel.log import Head, Page
from services.kernel.message import Recorded
from services.kernel.runtime import ServiceRuntime
from services.kernel.store import Conflict
from services.kernel.subscription import Halted, Leaving, Subscription, due_among

logger = structlog.get_logger(__name__)

HEAL_SECONDS = 5.0
RETRY_SECONDS = 0.5


class LocalBus:
    """`CommandBus` by direct call, off the event loop."""

    def __init__(self, runtimes: Mapping[str, ServiceRuntime]) -> None:
        self._runtimes = runtimes

    async def execute(self, service: str, command: str, payload: Payload) -> Answer:
        """See `CommandBus`."""
        return (await self.execute_many(service, [(command, payload)]))[0]

    async def execute_many(self, service: str, commands: Sequence[tuple[str, Payload]]) -> list[Answer]:
        """See `CommandBus`."""
        answers: list[Answer] = await self._call(self._runtimes[service].execute_many, commands)
        return answers

    async def ask(self, service: str, question: str, payload: Payload) -> Any:
        """See `CommandBus`."""
        return await self._call(self._runtimes[service].ask, question, payload)

    async def _call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return await asyncio.to_thread(function, *arguments)
        except (DBAPIError, psycopg.OperationalError, sqlite3.OperationalError, Conflict) as error:
            raise ServiceUnavailable(type(error).__name__) from error


class LocalEvents:
    """`EventSource` that reads the owners' databases directly."""

    def __init__(self, databases: Mapping[str, Database]) -> None:
        self._databases = databases

    def head(self, source: str) -> Head:
        """See `EventSource`."""
        with self._databases[source].read() as connection:
            return event_log.head(connection)

    def events_since(self, source: str, after: int, limit: int) -> Page:
        """See `EventSource`."""
        with self._databases[source].read() as connection:
            return event_log.page(connection, after, limit)


class LocalPublisher:
    """The relay's `Publisher` within one process: drops a batch into every follower's inbox."""

    def __init__(self, followers: Sequence["LocalFollower"]) -> None:
        self._followers = followers

    def publish(
        self, source: str, epoch: str, batch: Sequence[Recorded], meanwhile: Callable[[], None] = lambda: None
    ) -> None:
        """Hand over; never blocks and never fails."""
        for follower in self._followers:
            follower.offer(source, epoch, batch)

    def announce(self, source: str, epoch: str, position: int) -> None:
        """Followers look at the log themselves every few seconds."""

    def close(self) -> None:
        """Nothing to let go of."""


class LocalFollower:
    """One thread that runs the subscriptions of one database; one database has one writer anyway."""

    def __init__(self, name: str, subscriptions: Sequence[Subscription], inbox_batches: int = 64) -> None:
        self.name = name
        self.subscriptions = subscriptions
        self._sources = {subscription.source for subscription in subscriptions}
        self._inbox: deque[tuple[str, str, Sequence[Recorded]]] = deque(maxlen=inbox_batches)
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"follow-{name}", daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        for subscription in self.subscriptions:
            subscription.must_leave = self._stopping.is_set
        self._thread.start()

    def stop(self) -> None:
        """Finish the batch at hand."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=30)

    def offer(self, source: str, epoch: str, batch: Sequence[Recorded]) -> None:
        """Hand over a batch, without waiting."""
        if source in self._sources:
            self._inbox.append((source, epoch, batch))
            self._wake.set()

    def _run(self) -> None:
        heal_at = retry_at = 0.0
        while not self._stopping.is_set():
            now = time.monotonic()
            if now >= heal_at:
                self._each(self.subscriptions, lambda subscription: subscription.catch_up())
                heal_at = now + HEAL_SECONDS
            if now >= retry_at:
                self._each(self._due(), lambda subscription: subscription.retry_held())
                retry_at = now + RETRY_SECONDS
            while self._inbox and not self._stopping.is_set():
                source, epoch, batch = self._inbox.popleft()
                following = [each for each in self.subscriptions if each.source == source]
                self._each(following, lambda s, e=epoch, b=batch: s.receive(e, b))  # type: ignore[misc]
            self._wake.wait(min(RETRY_SECONDS, 0.5))
            self._wake.clear()

    def _due(self) -> Sequence[Subscription]:
        try:
            return due_among(self.subscriptions)
        except Exception as error:
            logger.warning("follower_trouble", follower=self.name, error=type(error).__name__)
            return ()

    def _each(self, subscriptions: Sequence[Subscription], act: Callable[[Subscription], object]) -> None:
        for subscription in subscriptions:
            if self._stopping.is_set():
                return
            try:
                act(subscription)
            except (Halted, Leaving):  # halted: said once when it did, visible in `causo status`
                continue
            except Exception as error:
                logger.warning("follower_trouble", subscription=subscription.name, error=type(error).__name__)
