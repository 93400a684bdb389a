"""The log: gapless, in stream order, the same for every reader, and honest about being a copy."""

import os
import random
import shutil
import subprocess
import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from deploy.local import packages
from deploy.local.homes import passing_home
from deploy.local.postgres import PostgresServer
from services.kernel import log as event_log, store
from services.kernel.database import Database
from services.kernel.message import Recorded
from services.kernel.migrate import migrate
from tests.conftest import LOGS
from tests.kernel.driving import at_once, number_all, until
from tests.kernel.test_store import append, batch, event
from tests.soak import Scale


@pytest.fixture(scope="module")
def other_cluster() -> Iterator[PostgresServer]:
    """A second PostgreSQL, which these tests may kill as long as they start it again."""
    with passing_home(keep_logs_in=LOGS / "own") as home:
        server = PostgresServer(home)
        server.start()
        yield server
        server.stop()


def page(database: Database, after: int = 0, limit: int = 1000) -> list[Recorded]:
    with database.read() as connection:
        return event_log.events_since(connection, after, limit)


def number(database: Database, limit: int = 1000) -> int:
    with database.write() as connection:
        return event_log.number(connection, limit)


def test_positions_start_at_one_and_have_no_holes_whatever_ordinals_have(database: Database) -> None:
    for version in range(1, 6):
        append(database, batch(event("a-1", version)))
        assert not append(database, batch(event("a-1", version), expected={"a-1": version}))  # burns an ordinal
    number_all(database)
    assert [(e.position, e.version) for e in page(database)] == [(n, n) for n in range(1, 6)]


def test_what_is_not_numbered_is_not_read(database: Database) -> None:
    append(database, batch(*(event("a-1", n + 1, n) for n in range(5))))
    assert page(database) == []
    assert number(database, limit=3) == 3
    assert [e.version for e in page(database)] == [1, 2, 3]
    assert (number(database), number(database)) == (2, 0)


def test_pages_are_read_from_any_position(database: Database) -> None:
    append(database, batch(*(event("a-1", n + 1, n) for n in range(10))))
    number_all(database)
    assert [e.position for e in page(database, after=3, limit=4)] == [4, 5, 6, 7]
    assert page(database, after=10) == page(database, after=99) == []


def test_who_commits_late_gets_the_later_position(postgres: Database) -> None:
    with postgres.engine.begin() as slow:
        store.append(slow, batch(event("slow-1", 1)))
        append(postgres, batch(event("fast-1", 1)))
        number_all(postgres)
        assert [(e.position, e.stream) for e in page(postgres)] == [(1, "fast-1")]
    number_all(postgres)
    assert [(e.position, e.stream) for e in page(postgres)] == [(1, "fast-1"), (2, "slow-1")]


def test_two_numberers_at_once_give_every_event_one_position(postgres: Database) -> None:
    for start in range(0, 400, 20):
        append(postgres, batch(*(event("a-1", start + n + 1, n) for n in range(20))))
    moved = at_once(4, lambda _: [number(postgres, limit=7) for _ in range(20)])
    assert sum(map(sum, moved)) == 400
    assert [(e.position, e.version) for e in page(postgres)] == [(n, n) for n in range(1, 401)]


def test_history_cannot_be_rewritten(database: Database) -> None:
    append(database, batch(event("a-1", 1)))
    number_all(database)
    for statement in (
        "UPDATE events SET data = ''",
        "DELETE FROM events",
        "UPDATE log SET position = 9",
        "DELETE FROM log",
    ):
        with pytest.raises(DBAPIError, match="insert-only"), database.write() as connection:
            connection.execute(text(statement))
    assert len(page(database)) == 1


WRITERS = 16


class Tail(threading.Thread):
    """A reader that follows the log while it is written, and keeps what it saw."""

    def __init__(self, database: Database, over: threading.Event) -> None:
        super().__init__(daemon=True)
        self.database = database
        self.over = over
        self.seen: list[Recorded] = []

    def run(self) -> None:
        while True:
            last = self.over.is_set()
            found = page(self.database, after=self.seen[-1].position if self.seen else 0)
            self.seen += found
            if last and not found:
                return
            self.over.wait(0 if found else 0.02)


