"""What an offline phone sends: many commands at once, each accepted or refused on its own; real databases."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import event

from services.kernel.bus import Answer
from services.kernel.database import Database
from services.kernel.identifiers import derived_id, new_id
from services.kernel.message import Event, Recorded
from services.kernel.projection import Delivered
from services.kernel.runtime import ServiceRuntime
from services.kernel.settings import Settings
from services.visits.service import DEFINITION
from services.visits.territory import HamletRegistered, TeamEstablished, Territory

HAMLET, OTHER_HAMLET, UNSERVED = (derived_id("test", "hamlet", n) for n in range(3))
TEAM, OTHER_TEAM = (derived_id("test", "team", n) for n in range(2))
HOUSEHOLD = derived_id("test", "household")
AT = datetime(2026, 10, 8, 5, 0, tzinfo=UTC)
REGISTRY: list[Event] = [
    HamletRegistered(hamlet=HAMLET),
    HamletRegistered(hamlet=OTHER_HAMLET),
    HamletRegistered(hamlet=UNSERVED),
    TeamEstablished(team=TEAM, hamlets=(HAMLET,)),
    TeamEstablished(team=OTHER_TEAM, hamlets=(HAMLET, OTHER_HAMLET)),
]


@pytest.fixture(params=["sqlite", "postgresql"])
def visits(request: pytest.FixtureRequest, prepared: Callable[[str, str], str]) -> Iterator[ServiceRuntime]:
    database = Database(prepared(request.param, "visits"))
    with database.write() as connection:
        Territory().apply(connection, [delivered(event) for event in REGISTRY])
    runtime = ServiceRuntime(DEFINITION, database, Settings(), clock=lambda: AT)
    yield runtime
    database.close()


def delivered(event: Event) -> Delivered[Any]:
    place = Recorded(1, "", "", 1, event.name, 1, "", "", "", "")
    return Delivered("registry", event, place)


def household(**changes: Any) -> tuple[str, dict[str, Any]]:
    return _command("register_household", {"household": HOUSEHOLD, "hamlet": HAMLET}, changes)


def visit(**changes: Any) -> tuple[str, dict[str, Any]]:
    told = {
        "visit": new_id(),
        "household": HOUSEHOLD,
        "hamlet": HAMLET,
        "team": TEAM,
        "visited_on": date(2026, 10, 6),
        "mode": "home",
        "services": ["VNEID_L2"],
        "outcome": "guided",
    }
    return _command("record_visit", told, changes)


def _command(name: str, told: dict[str, Any], changes: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    payload = {"command_id": new_id(), "actor": "phone", "at": AT.isoformat(), **told, **changes}
    return name, {key: value if isinstance(value, list) else str(value) for key, value in payload.items()}


def codes(answers: list[Answer]) -> list[str]:
    return [answer.code or "accepted" for answer in answers]


def test_a_household_may_be_visited_in_the_batch_that_registers_it(visits: ServiceRuntime) -> None:
    assert codes(visits.execute_many([household(), visit()])) == ["accepted", "accepted"]


def test_a_visit_before_its_household_is_refused_alone(visits: ServiceRuntime) -> None:
    answers = visits.execute_many([visit(), household(), visit()])
    assert codes(answers) == ["UNKNOWN_HOUSEHOLD", "accepted", "accepted"]
    assert answers[0].field == "household"


def test_every_item_of_a_batch_has_its_own_answer(visits: ServiceRuntime) -> None:
    nowhere = new_id()
    answers = visits.execute_many(
        [
            household(hamlet=nowhere),
            household(),
            visit(hamlet=nowhere),
            visit(hamlet=OTHER_HAMLET),
            visit(team=nowhere),
            visit(household=derived_id("test", "neighbour")),
            visit(services=["TELEPATHY"]),
            visit(visited_on="2026-10-09"),
            visit(outcome="maybe"),
            visit(),
        ]
    )
    assert [(answer.code, answer.field) for answer in answers] == [
        ("UNKNOWN_HAMLET", "hamlet"),
        ("", ""),
        ("UNKNOWN_HAMLET", "hamlet"),
        ("HOUSEHOLD_ELSEWHERE", "hamlet"),
        ("UNKNOWN_TEAM", "team"),
        ("UNKNOWN_HOUSEHOLD", "household"),
        ("UNKNOWN_SERVICE", "services"),
        ("DAY_IN_FUTURE", "visited_on"),
        ("INVALID", "outcome"),
        ("", ""),
    ]


def test_a_team_visits_only_the_hamlets_it_serves(visits: ServiceRuntime) -> None:
    far = derived_id("test", "far")
    there = {"household": far, "hamlet": OTHER_HAMLET}
    answers = visits.execute_many([household(**there), visit(**there), visit(**there, team=OTHER_TEAM)])
    assert codes(answers) == ["accepted", "TEAM_NOT_SERVING", "accepted"]
    assert answers[1].field == "team"


def test_a_correction_is_held_to_the_same_places(visits: ServiceRuntime) -> None:
    told = visit()
    visits.execute_many([household(), told])
    _, payload = told
    wrong = {**payload, "command_id": str(new_id()), "team": str(new_id()), "reason": "other"}
    assert codes(visits.execute_many([("correct_visit", wrong)])) == ["UNKNOWN_TEAM"]


def test_household_and_team_are_looked_up_once_a_batch(visits: ServiceRuntime) -> None:
    visits.execute_many([household()])
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    event.listen(visits.database.engine, "before_cursor_execute", note)
    answers = visits.execute_many([visit() for _ in range(20)] + [visit(team=OTHER_TEAM), visit(team=new_id())])
    assert [answer.code for answer in answers] == [""] * 21 + ["UNKNOWN_TEAM"]
    assert len([statement for statement in asked if "territory_served" in statement]) == 3
    assert len([statement for statement in asked if "FROM events" in statement]) <= 1


def test_a_full_batch_sent_twice_records_once(visits: ServiceRuntime) -> None:
    batch = [household(), *(visit() for _ in range(499))]
    first, second = visits.execute_many(batch), visits.execute_many(batch)
    assert codes(first) == ["accepted"] * 500
    assert first == second
    with visits.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM events").scalar_one() == 500
