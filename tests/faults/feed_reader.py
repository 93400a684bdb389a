"""An integrator of the feed, as docs/integrators.md advises: `python -m tests.faults.feed_reader AMQP_URL DATABASE`.

Reads `counting.feed`, keeps offset and position beside its rows, in the same transaction, and drops what it has.
"""

import sys
from typing import Any

import amqp
import psycopg

from services.kernel.messaging.connection import connect

TABLES = """
CREATE TABLE IF NOT EXISTS seen (
  applied bigint GENERATED ALWAYS AS IDENTITY, position bigint NOT NULL, feed_offset bigint NOT NULL);
CREATE TABLE IF NOT EXISTS stand (one int PRIMARY KEY, feed_offset bigint NOT NULL, position bigint NOT NULL);
"""


def main(amqp_url: str, database_url: str) -> None:
    """Read until killed."""
    with psycopg.connect(database_url, autocommit=True) as database:
        database.execute(TABLES)
        row = database.execute("SELECT feed_offset FROM stand").fetchone()
        connection = connect(amqp_url, "feed reader")
        channel = connection.channel()
        channel.basic_qos(0, 50, False)
        channel.basic_consume(
            "counting.feed",
            callback=lambda message: take(database, channel, message),
            arguments={"x-stream-offset": row[0] + 1 if row else "first"},
        )
        while True:
            connection.drain_events(timeout=60)


def take(database: psycopg.Connection[Any], channel: amqp.Channel, message: amqp.Message) -> None:
    """Apply one message once, and remember where we stand in the same transaction."""
    offset = int(message.headers["x-stream-offset"])
    position = int(message.headers["ce-position"])
    with database.transaction():
        row = database.execute("SELECT position FROM stand").fetchone()
        last = row[0] if row else 0
        if position > last + 1:
            raise LookupError(f"position {position} follows {last}: ask the owner for what is between")
        if position == last + 1:
            database.execute("INSERT INTO seen (position, feed_offset) VALUES (%s, %s)", (position, offset))
        database.execute(
            "INSERT INTO stand VALUES (1, %s, %s)"
            " ON CONFLICT (one) DO UPDATE SET feed_offset = excluded.feed_offset, position = excluded.position",
            (offset, max(position, last)),
        )
    channel.basic_ack(message.delivery_tag)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
