"""Subscriptions: follow a source by cursor, apply each event once, in order, and never lose one.

Reads, writes, versions and cursor of a batch are one transaction. What was seen is skipped; a gap, or a head announced
beyond the cursor, is fetched from the owner. An event that fails is tried again later and then parked with its stream,
while all other streams go on. Another epoch stops everything: history itself has changed.

Errors:

    Halted    the source's history is not the one this subscription followed: `causo rebuild` or `causo start-over`
    NotYet    raised by a handler: what the event needs is not here yet; tried again, never parked
    Leaving   told to stop on a long way: what has been taken in stands, the rest is fetched at the next start
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf
from typing import Any, Protocol

import structlog
from sqlalchemy import Connection, Table, bindparam, select, text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from services.kernel.clock import Clock, system_clock, to_text
from services.kernel.consumption import cursors, due, note_versions
from services.kernel.database import Database, is_trouble
from services.kernel.holding import Holding
from services.kernel.log import Head, Page
from services.kernel.message import Codec, Recorded, parse_recorded_at
from services.kernel.process_manager import ProcessManager
from services.kernel.projection import Delivered, Projection

logger = structlog.get_logger(__name__)

BACKOFF_SECONDS = (0.0, 10.0, 60.0)
"""Pauses before the second, third and fourth try; then the stream is parked."""
PAGE = 1000
LAG_TOLD_EVERY = timedelta(minutes=1)
GATHER_SECONDS = 0.02
GATHER_FOR_EFFECT_SECONDS = 0.1
"""A read model is waited for by somebody who just wrote. What a process manager asks for may come a moment later, and
each of its batches is a round of commands, events and followers: at 100 events a second ten fit into one."""
_FETCHING_LOCK = 7_151_003


class Halted(Exception):
    """This subscription must not go on by itself."""


class NotYet(Exception):
    """Not an error of the event: ask again in a moment."""


class Leaving(Exception):
    """Stopped between two pages."""


class EventSource(Protocol):
    """The owner of a log, in this process or behind RPC."""

    def head(self, source: str) -> Head:
        """Epoch and last position."""
        ...

    def events_since(self, source: str, after: int, limit: int) -> Page:
        """A page of the log."""
        ...


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a subscription stands in one source."""

    epoch: str
    position: int
    halted: str


