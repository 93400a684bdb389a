"""The log: gapless positions, given after commit, and reading events by them.

Numbering moves outbox rows into the insert-only `log`, in the order of their ordinals, under a lock held to the end of
the transaction. A writer that commits late gets a later position; no reader can have passed it. A hole is always a bug.

The epoch names one unbroken history. It changes when a database is seen to be another than the one that wrote it: a
restored dump has other object ids, a restored cluster another timeline, a restored SQLite file a shorter log than the
witness file beside it remembers.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Column, Connection, Integer, Table, Text, text

from services.kernel.database import Database
from services.kernel.identifiers import new_id
from services.kernel.message import Recorded
from services.kernel.store import BIG, STORE

logger = structlog.get_logger(__name__)

log = Table(
    "log",
    STORE,
    Column("position", BIG, primary_key=True, autoincrement=False),
    Column("ordinal", BIG, nullable=False, unique=True),
)
history = Table(
    "history",
    STORE,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("epoch", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("published", BIG, nullable=False, server_default="0"),
)

_NUMBERING_LOCK = 7_151_001

_LOCK = "SELECT pg_advisory_xact_lock(%s)"
_NUMBER_POSTGRES = """
WITH next_up AS (
  SELECT ordinal FROM outbox ORDER BY ordinal LIMIT %s
), taken AS (
  DELETE FROM outbox WHERE ordinal IN (SELECT ordinal FROM next_up)
)
INSERT INTO log (position, ordinal)
SELECT (SELECT coalesce(max(position), 0) FROM log) + row_number() OVER (ORDER BY ordinal), ordinal FROM next_up
"""
_NUMBER = text(
    "INSERT INTO log (position, ordinal) SELECT :start + row_number() OVER (ORDER BY ordinal), ordinal"
    " FROM (SELECT ordinal FROM outbox ORDER BY ordinal LIMIT :limit) AS next_up"
)
_EMPTY_OUTBOX = text("DELETE FROM outbox WHERE ordinal IN (SELECT ordinal FROM log WHERE position > :start)")
_PAGE = text(
    "SELECT l.position, e.id, e.stream, e.version, e.name, e.schema_version, e.data, e.recorded_at,"
    " e.correlation_id, e.cause FROM log l JOIN events e ON e.ordinal = l.ordinal"
    " WHERE l.position > :after AND l.position <= :until ORDER BY l.position"
)
_PAGE_POSTGRES = re.sub(r":(\w+)", r"%(\1)s", _PAGE.text)
_HEAD = "SELECT coalesce(max(position), 0) FROM log"
HOLDS = (
    "EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND objid = %s AND granted)"
)
"""Whether this session holds an advisory lock."""
_LEADS_AND_HEAD = f"SELECT {HOLDS}, coalesce(max(position), 0) FROM log"  # noqa: S608  a text of ours


@dataclass(frozen=True, slots=True)
class Head:
    """How far the log goes: `position` is 0 while it is empty."""

    epoch: str
    position: int


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the log, in order, and the epoch its positions count in."""

    epoch: str
    events: list[Recorded]


def number(connection: Connection, limit: int) -> int:
    """Give the next `limit` committed events their positions; returns how many there were.

    Holds the numbering lock to the end of the caller's transaction, so that two relays cannot interleave.
    """
    _lock(connection)
    if connection.dialect.name == "postgresql":
        return connection.exec_driver_sql(_NUMBER_POSTGRES, (limit,)).rowcount
    start = connection.exec_driver_sql(_HEAD).scalar_one()
    moved = connection.execute(_NUMBER, {"start": start, "limit": limit}).rowcount
    if moved:
        connection.execute(_EMPTY_OUTBOX, {"start": start})
    return moved


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_LOCK, (_NUMBERING_LOCK,))


@dataclass(frozen=True, slots=True)
class Step:
    """What a relay learns in a round: does it lead, how many it numbered, how far the log goes, what comes after."""

    leads: bool
    numbered: int
    head: int
    after: int
    events: Sequence[Recorded]


