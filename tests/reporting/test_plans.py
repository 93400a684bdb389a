"""Which plan binds a hamlet, and what becomes of its coverage when one is published, replaced or over."""

import tomllib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection

from services.kernel.database import Database
from services.kernel.identifiers import derived_id
from services.kernel.message import Event
from services.kernel.runtime import ServiceRuntime
from services.kernel.settings import Settings
from services.kernel.subscription import NotYet
from services.registry.profiles import _plan_of
from services.registry.unit import unit_id
from services.reporting.counting import Counting, HouseholdRegistered, VisitRecorded
from services.reporting.coverage import COVERAGE, CountUnderPlan, Coverage
from services.reporting.household_coverage import HOUSEHOLD_COVERAGE
from services.reporting.plans import (
    PLANS,
    Plan,
    PolicyProfilePublished,
    PolicyProfileSuperseded,
    Term,
    target_of,
    term_of,
)
from services.reporting.replanning import Replanning
from services.reporting.service import DEFINITION
from services.reporting.territory import TERRITORY, HamletRegistered, UnitRegistered, UnitSucceeded
from tests.reporting.hamlets import COMMUNE, HAMLETS, PLAN, PROVINCE, PUBLISHED, REGISTRY, TODAY, delivered, published

SHIPPED = Path(__file__).parents[2] / "services" / "registry" / "data" / "profiles"
NOON = datetime(2026, 10, 8, 5, 0, tzinfo=UTC)
CITED = {"citation": {"document": "1/KH-UBND", "section": "II"}}
TARGET = {"kind": "target", "indicator": "HH-02", "comparator": ">=", "value": 90, **CITED}
OTHER_RULE = {"kind": "quantity", "measure": "members", "level": "hamlet", "comparator": ">=", "value": 4, **CITED}
REPORT = {"kind": "due", "what": "report", "cadence": "quarter", "tier": "team", "to": "commune", "day": 16, **CITED}
OWN = Term(plan="XA-2026", since=date(2026, 9, 1), until=date(2026, 12, 31))
OLD_CA_MAU, OLD_DISTRICT, OLD_COMMUNE, OLD_HAMLET = (
    unit_id("legacy", "province", "96"),
    *(derived_id("test", "old", n) for n in range(3)),
)
OLD_MAP: list[Event] = [
    UnitRegistered(unit=OLD_CA_MAU, level="province"),
    UnitRegistered(unit=OLD_DISTRICT, level="district", parent=OLD_CA_MAU),
    UnitRegistered(unit=OLD_COMMUNE, level="commune", parent=OLD_DISTRICT),
    HamletRegistered(hamlet=OLD_HAMLET, commune=OLD_COMMUNE),
]
REFORM = date(2025, 7, 1)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, prepared: Callable[[str, str], str]) -> Iterator[Database]:
    database = Database(prepared(request.param, "reporting"))
    with database.write() as connection:
        TERRITORY.apply(connection, [delivered("registry", event) for event in REGISTRY])
    yield database
    database.close()


def shipped(name: str, territory: UUID) -> PolicyProfilePublished:
    said = _plan_of(tomllib.loads((SHIPPED / f"{name}.toml").read_text(encoding="utf-8")))
    return PolicyProfilePublished(
        territory=territory, profile=derived_id("policy-profile", name), plan=Plan.model_validate(said)
    )


def tell(connection: Connection, *events: Event) -> None:
    told = [delivered("registry", event) for event in events]
    PLANS.apply(connection, [each for each in told if each.event.name.startswith("policy_profile")])
    TERRITORY.apply(connection, [each for each in told if not each.event.name.startswith("policy_profile")])


def code(connection: Connection, hamlet: UUID, day: date) -> str | None:
    term = term_of(PLANS.in_force(connection, [hamlet], day)[hamlet])
    return None if term is None else term.plan


def test_ca_maus_plan_holds_from_its_first_day_to_its_last(database: Database) -> None:
    with database.write() as connection:
        tell(connection, shipped("CM-2026-20", PROVINCE))
        days = [date(2026, 1, 15), date(2026, 1, 16), date(2030, 12, 31), date(2031, 1, 1)]
        found = [code(connection, HAMLETS[0], day) for day in days]
    assert found == [None, "CM-2026-20", "CM-2026-20", None]


