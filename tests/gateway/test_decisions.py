"""One decision on many teams through GraphQL, and on paper."""

from typing import Any
from uuid import uuid4

from tests.gateway.pages.browsing import Reader
from tests.gateway.running import OUTCOME, Running

DECIDE = f"""mutation($d: TeamDecisionInput!, $k: ID) {{ decideOnTeams(decision: $d, commandId: $k) {OUTCOME} }}"""
READ = """query($i: ID!) { teamDecision(id: $i) { decisionNo decisionDate signer unit { code }
    acts { act standsDown team { id name members { totalCount } } appoints { member role organisation } } } }"""
SIGNER = "Chủ tịch Ủy ban nhân dân xã"


def plan(running: Running, *names: str, **told: Any) -> dict[str, Any]:
    """A decision that establishes a team of two for each name, in a hamlet of its own."""
    hamlets = {name: running.hamlet(running.here, name=f"Ấp {name}")["id"] for name in names}
    listed = [{"role": "LEADER", "organisation": "Trưởng ấp"}, {"role": "MEMBER", "organisation": "Xã đoàn"}]
    teams = [{"name": f"Tổ ấp {name}", "hamlets": [hamlets[name]], "appoints": listed} for name in names]
    decided = {"unit": "31843", "decisionNo": "15/QĐ-UBND", "decisionDate": "2026-11-02", "signer": SIGNER}
    return {**decided, "establishes": teams, **told}


def issued(running: Running, **told: Any) -> str:
    outcome = running.do(DECIDE, running.here, d=plan(running, "Một", "Hai", **told))
    assert outcome["accepted"], outcome
    running.settle()
    return str(outcome["id"])


def test_one_decision_establishes_two_teams_with_their_people(running: Running) -> None:
    told, key = plan(running, "Một", "Hai"), str(uuid4())
    outcome = running.do(DECIDE, running.here, d=told, k=key)
    assert outcome["accepted"], outcome
    found = running.gateway.data(READ, running.here, outcome["token"], i=outcome["id"])["teamDecision"]
    running.settle()
    assert (found["decisionNo"], found["signer"], found["unit"]) == ("15/QĐ-UBND", SIGNER, {"code": "31843"})
    assert [(act["act"], [m["role"] for m in act["appoints"]]) for act in found["acts"]] == [
        ("establish", ["leader", "member"])
    ] * 2
    teams = [act["team"] for act in running.gateway.data(READ, running.here, i=outcome["id"])["teamDecision"]["acts"]]
    assert [(team["name"], team["members"]["totalCount"]) for team in teams] == [("Tổ ấp Một", 2), ("Tổ ấp Hai", 2)]
    assert running.do(DECIDE, running.here, d=told, k=key) == outcome
    assert running.do(DECIDE, running.here, d=told)["code"] == "DECISION_EXISTS"
    listed = "{ teamDecisions { totalCount nodes { id } } }"
    assert running.gateway.data(listed, running.here)["teamDecisions"]["nodes"] == [{"id": outcome["id"]}]
    assert running.gateway.data(listed, running.there)["teamDecisions"]["totalCount"] == 0


def test_one_bad_team_leaves_all_unfounded(running: Running) -> None:
    told = plan(running, "Một", "Hai")
    told["establishes"][1]["appoints"] = [{"role": "LEADER", "organisation": "x"}] * 2
    refused = running.do(DECIDE, running.here, d=told)
    assert (refused["accepted"], refused["code"]) == (False, "LEADER_TAKEN")
    running.settle()
    assert running.gateway.data("{ teams { totalCount } }", running.here)["teams"]["totalCount"] == 0


def test_a_later_decision_renews_and_launches_only_teams_the_viewer_holds(running: Running) -> None:
    decision = issued(running)
    acts = running.gateway.data(READ, running.here, i=decision)["teamDecision"]["acts"]
    one, two = (act["team"]["id"] for act in acts)
    leader = acts[0]["appoints"][0]["member"]
    later = {"unit": "31843", "decisionNo": "20/QĐ-UBND", "decisionDate": "2026-11-10"}
    hamlets = [running.hamlet(running.here, name="Ấp Ba")["id"]]
    renewal: dict[str, Any] = {"team": one, "hamlets": hamlets, "standsDown": [leader]}
    renewal["appoints"] = [{"role": "LEADER", "organisation": "Hội Phụ nữ"}]
    told = {**later, "renews": [renewal], "launches": [{"team": one}, {"team": two, "launchedOn": "2026-11-05"}]}
    assert running.do(DECIDE, running.there, d=told)["code"] == "NOT_FOUND"
    assert running.do(DECIDE, running.there, d={**told, "unit": "31849"})["code"] == "NOT_FOUND"
    assert running.do(DECIDE, running.member(one), d=told)["code"] == "FORBIDDEN"
    assert running.do(DECIDE, running.here, d=told)["accepted"]
    running.settle()
    fields = "launchedOn decisions { kind decisionNo } members { nodes { role organisation } }"
    found = running.gateway.data(f"query($t: ID!) {{ team(id: $t) {{ {fields} }} }}", running.here, t=one)["team"]
    assert found["launchedOn"] == "2026-11-10"
    assert [each["decisionNo"] for each in found["decisions"]] == ["15/QĐ-UBND", "20/QĐ-UBND"]
    organisations = {node["role"]: node["organisation"] for node in found["members"]["nodes"]}
    assert organisations == {"member": "Xã đoàn", "leader": "Hội Phụ nữ"}


