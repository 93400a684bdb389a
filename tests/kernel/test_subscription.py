"""Following a log: each event once and in order, whatever the road does to them."""

import random
import threading
import time
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import Connection, select, text

from services.kernel import subscription as following
from services.kernel.consumption import attempts, cursors, held_events, held_streams, release_parked
from services.kernel.database import Database
from services.kernel.identifiers import new_id
from services.kernel.log import Head, Page, history
from services.kernel.message import Recorded
from services.kernel.projection import Delivered
from services.kernel.subscription import Halted, NotYet, Subscription, for_projection
from tests.kernel.counter import COUNTER, CounterRaised, Totals
from tests.kernel.driving import SOURCE, Counting, add, applied_version, at_once, count, is_held, start
from tests.soak import Scale

POISON = 7
NAME = "reader.totals"


class Moody:
    """The totals, with a bug that is fixed later: it fails on raises by seven."""

    def __init__(self, totals: Totals, error: Exception | None = None) -> None:
        self.totals = totals
        self.error: Exception | None = error or ValueError("personal: 0912345678")
        self.tries = 0

    def __call__(self, connection: Connection, delivered: Sequence[Delivered[Any]]) -> None:
        # The rows first: what a failing handler has written must go with it.
        self.totals.apply(connection, delivered)
        if any(isinstance(each.event, CounterRaised) and each.event.by == POISON for each in delivered):
            self.tries += 1
            if self.error is not None:
                raise self.error


def position(subscription: Subscription) -> int:
    cursor = subscription.cursor()
    return 0 if cursor is None else cursor.position


def held(database: Database) -> list[tuple[str, str, int]]:
    """Stream, state and attempts."""
    with database.read() as connection:
        rows = connection.execute(select(held_streams).order_by(held_streams.c.stream)).all()
    return [(row.stream, row.state, row.attempts) for row in rows]


# -- the road ---------------------------------------------------------------------------------------------------------


def test_events_are_applied_once_in_order_and_the_cursor_moves(counting: Counting) -> None:
    one, other = counting.counter(1, 2), counting.counter(5)
    reader = counting.follower()
    reader.receive(counting.epoch, counting.log())
    assert counting.read() == {str(one): (3, 3, 3), str(other): (5, 2, 2)}
    assert position(reader) == counting.head == 5


def test_duplicates_are_harmless(counting: Counting) -> None:
    counter = counting.counter(1, 2, 3)
    reader = counting.follower()
    thrice = [recorded for recorded in counting.log() for _ in range(3)]
    for _ in range(3):
        reader.receive(counting.epoch, thrice)
        reader.receive(counting.epoch, counting.log(after=1, until=2))
    assert counting.read() == {str(counter): (6, 4, 4)}


def test_a_gap_is_fetched_from_the_owner(counting: Counting) -> None:
    counter = counting.counter(*range(1, 7))
    reader = counting.follower()
    reader.receive(counting.epoch, [*counting.log(1, 2), *counting.log(4, 5)])
    assert position(reader) == 5
    reader.receive(counting.epoch, counting.log(6))
    assert counting.read() == {str(counter): (21, 7, 7)}


def test_a_long_gap_is_fetched_page_by_page(counting: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "PAGE", 7)
    counter = counting.counter(*[1] * 50)
    reader = counting.follower()
    reader.receive(counting.epoch, counting.log(counting.head - 1))
    assert counting.read() == {str(counter): (50, 51, 51)}


def test_disorder_within_a_batch_and_between_batches_is_put_right(counting: Counting) -> None:
    counter = counting.counter(1, 2, 3, 4)
    reader = counting.follower()
    events = counting.log()
    reader.receive(counting.epoch, [events[2], events[0]])
    reader.receive(counting.epoch, [events[4]])
    reader.receive(counting.epoch, [events[3], events[1]])
    assert counting.read() == {str(counter): (10, 5, 5)}


