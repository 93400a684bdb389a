"""Commendations through GraphQL: on recorded figures, step by step, awarded in public without private data."""

from typing import Any
from uuid import UUID, uuid4

from gateway.viewer import Role
from tests.gateway.running import HERE, OUTCOME, Running
from tests.gateway.test_commands import visit
from tests.gateway.test_learning import do
from tests.gateway.test_policies import appoint, draft, plan, publish
from tests.gateway.test_reorganisations import reorganise

AWARDS_DAY = {"kind": "yearly_day", "what": "awards", "month": 10, "day": 10, "severity": "info", "section": "IV.1"}
PROPOSE = f"""mutation($t: ID!, $m: ID, $k: ID) {{ proposeCommendation(team: $t, member: $m, form: ANNUAL_AWARD,
    periodFrom: "2026-01-01", periodTo: "2026-08-31", proposedOn: "2026-09-01", commandId: $k) {OUTCOME} }}"""
SELECT = f"""mutation($c: ID!) {{ selectCommendation(commendation: $c, office: "Phòng VH-XH", selectedOn: "2026-09-15")
    {OUTCOME} }}"""
DECLINE = SELECT.replace("selectCommendation", "declineCommendation").replace("selectedOn", "declinedOn")
APPROVE = f"""mutation($c: ID!) {{ approveCommendation(commendation: $c, decisionNo: "5/QĐ-UBND",
    decisionDate: "2026-10-01", signer: "Chủ tịch", issuingBody: "UBND xã Hồng Dân") {OUTCOME} }}"""
AWARD = f"""mutation($c: ID!, $d: Date!) {{ awardCommendation(commendation: $c, awardedOn: $d)
    {{ warnings {{ code message field }} {OUTCOME[2:]} }}"""
REVOKE = APPROVE.replace("approveCommendation", "revokeCommendation").replace("2026-10-01", "2026-11-02")
FIGURES = "{ visits householdsVisited householdsGuided activityDays members membersTrained trainingsAttended }"
EVIDENCE = f"""query($t: ID!, $m: ID) {{ commendationEvidence(team: $t, member: $m, periodFrom: "2026-01-01",
    periodTo: "2026-08-31") {FIGURES} }}"""
ROLL = """query($u: String!, $y: Int!) { commendationRoll(unit: $u, year: $y) { totalCount nodes {
    teamName commune { code } memberRole form decisionNo decisionDate issuingBody awardedOn } } }"""


def steps(running: Running, commendation: str, *documents: str) -> None:
    for document in documents:
        outcome = do(running, document, c=commendation)
        assert outcome["accepted"], outcome


def awarded(running: Running, commendation: str, day: str = "2026-10-10") -> dict[str, Any]:
    steps(running, commendation, SELECT, APPROVE)
    return do(running, AWARD, c=commendation, d=day)


def busy_team(running: Running) -> tuple[str, str]:
    """A team whose leader visited a household twice, guiding once, and was trained."""
    hamlet, team, household = running.founded()
    leader = appoint(running, team, "LEADER", "hamlet_head")["id"]
    appoint(running, team, "MEMBER", None)
    running.settle()
    record = f"mutation($v: [VisitInput!]!) {{ recordVisits(visits: $v) {OUTCOME} }}"
    told = [
        visit(household, hamlet, team, visitedOn="2026-03-02", member=leader),
        visit(household, hamlet, team, visitedOn="2026-03-03", outcome="informed"),
        visit(household, hamlet, team, visitedOn="2026-09-01", member=leader),
    ]
    for outcome in running.gateway.data(record, running.member(team), v=told)["recordVisits"]:
        assert outcome["accepted"], outcome
    learnt = f"""mutation($m: ID!) {{ completeExternalCourse(member: $m, course: "Kỹ năng số",
        provider: "Bình dân học vụ số", completedOn: "2026-05-10") {OUTCOME} }}"""
    assert do(running, learnt, m=leader)["accepted"]
    running.settle()
    return team, leader