class Subscription:
    """One follower of one source. Not thread-safe: one consumer at a time, which the queue guarantees."""

    def __init__(
        self,
        name: str,
        source: str,
        database: Database,
        events: EventSource,
        union: Any,
        *,
        apply: Callable[[Connection, Sequence[Delivered[Any]]], None] | None = None,
        effect: Callable[[Sequence[Delivered[Any]]], None] | None = None,
        streams: Collection[str] = (),
        clock: Clock = system_clock,
        backoff: Sequence[float] = BACKOFF_SECONDS,
    ) -> None:
        self.name = name
        self.source = source
        self.database = database
        self._events = events
        self._codec: Codec[Any] = Codec(union)
        self._apply = apply
        self._effect = effect
        self._streams = streams
        self._clock = clock
        self._backoff = backoff
        self._holding = Holding(name, source, clock, backoff)
        self.gather_seconds = GATHER_SECONDS if effect is None else GATHER_FOR_EFFECT_SECONDS
        """How long a batch may be gathered before it is handed over."""
        self.on_progress: Callable[[], None] = lambda: None
        """Called when a run has been taken in or a stream tried again: a long way is many of them."""
        self.must_leave: Callable[[], bool] = lambda: False
        """Asked before each page and each stream tried again: who is told to stop does not go a long way to its end."""
        self.alarm_seconds = inf
        """What is taken in so long after it was recorded is said in the log, at most once a minute."""
        self._quiet_until: datetime | None = None
        self._head_seen = 0
        self._left_at: Cursor | None = None
        """Where the last batch left the cursor. Its lock tells whether somebody else has moved it since."""
        # Asked with every batch: built once.
        self._cursor_asked = cursors.select().where(*self._mine(cursors))
        holding = self._holding.any.label("holding")
        self._cursor_locked = select(cursors, holding).where(*self._mine(cursors)).with_for_update(of=cursors)
        moved = cursors.update().where(*self._mine(cursors))
        self._cursor_moved = moved.values(position=bindparam("to"), moved_at=bindparam("at"))

    # -- what arrives ---------------------------------------------------------------------------------------------

    def receive(self, epoch: str, batch: Sequence[Recorded], *, redelivered: bool = False) -> None:
        """Take in events in the order they came; returns when all of them are durable here.

        `redelivered` says an earlier consumer died with these in hand: attempts are then counted before each try.
        """
        self._again(lambda: self._receive(epoch, batch, careful=redelivered))

    def _again(self, take_in: Callable[[], None]) -> None:
        for _ in range(3):
            try:
                take_in()
            except _Overlap:  # another consumer took some of it in between: look again
                continue
            return
        take_in()

    def _receive(self, epoch: str, batch: Sequence[Recorded], *, careful: bool) -> None:
        cursor, self._left_at = self._left_at, None
        if cursor is None or cursor.epoch != epoch:
            cursor = self._cursor_in(epoch)
        if cursor is None:
            return
        position = cursor.position
        ordered = sorted(batch, key=lambda r: r.position)
        self._head_seen = ordered[-1].position if ordered else position
        run: list[Recorded] = []
        for recorded in ordered:
            if recorded.position <= position:
                continue
            if recorded.position > position + 1:
                break
            run.append(recorded)
            position = recorded.position
        if run:
            self._take(epoch, run, careful=careful)
        if ordered and position < ordered[-1].position:
            # All the rest, not this gap alone: where one is missing there are more, and each would be a call.
            self._fetch(epoch, position, ordered[-1].position)
        elif not run:
            self._left_at = cursor

    def announced(self, epoch: str, position: int) -> None:
        """The owner's head as announced: fetch what is missing, halt if history went backwards."""
        self._again(lambda: self._announced(epoch, position))

    def _announced(self, epoch: str, position: int) -> None:
        cursor = self._cursor_in(epoch)
        if cursor is None:
            return
        if position < cursor.position:
            # It may only be old: it waited in the queue while its events were fetched. The owner knows.
            head = self._events.head(self.source)
            if head.epoch != cursor.epoch or head.position < cursor.position:
                self._halt(f"cursor {cursor.position} is ahead of head {head.position}")
        self._head_seen = position
        if position > cursor.position:
            self._fetch(epoch, cursor.position, position)

    def catch_up(self) -> int:
        """Fetch everything up to the owner's head; returns the position reached."""
        head = self._events.head(self.source)
        if head.epoch:
            self.announced(head.epoch, head.position)
        return head.position

    def _fetch(self, epoch: str, after: int, until: int) -> None:
        while after < until:
            if self.must_leave():
                raise Leaving
            page = self._events.events_since(self.source, after, min(PAGE, until - after))
            if page.epoch != epoch:  # restored since: these positions are not the ones that were announced
                self._cursor_in(page.epoch)
                raise _Overlap("a rebuild went over to the new epoch in between")
            if not page.events:
                raise LookupError(f"{self.source} has no event after {after} though {until} was announced")
            self._take_page(epoch, page.events)
            after = page.events[-1].position

    def _take_page(self, epoch: str, page: Sequence[Recorded]) -> None:
        """A page fetched: no broker says that it killed somebody before, so a mark of our own must."""
        if not self.database.is_postgres:  # embedded: nobody is there to start a process that died
            self._take(epoch, page)
            return
        with self._fetching_alone():
            with self.database.look() as connection:
                died = self._holding.any_tried(connection, page[0].position, page[-1].position)
            if not died:
                self._mark(page[0], 1)
            try:
                self._take(epoch, page, careful=died)
            finally:
                if not died:
                    with suppress(SQLAlchemyError):
                        self._mark(page[0], 0)

    @contextmanager
    def _fetching_alone(self) -> Iterator[None]:
        """A lock of a session, which dies with its process: what is marked while we hold it was left by the dead."""
        key = {"lock": _FETCHING_LOCK, "mine": f"{self.name}/{self.source}"}
        with self.database.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.execute(text("SELECT pg_advisory_lock(:lock, hashtext(:mine))"), key)
            try:
                yield
            finally:
                connection.execute(text("SELECT pg_advisory_unlock(:lock, hashtext(:mine))"), key)

    # -- the cursor -----------------------------------------------------------------------------------------------

    def cursor(self) -> Cursor | None:
        """Where this subscription stands; None before its first event."""
        with self.database.look() as connection:
            row = connection.execute(self._cursor_asked).one_or_none()
        return None if row is None else Cursor(row.epoch, row.position, row.halted)

    def _cursor_in(self, epoch: str) -> Cursor | None:
        """The cursor, opened when there is none; None when `epoch` is one we have left behind. Raises `Halted`."""
        cursor = self.cursor()
        if cursor is None:
            try:
                with self.database.write() as connection:
                    connection.execute(
                        cursors.insert().values(subscription=self.name, source=self.source, epoch=epoch, position=0)
                    )
            except IntegrityError:  # another consumer opened it just now
                return self._cursor_in(epoch)
            return Cursor(epoch, 0, "")
        if cursor.halted:
            raise Halted(cursor.halted)
        if cursor.epoch != epoch:
            if self._events.head(self.source).epoch == cursor.epoch:
                logger.warning("earlier_epoch_ignored", subscription=self.name, source=self.source)
                return None
            self._halt(f"epoch changed from {cursor.epoch} to {epoch}")
        return cursor

    def _halt(self, reason: str) -> None:
        with self.database.write() as connection:
            connection.execute(cursors.update().where(*self._mine(cursors)).values(halted=reason))
        logger.error("subscription_halted", subscription=self.name, source=self.source, reason=reason)
        raise Halted(reason)

    def _mine(self, table: Table) -> tuple[Any, Any]:
        return table.c.subscription == self.name, table.c.source == self.source

    # -- taking in a contiguous run -------------------------------------------------------------------------------

    def _take(self, epoch: str, run: Sequence[Recorded], *, careful: bool = False) -> None:
        if careful:
            for recorded in run:
                self._take_carefully(epoch, recorded)
            return
        self._tell_lag(run)
        try:
            self._take_together(epoch, run)
        except (Halted, _Overlap):
            raise
        except Exception as error:
            if is_trouble(error):  # never an event's: nothing is held for it, the whole delivery is tried again
                raise
            if len(run) == 1:
                self._hold(epoch, run[0], error)
            else:
                logger.warning("batch_failed", subscription=self.name, error=type(error).__name__)
                for recorded in run:
                    self._take(epoch, [recorded])
        self.on_progress()

    def _tell_lag(self, run: Sequence[Recorded]) -> None:
        now = self._clock()
        late = now - parse_recorded_at(run[0])
        if late.total_seconds() <= self.alarm_seconds or (self._quiet_until is not None and now < self._quiet_until):
            return
        self._quiet_until = now + LAG_TOLD_EVERY
        logger.warning(
            "subscription_lags",
            subscription=self.name,
            source=self.source,
            events=max(self._head_seen, run[-1].position) - run[0].position + 1,
            seconds=round(late.total_seconds()),
        )

    def _take_together(self, epoch: str, run: Sequence[Recorded]) -> None:
        known = None if self._effect is None else self._take_effect(self._effect, run)
        with self.database.write() as connection:
            held = self._lock_cursor(connection, epoch, run)
            if held is None:
                return
            if known is not None and held != known:
                raise _Overlap("streams were released in between")
            free = [recorded for recorded in run if recorded.stream not in held]
            for recorded in run:
                if recorded.stream in held:
                    self._holding.keep(connection, recorded)
            if self._apply is not None and (delivered := self._decode(free)):
                self._apply(connection, delivered)
            self._advance(connection, run[-1].position, free)
        if self._effect is None:  # what asks others looks first: a lock taken afterwards could not call it back
            self._left_at = Cursor(epoch, run[-1].position, "")

    def _take_effect(self, effect: Callable[[Sequence[Delivered[Any]]], None], run: Sequence[Recorded]) -> set[str]:
        """Whatever it asks of others must not happen under a lock; the streams that were held, and so left out."""
        with self.database.look() as connection:
            held = self._holding.streams(connection)
        if delivered := self._decode([recorded for recorded in run if recorded.stream not in held]):
            effect(delivered)
        return held

    def _take_carefully(self, epoch: str, recorded: Recorded) -> None:
        """One event whose last consumer died: count the try before making it."""
        with self.database.look() as connection:
            tried = self._holding.tries(connection, recorded.position)
        self._mark(recorded, tried + 1)
        try:
            if tried >= len(self._backoff):
                self._hold(epoch, recorded, RuntimeError("the process died on it each time"), parked=True)
            else:
                self._take(epoch, [recorded])
        except BaseException:  # whatever it was, we are alive: it does not count
            with suppress(SQLAlchemyError):
                self._mark(recorded, tried)
            raise
        self._mark(recorded, 0)

    def _mark(self, recorded: Recorded, tries: int) -> None:
        with self.database.write() as connection:
            self._holding.mark(connection, recorded.position, tries)

    def _decode(self, run: Sequence[Recorded]) -> list[Delivered[Any]]:
        known = self._codec.classes
        return [
            Delivered(self.source, self._codec.decode(r.name, r.schema_version, r.data), r)
            for r in run
            if r.name in known
        ]

    def _lock_cursor(self, connection: Connection, epoch: str, run: Sequence[Recorded]) -> set[str] | None:
        """Lock and check the cursor; the held streams, or None when another consumer already took this run in."""
        row = connection.execute(self._cursor_locked).one()
        if row.halted or row.epoch != epoch:
            raise Halted(row.halted or "the epoch changed")
        if row.position >= run[-1].position:
            return None
        if row.position != run[0].position - 1:
            raise _Overlap(f"cursor is at {row.position}, the run starts at {run[0].position}")
        return self._holding.streams(connection) if row.holding else set()

    def _advance(self, connection: Connection, position: int, applied: Sequence[Recorded]) -> None:
        note_versions(connection, self.name, applied, self._streams)
        connection.execute(self._cursor_moved, {"to": position, "at": to_text(self._clock())})

    # -- held streams ---------------------------------------------------------------------------------------------

    def _hold(self, epoch: str, recorded: Recorded, error: Exception, *, parked: bool = False) -> None:
        """Set the event and its stream aside, to be tried again; everything else may pass."""
        reason = _reason(recorded, error)
        with self.database.write() as connection:
            held = self._lock_cursor(connection, epoch, [recorded])
            if held is None:
                return
            if recorded.stream not in held:
                self._holding.hold(connection, recorded.stream, reason, waits=_waits(error), parked=parked)
            self._holding.keep(connection, recorded)
            self._advance(connection, recorded.position, [])
        logger.warning("stream_held", subscription=self.name, stream=recorded.stream, reason=reason)

    def retry_held(self) -> int:
        """Try the held streams that are due; returns how many were let go."""
        with self.database.look() as connection:
            due = self._holding.due(connection)
        released = 0
        for row in due:
            if self.must_leave():
                raise Leaving
            released += self._retry(row.stream, row.attempts)
            self.on_progress()
        return released

    def _retry(self, stream: str, tried: int) -> bool:
        with self.database.look() as connection:
            waiting = self._holding.waiting(connection, stream)
        try:
            delivered = self._decode(waiting)
            if self._effect is not None and delivered:
                self._effect(delivered)
            with self.database.write() as connection:
                # Another process may be at the same: the cursor's lock says who goes first.
                connection.execute(self._cursor_locked).one()
                if not waiting or self._holding.waiting(connection, stream) != waiting:
                    return False
                if self._apply is not None and delivered:
                    self._apply(connection, delivered)
                note_versions(connection, self.name, waiting, self._streams)
                self._holding.release(connection, stream)
        except Exception as error:
            if is_trouble(error):
                raise
            reason = _reason(waiting[0] if waiting else None, error)
            with self.database.write() as connection:
                parked = self._holding.failed(connection, stream, tried, reason, waits=_waits(error))
            if parked:
                logger.error("stream_parked", subscription=self.name, stream=stream, reason=reason)
            return False
        logger.info("stream_released", subscription=self.name, stream=stream, events=len(waiting))
        return True


