"""Partners through GraphQL: engaged for what is held, listed for places, and warned of where a plan says so."""

from typing import Any

from gateway.viewer import Role
from tests.gateway.running import HERE, Running
from tests.gateway.test_policies import draft, plan, publish
from tests.gateway.test_reorganisations import NEXT_MONTH, reorganise

ENGAGE = """mutation($t: String!, $o: String!, $k: PartnerKind!, $n: String, $d: Date!, $f: [String!]!) { engagePartner(
    territory: $t, organisation: $o, kind: $k, fields: $f, agreementNo: $n, engagedOn: $d) {
    accepted id token code field warnings { code field message } } }"""
END = """mutation($p: ID!) { endPartner(partner: $p, lastDay: "2026-06-30") { accepted code field } }"""
READ = """query($u: String!, $d: Date, $k: PartnerKind, $f: String, $n: Int, $a: String) {
    partners(unit: $u, asOf: $d, kind: $k, field: $f, first: $n, after: $a) {
    totalCount pageInfo { endCursor } nodes { organisation kind territory { code } fields agreementNo engagedOn lastDay
    } } }"""
OVERLAP = {"kind": "overlap", "severity": "warn", "section": "III.5"}


def engage(running: Running, token: str, organisation: str, territory: str = "31843", **more: Any) -> dict[str, Any]:
    told = {"t": territory, "o": organisation, "k": "POST_TELECOM", "d": "2026-02-01", "f": ["VNEID_L2"], **more}
    outcome = running.do(ENGAGE, token, "", **told)
    running.settle()
    return outcome


def names(running: Running, unit: str, day: str | None = None, **more: Any) -> list[str]:
    found = running.gateway.data(READ, running.here, u=unit, d=day, **more)["partners"]
    assert found["totalCount"] == len(found["nodes"]) or "n" in more
    return [node["organisation"] for node in found["nodes"]]


def test_a_partner_is_seen_at_its_territory_above_and_below(running: Running) -> None:
    assert engage(running, running.there, "Viettel Hồng Dân")["code"] == "NOT_FOUND"
    assert engage(running, running.here, "VNPT Cà Mau", "96")["code"] == "NOT_FOUND", "not the province's official"
    here = engage(running, running.here, "Viettel Hồng Dân", f=["VNEID_L2", "DVCQG"], n="7/TTHT")
    assert here["accepted"], here
    assert engage(running, running.province, "Agribank Cà Mau", "96", k="BANK")["accepted"]
    assert names(running, "31843") == names(running, "96") == ["Agribank Cà Mau", "Viettel Hồng Dân"]
    assert names(running, "31849") == ["Agribank Cà Mau"]
    assert names(running, "31843", "2026-01-31") == []
    assert names(running, "31843", k="BANK") == ["Agribank Cà Mau"]
    assert names(running, "31843", f="DVCQG") == ["Viettel Hồng Dân"]
    first = running.gateway.data(READ, running.here, u="96", n=1)["partners"]
    assert names(running, "96", n=1, a=first["pageInfo"]["endCursor"]) == ["Viettel Hồng Dân"]
    (node,) = running.gateway.data(READ, running.here, u="96", f="DVCQG")["partners"]["nodes"]
    assert node == {
        "organisation": "Viettel Hồng Dân",
        "kind": "POST_TELECOM",
        "territory": {"code": "31843"},
        "fields": ["DVCQG", "VNEID_L2"],
        "agreementNo": "7/TTHT",
        "engagedOn": "2026-02-01",
        "lastDay": None,
    }
    assert running.do(END, running.there, p=here["id"])["code"] == "NOT_FOUND"
    assert running.do(END, running.here, p=here["id"])["accepted"]
    running.settle()
    assert names(running, "31843", "2026-06-30") == ["Agribank Cà Mau", "Viettel Hồng Dân"]
    assert names(running, "31843", "2026-07-01") == ["Agribank Cà Mau"]


def test_who_works_here_may_know_and_nobody_else(running: Running) -> None:
    assert running.gateway.code(READ, None, u="96") == "UNAUTHENTICATED"
    handler = running.gateway.token(Role.BODY_HANDLER, HERE, body="POLICE")
    assert engage(running, handler, "VNPT")["code"] == "FORBIDDEN"
    assert running.gateway.data(READ, handler, u="96")["partners"]["totalCount"] == 0


def test_two_of_one_kind_in_one_place_are_warned_of_only_where_a_plan_says_so(running: Running) -> None:
    assert engage(running, running.province, "VNPT Cà Mau", "96")["warnings"] == []
    assert engage(running, running.here, "Viettel")["warnings"] == [], "no plan, no warning"
    profile = draft(running, running.province, plan=plan(rules=[OVERLAP]))["id"]
    assert publish(running, running.province, profile)["accepted"]
    running.settle()
    (warning,) = engage(running, running.there, "MobiFone", "31849")["warnings"]
    assert (warning["code"], warning["field"]) == ("PARTNERS_OVERLAP", "territory")
    assert "VNPT Cà Mau" in warning["message"]
    assert "Viettel" not in warning["message"], "that one is elsewhere"
    assert "III.5" in warning["message"]
    assert engage(running, running.there, "Vietcombank", "31849", k="BANK")["warnings"] == [], "of another kind"
    (again,) = engage(running, running.there, "mobifone", "31849")["warnings"]
    assert "MobiFone" not in again["message"], "the same firm, written otherwise"
    (whole,) = engage(running, running.province, "Bưu điện", "96")["warnings"]
    assert all(each in whole["message"] for each in ("VNPT Cà Mau", "Viettel", "MobiFone"))
    assert engage(running, running.there, "FPT", "31849", d="2026-01-15")["warnings"] == [], "the plan held not yet"


def test_a_territory_that_goes_whole_takes_its_partners_along(running: Running) -> None:
    assert engage(running, running.here, "Viettel Hồng Dân")["accepted"]
    assert reorganise(running, running.province, {"do": "MERGE", "units": ["31843"], "to": "31849"})["accepted"]
    assert names(running, "31849") == []
    assert names(running, "31849", NEXT_MONTH) == ["Viettel Hồng Dân"]
