"""Rebuilding a read model while it is read and written, and refusing what nobody agreed to."""

import threading
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import Column, Connection, Integer, inspect, select

from services.kernel.consumption import applied_versions, cursors, held_streams, note_versions
from services.kernel.database import Database
from services.kernel.identifiers import new_id
from services.kernel.log import Head, Page
from services.kernel.message import Recorded
from services.kernel.projection import Delivered
from services.kernel.rebuild import RebuildRefused, Rebuilt, checksum, rebuild
from services.kernel.subscription import Halted
from tests.kernel.counter import CounterEvent, Totals
from tests.kernel.driving import Counting, add, applied_version, until
from tests.kernel.test_subscription import POISON, Moody

NAME = "reader.totals"


class DoubledTotals(Totals):
    """New code: everything counts twice."""

    def apply(self, connection: Connection, events: Sequence[Delivered[CounterEvent]]) -> None:
        super().apply(connection, events)
        for each in events:
            counter = str(each.event.counter)
            by = getattr(each.event, "by", 0)
            mine = self.table.update().where(self.table.c.counter == counter)
            connection.execute(mine.values(total=self.table.c.total + by))


class TotalsAndHighest(Totals):
    """New code with a new column."""

    def define(self) -> None:
        super().define()
        self.table.append_column(Column("highest", Integer, nullable=False, server_default="0"))

    def apply(self, connection: Connection, events: Sequence[Delivered[CounterEvent]]) -> None:
        super().apply(connection, events)
        connection.execute(self.table.update().values(highest=self.table.c.total))


def tables(database: Database) -> set[str]:
    with database.read() as connection:
        return {name for name in inspect(connection).get_table_names() if name.startswith("totals")}


def test_an_equal_rebuild_swaps_and_the_follower_goes_on(counting: Counting) -> None:
    counter = counting.counter(1, 2)
    counting.counter(5)
    reader = counting.follower()
    reader.catch_up()
    before = counting.read()
    rebuilt = rebuild("reader", Totals, counting.database, counting.events)
    assert (rebuilt.events, rebuilt.rows, rebuilt.checksum == rebuilt.live_checksum) == (5, 2, True)
    assert counting.read() == before
    assert tables(counting.database) == {"totals"}
    counting.do(add(counter, 4))
    reader.catch_up()
    assert counting.read()[str(counter)] == (7, 4, 4)
    with counting.database.read() as connection:
        assert applied_version(connection, NAME, f"counter-{counter}") == 4
        assert {row.subscription for row in connection.execute(select(applied_versions))} == {NAME}


def test_rows_that_differ_are_refused_and_everything_stays(counting: Counting) -> None:
    counter = counting.counter(1, 2)
    reader = counting.follower()
    reader.catch_up()
    with pytest.raises(RebuildRefused, match=NAME):
        rebuild("reader", DoubledTotals, counting.database, counting.events)
    assert counting.read() == {str(counter): (3, 3, 3)}
    assert tables(counting.database) == {"totals"}
    counting.do(add(counter, 1))
    reader.catch_up()
    assert counting.read() == {str(counter): (4, 4, 4)}
    with counting.database.read() as connection:
        assert {row.subscription for row in connection.execute(select(applied_versions))} == {NAME}


def test_rows_that_differ_are_taken_when_they_may(counting: Counting) -> None:
    counter = counting.counter(1, 2)
    counting.follower().catch_up()
    rebuilt = rebuild("reader", DoubledTotals, counting.database, counting.events, may_differ=True)
    assert rebuilt.checksum != rebuilt.live_checksum
    assert counting.read() == {str(counter): (6, 3, 3)}
    assert tables(counting.database) == {"totals"}


def test_a_new_column_is_refused_by_name_until_it_may_differ(counting: Counting) -> None:
    counter = counting.counter(1, 2)
    counting.follower().catch_up()
    with pytest.raises(RebuildRefused, match=f"{NAME} has another shape: totals lacks highest"):
        rebuild("reader", TotalsAndHighest, counting.database, counting.events)
    assert counting.read() == {str(counter): (3, 3, 3)}
    assert tables(counting.database) == {"totals"}

    rebuilt = rebuild("reader", TotalsAndHighest, counting.database, counting.events, may_differ=True)

    assert (rebuilt.rows, rebuilt.live_checksum) == (1, None)
    assert tables(counting.database) == {"totals"}
    reshaped = TotalsAndHighest()
    counting.do(add(counter, 4))
    counting.follower(apply=reshaped.apply).catch_up()
    with counting.database.read() as connection:
        assert connection.execute(select(reshaped.table.c.total, reshaped.table.c.highest)).one() == (7, 7)
    with pytest.raises(RebuildRefused, match="totals still has highest"):
        rebuild("reader", Totals, counting.database, counting.events)
    rebuild("reader", TotalsAndHighest, counting.database, counting.events)


