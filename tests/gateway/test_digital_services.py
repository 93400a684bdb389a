"""The catalogue through GraphQL: asked for by a firm, published by the department, followed by phones and the form."""

from typing import Any

from gateway.viewer import Role
from services.registry.import_map import DIGITAL_SERVICES, plan_import
from tests.gateway.running import HERE, OUTCOME, PROVINCE, THERE, Running

PROPOSE = f"""mutation($s: ID!, $n: String!, $t: String, $h: String) {{ proposeDigitalService(service: $s, name: $n,
    nameEn: "Market app", group: DIGITAL_ECONOMY, territory: $t, hotline: $h, proposerKind: FIRM,
    proposer: "VNPT Cà Mau") {OUTCOME} }}"""
PUBLISH = f"mutation($s: ID!, $d: Date) {{ publishDigitalService(service: $s, validFrom: $d) {OUTCOME} }}"
REVISE = f"""mutation($s: ID!, $n: String!, $d: Date!) {{ reviseDigitalService(service: $s, name: $n,
    nameEn: "Market app", group: DIGITAL_ECONOMY, revisedOn: $d) {OUTCOME} }}"""
WITHDRAW = f"mutation($s: ID!, $d: Date) {{ withdrawDigitalService(service: $s, lastDay: $d) {OUTCOME} }}"
LIST = """query($u: String, $d: Date, $g: DigitalServiceGroup, $t: String, $s: DigitalServiceStatus) { digitalServices(
    unit: $u, asOf: $d, group: $g, text: $t, status: $s, first: 100) { totalCount nodes { code name } } }"""


def do(running: Running, document: str, token: str | None = None, **told: Any) -> dict[str, Any]:
    running.settle()
    return running.do(document, token or running.province, **told)


def codes(running: Running, token: str | None = None, **asked: Any) -> list[str]:
    running.settle()
    found = running.gateway.data(LIST, token or running.here, **asked)["digitalServices"]
    assert found["totalCount"] == len(found["nodes"])
    return [node["code"] for node in found["nodes"]]


def published(running: Running, code: str = "CHO_SO", name: str = "Chợ số Cà Mau", **told: Any) -> None:
    assert do(running, PROPOSE, s=code, n=name, **told)["accepted"]
    outcome = do(running, PUBLISH, s=code, d="2026-10-01")
    assert outcome["accepted"], outcome


def test_a_firm_s_service_is_proposed_seen_by_those_it_would_serve_and_published(running: Running) -> None:
    handler = running.gateway.token(Role.BODY_HANDLER, PROVINCE, body="POST")
    assert do(running, PROPOSE, handler, s="CHO_SO", n="Chợ số", t="96")["accepted"]
    leader = running.gateway.token(Role.TEAM_LEADER, HERE)
    assert codes(running) == []
    assert codes(running, running.province, s="PROPOSED") == ["CHO_SO"]
    assert codes(running, leader, s="PROPOSED") == []
    assert do(running, PUBLISH, handler, s="CHO_SO")["code"] == "FORBIDDEN"
    assert do(running, PUBLISH, running.here, s="CHO_SO")["code"] == "FORBIDDEN"
    assert do(running, PUBLISH, s="CHO_SO")["accepted"]
    assert codes(running, leader) == ["CHO_SO"]
    asked = """{ digitalService(code: "CHO_SO") { name nameEn group owner hotline territory { code } status validFrom
        lastDay proposerKind proposer } }"""
    assert running.gateway.data(asked, leader)["digitalService"] == {
        "name": "Chợ số",
        "nameEn": "Market app",
        "group": "DIGITAL_ECONOMY",
        "owner": None,
        "hotline": None,
        "territory": {"code": "96"},
        "status": "PUBLISHED",
        "validFrom": None,
        "lastDay": None,
        "proposerKind": "FIRM",
        "proposer": "VNPT Cà Mau",
    }


def test_one_reads_the_proposal_one_has_just_made(running: Running) -> None:
    outcome = running.do(PROPOSE, running.province, s="CHO_SO", n="Chợ số")
    asked = '{ digitalService(code: "CHO_SO") { name status } }'
    found = running.gateway.data(asked, running.province, outcome["token"])["digitalService"]
    assert found == {"name": "Chợ số", "status": "PROPOSED"}


