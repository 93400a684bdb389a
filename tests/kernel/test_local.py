"""The embedded run: calls answered directly, and hand-overs that may be dropped without loss."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
from structlog.testing import capture_logs

from services.kernel import local
from services.kernel.bus import ServiceUnavailable, UnknownQuestion
from services.kernel.database import Database
from services.kernel.definition import ServiceDefinition
from services.kernel.identifiers import new_id
from services.kernel.local import LocalBus, LocalFollower, LocalPublisher
from services.kernel.message import Recorded
from services.kernel.migrate import migrate
from services.kernel.relay import Relay
from services.kernel.runtime import ServiceRuntime
from services.kernel.settings import Settings
from services.kernel.subscription import Subscription
from tests.kernel.counter import COUNTER
from tests.kernel.driving import AT, SOURCE, Counting, add, start, until
from tests.kernel.test_subscription import position

T = TypeVar("T")


@contextmanager
def following(*subscriptions: Subscription, inbox_batches: int = 64) -> Iterator[LocalFollower]:
    follower = LocalFollower("reader", subscriptions, inbox_batches)
    follower.start()
    try:
        yield follower
    finally:
        follower.stop()


@contextmanager
def relaying(database: Database, publisher: LocalPublisher) -> Iterator[Relay]:
    relay = Relay(SOURCE, database, publisher)
    thread = threading.Thread(target=relay.run, daemon=True)
    thread.start()
    try:
        yield relay
    finally:
        relay.stop()
        thread.join(timeout=10)
        publisher.close()


def test_what_is_committed_is_followed(counting: Counting) -> None:
    counter = new_id()
    reader = counting.follower()
    with following(reader) as follower, relaying(counting.database, LocalPublisher([follower])) as relay:
        counting.processor.execute_many([start(counter), add(counter, 2)])
        relay.wake()
        until(lambda: counting.read() == {str(counter): (2, 2, 2)}, "followed")


def test_dropped_batches_are_fetched_from_the_log(counting: Counting) -> None:
    counter = counting.counter(*[1] * 40)
    reader = counting.follower()
    with following(reader) as follower:
        until(lambda: position(reader) == 41, "caught up at the start")
        before = counting.head
        counting.do(*(add(counter) for _ in range(30)))
        for recorded in counting.log(before)[20:]:  # twenty were dropped on the way
            follower.offer(SOURCE, counting.epoch, [recorded])
        until(lambda: position(reader) == 71, "the gap is fetched")
    assert counting.read() == {str(counter): (70, 71, 71)}


def test_a_full_inbox_forgets_the_oldest_and_heals(counting: Counting) -> None:
    counter = counting.counter()
    reader = counting.follower()
    follower = LocalFollower("reader", [reader], inbox_batches=2)
    counting.do(*(add(counter) for _ in range(20)))
    for recorded in counting.log():
        follower.offer(SOURCE, counting.epoch, [recorded])
    follower.start()
    until(lambda: position(reader) == 21, "everything")
    follower.stop()
    assert counting.read() == {str(counter): (20, 21, 21)}


def test_a_dropped_last_batch_is_healed_without_any_message(
    counting: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "HEAL_SECONDS", 0.1)
    reader = counting.follower()
    with following(reader):
        until(lambda: reader.cursor() is not None, "it looked once")
        counter = counting.counter(1)
        until(lambda: position(reader) == 2, "healed")
    assert counting.read() == {str(counter): (1, 2, 2)}


def test_one_failing_subscription_stops_no_other(counting: Counting) -> None:
    def broken(*_: object) -> None:
        raise ValueError("a bug")

    counter = counting.counter(1)
    bad = counting.follower("reader.bad", apply=broken)
    bad.receive("another epoch", [])
    good = counting.follower()
    with following(bad, good):
        until(lambda: position(good) == 2, "the other goes on")
    assert counting.read() == {str(counter): (1, 2, 2)}


def test_batches_of_a_source_nobody_follows_are_not_kept(counting: Counting) -> None:
    follower = LocalFollower("reader", [counting.follower()])
    follower.offer("another", "e", counting.log())
    assert not follower._inbox


# -- the bus ----------------------------------------------------------------------------------------------------------


def runtime(database: Database) -> ServiceRuntime:
    definition = ServiceDefinition(
        SOURCE, Path(__file__).parent, (COUNTER,), questions={"sum": lambda _runtime, payload: sum(payload["of"])}
    )
    return ServiceRuntime(definition, database, Settings())


def run(call: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(call)


def payload(**fields: Any) -> dict[str, Any]:
    return {"command_id": str(new_id()), "actor": "clerk", "at": AT.isoformat(), "counter": str(new_id()), **fields}


def test_commands_go_in_as_json_and_come_out_as_answers(database: Database) -> None:
    bus = LocalBus({SOURCE: runtime(database)})
    counter = str(new_id())
    begin, more = payload(counter=counter), payload(counter=counter, by=2)
    assert run(bus.execute(SOURCE, "start_counter", begin)).version == 1
    commands: Sequence[tuple[str, dict[str, Any]]] = [
        ("raise_counter", more),
        ("raise_counter", {**more, "by": "two"}),
        ("no_such_command", begin),
        ("raise_counter", payload(by=1)),
        ("raise_counter", {**payload(counter=counter, by=1), "weather": "mưa"}),
        ("raise_counter", more),
    ]
    answers = run(bus.execute_many(SOURCE, commands))
    assert [(a.accepted, a.version, a.code, a.field) for a in answers] == [
        (True, 2, "", ""),
        (False, 0, "INVALID", "by"),
        (False, 0, "UNKNOWN_COMMAND", "command"),
        (False, 0, "NO_SUCH_COUNTER", "counter"),
        (False, 0, "INVALID", "weather"),
        (True, 2, "", ""),
    ]


def test_an_invalid_value_is_not_repeated_in_the_answer(database: Database) -> None:
    bus = LocalBus({SOURCE: runtime(database)})
    answer = run(bus.execute(SOURCE, "start_counter", payload(counter="0912345678")))
    assert (answer.code, answer.field) == ("INVALID", "counter")
    assert "0912345678" not in answer.message


def test_more_than_five_hundred_at_once_are_refused_whole(database: Database) -> None:
    bus = LocalBus({SOURCE: runtime(database)})
    answers = run(bus.execute_many(SOURCE, [("start_counter", payload())] * 501))
    assert len(answers) == 501 and {answer.code for answer in answers} == {"TOO_MANY"}


def test_questions_are_answered_or_unknown(database: Database) -> None:
    bus = LocalBus({SOURCE: runtime(database)})
    assert run(bus.ask(SOURCE, "sum", {"of": [1, 2]})) == 3
    with pytest.raises(UnknownQuestion):
        run(bus.ask(SOURCE, "product", {"of": [1, 2]}))


def test_a_database_that_cannot_be_reached_is_a_service_unavailable(tmp_path: Path) -> None:
    file = tmp_path / "counting.db"
    file.mkdir()
    database = Database(f"sqlite:///{file}")
    with pytest.raises(ServiceUnavailable):
        run(LocalBus({SOURCE: runtime(database)}).execute(SOURCE, "start_counter", payload()))
    file.rmdir()
    migrate(database)
    assert run(LocalBus({SOURCE: runtime(database)}).execute(SOURCE, "start_counter", payload())).accepted
    database.close()


def test_a_command_the_tables_cannot_take_is_answered_and_need_not_be_repeated(database: Database) -> None:
    bus = LocalBus({SOURCE: runtime(database)})
    with database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE outbox RENAME COLUMN ordinal TO order_of_old")
    assert run(bus.execute(SOURCE, "start_counter", payload())).code == "INTERNAL"


def test_pages_of_the_log_are_json_of_at_most_a_thousand(counting: Counting) -> None:
    counter = counting.counter(1)
    edge = runtime(counting.database)
    assert edge.head() == {"epoch": counting.epoch, "position": 2}
    pages = edge.events_since(0, 5000)
    assert [each.pop("epoch") for each in pages] == [counting.epoch] * 2
    assert [Recorded(**each) for each in pages] == counting.log()
    assert pages[1]["stream"] == f"counter-{counter}"


def test_a_database_that_follows_nobody_is_no_trouble() -> None:
    follower = LocalFollower("nobody", [])
    with capture_logs() as said:
        follower.start()
        threading.Event().wait(0.1)
        follower.stop()
    assert said == []
