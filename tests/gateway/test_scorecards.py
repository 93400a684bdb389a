"""Members' scorecards through GraphQL: counted figures beside an office's words, for those whose business it is."""

from typing import Any
from uuid import UUID, uuid4

from gateway.viewer import Role
from tests.gateway.running import HERE, OUTCOME, Running
from tests.gateway.test_commands import visit
from tests.gateway.test_commendations import busy_team
from tests.gateway.test_learning import do

FIGURES = "{ duty trainingsAttended visits activityDays teamVisits }"
CARD = f"""query($y: Int!, $u: String, $t: ID, $e: Boolean, $f: Int, $a: String) {{ memberScorecard(year: $y, unit: $u,
    team: $t, evaluated: $e, first: $f, after: $a) {{ totalCount pageInfo {{ hasNextPage endCursor }} nodes {{ member
    team {{ id }} role evidenceNow {FIGURES} evaluatedElsewhere
    evaluation {{ id grade office evidence {FIGURES} evaluatedOn correctedOn reason }} }} }} }}"""
EVALUATE = f"""mutation($t: ID!, $m: ID!, $y: Int!, $g: String!) {{ evaluateMember(team: $t, member: $m, year: $y,
    grade: $g, office: "Phòng VH-XH", evaluatedOn: "2026-11-16") {OUTCOME} }}"""
CORRECT = f"""mutation($e: ID!, $g: String!) {{ correctMemberEvaluation(evaluation: $e, grade: $g,
    office: "Phòng VH-XH", reason: "Bổ sung số liệu", correctedOn: "2026-11-18") {OUTCOME} }}"""
WITHDRAW = f"""mutation($e: ID!) {{ withdrawMemberEvaluation(evaluation: $e, office: "Phòng VH-XH",
    reason: "Nhầm người", withdrawnOn: "2026-11-19") {OUTCOME} }}"""
DUTY = f"""mutation($t: ID!, $m: ID!) {{ assignDuty(team: $t, member: $m, duty: "Hướng dẫn VNeID",
    assignedOn: "2026-02-02") {OUTCOME} }}"""


def cards(running: Running, token: str | None = None, **asked: Any) -> dict[str, Any]:
    """Scorecards by member."""
    running.settle()
    found = running.gateway.data(CARD, token or running.here, **{"y": 2026, **asked})["memberScorecard"]
    assert found["totalCount"] == len(found["nodes"])
    return {node["member"]: node for node in found["nodes"]}


def test_the_figures_of_the_year_stand_beside_what_the_office_says(running: Running) -> None:
    team, leader = busy_team(running)
    assert do(running, DUTY, t=team, m=leader)["accepted"]
    found = cards(running)
    assert {card["role"] for card in found.values()} == {"leader", "member"}
    figures = {"duty": "Hướng dẫn VNeID", "trainingsAttended": 1, "visits": 2, "activityDays": 2, "teamVisits": 3}
    assert found[leader]["evidenceNow"] == figures
    (other,) = found.keys() - {leader}
    nothing = {"duty": None, "trainingsAttended": 0, "visits": 0, "activityDays": 0, "teamVisits": 3}
    assert found[other]["evidenceNow"] == nothing
    given = do(running, EVALUATE, t=team, m=leader, y=2026, g="Hoàn thành nhiệm vụ")
    assert given["accepted"], given
    assert cards(running)[leader] == {
        "member": leader,
        "team": {"id": team},
        "role": "leader",
        "evidenceNow": figures,
        "evaluatedElsewhere": False,
        "evaluation": {
            "id": given["id"],
            "grade": "Hoàn thành nhiệm vụ",
            "office": "Phòng VH-XH",
            "evidence": figures,
            "evaluatedOn": "2026-11-16",
            "correctedOn": None,
            "reason": None,
        },
    }
    assert set(cards(running, e=True)) == {leader}
    assert set(cards(running, e=False)) == {other}
    assert set(cards(running, y=2025)) == set(), "nobody served yet"


def test_one_stands_and_a_correction_counts_anew(running: Running) -> None:
    team, leader = busy_team(running)
    given = do(running, EVALUATE, t=team, m=leader, y=2026, g="Hoàn thành")
    assert do(running, EVALUATE, t=team, m=leader, y=2026, g="Hoàn thành")["accepted"], "said twice is done once"
    assert do(running, EVALUATE, t=team, m=leader, y=2026, g="Xuất sắc")["code"] == "EVALUATED_ALREADY"
    assert do(running, CORRECT, e=given["id"], g="Hoàn thành")["code"] == "NOTHING_CORRECTED"
    _, _, household = _again(running, team, leader)
    assert household
    assert cards(running)[leader]["evaluation"]["evidence"]["visits"] == 2, "what it was judged on stays"
    assert cards(running)[leader]["evidenceNow"]["visits"] == 3
    assert do(running, CORRECT, e=given["id"], g="Hoàn thành tốt")["accepted"]
    said = cards(running)[leader]["evaluation"]
    assert (said["grade"], said["correctedOn"], said["reason"]) == ("Hoàn thành tốt", "2026-11-18", "Bổ sung số liệu")
    assert (said["evaluatedOn"], said["evidence"]["visits"]) == ("2026-11-16", 3)
    assert do(running, WITHDRAW, e=given["id"])["accepted"]
    assert cards(running)[leader]["evaluation"] is None
    assert do(running, CORRECT, e=given["id"], g="Khác")["code"] == "NOT_EVALUATED"
    anew = do(running, EVALUATE, t=team, m=leader, y=2026, g="Xuất sắc")
    assert anew["accepted"], anew
    said = cards(running)[leader]["evaluation"]
    assert (said["grade"], said["correctedOn"], said["reason"]) == ("Xuất sắc", None, None)


