"""Looking for rows by words without marks: the same rows in the same order from SQLite and PostgreSQL."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.kernel.identifiers import derived_id
from tests.gateway.places import HERE, PROVINCE, THERE, ask, found_the_map, province
from tests.gateway.world import World

FOUND = "totalCount nodes { name }"


@pytest.fixture
def place(world: World) -> World:
    """A province with two communes; the old one of the first went whole into it."""
    found_the_map(world)
    for code, commune in (("31843", HERE), ("31849", THERE)):
        for hamlet in ("Ấp Đường Cày", "Ấp 10", "Ấp 2"):
            world.team(f"Tổ {hamlet} {code}", commune, world.hamlet(hamlet, commune))
    old = world.unit("legacy", "31843", "Xã Lộc Ninh", "commune", "Xã", None, valid_to="2025-06-30")
    world.succeeded(old, HERE)
    world.team("Tổ cũ", old)
    return world


def _renewal(team: UUID) -> dict[str, Any]:
    decision = {"decision_no": "13/QĐ", "decision_date": "2026-01-01", "signer": None}
    return {"team": str(team), "hamlets": [], **decision}


def names(place: World, var: Path, document: str, **told: Any) -> list[str]:
    found = province(place, var, document, **told)
    found = found.get("hamlets", found)
    assert found["totalCount"] == len(found["nodes"])
    return [node["name"] for node in found["nodes"]]


def test_hamlets_below_a_unit_are_found_by_the_beginnings_of_their_words(place: World, tmp_path: Path) -> None:
    document = f"""query($s: String) {{ unit(code: "31843") {{ hamlets(search: $s) {{ {FOUND} }} }} }}"""

    def found(search: str | None) -> list[str]:
        return names(place, tmp_path, document, s=search)

    assert found(None) == found("") == found("ap") == ["Ấp 2", "Ấp 10", "Ấp Đường Cày"]
    assert found("duong cay") == found("ĐƯỜNG CÀY") == found("Đường Cày") == ["Ấp Đường Cày"]
    assert found("cay ap") == ["Ấp Đường Cày"], "in any order"
    assert found("uong") == found("100%") == [], "from the beginning of a word"


def test_a_hamlet_is_found_by_the_name_it_has_that_day(place: World, tmp_path: Path) -> None:
    hamlet = derived_id("hamlet", "Ấp 2", HERE)
    renamed = {"hamlet": str(hamlet), "name": "Ấp Bến Luông", "kind": "Ấp", "on": "2026-03-01"}
    place.log.add("registry", f"hamlet-{hamlet}", "hamlet.renamed", **renamed)
    document = (
        f"""query($d: Date) {{ unit(code: "31843", asOf: $d) {{ hamlets(search: "ben luong") {{ {FOUND} }} }} }}"""
    )
    assert names(place, tmp_path, document, d="2026-02-28") == []
    assert names(place, tmp_path, document, d="2026-03-01") == ["Ấp Bến Luông"]


def test_teams_are_found_by_their_own_name_their_hamlets_and_their_commune(place: World, tmp_path: Path) -> None:
    document = f"query($s: String, $l: TeamLevel) {{ teams(search: $s, level: $l) {{ {FOUND} }} }}"

    def found(search: str | None, level: str | None = None) -> list[str]:
        return names(place, tmp_path, document, s=search, l=level)

    assert found("duong cay hong dan") == ["Tổ Ấp Đường Cày 31843"], "a word of the hamlet's, a word of the commune's"
    assert found("to 31849") == ["Tổ Ấp 2 31849", "Tổ Ấp 10 31849", "Tổ Ấp Đường Cày 31849"]
    assert found("loc ninh") == ["Tổ cũ"], "by the commune's old name"
    assert "Tổ cũ" in found("hong dan"), "and by that of what it went into"
    assert found("ca mau") == []
    assert found("hong dan", "COMMUNE") == []
    assert len(found(None, "HAMLET")) == 7


def test_a_team_is_found_by_what_it_is_called_when_it_serves_no_hamlet_any_more(place: World, tmp_path: Path) -> None:
    team = place.team("Tổ công nghệ", THERE, derived_id("hamlet", "Ấp 2", HERE))
    document = f"""{{ teams(search: "cong ap") {{ {FOUND} }} }}"""
    assert names(place, tmp_path, document) == ["Tổ công nghệ"]
    place.log.add("registry", f"team-{team}", "team.renewed", **_renewal(team))
    assert names(place, tmp_path, document) == []


def test_teams_are_asked_for_by_level(place: World, tmp_path: Path) -> None:
    of_commune = derived_id("team", "commune")
    told = {"team": str(of_commune), "commune": str(THERE), "name": "Tổ cấp xã", "level": "commune", "hamlets": []}
    decision = {"decision_no": "1/QĐ", "decision_date": "2026-01-01"}
    place.log.add("registry", f"team-{of_commune}", "team.established", **told, **decision)
    assert names(place, tmp_path, f"{{ teams(level: COMMUNE) {{ {FOUND} }} }}") == ["Tổ cấp xã"]
    assert names(place, tmp_path, f"""{{ teams(level: COMMUNE, unit: "31843") {{ {FOUND} }} }}""") == []
    assert names(place, tmp_path, f"{{ teams(level: ENTERPRISE) {{ {FOUND} }} }}") == []


def test_enterprises_courses_materials_and_partners_are_found_alike(place: World, tmp_path: Path) -> None:
    for number, name in enumerate(("Công ty Thủy sản Đất Mũi", "Công ty Đường sắt"), start=1):
        enterprise = str(derived_id("enterprise", number))
        count = {"workers": 400, "many_from_elsewhere": True, "counted_on": "2026-01-01"}
        told = {"enterprise": enterprise, "commune": str(HERE), "name": name, **count}
        place.log.add("registry", f"enterprise-{enterprise}", "enterprise.registered", **told)
        course = {"course": enterprise, "name": name, "topics": ["ESIGN"], "provider": "Sở", "source": "KH 220"}
        place.log.add("registry", f"course-{enterprise}", "course.catalogued", **course)
        facts = {"name": name, "topic": "ESIGN", "service": "VNEID_L2", "language": "vi", "issuer": "Sở"}
        file = {"sha256": "a" * 64, "media_type": "application/pdf", "size": 1}
        drafted = {"material": enterprise, "unit": str(PROVINCE), "facts": {**facts, "file": file}}
        place.log.add("registry", f"material-{enterprise}", "material.drafted", **drafted)
        engaged = {"fields": ["ESIGN"], "agreement_no": None, "engaged_on": "2026-01-01", "kind": "enterprise"}
        partner = {"partner": enterprise, "territory": str(PROVINCE), "organisation": name, **engaged}
        place.log.add("registry", f"partner-{enterprise}", "partner.engaged", **partner)
    asked = """query($s: String) { enterprises(search: $s) { totalCount nodes { name } }
        courses(search: $s) { totalCount nodes { name } } materials(search: $s) { totalCount nodes { name } }
        partners(unit: "96", search: $s) { totalCount nodes { name: organisation } } }"""

    def found(search: str) -> set[tuple[str, ...]]:
        told = ask(place, tmp_path, asked, s=search)
        assert {len(each["nodes"]) == each["totalCount"] for each in told.values()} == {True}
        return {tuple(node["name"] for node in each["nodes"]) for each in told.values()}

    assert found("dat mui") == {("Công ty Thủy sản Đất Mũi",)}
    assert found("cong ty") == {("Công ty Đường sắt", "Công ty Thủy sản Đất Mũi")}, "đ comes before t"
    assert found("ong ty") == {()}
    assert found("esign") == {(), ("Công ty Đường sắt", "Công ty Thủy sản Đất Mũi")}, "courses and materials by topic"
