"""Learning through GraphQL: a course offered, a training held, members trained every year, skills found."""

from typing import Any

from gateway.viewer import Role
from tests.gateway.running import HERE, OUTCOME, Running
from tests.gateway.test_policies import appoint, draft, plan, publish, verdicts

EVERY_YEAR = {
    "kind": "quantity",
    "measure": "members_trained_per_year_percent",
    "comparator": ">=",
    "value": 100,
    "section": "II.2",
}
SCHEDULE = f"""mutation($u: String!, $c: ID) {{ scheduleTraining(unit: $u, course: $c, name: "Tập huấn quý I",
    mode: HANDS_ON, organiser: "Phòng VH-XH", trainerOrganisation: "police", firstDay: "2026-03-02",
    lastDay: "2026-03-03") {OUTCOME} }}"""
HOLD = f"""mutation($t: ID!, $a: [ID!]!, $m: [ID!]) {{ holdTraining(
    training: $t, heldOn: "2026-03-03", attended: $a, missed: $m) {OUTCOME} }}"""


def team_of_two(running: Running) -> tuple[str, str, str]:
    team = running.team(running.here, running.hamlet(running.here)["id"])["id"]
    running.settle()
    return team, appoint(running, team, "LEADER", None)["id"], appoint(running, team, "MEMBER", None)["id"]


def do(running: Running, document: str, token: str | None = None, **told: Any) -> dict[str, Any]:
    running.settle()
    return running.do(document, token or running.here, **told)


def test_a_team_is_trained_when_all_its_members_were_there_or_learnt_elsewhere(running: Running) -> None:
    profile = draft(running, running.province, plan=plan(rules=[EVERY_YEAR]))["id"]
    assert publish(running, running.province, profile)["accepted"]
    team, one, other = team_of_two(running)
    assert verdicts(running, team)["II.2"] == ("BROKEN", 0.0)
    course = f"""mutation {{ catalogueCourse(name: "Hướng dẫn VNeID", topics: ["VNEID_L2"], provider: "Sở KH&CN")
        {OUTCOME} }}"""
    assert do(running, course)["code"] == "FORBIDDEN", "the catalogue is the province's"
    offered = do(running, course, running.province)
    training = do(running, SCHEDULE, u="31843", c=offered["id"])
    assert training["accepted"], training
    held = do(running, HOLD, t=training["id"], a=[one], m=[other])
    assert held["accepted"], held
    assert verdicts(running, team)["II.2"] == ("BROKEN", 50.0)
    elsewhere = f"""mutation($m: ID!) {{ completeExternalCourse(member: $m, course: "Kỹ năng số",
        provider: "Bình dân học vụ số", completedOn: "2026-05-10") {OUTCOME} }}"""
    assert do(running, elsewhere, m=other)["accepted"]
    assert verdicts(running, team)["II.2"] == ("MET", 100.0)
    assert verdicts(running, team, "2026-05-09")["II.2"] == ("BROKEN", 50.0)
    read = """{ trainings { totalCount nodes { name mode status heldOn trainerOrganisation course { name }
        unit { code } attendance { member present } } } courses { totalCount nodes { topics offered } } }"""
    found = running.gateway.data(read, running.province)
    (node,) = found["trainings"]["nodes"]
    assert {each["member"]: each["present"] for each in node.pop("attendance")} == {one: True, other: False}
    assert node == {
        "name": "Tập huấn quý I",
        "mode": "HANDS_ON",
        "status": "HELD",
        "heldOn": "2026-03-03",
        "trainerOrganisation": "police",
        "course": {"name": "Hướng dẫn VNeID"},
        "unit": {"code": "31843"},
    }
    assert found["courses"]["nodes"] == [{"topics": ["VNEID_L2"], "offered": True}]
    assert running.gateway.data(read, running.there)["trainings"]["totalCount"] == 0


def test_a_list_told_again_takes_the_place_of_the_first(running: Running) -> None:
    team, one, other = team_of_two(running)
    training = do(running, SCHEDULE, u="31843")["id"]
    assert do(running, HOLD, t=training, a=[one, other])["accepted"]
    assert do(running, HOLD, t=training, a=[other])["accepted"]
    running.settle()
    asked = "query($t: ID!) { team(id: $t) { members { nodes { id trained } } } }"
    nodes = running.gateway.data(asked, running.here, t=team)["team"]["members"]["nodes"]
    assert {node["id"]: node["trained"] for node in nodes} == {one: False, other: True}


def test_a_skill_is_assessed_by_those_the_member_serves_under(running: Running) -> None:
    team, one, _ = team_of_two(running)
    assess = f"""mutation($m: ID!, $s: String!) {{ assessMemberSkill(member: $m, skill: $s, assessor: "Phòng VH-XH",
        assessedOn: "2026-06-01") {OUTCOME} }}"""
    assert do(running, assess, running.there, m=one, s="basic")["code"] == "NOT_FOUND"
    assert do(running, assess, running.gateway.token(Role.TEAM_LEADER, HERE), m=one, s="basic")["code"] == "FORBIDDEN"
    assert do(running, assess, m=one, s="genius")["field"] == "skill"
    assert do(running, assess, m=one, s="basic")["accepted"]
    running.settle()
    asked = """query($t: ID!) { team(id: $t) { members { nodes { id skill early: skill(asOf: "2026-05-31") } } } }"""
    nodes = running.gateway.data(asked, running.here, t=team)["team"]["members"]["nodes"]
    assert {"id": one, "skill": "basic", "early": None} in nodes


def test_nobody_holds_a_training_of_others_or_with_strangers(running: Running) -> None:
    _, one, _ = team_of_two(running)
    training = do(running, SCHEDULE, u="31843")["id"]
    assert do(running, HOLD, running.there, t=training, a=[])["code"] == "NOT_FOUND"
    stranger = "019a0000-0000-7000-8000-0000000000ff"
    assert do(running, HOLD, t=training, a=[one, stranger])["code"] == "NOT_FOUND"
    off = f"mutation($t: ID!) {{ callOffTraining(training: $t) {OUTCOME} }}"
    assert do(running, off, running.there, t=training)["code"] == "NOT_FOUND"
    assert do(running, off, t=training)["accepted"]
    assert do(running, HOLD, t=training, a=[one])["code"] == "TRAINING_CALLED_OFF"
    assert do(running, SCHEDULE, running.there, u="31843")["code"] == "NOT_FOUND"
