"""Messages: names, bodies, older shapes, and errors that never show a value."""

from typing import Any
from uuid import UUID

import pytest

from services.kernel.identifiers import derived_id, new_id
from services.kernel.message import Codec, Command, Event, UndecodableEvent, read
from tests.kernel.counter import CounterEvent, CounterRaised, CounterStarted, StartCounter
from tests.kernel.driving import AT, add, start

PHONE = "0912345678"


class VisitMade(Event, name="visit.made"):
    """Version 2 counts minutes; version 1 counted hours."""

    schema_version = 2

    household: UUID
    minutes: int

    @classmethod
    def upcast(cls, data: dict[str, Any], schema_version: int) -> dict[str, Any]:
        return data if schema_version > 1 else {**data, "minutes": data["hours"] * 60}


def test_an_event_must_name_itself() -> None:
    with pytest.raises(TypeError, match=r"Nameless needs a stored name"):

        class Nameless(Event):
            pass


def test_a_command_must_name_itself() -> None:
    with pytest.raises(TypeError, match=r"Nameless needs a name"):

        class Nameless(Command):
            pass


def test_two_events_of_one_union_cannot_share_a_stored_name() -> None:
    class Again(Event, name="visit.made"):
        pass

    with pytest.raises(TypeError, match=r"visit\.made"):
        Codec(VisitMade | Again)


def test_an_event_survives_being_written_and_read() -> None:
    event = CounterRaised(counter=new_id(), by=3)
    codec: Codec[CounterEvent] = Codec(CounterEvent)
    assert codec.decode(event.name, event.schema_version, event.model_dump_json()) == event


def test_a_single_class_is_a_union_too() -> None:
    assert list(Codec[Event](VisitMade).classes) == ["visit.made"]


def test_rows_are_decoded_in_order() -> None:
    codec: Codec[CounterEvent] = Codec(CounterEvent)
    history: list[CounterEvent] = [CounterStarted(counter=UUID(int=1)), CounterRaised(counter=UUID(int=1), by=2)]
    assert codec.decode_all([(e.name, e.schema_version, e.model_dump_json()) for e in history]) == history


def test_an_older_shape_is_read_as_todays() -> None:
    household = new_id()
    body = f'{{"household": "{household}", "hours": 2}}'
    assert read(VisitMade, 1, body) == VisitMade(household=household, minutes=120)


def test_a_reader_ignores_fields_it_does_not_know() -> None:
    body = f'{{"household": "{UUID(int=1)}", "minutes": 5, "weather": "mưa"}}'
    assert read(VisitMade, 2, body) == VisitMade(household=UUID(int=1), minutes=5)


def test_a_command_refuses_fields_it_does_not_know() -> None:
    with pytest.raises(ValueError, match="extra_forbidden"):
        StartCounter.model_validate({"actor": "a", "at": AT, "counter": new_id(), "weather": "rain"})


@pytest.mark.parametrize(
    ("version", "body", "fault"),
    [
        (2, f'{{"household": "{PHONE}", "minutes": 5}}', "household: uuid_parsing"),
        (2, f'{{"household": "{UUID(int=1)}", "minutes": "{PHONE}x"}}', "minutes: int_parsing"),
        (2, f'{{"minutes": 5, "phone": "{PHONE}"}}', "household: missing"),
        (2, f'"{PHONE}"', "body: model_type"),
        (2, f"{PHONE}, no JSON", "body: json_invalid"),
        (1, f'{{"phone": "{PHONE}"}}', "KeyError"),
        (1, f'"{PHONE}"', "TypeError"),
        (1, f'{{"hours": "{PHONE}"}}', "household: missing"),
        (1, f"{PHONE}, no JSON", "JSONDecodeError"),
    ],
)
def test_an_undecodable_event_says_field_and_rule_and_never_the_value(version: int, body: str, fault: str) -> None:
    with pytest.raises(UndecodableEvent) as caught:
        read(VisitMade, version, body)
    assert f"visit.made v{version}" in str(caught.value)
    assert fault in str(caught.value)
    assert PHONE not in str(caught.value)
    assert caught.value.__cause__ is None and caught.value.__suppress_context__


def test_an_event_of_another_name_is_undecodable() -> None:
    with pytest.raises(UndecodableEvent, match=r"'visit\.unmade'"):
        Codec[Event](VisitMade).decode("visit.unmade", 1, "{}")


def test_the_payload_hash_is_about_what_is_asked_not_who_or_when() -> None:
    counter = new_id()
    assert start(counter, actor="a").payload_hash() == start(counter, actor="b").payload_hash()
    assert add(counter, 1).payload_hash() != add(counter, 2).payload_hash()
    assert start(counter).payload_hash() != start(new_id()).payload_hash()


def test_ids_of_one_process_sort_as_they_were_made_and_derived_ids_repeat() -> None:
    made = [new_id() for _ in range(1000)]
    assert sorted(set(made)) == made
    assert derived_id("a", 1) == derived_id("a", 1) != derived_id("a", 2)
