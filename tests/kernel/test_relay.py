"""The relay: one leads and another takes over, and whatever goes wrong only repeats."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import pairwise

import psycopg
import pytest

from services.kernel import log as event_log, relay as relaying
from services.kernel.database import Database
from services.kernel.identifiers import new_id
from services.kernel.message import Recorded
from services.kernel.relay import Notifier, Relay
from tests.kernel.driving import at_once, number_all, processor, start, until

TAKEOVER_SECONDS = 5


class Heard:
    """A publisher in memory: what it was sent, and in which order; `broken` makes the broker doubtful."""

    def __init__(self) -> None:
        self.events: list[Recorded] = []
        self.heads: list[tuple[str, int]] = []
        self.epochs: set[str] = set()
        self.broken = False
        self.attempts = 0
        self.closed = 0
        self.breaks_at: set[int] = set()
        self.begins: Callable[[Sequence[Recorded]], None] = lambda batch: None
        self.was_read_ahead: Callable[[Sequence[Recorded]], None] = lambda batch: None

    def publish(
        self, source: str, epoch: str, batch: Sequence[Recorded], meanwhile: Callable[[], None] = lambda: None
    ) -> None:
        assert source == "counting"
        self.attempts += 1
        self.begins(batch)
        meanwhile()
        self.was_read_ahead(batch)
        if self.broken or self.attempts in self.breaks_at:
            self.events += batch[: len(batch) // 2]  # as a broker that took some before the link broke
            raise ConnectionResetError
        self.epochs.add(epoch)
        self.events += batch

    def announce(self, source: str, epoch: str, position: int) -> None:
        if self.broken:
            raise ConnectionResetError
        self.heads.append((epoch, position))

    def close(self) -> None:
        self.closed += 1

    @property
    def positions(self) -> list[int]:
        return [event.position for event in self.events]

    @property
    def distinct(self) -> list[int]:
        """Positions in the order of their first arrival."""
        return list(dict.fromkeys(self.positions))


@contextmanager
def running(database: Database, publisher: Heard, announce_seconds: float = 5.0) -> Iterator[Relay]:
    relay = Relay("counting", database, publisher, announce_seconds=announce_seconds)
    thread = threading.Thread(target=relay.run, daemon=True)
    thread.start()
    try:
        yield relay
    finally:
        relay.stop()
        thread.join(timeout=15)
        assert not thread.is_alive(), "the relay did not stop"


def record(database: Database, events: int) -> None:
    run = processor(database)
    for done in range(0, events, 250):
        run.execute_many([start(new_id()) for _ in range(min(250, events - done))])


def terminate(database: Database, having: str) -> int:
    """End server processes of this database's sessions; how many."""
    url = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            f" WHERE datname = current_database() AND pid <> pg_backend_pid() AND {having}"
        ).rowcount


def test_everything_committed_is_published_in_order_and_announced(database: Database) -> None:
    heard = Heard()
    record(database, 1200)
    with running(database, heard):
        until(lambda: len(heard.events) == 1200, "everything published")
        record(database, 10)
        until(lambda: len(heard.events) == 1210, "what came later too")
        until(lambda: heard.heads, "the head announced")
    assert heard.positions == list(range(1, 1211))
    assert len(heard.epochs) == 1
    assert heard.closed


def test_heads_are_announced_again_and_again(database: Database) -> None:
    heard = Heard()
    with running(database, heard, announce_seconds=0.05):
        record(database, 3)
        until(lambda: [head for _, head in heard.heads].count(3) >= 3, "the same head three times")


def test_a_new_relay_goes_on_where_the_last_one_was(database: Database) -> None:
    heard, later = Heard(), Heard()
    record(database, 20)
    with running(database, heard):
        until(lambda: stored_published(database) == 20, "how far it came is stored")
    record(database, 5)
    with running(database, later):
        until(lambda: len(later.events) == 5, "only what is new")
    assert later.positions == list(range(21, 26))


def stored_published(database: Database) -> int:
    with database.read() as connection:
        row = connection.exec_driver_sql("SELECT published FROM history").one_or_none()
    return row[0] if row else -1


def test_after_a_doubtful_publish_everything_in_doubt_is_sent_again_in_order(database: Database) -> None:
    heard = Heard()
    heard.broken = True
    record(database, 30)
    with running(database, heard):
        until(lambda: heard.attempts >= 2, "two attempts")
        record(database, 10)
        until(lambda: head(database) == 40, "numbering does not wait for the broker")
        heard.broken = False
        until(lambda: heard.distinct == list(range(1, 41)), "everything, in order")
        until(lambda: stored_published(database) == 40, "remembered as published")
    final = heard.positions[heard.positions.index(40) - 39 :]
    assert final == list(range(1, 41)), "the last sending starts at the first event in doubt"
    assert heard.closed >= 2, "each failure lets go of the connection"


def test_a_database_lost_while_the_next_page_is_read_costs_no_event(
    postgres: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relaying, "BATCH", 10)
    heard = Heard()

    def lose_the_database(_: Sequence[Recorded]) -> None:
        if heard.attempts == 3:
            terminate(postgres, f"pid = {leading_session(postgres)}")

    heard.begins = lose_the_database
    record(postgres, 75)
    with running(postgres, heard):
        until(lambda: stored_published(postgres) == 75, "everything, after it leads again", TAKEOVER_SECONDS + 15)
    assert heard.distinct == list(range(1, 76))
    assert in_order(heard.positions)


