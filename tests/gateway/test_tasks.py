"""Tasks through GraphQL: given by those who hold the authority, reported on by those who have them, overdue in time."""

from typing import Any
from uuid import UUID, uuid4

from gateway.viewer import Role
from tests.gateway.running import HERE, OUTCOME, Running

ISSUE = f"""mutation($g: String!, $k: TaskAssignee!, $a: String!, $c: String!, $d: Date) {{ issueTask(
    authority: $g, issuer: "Phòng Văn hóa - Xã hội", assignee: $k, about: $a, content: $c, owner: "Tổ công nghệ số",
    paperNo: "9/KH", issuedOn: "2026-10-01", dueOn: $d) {OUTCOME} }}"""
START = f'mutation($t: ID!) {{ startTask(task: $t, startedOn: "2026-10-05") {OUTCOME} }}'
FINISH = f"""mutation($t: ID!) {{ finishTask(
    task: $t, doneOn: "2026-11-19", evidence: "Đã cài cho 30 hộ", figure: 30) {OUTCOME} }}"""
CALL_OFF = f'mutation($t: ID!) {{ callOffTask(task: $t, calledOffOn: "2026-11-19") {OUTCOME} }}'
READ = """query($u: String, $t: ID, $s: TaskStatus, $o: Boolean, $n: Int, $a: String) {
    assignedTasks(unit: $u, team: $t, status: $s, overdue: $o, first: $n, after: $a) {
    totalCount pageInfo { hasNextPage endCursor } nodes { id content status overdue dueOn evidence figure owner
    unit { code } team { id } authority { code } } } }"""


def issue(running: Running, token: str, about: str, content: str = "Cài VNeID", **more: Any) -> dict[str, Any]:
    kind = "UNIT" if len(about) < 6 else "TEAM"
    outcome = running.do(ISSUE, token, "", **{"g": "31843", "k": kind, "a": about, "c": content, **more})
    running.settle()
    return outcome


def listed(running: Running, token: str, **asked: Any) -> list[str]:
    found = running.gateway.data(READ, token, "", **asked)["assignedTasks"]
    assert found["totalCount"] == len(found["nodes"])
    return [node["content"] for node in found["nodes"]]


def leader(running: Running, team: str) -> str:
    return running.gateway.token(Role.TEAM_LEADER, HERE, served=(UUID(team),))


def test_a_leader_reports_on_the_own_team_s_task_and_on_no_other(running: Running) -> None:
    _, team, _ = running.founded()
    task = issue(running, running.here, team, d="2026-11-30")
    assert task["accepted"], task
    of_commune = issue(running, running.here, "31843", "Lập kế hoạch")
    assert of_commune["accepted"], of_commune
    mine, stranger = leader(running, team), leader(running, str(uuid4()))
    assert listed(running, mine, t=team) == listed(running, mine, u="31843") == ["Cài VNeID"]
    assert listed(running, stranger, t=team) == listed(running, running.there, t=team) == []
    assert running.do(START, stranger, t=task["id"])["code"] == "NOT_FOUND"
    assert running.do(START, mine, t=of_commune["id"])["code"] == "NOT_FOUND", "the commune's own"
    assert running.do(START, running.member(team), t=task["id"])["code"] == "FORBIDDEN"
    assert running.do(CALL_OFF, mine, t=task["id"])["code"] == "FORBIDDEN"
    assert running.do(START, mine, t=task["id"])["accepted"]
    assert running.do(FINISH, mine, t=task["id"])["accepted"]
    running.settle()
    (found,) = running.gateway.data(READ, running.here, t=team)["assignedTasks"]["nodes"]
    assert found == {
        "id": task["id"],
        "content": "Cài VNeID",
        "status": "DONE",
        "overdue": False,
        "dueOn": "2026-11-30",
        "evidence": "Đã cài cho 30 hộ",
        "figure": 30,
        "owner": "Tổ công nghệ số",
        "unit": None,
        "team": {"id": team},
        "authority": {"code": "31843"},
    }
    assert listed(running, running.here, u="31843", s="DONE") == ["Cài VNeID"]
    assert listed(running, running.here, u="31843", s="ISSUED") == ["Lập kế hoạch"]


def test_a_task_is_overdue_the_day_after_its_last_one_in_vietnam(running: Running) -> None:
    # It is 20 November in Vietnam.
    yesterday = issue(running, running.here, "31843", "Hôm qua", d="2026-11-19")
    for content, due in (("Không nêu hạn", None), ("Hôm nay", "2026-11-20")):
        assert issue(running, running.here, "31843", content, d=due)["accepted"]
    assert listed(running, running.here, u="31843") == ["Hôm qua", "Hôm nay", "Không nêu hạn"]
    assert listed(running, running.here, u="31843", o=True) == ["Hôm qua"]
    assert listed(running, running.here, u="31843", o=False) == ["Hôm nay", "Không nêu hạn"]
    first = running.gateway.data(READ, running.province, u="96", n=1)["assignedTasks"]
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (3, True)
    assert first["nodes"][0]["overdue"]
    rest = running.gateway.data(READ, running.province, u="96", a=first["pageInfo"]["endCursor"])["assignedTasks"]
    assert [(node["content"], node["dueOn"]) for node in rest["nodes"]] == [
        ("Hôm nay", "2026-11-20"),
        ("Không nêu hạn", None),
    ]
    assert running.do(FINISH, running.here, t=yesterday["id"])["accepted"]
    running.settle()
    assert listed(running, running.here, u="31843", o=True) == []


def test_tasks_come_from_what_is_held_to_what_lies_within(running: Running) -> None:
    assert issue(running, running.here, "31849")["code"] == "NOT_FOUND"
    assert issue(running, running.here, "31843", g="96")["code"] == "NOT_FOUND", "not the province's official"
    outside = issue(running, running.province, "31849", g="31843")
    assert (outside["code"], outside["field"]) == ("OUTSIDE_TERRITORY", "about")
    from_above = issue(running, running.province, "31843", g="96")
    assert from_above["accepted"], from_above
    assert running.do(CALL_OFF, running.here, t=from_above["id"])["code"] == "NOT_FOUND", "who gave it calls it off"
    assert running.do(FINISH, running.there, t=from_above["id"])["code"] == "NOT_FOUND"
    assert running.do(CALL_OFF, running.province, t=from_above["id"])["accepted"]
    running.settle()
    assert listed(running, running.here, u="31843", s="CALLED_OFF") == ["Cài VNeID"]
    assert listed(running, running.there, u="96") == []


def test_one_asks_for_a_unit_or_a_team_and_with_a_token(running: Running) -> None:
    assert running.gateway.code(READ, None, u="96") == "UNAUTHENTICATED"
    assert running.gateway.code(READ, running.here) == "INVALID_INPUT"
    handler = running.gateway.token(Role.BODY_HANDLER, HERE, body="POLICE")
    assert listed(running, handler, u="31843") == []
