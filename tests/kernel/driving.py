"""What kernel tests drive: the counting service on one database, numbered by hand and followed by hand."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Connection, select

from services.kernel import log as event_log
from services.kernel.bus import Answer
from services.kernel.clock import system_clock
from services.kernel.consumption import held_streams, versions_applied
from services.kernel.database import Database
from services.kernel.handling import CommandProcessor
from services.kernel.identifiers import new_id
from services.kernel.local import LocalEvents
from services.kernel.message import Command, Recorded
from services.kernel.projection import Delivered
from services.kernel.subscription import Subscription
from tests.kernel.counter import COUNTING, CounterEvent, RaiseCounter, StartCounter, Totals

AT = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
CLERK = "clerk"
SOURCE = "counting"

T = TypeVar("T")
Row = tuple[int, int, int]
"""What a counter stands at, from how many events, the last of which version."""


def until(holds: Callable[[], object], what: str, seconds: float = 20) -> None:
    """Wait for a promise to come true, failing with `what` when it does not within its bound."""
    limit = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < limit, f"not within {seconds} s: {what}"
        time.sleep(0.01)


def at_once(callers: int, act: Callable[[int], T]) -> list[T]:
    """`act(0)`, `act(1)`, … each in a thread of its own, let go together; what they returned, in that order."""
    gate = threading.Barrier(callers)

    def wait_and_act(number: int) -> T:
        gate.wait()
        return act(number)

    with ThreadPoolExecutor(callers) as pool:
        return list(pool.map(wait_and_act, range(callers)))


def applied_version(connection: Connection, subscription: str, stream: str) -> int:
    """The last version of the stream that shows, 0 before the first."""
    return versions_applied(connection, [(subscription, stream)]).get((subscription, stream), 0)


def is_held(connection: Connection, subscription: str, stream: str) -> bool:
    mine = (held_streams.c.subscription == subscription, held_streams.c.stream == stream)
    return connection.execute(held_streams.select().where(*mine)).first() is not None


def start(counter: UUID, command_id: UUID | None = None, actor: str = CLERK) -> StartCounter:
    return StartCounter(command_id=command_id or new_id(), actor=actor, at=AT, counter=counter)


def add(counter: UUID, by: int = 1, command_id: UUID | None = None, actor: str = CLERK) -> RaiseCounter:
    return RaiseCounter(command_id=command_id or new_id(), actor=actor, at=AT, counter=counter, by=by)


def processor(database: Database, committed: Callable[[], None] = lambda: None) -> CommandProcessor:
    return CommandProcessor(database, COUNTING, system_clock, committed)


def stored(database: Database, counter: UUID | None = None) -> list[tuple[str, int, str]]:
    """Stream, version and name of the events, as they were appended."""
    with database.read() as connection:
        rows = connection.exec_driver_sql("SELECT stream, version, name FROM events ORDER BY ordinal").all()
    return [tuple(row) for row in rows if counter is None or row[0] == f"counter-{counter}"]


def count(database: Database, table: str) -> int:
    with database.read() as connection:
        return int(connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())


def number_all(database: Database) -> int:
    """Number what is committed, as a relay would; the last position given."""
    while True:
        with database.write() as connection:
            if event_log.number(connection, 500) == 0:
                return event_log.head(connection).position


class Counting:
    """The service and its log, every command numbered at once."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.processor = processor(database)
        self.events = LocalEvents({SOURCE: database})
        self.epoch = event_log.open_history(database).epoch
        self.totals = Totals()
        with database.write() as connection:
            self.totals.metadata.create_all(connection)

    def do(self, *commands: Command) -> list[Answer]:
        answers = self.processor.execute_many(commands)
        number_all(self.database)
        return answers

    def counter(self, *raises: int) -> UUID:
        """A counter started and raised so."""
        counter = new_id()
        self.do(start(counter), *(add(counter, by) for by in raises))
        return counter

    @property
    def head(self) -> int:
        return self.events.head(SOURCE).position

    def log(self, after: int = 0, until: int = 1_000_000) -> list[Recorded]:
        """Events by position, `after` excluded, `until` included."""
        return self.events.events_since(SOURCE, after, until - after).events

    def follower(
        self,
        name: str = "reader.totals",
        database: Database | None = None,
        apply: Callable[[Connection, Sequence[Delivered[Any]]], None] | None = None,
        **options: Any,
    ) -> Subscription:
        """A subscription that keeps `totals`, here or in another database."""
        apply = apply or self.totals.apply
        told = {"apply": apply, "streams": self.totals.streams, **options}
        return Subscription(name, SOURCE, database or self.database, self.events, CounterEvent, **told)

    def read(self, totals: Totals | None = None, database: Database | None = None) -> dict[str, Row]:
        """The read model."""
        table = (totals or self.totals).table
        with (database or self.database).read() as connection:
            rows = connection.execute(select(table)).all()
        return {row.counter: (row.total, row.events, row.last_version) for row in rows}
