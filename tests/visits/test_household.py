"""Registering households."""

from datetime import UTC, date, datetime
from uuid import UUID

from services.kernel.testing import given
from services.visits.examples import HAMLET, HOUSEHOLD as SOME_HOUSEHOLD, PREVIOUS_HAMLET
from services.visits.household import HOUSEHOLD, HouseholdRegistered, RegisterHousehold

NOON = datetime(2026, 10, 6, 5, 0, tzinfo=UTC)
REGISTERED = HouseholdRegistered(household=SOME_HOUSEHOLD, hamlet=HAMLET, registered_on=date(2026, 10, 5))


def register(*, hamlet: UUID = HAMLET, on: date | None = None, at: datetime = NOON) -> RegisterHousehold:
    return RegisterHousehold(actor="phone", at=at, household=SOME_HOUSEHOLD, hamlet=hamlet, registered_on=on)


def test_a_household_is_registered_in_its_hamlet() -> None:
    given(HOUSEHOLD).when(register(on=date(2026, 10, 5))).then(REGISTERED)


def test_the_day_is_today_in_vietnam_unless_given() -> None:
    late_evening_utc = datetime(2026, 9, 30, 17, 0, tzinfo=UTC)
    given(HOUSEHOLD).when(register(at=late_evening_utc)).then(
        HouseholdRegistered(household=SOME_HOUSEHOLD, hamlet=HAMLET, registered_on=date(2026, 10, 1))
    )


def test_registering_again_in_the_same_hamlet_changes_nothing() -> None:
    given(HOUSEHOLD, REGISTERED).when(register()).then()


def test_an_id_taken_in_another_hamlet_is_refused() -> None:
    outcome = given(HOUSEHOLD, REGISTERED).when(register(hamlet=PREVIOUS_HAMLET))
    outcome.refused("HOUSEHOLD_ALREADY_REGISTERED", field="household")


def test_a_day_to_come_is_refused() -> None:
    given(HOUSEHOLD).when(register(on=date(2026, 10, 7))).refused("DAY_IN_FUTURE", field="registered_on")


def test_a_day_before_any_team_existed_is_refused() -> None:
    given(HOUSEHOLD).when(register(on=date(2021, 12, 31))).refused("DAY_TOO_EARLY", field="registered_on")
