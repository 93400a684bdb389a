"""Hamlets that are put together or divided lose no household: from the day on, and not before; real databases."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from services.kernel.database import Database
from services.kernel.identifiers import derived_id, new_id
from services.kernel.message import Event
from services.kernel.runtime import ServiceRuntime
from services.kernel.settings import Settings
from services.kernel.testing import given
from services.visits.household import HOUSEHOLD, HouseholdMoved, HouseholdRegistered, MoveHousehold
from services.visits.service import DEFINITION
from services.visits.territory import (
    HamletEnded,
    HamletRegistered,
    HamletRenamed,
    HamletSucceeded,
    TeamEstablished,
    TeamRenewed,
    Territory,
)
from tests.visits.test_phone_batch import delivered

FIRST, SECOND, JOINT, LAST, WHOLE, EAST, WEST = (derived_id("test", "hamlet", n) for n in range(7))
OLD_TEAM, NEW_TEAM, OTHER_TEAM = (derived_id("test", "team", n) for n in range(3))
HOME, NEIGHBOUR, DIVIDED = (derived_id("test", "household", n) for n in range(3))
AT = datetime(2026, 10, 8, 5, 0, tzinfo=UTC)
NAMES = ["Ấp Một", "Ấp Hai", "Ấp Chung", "Sau Cùng", "Khóm Lớn", "Khóm Đông", "Khóm Tây"]
REGISTRY: list[Event] = [
    *(
        HamletRegistered(hamlet=hamlet, name=name, kind=name.partition(" ")[0] if name[0] != "S" else "Ấp")
        for hamlet, name in zip((FIRST, SECOND, JOINT, LAST, WHOLE, EAST, WEST), NAMES, strict=True)
    ),
    TeamEstablished(team=OLD_TEAM, hamlets=(FIRST, WHOLE)),
    TeamEstablished(team=NEW_TEAM, hamlets=(SECOND,)),
    TeamEstablished(team=OTHER_TEAM, hamlets=(EAST,)),
]


def merged(*gone: UUID, into: UUID, on: str) -> list[Event]:
    """These hamlets go whole into another one."""
    day = date.fromisoformat(on)
    ends = [HamletEnded(hamlet=one, valid_to=day.replace(day=day.day - 1)) for one in gone]
    return [*ends, *(HamletSucceeded(hamlet=one, successor=into, part=False, on=day) for one in gone)]


def divided(gone: UUID, *into: UUID, on: str) -> list[Event]:
    """A hamlet is no more, and parts of it went into several."""
    day = date.fromisoformat(on)
    parts = [HamletSucceeded(hamlet=gone, successor=one, part=True, on=day) for one in into]
    return [HamletEnded(hamlet=gone, valid_to=day.replace(day=day.day - 1)), *parts]


class Field:
    """The visits service, and what it hears of the registry."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.runtime = ServiceRuntime(DEFINITION, database, Settings(), clock=lambda: AT)

    def hear(self, *events: Event) -> None:
        with self.database.write() as connection:
            Territory().apply(connection, [delivered(event) for event in events])

    def do(self, name: str, **told: Any) -> str:
        [answer] = self.send(name, **told)
        return answer.code or "accepted"

    def send(self, name: str, **told: Any) -> list[Any]:
        payload = {"command_id": new_id(), "actor": "phone", "at": AT.isoformat(), **told}
        text = {key: value if isinstance(value, list) else str(value) for key, value in payload.items()}
        return self.runtime.execute_many([(name, text)])

    def visit(self, household: UUID, hamlet: UUID, team: UUID, on: str) -> str:
        facts = {"mode": "home", "services": ["VNEID_L2"], "outcome": "guided", "visit": new_id()}
        return self.do("record_visit", household=household, hamlet=hamlet, team=team, visited_on=on, **facts)


@pytest.fixture(params=["sqlite", "postgresql"])
def field(request: pytest.FixtureRequest, prepared: Callable[[str, str], str]) -> Iterator[Field]:
    database = Database(prepared(request.param, "visits"))
    field = Field(database)
    field.hear(*REGISTRY)
    for household, hamlet in ((HOME, FIRST), (NEIGHBOUR, SECOND), (DIVIDED, WHOLE)):
        assert field.do("register_household", household=household, hamlet=hamlet, registered_on="2026-01-05") == (
            "accepted"
        )
    yield field
    database.close()


def test_the_team_of_the_hamlet_that_two_went_into_visits_the_households_of_both(field: Field) -> None:
    field.hear(*merged(FIRST, SECOND, into=JOINT, on="2026-07-02"))
    field.hear(TeamRenewed(team=NEW_TEAM, hamlets=(JOINT,), decision_date=date(2026, 7, 2)))
    for household, hamlet in ((HOME, FIRST), (NEIGHBOUR, SECOND)):
        assert field.visit(household, JOINT, NEW_TEAM, "2026-07-02") == "accepted"
        assert field.visit(household, hamlet, NEW_TEAM, "2026-10-01") == "accepted"
    assert field.visit(HOME, SECOND, NEW_TEAM, "2026-10-01") == "HOUSEHOLD_ELSEWHERE"
    assert field.visit(HOME, JOINT, OTHER_TEAM, "2026-10-01") == "TEAM_NOT_SERVING"


def test_before_the_day_everything_is_as_it_was_however_late_a_phone_tells(field: Field) -> None:
    field.hear(*merged(FIRST, SECOND, into=JOINT, on="2026-07-02"))
    field.hear(TeamRenewed(team=NEW_TEAM, hamlets=(JOINT,), decision_date=date(2026, 7, 2)))
    assert field.visit(HOME, FIRST, OLD_TEAM, "2026-07-01") == "accepted"
    assert field.visit(HOME, FIRST, NEW_TEAM, "2026-07-01") == "TEAM_NOT_SERVING"
    assert field.visit(HOME, JOINT, NEW_TEAM, "2026-07-01") == "HOUSEHOLD_ELSEWHERE"