@pytest.mark.parametrize("seed", range(2))
def test_thirty_per_cent_loss_doubling_and_disorder_end_as_the_oracle_says(counting: Counting, seed: int) -> None:
    chance = random.Random(seed)
    counters = [new_id() for _ in range(8)]
    counting.do(*(start(counter) for counter in counters))
    oracle = dict.fromkeys(counters, 0)
    reader = counting.follower()
    road: list[Recorded] = []
    for _ in range(30):
        adds = [(chance.choice(counters), chance.randint(1, 5)) for _ in range(chance.randint(1, 8))]
        before = counting.head
        counting.do(*(add(*each) for each in adds))
        for counter, by in adds:
            oracle[counter] += by
        road += [
            recorded for recorded in counting.log(before) for _ in range(chance.choice([0, 0, 0, 1, 1, 1, 1, 2, 2, 2]))
        ]
        chance.shuffle(road)
        cut = chance.randint(0, len(road))
        reader.receive(counting.epoch, road[:cut], redelivered=chance.random() < 0.3)
        road = road[cut:]
    reader.receive(counting.epoch, road)
    reader.announced(counting.epoch, counting.head)
    assert {counter: total for counter, (total, _, _) in counting.read().items()} == {
        str(counter): total for counter, total in oracle.items()
    }
    assert held(counting.database) == []


def test_the_lost_last_message_is_healed_by_the_announced_head(counting: Counting) -> None:
    counter = counting.counter(1, 2)
    reader = counting.follower()
    reader.receive(counting.epoch, counting.log(until=2))
    reader.announced(counting.epoch, counting.head)
    assert counting.read() == {str(counter): (3, 3, 3)}


def test_a_follower_that_was_away_catches_up(counting: Counting) -> None:
    reader = counting.follower()
    assert reader.catch_up() == 0
    counter = counting.counter(1, 2)
    assert reader.catch_up() == 3
    assert counting.read() == {str(counter): (3, 3, 3)}


# -- history ----------------------------------------------------------------------------------------------------------


class Owner:
    """A source that says what the test tells it to."""

    def __init__(self, counting: Counting, head: Head) -> None:
        self.log = counting.events
        self.said = head

    def head(self, source: str) -> Head:
        return self.said

    def events_since(self, source: str, after: int, limit: int) -> Page:
        return Page(self.said.epoch, self.log.events_since(source, after, limit).events)


def test_another_epoch_halts_until_somebody_decides(counting: Counting) -> None:
    counter = counting.counter(1)
    reader = counting.follower()
    reader.receive(counting.epoch, counting.log())
    counting.counter(9)
    reader._events = Owner(counting, Head("another", 3))
    for _ in range(2):
        with pytest.raises(Halted, match="epoch changed"):
            reader.receive("another", counting.log())
    with pytest.raises(Halted):
        reader.announced(counting.epoch, counting.head)
    with pytest.raises(Halted):
        reader.catch_up()
    assert counting.read() == {str(counter): (1, 2, 2)}
    cursor = reader.cursor()
    assert cursor is not None and (cursor.position, cursor.epoch) == (2, counting.epoch)


def test_a_head_behind_the_cursor_halts_when_the_owner_confirms_it(counting: Counting) -> None:
    counting.counter(1, 2)
    reader = counting.follower()
    reader.receive(counting.epoch, counting.log())
    reader._events = Owner(counting, Head(counting.epoch, 2))
    with pytest.raises(Halted, match="cursor 3 is ahead of head 2"):
        reader.announced(counting.epoch, 2)


def test_an_old_announcement_that_was_overtaken_halts_nothing(counting: Counting) -> None:
    counter = counting.counter(1, 2)
    reader = counting.follower()
    reader.catch_up()
    reader.announced(counting.epoch, 1)
    reader.receive(counting.epoch, counting.log())
    assert counting.read() == {str(counter): (3, 3, 3)}


