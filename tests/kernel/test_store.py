"""Appending: whole or not at all, one winner a version, in the order the batch was decided."""

import threading
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from services.kernel import log as event_log, store
from services.kernel.database import Database
from services.kernel.identifiers import new_id
from services.kernel.store import Batch, Conflict, NewCommand, NewEvent
from tests.kernel.driving import at_once, number_all, stored
from tests.soak import Scale

AT = "2026-11-20T03:00:00.000000Z"


def event(stream: str, version: int, place: int = 0, data: str = "{}") -> NewEvent:
    return NewEvent(place, stream, version, str(new_id()), "thing.done", 1, data, "cause", "act", "clerk")


def command(command_id: str | None = None, actor: str = "clerk") -> NewCommand:
    return NewCommand(actor, command_id or str(new_id()), "hash", "outcome")


def batch(*events: NewEvent, expected: dict[str, int] | None = None, commands: list[NewCommand] | None = None) -> Batch:
    if expected is None:
        expected = {}
        for each in events:
            expected.setdefault(each.stream, each.version - 1)
    return Batch(expected, [command()] if commands is None else commands, events, AT)


def append(database: Database, what: Batch) -> bool:
    """False when somebody else was first."""
    try:
        with database.write() as connection:
            store.append(connection, what)
    except Conflict:
        return False
    return True


def test_what_was_appended_is_loaded_in_order_and_text_comes_back_as_it_was(database: Database) -> None:
    text = '{"name": "xã Đất Mũi", "quote": "\\"", "slash": "\\\\", "nul": "\\u0000"}'
    append(database, batch(event("a-1", 1, 0, text), event("a-1", 2, 1), event("b-1", 1, 2)))
    append(database, batch(event("a-1", 3)))
    with database.read() as connection:
        found = store.load(connection, ["a-1", "b-1", "none"])
    assert found == {"a-1": [("thing.done", 1, text), *[("thing.done", 1, "{}")] * 2], "b-1": found["b-1"], "none": []}
    assert len(found["b-1"]) == 1


@pytest.mark.parametrize("expected", [0, 1, 3, 4])
def test_a_batch_decided_on_another_version_is_left_out_whole(database: Database, expected: int) -> None:
    append(database, batch(event("a-1", 1), event("a-1", 2, 1)))
    late = command("late")
    assert not append(database, batch(event("a-1", expected + 1), event("b-1", 1, 1), commands=[late]))
    assert stored(database) == [("a-1", 1, "thing.done"), ("a-1", 2, "thing.done")]
    with database.read() as connection:
        assert store.remembered(connection, [("clerk", "late")]) == {}


def test_a_batch_without_events_still_checks_what_it_was_decided_on(database: Database) -> None:
    append(database, batch(event("a-1", 1)))
    assert not append(database, batch(expected={"a-1": 0}, commands=[command("refused")]))
    assert append(database, batch(expected={"a-1": 1}, commands=[command("refused")]))


def test_a_command_is_remembered_once_and_for_its_actor(database: Database) -> None:
    assert append(database, batch(event("a-1", 1), commands=[command("x")]))
    assert not append(database, batch(event("a-2", 1), commands=[command("y"), command("x")]))
    assert append(database, batch(event("a-3", 1), commands=[command("x", "another")]))
    with database.read() as connection:
        found = store.remembered(connection, [("clerk", "x"), ("clerk", "y"), ("another", "z")])
    assert found == {("clerk", "x"): ("hash", "outcome")}
    assert [stream for stream, _, _ in stored(database)] == ["a-1", "a-3"]


def test_more_commands_than_a_statement_takes_values_are_remembered(database: Database) -> None:
    many = [command(f"c{number}") for number in range(1300)]
    assert append(database, batch(commands=many))
    with database.read() as connection:
        assert len(store.remembered(connection, [("clerk", each.id) for each in many])) == 1300


def test_ordinals_are_drawn_in_the_order_of_the_batch(database: Database) -> None:
    streams = [f"s-{number * 7919 % 500:03}" for number in range(500)]
    append(database, batch(*(event(stream, 1, place) for place, stream in enumerate(streams))))
    assert [stream for stream, _, _ in stored(database)] == streams


