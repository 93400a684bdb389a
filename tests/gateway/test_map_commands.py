"""The map by mutation: the shipped one imported and watched, a unit registered, a map declared; by whom it may."""

from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

import pytest

from gateway.viewer import Role
from services.registry import import_map, map_importing
from services.registry.unit import unit_id
from tests.gateway.running import OUTCOME, PROVINCE, Running
from tests.registry.conftest import provinces as provinces  # noqa: PLC0414  a fixture

IMPORT = f"mutation {{ importMap {OUTCOME} }}"
PROGRESS = "{ mapImport { stage done total refused finished } }"
REGISTER = f"""mutation($c: String!, $l: String!, $p: String, $r: String) {{ registerUnit(code: $c, level: $l,
    parent: $p, regime: $r, name: "Xã Mới", kind: "Xã", validFrom: "2026-01-01") {OUTCOME} }}"""
DECLARE = f"""mutation($r: String, $c: String, $d: Date!) {{ declareMap(regime: $r, provinceCode: $c, knownFrom: $d,
    source: "Nghị quyết") {OUTCOME} }}"""


def progress(running: Running, after: str = "") -> Any:
    return running.gateway.data(PROGRESS, running.here, after)["mapImport"]


def test_an_official_of_a_province_has_the_map_imported_and_everybody_with_a_token_watches(
    running: Running, provinces: tuple[Path, Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(map_importing, "plan_import", lambda **_: import_map.plan_import(*provinces))
    assert progress(running) is None
    started = running.do(IMPORT, running.province)
    assert (started["accepted"], started["id"]) == (True, "national")
    assert progress(running, started["token"]) is not None
    pause, until = Event(), monotonic() + 60
    while not (found := progress(running))["finished"]:
        assert monotonic() < until
        pause.wait(0.05)
    assert found["done"] == found["total"] == len(import_map.plan_import(*provinces).commands)
    assert running.gateway.data('{ unit(code: "79", asOf: "2025-07-01") { name } }')["unit"]["name"]
    again = running.do(IMPORT, running.province)
    assert again["accepted"]
    running.settle()
    assert progress(running, again["token"]) == found


def test_nobody_else_has_it_imported(running: Running) -> None:
    assert running.do(IMPORT, running.here)["code"] == "FORBIDDEN"
    assert running.gateway.code(IMPORT) == "UNAUTHENTICATED"
    assert running.gateway.code(PROGRESS) == "UNAUTHENTICATED"


def test_a_unit_is_registered_under_one_the_official_holds(running: Running) -> None:
    made = running.do(REGISTER, running.province, c="39999", l="commune", p="96")
    assert (made["accepted"], made["id"]) == (True, str(unit_id("current", "commune", "39999")))
    named = running.gateway.data('{ unit(code: "39999") { name parent { code } } }', after=made["token"])
    assert named["unit"] == {"name": "Xã Mới", "parent": {"code": "96"}}
    assert running.do(REGISTER, running.province, c="39998", l="commune")["code"] == "NOT_FOUND"
    assert running.do(REGISTER, running.here, c="39998", l="commune", p="96")["code"] == "FORBIDDEN"
    elsewhere = running.gateway.token(Role.PROVINCE_OFFICIAL, unit_id("current", "province", "79"))
    assert running.do(REGISTER, elsewhere, c="39998", l="commune", p=str(PROVINCE))["code"] == "NOT_FOUND"
    assert running.do(REGISTER, elsewhere, c="79", l="province")["accepted"]
    assert running.do(REGISTER, running.province, c="39998", l="planet", p="96")["code"] == "INVALID"


def test_a_map_is_declared_for_a_province_held_and_for_a_regime_once(running: Running) -> None:
    assert running.do(DECLARE, running.province, c="96", d="2025-07-05")["accepted"]
    running.settle()
    document = '{ unit(code: "96", asOf: "2025-07-04") { name } }'
    assert running.gateway.code(document) == "MAP_NOT_KNOWN"
    assert running.do(DECLARE, running.province, c="79", d="2025-07-05")["code"] == "NOT_FOUND"
    assert running.do(DECLARE, running.province, d="2025-07-05")["code"] == "NOT_FOUND"
    assert running.do(DECLARE, running.province, r="legacy", d="2025-06-30")["accepted"]
    assert running.do(DECLARE, running.here, c="96", d="2025-07-05")["code"] == "FORBIDDEN"
