"""What the edge of a service answers: one bad command in a batch costs its neighbours nothing."""

from typing import Any

import pytest
from pydantic import ValidationError

from deploy import system
from services.kernel.clock import system_clock
from services.kernel.database import Database
from services.kernel.identifiers import new_id
from services.kernel.runtime import MOST_AT_ONCE, ServiceRuntime, _rule
from services.kernel.settings import Settings
from services.registry.unit import RegisterUnit
from tests.kernel.counter import COUNTING


def payload(counter: str, **fields: object) -> dict[str, Any]:
    return {"counter": counter, "actor": "test", "at": system_clock().isoformat(), **fields}


def test_a_batch_answers_each_command_in_its_place(database: Database) -> None:
    runtime = ServiceRuntime(COUNTING, database, Settings())
    counter = str(new_id())

    answers = runtime.execute_many(
        [
            ("start_counter", payload(counter)),
            ("raise_counter", payload(counter, by=13)),
            ("raise_counter", payload(counter, by="nhiều")),
            ("raise_counter", payload(counter, by=2, more=1)),
            ("stop_counter", payload(counter)),
            ("raise_counter", payload(counter, by=2)),
        ]
    )

    assert [(a.accepted, a.code, a.field) for a in answers] == [
        (True, "", ""),
        (False, "INTERNAL", ""),
        (False, "INVALID", "by"),
        (False, "INVALID", "more"),
        (False, "UNKNOWN_COMMAND", "command"),
        (True, "", ""),
    ]
    assert "nhiều" not in answers[2].message


ODD: tuple[Any, ...] = (
    *(None, True, 0, -1, 1.5, 10**400, 1e20, 1e308, -1e308, float("nan"), float("inf")),
    *("", "x", "\ud800", "x" * 200_000, "1" * 5000, "00000000-0000-0000-0000-00000000000g"),
    *("2026-13-01", "0001-01-01", "2026-01-31T08:00:00", "2026-01-31T08:00:00Z", "2026-01-31T08:00:00+99:99"),
    *([], [None], ["x", "x"], [1] * 2000, {}, {"x": 1}),
)
"""What JSON can hold."""


@pytest.mark.parametrize("service", system.SERVICES)
def test_whatever_is_wrong_with_a_field_of_a_command_is_said_in_words(service: str) -> None:
    unsaid = set()
    for command in (c for aggregate in system.definition(service).aggregates for c in aggregate.command_classes):
        for value in ODD:
            for payload in (dict.fromkeys([*command.model_fields, "more"], value), value):
                with pytest.raises(ValidationError) as caught:
                    command.model_validate(payload)
                faults = caught.value.errors(include_input=False, include_url=False)
                unsaid |= {(command.name, fault["type"]) for fault in faults if fault["type"] in _rule(fault)}
    assert unsaid == set()


def test_a_limit_is_said_with_its_number() -> None:
    with pytest.raises(ValidationError) as caught:
        RegisterUnit.model_validate({"area_km2": 0, "lat": "nhiều"})
    said = {fault["loc"][0]: _rule(fault) for fault in caught.value.errors()}
    assert (said["area_km2"], said["lat"]) == ("phải lớn hơn 0.0", "phải là số")


def test_a_batch_too_long_is_refused_whole(database: Database) -> None:
    runtime = ServiceRuntime(COUNTING, database, Settings())

    answers = runtime.execute_many([("start_counter", payload(str(new_id())))] * (MOST_AT_ONCE + 1))

    assert {answer.code for answer in answers} == {"TOO_MANY"}
