"""Binding an aggregate together."""

from services.kernel.decider import CommandIdReused, Refused
from services.kernel.identifiers import new_id
from tests.kernel.counter import (
    COUNTER,
    Counter,
    CounterEvent,
    CounterRaised,
    CounterStarted,
    RaiseCounter,
    StartCounter,
)
from tests.kernel.driving import add


def test_a_command_finds_its_stream_by_the_aggregates_identity() -> None:
    counter = new_id()
    assert COUNTER.stream(add(counter)) == COUNTER.stream_of(counter) == f"counter-{counter}"


def test_an_aggregate_knows_the_commands_it_decides() -> None:
    assert COUNTER.command_classes == (StartCounter, RaiseCounter)


def test_the_union_of_events_is_the_registry() -> None:
    assert set(COUNTER.codec.classes) == {"counter.started", "counter.raised"}


def test_state_is_what_the_events_say() -> None:
    counter = new_id()
    events: list[CounterEvent] = [
        CounterStarted(counter=counter),
        CounterRaised(counter=counter, by=2),
        CounterRaised(counter=counter, by=3),
    ]
    assert COUNTER.fold(COUNTER.initial, events) == Counter(started=True, total=5)
    assert COUNTER.initial == Counter(), "folding changes no state in place"


def test_a_refusal_carries_a_stable_code_of_its_class_or_its_own() -> None:
    assert Refused("Không được.").stable_code == "REFUSED"
    assert Refused("Không được.", code="NO_SUCH_TEAM", field="team").stable_code == "NO_SUCH_TEAM"
    assert CommandIdReused("Mã đã dùng.").stable_code == "COMMAND_ID_REUSED"