def test_messages_of_an_epoch_left_behind_are_passed_over(counting: Counting) -> None:
    counter = counting.counter(1, 2)
    reader = counting.follower()
    reader.receive(counting.epoch, counting.log())
    reader.receive("the epoch before the restore", counting.log())
    reader.announced("the epoch before the restore", 99)
    counting.do(add(counter, 3))
    reader.announced(counting.epoch, counting.head)
    assert counting.read() == {str(counter): (6, 4, 4)}


def restore(counting: Counting) -> None:
    with counting.database.write() as connection:
        connection.execute(history.update().values(epoch="after the restore"))


@pytest.mark.parametrize("behind", ["an announcement", "a gap", "an announcement the new history does not reach"])
def test_a_page_of_another_epoch_is_not_taken_for_what_was_lost_of_ours(counting: Counting, behind: str) -> None:
    counter = counting.counter(1, 2)
    reader = counting.follower()
    reader.receive(counting.epoch, counting.log())
    restore(counting)
    if "not reach" not in behind:
        counting.do(add(counter, 40), add(counter, 50))
    beyond = counting.log(4)
    with pytest.raises(Halted, match="epoch changed"):
        reader.receive(counting.epoch, beyond) if behind == "a gap" else reader.announced(counting.epoch, 5)
    assert (counting.read(), position(reader)) == ({str(counter): (3, 3, 3)}, 3)


class RebuiltMeanwhile(Owner):
    """While a page is on its way, somebody rebuilds the read model in the source's new epoch."""

    def events_since(self, source: str, after: int, limit: int) -> Page:
        page = super().events_since(source, after, limit)
        with self.log._databases[source].write() as connection:
            connection.execute(cursors.update().values(epoch=page.epoch))
        return page


def test_who_was_rebuilt_in_the_new_epoch_meanwhile_goes_on_in_it(counting: Counting) -> None:
    counter = counting.counter(1, 2)
    reader = counting.follower()
    reader.receive(counting.epoch, counting.log())
    counting.do(add(counter, 4))
    reader._events = RebuiltMeanwhile(counting, Head("after the restore", 4))
    reader.announced(counting.epoch, 4)
    assert counting.read() == {str(counter): (3, 3, 3)}
    reader.announced("after the restore", 4)
    assert counting.read() == {str(counter): (7, 4, 4)}


def test_an_owner_that_does_not_have_what_was_announced_is_an_error_not_a_loss(counting: Counting) -> None:
    counting.counter(1)
    reader = counting.follower()
    with pytest.raises(LookupError):
        reader.announced(counting.epoch, 5)
    assert position(reader) == counting.head


# -- one transaction --------------------------------------------------------------------------------------------------


def test_rows_versions_and_cursor_are_one_transaction(counting: Counting) -> None:
    counter = counting.counter(1, 2)
    reader = counting.follower()
    reader.receive(counting.epoch, counting.log(until=1))
    moved = reader._advance

    def fail(connection: Connection, position: int, applied: Sequence[Recorded]) -> None:
        moved(connection, position, applied)
        raise Halted("a crash at the very end")

    reader._advance = fail  # type: ignore[method-assign]
    with pytest.raises(Halted):
        reader.receive(counting.epoch, counting.log())
    with counting.database.read() as connection:
        assert applied_version(connection, NAME, f"counter-{counter}") == 1
    assert (counting.read(), position(reader)) == ({str(counter): (0, 1, 1)}, 1)
    reader._advance = moved  # type: ignore[method-assign]
    reader.receive(counting.epoch, counting.log())
    with counting.database.read() as connection:
        assert applied_version(connection, NAME, f"counter-{counter}") == 3
    assert counting.read() == {str(counter): (3, 3, 3)}


def test_unknown_events_move_the_cursor_and_the_version(counting: Counting) -> None:
    counter = counting.counter(1)
    only_starts = COUNTER.events.__args__[0]
    reader = Subscription("reader.starts", SOURCE, counting.database, counting.events, only_starts, streams={"counter"})
    assert reader.catch_up() == 2
    with counting.database.read() as connection:
        assert applied_version(connection, "reader.starts", f"counter-{counter}") == 2


