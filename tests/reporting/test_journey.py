"""From a batch of visits to the figures of a commune: services, logs and subscriptions on real databases."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from services.kernel import log
from services.kernel.database import Database
from services.kernel.decider import Refused
from services.kernel.definition import ServiceDefinition
from services.kernel.identifiers import derived_id, new_id
from services.kernel.local import LocalEvents
from services.kernel.rebuild import rebuild
from services.kernel.runtime import ServiceRuntime
from services.kernel.settings import Settings
from services.kernel.subscription import Subscription, for_process_manager, for_projection
from services.reporting.counting import Counting
from services.reporting.household_coverage import HouseholdCoverage
from services.reporting.plans import Plans
from services.reporting.service import DEFINITION as REPORTING
from services.reporting.territory import (
    HamletRegistered as PlaceRegistered,
    HamletSucceeded,
    Territory as ReportingTerritory,
)
from services.visits import territory as visits_territory
from services.visits.service import DEFINITION as VISITS
from services.visits.territory import HamletRegistered, TeamEstablished, Territory as VisitsTerritory
from tests.reporting.hamlets import COMMUNE, HAMLETS, OTHER_COMMUNE, PROVINCE, PUBLISHED, REGISTRY, delivered

NOW = datetime(2026, 10, 8, 5, 0, tzinfo=UTC)
TEAM = derived_id("test", "team")
HOUSEHOLDS = [derived_id("test", "household", n) for n in range(30)]
HOME = {household: HAMLETS[n % 3] for n, household in enumerate(HOUSEHOLDS)}
VISITED = date(2026, 10, 6)


@dataclass
class Field:
    """Visits and reporting, and the way between them."""

    visits: ServiceRuntime
    reporting: ServiceRuntime
    counting: Subscription
    coverage: Subscription
    events: LocalEvents

    def do(self, *commands: tuple[str, dict[str, Any]]) -> list[str]:
        """Run commands of visits and let everything that follows happen."""
        answers = self.visits.execute_many(commands)
        self.settle()
        return [answer.code or "accepted" for answer in answers]

    def settle(self) -> None:
        """Number and follow, until nothing is left to follow."""
        self._number(self.visits.database)
        self.counting.catch_up()
        self._number(self.reporting.database)
        self.coverage.catch_up()

    def ask(self, **question: Any) -> dict[str, Any]:
        """The question `coverage`."""
        answer: dict[str, Any] = self.reporting.ask("coverage", question)
        return answer

    def map_reporting(self) -> None:
        """Let reporting hear of the territory."""
        with self.reporting.database.write() as connection:
            ReportingTerritory().apply(connection, [delivered("registry", event) for event in REGISTRY])
            Plans().apply(connection, [delivered("registry", PUBLISHED)])

    @staticmethod
    def _number(database: Database) -> None:
        with database.write() as connection:
            log.number(connection, 10_000)


@pytest.fixture(params=["sqlite", "postgresql"])
def field(request: pytest.FixtureRequest, prepared: Callable[[str, str], str]) -> Iterator[Field]:
    visits, reporting = (
        _started(definition, prepared(request.param, definition.name)) for definition in (VISITS, REPORTING)
    )
    served = [HamletRegistered(hamlet=hamlet) for hamlet in HAMLETS]
    team = TeamEstablished(team=TEAM, hamlets=HAMLETS)
    with visits.database.write() as connection:
        VisitsTerritory().apply(connection, [delivered("registry", event) for event in (*served, team)])
    events = LocalEvents({"visits": visits.database, "reporting": reporting.database})
    [counting] = for_process_manager(
        "reporting", Counting(), reporting.database, events, reporting.processor.execute_many
    )
    [coverage] = for_projection("reporting", HouseholdCoverage(), reporting.database, events)
    yield Field(visits, reporting, counting, coverage, events)
    for runtime in (visits, reporting):
        runtime.database.close()


def _started(definition: ServiceDefinition, url: str) -> ServiceRuntime:
    database = Database(url)
    log.open_history(database)
    return ServiceRuntime(definition, database, Settings(), clock=lambda: NOW)


def asked(name: str, **told: Any) -> tuple[str, dict[str, Any]]:
    payload = {"command_id": new_id(), "actor": "phone", "at": NOW.isoformat(), **told}
    return name, {key: value if isinstance(value, list) else str(value) for key, value in payload.items()}


def visit(visit: UUID, household: UUID, **changes: Any) -> dict[str, Any]:
    return {
        "visit": visit,
        "household": household,
        "hamlet": HOME[household],
        "team": TEAM,
        "visited_on": VISITED,
        "mode": "home",
        "services": ["VNEID_L2"],
        "outcome": "guided",
        **changes,
    }


def registrations() -> list[tuple[str, dict[str, Any]]]:
    return [asked("register_household", household=household, hamlet=hamlet) for household, hamlet in HOME.items()]


def figures(answer: dict[str, Any]) -> tuple[Any, ...]:
    return answer["households"], answer["guided_in_quarter"], answer["guided_since_plan"]


def test_a_batch_of_visits_moves_coverage_from_hamlet_to_province(field: Field) -> None:
    field.map_reporting()
    visits = [asked("record_visit", **visit(new_id(), household)) for household in HOUSEHOLDS[:12] * 2]
    assert set(field.do(*registrations(), *visits)) == {"accepted"}
    assert figures(field.ask(hamlets=[str(HAMLETS[0])])) == (10, 4, 4)
    assert figures(field.ask(hamlets=[str(HAMLETS[0]), str(HAMLETS[2])])) == (20, 8, 8)
    assert figures(field.ask(unit=str(COMMUNE))) == (20, 8, 8)
    assert figures(field.ask(unit=str(OTHER_COMMUNE))) == (10, 4, 4)
    assert field.ask(unit=str(PROVINCE)) == {
        "quarter": "2026-Q4",
        "hamlets": 3,
        "households": 30,
        "guided_in_quarter": 12,
        "plan": "CM-2026-20",
        "guided_since_plan": 12,
        "target": None,
    }


def test_corrections_and_voids_move_coverage_exactly(field: Field) -> None:
    field.map_reporting()
    moved, redated, gone = new_id(), new_id(), new_id()
    first, second, third = HOUSEHOLDS[0], HOUSEHOLDS[3], HOUSEHOLDS[6]
    recorded = [asked("record_visit", **visit(v, h)) for v, h in ((moved, first), (redated, second), (gone, third))]
    field.do(*registrations(), *recorded)
    assert figures(field.ask(hamlets=[str(HAMLETS[0])])) == (10, 3, 3)
    elsewhere = visit(moved, HOUSEHOLDS[2])
    earlier = visit(redated, second, visited_on=date(2026, 9, 30))
    field.do(
        asked("correct_visit", **elsewhere, reason="wrong_household"),
        asked("correct_visit", **earlier, reason="wrong_date"),
        asked("void_visit", visit=gone, reason="not_made"),
    )
    assert figures(field.ask(hamlets=[str(HAMLETS[0])])) == (10, 0, 1)
    assert figures(field.ask(hamlets=[str(HAMLETS[0])], quarter="2026-Q3")) == (10, 1, 1)
    assert figures(field.ask(hamlets=[str(HAMLETS[2])])) == (10, 1, 1)


def merge(field: Field, *gone: UUID) -> UUID:
    """These hamlets go whole into a new one on 1 October; its id."""
    new, on = derived_id("test", "joint hamlet"), date(2026, 10, 1)
    with field.reporting.database.write() as connection:
        went: list[Any] = [HamletSucceeded(hamlet=hamlet, successor=new, part=False, on=on) for hamlet in gone]
        told = [PlaceRegistered(hamlet=new, commune=COMMUNE), *went]
        ReportingTerritory().apply(connection, [delivered("registry", event) for event in told])
    with field.visits.database.write() as connection:
        went = [visits_territory.HamletSucceeded(hamlet=one, successor=new, part=False, on=on) for one in gone]
        told = [HamletRegistered(hamlet=new), *went]
        VisitsTerritory().apply(connection, [delivered("registry", event) for event in told])
    return new


def test_after_a_merger_every_household_counts_once_whichever_hamlet_its_visits_name(field: Field) -> None:
    field.map_reporting()
    first, second, third = HOUSEHOLDS[0], HOUSEHOLDS[1], HOUSEHOLDS[4]
    field.do(*registrations())
    # Before the day, in the same quarter; none of them knows of the merger.
    before = [visit(new_id(), household, visited_on=date(2026, 9, 30)) for household in (first, second)]
    assert set(field.do(*(asked("record_visit", **each) for each in before))) == {"accepted"}
    joint = merge(field, HAMLETS[0], HAMLETS[1])
    old_id, new_id_, moved, gone = new_id(), new_id(), new_id(), new_id()
    told = [
        visit(old_id, first),
        visit(new_id_, first, hamlet=joint),
        visit(moved, second, hamlet=joint),
        visit(gone, third, hamlet=joint),
    ]
    assert set(field.do(*(asked("record_visit", **each) for each in told))) == {"accepted"}
    for place in ({"hamlets": [str(joint)]}, {"unit": str(joint)}, {"unit": str(COMMUNE)}):
        assert figures(field.ask(**place)) == (20, 3, 3)
    # The joint hamlet, or the one of old: what each counted stays told under its own name.
    assert figures(field.ask(hamlets=[str(HAMLETS[0])])) == (10, 1, 1)
    assert figures(field.ask(hamlets=[str(joint)], quarter="2026-Q3")) == (20, 2, 3)
    # A correction to a household of another of the merged hamlets takes the visit out where it counted.
    mended = field.do(
        asked("correct_visit", **visit(moved, first, hamlet=joint), reason="wrong_household"),
        asked("correct_visit", **visit(new_id_, first), reason="other"),
        asked("void_visit", visit=gone, reason="not_made"),
    )
    assert mended == ["accepted"] * 3
    assert figures(field.ask(hamlets=[str(joint)])) == (20, 1, 2)
    assert figures(field.ask(hamlets=[str(HAMLETS[1])])) == (10, 0, 1)
    new = derived_id("test", "new household")
    assert field.do(asked("register_household", household=new, hamlet=joint)) == ["accepted"]
    assert field.do(asked("record_visit", **visit(new_id(), HOUSEHOLDS[3], hamlet=joint))) == ["accepted"]
    assert figures(field.ask(unit=str(PROVINCE))) == (31, 2, 3)


def test_a_household_that_is_moved_is_counted_where_it_belongs(field: Field) -> None:
    field.map_reporting()
    field.do(*registrations(), asked("record_visit", **visit(new_id(), HOUSEHOLDS[0])))
    move = {"household": HOUSEHOLDS[0], "hamlet": HAMLETS[1], "moved_on": "2026-10-07"}
    assert field.do(asked("move_household", **move)) == ["accepted"]
    too_early = visit(new_id(), HOUSEHOLDS[0], hamlet=HAMLETS[1])
    assert field.do(asked("record_visit", **too_early)) == ["HOUSEHOLD_ELSEWHERE"]
    after = visit(new_id(), HOUSEHOLDS[0], hamlet=HAMLETS[1], visited_on=date(2026, 10, 8))
    assert field.do(asked("record_visit", **after)) == ["accepted"]
    assert [field.ask(hamlets=[str(hamlet)])["households"] for hamlet in HAMLETS] == [9, 11, 10]
    assert field.ask(unit=str(COMMUNE))["households"] == 20
    assert field.ask(unit=str(COMMUNE))["guided_since_plan"] == 1


def test_events_told_again_change_nothing(field: Field) -> None:
    field.map_reporting()
    field.do(*registrations(), asked("record_visit", **visit(new_id(), HOUSEHOLDS[0])))
    before = field.events.head("reporting")
    [again] = for_process_manager(
        "another", Counting(), field.reporting.database, field.events, field.reporting.processor.execute_many
    )
    again.catch_up()
    field.settle()
    assert field.events.head("reporting") == before


def test_visits_wait_until_the_map_is_known(field: Field) -> None:
    field.do(*registrations(), asked("record_visit", **visit(new_id(), HOUSEHOLDS[0])))
    assert field.ask(hamlets=[str(HAMLETS[0])])["households"] is None
    field.map_reporting()
    assert field.counting.retry_held() == 31
    field.settle()
    assert figures(field.ask(hamlets=[str(HAMLETS[0])])) == (10, 1, 1)


def test_the_read_model_rebuilds_to_the_same_rows(field: Field) -> None:
    field.map_reporting()
    field.do(*registrations(), *(asked("record_visit", **visit(new_id(), household)) for household in HOUSEHOLDS))
    rebuilt = rebuild("reporting", HouseholdCoverage, field.reporting.database, field.events)
    assert rebuilt.checksum == rebuilt.live_checksum
    assert figures(field.ask(unit=str(PROVINCE))) == (30, 30, 30)


@pytest.mark.parametrize(
    ("question", "fault"),
    [
        ({}, "unit"),
        ({"unit": str(PROVINCE), "hamlets": []}, "unit"),
        ({"unit": "Cà Mau"}, "unit"),
        ({"unit": str(PROVINCE), "quarter": "2026-Q5"}, "quarter"),
        ({"unit": str(PROVINCE), "phone": "0912345678"}, "phone"),
    ],
)
def test_a_question_that_does_not_fit_names_the_field(question: dict[str, Any], fault: str) -> None:
    runtime = ServiceRuntime(REPORTING, Database("sqlite:///:memory:"), Settings(), clock=lambda: NOW)
    with pytest.raises(Refused) as caught:
        runtime.ask("coverage", question)
    assert (caught.value.stable_code, caught.value.field) == ("INVALID", fault)
    runtime.database.close()
