"""Tiers are data: another row in the file is another tier, above, between or below, without a line of code."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.search import find_communes
from services.kernel import tiers
from services.kernel.clock import to_text
from services.kernel.database import Database
from services.kernel.identifiers import new_id
from services.kernel.runtime import ServiceRuntime
from services.kernel.settings import Settings
from services.registry.service import DEFINITION
from services.registry.unit import unit_id
from tests.gateway.world import World

ROW = '[[tiers]]\ncode = "{}"\nrank = {}\nword = "{}"\ndigits = {}\nalone = {}\n'


@pytest.fixture
def more_tiers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A region above provinces and a zone between province and commune."""
    file = tmp_path / "tiers.toml"
    rows = ROW.format("region", 50, "vùng", 2, "true") + ROW.format("zone", 250, "khu", 4, "false")
    file.write_text(tiers.FILE.read_text(encoding="utf-8") + rows, encoding="utf-8")
    monkeypatch.setattr(tiers, "FILE", file)
    tiers.tiers.cache_clear()
    yield
    tiers.tiers.cache_clear()


CHAIN = (
    ("region", "06", "Vùng Đồng bằng sông Cửu Long"),
    ("province", "96", "Tỉnh Cà Mau"),
    ("zone", "9601", "Khu Năm Căn"),
    ("commune", "32248", "Xã Đất Mũi"),
)


@pytest.mark.usefixtures("more_tiers")
def test_a_commune_is_found_by_whatever_lies_above_it_at_any_depth(world: World) -> None:
    above = None
    for level, code, name in CHAIN:
        above = world.unit("current", code, name, level, name.split()[0], above, valid_from="2025-07-01")
    world.known("current", "2025-07-01")
    world.catch_up()
    with world.database.read() as connection:
        for text in ("dat mui", "dat mui cuu long", "nam can", "mui ca mau nam can cuu long"):
            found = find_communes(connection, text, date(2026, 1, 1))
            assert [(hit.unit.name, hit.province) for hit in found] == [("Xã Đất Mũi", "Tỉnh Cà Mau")], text
        assert find_communes(connection, "dat mui ha noi", date(2026, 1, 1)) == []


@pytest.mark.usefixtures("more_tiers")
def test_units_of_new_tiers_are_registered_under_any_of_a_higher_rank(prepared: Any) -> None:
    database = Database(prepared("sqlite", "registry"))
    registry = ServiceRuntime(DEFINITION, database, Settings())
    parent = None
    for level, code, name in CHAIN:
        answer = registry.execute("register_unit", told(level, code, name, parent))
        assert answer.accepted, answer
        parent = unit_id("current", level, code)
    late = registry.execute("register_unit", told("zone", "9602", "Khu khác", unit_id("current", "commune", "32248")))
    assert late.code == "PARENT_LEVEL"
    assert registry.execute("register_unit", told("zone", "9603", "Khu khác", None)).code == "PARENT_MISSING"
    database.close()


def told(level: str, code: str, name: str, parent: object) -> dict[str, Any]:
    envelope = {"command_id": str(new_id()), "actor": "test", "at": to_text(datetime(2026, 1, 1, tzinfo=UTC))}
    unit = {
        "regime": "current",
        "level": level,
        "code": code,
        "name": name,
        "kind": name.split(maxsplit=1)[0],
        **envelope,
    }
    return unit | {"parent": None if parent is None else str(parent)}


def test_a_tier_that_is_not_in_the_file_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="province, district, commune"):
        tiers.tier("planet")
    assert tiers.of_digits(3, tiers.tiers()) == tiers.tier("district")
    assert [each.code for each in tiers.above("commune")] == ["province", "district"]
    assert tiers.lowest().code == "commune"