def test_two_consumers_of_one_subscription_apply_everything_once(database: Database) -> None:
    counting = Counting(database)
    counters = [counting.counter() for _ in range(4)]
    readers = [counting.follower() for _ in range(4)]
    over = threading.Event()

    def follow(reader: Subscription) -> None:
        while True:
            last = over.is_set()
            try:
                reader.receive(counting.epoch, counting.log(after=max(0, position(reader) - 3)))
                reader.catch_up()
            except Exception as error:
                if type(error).__name__ not in ("_Overlap", "OperationalError"):
                    failures.append(error)
                    return
                last = False
            if last:
                return

    failures: list[Exception] = []
    threads = [threading.Thread(target=follow, args=(reader,)) for reader in readers]
    for thread in threads:
        thread.start()
    for _ in range(15):
        counting.do(*(add(counter) for counter in counters for _ in range(5)))
    over.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert counting.read() == {str(counter): (75, 76, 76) for counter in counters}
    assert held(database) == []


def test_consumers_that_open_a_subscription_together_share_it(database: Database) -> None:
    counting = Counting(database)
    counting.counter(1)
    for round_ in range(5):
        readers = [counting.follower(f"reader.round{round_}", apply=lambda *_: None) for _ in range(4)]
        assert at_once(4, lambda n, r=readers: r[n].catch_up()) == [2] * 4  # type: ignore[misc]


# -- trouble ----------------------------------------------------------------------------------------------------------


def test_a_poisonous_event_holds_its_stream_and_no_other(counting: Counting, scale: Scale) -> None:
    """Reliability row 16: version 3 fails, versions 4 to 9 wait behind it and are applied in order after the fix."""
    bad, good = new_id(), new_id()
    counting.do(
        start(bad), start(good), add(bad, 1), add(bad, POISON), add(good, 1), *(add(bad, n) for n in range(1, 5))
    )
    moody = Moody(counting.totals)
    reader = counting.follower(apply=moody, backoff=(0.0, 0.0, 0.0))
    reader.receive(counting.epoch, counting.log())
    counting.do(add(bad, 5), add(bad, 6), add(good, 2))
    reader.receive(counting.epoch, counting.log(9))
    sound = {str(bad): (1, 2, 2), str(good): (3, 3, 3)}
    assert (counting.read(), position(reader)) == (sound, counting.head)
    assert held(counting.database) == [(f"counter-{bad}", "retrying", 1)]
    for expected in (2, 3):
        assert reader.retry_held() == 0
        assert held(counting.database) == [(f"counter-{bad}", "retrying", expected)]
    assert reader.retry_held() == 0
    assert held(counting.database) == [(f"counter-{bad}", "parked", 4)]
    assert moody.tries == 5, "once with its batch, once alone, three times more"

    assert reader.retry_held() == 0, "parked is parked"
    assert counting.read() == sound
    assert count(counting.database, "held_events") == 7

    moody.error = None
    with counting.database.write() as connection:
        assert release_parked(connection, NAME) == 1
    counting.do(add(bad, 8))
    reader.receive(counting.epoch, counting.log(12))
    assert counting.read() == sound, "still nothing of it before it is tried"
    assert reader.retry_held() == 1
    assert counting.read() == {str(bad): (1 + POISON + 10 + 5 + 6 + 8, 10, 10), str(good): (3, 3, 3)}
    assert held(counting.database) == []
    with counting.database.read() as connection:
        assert applied_version(connection, NAME, f"counter-{bad}") == 10
    counting.do(add(bad, 1))
    reader.catch_up()
    assert counting.read()[str(bad)][2] == 11
    kind = counting.database.engine.dialect.name
    scale.measured("13, 16", "nothing lost, 0 later events applied before release", f"0 of 7, all 7 after it, {kind}")


