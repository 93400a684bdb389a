"""The relay: the one process per service that numbers events and sends them out in order.

Leadership is a session lock on the relay's own connection, the same connection that numbers: a relay that lost its
session cannot write. Standbys ask for the lock every second. Numbering does not wait for the broker: while that is
down the log grows on and late readers are served from it. While the broker is at work on a full page, the next one is
numbered and read. Crashing between numbering and publishing only repeats.
"""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import psycopg
import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from services.kernel import log as event_log
from services.kernel.database import Database, Session
from services.kernel.log import Step
from services.kernel.message import Recorded

logger = structlog.get_logger(__name__)

BATCH = 4000
"""Events a round. The broker writes in larger pieces the more it is given: with 1,000 it took a fifth longer."""
IDLE_SECONDS = 0.5
"""A relay that was told of no commit looks all the same so often: whoever committed may have died before telling."""
GATHER_SECONDS = 0.01
"""A busy relay pauses so long between rounds, and a notifier between calls: a round costs the same however little it
moves. The first commit after a quiet moment is never kept waiting."""
STANDBY_SECONDS = 1.0
CHANNEL = "causo_committed"
_LEADER_LOCK = 7_151_002
_LOOK = (
    f"SELECT {event_log.HOLDS}, EXISTS (SELECT FROM outbox), (SELECT published FROM history),"  # noqa: S608  ours
    " (SELECT coalesce(max(position), 0) FROM log)"
)
"""All an idle relay asks: do I still lead, is there anything to number, how far did I publish, how far goes the log."""


class PublishFailed(Exception):
    """The broker did not take everything; nothing may be assumed about what it did take."""


class Publisher(Protocol):
    """Where the relay sends to: RabbitMQ, or the subscriptions of this very process."""

    def publish(
        self, source: str, epoch: str, batch: Sequence[Recorded], meanwhile: Callable[[], None] = lambda: None
    ) -> None:
        """Send in order and return when all is durable at the other end. Raises on any doubt.

        `meanwhile` may be called once, when all is sent and the other end is at work.
        """
        ...

    def announce(self, source: str, epoch: str, position: int) -> None:
        """Tell followers how far the log goes, so that a lost last message is noticed."""
        ...

    def close(self) -> None:
        """Let go of the connection, without waiting for it."""
        ...