def test_old_ca_mau_has_the_plan_of_2023_until_it_went_into_the_new_one(database: Database) -> None:
    reform = [UnitSucceeded(unit=OLD_CA_MAU, successor=PROVINCE, part=False, on=REFORM)]
    with database.write() as connection:
        plans = [shipped("CM-2023-220", OLD_CA_MAU), shipped("CM-2026-20", PROVINCE), shipped("KG-2022", OLD_CA_MAU)]
        tell(connection, *OLD_MAP, *reform, *plans[:2])
        days = [date(2023, 8, 30), date(2023, 8, 31), date(2025, 6, 30), REFORM, TODAY]
        assert [code(connection, OLD_HAMLET, day) for day in days] == [
            None, "CM-2023-220", "CM-2023-220", None, "CM-2026-20"
        ]  # fmt: skip
        held = PLANS.in_force(connection, [OLD_COMMUNE], date(2024, 3, 1))[OLD_COMMUNE]
        target = target_of(held, "HH-02")
        assert target is not None
        assert (target.value, target.comparator, target.by) == (80, ">=", date(2025, 12, 31))
        assert (target.citation.document, target.citation.section) == ("220/KH-UBND", "III.3b")
        dues = [(due.tier, due.day, due.inclusive) for due in held[0].reports]
        assert dues[:3] == [("team", 16, False), ("commune", 21, False), ("district", 26, False)]
        assert target_of(PLANS.in_force(connection, [OLD_HAMLET], TODAY)[OLD_HAMLET], "HH-02") is None


def test_a_plan_that_is_replaced_keeps_its_days(database: Database) -> None:
    after = Term(plan="CM-2026-21", since=date(2026, 7, 1), until=date.max)
    over = PolicyProfileSuperseded(territory=PROVINCE, profile=PUBLISHED.profile, last_day=date(2026, 6, 30))
    with database.write() as connection:
        tell(connection, PUBLISHED, over, published(PROVINCE, after, open_ended=True))
        found = [code(connection, HAMLETS[0], day) for day in (date(2026, 6, 30), date(2026, 7, 1), TODAY)]
        [term] = [plan.term for plan in PLANS.in_force(connection, [PROVINCE], date(2026, 3, 1))[PROVINCE]]
    assert found == ["CM-2026-20", "CM-2026-21", "CM-2026-21"]
    assert term.until == date(2026, 6, 30)


def test_what_a_commune_does_not_state_it_takes_from_above_and_what_nobody_states_from_nowhere(
    database: Database,
) -> None:
    with database.write() as connection:
        tell(connection, published(PROVINCE, PLAN, TARGET), published(COMMUNE, OWN, OTHER_RULE, REPORT))
        held = PLANS.in_force(connection, [HAMLETS[0]], TODAY)[HAMLETS[0]]
        assert [plan.term.plan for plan in held] == ["XA-2026", "CM-2026-20"]
        # The commune adds a rule; the households are still those the province's plan asks for.
        assert code(connection, HAMLETS[0], TODAY) == "CM-2026-20"
        assert [due.day for due in held[0].reports] == [16]
        assert target_of(held, "HH-03") is None
        tell(connection, published(COMMUNE, OWN, {**TARGET, "value": 95}))
        assert code(connection, HAMLETS[0], TODAY) == "XA-2026"
        target = target_of(PLANS.in_force(connection, [COMMUNE], TODAY)[COMMUNE], "HH-02")
        assert target is not None and target.value == 95
        assert code(connection, HAMLETS[2], TODAY) == "CM-2026-20"


def test_the_plan_of_a_commune_that_is_gone_binds_nobody(database: Database) -> None:
    new = derived_id("test", "new commune")
    with database.write() as connection:
        tell(connection, PUBLISHED, published(COMMUNE, OWN))
        tell(connection, UnitRegistered(unit=new, level="commune", parent=PROVINCE))
        tell(connection, UnitSucceeded(unit=COMMUNE, successor=new, part=False, on=TODAY))
        assert code(connection, HAMLETS[0], TODAY - timedelta(days=1)) == "XA-2026"
        assert code(connection, HAMLETS[0], TODAY) == "CM-2026-20"


