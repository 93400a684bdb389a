"""What the edge of a service answers: one bad command in a batch costs its neighbours nothing."""

from typing import Any

from services.kernel.clock import system_clock
from services.kernel.database import Database
from services.kernel.identifiers import new_id
from services.kernel.runtime import MOST_AT_ONCE, ServiceRuntime
from services.kernel.settings import Settings
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


def test_a_batch_too_long_is_refused_whole(database: Database) -> None:
    runtime = ServiceRuntime(COUNTING, database, Settings())

    answers = runtime.execute_many([("start_counter", payload(str(new_id())))] * (MOST_AT_ONCE + 1))

    assert {answer.code for answer in answers} == {"TOO_MANY"}