def test_a_read_model_without_its_table_is_built_anew(counting: Counting) -> None:
    counter = counting.counter(1, 2)
    counting.follower().catch_up()
    with counting.database.write() as connection:
        counting.totals.table.drop(connection)
    with pytest.raises(RebuildRefused, match="no table totals"):
        rebuild("reader", Totals, counting.database, counting.events)
    assert tables(counting.database) == set()
    rebuild("reader", Totals, counting.database, counting.events, may_differ=True)
    assert counting.read() == {str(counter): (3, 3, 3)}


def test_a_damaged_read_model_is_mended(counting: Counting) -> None:
    counter = counting.counter(1, 2)
    counting.follower().catch_up()
    with counting.database.write() as connection:
        connection.execute(counting.totals.table.update().values(total=99))
    rebuild("reader", Totals, counting.database, counting.events, may_differ=True)
    assert counting.read() == {str(counter): (3, 3, 3)}


def test_rebuilding_twice_leaves_nothing_behind(counting: Counting) -> None:
    counting.counter(1, 2)
    counting.follower().catch_up()
    first = rebuild("reader", Totals, counting.database, counting.events)
    assert rebuild("reader", Totals, counting.database, counting.events) == first
    assert tables(counting.database) == {"totals"}


COUNTED = Recorded(1, "", "counter-1", 1, "", 1, "", "", "", "")


def test_what_a_killed_rebuild_left_is_dropped_by_the_next(counting: Counting) -> None:
    counting.counter(1, 2)
    counting.follower().catch_up()
    left, neighbour = f"__{new_id().hex[:20]}", f"_daily__{new_id().hex[:20]}"
    with counting.database.write() as connection:
        for suffix in (left, neighbour):
            Totals(suffix).metadata.create_all(connection)
            note_versions(connection, NAME + suffix, [COUNTED], {"counter"})
    rebuild("reader", Totals, counting.database, counting.events)
    assert tables(counting.database) == {"totals", f"totals{neighbour}"}
    with counting.database.read() as connection:
        assert set(connection.execute(select(applied_versions.c.subscription)).scalars()) == {NAME, NAME + neighbour}


def test_two_rebuilds_of_one_name_do_not_destroy_each_other(counting: Counting) -> None:
    counter = counting.counter(1, 2)
    counting.follower().catch_up()
    refused: list[str] = []

    def second(_done: int, _total: int) -> None:
        with pytest.raises(RebuildRefused, match="is being rebuilt already") as caught:
            rebuild("reader", Totals, counting.database, counting.events)
        refused.append(str(caught.value))

    assert rebuild("reader", Totals, counting.database, counting.events, progress=second).events == 3
    assert len(refused) == 1
    assert counting.read() == {str(counter): (3, 3, 3)}
    rebuild("reader", Totals, counting.database, counting.events)


def test_an_event_that_fails_stops_the_rebuild_and_the_live_rows_stay(counting: Counting) -> None:
    good, bad = counting.counter(1), counting.counter(666)
    counting.follower().catch_up()
    with pytest.raises(ValueError, match="poison"):
        rebuild("reader", Totals, counting.database, counting.events, may_differ=True)
    assert counting.read() == {str(good): (1, 2, 2), str(bad): (0, 1, 1)}
    assert tables(counting.database) == {"totals"}


def test_held_streams_are_freed_by_a_rebuild_with_the_fix(counting: Counting) -> None:
    counter = counting.counter(POISON, 1)
    counting.follower(apply=Moody(counting.totals)).catch_up()
    assert counting.read() == {str(counter): (0, 1, 1)}
    rebuild("reader", Totals, counting.database, counting.events, may_differ=True)
    assert counting.read() == {str(counter): (POISON + 1, 3, 3)}
    with counting.database.read() as connection:
        assert connection.execute(select(held_streams)).all() == []
    counting.do(add(counter, 2))
    counting.follower().catch_up()
    assert counting.read() == {str(counter): (POISON + 3, 4, 4)}


class Restored:
    """The source after a restore: an epoch of its own and a shorter history."""

    def __init__(self, counting: Counting, position: int) -> None:
        self.log = counting.events
        self.epoch = "after the restore"
        self.position = position

    def head(self, source: str) -> Head:
        return Head(self.epoch, self.position)

    def events_since(self, source: str, after: int, limit: int) -> Page:
        return Page(self.epoch, self.log.events_since(source, after, min(limit, self.position - after)).events)


def test_a_halted_subscription_is_cured_by_a_rebuild(counting: Counting) -> None:
    counter = counting.counter(1, 2, 3)
    reader = counting.follower()
    reader.catch_up()
    restored = Restored(counting, 3)
    reader._events = restored
    with pytest.raises(Halted):
        reader.catch_up()
    rebuild("reader", Totals, counting.database, restored, may_differ=True)
    assert counting.read() == {str(counter): (3, 3, 3)}
    cursor = reader.cursor()
    assert cursor is not None and (cursor.epoch, cursor.position, cursor.halted) == (restored.epoch, 3, "")
    reader.receive(counting.epoch, counting.log())  # what still lay in its queue
    assert counting.read() == {str(counter): (3, 3, 3)}
    restored.position = 4
    reader.catch_up()
    assert counting.read() == {str(counter): (6, 4, 4)}