def test_a_question_is_answered_under_the_plan_that_binds_the_place_asked_about(database: Database) -> None:
    runtime = ServiceRuntime(DEFINITION, database, Settings(), clock=lambda: NOON)
    states: dict[UUID, Coverage] = {}
    with database.write() as connection:
        tell(connection, PUBLISHED, published(COMMUNE, OWN, TARGET))
    for day, household in ((date(2026, 3, 2), "a"), (date(2026, 9, 2), "b")):
        count(database, states, HAMLETS[0], day, household)

    def answer(**question: Any) -> tuple[Any, ...]:
        found = runtime.ask("coverage", question)
        return found["plan"], found["guided_since_plan"], found["target"] and found["target"]["value"]

    assert answer(unit=str(COMMUNE)) == ("XA-2026", 1, 90)
    assert answer(hamlets=[str(HAMLETS[0])]) == ("XA-2026", 1, 90)
    assert answer(unit=str(PROVINCE)) == ("CM-2026-20", 2, None)
    asked = runtime.ask("plans", {"unit": str(HAMLETS[0])})
    assert [plan["term"]["plan"] for plan in asked] == ["XA-2026", "CM-2026-20"]
    assert runtime.ask("plans", {"unit": str(HAMLETS[0]), "day": "2026-08-31"})[0]["term"]["plan"] == "CM-2026-20"
    assert runtime.ask("plans", {"unit": str(derived_id("nowhere"))}) == []


def test_a_hamlet_is_counted_anew_when_a_plan_begins_and_when_it_ends(database: Database) -> None:
    states: dict[UUID, Coverage] = {}
    with database.write() as connection:
        tell(connection, PUBLISHED)
    for day, household in ((date(2026, 3, 2), "a"), (date(2026, 9, 2), "b")):
        count(database, states, HAMLETS[0], day, household)
    assert states[HAMLETS[0]].told == ("CM-2026-20", 2)
    own = published(COMMUNE, OWN, TARGET)
    over = PolicyProfileSuperseded(territory=COMMUNE, profile=own.profile, last_day=TODAY - timedelta(days=1))
    to_come = Term(plan="XA-2027", since=date(2027, 1, 1), until=date(2027, 12, 31))
    for event, told in (
        (own, [("XA-2026", 1)]),
        (published(COMMUNE, to_come, TARGET), []),
        (over, [("CM-2026-20", 2)]),
    ):
        with database.read() as connection, pytest.raises(NotYet):
            Replanning().react(connection, [delivered("registry", event, event_id=event.name)])
        with database.write() as connection:
            tell(connection, event)
            commands = Replanning().react(connection, [delivered("registry", event, event_id=event.name)])
        found = []
        for command in commands:
            assert isinstance(command, CountUnderPlan)
            events = COVERAGE.decide(command, states.get(command.hamlet, Coverage()))
            states[command.hamlet] = COVERAGE.fold(states.get(command.hamlet, Coverage()), events)
            found += [(each.plan, each.guided_since_plan) for each in events]
        assert found == told


def count(database: Database, states: dict[UUID, Coverage], hamlet: UUID, day: date, household: str) -> None:
    """A household of the hamlet is guided on a day."""
    who = derived_id("test", household)
    facts = {"household": who, "hamlet": hamlet, "visited_on": day, "services": ("VNEID_L2",), "outcome": "guided"}
    told: Sequence[Any] = (
        HouseholdRegistered(household=who, hamlet=hamlet, registered_on=day),
        VisitRecorded(visit=derived_id("visit", household), **facts),
    )
    for event in told:
        with database.write() as connection:
            [command] = Counting().react(connection, [delivered("visits", event, event_id=f"{event.name}{household}")])
            events = COVERAGE.decide(command, states.get(hamlet, Coverage()))  # type: ignore[arg-type]  # it counts
            states[hamlet] = COVERAGE.fold(states.get(hamlet, Coverage()), events)
            HOUSEHOLD_COVERAGE.apply(connection, [delivered("reporting", each) for each in events])
