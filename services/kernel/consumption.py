"""Where subscriptions stand: cursors, versions applied, streams set aside; and what others may ask of that.

These tables lie beside the read model they belong to, so that both change in one transaction.
"""

import time
from collections.abc import Collection, Sequence
from typing import Any, TypeAlias

import psycopg
from sqlalchemy import Column, Connection, Float, Integer, MetaData, Table, Text, bindparam, select, tuple_

from services.kernel.message import Recorded
from services.kernel.store import BIG

Place: TypeAlias = tuple[str, str]
"""A stream as one subscription sees it: (subscription, stream)."""

CONSUMPTION = MetaData()

cursors = Table(
    "cursors",
    CONSUMPTION,
    Column("subscription", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("epoch", Text, nullable=False),
    Column("position", BIG, nullable=False),
    Column("halted", Text, nullable=False, server_default=""),
    Column("moved_at", Text, nullable=False, server_default=""),
)
applied_versions = Table(
    "applied_versions",
    CONSUMPTION,
    Column("subscription", Text, primary_key=True),
    Column("stream", Text, primary_key=True),
    Column("version", Integer, nullable=False),
)
held_streams = Table(
    "held_streams",
    CONSUMPTION,
    Column("subscription", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("stream", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", Float, nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", Text, nullable=False),
)
held_events = Table(
    "held_events",
    CONSUMPTION,
    Column("subscription", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("position", BIG, primary_key=True, autoincrement=False),
    Column("stream", Text, nullable=False, index=True),
    Column("body", Text, nullable=False),
)
attempts = Table(
    "attempts",
    CONSUMPTION,
    Column("subscription", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("position", BIG, primary_key=True, autoincrement=False),
    Column("tries", Integer, nullable=False),
)


def note_versions(
    connection: Connection, subscription: str, applied: Sequence[Recorded], categories: Collection[str]
) -> None:
    """Remember the last version applied of each stream of these categories; never goes back."""
    versions = {each.stream: each.version for each in applied if each.stream.partition("-")[0] in categories}
    if not versions:
        return
    driver: Any = connection.connection.driver_connection
    if isinstance(driver, psycopg.Connection):
        driver.execute(
            "INSERT INTO applied_versions (subscription, stream, version)"
            " SELECT %s, * FROM unnest(%s::text[], %s::int[]) ON CONFLICT (subscription, stream)"
            " DO UPDATE SET version = greatest(applied_versions.version, excluded.version)",
            (subscription, list(versions), list(versions.values())),
            prepare=True,
        )
    else:
        driver.executemany(
            "INSERT INTO applied_versions (subscription, stream, version) VALUES (?, ?, ?)"
            " ON CONFLICT (subscription, stream) DO UPDATE SET version = max(version, excluded.version)",
            [(subscription, stream, version) for stream, version in versions.items()],
        )


def versions_applied(connection: Connection, places: Collection[Place]) -> dict[Place, int]:
    """The last version applied of each of these streams; one never applied is not named."""
    of = applied_versions.c
    asked = select(of.subscription, of.stream, of.version).where(tuple_(of.subscription, of.stream).in_(list(places)))
    return {(row.subscription, row.stream): row.version for row in connection.execute(asked)}


def parked(connection: Connection, places: Collection[Place]) -> set[Place]:
    """Which of these streams wait for a person."""
    of = held_streams.c
    asked = select(of.subscription, of.stream).where(
        of.state == "parked", tuple_(of.subscription, of.stream).in_(list(places))
    )
    return {(row.subscription, row.stream) for row in connection.execute(asked)}


_DUE = select(held_streams.c.subscription, held_streams.c.source).where(
    held_streams.c.state == "retrying", held_streams.c.next_attempt_at <= bindparam("now")
)


def due(connection: Connection) -> set[tuple[str, str]]:
    """`(subscription, source)` of those that hold a stream which is to be tried now."""
    return {(row.subscription, row.source) for row in connection.execute(_DUE, {"now": time.time()})}


def release_parked(connection: Connection, subscription: str | None = None, stream: str | None = None) -> int:
    """Have parked streams tried again by their own subscription (after a fix); returns how many."""
    chosen = held_streams.update().where(held_streams.c.state == "parked")
    if subscription is not None:
        chosen = chosen.where(held_streams.c.subscription == subscription)
    if stream is not None:
        chosen = chosen.where(held_streams.c.stream == stream)
    return connection.execute(chosen.values(state="retrying", attempts=1, next_attempt_at=0.0)).rowcount


def start_over(connection: Connection, subscription: str, source: str, epoch: str) -> None:
    """Have a process manager read a restored source again from its first event, in `epoch`.

    What it asked for before it asks for again under the same command ids, which changes nothing.
    """
    for table in (held_streams, held_events, attempts):
        connection.execute(table.delete().where(table.c.subscription == subscription, table.c.source == source))
    connection.execute(
        cursors.update()
        .where(cursors.c.subscription == subscription, cursors.c.source == source)
        .values(epoch=epoch, position=0, halted="")
    )
