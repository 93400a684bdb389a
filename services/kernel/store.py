"""The event store: append with expected versions, load, and the memory of commands.

A whole batch of decided commands is one statement and one commit. The statement checks every stream's current version
itself; the unique keys catch what commits between its snapshot and its end. Each event also leaves an outbox row, which
`log` numbers once the transaction has committed.

Errors:

    Conflict   another writer was first (on a stream or on a command id); nothing was written, decide again
"""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import psycopg
from sqlalchemy import BigInteger, Column, Connection, Identity, Integer, MetaData, Table, Text, UniqueConstraint

STORE = MetaData()

BIG = BigInteger().with_variant(Integer(), "sqlite")

events = Table(
    "events",
    STORE,
    Column("ordinal", BIG, Identity(cache=1), primary_key=True),
    Column("stream", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("schema_version", Integer, nullable=False),
    Column("data", Text, nullable=False),
    Column("recorded_at", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("correlation_id", Text, nullable=False),
    Column("actor", Text, nullable=False),
    UniqueConstraint("stream", "version", name="events_stream_version"),
    sqlite_autoincrement=True,
)
outbox = Table("outbox", STORE, Column("ordinal", BIG, primary_key=True, autoincrement=False))
commands = Table(
    "commands",
    STORE,
    Column("id", Text, primary_key=True),
    Column("actor", Text, primary_key=True),
    Column("payload_hash", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("recorded_at", Text, nullable=False),
)


class Conflict(Exception):
    """Somebody else appended first; the whole batch was left out."""


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event about to be stored: one row of `events`, its ordinal still to be drawn."""

    place: int
    """Where in its batch it stands: ordinals are drawn in this order."""
    stream: str
    version: int
    id: str
    name: str
    schema_version: int
    data: str
    cause: str
    correlation_id: str
    actor: str


@dataclass(frozen=True, slots=True)
class NewCommand:
    """A decided command about to be remembered: one row of `commands`."""

    actor: str
    id: str
    payload_hash: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What one append writes. `expected` maps each stream to the version the decisions were made on."""

    expected: dict[str, int]
    commands: Sequence[NewCommand]
    events: Sequence[NewEvent]
    recorded_at: str


# Three documents and an instant: each part taken out of one document would have all of it parsed again.
_PG_APPEND = """
WITH stale AS (
  SELECT FROM json_to_recordset(%(expected)s::json) AS expected(stream text, version int)
  WHERE expected.version <> coalesce(
    (SELECT max(e.version) FROM events e WHERE e.stream = expected.stream), 0)
), remembered AS (
  INSERT INTO commands (actor, id, payload_hash, outcome, recorded_at)
  SELECT actor, id, payload_hash, outcome, %(at)s::text
  FROM json_to_recordset(%(commands)s::json) AS c(actor text, id text, payload_hash text, outcome text)
  WHERE NOT EXISTS (SELECT FROM stale)
), appended AS (
  INSERT INTO events (stream, version, id, name, schema_version, data, cause, correlation_id, actor, recorded_at)
  SELECT stream, version, id, name, schema_version, data, cause, correlation_id, actor, %(at)s::text
  FROM json_to_recordset(%(events)s::json) AS e(place int, stream text, version int, id text, name text,
    schema_version int, data text, cause text, correlation_id text, actor text)
  WHERE NOT EXISTS (SELECT FROM stale)
  ORDER BY place
  RETURNING ordinal
), queued AS (
  INSERT INTO outbox (ordinal) SELECT ordinal FROM appended
)
SELECT count(*) FROM stale
"""


def append(connection: Connection, batch: Batch) -> None:
    """Write a batch whole or not at all. Raises `Conflict`.

    On PostgreSQL this is one statement and needs no transaction around it; on SQLite the caller holds one.
    """
    driver: Any = connection.connection.driver_connection
    if isinstance(driver, psycopg.Connection):
        _append_postgres(driver, batch)
    else:
        _append_sqlite(driver, batch)


def _append_postgres(driver: psycopg.Connection[Any], batch: Batch) -> None:
    parts = {
        "expected": [{"stream": stream, "version": version} for stream, version in batch.expected.items()],
        "commands": batch.commands,
        "events": batch.events,
    }
    values = {name: orjson.dumps(part).decode() for name, part in parts.items()} | {"at": batch.recorded_at}
    try:
        row = driver.execute(_PG_APPEND, values, prepare=True).fetchone()
    except (psycopg.errors.UniqueViolation, psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected):
        raise Conflict from None
    if row is None or row[0]:
        raise Conflict


def _append_sqlite(driver: sqlite3.Connection, batch: Batch) -> None:
    for stream, version in batch.expected.items():
        row = driver.execute("SELECT max(version) FROM events WHERE stream = ?", (stream,)).fetchone()
        if (row[0] or 0) != version:
            raise Conflict
    at = batch.recorded_at
    try:
        driver.executemany(
            "INSERT INTO commands (actor, id, payload_hash, outcome, recorded_at) VALUES (?, ?, ?, ?, ?)",
            [(c.actor, c.id, c.payload_hash, c.outcome, at) for c in batch.commands],
        )
        for e in batch.events:
            cursor = driver.execute(
                "INSERT INTO events (stream, version, id, name, schema_version, data, cause, correlation_id, actor,"
                " recorded_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (e.stream, e.version, e.id, e.name, e.schema_version, e.data, e.cause, e.correlation_id, e.actor, at),
            )
            driver.execute("INSERT INTO outbox (ordinal) VALUES (?)", (cursor.lastrowid,))
    except sqlite3.IntegrityError:
        raise Conflict from None


def load(connection: Connection, streams: Sequence[str]) -> dict[str, list[tuple[str, int, str]]]:
    """The events of each stream in order, as `(name, schema_version, data)`; a stream's version is their number."""
    found: dict[str, list[tuple[str, int, str]]] = {stream: [] for stream in streams}
    for stream, name, schema_version, data in _rows(
        connection,
        "SELECT stream, name, schema_version, data FROM events WHERE stream {among} ORDER BY stream, version",
        streams,
    ):
        found[stream].append((name, schema_version, data))
    return found


def remembered(connection: Connection, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], tuple[str, str]]:
    """`(actor, command id) -> (payload hash, outcome)` of the commands decided before."""
    wanted = set(keys)
    rows = _rows(
        connection,
        "SELECT actor, id, payload_hash, outcome FROM commands WHERE id {among}",
        list({command_id for _, command_id in keys}),
    )
    return {(row[0], row[1]): (row[2], row[3]) for row in rows if (row[0], row[1]) in wanted}


def _rows(connection: Connection, statement: str, values: Sequence[str]) -> Iterable[Any]:
    driver: Any = connection.connection.driver_connection
    if isinstance(driver, psycopg.Connection):
        return driver.execute(statement.format(among="= ANY(%s)"), (list(values),), prepare=True).fetchall()
    rows: list[Any] = []
    for start in range(0, len(values), 500):
        part = values[start : start + 500]
        marks = ", ".join("?" * len(part))
        rows += driver.execute(statement.format(among=f"IN ({marks})"), tuple(part)).fetchall()
    return rows