def test_a_held_stream_says_why_without_what(counting: Counting) -> None:
    bad = counting.counter(POISON)
    reader = counting.follower(apply=Moody(counting.totals))
    reader.catch_up()
    with counting.database.read() as connection:
        row = connection.execute(select(held_streams)).one()
        assert is_held(connection, NAME, f"counter-{bad}")
        assert not is_held(connection, NAME, "counter-other")
    assert row.reason == "counter.raised at 2: ValueError"
    assert "0912345678" not in repr(row)


def test_pauses_grow_between_tries(counting: Counting) -> None:
    counting.counter(POISON)
    moody = Moody(counting.totals)
    reader = counting.follower(apply=moody)
    reader.catch_up()
    tried = moody.tries
    due_from = time.time()
    reader.retry_held()
    assert moody.tries == tried + 1, "the second try is at once"
    reader.retry_held()
    assert moody.tries == tried + 1, "the third is not"
    with counting.database.read() as connection:
        assert connection.execute(select(held_streams.c.next_attempt_at)).scalar_one() >= due_from + 10


def test_an_undecodable_event_of_a_known_name_holds_its_stream(counting: Counting) -> None:
    good, bad = counting.counter(1), counting.counter(2)
    log = counting.log()
    broken = Recorded(**{**{n: getattr(log[3], n) for n in Recorded.__slots__}, "data": '{"by": "two"}'})
    reader = counting.follower()
    reader.receive(counting.epoch, [*log[:3], broken])
    assert held(counting.database) == [(f"counter-{bad}", "retrying", 1)]
    assert counting.read()[str(good)] == (1, 2, 2)


def test_not_yet_waits_and_is_never_parked(counting: Counting) -> None:
    counter = counting.counter(POISON, 1)
    moody = Moody(counting.totals, NotYet())
    reader = counting.follower(apply=moody)
    reader.catch_up()
    for _ in range(6):
        with counting.database.write() as connection:
            connection.execute(held_streams.update().values(next_attempt_at=0.0))
        assert reader.retry_held() == 0
    assert held(counting.database) == [(f"counter-{counter}", "retrying", 0)]
    moody.error = None
    with counting.database.write() as connection:
        connection.execute(held_streams.update().values(next_attempt_at=0.0))
    assert reader.retry_held() == 1
    assert counting.read() == {str(counter): (POISON + 1, 3, 3)}


def test_only_the_named_streams_are_released(counting: Counting) -> None:
    first, second = counting.counter(POISON), counting.counter(POISON)
    reader = counting.follower(apply=Moody(counting.totals), backoff=(0.0,))
    reader.catch_up()
    reader.retry_held()
    assert [state for _, state, _ in held(counting.database)] == ["parked", "parked"]
    with counting.database.write() as connection:
        assert release_parked(connection, NAME, f"counter-{first}") == 1
        assert release_parked(connection, "reader.other") == 0
    assert {s for s, state, _ in held(counting.database) if state == "parked"} == {f"counter-{second}"}


def test_only_streams_somebody_can_wait_for_are_noted(counting: Counting) -> None:
    counter = counting.counter(1)
    for streams, noted in ((frozenset[str](), 0), (frozenset({"other"}), 0), (frozenset({"counter"}), 2)):
        reader = counting.follower(f"reader.{len(streams)}{noted}", apply=lambda *_: None, streams=streams)
        reader.catch_up()
        with counting.database.read() as connection:
            assert applied_version(connection, reader.name, f"counter-{counter}") == noted


def test_trouble_of_the_database_holds_nothing(postgres: Database) -> None:
    counting = Counting(postgres)
    counter = counting.counter(1, 2)
    impatient = Database(postgres.url.render_as_string(hide_password=False), pg_options="-c lock_timeout=50ms")
    reader = counting.follower(database=impatient)
    reader.receive(counting.epoch, counting.log(until=1))
    with postgres.engine.begin() as somebody:
        somebody.execute(text("SELECT * FROM cursors FOR UPDATE"))
        for redelivered in (False, True, True, True, True):
            with pytest.raises(Exception, match="lock timeout"):
                reader.receive(counting.epoch, counting.log(), redelivered=redelivered)
    reader.receive(counting.epoch, counting.log(), redelivered=True)
    assert held(postgres) == []
    assert counting.read() == {str(counter): (3, 3, 3)}
    impatient.close()