# -- on paper ---------------------------------------------------------------------------------------------------------


def sheet(running: Running, path: str, token: str, body: Any = None) -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    client = running.gateway.client
    return client.get(path, headers=headers) if body is None else client.post(path, json=body, headers=headers)


def enums_as_data(told: dict[str, Any], *names: str) -> dict[str, Any]:
    """The plan as JSON, the people on its first list called so."""
    teams = [
        {**team, "appoints": [{**listed, "role": listed["role"].lower()} for listed in team["appoints"]]}
        for team in told["establishes"]
    ]
    for listed, name in zip(teams[0]["appoints"], names, strict=False):
        listed["fullName"] = name
    return {**told, "establishes": teams}


def test_a_draft_is_printed_by_the_rules_with_its_list_and_blanks_for_the_clerk(running: Running) -> None:
    told = enums_as_data(plan(running, "Một", "Hai"), "Nguyễn Văn <Ví Dụ>")
    del told["decisionNo"], told["decisionDate"]
    running.settle()
    answer = sheet(running, "/decisions/draft", running.here, told)
    assert answer.status_code == 200, answer.text
    text = " ".join(Reader(answer.text).text)
    for part in (
        "DỰ THẢO",
        "ỦY BAN NHÂN DÂN XÃ HỒNG DÂN",
        "Số: ……/QĐ-UBND",
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "Hồng Dân, ngày …… tháng",
        "QUYẾT ĐỊNH Về việc thành lập Tổ công nghệ số cộng đồng",
        "Thành lập 2 Tổ công nghệ số cộng đồng",
        "Nơi nhận:",
        "Lưu: VT.",
        "DANH SÁCH",
        "Phụ trách: Ấp Một.",
        "Nguyễn Văn <Ví Dụ>",
    ):
        assert part in text, part
    assert "&lt;Ví Dụ&gt;" in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "style-src 'self'" in answer.headers["content-security-policy"]
    style = running.gateway.client.get(Reader(answer.text).all("link")[1]["href"]).text  # type: ignore[arg-type]
    assert "margin:20mm 15mm 20mm 30mm" in style and '"Times New Roman"' in style
    assert running.gateway.data("{ teams { totalCount } }", running.here)["teams"]["totalCount"] == 0


def test_what_was_issued_is_printed_with_number_and_day_and_no_mark_of_a_draft(running: Running) -> None:
    answer = sheet(running, f"/decisions/{issued(running)}", running.here)
    text = " ".join(Reader(answer.text).text)
    assert "DỰ THẢO" not in text
    assert "Số: 15/QĐ-UBND" in text
    assert "Hồng Dân, ngày 02 tháng 11 năm 2026" in text
    assert "(Kèm theo Quyết định số 15/QĐ-UBND ngày 02/11/2026" in text
    assert text.count("Tổ trưởng") == 2


def test_nobody_else_prints_and_a_plan_that_is_none_is_told(running: Running) -> None:
    decision, told = issued(running), enums_as_data(plan(running, "Ba"))
    running.settle()
    assert running.gateway.client.get(f"/decisions/{decision}").status_code == 401
    assert sheet(running, f"/decisions/{decision}", running.there).status_code == 404
    assert sheet(running, f"/decisions/{decision}", running.member(str(uuid4()))).status_code == 403
    assert sheet(running, "/decisions/draft", running.there, told).status_code == 404
    assert sheet(running, "/decisions/draft", running.here, {**told, "unit": str(uuid4())}).status_code == 404
    secret = sheet(running, "/decisions/draft", running.here, {**told, "signer": "Bí mật " * 100})
    assert secret.status_code == 400
    assert "signer" in secret.text and "Bí mật" not in secret.text
