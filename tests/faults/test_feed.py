"""Rows 29 and 30: whoever follows the feed resumes exactly; what is older than its window is really deleted."""

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import psycopg
from sqlalchemy.engine import make_url

from services.kernel.identifiers import new_id
from services.kernel.message import Recorded
from services.kernel.messaging.connection import abandon, connect
from services.kernel.messaging.publisher import Publisher
from services.kernel.messaging.topology import Feed
from tests.kernel.driving import until
from tests.soak import Scale

SOURCE = "counting"


def event(position: int, size: int = 40) -> Recorded:
    return Recorded(
        position, str(new_id()), "counter-1", position, "counter.raised", 1, '{"by":"' + "1" * size + '"}',
        "2026-11-20T10:00:00.000000Z", str(new_id()), str(new_id()),
    )  # fmt: skip


def test_a_follower_of_the_feed_applies_each_position_once_however_often_it_is_killed(
    amqp_url: str, postgres_url: str, scale: Scale
) -> None:
    kills, between = scale(3, 20), scale(400, 1000)
    database_url = make_url(postgres_url).set(drivername="postgresql").render_as_string(hide_password=False)
    publisher = Publisher(amqp_url, Feed("1h", 1_000_000))
    reader = None
    head = 0
    with psycopg.connect(database_url, autocommit=True) as looking:

        def stands_at() -> int:
            with suppress(psycopg.errors.UndefinedTable):
                row = looking.execute("SELECT position FROM stand").fetchone()
                return int(row[0]) if row else 0
            return 0

        try:
            for turn in range(kills + 1):
                batch = [event(head + n + 1) for n in range(between)]
                publisher.publish(SOURCE, "e1", batch)
                publisher.publish(SOURCE, "e1", batch[-between // 4 :])  # a relay that crashed says some of it again
                command = [sys.executable, "-m", "tests.faults.feed_reader", amqp_url, database_url]
                reader = subprocess.Popen(command)
                until(partial(_past, stands_at, head + between // 2), "half of it read", seconds=60)
                head += between
                if turn < kills:
                    reader.kill()
                    reader.wait()
            until(lambda: stands_at() == head, "all of it read", seconds=60)
        finally:
            if reader is not None:
                reader.kill()
                reader.wait()
            publisher.close()
        seen = [row[0] for row in looking.execute("SELECT position FROM seen ORDER BY applied")]
        assert seen == list(range(1, head + 1))
    scale.measured("29", "each offset applied once over 20 kills", f"{head:,} applied once each over {kills} kills")


def test_what_is_older_than_the_feeds_window_is_deleted(amqp_url: str, scale: Scale) -> None:
    age = scale(5, 60)
    publisher = Publisher(amqp_url, Feed(f"{age}s", 1_000_000))
    written = 0

    def write(megabytes: float) -> None:
        nonlocal written
        for _ in range(int(megabytes * 10)):
            publisher.publish(SOURCE, "e1", [event(written + n + 1, size=10_000) for n in range(10)])
            written += 10

    write(4)
    old = written
    time.sleep(age + 1)  # the window passes; nothing tells when
    write(2.5)  # the broker deletes when a segment is full
    segment = 100  # so many events of 10 kB at most
    until(lambda: _first(amqp_url) > old - segment, "the old segments are gone but for the last", seconds=30)
    publisher.close()
    left = max(0, old - _first(amqp_url))
    found = f"{left * 10 / 1000:.1f} MB older than {age} s left"
    scale.measured("30", "oldest offset ≤ max-age + 1 segment of 1 MB", found)


def _past(stands_at: Callable[[], int], position: int) -> bool:
    return stands_at() > position


def _first(amqp_url: str) -> int:
    """The position of the oldest message the feed still has."""
    connection = connect(amqp_url, "feed looker")
    found: list[int] = []
    channel = connection.channel()
    channel.basic_qos(0, 1, False)
    channel.basic_consume(
        "counting.feed",
        callback=lambda message: found.append(int(message.headers["ce-position"])),
        arguments={"x-stream-offset": "first"},
    )
    while not found:
        connection.drain_events(timeout=10)
    abandon(connection)
    return found[0]
