"""The map that comes with the project, whole."""

from collections import Counter
from datetime import date

import pytest

from services.kernel.message import Command
from services.registry.import_map import REORGANISATIONS, ImportPlan, plan_import
from services.registry.map import DeclareMap
from services.registry.reorganisation import Reorganise
from services.registry.unit import EndUnit, RegisterUnit, SucceedUnit, unit_id
from tests.registry.conftest import changes_of

REFORM = date(2025, 7, 1)
PROVINCE = unit_id("current", "province", "96")
OLD_CA_MAU, OLD_BAC_LIEU = unit_id("legacy", "province", "96"), unit_id("legacy", "province", "95")


@pytest.fixture(scope="module")
def plan() -> ImportPlan:
    return plan_import(reorganisations=REORGANISATIONS)


@pytest.fixture(scope="module")
def changes(plan: ImportPlan) -> list[Command]:
    return changes_of(plan)


@pytest.fixture(scope="module")
def units(changes: list[Command]) -> list[RegisterUnit]:
    return [command for command in changes if isinstance(command, RegisterUnit)]


@pytest.fixture(scope="module")
def successions(changes: list[Command]) -> list[SucceedUnit]:
    return [command for command in changes if isinstance(command, SucceedUnit)]


def test_every_row_is_good(plan: ImportPlan) -> None:
    assert plan.faults == ()


def test_every_unit_is_there(units: list[RegisterUnit]) -> None:
    assert Counter((unit.regime, unit.level) for unit in units) == {
        ("legacy", "commune"): 10_035 + 1,  # Phường 4 of Cà Mau had gone before the map's day
        ("legacy", "district"): 696,
        ("legacy", "province"): 63,
        ("current", "commune"): 3_321,
        ("current", "province"): 34,
    }
    assert len({unit.unit for unit in units}) == 14_149 + 1


def test_every_succession_is_there(successions: list[SucceedUnit]) -> None:
    assert Counter(succession.on for succession in successions) == {REFORM: 10_665, date(2024, 12, 1): 4}


def test_every_old_unit_ends_the_day_before_the_new_order(changes: list[Command], units: list[RegisterUnit]) -> None:
    ended = {change.unit: change.valid_to for change in changes if isinstance(change, EndUnit)}
    assert Counter(ended.values()) == {date(2025, 6, 30): 10_035 + 696 + 63, date(2024, 11, 30): 1}
    assert set(ended) == {unit.unit for unit in units if unit.regime == "legacy"}


def test_the_reform_is_made_of_reorganisations_a_person_can_read(plan: ImportPlan) -> None:
    reorganisations = [command for command in plan.commands if isinstance(command, Reorganise)]
    assert all(len(command.operations) < 400 for command in reorganisations)
    assert len({command.reorganisation for command in reorganisations}) == len(reorganisations)
    assert [command.decision_no for command in reorganisations if command.on < REFORM] == ["1252/NQ-UBTVQH15"]


def test_phuong_4_of_ca_mau_went_in_two_parts(successions: list[SucceedUnit]) -> None:
    phuong_4 = unit_id("legacy", "commune", "32011")
    went = {(one.successor, one.part, one.seat, one.on) for one in successions if one.unit == phuong_4}
    parts = (unit_id("legacy", "commune", code) for code in ("32022", "32002"))
    assert went == {(part, True, False, date(2024, 12, 1)) for part in parts}


def test_every_old_commune_and_province_went_somewhere_and_its_seat_to_one_place(
    units: list[RegisterUnit], successions: list[SucceedUnit]
) -> None:
    went = Counter(succession.unit for succession in successions if succession.seat)
    assert set(went.values()) == {1}
    old = {unit.unit for unit in units if unit.regime == "legacy" and unit.level != "district"}
    assert old - set(went) == {unit_id("legacy", "commune", "32011")}  # no source says where its seat went


def test_parents_stand_before_their_children(units: list[RegisterUnit]) -> None:
    seen = set()
    for unit in units:
        assert unit.parent is None or unit.parent in seen
        seen.add(unit.unit)


def test_ca_mau_has_64_communes_now_and_had_9_districts_with_101_communes(units: list[RegisterUnit]) -> None:
    districts = {unit.unit for unit in units if unit.parent == OLD_CA_MAU}
    assert sum(unit.parent == PROVINCE for unit in units) == 64
    assert len(districts) == 9
    assert sum(unit.parent in districts for unit in units) == 101


def test_new_ca_mau_came_from_old_ca_mau_and_bac_lieu(successions: list[SucceedUnit]) -> None:
    assert {s.unit for s in successions if s.successor == PROVINCE} == {OLD_CA_MAU, OLD_BAC_LIEU}


def test_its_64_communes_came_from_100_old_ca_mau_and_64_old_bac_lieu_ones_of_which_19_were_split(
    units: list[RegisterUnit], successions: list[SucceedUnit]
) -> None:
    new = {unit.unit for unit in units if unit.parent == PROVINCE}
    above = {unit.unit: unit.parent for unit in units if unit.regime == "legacy"}
    went = [one for one in successions if one.on == REFORM and one.successor in new]
    came: dict[object, set[object]] = {OLD_CA_MAU: set(), OLD_BAC_LIEU: set()}
    for one in went:
        came[above[above[one.unit] or one.unit]].add(one.unit)
    assert {one.successor for one in went} == new
    assert {old: len(communes) for old, communes in came.items()} == {OLD_CA_MAU: 100, OLD_BAC_LIEU: 64}
    split = {unit for unit, parts in Counter(one.unit for one in went).items() if parts > 1}
    assert split == {one.unit for one in went if one.part}
    assert (len(split), split - came[OLD_CA_MAU]) == (19, set())


def test_an_area_the_source_does_not_know_is_not_zero(units: list[RegisterUnit]) -> None:
    areas = {unit.code: unit.area_km2 for unit in units if unit.regime == "current"}
    assert (areas["06187"], areas["28435"]) == (None, None)
    assert areas["31843"] == 15.62


def test_the_map_says_since_when_it_is_known(plan: ImportPlan) -> None:
    spans = {(c.regime, c.province_code): c.known_from for c in plan.commands if isinstance(c, DeclareMap)}
    assert spans == {
        ("legacy", None): date(2025, 6, 30),
        ("legacy", "96"): date(2023, 8, 31),
        ("current", None): date(2025, 7, 1),
    }


def test_it_goes_to_the_bus_in_chunks_of_500(plan: ImportPlan) -> None:
    sizes = [len(batch) for batch in plan.batches()]
    assert sum(sizes) == len(plan.commands)
    assert set(sizes[:-1]) == {500}
