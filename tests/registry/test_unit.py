"""Units and what became of them."""

import unicodedata
from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from services.kernel.identifiers import derived_id
from services.kernel.testing import given
from services.registry.unit import UNIT, RegisterUnit, SucceedUnit, UnitRegistered, UnitSucceeded, unit_id
from tests.registry.conftest import NOON

PROVINCE = unit_id("legacy", "province", "95")
OLD = unit_id("legacy", "commune", "31843")
NEW = unit_id("current", "commune", "31843")
OTHER = unit_id("current", "commune", "31855")
LAST_DAY, FIRST_DAY = date(2025, 6, 30), date(2025, 7, 1)

TOLD: dict[str, Any] = {
    "regime": "legacy",
    "code": "31843",
    "name": "Thị trấn Ngan Dừa",
    "level": "commune",
    "kind": "Thị trấn",
    "parent": unit_id("legacy", "district", "956"),
    "valid_from": None,
    "valid_to": LAST_DAY,
    "lat": 9.571344,
    "lon": 105.44954,
    "area_km2": None,
}
REGISTERED = UnitRegistered.model_validate({"unit": OLD, **TOLD})


def register(**changes: Any) -> RegisterUnit:
    return RegisterUnit.model_validate({"actor": "importer", "at": NOON, **TOLD, **changes})


def succeed(**changes: Any) -> SucceedUnit:
    told = {"unit": OLD, "successor": NEW, "part": False, "seat": True, "on": FIRST_DAY}
    return SucceedUnit.model_validate({"actor": "importer", "at": NOON, **told, **changes})


def succeeded(**changes: Any) -> UnitSucceeded:
    told = {"unit": OLD, "successor": NEW, "part": False, "seat": True, "on": FIRST_DAY}
    return UnitSucceeded.model_validate({**told, **changes})


def test_a_unit_is_registered_under_an_id_made_of_regime_level_and_code() -> None:
    given(UNIT).when(register()).then(REGISTERED)
    assert UNIT.stream(register()) == f"unit-{derived_id('unit', 'legacy', 'commune', '31843')}"


def test_the_same_code_in_two_regimes_is_two_units() -> None:
    assert register().unit != register(regime="current").unit


def test_the_name_is_stored_under_the_key_name() -> None:
    assert '"name":"Thị trấn Ngan Dừa"' in REGISTERED.model_dump_json()


def test_a_name_in_decomposed_letters_is_composed() -> None:
    given(UNIT).when(register(name=unicodedata.normalize("NFD", TOLD["name"]))).then(REGISTERED)


def test_registering_the_same_again_changes_nothing() -> None:
    given(UNIT, REGISTERED).when(register()).then()


def test_registering_something_else_under_the_same_code_is_refused() -> None:
    given(UNIT, REGISTERED).when(register(name="Xã Khác")).refused("UNIT_EXISTS", field="code")


def test_a_unit_cannot_end_before_it_begins() -> None:
    command = register(valid_from=FIRST_DAY, valid_to=LAST_DAY)
    given(UNIT).when(command).refused("UNIT_VALIDITY_REVERSED", field="valid_to")


def test_a_unit_of_one_day_is_allowed() -> None:
    one_day = register(valid_from=LAST_DAY)
    given(UNIT).when(one_day).then(REGISTERED.model_copy(update={"valid_from": LAST_DAY}))


@pytest.mark.parametrize(
    "changes",
    [{"lat": 105.4, "lon": 9.5}, {"code": "3184a"}, {"code": "1"}, {"level": "hamlet"}, {"name": "  "},
     {"name": "x" * 201}, {"name": "Xã\x00"}, {"regime": "Legacy!"}, {"area_km2": 0}],
)  # fmt: skip
def test_what_no_unit_can_be_is_not_a_command(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        register(**changes)


def test_a_unit_goes_whole_into_its_successor() -> None:
    given(UNIT, REGISTERED).when(succeed()).then(succeeded())


def test_a_unit_goes_in_parts_into_several_and_one_keeps_the_seat() -> None:
    first = succeeded(part=True)
    given(UNIT, REGISTERED, first).when(succeed(successor=OTHER, part=True, seat=False)).then(
        succeeded(successor=OTHER, part=True, seat=False)
    )


def test_two_successors_cannot_both_keep_the_seat() -> None:
    again = succeed(successor=OTHER, part=True, seat=True)
    given(UNIT, REGISTERED, succeeded(part=True)).when(again).refused("SEAT_TAKEN", field="seat")


def test_what_went_whole_has_nothing_left_for_another() -> None:
    rest = succeed(successor=OTHER, part=True, seat=False)
    given(UNIT, REGISTERED, succeeded()).when(rest).refused("SUCCEEDED_AS_WHOLE", field="part")


def test_what_went_in_parts_cannot_also_go_whole() -> None:
    whole = succeed(successor=OTHER, seat=False)
    given(UNIT, REGISTERED, succeeded(part=True)).when(whole).refused("SUCCEEDED_AS_WHOLE", field="part")


def test_the_same_succession_is_recorded_once() -> None:
    given(UNIT, REGISTERED, succeeded(part=True)).when(succeed(part=True)).refused("SUCCESSION_EXISTS")


def test_a_unit_nobody_registered_cannot_be_succeeded() -> None:
    given(UNIT).when(succeed()).refused("UNIT_UNKNOWN", field="unit")


def test_a_unit_cannot_succeed_itself() -> None:
    given(UNIT, REGISTERED).when(succeed(successor=OLD)).refused("SUCCESSOR_IS_SELF", field="successor")


def test_a_unit_is_not_succeeded_on_its_own_last_day() -> None:
    given(UNIT, REGISTERED).when(succeed(on=LAST_DAY)).refused("SUCCESSION_BEFORE_END", field="on")


def test_a_unit_whose_last_day_nobody_stated_may_be_succeeded() -> None:
    open_ended = REGISTERED.model_copy(update={"valid_to": None})
    given(UNIT, open_ended).when(succeed()).then(succeeded())
