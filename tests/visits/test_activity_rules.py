"""Which rules of which plan a team's work is held to in a week; real databases."""

import tomllib
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.kernel.database import Database
from services.kernel.decider import Refused
from services.kernel.identifiers import derived_id
from services.kernel.message import Event
from services.kernel.runtime import ServiceRuntime
from services.kernel.settings import Settings
from services.registry.profiles import _plan_of
from services.visits.activity_rules import (
    ActivityRules,
    Plan,
    PolicyProfilePublished,
    PolicyProfileSuperseded,
    TeamEstablished,
    UnitRegistered,
    UnitSucceeded,
)
from services.visits.service import DEFINITION
from tests.visits.test_phone_batch import delivered

SHIPPED = Path(__file__).parents[2] / "services" / "registry" / "data" / "profiles"
PROVINCE, COMMUNE, OTHER, NEW = (derived_id("test", "unit", n) for n in range(4))
TEAM, OTHER_TEAM, COMMUNE_TEAM = (derived_id("test", "team", n) for n in range(3))
MAP: list[Event] = [
    UnitRegistered(unit=PROVINCE),
    *(UnitRegistered(unit=unit, parent=PROVINCE) for unit in (COMMUNE, OTHER, NEW)),
    TeamEstablished(team=TEAM, commune=COMMUNE, level="hamlet"),
    TeamEstablished(team=OTHER_TEAM, commune=OTHER, level="hamlet"),
    TeamEstablished(team=COMMUNE_TEAM, commune=COMMUNE, level="commune"),
]
HOURS, DAYS, SHARE = "hours_per_activity_day", "activity_days_per_week", "HH-02"


def plan_220() -> PolicyProfilePublished:
    """The plan that ships, here for the province of the test."""
    told = tomllib.loads((SHIPPED / "CM-2023-220.toml").read_text(encoding="utf-8"))
    return PolicyProfilePublished(
        territory=PROVINCE, profile=derived_id("test", "220"), plan=Plan.model_validate(_plan_of(told))
    )


def own(territory: UUID, code: str, since: str, days: float) -> PolicyProfilePublished:
    """A plan that asks for so many days a week and nothing else."""
    cited = {"document": f"{code}/KH-UBND", "section": "1"}
    rule = {"kind": "quantity", "measure": DAYS, "level": "hamlet", "comparator": ">=", "value": days}
    plan = Plan(
        code=code, valid_from=date.fromisoformat(since), rules=({**rule, "severity": "warn", "citation": cited},)
    )
    return PolicyProfilePublished(territory=territory, profile=derived_id("test", code), plan=plan)


class Field:
    """The visits service, and what it hears of the registry."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.runtime = ServiceRuntime(
            DEFINITION, database, Settings(), clock=lambda: datetime(2026, 10, 8, 5, 0, tzinfo=UTC)
        )

    def hear(self, *events: Event) -> None:
        with self.database.write() as connection:
            ActivityRules().apply(connection, [delivered(event) for event in events])

    def asked(self, week: str, team: UUID = TEAM) -> dict[str, tuple[str, float]]:
        """Plan and value of each rule."""
        answer = self.runtime.ask("activity_rules", {"team": str(team), "week": week})
        return {rule["about"]: (rule["plan"], rule["value"]) for rule in answer["rules"]}


@pytest.fixture(params=["sqlite", "postgresql"])
def field(request: pytest.FixtureRequest, prepared: Callable[[str, str], str]) -> Iterator[Field]:
    database = Database(prepared(request.param, "visits"))
    field = Field(database)
    field.hear(*MAP, plan_220())
    yield field
    database.close()


def test_plan_220_asks_four_hours_two_days_and_eighty_percent_while_it_holds(field: Field) -> None:
    whole = {HOURS: ("CM-2023-220", 4), DAYS: ("CM-2023-220", 2), SHARE: ("CM-2023-220", 80)}
    assert field.asked("2023-W36") == whole
    assert field.asked("2025-W27") == whole  # Monday is 30 June 2025, its last day
    assert field.asked("2023-W35") == field.asked("2025-W28") == {}
    assert field.asked("2024-W10", COMMUNE_TEAM) == {SHARE: ("CM-2023-220", 80)}
    answer = field.runtime.ask("activity_rules", {"team": str(TEAM), "week": "2024-W10"})
    assert (answer["first_day"], answer["last_day"]) == ("2024-03-04", "2024-03-10")
    [hours] = [rule for rule in answer["rules"] if rule["about"] == HOURS]
    assert (hours["comparator"], hours["severity"]) == (">=", "warn")
    assert hours["citation"] == {"document": "220/KH-UBND", "section": "III.3b"}


def test_a_commune_s_own_rule_holds_for_its_teams_from_the_next_monday_and_changes_no_week_that_is_over(
    field: Field,
) -> None:
    weeks = ["2024-W09", "2024-W10", "2024-W11"]
    before = [field.asked(week) for week in weeks]
    field.hear(own(COMMUNE, "XA-1", "2024-03-06", 3))  # a Wednesday of the tenth week
    assert [field.asked(week) for week in weeks[:2]] == before[:2]
    assert field.asked("2024-W11") == {**before[2], DAYS: ("XA-1", 3)}
    assert field.asked("2024-W11", OTHER_TEAM) == before[2]
    field.hear(PolicyProfileSuperseded(profile=derived_id("test", "XA-1"), last_day=date(2024, 3, 17)))
    field.hear(own(COMMUNE, "XA-2", "2024-03-18", 5))
    assert [field.asked(week)[DAYS] for week in ("2024-W11", "2024-W12")] == [("XA-1", 3), ("XA-2", 5)]


def test_the_plan_of_a_commune_that_is_gone_binds_its_teams_no_longer(field: Field) -> None:
    field.hear(own(COMMUNE, "XA-1", "2024-01-01", 3), own(NEW, "XA-MOI", "2024-01-01", 4))
    field.hear(UnitSucceeded(unit=COMMUNE, successor=NEW, part=False, on=date(2024, 3, 4)))
    field.hear(UnitSucceeded(unit=OTHER, successor=NEW, part=True, on=date(2024, 3, 4)))
    assert [field.asked(week)[DAYS] for week in ("2024-W09", "2024-W10")] == [("XA-1", 3), ("XA-MOI", 4)]
    assert field.asked("2024-W10", OTHER_TEAM)[DAYS] == ("CM-2023-220", 2)


@pytest.mark.parametrize(
    ("question", "code", "fault"),
    [
        ({"team": "x", "week": "2024-W10"}, "INVALID", "team"),
        ({"team": str(TEAM), "week": "2024-W60"}, "INVALID", "week"),
        ({"team": str(TEAM), "week": "2025-W53"}, "INVALID", "week"),
        ({"team": str(PROVINCE), "week": "2024-W10"}, "UNKNOWN_TEAM", "team"),
    ],
)
def test_a_question_that_does_not_fit_is_refused(field: Field, question: dict[str, Any], code: str, fault: str) -> None:
    with pytest.raises(Refused) as caught:
        field.runtime.ask("activity_rules", question)
    assert (caught.value.stable_code, caught.value.field) == (code, fault)
