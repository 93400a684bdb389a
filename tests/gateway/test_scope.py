"""Nobody sees past their scope, not in lists, totals or by id; and history stays with whoever holds it today."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from gateway.viewer import TEAM_ROLES, Role
from tests.gateway.asking import Gateway
from tests.gateway.world import World

EVERYTHING = """{ cases { totalCount nodes { id } } teams { totalCount nodes { id } }
    visits { totalCount nodes { id } } households { totalCount } }"""


class Land:
    """Two provinces of two communes each; commune B2 was made of an old commune of province A's past."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.provinces = {name: self._unit(name, "province", None) for name in ("A", "B")}
        self.communes = {
            name: self._unit(name, "commune", self.provinces[name[0]]) for name in ("A1", "A2", "B1", "B2")
        }
        self.old = world.unit("legacy", "OLD", "Xã Cũ", "commune", "Xã", None, valid_to="2025-06-30")
        world.succeeded(self.old, self.communes["B2"])
        world.known("current", "2025-07-01")
        world.known("legacy", "2025-06-30")
        self.hamlets: dict[str, UUID] = {}
        self.teams: dict[str, UUID] = {}
        self.visits: dict[str, UUID] = {}
        self.cases: dict[str, list[UUID]] = {}
        for name, commune in {**self.communes, "OLD": self.old}.items():
            self.hamlets[name] = hamlet = world.hamlet(f"Ấp {name}", commune)
            self.teams[name] = team = world.team(f"Tổ {name}", commune, hamlet)
            household = world.household(hamlet, 1)
            self.visits[name] = world.visit(household, hamlet, team, 1)
            world.counted(hamlet, "2026-Q4", 10, 3, 5)
            self.cases[name] = [world.case(commune, 1, "POLICE"), world.case(commune, 2, "BANK")]
        world.catch_up()

    def _unit(self, name: str, level: str, parent: UUID | None) -> UUID:
        return self.world.unit("current", name, f"Đơn vị {name}", level, "Xã", parent, valid_from="2025-07-01")


@pytest.fixture
def land(world: World) -> Land:
    return Land(world)


@pytest.fixture
def gate(land: Land, tmp_path: Path) -> Iterator[Gateway]:
    made = Gateway(land.world.database, tmp_path)
    yield made
    made.client.close()


def seen(gate: Gateway, token: str) -> dict[str, set[str]]:
    """Ids seen of each kind, having checked that totals say the same."""
    data = gate.data(EVERYTHING, token)
    for kind in ("cases", "teams", "visits"):
        assert data[kind]["totalCount"] == len(data[kind]["nodes"])
    found = {kind: {node["id"] for node in data[kind]["nodes"]} for kind in ("cases", "teams", "visits")}
    assert data["households"]["totalCount"] == len(found["visits"])
    return found


def ids(*found: UUID) -> set[str]:
    return {str(each) for each in found}


def test_an_official_sees_their_commune_and_no_other(land: Land, gate: Gateway) -> None:
    found = seen(gate, gate.token(Role.COMMUNE_OFFICIAL, land.communes["A1"]))
    assert found == {
        "cases": ids(*land.cases["A1"]),
        "teams": ids(land.teams["A1"]),
        "visits": ids(land.visits["A1"]),
    }


def test_an_official_sees_the_past_of_what_they_hold(land: Land, gate: Gateway) -> None:
    found = seen(gate, gate.token(Role.COMMUNE_OFFICIAL, land.communes["B2"]))
    assert found["cases"] == ids(*land.cases["B2"], *land.cases["OLD"])
    found = seen(gate, gate.token(Role.PROVINCE_OFFICIAL, land.provinces["B"]))
    assert found["visits"] == ids(*(land.visits[name] for name in ("B1", "B2", "OLD")))


def test_a_bodys_handler_sees_cases_of_that_body_in_their_units_and_nothing_else(land: Land, gate: Gateway) -> None:
    found = seen(gate, gate.token(Role.BODY_HANDLER, land.provinces["A"], body="POLICE"))
    assert found == {"cases": ids(land.cases["A1"][0], land.cases["A2"][0]), "teams": set(), "visits": set()}
    nobody = seen(gate, gate.token(Role.BODY_HANDLER, land.provinces["A"]))
    assert not any(nobody.values())


@pytest.mark.parametrize("role", [Role.TEAM_LEADER, Role.TEAM_MEMBER])
def test_a_team_sees_itself_and_no_case(land: Land, gate: Gateway, role: Role) -> None:
    found = seen(gate, gate.token(role, land.communes["A1"], served=(land.teams["A1"],)))
    assert found == {"cases": set(), "teams": ids(land.teams["A1"]), "visits": ids(land.visits["A1"])}


