"""Emulation drives: launched once, closed once with a result, by those the plans name."""

from datetime import date
from typing import Any

from services.kernel.runtime import ServiceRuntime
from services.kernel.testing import given
from services.registry.emulation_drive import (
    EMULATION_DRIVE,
    CloseEmulationDrive,
    EmulationDriveClosed,
    EmulationDriveLaunched,
    LaunchEmulationDrive,
    guard,
)
from services.registry.examples import EXAMPLES, PROVINCE
from services.registry.unit import UNIT, UnitRegistered
from tests.registry.conftest import NOON
from tests.registry.looking import Looking, refusal_of

(LAUNCHED,) = (event for event in EXAMPLES if isinstance(event, EmulationDriveLaunched))
(CLOSED,) = (event for event in EXAMPLES if isinstance(event, EmulationDriveClosed))
LATER = "2026-11-20T05:00:00Z"


def launching(**changes: Any) -> LaunchEmulationDrive:
    told = LAUNCHED.model_dump() | {"actor": "official", "at": LATER}
    return LaunchEmulationDrive.model_validate({**told, **changes})


def closing(**changes: Any) -> CloseEmulationDrive:
    return CloseEmulationDrive.model_validate({**CLOSED.model_dump(), "actor": "official", "at": LATER, **changes})


def test_a_drive_is_launched_once_and_closed_once() -> None:
    given(EMULATION_DRIVE).when(launching()).then(LAUNCHED)
    given(EMULATION_DRIVE, LAUNCHED).when(launching()).then()
    given(EMULATION_DRIVE, LAUNCHED).when(launching(name="Tên khác")).refused("DRIVE_EXISTS", field="drive")
    given(EMULATION_DRIVE, LAUNCHED).when(closing()).then(CLOSED)
    given(EMULATION_DRIVE, LAUNCHED, CLOSED).when(closing()).then()
    given(EMULATION_DRIVE, LAUNCHED, CLOSED).when(closing(result="Khác")).refused("DRIVE_CLOSED", field="drive")
    given(EMULATION_DRIVE).when(closing()).refused("DRIVE_UNKNOWN", field="drive")


def test_a_drive_has_a_period_and_is_summed_up_within_it_or_after() -> None:
    reversed_days = launching(last_day=date(2026, 3, 25))
    given(EMULATION_DRIVE).when(reversed_days).refused("PERIOD_REVERSED", field="last_day")
    one_day = launching(last_day=LAUNCHED.first_day)
    assert given(EMULATION_DRIVE).when(one_day).refusal is None
    begun = given(EMULATION_DRIVE, LAUNCHED)
    begun.when(closing(closed_on=date(2026, 3, 25))).refused("CLOSED_BEFORE_BEGUN", field="closed_on")
    begun.when(closing(closed_on=date(2026, 11, 21))).refused("DAY_IN_FUTURE", field="closed_on")
    assert begun.when(closing(closed_on=LAUNCHED.first_day)).refusal is None


def test_nobody_s_number_stands_in_title_organiser_or_result() -> None:
    number = "Liên hệ 0912345678"
    given(EMULATION_DRIVE).when(launching(name=number)).refused("PRIVATE_NUMBER", field="name")
    given(EMULATION_DRIVE).when(launching(organiser=number)).refused("PRIVATE_NUMBER", field="organiser")
    given(EMULATION_DRIVE, LAUNCHED).when(closing(result=number)).refused("PRIVATE_NUMBER", field="result")


def test_the_territory_stands_when_the_drive_begins() -> None:
    looking = Looking()
    assert refusal_of(lambda: guard(launching(), looking)) == ("UNIT_UNKNOWN", "unit")
    registered = next(e for e in EXAMPLES if isinstance(e, UnitRegistered))
    looking.with_events(UNIT, PROVINCE, registered.model_copy(update={"valid_from": date(2025, 7, 1)}))
    assert refusal_of(lambda: guard(launching(), looking)) is None
    early = launching(first_day=date(2025, 6, 30))
    assert refusal_of(lambda: guard(early, looking)) == ("UNIT_NOT_IN_FORCE", "unit")


def test_only_those_the_plans_name_launch_drives(registry: ServiceRuntime) -> None:
    asked = launching(at=NOON).model_dump(mode="json") | {"launcher": "enterprise"}
    answer = registry.execute("launch_emulation_drive", asked)
    assert (answer.code, answer.field) == ("INVALID", "launcher")