def test_the_words_of_a_day_and_the_days_of_a_service_are_those_asked_about(running: Running) -> None:
    published(running)
    assert do(running, REVISE, s="CHO_SO", n="Chợ số mới", d="2026-11-01")["accepted"]
    assert do(running, REVISE, s="CHO_SO", n="Chợ số mới nhất", d="2026-11-01")["accepted"]
    assert do(running, WITHDRAW, s="CHO_SO", d="2027-03-31")["accepted"]
    running.settle()

    def name(day: str) -> list[str]:
        found = running.gateway.data(LIST, running.here, d=day)["digitalServices"]["nodes"]
        return [node["name"] for node in found]

    assert [name(day) for day in ("2026-09-30", "2026-10-01", "2026-11-01", "2027-03-31", "2027-04-01")] == [
        [],
        ["Chợ số Cà Mau"],
        ["Chợ số mới nhất"],
        ["Chợ số mới nhất"],
        [],
    ]
    assert do(running, REVISE, s="CHO_SO", n="X", d="2027-01-01")["code"] == "SERVICE_WITHDRAWN"


def test_the_list_is_searched_without_marks_by_group_and_by_place(running: Running) -> None:
    published(running, t="96")
    published(running, "DAY_HOC", "Dạy học", t=str(THERE))
    assert codes(running, t="cho so") == codes(running, t="CHO CA MAU") == codes(running, t="market cho") == ["CHO_SO"]
    assert codes(running, t="o_so") == []
    assert codes(running, g="DIGITAL_SOCIETY") == []
    assert codes(running) == ["CHO_SO", "DAY_HOC"]
    assert codes(running, u="31843") == codes(running, u="96") == ["CHO_SO"]
    assert codes(running, u="31849") == ["CHO_SO", "DAY_HOC"]


def test_nobody_deals_with_a_service_of_others(running: Running) -> None:
    other = running.gateway.token(Role.PROVINCE_OFFICIAL, THERE)
    assert do(running, PROPOSE, other, s="CHO_SO", n="Chợ", t="96")["code"] == "NOT_FOUND"
    assert do(running, PROPOSE, s="CHO_SO", n="Chợ số", t="96")["accepted"]
    assert do(running, PROPOSE, other, s="CHO_SO", n="Của tôi", t=str(THERE))["code"] == "NOT_FOUND"
    for document in (PUBLISH, WITHDRAW):
        assert do(running, document, other, s="CHO_SO")["code"] == "NOT_FOUND"
    assert do(running, PUBLISH, s="NO_SUCH")["code"] == "NOT_FOUND"
    assert do(running, WITHDRAW, s="CHO_SO")["accepted"], "a proposal is dropped"
    assert codes(running, running.province, s="PROPOSED") == []
    mobile = do(running, PROPOSE, s="CHO_SO", n="Chợ số", h="0912345678")
    assert (mobile["code"], mobile["field"]) == ("INVALID", "facts.hotline")
    assert running.gateway.code(LIST) == "UNAUTHENTICATED"


def test_visits_and_the_form_follow_the_catalogue(running: Running) -> None:
    hamlet, team, home = running.founded()
    record = f"""mutation($h: ID!, $a: ID!, $t: ID!, $s: [String!], $d: String!) {{ recordVisit(visit: {{ household: $h,
        hamlet: $a, team: $t, services: $s, visitedOn: $d, mode: "home", outcome: "guided" }}) {OUTCOME} }}"""

    def visited(service: str, day: str = "2026-11-02") -> str:
        told = {"h": home, "a": hamlet, "t": team, "s": [service], "d": day}
        return str(do(running, record, running.member(team), **told)["code"] or "accepted")

    def offered(service: str) -> bool:
        running.settle()
        return f'<option value="{service}"' in running.gateway.client.get("/phan-anh").text

    assert (visited("VNEID_L2"), visited("CHO_SO")) == ("accepted", "UNKNOWN_SERVICE")
    assert offered("VNEID_L2") and not offered("CHO_SO")
    published(running)
    assert (visited("CHO_SO"), visited("CHO_SO", "2026-09-30")) == ("accepted", "SERVICE_NOT_AVAILABLE")
    assert offered("CHO_SO")
    assert do(running, WITHDRAW, s="CHO_SO", d="2026-11-01")["accepted"]
    assert visited("CHO_SO") == "SERVICE_NOT_AVAILABLE"
    assert not offered("CHO_SO")


def test_the_catalogue_that_ships_leaves_the_form_as_it_was(running: Running) -> None:
    before = running.gateway.client.get("/phan-anh").text
    commands = [c for c in plan_import(services=DIGITAL_SERVICES).commands if "digital_service" in c.name]
    asked: list[tuple[str, dict[str, Any]]] = [(c.name, c.model_dump(mode="json")) for c in commands]
    assert all(answer.accepted for answer in running.embedded.runtimes["registry"].execute_many(asked))
    assert len(codes(running, t="")) == 27
    assert codes(running, t="prod tech") == ["PROD_TECH"]

    def choices(page: str) -> str:
        return page[page.index('<select name="app"') : page.index("</select>")]

    assert choices(running.gateway.client.get("/phan-anh").text) == choices(before)