def test_a_source_restored_under_a_rebuild_stops_it(counting: Counting) -> None:
    counter = counting.counter(1, 2, 3)
    counting.follower().catch_up()
    restored = Restored(counting, 4)

    class RestoredUnderway(Restored):
        def head(self, source: str) -> Head:
            return counting.events.head(source)

    with pytest.raises(RebuildRefused, match="restored while it was read"):
        rebuild("reader", Totals, counting.database, RestoredUnderway(counting, 4), may_differ=True)
    assert counting.read() == {str(counter): (6, 4, 4)}
    rebuild("reader", Totals, counting.database, restored, may_differ=True)


def test_a_read_model_that_never_followed_is_built_from_the_log(counting: Counting) -> None:
    counter = counting.counter(1, 2)
    rebuild("reader", Totals, counting.database, counting.events, may_differ=True)
    assert counting.read() == {str(counter): (3, 3, 3)}
    assert counting.follower().catch_up() == 3
    assert counting.read() == {str(counter): (3, 3, 3)}


def test_progress_is_told_to_the_end(counting: Counting) -> None:
    counting.counter(*[1] * 20)
    counting.follower().catch_up()
    told: list[tuple[int, int]] = []
    rebuild("reader", Totals, counting.database, counting.events, progress=lambda *it: told.append(it))
    assert told[-1] == (21, 21)


def test_readers_never_see_less_while_the_follower_goes_on(counting: Counting) -> None:
    database = counting.database
    counters = [counting.counter(1) for _ in range(30)]
    reader = counting.follower()
    reader.catch_up()
    over = threading.Event()
    lows: list[tuple[int, int]] = []
    looks: list[int] = []

    def look() -> None:
        seen = 0
        while not over.is_set():
            rows = counting.read().values()
            events = sum(row[1] for row in rows)
            if len(rows) < len(counters) or events < seen:
                lows.append((len(rows), events))
            seen = events
            looks.append(events)

    def go_on() -> None:
        while not over.is_set():
            counting.do(*(add(counter) for counter in counters[:3]))
            try:
                reader.catch_up()
            except Exception as error:  # the swap may keep it waiting; it comes again
                if type(error).__name__ not in ("OperationalError", "_Overlap"):
                    raise

    threads = [threading.Thread(target=look), threading.Thread(target=look), threading.Thread(target=go_on)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(4):
            rebuild("reader", Totals, database, counting.events)
        so_far = len(looks)
        until(lambda: len(looks) > so_far + 5, "they read on")
    finally:
        over.set()
        for thread in threads:
            thread.join(timeout=30)
    assert lows == []
    reader.catch_up()
    assert sum(row[1] for row in counting.read().values()) == counting.head
    rebuild("reader", Totals, database, counting.events)


def test_a_reader_with_an_old_snapshot_finds_every_row_after_the_swap(postgres: Database) -> None:
    counting = Counting(postgres)
    counter = counting.counter(1, 2)
    counting.follower().catch_up()
    done: list[Rebuilt] = []
    swap = threading.Thread(target=lambda: done.append(rebuild("reader", Totals, postgres, counting.events)))
    with postgres.read() as old:
        old.execute(select(cursors)).all()  # its snapshot is from before the new tables
        swap.start()
        until(lambda: done or waits_for_readers(postgres), "the rebuild is ready to swap")
        rows = old.execute(select(counting.totals.table)).all()
        assert [(row.counter, row.total) for row in rows] == [(str(counter), 3)]
    swap.join(timeout=30)
    assert done and counting.read() == {str(counter): (3, 3, 3)}


def waits_for_readers(database: Database) -> bool:
    with database.read() as connection:
        return bool(
            connection.exec_driver_sql(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND query LIKE '%%pg_blocking_pids(pid)%%' AND pid <> pg_backend_pid()"
            ).scalar_one()
        )


def test_the_checksum_knows_every_value_and_not_the_order_of_writing(database: Database) -> None:
    counting = Counting(database)
    totals = Totals("_other")
    first, second = sorted((new_id(), new_id()), key=str)
    rows: list[dict[str, Any]] = [
        {"counter": str(counter), "total": n, "events": 1, "last_version": 1}
        for n, counter in enumerate((first, second))
    ]
    with database.write() as connection:
        totals.metadata.create_all(connection)
        connection.execute(counting.totals.table.insert(), rows)
        connection.execute(totals.table.insert(), rows[::-1])
    with database.write() as connection:
        assert checksum(connection, counting.totals) == checksum(connection, totals)
        connection.execute(totals.table.update().where(totals.table.c.counter == str(first)).values(events=2))
        assert checksum(connection, counting.totals)[0] != checksum(connection, totals)[0]
