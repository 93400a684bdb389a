"""What feedback knows of the map, and what it refuses by it."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from services.feedback.case import CASE, SubmitFeedback
from services.feedback.territory import TERRITORY, UnitEnded, UnitRegistered, UnitSucceeded, UnitTransferred
from services.feedback.vault import Keys
from services.kernel.database import Database
from services.kernel.identifiers import new_id
from services.kernel.message import Recorded
from services.kernel.projection import Delivered
from services.kernel.runtime import ServiceRuntime
from tests.feedback.conftest import COMMUNE, ENDED, NOW, PROVINCE, sealed_letter

EVE, TODAY = date(2026, 11, 30), date(2026, 12, 1)


def told(*events: Any) -> list[Delivered[Any]]:
    recorded = Recorded(1, "", "", 1, "", 1, "", "", "", "")
    return [Delivered("registry", event, recorded) for event in events]


def test_a_commune_and_its_province_have_charge_of_it(database: Database) -> None:
    with database.read() as connection:
        assert TERRITORY.in_charge(connection, COMMUNE, TODAY) == {str(COMMUNE), str(PROVINCE)}
        assert TERRITORY.in_charge(connection, PROVINCE, TODAY) == {str(PROVINCE)}


def test_what_a_commune_went_into_has_charge_of_what_was_said_about_it(database: Database) -> None:
    whole, part, province = new_id(), new_id(), new_id()
    events = [UnitRegistered(unit=unit, level="commune", parent=province) for unit in (whole, part)]
    gone = [UnitSucceeded(unit=COMMUNE, successor=unit, on=TODAY) for unit in (whole, part)]
    with database.write() as connection:
        TERRITORY.apply(connection, told(*events, *gone))
    with database.read() as connection:
        charge = TERRITORY.in_charge(connection, COMMUNE, TODAY)
        assert charge == {str(unit) for unit in (COMMUNE, PROVINCE, whole, part, province)}
        assert TERRITORY.in_charge(connection, whole, TODAY) == {str(whole), str(province)}


def test_charge_goes_over_on_its_day_and_not_before(database: Database) -> None:
    whole, other = new_id(), new_id()
    events: list[Any] = [
        UnitRegistered(unit=other, level="province"),
        UnitRegistered(unit=whole, level="commune"),
        UnitTransferred(unit=COMMUNE, parent=other, on=TODAY),
        UnitSucceeded(unit=COMMUNE, successor=whole, on=TODAY),
    ]
    with database.write() as connection:
        TERRITORY.apply(connection, told(*events))
    with database.read() as connection:
        assert TERRITORY.in_charge(connection, COMMUNE, EVE) == {str(COMMUNE), str(PROVINCE)}
        assert TERRITORY.in_charge(connection, COMMUNE, TODAY) == {str(COMMUNE), str(other), str(whole)}


def test_a_commune_that_ended_is_of_the_past_from_the_next_day(database: Database) -> None:
    with database.write() as connection:
        TERRITORY.apply(connection, told(UnitEnded(unit=COMMUNE, valid_to=date(2026, 11, 30))))
    with database.read() as connection:
        assert connection.execute(TERRITORY.commune, {"unit": str(COMMUNE)}).all() == [("2026-11-30",)]


def test_the_registry_may_tell_the_same_unit_twice(database: Database) -> None:
    unit = new_id()
    twice = told(UnitRegistered(unit=unit, level="commune", parent=PROVINCE)) * 2
    with database.write() as connection:
        TERRITORY.apply(connection, twice)
        TERRITORY.apply(connection, twice)
    with database.read() as connection:
        assert connection.execute(TERRITORY.commune, {"unit": str(unit)}).all() == [(None,)]


@pytest.mark.parametrize(
    ("commune", "code"),
    [(new_id(), "UNKNOWN_COMMUNE"), (PROVINCE, "UNKNOWN_COMMUNE"), (ENDED, "COMMUNE_ENDED")],
    ids=["unknown", "a province", "merged away"],
)
def test_a_report_names_a_commune_of_today(runtime: ServiceRuntime, keys: Keys, commune: UUID, code: str) -> None:
    case = new_id()
    answer = runtime.processor.execute(
        SubmitFeedback(
            actor="test",
            at=NOW,
            case=case,
            category="SCAM",
            commune=commune,
            letter=sealed_letter(keys, case, text="chữ"),
        )
    )
    assert (answer.accepted, answer.code, answer.field) == (False, code, "commune")
    assert CASE.stream_of(case) == f"case-{case}"
