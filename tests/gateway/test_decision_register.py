"""The register of decisions: one entry a decision, whether on one team or on many, on both databases."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from gateway.viewer import Role
from services.kernel.identifiers import derived_id
from tests.gateway.asking import Gateway
from tests.gateway.places import HERE, PROVINCE, THERE, ask, found_the_map, here, province, say, team, there
from tests.gateway.world import World

ASKED = """query($u: String, $f: Date, $t: Date, $n: Int, $a: String) { decisionRegister(
    unit: $u, from: $f, to: $t, first: $n, after: $a) { totalCount pageInfo { hasNextPage endCursor }
    nodes { decisionNo decisionDate signer kinds unit { code } decision { id } acts { kind team { name } } } } }"""
MANY = derived_id("team_decision", "many")


@pytest.fixture
def teams(world: World) -> tuple[UUID, UUID, UUID]:
    """Two teams of one commune, one of another; one decision renewed one and launched the other, one dissolved it."""
    found_the_map(world)
    one, two = team(world, "Tổ 1", HERE), team(world, "Tổ 2", HERE)
    other = team(world, "Tổ kia", THERE, decision_date="2025-09-01")
    decided = {"decision_no": "50/QĐ-UBND", "decision_date": "2026-02-01", "signer": "Chủ tịch UBND xã"}
    acts = [{"act": "renew", "team": str(one), "hamlets": []}, {"act": "launch", "team": str(two)}]
    say(world, MANY, "team_decision.issued", decision=MANY, unit=HERE, acts=acts, **decided)
    say(world, one, "team.renewed", team=one, hamlets=[], **decided)
    say(world, two, "team.launched", team=two, launched_on="2026-02-01")
    gone = {"decision_no": "9/QĐ", "decision_date": "2026-03-01", "signer": None, "successor": None}
    say(world, one, "team.dissolved", team=one, **gone)
    return one, two, other


def told(found: dict[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    return [
        (node["decisionNo"], [(act["kind"], act["team"]["name"]) for act in node["acts"]]) for node in found["nodes"]
    ]


@pytest.mark.usefixtures("teams")
def test_each_decision_is_one_entry_with_all_it_did(world: World, tmp_path: Path) -> None:
    found = province(world, tmp_path, ASKED)
    assert found["totalCount"] == 4
    assert told(found) == [
        ("9/QĐ", [("DISSOLVED", "Tổ 1")]),
        ("50/QĐ-UBND", [("RENEWED", "Tổ 1"), ("LAUNCHED", "Tổ 2")]),
        ("12/QĐ-UBND", [("ESTABLISHED", "Tổ kia")]),
        ("12/QĐ-UBND", [("ESTABLISHED", "Tổ 1"), ("ESTABLISHED", "Tổ 2")]),
    ]
    many = found["nodes"][1]
    assert (many["decisionDate"], many["signer"]) == ("2026-02-01", "Chủ tịch UBND xã")
    assert (many["kinds"], many["unit"]) == (["RENEWED", "LAUNCHED"], {"code": "31843"})
    assert [node["decision"] for node in found["nodes"]] == [None, {"id": str(MANY)}, None, None]
    assert found["nodes"][0]["signer"] is None


@pytest.mark.usefixtures("teams")
def test_the_register_is_asked_by_unit_and_days_and_paged(world: World, tmp_path: Path) -> None:
    def numbers(**asked: Any) -> list[str]:
        return [number for number, _ in told(province(world, tmp_path, ASKED, **asked))]

    assert numbers(u="31849") == ["12/QĐ-UBND"]
    assert numbers(f="2026-02-01", t="2026-02-01") == ["50/QĐ-UBND"]
    assert numbers(f="2026-02-02") == ["9/QĐ"]
    assert numbers(t="2025-07-31") == []
    first = province(world, tmp_path, ASKED, n=2)
    assert first["pageInfo"]["hasNextPage"]
    rest = province(world, tmp_path, ASKED, n=2, a=first["pageInfo"]["endCursor"])
    assert told(first) + told(rest) == told(province(world, tmp_path, ASKED))
    world.catch_up()
    gateway = Gateway(world.database, tmp_path)
    token = gateway.token(Role.PROVINCE_OFFICIAL, PROVINCE)
    assert gateway.code(ASKED, token, f="2026-02-02", t="2026-02-01") == "INVALID_INPUT"
    assert gateway.code(ASKED) == "UNAUTHENTICATED"


def test_a_register_shows_what_the_viewer_holds_and_a_team_its_own_decisions(
    world: World, teams: tuple[UUID, UUID, UUID], tmp_path: Path
) -> None:
    assert [number for number, _ in told(here(world, tmp_path, ASKED))] == ["9/QĐ", "50/QĐ-UBND", "12/QĐ-UBND"]
    assert told(there(world, tmp_path, ASKED)) == [("12/QĐ-UBND", [("ESTABLISHED", "Tổ kia")])]
    own = ask(world, tmp_path, ASKED, HERE, role=Role.TEAM_LEADER, served=(teams[0],))["decisionRegister"]
    assert told(own) == [
        ("9/QĐ", [("DISSOLVED", "Tổ 1")]),
        ("50/QĐ-UBND", [("RENEWED", "Tổ 1")]),
        ("12/QĐ-UBND", [("ESTABLISHED", "Tổ 1")]),
    ]
    assert {node["decision"] and node["decision"]["id"] for node in own["nodes"]} == {None}


def test_a_decision_of_the_commune_a_team_came_to_stands_there_once(world: World, tmp_path: Path) -> None:
    found_the_map(world)
    old = world.unit("legacy", "31843", "Xã cũ", "commune", "Xã", None, valid_to="2025-06-30")
    world.succeeded(old, HERE)
    one = team(world, "Tổ cũ", old, decision_date="2024-01-01")
    decided = {"decision_no": "50/QĐ-UBND", "decision_date": "2026-02-01", "signer": None}
    acts = [{"act": "renew", "team": str(one), "hamlets": []}]
    say(world, MANY, "team_decision.issued", decision=MANY, unit=HERE, acts=acts, **decided)
    say(world, one, "team.renewed", team=one, hamlets=[], **decided)
    found = here(world, tmp_path, ASKED, u="31843")
    assert told(found) == [("50/QĐ-UBND", [("RENEWED", "Tổ cũ")]), ("12/QĐ-UBND", [("ESTABLISHED", "Tổ cũ")])]
