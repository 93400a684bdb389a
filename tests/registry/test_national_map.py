"""The map that comes with the project, whole."""

from collections import Counter
from datetime import date

import pytest

from services.registry.import_map import ImportPlan, plan_import
from services.registry.map import DeclareMap
from services.registry.unit import RegisterUnit, SucceedUnit, unit_id

PROVINCE = unit_id("current", "province", "96")
OLD_CA_MAU, OLD_BAC_LIEU = unit_id("legacy", "province", "96"), unit_id("legacy", "province", "95")


@pytest.fixture(scope="module")
def plan() -> ImportPlan:
    return plan_import()


@pytest.fixture(scope="module")
def units(plan: ImportPlan) -> list[RegisterUnit]:
    return [command for command in plan.commands if isinstance(command, RegisterUnit)]


@pytest.fixture(scope="module")
def successions(plan: ImportPlan) -> list[SucceedUnit]:
    return [command for command in plan.commands if isinstance(command, SucceedUnit)]


def test_every_row_is_good(plan: ImportPlan) -> None:
    assert plan.faults == ()


def test_every_unit_is_there(units: list[RegisterUnit]) -> None:
    assert Counter((unit.regime, unit.level) for unit in units) == {
        ("legacy", "commune"): 10_035,
        ("legacy", "district"): 696,
        ("legacy", "province"): 63,
        ("current", "commune"): 3_321,
        ("current", "province"): 34,
    }
    assert len({unit.unit for unit in units}) == 14_149


def test_every_succession_is_there(successions: list[SucceedUnit]) -> None:
    assert len(successions) == 10_665
    assert {succession.on for succession in successions} == {date(2025, 7, 1)}


def test_every_old_commune_and_province_went_somewhere_and_its_seat_to_one_place(
    units: list[RegisterUnit], successions: list[SucceedUnit]
) -> None:
    went = Counter(succession.unit for succession in successions if succession.seat)
    assert set(went.values()) == {1}
    old = {unit.unit for unit in units if unit.regime == "legacy" and unit.level != "district"}
    assert old <= set(went)


def test_parents_stand_before_their_children(units: list[RegisterUnit]) -> None:
    seen = set()
    for unit in units:
        assert unit.parent is None or unit.parent in seen
        seen.add(unit.unit)


def test_ca_mau_has_64_communes_now_and_had_9_districts_with_100_communes(units: list[RegisterUnit]) -> None:
    districts = {unit.unit for unit in units if unit.parent == OLD_CA_MAU}
    assert sum(unit.parent == PROVINCE for unit in units) == 64
    assert len(districts) == 9
    assert sum(unit.parent in districts for unit in units) == 100


def test_new_ca_mau_came_from_old_ca_mau_and_bac_lieu(successions: list[SucceedUnit]) -> None:
    assert {s.unit for s in successions if s.successor == PROVINCE} == {OLD_CA_MAU, OLD_BAC_LIEU}


def test_an_area_the_source_does_not_know_is_not_zero(units: list[RegisterUnit]) -> None:
    areas = {unit.code: unit.area_km2 for unit in units if unit.regime == "current"}
    assert (areas["06187"], areas["28435"]) == (None, None)
    assert areas["31843"] == 15.62


def test_the_map_says_since_when_it_is_known(plan: ImportPlan) -> None:
    spans = {(c.regime, c.province_code): c.known_from for c in plan.commands if isinstance(c, DeclareMap)}
    assert spans == {
        ("legacy", None): date(2025, 6, 30),
        ("legacy", "96"): date(2024, 12, 1),
        ("current", None): date(2025, 7, 1),
    }


def test_it_goes_to_the_bus_in_chunks_of_500(plan: ImportPlan) -> None:
    sizes = [len(batch) for batch in plan.batches()]
    assert sum(sizes) == len(plan.commands)
    assert set(sizes[:-1]) == {500}