def test_a_team_that_was_not_renewed_yet_goes_on_in_the_joint_hamlet(field: Field) -> None:
    field.hear(*merged(FIRST, SECOND, into=JOINT, on="2026-07-02"))
    assert field.visit(HOME, FIRST, OLD_TEAM, "2026-10-01") == "accepted"
    new = derived_id("test", "new household")
    assert field.do("register_household", household=new, hamlet=JOINT) == "accepted"
    assert field.visit(new, JOINT, OLD_TEAM, "2026-10-08") == "accepted"


def test_several_mergers_on_the_way_are_followed_each_from_its_day(field: Field) -> None:
    field.hear(*merged(FIRST, into=JOINT, on="2026-03-02"), *merged(JOINT, into=LAST, on="2026-07-02"))
    field.hear(TeamRenewed(team=NEW_TEAM, hamlets=(LAST,), decision_date=date(2026, 3, 2)))
    assert field.visit(HOME, JOINT, NEW_TEAM, "2026-07-01") == "TEAM_NOT_SERVING"
    assert field.visit(HOME, LAST, NEW_TEAM, "2026-07-01") == "HOUSEHOLD_ELSEWHERE"
    assert [field.visit(HOME, one, NEW_TEAM, "2026-07-02") for one in (FIRST, JOINT, LAST)] == ["accepted"] * 3


def test_an_ended_hamlet_takes_no_household_any_more_and_says_where_to(field: Field) -> None:
    field.hear(*merged(FIRST, into=JOINT, on="2026-07-02"), *divided(WHOLE, EAST, WEST, on="2026-07-02"))
    field.hear(HamletRenamed(hamlet=JOINT, name="Chung Sức", kind="Ấp"))
    new = derived_id("test", "new household")
    [answer] = field.send("register_household", household=new, hamlet=FIRST)
    assert (answer.code, answer.field) == ("HAMLET_ENDED", "hamlet")
    assert answer.message == "Ấp Một chỉ còn đến hết ngày 01/07/2026; hãy ghi hộ vào Ấp Chung Sức."
    [answer] = field.send("register_household", household=new, hamlet=WHOLE)
    assert "Khóm Tây" in answer.message and "Khóm Đông" in answer.message
    # A phone that was offline tells of a day on which the hamlet still stood.
    assert field.do("register_household", household=new, hamlet=FIRST, registered_on="2026-07-01") == "accepted"
    assert field.do("register_household", household=HOME, hamlet=FIRST, registered_on="2026-01-05") == "accepted"


def test_a_household_of_a_divided_hamlet_stays_until_somebody_says_where_it_belongs(field: Field) -> None:
    field.hear(*divided(WHOLE, EAST, WEST, on="2026-07-02"))
    assert field.visit(DIVIDED, WHOLE, OLD_TEAM, "2026-07-02") == "accepted"
    assert field.visit(DIVIDED, EAST, OTHER_TEAM, "2026-07-02") == "HOUSEHOLD_ELSEWHERE"
    assert field.do("move_household", household=DIVIDED, hamlet=EAST, moved_on="2026-08-01") == "accepted"
    assert field.visit(DIVIDED, EAST, OTHER_TEAM, "2026-08-01") == "accepted"
    assert field.visit(DIVIDED, WHOLE, OLD_TEAM, "2026-08-01") == "HOUSEHOLD_ELSEWHERE"
    assert field.visit(DIVIDED, WHOLE, OLD_TEAM, "2026-07-31") == "accepted"


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"household": new_id(), "hamlet": EAST}, "UNKNOWN_HOUSEHOLD"),
        ({"household": DIVIDED, "hamlet": new_id()}, "UNKNOWN_HAMLET"),
        ({"household": DIVIDED, "hamlet": EAST, "moved_on": "2026-10-09"}, "DAY_IN_FUTURE"),
        ({"household": DIVIDED, "hamlet": EAST, "moved_on": "2026-01-04"}, "accepted"),
        ({"household": NEIGHBOUR, "hamlet": EAST, "moved_on": "2026-06-30"}, "MOVED_LATER"),
        ({"household": DIVIDED, "hamlet": FIRST, "moved_on": "2026-07-02"}, "HAMLET_ENDED"),
        ({"household": DIVIDED, "hamlet": FIRST, "moved_on": "2026-07-01"}, "accepted"),
        ({"household": DIVIDED, "hamlet": WHOLE}, "accepted"),
    ],
)
def test_where_a_household_cannot_go(field: Field, told: dict[str, Any], code: str) -> None:
    field.hear(*merged(FIRST, into=JOINT, on="2026-07-02"))
    assert field.do("move_household", household=NEIGHBOUR, hamlet=WEST, moved_on="2026-07-01") == "accepted"
    assert field.do("move_household", **told) == code


def test_moving_twice_to_the_same_place_is_told_once() -> None:
    before = HouseholdRegistered(household=HOME, hamlet=WHOLE, registered_on=AT.date())
    command = MoveHousehold(actor="phone", at=AT, household=HOME, hamlet=EAST)
    moved = HouseholdMoved(household=HOME, hamlet=EAST, previous_hamlet=WHOLE, moved_on=AT.date())
    given(HOUSEHOLD, before).when(command).then(moved)
    given(HOUSEHOLD, before, moved).when(command).then()