def test_the_figures_are_counted_from_what_was_recorded_in_the_period(running: Running) -> None:
    team, leader = busy_team(running)
    of_team = {
        "visits": 2,
        "householdsVisited": 1,
        "householdsGuided": 1,
        "activityDays": 2,
        "members": 2,
        "membersTrained": 1,
        "trainingsAttended": 1,
    }
    of_leader = {**of_team, "visits": 1, "activityDays": 1, "members": None, "membersTrained": None}
    assert running.gateway.data(EVIDENCE, running.here, t=team)["commendationEvidence"] == of_team
    assert running.gateway.data(EVIDENCE, running.here, t=team, m=leader)["commendationEvidence"] == of_leader
    assert running.gateway.code(EVIDENCE, running.there, t=team) == "NOT_FOUND"
    assert running.gateway.code(EVIDENCE, running.here, t=team, m=str(uuid4())) == "NOT_FOUND"
    proposed = do(running, PROPOSE, t=team)
    assert proposed["accepted"], proposed
    running.settle()
    asked = f"""query($c: ID!) {{ commendation(id: $c) {{ proposer status periodFrom periodTo
        evidence {FIGURES} evidenceNow {FIGURES} }} }}"""
    found = running.gateway.data(asked, running.here, c=proposed["id"])["commendation"]
    assert (found["proposer"], found["status"], found["evidence"]) == ("office", "PROPOSED", of_team)
    assert (found["periodFrom"], found["periodTo"]) == ("2026-01-01", "2026-08-31")
    read = "{ visits { nodes { id visitedOn } } }"
    (wrong,) = [
        v for v in running.gateway.data(read, running.here)["visits"]["nodes"] if v["visitedOn"] == "2026-03-02"
    ]
    void = f'mutation($i: ID!) {{ voidVisit(id: $i, reason: "duplicate") {OUTCOME} }}'
    assert do(running, void, i=wrong["id"])["accepted"]
    running.settle()
    found = running.gateway.data(asked, running.here, c=proposed["id"])["commendation"]
    assert found["evidence"] == of_team, "what it was proposed on stays"
    assert found["evidenceNow"] == {**of_team, "visits": 1, "householdsGuided": 0, "activityDays": 1}


def test_the_leader_or_an_official_proposes_and_the_commune_selects(running: Running) -> None:
    team, _ = busy_team(running)
    leading = running.gateway.token(Role.TEAM_LEADER, HERE, served=(UUID(team),))
    strange = running.gateway.token(Role.TEAM_LEADER, HERE, served=(uuid4(),))
    assert do(running, PROPOSE, running.member(team), t=team)["code"] == "FORBIDDEN"
    assert do(running, PROPOSE, strange, t=team)["code"] == "NOT_FOUND"
    assert do(running, PROPOSE, running.there, t=team)["code"] == "NOT_FOUND"
    key = str(uuid4())
    proposed = do(running, PROPOSE, leading, t=team, k=key)
    assert proposed["accepted"], proposed
    assert do(running, PROPOSE, leading, t=team, k=key)["id"] == proposed["id"]
    assert do(running, SELECT, leading, c=proposed["id"])["code"] == "FORBIDDEN"
    assert do(running, SELECT, running.province, c=proposed["id"])["code"] == "FORBIDDEN"
    assert do(running, SELECT, running.there, c=proposed["id"])["code"] == "NOT_FOUND"
    assert do(running, APPROVE, c=proposed["id"])["code"] == "NOT_SELECTED"
    assert do(running, SELECT, c=proposed["id"])["accepted"]
    running.settle()
    listed = "{ commendations(status: SELECTED) { totalCount nodes { proposer office team { id } } } }"
    seen = {"proposer": "leader", "office": "Phòng VH-XH", "team": {"id": team}}
    for token in (leading, running.here, running.province):
        assert running.gateway.data(listed, token)["commendations"] == {"totalCount": 1, "nodes": [seen]}
    for token in (strange, running.there):
        assert running.gateway.data(listed, token)["commendations"]["totalCount"] == 0
    assert running.gateway.code(listed) == "UNAUTHENTICATED"
    somewhere = "query($u: String, $t: ID) { commendations(unit: $u, team: $t) { totalCount } }"
    for unit, expected in (("96", 1), ("31843", 1), ("31849", 0)):
        found = running.gateway.data(somewhere, running.province, u=unit)["commendations"]
        assert found["totalCount"] == expected, unit
    assert running.gateway.data(somewhere, running.here, t=str(uuid4()))["commendations"]["totalCount"] == 0