class Relay:
    """Runs until `stop`. `beat` is called whenever there is progress, idle polling included."""

    def __init__(
        self,
        service: str,
        database: Database,
        publisher: Publisher,
        *,
        announce_seconds: float = 5.0,
        beat: Callable[[str], None] = lambda state: None,
    ) -> None:
        self._service = service
        self._database = database
        self._publisher = publisher
        self._announce_seconds = announce_seconds
        self._beat = beat
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self.leading = threading.Event()

    def wake(self) -> None:
        """Something was committed in this process."""
        self._wake.set()

    def stop(self) -> None:
        """Finish the batch at hand and return from `run`."""
        self._stopping.set()
        self._wake.set()

    def run(self) -> None:
        """Lead, or stand by, until stopped; trouble with the database or broker is waited out."""
        while not self._stopping.is_set():
            try:
                self._lead()
            except (DBAPIError, psycopg.Error) as error:
                logger.warning("relay_database_trouble", service=self._service, error=type(error).__name__)
                self._beat("waiting-for-database")
                self._stopping.wait(STANDBY_SECONDS)
        self._publisher.close()

    def _lead(self) -> None:
        with self._database.engine.connect() as connection:
            if self._database.is_postgres:
                connection.execution_options(isolation_level="AUTOCOMMIT")
                while not connection.exec_driver_sql("SELECT pg_try_advisory_lock(%s)", (_LEADER_LOCK,)).scalar_one():
                    self._beat("standby")
                    if self._stopping.wait(STANDBY_SECONDS):
                        return
            try:
                epoch = event_log.open_history(self._database).epoch
                logger.info("relay_leads", service=self._service, epoch=epoch)
                self.leading.set()
                self._loop(connection, epoch)
            finally:
                self.leading.clear()
                if self._database.is_postgres and not connection.invalidated:
                    # The pool would keep the session, and with it the lock.
                    connection.invalidate()

    def _loop(self, connection: Connection, epoch: str) -> None:
        listener = _Listener(self._database) if self._database.is_postgres else None
        trouble = 0
        retry_at = announce_at = witnessed = 0.0
        published = -1
        busy = False
        ahead: Step | None = None
        try:
            while not self._stopping.is_set():
                now = time.monotonic()
                tries = now >= retry_at
                page = ahead or self._next(connection, published, published, BATCH if tries else 0, busy=busy)
                published, ahead, busy = page.after, None, True
                sent = 0
                if tries:
                    try:
                        if page.events:
                            ahead = self._publish(connection, epoch, page)
                        sent = len(page.events)
                        published += sent
                        if now >= announce_at:
                            self._publisher.announce(self._service, epoch, page.head)
                            announce_at = now + self._announce_seconds
                        trouble = 0
                        self._beat("leading")
                    except (DBAPIError, psycopg.Error):
                        self._publisher.close()  # what it sent may still be on its way
                        raise
                    except Exception as error:  # any doubt about the broker: connect anew, send again
                        ahead = None
                        trouble += 1
                        retry_at = now + min(0.2 * 2**trouble, 5.0)
                        announce_at = 0.0
                        logger.warning("publish_failed", service=self._service, error=type(error).__name__)
                        self._publisher.close()
                        self._beat("waiting-for-broker")
                if now >= witnessed + 1.0 and not self._database.is_postgres:
                    event_log.leave_witness(self._database, page.head)
                    witnessed = now
                if ahead is None and page.numbered < BATCH and sent < BATCH:
                    if sent:
                        self._stopping.wait(GATHER_SECONDS)
                    busy = self._idle(listener)
        finally:
            if listener is not None:
                listener.close()

    def _publish(self, connection: Connection, epoch: str, page: Step) -> Step | None:
        """Send a page; returns the next one when this one was full: numbered and read while the broker was at work."""
        ahead: list[Step] = []

        def read_ahead() -> None:
            ahead.append(self._next(connection, page.after, page.after + BATCH, BATCH, busy=True))

        if len(page.events) == BATCH:
            self._publisher.publish(self._service, epoch, page.events, read_ahead)
        else:
            self._publisher.publish(self._service, epoch, page.events)
        return ahead[0] if ahead else None

    def _next(self, connection: Connection, published: int, after: int, limit: int, *, busy: bool) -> Step:
        """Number what waits, remember how far publishing has come, read what comes `after`.

        -1 for `published` and `after`: where the database says that publishing has come to. Unless `busy` it is looked
        first whether there is anything to do.
        """
        if not self._database.is_postgres:
            with self._database.write() as own:
                numbered, published, head = _numbered(own, published)
            with self._database.read() as own:
                return _read(own, numbered, head, after if after >= 0 else published, limit)
        if published < 0 or not busy:
            leads, waiting, remembered, head = connection.exec_driver_sql(_LOOK, (_LEADER_LOCK,)).one()
            _still(leads)
            if published < 0:
                published = after = remembered
            if not waiting and published == remembered:
                return _read(connection, 0, head, after, limit)
        step = event_log.step(connection, _LEADER_LOCK, published, after, limit, BATCH)
        _still(step.leads)
        return step

    def _idle(self, listener: "_Listener | None") -> bool:
        """Wait to be told of a commit; True when told."""
        if listener is not None:
            return listener.wait(IDLE_SECONDS)
        told = self._wake.wait(IDLE_SECONDS)
        self._wake.clear()
        return told


def _still(leads: bool) -> None:
    if not leads:
        raise OperationalError("leadership lost", None, psycopg.OperationalError("leadership lost"))


def _numbered(connection: Connection, published: int) -> tuple[int, int, int]:
    if published >= 0:
        event_log.set_published(connection, published)
    numbered = event_log.number(connection, BATCH)
    return numbered, event_log.published(connection), event_log.head(connection).position


def _read(connection: Connection, numbered: int, head: int, after: int, limit: int) -> Step:
    events = event_log.events_since(connection, after, limit) if limit and after < head else ()
    return Step(True, numbered, head, after, events)


class _Listener:
    """LISTEN on a connection of its own; a lost one is the database's trouble and ends the lead."""

    def __init__(self, database: Database) -> None:
        url = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._connection = psycopg.connect(url, autocommit=True, connect_timeout=5)
        self._connection.execute(f"LISTEN {CHANNEL}")

    def wait(self, seconds: float) -> bool:
        return sum(1 for _ in self._connection.notifies(timeout=seconds, stop_after=1)) > 0

    def close(self) -> None:
        self._connection.close()


class Notifier:
    """Tells relays in other processes about commits: at most one NOTIFY under way, however many commits there were.

    Never inside the append's transaction: NOTIFY there makes commits queue behind each other (5,800 → 3,700/s).
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._due = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="notifier", daemon=True)
        self._thread.start()

    def committed(self) -> None:
        """Note a commit; returns at once."""
        self._due.set()

    def close(self) -> None:
        """Stop the thread."""
        self._stopping = True
        self._due.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        session = Session(self._database)
        while True:
            self._due.wait()
            if self._stopping:
                return
            self._due.clear()
            try:
                driver: Any = session.open().connection.driver_connection
                driver.execute(f"NOTIFY {CHANNEL}")
                time.sleep(GATHER_SECONDS)
            except (SQLAlchemyError, psycopg.Error):
                session.drop()
                time.sleep(0.5)  # the relay polls anyway; do not spin on a database that is down
