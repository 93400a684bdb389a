"""One database, two dialects: PostgreSQL through psycopg 3, SQLite through the standard library.

SQLite: WAL, `synchronous=FULL`, one fair in-process writer at a time and `BEGIN IMMEDIATE`; deferred transactions of
four writers failed 7,777 times in three seconds. PostgreSQL: bounded lock, statement and idle-in-transaction times, so
that nothing waits for ever on somebody else's mistake.
"""

import fcntl
import sqlite3
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self
from weakref import WeakSet

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InvalidatePoolError, SQLAlchemyError, TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool

PG_OPTIONS = (
    "-c lock_timeout=2s -c statement_timeout=5s -c idle_in_transaction_session_timeout=10s -c timezone=UTC"
    " -c enable_seqscan=off -c plan_cache_mode=force_generic_plan"
)
"""Everything asked here has an index. A plan is made once a session, maybe while a table is empty and reading all of it
is cheapest; kept while the table grows, it let 1,030 commands a second through in place of 2,600."""


_ALONE_LOCK = 7_151_004
PASSING_STATES = ("08", "40", "53", "55006", "55P03", "57P", "58")
"""SQLSTATEs, or how they begin: connection, serialization and deadlock, resources, locks, shutdown, I/O."""
PASSING_CODES = frozenset(
    {
        *(sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL),
        *(sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN),
    }
)


def is_trouble(error: BaseException, *, timeouts: bool = False) -> bool:
    """True for what is the database's own and passes by itself: the same may succeed in a moment.

    False for all that lies in what was asked: a missing column, a value too long. The codes decide, not the classes:
    SQLite calls a missing table an `OperationalError` too. A statement that took too long is either; `timeouts` is for
    whoever does not ask again for ever.
    """
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, psycopg.Error):
        if cause.sqlstate is None:  # the connection's
            return isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError)
        return cause.sqlstate.startswith(PASSING_STATES) or (timeouts and cause.sqlstate == "57014")
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF in PASSING_CODES
    return isinstance(cause, PoolTimeout)


class Taken(Exception):
    """Somebody else is at it."""


class FairLock:
    """A mutex that serves waiters in the order they came; the standard lock lets one thread starve another."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._held = False
        self._waiting: deque[threading.Event] = deque()

    def __enter__(self) -> Self:
        with self._mutex:
            if not self._held:
                self._held = True
                return self
            turn = threading.Event()
            self._waiting.append(turn)
        turn.wait()
        return self

    def __exit__(self, *_: object) -> None:
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._held = False


class Database:
    """A connection pool that knows its dialect's rules for reading and writing."""

    def __init__(self, url: str, *, pool_size: int = 8, pg_options: str = PG_OPTIONS) -> None:
        self.url = make_url(url)
        self.is_postgres = self.url.get_backend_name() == "postgresql"
        self._writer = FairLock()
        self._kept: WeakSet[Connection] = WeakSet()
        if self.is_postgres:
            self.engine = create_engine(
                self.url,
                hide_parameters=True,  # an error's text must not carry what was written
                pool_size=pool_size + 4,
                max_overflow=0,  # what overflows is closed when it comes back, and a session costs its server 10 ms
                connect_args={"options": pg_options, "connect_timeout": 5, "tcp_user_timeout": 5000},
            )
            event.listen(self.engine, "checkout", _see_whether_it_is_there)
        else:
            self.engine = _sqlite_engine(self.url.database or ":memory:", pool_size)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for reading: one snapshot for all that is read through it. Keep it short on SQLite."""
        with self.engine.connect() as connection:
            if self.is_postgres:
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            else:
                connection.exec_driver_sql("BEGIN")
            yield connection
            connection.commit()  # after a rollback psycopg forgets, and has the server forget, what it had prepared

    @contextmanager
    def look(self) -> Iterator[Connection]:
        """A connection for a single question: no transaction around it, so it costs one round trip instead of three."""
        with self.engine.connect() as connection:
            if self.is_postgres:
                connection.execution_options(isolation_level="AUTOCOMMIT")
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that commits at the end of the block, or rolls back on any exception."""
        if self.is_postgres:
            with self.engine.begin() as connection:
                yield connection
            return
        with self._writer, self.engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
            connection.commit()

    def keep(self) -> Connection:
        """A connection to keep until the database is closed; every statement commits by itself."""
        connection = self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        self._kept.add(connection)
        return connection

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """Hold a name in this database, without waiting; whoever is killed lets go of it. Raises `Taken`."""
        if not self.is_postgres:
            with Path(f"{self.url.database}.{name}.lock").open("w") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    raise Taken(name) from None
                yield
            return
        key = {"lock": _ALONE_LOCK, "name": name}
        with self.look() as connection:
            if not connection.execute(text("SELECT pg_try_advisory_lock(:lock, hashtext(:name))"), key).scalar_one():
                raise Taken(name)
            try:
                yield
            finally:
                with suppress(SQLAlchemyError):  # a session that is gone holds nothing
                    connection.execute(text("SELECT pg_advisory_unlock(:lock, hashtext(:name))"), key)

    def close(self) -> None:
        """Close every connection, those somebody keeps too; one that is in use when it is given back."""
        event.listen(self.engine.pool, "checkin", _close_at_last)
        for connection in list(self._kept):
            if not connection.closed:
                connection.invalidate()
                connection.close()
        self.engine.dispose()


class Session:
    """One connection kept between uses, every statement committing by itself. Not for two threads at once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Connection | None = None

    def open(self) -> Connection:
        """The connection, a new one when there is none or it was seen to be lost."""
        if self._connection is None or self._connection.closed or self._connection.invalidated:
            self._connection = self._database.keep()
        return self._connection

    def drop(self) -> None:
        """Close it without putting it back into the pool: nobody knows what state it is in."""
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None


def _close_at_last(connection: Any, _record: Any) -> None:
    """Its pool is no more: whoever was asking while the database was closed has been answered."""
    if connection is not None:
        connection.close()


def _see_whether_it_is_there(connection: Any, _record: Any, _fairy: Any) -> None:
    """Notice a session the server ended, from what lies in the socket already; a ping would be a round trip more."""
    try:
        connection.pgconn.consume_input()  # its farewell
        connection.pgconn.consume_input()  # the end
    except psycopg.OperationalError:
        raise InvalidatePoolError from None
    if connection.closed:
        raise InvalidatePoolError


def _sqlite_engine(path: str, pool_size: int) -> Engine:
    if path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        f"sqlite:///{path}",
        hide_parameters=True,
        poolclass=QueuePool,
        pool_size=pool_size,
        max_overflow=16,
        connect_args={"check_same_thread": False, "timeout": 30, "isolation_level": None},
    )

    @event.listens_for(engine, "connect")
    def _pragmas(connection: sqlite3.Connection, _record: Any) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-16000"):
            connection.execute(f"PRAGMA {pragma}")

    return engine
