"""Foreign events in, own commands out: asked for once, however often the event comes."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

import pytest
from sqlalchemy import Connection

from services.kernel.database import Database
from services.kernel.handling import CommandProcessor
from services.kernel.identifiers import derived_id
from services.kernel.message import Command
from services.kernel.process_manager import ProcessManager
from services.kernel.projection import Delivered
from services.kernel.subscription import Halted, NotYet, Subscription, for_process_manager
from tests.kernel.counter import CounterRaised, CounterStarted, StartCounter
from tests.kernel.driving import AT, SOURCE, Counting, add, count, is_held, stored


def mirror_of(counter: UUID) -> UUID:
    return derived_id("mirror", counter)


class Mirror(ProcessManager):
    """Starts a second counter for every one it hears of, but never for a mirror."""

    name = "mirror"
    views: ClassVar[Mapping[str, Any]] = {SOURCE: CounterStarted | CounterRaised}

    def __init__(self) -> None:
        self.fails: Exception | None = None
        self.mirrors: set[UUID] = set()

    def react(self, connection: Connection, delivered: Sequence[Delivered[Any]]) -> Sequence[Command]:
        if self.fails is not None:
            raise self.fails
        return [command for each in delivered for command in self._mirrored(each)]

    def _mirrored(self, delivered: Delivered[Any]) -> Sequence[Command]:
        event = delivered.event
        if not isinstance(event, CounterStarted) or event.counter in self.mirrors:
            return []
        mirror = mirror_of(event.counter)
        self.mirrors.add(mirror)
        command_id = derived_id(self.name, delivered.recorded.id)
        return [StartCounter(command_id=command_id, actor="mirror", at=AT, counter=mirror)]


def follower(counting: Counting, manager: Mirror, processor: CommandProcessor | None = None) -> Subscription:
    execute_many = (processor or counting.processor).execute_many
    (subscription,) = for_process_manager(SOURCE, manager, counting.database, counting.events, execute_many)
    return subscription


def starts(database: Database) -> int:
    return sum(name == "counter.started" for _, _, name in stored(database))


def test_an_event_becomes_a_command(counting: Counting) -> None:
    counter = counting.counter(1)
    assert follower(counting, Mirror()).catch_up() == 2
    assert stored(counting.database, mirror_of(counter)) == [
        (f"counter-{mirror_of(counter)}", 1, "counter.started"),
    ]


def test_a_replay_asks_for_the_same_thing_once(counting: Counting) -> None:
    counting.counter(1)
    counting.counter(2)
    manager = Mirror()
    log = counting.log()
    for _ in range(3):
        follower(counting, manager).receive(counting.epoch, log)
        with counting.database.write() as connection:
            connection.exec_driver_sql("DELETE FROM cursors")
        manager.mirrors.clear()
    assert starts(counting.database) == 4
    assert count(counting.database, "commands") == 6


def test_a_crash_between_command_and_cursor_repeats_without_harm(counting: Counting) -> None:
    counting.counter(1)
    manager = Mirror()
    crashing = follower(counting, manager)

    def crash(*_: object) -> None:
        raise Halted("the process died here")

    crashing._advance = crash  # type: ignore[method-assign,assignment]
    with pytest.raises(Halted):
        crashing.catch_up()
    assert starts(counting.database) == 2, "the command had run"
    again = follower(counting, Mirror())
    again.receive(counting.epoch, counting.log())
    assert starts(counting.database) == 2
    cursor = again.cursor()
    assert cursor is not None and cursor.position == 2


def test_a_refused_reaction_is_an_answer_and_the_cursor_moves(counting: Counting) -> None:
    counter = counting.counter(1)
    counting.do(StartCounter(actor="somebody", at=AT, counter=mirror_of(counter)))
    manager = Mirror()
    manager.mirrors.add(mirror_of(counter))
    subscription = follower(counting, manager)
    manager.mirrors.clear()
    subscription.receive(counting.epoch, counting.log(until=2))
    cursor = subscription.cursor()
    assert cursor is not None and cursor.position == 2
    assert starts(counting.database) == 2


def test_a_failing_reaction_holds_its_stream_until_it_works(counting: Counting) -> None:
    counter = counting.counter(1)
    manager = Mirror()
    manager.fails = NotYet()
    subscription = follower(counting, manager)
    subscription.catch_up()
    with counting.database.read() as connection:
        assert is_held(connection, "counting.mirror", f"counter-{counter}")
    manager.fails = None
    counting.do(add(counter))
    subscription.catch_up()
    assert subscription.retry_held() == 1
    assert len(stored(counting.database, mirror_of(counter))) == 1
    assert subscription.retry_held() == 0