def step(connection: Connection, lock: int, published: int, after: int, limit: int, most: int) -> Step:
    """Remember how far publishing has come, number up to `most`, read up to `limit` events after `after`.

    On PostgreSQL, outside a transaction: all of it is one round trip, and what is read is numbered for good. Whoever
    does not hold the leader's `lock` any more has done no harm, numbering has a lock of its own; he must not publish.
    """
    driver: Any = connection.connection.driver_connection
    with driver.pipeline():
        with driver.transaction():
            driver.execute("UPDATE history SET published = %s WHERE published <> %s", (published, published))
            driver.execute(_LOCK, (_NUMBERING_LOCK,))
            numbering = driver.execute(_NUMBER_POSTGRES, (most,), prepare=True)
            state = driver.execute(_LEADS_AND_HEAD, (lock,), prepare=True)
        page = driver.execute(_PAGE_POSTGRES, {"after": after, "until": after + limit}, prepare=True)
    leads, head = state.fetchone()
    return Step(leads, numbering.rowcount, head, after, [Recorded(*row) for row in page])


def events_since(connection: Connection, after: int, limit: int) -> list[Recorded]:
    """Up to `limit` numbered events with positions above `after`, in order."""
    rows = connection.execute(_PAGE, {"after": after, "until": after + limit})
    return [Recorded(*row) for row in rows]


def page(connection: Connection, after: int, limit: int) -> Page:
    """The same with its epoch; of one moment when the connection reads one snapshot."""
    return Page(head(connection).epoch, events_since(connection, after, limit))


def head(connection: Connection) -> Head:
    """Epoch and last position given."""
    position = connection.exec_driver_sql(_HEAD).scalar_one()
    epoch = connection.exec_driver_sql("SELECT epoch FROM history").scalar_one_or_none()
    return Head(epoch or "", int(position))


def published(connection: Connection) -> int:
    """The last position the broker has confirmed."""
    return int(connection.exec_driver_sql("SELECT published FROM history").scalar_one())


def set_published(connection: Connection, position: int) -> None:
    """Remember that everything up to `position` is confirmed."""
    # Nothing is written while nothing moves: an idle relay comes by ten times a second.
    connection.execute(history.update().where(history.c.published != position).values(published=position))


def open_history(database: Database) -> Head:
    """Make sure the log has an epoch, and a new one when this database is not the one that wrote it."""
    with database.write() as connection:
        _lock(connection)  # two that open it at once must not each begin an epoch
        found = _fingerprint(connection)
        row = connection.exec_driver_sql("SELECT epoch, fingerprint FROM history").one_or_none()
        position = head(connection).position
        restored = row is not None and (row[1] != found or _witness_is_ahead(database, position))
        if row is None or restored:
            epoch = str(new_id())
            if row is not None:
                logger.warning("database_restored", epoch=epoch, position=position)
            connection.execute(history.delete())
            # Who followed the old epoch reads the restored history from the log; only what is new goes out.
            at = position if restored else 0
            connection.execute(history.insert().values(one=1, epoch=epoch, fingerprint=found, published=at))
        return head(connection)


def adopt_history(connection: Connection) -> None:
    """Say that this database is the rightful heir of the history copied into it: the epoch goes on."""
    connection.execute(history.update().values(fingerprint=_fingerprint(connection)))


def _fingerprint(connection: Connection) -> str:
    if connection.dialect.name != "postgresql":
        return "sqlite"
    row: Any = connection.exec_driver_sql(
        "SELECT (SELECT system_identifier FROM pg_control_system()), (SELECT timeline_id FROM pg_control_checkpoint()),"
        " (SELECT oid FROM pg_database WHERE datname = current_database()), 'log'::regclass::oid"
    ).one()
    return "/".join(str(part) for part in row)


def _witness(database: Database) -> Path | None:
    if database.is_postgres or database.url.database in (None, "", ":memory:"):
        return None
    return Path(f"{database.url.database}.head")


def _witness_is_ahead(database: Database, position: int) -> bool:
    witness = _witness(database)
    if witness is None or not witness.exists():
        return False
    seen = witness.read_text().strip()
    return seen.isdigit() and int(seen) > position


def leave_witness(database: Database, position: int) -> None:
    """Note beside an SQLite file how far its log went, to recognise an older copy of it later."""
    witness = _witness(database)
    if witness is not None:
        witness.write_text(str(position))