def test_a_member_is_honoured_in_public_by_their_role_alone(running: Running) -> None:
    team, leader = busy_team(running)
    of_team, of_leader = (do(running, PROPOSE, t=team, m=member)["id"] for member in (None, leader))
    assert do(running, PROPOSE, t=team, m=str(uuid4()))["code"] == "NOT_FOUND"
    assert awarded(running, of_team)["accepted"]
    assert awarded(running, of_leader, "2026-10-11")["accepted"]
    running.settle()
    entry = {
        "teamName": "Tổ CNSCĐ ấp Nội Ô",
        "commune": {"code": "31843"},
        "memberRole": None,
        "form": "ANNUAL_AWARD",
        "decisionNo": "5/QĐ-UBND",
        "decisionDate": "2026-10-01",
        "issuingBody": "UBND xã Hồng Dân",
        "awardedOn": "2026-10-10",
    }
    roll = running.gateway.data(ROLL, None, u="96", y=2026)["commendationRoll"]
    assert roll == {"totalCount": 2, "nodes": [{**entry, "memberRole": "leader", "awardedOn": "2026-10-11"}, entry]}
    assert running.gateway.data(ROLL, None, u="31849", y=2026)["commendationRoll"]["totalCount"] == 0
    assert running.gateway.data(ROLL, None, u="96", y=2025)["commendationRoll"]["totalCount"] == 0
    fields = '{ __type(name: "CommendationRollEntry") { fields { name type { name ofType { name } } } } }'
    shown = running.gateway.data(fields, running.here)["__type"]["fields"]
    assert {field["name"] for field in shown} == entry.keys(), "no member, no signer, no figure"
    assert leader not in str(roll)


def test_the_roll_tells_the_commune_a_team_belonged_to_on_the_day_of_the_award(running: Running) -> None:
    team, _ = busy_team(running)
    early, late = (do(running, PROPOSE, t=team)["id"] for _ in range(2))
    assert awarded(running, early, "2026-10-04")["accepted"]
    assert awarded(running, late, "2026-10-10")["accepted"]
    merger = {"do": "MERGE", "units": ["31843"], "to": "31849"}
    assert reorganise(running, running.province, merger, on="2026-10-05")["accepted"]
    roll = running.gateway.data(ROLL, None, u="31849", y=2026)["commendationRoll"]["nodes"]
    told = [(entry["awardedOn"], entry["commune"]["code"]) for entry in roll]
    assert told == [("2026-10-10", "31849"), ("2026-10-04", "31843")]


def test_another_day_than_the_plan_s_is_accepted_with_a_warning(running: Running) -> None:
    profile = draft(running, running.province, plan=plan(rules=[AWARDS_DAY]))["id"]
    assert publish(running, running.province, profile)["accepted"]
    team, _ = busy_team(running)
    early, there = (do(running, PROPOSE, t=team)["id"] for _ in range(2))
    off = awarded(running, early, "2026-10-09")
    assert off["accepted"]
    (warning,) = off["warnings"]
    assert (warning["code"], warning["field"]) == ("AWARDED_OFF_THE_DAY", "awardedOn")
    assert "10/10" in warning["message"]
    assert "20/KH-UBND, mục IV.1" in warning["message"]
    assert awarded(running, there)["warnings"] == []
    running.settle()
    asked = "{ commendations { nodes { id status awardedOn warnings { code } } } }"
    found = {node.pop("id"): node for node in running.gateway.data(asked, running.here)["commendations"]["nodes"]}
    codes = [{"code": "AWARDED_OFF_THE_DAY"}]
    assert found[early] == {"status": "AWARDED", "awardedOn": "2026-10-09", "warnings": codes}
    assert found[there]["warnings"] == []


def test_no_plan_no_day_for_awards(running: Running) -> None:
    team, _ = busy_team(running)
    assert awarded(running, do(running, PROPOSE, t=team)["id"], "2026-10-09")["warnings"] == []


def test_what_was_revoked_is_off_the_roll_and_what_was_declined_never_comes_on_it(running: Running) -> None:
    team, _ = busy_team(running)
    gone, never = (do(running, PROPOSE, t=team)["id"] for _ in range(2))
    assert awarded(running, gone)["accepted"]
    steps(running, never, DECLINE)
    assert do(running, SELECT, c=never)["code"] == "DECLINED"
    assert do(running, REVOKE, running.there, c=gone)["code"] == "NOT_FOUND"
    steps(running, gone, REVOKE)
    assert do(running, AWARD, c=gone, d="2026-11-03")["code"] == "REVOKED"
    running.settle()
    assert running.gateway.data(ROLL, None, u="96", y=2026)["commendationRoll"]["totalCount"] == 0
    asked = "{ commendations { nodes { id status revokedOn revokedByNo } } }"
    found = {node["id"]: node for node in running.gateway.data(asked, running.here)["commendations"]["nodes"]}
    assert (found[gone]["status"], found[gone]["revokedOn"]) == ("REVOKED", "2026-11-02")
    assert (found[never]["status"], found[never]["revokedByNo"]) == ("DECLINED", None)