def test_of_eight_writers_on_one_version_exactly_one_wins_a_thousand_times(postgres: Database, scale: Scale) -> None:
    gate = threading.Barrier(8)

    def race(_number: int) -> list[int]:
        won = []
        with postgres.engine.connect() as own:
            connection = own.execution_options(isolation_level="AUTOCOMMIT")
            for version in range(1, 1001):
                gate.wait(timeout=30)
                with suppress(Conflict):
                    store.append(connection, batch(event("hot-1", version)))
                    won.append(version)
        return won

    wins = at_once(8, race)
    assert sorted(version for each in wins for version in each) == list(range(1, 1001))
    assert [version for _, version, _ in stored(postgres)] == list(range(1, 1001))
    scale.measured("3", "1 success in 1,000 races × 8 writers", "1 success in each of 1,000 races")


STREAMS = st.integers(0, 3)


class StoreMachine(RuleBasedStateMachine):
    """Any history of appends, conflicts, repeats and numberings against lists and dicts."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.database = database
        self.run = new_id().hex
        self.base = number_all(database)
        self.versions = dict.fromkeys(range(4), 0)
        self.known: set[str] = set()
        self.waiting: list[tuple[str, int]] = []
        self.numbered: list[tuple[str, int]] = []

    def stream(self, number: int) -> str:
        return f"{self.run}-{number}"

    @rule(each=st.dictionaries(STREAMS, st.integers(1, 3), min_size=1))
    def append_what_was_decided_on_the_current_versions(self, each: dict[int, int]) -> None:
        events = [
            event(self.stream(number), self.versions[number] + nth + 1)
            for number, count in each.items()
            for nth in range(count)
        ]
        new = command()
        assert append(self.database, batch(*self.placed(events), commands=[new]))
        for number, count in each.items():
            self.versions[number] += count
        self.known.add(new.id)
        self.waiting += [(e.stream, e.version) for e in events]

    @rule(right=STREAMS, wrong=STREAMS, off=st.sampled_from([-2, -1, 1, 2]))
    def a_stale_decision_takes_everything_with_it(self, right: int, wrong: int, off: int) -> None:
        expected = {self.stream(right): self.versions[right]}
        expected[self.stream(wrong)] = self.versions[wrong] + off
        events = [event(stream, version + 1) for stream, version in expected.items()]
        assert not append(self.database, batch(*self.placed(events), expected=expected))

    @precondition(lambda self: self.known)
    @rule(number=STREAMS, data=st.data())
    def a_repeated_command_takes_everything_with_it(self, number: int, data: st.DataObject) -> None:
        again = command(data.draw(st.sampled_from(sorted(self.known))))
        assert not append(self.database, batch(event(self.stream(number), self.versions[number] + 1), commands=[again]))

    @rule(limit=st.integers(1, 5))
    def number_some(self, limit: int) -> None:
        with self.database.write() as connection:
            moved = event_log.number(connection, limit)
        assert moved == min(limit, len(self.waiting))
        self.numbered += self.waiting[:moved]
        self.waiting = self.waiting[moved:]

    @rule(after=st.integers(0, 20), limit=st.integers(1, 10))
    def read_a_page(self, after: int, limit: int) -> None:
        with self.database.read() as connection:
            page = event_log.events_since(connection, self.base + after, limit)
            assert event_log.head(connection).position == self.base + len(self.numbered)
        assert [(e.stream, e.version) for e in page] == self.numbered[after : after + limit]
        assert [e.position - self.base for e in page] == [*range(after + 1, after + 1 + len(page))]

    @rule()
    def load_every_stream(self) -> None:
        with self.database.read() as connection:
            found = store.load(connection, [self.stream(number) for number in range(4)])
        assert {stream: len(rows) for stream, rows in found.items()} == {
            self.stream(number): version for number, version in self.versions.items()
        }

    @staticmethod
    def placed(events: list[NewEvent]) -> list[NewEvent]:
        return [replace(each, place=place) for place, each in enumerate(events)]


def test_the_store_agrees_with_lists_and_dicts_whatever_happens(database: Database) -> None:
    class ThisStore(StoreMachine):
        def __init__(self) -> None:
            super().__init__(database)

    run_state_machine_as_test(ThisStore, settings=settings(max_examples=25, stateful_step_count=25, deadline=None))
