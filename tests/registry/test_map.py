"""Since when the map is known."""

from datetime import date
from typing import Any

from services.kernel.testing import given
from services.registry.map import MAP, DeclareMap, MapDeclared
from services.registry.unit import unit_id
from tests.registry.conftest import NOON

DECLARED = MapDeclared(
    regime="legacy",
    known_from=date(2025, 6, 30),
    known_to=date(2025, 6, 30),
    province=None,
    source="admin-units.csv",
)


def declare(**changes: Any) -> DeclareMap:
    told = DECLARED.model_dump(exclude={"province"})
    return DeclareMap.model_validate({"actor": "importer", "at": NOON, **told, **changes})


def test_a_regime_s_map_is_declared_as_a_whole() -> None:
    given(MAP).when(declare()).then(DECLARED)
    assert MAP.stream(declare()) == "map-legacy"


def test_a_province_s_map_may_be_known_for_longer() -> None:
    command = declare(province_code="96", known_from=date(2024, 12, 1))
    province = unit_id("legacy", "province", "96")
    given(MAP).when(command).then(DECLARED.model_copy(update={"province": province, "known_from": date(2024, 12, 1)}))
    assert MAP.stream(command) == "map-legacy-96"


def test_a_better_source_replaces_the_declaration() -> None:
    earlier = declare(known_from=date(2025, 1, 1), source="Nghị quyết")
    given(MAP, DECLARED).when(earlier).then(
        DECLARED.model_copy(update={"known_from": date(2025, 1, 1), "source": "Nghị quyết"})
    )


def test_declaring_the_same_again_changes_nothing() -> None:
    given(MAP, DECLARED).when(declare()).then()


def test_a_span_cannot_end_before_it_begins() -> None:
    given(MAP).when(declare(known_to=date(2025, 6, 29))).refused("MAP_SPAN_REVERSED", field="known_to")