def due_among(subscriptions: Sequence[Subscription]) -> list[Subscription]:
    """Of subscriptions that keep their places in one database, those with a stream to try now: one look for all."""
    if not subscriptions:
        return []
    with subscriptions[0].database.look() as connection:
        found = due(connection)
    return [each for each in subscriptions if (each.name, each.source) in found]


class _Overlap(Exception):
    """Another consumer moved the cursor between our look and our lock; take the batch in again."""


def _waits(error: Exception) -> bool:
    return isinstance(error, NotYet)


def _reason(recorded: Recorded | None, error: Exception) -> str:
    # The type only: an exception's text may carry values, and values may be personal.
    where = f"{recorded.name} at {recorded.position}: " if recorded else ""
    return f"{where}{type(error).__name__}"


def for_projection(
    consumer: str, projection: Projection, database: Database, events: EventSource, **options: Any
) -> list[Subscription]:
    """The subscriptions, one a source, that keep a projection up to date."""
    return [
        Subscription(
            f"{consumer}.{projection.name}",
            *(source, database, events, union),
            apply=projection.apply,
            streams=projection.streams,
            **options,
        )
        for source, union in projection.views.items()
    ]


def for_process_manager(
    consumer: str,
    manager: ProcessManager,
    database: Database,
    events: EventSource,
    execute_many: Callable[[Sequence[Any]], Sequence[Any]],
    **options: Any,
) -> list[Subscription]:
    """The subscriptions that feed a process manager; its commands run before the cursor moves, at least once."""

    def effect(delivered: Sequence[Delivered[Any]]) -> None:
        with database.read() as connection:
            commands = manager.react(connection, delivered)
        for answer in execute_many(commands) if commands else ():
            if not answer.accepted:
                logger.warning("reaction_refused", manager=manager.name, code=answer.code)

    return [
        Subscription(f"{consumer}.{manager.name}", source, database, events, union, effect=effect, **options)
        for source, union in manager.views.items()
    ]
