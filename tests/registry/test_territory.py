"""What must be on the map before something is put on it: guards, asked of the real event store."""

from typing import Any

import pytest

from services.kernel.identifiers import derived_id
from services.kernel.runtime import ServiceRuntime
from services.registry.unit import unit_id
from tests.registry.conftest import NOON

PROVINCE = unit_id("current", "province", "96")
COMMUNE = unit_id("current", "commune", "31843")
NEIGHBOUR = unit_id("current", "commune", "31855")
OLD_PROVINCE = unit_id("legacy", "province", "95")
OLD_DISTRICT = unit_id("legacy", "district", "956")
OLD_COMMUNE = unit_id("legacy", "commune", "31843")
HAMLET, OTHER_HAMLET, TEAM = (derived_id("test", word) for word in ("hamlet", "other", "team"))
PLACES = {"lat": 9.5, "lon": 105.4}


def unit(regime: str, level: str, code: str, **more: Any) -> tuple[str, dict[str, Any]]:
    days = {"valid_from": "2025-07-01"} if regime == "current" else {"valid_to": "2025-06-30"}
    told = {"regime": regime, "level": level, "code": code, "name": f"Đơn vị {code}", "kind": "Đơn vị"}
    return asked("register_unit", **told, **days, **PLACES, **more)


def hamlet(**changes: Any) -> tuple[str, dict[str, Any]]:
    told = {"hamlet": HAMLET, "commune": COMMUNE, "name": "Ấp 1", "kind": "Ấp", "valid_from": "2025-07-01"}
    return asked("register_hamlet", **{**told, **changes})


def team(**changes: Any) -> tuple[str, dict[str, Any]]:
    told = {"team": TEAM, "commune": COMMUNE, "name": "Tổ CNSCĐ Ấp 1", "hamlets": [HAMLET]}
    decision = {"decision_no": "01/QĐ-UBND", "decision_date": "2026-01-20"}
    return asked("establish_team", **{**told, **decision, **changes})


def succession(**changes: Any) -> tuple[str, dict[str, Any]]:
    told = {"unit": OLD_COMMUNE, "successor": COMMUNE, "part": False, "seat": True, "on": "2025-07-01"}
    return asked("succeed_unit", **{**told, **changes})


def asked(command: str, **payload: Any) -> tuple[str, dict[str, Any]]:
    return command, {"actor": "official", "at": NOON, **payload}


@pytest.fixture
def mapped(registry: ServiceRuntime) -> ServiceRuntime:
    answers = registry.execute_many(
        [
            unit("current", "province", "96"),
            unit("current", "commune", "31843", parent=PROVINCE),
            unit("current", "commune", "31855", parent=PROVINCE),
            unit("legacy", "province", "95"),
            unit("legacy", "district", "956", parent=OLD_PROVINCE),
            unit("legacy", "commune", "31843", parent=OLD_DISTRICT),
        ]
    )
    assert all(answer.accepted for answer in answers)
    return registry


def refused(registry: ServiceRuntime, command: tuple[str, dict[str, Any]], code: str, field: str) -> None:
    answer = registry.execute(*command)
    assert (answer.accepted, answer.code, answer.field) == (False, code, field)
    assert answer.message


def accepted(registry: ServiceRuntime, *commands: tuple[str, dict[str, Any]]) -> None:
    assert [answer.code for answer in registry.execute_many(commands)] == [""] * len(commands)


def test_a_parent_registered_earlier_in_the_same_batch_counts(mapped: ServiceRuntime) -> None:
    accepted(
        mapped,
        unit("current", "province", "91"),
        unit("current", "commune", "30001", parent=unit_id("current", "province", "91")),
    )


def test_below_a_province_everything_has_a_parent(mapped: ServiceRuntime) -> None:
    refused(mapped, unit("current", "commune", "30001"), "PARENT_MISSING", "parent")


def test_a_parent_must_be_on_the_map(mapped: ServiceRuntime) -> None:
    nowhere = unit_id("current", "province", "99")
    refused(mapped, unit("current", "commune", "30001", parent=nowhere), "PARENT_UNKNOWN", "parent")


def test_a_parent_is_of_a_higher_level(mapped: ServiceRuntime) -> None:
    refused(mapped, unit("current", "commune", "30001", parent=COMMUNE), "PARENT_LEVEL", "parent")
    refused(mapped, unit("current", "province", "91", parent=PROVINCE), "PARENT_LEVEL", "parent")


def test_a_successor_must_be_on_the_map_and_in_force(mapped: ServiceRuntime) -> None:
    refused(mapped, succession(successor=derived_id("nowhere")), "SUCCESSOR_UNKNOWN", "successor")
    refused(mapped, succession(on="2025-06-30"), "SUCCESSOR_NOT_IN_FORCE", "on")
    accepted(mapped, succession())


def test_a_district_may_become_a_commune_but_a_province_may_not(mapped: ServiceRuntime) -> None:
    refused(mapped, succession(unit=OLD_PROVINCE), "SUCCESSOR_LEVEL", "successor")
    refused(mapped, succession(successor=PROVINCE), "SUCCESSOR_LEVEL", "successor")
    accepted(mapped, succession(unit=OLD_DISTRICT))


def test_a_province_declared_for_must_be_on_the_map(mapped: ServiceRuntime) -> None:
    told = {"regime": "legacy", "known_from": "2024-12-01", "source": "Nghị quyết"}
    refused(mapped, asked("declare_map", **told, province_code="96"), "PROVINCE_UNKNOWN", "province_code")
    accepted(mapped, asked("declare_map", **told, province_code="95"))


def test_a_hamlet_lies_in_a_commune(mapped: ServiceRuntime) -> None:
    refused(mapped, hamlet(commune=derived_id("nowhere")), "COMMUNE_UNKNOWN", "commune")
    refused(mapped, hamlet(commune=PROVINCE), "COMMUNE_UNKNOWN", "commune")
    accepted(mapped, hamlet())


def test_a_hamlet_joins_a_commune_only_while_that_is_in_force(mapped: ServiceRuntime) -> None:
    refused(mapped, hamlet(valid_from="2025-06-30"), "COMMUNE_NOT_IN_FORCE", "valid_from")
    refused(mapped, hamlet(commune=OLD_COMMUNE), "COMMUNE_NOT_IN_FORCE", "valid_from")


def test_a_team_serves_hamlets_of_its_own_commune(mapped: ServiceRuntime) -> None:
    accepted(mapped, hamlet(), hamlet(hamlet=OTHER_HAMLET, commune=NEIGHBOUR))
    refused(mapped, team(hamlets=[HAMLET, OTHER_HAMLET]), "HAMLET_OF_OTHER_COMMUNE", "hamlets")
    refused(mapped, team(hamlets=[derived_id("nowhere")]), "HAMLET_UNKNOWN", "hamlets")
    refused(mapped, team(commune=OLD_PROVINCE), "COMMUNE_UNKNOWN", "commune")
    accepted(mapped, team())


def test_a_message_never_repeats_what_was_typed(mapped: ServiceRuntime) -> None:
    answer = mapped.execute(*hamlet(name="Nguyễn Văn A 0912345678\x07"))
    assert (answer.code, answer.field) == ("INVALID", "name")
    assert "0912345678" not in answer.message