def _again(running: Running, team: str, leader: str) -> tuple[str, str, str]:
    """One more visit of the leader."""
    read = "{ visits { nodes { hamlet { id } household } } }"
    running.settle()
    node = running.gateway.data(read, running.here)["visits"]["nodes"][0]
    hamlet, household = node["hamlet"]["id"], node["household"]
    record = f"mutation($v: [VisitInput!]!) {{ recordVisits(visits: $v) {OUTCOME} }}"
    told = [visit(household, hamlet, team, visitedOn="2026-10-02", member=leader)]
    (outcome,) = running.gateway.data(record, running.member(team), v=told)["recordVisits"]
    assert outcome["accepted"], outcome
    return hamlet, team, household


def test_a_member_of_two_teams_is_evaluated_in_one(running: Running) -> None:
    team, leader = busy_team(running)
    second = running.team(running.here, running.hamlet(running.here, name="Ấp Nội Ô 2")["id"])["id"]
    running.settle()
    join = f"""mutation($t: ID!, $m: ID) {{ appointMember(team: $t, role: MEMBER, organisation: "Tổ chức",
        appointedOn: "2026-03-01", member: $m) {OUTCOME} }}"""
    joined = do(running, join, t=second, m=leader)
    assert joined["accepted"], joined
    assert do(running, EVALUATE, t=team, m=leader, y=2026, g="Hoàn thành")["accepted"]
    assert do(running, EVALUATE, t=second, m=leader, y=2026, g="Hoàn thành")["code"] == "EVALUATED_ALREADY"
    there = cards(running, t=second)[leader]
    assert (there["evaluation"], there["evaluatedElsewhere"]) == (None, True)
    here = cards(running, t=team)[leader]
    assert (here["evaluation"]["grade"], here["evaluatedElsewhere"]) == ("Hoàn thành", False)


def test_scorecards_are_for_officials_of_the_place_and_the_team_s_leader(running: Running) -> None:
    team, leader = busy_team(running)
    leading = running.gateway.token(Role.TEAM_LEADER, HERE, served=(UUID(team),))
    strange = running.gateway.token(Role.TEAM_LEADER, HERE, served=(uuid4(),))
    given = do(running, EVALUATE, t=team, m=leader, y=2026, g="Hoàn thành")
    for token in (running.here, running.province, leading):
        assert cards(running, token)[leader]["evaluation"]["grade"] == "Hoàn thành"
    assert cards(running, running.there) == cards(running, strange) == {}
    assert cards(running, u="31849") == {}
    assert set(cards(running, running.province, u="96")) == set(cards(running, u="31843"))
    assert running.gateway.code(CARD, running.member(team), y=2026) == "FORBIDDEN"
    assert running.gateway.code(CARD, y=2026) == "UNAUTHENTICATED"
    first = running.gateway.data(CARD, running.here, y=2026, f=1)["memberScorecard"]
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (2, True)
    after = first["pageInfo"]["endCursor"]
    rest = running.gateway.data(CARD, running.here, y=2026, f=1, a=after)["memberScorecard"]
    assert {first["nodes"][0]["member"], rest["nodes"][0]["member"]} == set(cards(running))
    for document in (CORRECT, WITHDRAW):
        told = {"e": given["id"], **({"g": "Khác"} if document is CORRECT else {})}
        assert do(running, document, leading, **told)["code"] == "FORBIDDEN"
        assert do(running, document, running.there, **told)["code"] == "NOT_FOUND"


def test_nobody_is_evaluated_who_did_not_serve_in_the_team_that_year(running: Running) -> None:
    team, leader = busy_team(running)
    for member, year in ((leader, 2025), (str(uuid4()), 2026)):
        refused = do(running, EVALUATE, t=team, m=member, y=year, g="Hoàn thành")
        assert (refused["code"], refused["field"]) == ("NOT_FOUND", "member")
    assert do(running, EVALUATE, running.there, t=team, m=leader, y=2026, g="Hoàn thành")["code"] == "NOT_FOUND"
    assert do(running, EVALUATE, running.member(team), t=team, m=leader, y=2026, g="X")["code"] == "FORBIDDEN"
    assert do(running, EVALUATE, t=team, m=leader, y=1999, g="X")["field"] == "year"
    refused = do(running, EVALUATE, t=team, m=leader, y=2026, g="Gọi 0912345678")
    assert (refused["code"], refused["field"]) == ("PRIVATE_NUMBER", "grade")