def test_a_table_an_event_s_handler_has_wrong_holds_its_stream_and_no_other(counting: Counting) -> None:
    bad, good = counting.counter(POISON), counting.counter(1)

    def wrong(connection: Connection, delivered: Sequence[Delivered[Any]]) -> None:
        counting.totals.apply(connection, delivered)
        if any(isinstance(each.event, CounterRaised) and each.event.by == POISON for each in delivered):
            connection.execute(text("UPDATE totals SET forgotten = 1"))

    reader = counting.follower(apply=wrong, backoff=(0.0,))
    reader.receive(counting.epoch, counting.log())
    assert counting.read() == {str(bad): (0, 1, 1), str(good): (1, 2, 2)}
    reader.retry_held()
    assert held(counting.database) == [(f"counter-{bad}", "parked", 2)]


def test_an_event_that_takes_too_long_holds_its_stream_and_no_other(postgres: Database) -> None:
    counting = Counting(postgres)
    bad, good = counting.counter(POISON), counting.counter(1)
    impatient = Database(postgres.url.render_as_string(hide_password=False), pg_options="-c statement_timeout=50ms")

    def slow(connection: Connection, delivered: Sequence[Delivered[Any]]) -> None:
        counting.totals.apply(connection, delivered)
        if any(isinstance(each.event, CounterRaised) and each.event.by == POISON for each in delivered):
            connection.execute(text("SELECT pg_sleep(5)"))

    counting.follower(database=impatient, apply=slow).receive(counting.epoch, counting.log())
    assert counting.read() == {str(bad): (0, 1, 1), str(good): (1, 2, 2)}
    assert held(postgres) == [(f"counter-{bad}", "retrying", 1)]
    impatient.close()


class Died(BaseException):
    """Stands for SIGKILL: nothing may run after it."""


def dying(counting: Counting) -> Subscription:
    """A follower whose process dies on raises by seven and tidies nothing up any more."""
    reader = counting.follower()
    apply, remember = counting.totals.apply, reader._mark
    dead: list[bool] = []

    def deadly(connection: Connection, delivered: Sequence[Delivered[Any]]) -> None:
        if any(isinstance(each.event, CounterRaised) and each.event.by == POISON for each in delivered):
            dead.append(True)
            raise Died
        apply(connection, delivered)

    reader._apply = deadly
    reader._mark = lambda recorded, tries: dead or remember(recorded, tries)  # type: ignore[method-assign,assignment]
    return reader


def test_an_event_on_which_the_process_died_three_times_is_parked(counting: Counting) -> None:
    bad = new_id()
    counting.do(start(bad), add(bad, 1), add(bad, POISON), add(bad, 2))
    good = counting.counter(3)
    for redelivered in (False, True, True, True):
        with pytest.raises(Died):
            dying(counting).receive(counting.epoch, counting.log(), redelivered=redelivered)
    dying(counting).receive(counting.epoch, counting.log(), redelivered=True)
    assert counting.read() == {str(bad): (1, 2, 2), str(good): (3, 2, 2)}
    assert [(stream, state) for stream, state, _ in held(counting.database)] == [(f"counter-{bad}", "parked")]
    with counting.database.read() as connection:
        assert connection.execute(select(attempts)).all() == []
        assert [row.position for row in connection.execute(select(held_events)).all()] == [3, 4]


def test_a_projection_follows_each_of_its_sources(counting: Counting) -> None:
    counting.counter(1)
    (subscription,) = for_projection("gateway", Totals(), counting.database, counting.events)
    assert (subscription.name, subscription.source) == ("gateway.totals", SOURCE)
    assert subscription.catch_up() == 2