def hold(chance: random.Random) -> None:
    """Keep the transaction open: 99 % up to 10 ms, 1 % for 500 ms."""
    threading.Event().wait(0.5 if chance.random() < 0.01 else chance.uniform(0, 0.01))


def test_readers_skip_repeat_and_reorder_nothing_while_transactions_are_held_open(
    postgres_url: str, scale: Scale
) -> None:
    """Reliability rows 5 and 6, with trap (a): transaction ids are drawn by another table long before the append."""
    events = scale(20_480, 102_400)
    postgres = Database(postgres_url, pool_size=WRITERS + 4)
    migrate(postgres)
    with postgres.write() as connection:
        connection.execute(text("CREATE TABLE other (writer int)"))
    free = deque((f"s-{n}", 0) for n in range(WRITERS * 4))
    over = threading.Event()
    tails = [Tail(postgres, over) for _ in range(3)]

    def write(writer: int) -> None:
        chance = random.Random(writer)
        for _ in range(events // WRITERS // 4):
            with postgres.engine.begin() as connection:
                connection.execute(text("INSERT INTO other VALUES (:writer)"), {"writer": writer})
                first = chance.random() < 0.5
                if first:
                    hold(chance)
                stream, version = free.popleft()
                store.append(connection, batch(*(event(stream, version + n + 1, n) for n in range(4))))
                if not first:
                    hold(chance)
            free.append((stream, version + 4))

    numbering = threading.Thread(target=lambda: [number(postgres) or over.wait(0.01) for _ in iter(over.is_set, True)])
    for thread in (*tails, numbering):
        thread.start()
    try:
        at_once(WRITERS, write)
        number_all(postgres)
    finally:
        over.set()
        for thread in (*tails, numbering):
            thread.join(timeout=30)
    for tail in tails:
        assert [e.position for e in tail.seen] == list(range(1, events + 1))
        assert_in_stream_order(tail.seen)
    assert tails[0].seen == tails[1].seen == tails[2].seen == list(everything(postgres))
    postgres.close()
    found = f"0 skipped, repeated or out of order of {events:,} by {len(tails)} readers, {WRITERS} writers"
    scale.measured("5, 6", "0 missing, 0 inversions of 100,000", found)


def everything(database: Database) -> Iterator[Recorded]:
    after = 0
    while found := page(database, after):
        yield from found
        after = found[-1].position


def assert_in_stream_order(seen: list[Recorded]) -> None:
    versions: dict[str, int] = {}
    for each in seen:
        assert each.version == versions.get(each.stream, 0) + 1
        versions[each.stream] = each.version


def test_a_dump_restored_into_another_cluster_keeps_positions_and_hides_nothing(
    postgres: Database, other_cluster: PostgresServer, tmp_path: Path, scale: Scale
) -> None:
    """Reliability row 7, with trap (c): the old rows' transaction ids lie far in the new cluster's future."""
    with postgres.engine.connect() as connection:
        burning = connection.execution_options(isolation_level="AUTOCOMMIT")
        for _ in range(3000):
            burning.execute(text("SELECT pg_current_xact_id()"))
    before = event_log.open_history(postgres)
    for version in range(1, 51):
        append(postgres, batch(event("a-1", version), event("b-1", version, 1)))
    number(postgres, limit=80)
    kept = page(postgres)
    with postgres.write() as connection:
        event_log.set_published(connection, 70)

    other_cluster.ensure_database("restored")
    restored = Database(other_cluster.database_url("restored"))
    dump = tmp_path / "dump"
    tool("pg_dump", postgres.url, "--format=custom", f"--file={dump}")
    tool("pg_restore", restored.url, "--exit-on-error", "--no-owner", str(dump))

    migrate(restored)
    after = event_log.open_history(restored)
    assert after.epoch != before.epoch
    assert event_log.open_history(restored) == after
    assert page(restored) == kept
    number_all(restored)
    append(restored, batch(event("a-1", 51), event("b-1", 51, 1)))
    number_all(restored)
    for reader in (0, 17, 79, 80, 100):
        assert [e.position for e in page(restored, after=reader)] == list(range(reader + 1, 103))
    assert_in_stream_order(page(restored))
    restored.close()
    scale.measured("7", "every reader resumes, 0 hidden rows", "5 readers resumed, 0 hidden after 3,000 burnt ids")


def tool(name: str, url: URL, *arguments: str) -> None:
    where = [f"--host={url.host}", f"--port={url.port}", f"--username={url.username}", f"--dbname={url.database}"]
    subprocess.run(
        [packages.require_postgres(name), *where, *arguments],
        check=True,
        env={**os.environ, "PGPASSWORD": url.password or ""},
    )


def test_a_database_that_was_only_restarted_keeps_its_epoch(other_cluster: PostgresServer) -> None:
    other_cluster.ensure_database("kept")
    database = Database(other_cluster.database_url("kept"))
    migrate(database)
    before = event_log.open_history(database)
    other_cluster.kill()
    other_cluster.start()
    assert event_log.open_history(database) == before
    database.close()


def test_strangers_do_not_stall_numbering(postgres: Database, new_database: Any, scale: Scale) -> None:
    """Reliability row 8: a writer in another database, a leaked transaction here, and a long reader."""
    stranger = Database(new_database(f"{postgres.url.database}_other"))
    with stranger.engine.begin() as elsewhere, postgres.engine.begin() as leaked, postgres.read() as reader:
        elsewhere.execute(text("CREATE TABLE other (n int)"))
        store.append(leaked, batch(event("leaked-1", 1)))
        event_log.head(reader)
        for version in range(1, 11):
            append(postgres, batch(event("a-1", version)))
            assert number_all(postgres) == version
        assert [e.version for e in page(postgres)] == list(range(1, 11))
    number_all(postgres)
    assert page(postgres)[-1].stream == "leaked-1"
    stranger.close()
    scale.measured("8", "lag ≤ 15 s", "each of 10 events numbered at once")


def test_an_ordinary_role_may_open_the_history(other_cluster: PostgresServer) -> None:
    other_cluster.ensure_database("plain")
    with other_cluster.connect("plain") as connection:
        connection.execute("CREATE ROLE plain LOGIN PASSWORD 'plain'")
        connection.execute("GRANT ALL ON SCHEMA public TO plain")
    url = other_cluster.database_url("plain")
    database = Database(url.replace(f"postgres:{other_cluster.password}@", "plain:plain@"))
    migrate(database)
    assert event_log.open_history(database).epoch
    database.close()


def test_opening_twice_at_once_agrees_on_one_epoch(database: Database) -> None:
    def opened(_number: int) -> str:
        while True:
            try:
                return event_log.open_history(database).epoch
            except DBAPIError:
                continue  # as a relay does

    assert len({*at_once(4, opened)}) == 1


def test_an_older_copy_of_an_sqlite_file_is_noticed_by_the_witness(tmp_path: Path) -> None:
    path, backup = tmp_path / "live.db", tmp_path / "backup.db"
    database = Database(f"sqlite:///{path}")
    migrate(database)
    before = event_log.open_history(database)
    append(database, batch(event("a-1", 1)))
    number_all(database)
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE history SET published = 1")
    with database.read() as connection:
        source: Any = connection.connection.driver_connection
        source.execute("COMMIT")
        source.execute("VACUUM INTO ?", (str(backup),))
    append(database, batch(event("a-1", 2)))
    event_log.leave_witness(database, number_all(database))
    assert event_log.open_history(database) == event_log.Head(before.epoch, 2)
    database.close()

    for leftover in tmp_path.glob("live.db-*"):
        leftover.unlink()
    shutil.copy(backup, path)
    older = Database(f"sqlite:///{path}")
    after = event_log.open_history(older)
    assert (after.position, after.epoch != before.epoch) == (1, True)
    event_log.leave_witness(older, 1)
    assert event_log.open_history(older) == after
    older.close()


def test_appends_go_on_while_numbering_waits(postgres: Database) -> None:
    with postgres.engine.begin() as numbering:
        event_log.number(numbering, 10)
        assert append(postgres, batch(event("a-1", 1)))
    until(lambda: number(postgres) == 1, "numbered once the lock is free")