def test_pages_read_while_the_last_one_is_sent_leave_no_gap_whatever_became_of_that(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relaying, "BATCH", 10)
    heard = Heard()
    heard.breaks_at = {3, 4, 9}
    too_early: list[int] = []  # an error raised here would only be one more doubt to the relay

    def watch(batch: Sequence[Recorded]) -> None:
        if stored_published(database) >= batch[0].position:
            too_early.append(batch[0].position)

    heard.was_read_ahead = watch
    record(database, 125)
    with running(database, heard):
        until(lambda: stored_published(database) == 125, "everything, though three pages were in doubt")
        record(database, 40)
        until(lambda: stored_published(database) == 165, "what came later too")
    assert too_early == [], "counted as published before it was confirmed"
    assert heard.distinct == list(range(1, 166))
    assert in_order(heard.positions)


def head(database: Database) -> int:
    with database.read() as connection:
        return event_log.head(connection).position


def test_a_commit_wakes_the_relay_without_waiting_for_its_poll(
    postgres: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relaying, "IDLE_SECONDS", 3600)
    heard, notifier = Heard(), Notifier(postgres)
    run = processor(postgres, notifier.committed)
    with running(postgres, heard) as relay:
        try:
            relay.leading.wait(10)
            for number in range(1, 6):
                run.execute(start(new_id()))
                until(lambda n=number: len(heard.events) >= n, "woken by NOTIFY")  # type: ignore[misc]
        finally:
            relay.stop()
            notifier.close()
            with postgres.write() as connection:  # it would sleep for an hour
                connection.exec_driver_sql(f"NOTIFY {relaying.CHANNEL}")


def test_a_standby_waits_and_takes_over_when_the_leaders_session_ends(postgres: Database) -> None:
    first, second = Heard(), Heard()
    record(postgres, 50)
    with running(postgres, first) as leader:
        assert leader.leading.wait(10)
        until(lambda: len(first.events) == 50, "the leader publishes")
        with running(postgres, second) as standby:
            for _ in range(3):
                old = leading_session(postgres)
                assert terminate(postgres, f"pid = {old}") == 1
                until(lambda o=old: leading_session(postgres) not in (0, o), "one leads again", TAKEOVER_SECONDS)  # type: ignore[misc]
                record(postgres, 10)
            until(lambda: leader.leading.is_set() != standby.leading.is_set(), "both know who leads")
            everything = list(range(1, 81))
            until(lambda: sorted({*first.positions, *second.positions}) == everything, "everything published")
            assert in_order(first.positions) and in_order(second.positions)
            assert first.epochs | second.epochs == first.epochs, "still the same history"


def leading_session(database: Database) -> int:
    """The server process that holds the leaders' lock in this database; 0 when there is none."""
    with database.read() as connection:
        pid = connection.exec_driver_sql(
            "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = 7151002 AND granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        ).scalar_one_or_none()
    return pid or 0


def in_order(positions: list[int]) -> bool:
    """Gapless from one to the next, but for steps back to repeat something."""
    return all(after <= before + 1 for before, after in pairwise(positions))


def test_a_standby_takes_over_when_the_leading_process_is_killed(postgres: Database) -> None:
    url = postgres.url.render_as_string(hide_password=False)
    heard = Heard()
    with ExitStack() as stack:
        process = stack.enter_context(
            subprocess.Popen([sys.executable, "-m", "tests.kernel.relaying", url], stdout=subprocess.PIPE, text=True)
        )
        stack.callback(process.kill)
        assert process.stdout is not None
        assert "leading\n" in iter(process.stdout.readline, "")
        standby = stack.enter_context(running(postgres, heard))
        record(postgres, 50)
        until(lambda: head(postgres) == 50, "the other process numbers")
        assert not standby.leading.is_set()
        process.kill()
        until(standby.leading.is_set, "the standby leads", TAKEOVER_SECONDS)
        record(postgres, 25)
        until(lambda: heard.positions and heard.positions[-1] == 75, "the rest is published")
        assert heard.positions == list(range(heard.positions[0], 76))


def test_two_relays_at_once_and_a_stranger_numbering_do_no_harm(postgres: Database) -> None:
    heard = [Heard(), Heard()]
    with running(postgres, heard[0]), running(postgres, heard[1]):
        over = threading.Event()

        def meddle() -> None:
            while not over.wait(0.005):
                number_all(postgres)

        meddling = threading.Thread(target=meddle)
        meddling.start()
        at_once(4, lambda _: record(postgres, 100))
        until(lambda: sorted({p for each in heard for p in each.positions}) == list(range(1, 401)), "everything")
        over.set()
        meddling.join()
    assert all(in_order(each.positions) for each in heard)
    with postgres.read() as connection:
        log = event_log.events_since(connection, 0, 1000)
    assert [event.position for event in log] == list(range(1, 401))
    assert {event.id for each in heard for event in each.events} == {event.id for event in log}


def test_a_relay_lives_through_losing_all_its_sessions(postgres: Database) -> None:
    heard = Heard()
    with running(postgres, heard) as relay:
        for done in range(1, 4):
            record(postgres, 20)
            until(lambda n=done: head(postgres) >= 20 * n, "numbering goes on")  # type: ignore[misc]
            terminate(postgres, "true")
            until(relay.leading.is_set, "it leads again", TAKEOVER_SECONDS)
        until(lambda: heard.distinct == list(range(1, 61)), "everything, in order")


def test_an_idle_relay_writes_nothing(postgres: Database) -> None:
    heard = Heard()
    record(postgres, 1)
    with running(postgres, heard, announce_seconds=0.02):
        until(lambda: stored_published(postgres) == 1, "published")
        before = history_writes(postgres)
        seen = len(heard.heads)
        until(lambda: len(heard.heads) > seen + 10, "ten rounds more")
    assert history_writes(postgres) == before


def history_writes(database: Database) -> str:
    """Changes with every version of the row."""
    with database.read() as connection:
        return str(connection.exec_driver_sql("SELECT ctid::text || xmin::text FROM history").scalar_one())
