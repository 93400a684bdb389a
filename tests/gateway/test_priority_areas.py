"""Priority areas through GraphQL: designated, listed as of a day, covered, and taken along by whole mergers."""

from typing import Any

from tests.gateway.running import OUTCOME, THERE, Running
from tests.gateway.test_commands import visit
from tests.gateway.test_reorganisations import NEXT_MONTH, reorganise

DESIGNATE = f"""mutation($p: PriorityPlace!, $a: String!, $k: PriorityKind!, $f: Date!) {{ designatePriorityArea(
    place: $p, about: $a, kind: $k, validFrom: $f, decisionNo: "5/QĐ-UBND", decisionDate: "2026-01-05",
    issuingBody: "Ủy ban nhân dân tỉnh Cà Mau") {OUTCOME} }}"""
AREAS = """query($u: String!, $d: Date, $k: PriorityKind, $n: Int, $a: String) {
    priorityAreas(unit: $u, asOf: $d, kind: $k, first: $n, after: $a) { totalCount pageInfo { hasNextPage endCursor }
    nodes { id kind place validFrom lastDay commune { code } belongsTo { code } hamlet { name } } } }"""
COVERED = """query($u: String!, $d: Date) { coverageByPriorityArea(unit: $u, quarter: "2026-Q4", asOf: $d) {
    kind coverage { hamlets households guidedInQuarter rateInQuarter } } }"""


def designate(running: Running, token: str, about: str, kind: str = "REMOTE", **more: Any) -> dict[str, Any]:
    asked = {"p": "COMMUNE" if len(about) == 5 else "HAMLET", "a": about, "k": kind, "f": "2026-02-01", **more}
    outcome = running.do(DESIGNATE, token, "", **asked)
    running.settle()
    return outcome


def areas(running: Running, token: str, unit: str = "96", day: str | None = None, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = running.gateway.data(AREAS, token, u=unit, d=day, **more)["priorityAreas"]
    return found


def covered(running: Running, token: str, unit: str = "96", day: str | None = None) -> list[tuple[Any, ...]]:
    found = running.gateway.data(COVERED, token, u=unit, d=day)["coverageByPriorityArea"]
    return [(each["kind"], *each["coverage"].values()) for each in found]


def test_a_designation_is_seen_where_it_belongs_and_ends_on_its_day(running: Running) -> None:
    hamlet = running.hamlet(running.here)["id"]
    running.settle()
    assert designate(running, running.there, hamlet)["code"] == "NOT_FOUND"
    area = designate(running, running.here, hamlet)
    assert area["accepted"], area
    assert designate(running, running.here, hamlet)["id"] == area["id"], "told again it is the same one"
    commune = designate(running, running.here, "31843", "RURAL", f="2026-03-01")
    (first, second) = areas(running, running.province)["nodes"]
    assert (first["id"], first["commune"], first["hamlet"]) == (commune["id"], {"code": "31843"}, None)
    assert (second["id"], second["kind"], second["hamlet"]) == (area["id"], "REMOTE", {"name": "Ấp Nội Ô"})
    assert (second["commune"], second["belongsTo"], second["lastDay"]) == (None, None, None)
    page = areas(running, running.here, n=1)
    assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (2, True)
    assert areas(running, running.here, n=1, a=page["pageInfo"]["endCursor"])["nodes"] == [second]
    assert areas(running, running.here, k="RURAL")["nodes"] == [first]
    assert areas(running, running.province, day="2026-02-28")["totalCount"] == 1
    assert areas(running, running.province, "31849")["totalCount"] == 0
    assert areas(running, running.there)["totalCount"] == 0, "another commune's official"
    end = f'mutation($a: ID!) {{ endPriorityArea(area: $a, lastDay: "2026-06-30") {OUTCOME} }}'
    assert running.do(end, running.there, a=area["id"])["code"] == "NOT_FOUND"
    assert running.do(end, running.here, a=area["id"])["accepted"]
    running.settle()
    assert areas(running, running.province, day="2026-06-30")["totalCount"] == 2
    assert areas(running, running.province, day="2026-07-01")["nodes"] == [first]


def test_nobody_without_a_token_asks_and_no_team_designates(running: Running) -> None:
    hamlet, team, _ = running.founded()
    assert running.gateway.code(AREAS, None, u="96") == "UNAUTHENTICATED"
    assert running.gateway.code(COVERED, None, u="96") == "UNAUTHENTICATED"
    assert designate(running, running.member(team), hamlet)["code"] == "FORBIDDEN"
    assert designate(running, running.here, "31843")["accepted"]
    assert areas(running, running.member(team))["totalCount"] == 1, "a team knows of the commune it serves in"


def test_coverage_of_areas_counts_each_hamlet_once(running: Running) -> None:
    hamlet, team, household = running.founded()
    other = running.hamlet(running.here, name="Ấp Ngoại Ô")["id"]
    running.settle()
    record = f"mutation($v: VisitInput!) {{ recordVisit(visit: $v) {OUTCOME} }}"
    assert running.do(record, running.member(team), v=visit(household, hamlet, team))["accepted"]
    assert covered(running, running.province) == [(None, 0, 0, 0, None)], "nothing is designated"
    running.settle()
    for about, kind in ((hamlet, "REMOTE"), ("31843", "RURAL"), (other, "REMOTE")):
        assert designate(running, running.here, about, kind)["accepted"]
    both = (2, 1, 1, "100.0")
    assert covered(running, running.province) == [(None, *both), ("REMOTE", *both), ("RURAL", *both)]
    assert covered(running, running.province, day="2026-01-31") == [(None, 0, 0, 0, None)]
    assert covered(running, running.there, "31843") == [(None, 0, 0, 0, None)], "not theirs to see"
    assert covered(running, running.province, "31849") == [(None, 0, 0, 0, None)]


def test_a_commune_that_goes_whole_takes_its_designation_along(running: Running) -> None:
    hamlet, *_ = running.founded()
    assert designate(running, running.here, "31843")["accepted"]
    assert reorganise(running, running.province, {"do": "MERGE", "units": ["31843"], "to": "31849"})["accepted"]
    assert areas(running, running.province, "31849")["totalCount"] == 0
    assert areas(running, running.province, "31849", NEXT_MONTH)["totalCount"] == 1
    assert covered(running, running.province, "31849", NEXT_MONTH)[1:] == [("REMOTE", 1, 1, 0, "0.0")]
    theirs = running.hamlet(running.there, THERE, "Ấp Khác")["id"]
    running.settle()
    assert theirs != hamlet
    assert covered(running, running.province, "31849", NEXT_MONTH)[1:] == [("REMOTE", 1, 1, 0, "0.0")]
