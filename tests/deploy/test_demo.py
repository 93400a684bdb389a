"""Demo data: marked as such, the same every time, small enough, and good enough for the real services."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

import pytest

from deploy.demo import BATCH, MARK, START, demo_commands
from deploy.system import SERVICES, definition
from services.registry.import_map import plan_import
from services.registry.unit import RegisterUnit, unit_id
from tests.registry.conftest import changes_of

TODAY = date(2026, 11, 22)
Told = tuple[str, str, dict[str, Any]]


def told(today: date) -> list[Told]:
    return [(step.service, name, dict(payload)) for step in demo_commands(today) for name, payload in step.commands]


def without_instant(commands: Iterable[Told]) -> dict[str, Any]:
    """Command and payload by id, less what a repetition may change."""
    return {
        payload["command_id"]: (service, name, {k: v for k, v in payload.items() if k != "at"})
        for service, name, payload in commands
    }


@pytest.fixture(scope="module")
def commands() -> list[Told]:
    return told(TODAY)


def of(commands: list[Told], name: str) -> list[dict[str, Any]]:
    return [payload for _, command, payload in commands if command == name]


def test_every_command_is_one_its_service_knows(commands: list[Told]) -> None:
    known = {
        (service, command.name): command
        for service in SERVICES
        for aggregate in definition(service).aggregates
        for command in aggregate.command_classes
    }
    for service, name, payload in commands:
        known[service, name].model_validate(payload)


def test_steps_fit_the_bus_and_the_registry_comes_first() -> None:
    steps = list(demo_commands(TODAY))
    services = [step.service for step in steps]
    assert services == sorted(services)
    assert all(0 < len(step.commands) <= BATCH for step in steps)


def test_all_64_communes_of_ca_mau_have_4_to_8_hamlets_with_a_team_each(commands: list[Told]) -> None:
    province = unit_id("current", "province", "96")
    communes = {
        str(unit.unit)
        for unit in changes_of(plan_import())
        if isinstance(unit, RegisterUnit) and unit.parent == province
    }
    hamlets = Counter(hamlet["commune"] for hamlet in of(commands, "register_hamlet"))
    assert set(hamlets) == communes
    assert len(communes) == 64
    assert set(hamlets.values()) <= set(range(4, 9))
    served = [hamlet for team in of(commands, "establish_team") for hamlet in team["hamlets"]]
    assert sorted(served) == sorted(hamlet["hamlet"] for hamlet in of(commands, "register_hamlet"))


def test_everything_a_person_reads_is_marked_as_demo(commands: list[Told]) -> None:
    assert all(MARK in payload["name"] for _, _, payload in commands if "name" in payload)
    assert all(team["decision_no"].startswith("MẪU-") for team in of(commands, "establish_team"))


def test_a_team_has_a_leader_a_deputy_and_two_to_four_members(commands: list[Told]) -> None:
    roles: dict[str, Counter[str]] = defaultdict(Counter)
    for appointed in of(commands, "appoint_member"):
        roles[appointed["team"]][appointed["role"]] += 1
    left = Counter(gone["team"] for gone in of(commands, "stand_down_member"))
    assert left
    for team, count in roles.items():
        assert (count["leader"], count["deputy"]) == (1, 1)
        assert 2 <= count["member"] - left[team] <= 4


def test_a_hamlet_has_12_to_25_households(commands: list[Told]) -> None:
    households = Counter(household["hamlet"] for household in of(commands, "register_household"))
    assert set(households.values()) <= set(range(12, 26))


def test_visits_spread_over_the_quarters_and_reach_today(commands: list[Told]) -> None:
    days = [date.fromisoformat(visit["visited_on"]) for visit in of(commands, "record_visit")]
    assert days == sorted(days)
    assert days[0] >= START and days[-1] <= TODAY
    assert {(day.month - 1) // 3 for day in days} == {0, 1, 2, 3}


def test_some_households_are_guided_and_some_are_not_yet(commands: list[Told]) -> None:
    guided = {visit["household"] for visit in of(commands, "record_visit") if visit["outcome"] == "guided"}
    assert 0.5 < len(guided) / len(of(commands, "register_household")) < 0.9
    assert {v["outcome"] for v in of(commands, "record_visit")} == {"guided", "informed", "absent", "refused"}


def test_running_it_twice_asks_under_the_same_ids(commands: list[Told]) -> None:
    again = told(TODAY)
    assert again == commands
    assert len(without_instant(again)) == len(again)


def test_running_it_on_a_later_day_only_adds(commands: list[Told]) -> None:
    before, later = without_instant(commands), without_instant(told(date(2026, 12, 31)))
    shared = before.keys() & later.keys()
    assert all(before[key] == later[key] for key in shared)
    assert {later[key][1] for key in later.keys() - shared} == {"record_visit"}


@pytest.mark.parametrize("today", [date(2026, 11, 22), date(2027, 6, 30), date(2030, 12, 31)])
def test_it_stays_small_whenever_it_is_first_run(today: date) -> None:
    assert sum(len(step.commands) for step in demo_commands(today)) <= 15_000


@pytest.mark.parametrize("today", [date(2025, 7, 1), date(2025, 11, 1), START])
def test_nothing_is_dated_after_today(today: date) -> None:
    dated = {"decision_date", "appointed_on", "stood_down_on", "registered_on", "visited_on"}
    days = [payload[key] for _, _, payload in told(today) for key in dated & payload.keys()]
    assert all(day <= today.isoformat() for day in days)