def test_what_is_elsewhere_and_what_does_not_exist_answer_the_same(land: Land, gate: Gateway) -> None:
    token = gate.token(Role.COMMUNE_OFFICIAL, land.communes["A1"])
    for document in ("query($id: ID!) { case(id: $id) { id } }", "query($id: ID!) { team(id: $id) { id } }"):
        answers = [gate.ask(document, token, id=str(i)) for i in (land.cases["A2"][0], land.teams["B1"], uuid4())]
        assert all(a["data"] == next(iter(answers))["data"] for a in answers)
        assert {a["errors"][0]["extensions"]["code"] for a in answers} == {"NOT_FOUND"}
        assert len({a["errors"][0]["message"] for a in answers}) == 1


@pytest.mark.parametrize(
    "document",
    [
        "{ cases { totalCount } }",
        "{ teams { totalCount } }",
        "{ visits { totalCount } }",
        "{ households { totalCount } }",
        '{ coverage(unit: "00") { households } }',
        '{ unit(code: "A1") { teams { totalCount } } }',
        '{ unit(code: "A1") { coverage { households } } }',
        '{ case(id: "01980000-0000-7000-8000-000000000001") { id } }',
    ],
)
def test_only_the_map_is_public(gate: Gateway, document: str) -> None:
    assert gate.code(document) == "UNAUTHENTICATED"


def test_coverage_counts_only_what_the_viewer_may_see(land: Land, gate: Gateway) -> None:
    document = """query($u: String!) { coverage(unit: $u, quarter: "2026-Q4") {
        hamlets households guidedInQuarter guidedSincePlan rateInQuarter rateSincePlan plan } }"""
    province = str(land.provinces["A"])
    whole = gate.data(document, gate.token(Role.PROVINCE_OFFICIAL, land.provinces["A"]), u=province)["coverage"]
    assert whole == {
        "hamlets": 2,
        "households": 20,
        "guidedInQuarter": 6,
        "guidedSincePlan": 10,
        "rateInQuarter": "30.0",
        "rateSincePlan": "50.0",
        "plan": "CM-2026-20",
    }
    part = gate.data(document, gate.token(Role.COMMUNE_OFFICIAL, land.communes["A1"]), u=province)["coverage"]
    assert (part["hamlets"], part["households"]) == (1, 10)
    other = gate.data(document, gate.token(Role.COMMUNE_OFFICIAL, land.communes["B1"]), u=province)["coverage"]
    assert (other["hamlets"], other["households"], other["rateInQuarter"]) == (0, 0, None)


def test_a_hamlet_with_two_teams_counts_once_in_its_commune(land: Land, gate: Gateway) -> None:
    land.world.team("Tổ thứ hai", land.communes["A1"], land.hamlets["A1"])
    land.world.catch_up()
    token = gate.token(Role.COMMUNE_OFFICIAL, land.communes["A1"])
    document = """{ unit(code: "A1") { coverage { households } teams { totalCount nodes { coverage { households } } }
        hamlets { nodes { name coverage { households } } } } }"""
    unit = gate.data(document, token)["unit"]
    assert unit["coverage"]["households"] == 10
    assert [team["coverage"]["households"] for team in unit["teams"]["nodes"]] == [10, 10]
    assert unit["hamlets"]["nodes"] == [{"name": "Ấp A1", "coverage": {"households": 10}}]


def test_the_figures_of_a_quarter_without_news_are_nothing_guided(land: Land, gate: Gateway) -> None:
    token = gate.token(Role.COMMUNE_OFFICIAL, land.communes["A1"])
    document = '{ coverage(unit: "A1", quarter: "2026-Q3") { households guidedInQuarter guidedSincePlan } }'
    assert gate.code(document, token) == "INVALID_INPUT"
    document = document.replace("A1", str(land.communes["A1"]))
    assert gate.data(document, token)["coverage"] == {"households": 10, "guidedInQuarter": 0, "guidedSincePlan": 5}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_filter_ever_widens_a_scope(land: Land, gate: Gateway, data: st.DataObject) -> None:
    names = [*land.communes]
    role = data.draw(st.sampled_from(list(Role)))
    held = data.draw(st.sampled_from(names))
    unit = land.provinces[held[0]] if role is Role.PROVINCE_OFFICIAL else land.communes[held]
    body = data.draw(st.sampled_from([None, "POLICE", "BANK"])) if role not in TEAM_ROLES else None
    token = gate.token(role, unit, body=body, served=(land.teams[held],) if role in TEAM_ROLES else ())
    whole = seen(gate, token)
    everywhere = [*land.communes.values(), *land.provinces.values(), land.old]
    wanted = str(data.draw(st.sampled_from(everywhere)))
    variables: dict[str, Any] = {"u": wanted, "s": data.draw(st.sampled_from(["RECEIVED", "ANSWERED", None]))}
    narrow = gate.data(
        """query($u: String, $s: CaseStatus) { cases(unit: $u, status: $s) { totalCount nodes { id commune { id } } }
        visits(unit: $u) { nodes { id team { id } } } teams(unit: $u) { nodes { id hamlets { id } } } }""",
        token,
        **variables,
    )
    for kind in ("cases", "visits", "teams"):
        assert {node["id"] for node in narrow[kind]["nodes"]} <= whole[kind]
    assert narrow["cases"]["totalCount"] == len(narrow["cases"]["nodes"])
