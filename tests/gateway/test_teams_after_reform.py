"""Teams after their ground changed, through GraphQL: whose they are, who renews them, what is proposed for them."""

from typing import Any

import pytest

from gateway.viewer import Role
from services.registry.unit import unit_id
from tests.gateway.running import OUTCOME, Running
from tests.gateway.test_commands import SUBMIT
from tests.gateway.test_policies import MEMBERS, draft, plan, publish
from tests.gateway.test_reorganisations import EVE, NEXT_MONTH, THIS_MONTH, merged, reorganise, told

NEW = unit_id("current", "commune", "31999")
LAST_MONTH = "2026-10-31"
SPLIT: tuple[dict[str, Any], ...] = (
    {
        "do": "FOUND",
        "label": "mới",
        "name": "Xã Mới",
        "kind": "Xã",
        "level": "commune",
        "code": "31999",
        "parent": "96",
    },
    {"do": "SPLIT", "unit": "31843", "into": ["mới", "31849"], "seat": "mới"},
)


def moved(hamlet: str, to: str) -> dict[str, Any]:
    return {"do": "TRANSFER", "place": "HAMLET", "unit": hamlet, "to": to}


def renew(running: Running, token: str, team: str, *hamlets: str, **more: Any) -> dict[str, Any]:
    document = f"""mutation($t: ID!, $h: [ID!]!, $c: String, $d: Date!) {{ renewTeam(team: $t, hamlets: $h, commune: $c,
        decisionNo: "7/QĐ", decisionDate: $d) {OUTCOME} }}"""
    outcome = running.do(document, token, t=team, h=list(hamlets), **{"d": "2026-11-10", **more})
    running.settle()
    return outcome


def to_reform(running: Running, token: str, unit: str, day: str = "2026-11-20") -> list[dict[str, Any]]:
    document = """query($u: String!, $d: Date) { teamsToReform(unit: $u, asOf: $d) { nodes {
        team { id } reason proposed { name } dissolveInto { id } takesOver { id } } } }"""
    nodes: list[dict[str, Any]] = running.gateway.data(document, token, u=unit, d=day)["teamsToReform"]["nodes"]
    return nodes


def listed(running: Running, token: str, unit: str, day: str) -> list[str]:
    document = """query($u: String!, $d: Date) { unit(code: $u, asOf: $d) { teams { totalCount nodes { id } } } }"""
    found = running.gateway.data(document, token, u=unit, d=day)["unit"]["teams"]
    assert found["totalCount"] == len(found["nodes"])
    return [node["id"] for node in found["nodes"]]


def lies(running: Running, token: str, team: str) -> str:
    found = running.gateway.data("query($t: ID!) { team(id: $t) { commune { code } } }", token, t=team)
    code: str = found["team"]["commune"]["code"]
    return code


def appoint(running: Running, team: str, role: str = "MEMBER") -> None:
    document = f"""mutation($t: ID!, $r: MemberRole!) {{ appointMember(team: $t, role: $r, organisation: "Xã đoàn",
        appointedOn: "2025-09-01") {OUTCOME} }}"""
    assert running.do(document, running.here, t=team, r=role)["accepted"]


def test_the_officials_of_a_part_see_and_renew_the_teams_whose_hamlets_came_to_it(running: Running) -> None:
    hamlet, team, _ = running.founded()
    assert reorganise(running, running.province, *SPLIT, moved(hamlet, "mới"), on=THIS_MONTH)["accepted"]
    new = running.gateway.token(Role.COMMUNE_OFFICIAL, NEW)
    assert lies(running, new, team) == "31999"
    (found,) = to_reform(running, new, "31999")
    assert (found["team"]["id"], found["reason"]) == (team, "Ấp Nội Ô nay thuộc Xã Mới")
    assert [place["name"] for place in found["proposed"]] == ["Ấp Nội Ô"]
    assert to_reform(running, running.province, "96", LAST_MONTH) == []
    assert renew(running, running.there, team, hamlet)["code"] == "NOT_FOUND", "the other part has none of its hamlets"
    assert renew(running, new, team, hamlet)["accepted"]
    assert to_reform(running, running.province, "96") == []
    assert to_reform(running, running.province, "96", "2026-11-09") == [found], "the day before the decision"
    assert lies(running, new, team) == "31999"
    assert listed(running, running.province, "31843", LAST_MONTH) == [team], "history stays"
    assert listed(running, running.province, "31999", THIS_MONTH) == [team]


@pytest.mark.parametrize("decided", [False, True])
def test_a_team_whose_hamlet_went_to_a_living_commune_is_that_commune_s(running: Running, decided: bool) -> None:
    hamlet, team, _ = running.founded()
    other = running.hamlet(running.here, name="Ấp Khác")["id"]
    running.settle()
    assert renew(running, running.there, team, hamlet, d="2026-10-15")["code"] == "NOT_FOUND"
    assert reorganise(running, running.province, moved(hamlet, "31849"), on=THIS_MONTH)["accepted"]
    assert [node["reason"] for node in to_reform(running, running.there, "31849")] == [
        "Ấp Nội Ô nay thuộc Xã Ninh Quới"
    ]
    assert [node["team"]["id"] for node in to_reform(running, running.here, "31843")] == [team], "it was put there"
    assert renew(running, running.here, team, other)["code"] == "NOT_FOUND", "no longer theirs to decide on"
    if decided:
        document = f"mutation($d: TeamDecisionInput!) {{ decideOnTeams(decision: $d) {OUTCOME} }}"
        decision = {"unit": "31849", "decisionNo": "8/QĐ", "decisionDate": "2026-11-10"}
        told_ = {**decision, "renews": [{"team": team, "hamlets": [hamlet]}]}
        outcome = running.do(document, running.there, d=told_)
        running.settle()
    else:
        outcome = renew(running, running.there, team, hamlet)
    assert outcome["accepted"], outcome
    assert lies(running, running.there, team) == "31849"
    assert lies(running, running.here, team) == "31849", "its past stays to be seen"
    for unit, day, there in (("31843", LAST_MONTH, True), ("31843", THIS_MONTH, False), ("31849", THIS_MONTH, True)):
        assert listed(running, running.province, unit, day) == ([team] if there else [])
    assert to_reform(running, running.province, "96") == []


def test_a_team_is_judged_by_the_plan_of_where_it_lies_on_the_day(running: Running) -> None:
    hamlet, team, _ = running.founded()
    for territory, code, value in (("31843", "HD", 4), ("31849", "NQ", 6)):
        rules = [{**MEMBERS, "value": value}]
        profile = draft(running, running.province, territory, plan=plan(code, rules=rules))
        assert profile["accepted"], profile
        assert publish(running, running.province, profile["id"])["accepted"]
    assert reorganise(running, running.province, moved(hamlet, "31849"), on=THIS_MONTH)["accepted"]
    document = "query($t: ID!, $d: Date) { team(id: $t) { compliance(asOf: $d) { profile { code } rule { value } } } }"

    def judged(day: str) -> list[tuple[str, float]]:
        found = running.gateway.data(document, running.province, t=team, d=day)["team"]["compliance"]
        return [(each["profile"]["code"], each["rule"]["value"]) for each in found]

    assert judged(LAST_MONTH) == [("HD", 4)]
    assert judged(THIS_MONTH) == [("NQ", 6)]
    assert renew(running, running.there, team, hamlet)["accepted"]
    assert (judged(LAST_MONTH), judged("2026-11-20")) == ([("HD", 4)], [("NQ", 6)])


def test_a_team_goes_with_a_hamlet_into_one_of_another_commune_and_is_dissolved_there(running: Running) -> None:
    hamlet, team, _ = running.founded()
    founded = {"do": "FOUND", "place": "HAMLET", "label": "m", "name": "Ấp Thống Nhất", "kind": "Ấp", "to": "31849"}
    merge = {"do": "MERGE", "place": "HAMLET", "units": [hamlet], "to": "m"}
    assert reorganise(running, running.province, founded, merge, on=THIS_MONTH)["accepted"]
    (found,) = to_reform(running, running.there, "31849")
    assert found["reason"] == "Ấp Nội Ô không còn"
    assert [place["name"] for place in found["proposed"]] == ["Ấp Thống Nhất"]
    dissolve = f'mutation($t: ID!) {{ dissolveTeam(team: $t, decisionNo: "9", decisionDate: "2026-11-10") {OUTCOME} }}'
    assert running.do(dissolve, running.here, t=team)["code"] == "NOT_FOUND"
    assert running.do(dissolve, running.there, t=team)["accepted"]
    running.settle()
    assert lies(running, running.there, team) == "31849", "who dissolved it sees it still"
    assert to_reform(running, running.province, "96") == []


def test_of_teams_whose_hamlets_went_into_one_the_larger_is_proposed_to_stay(running: Running) -> None:
    hamlets = [running.hamlet(running.here, name=name)["id"] for name in ("Ấp Nội Ô", "Ấp Ngoại Ô", "Ấp Xa")]
    running.settle()
    small, large = running.team(running.here, hamlets[0])["id"], running.team(running.here, hamlets[1])["id"]
    both = running.team(running.here, hamlets[0], hamlets[2])["id"]
    running.settle()
    for _ in range(2):
        appoint(running, large)
    appoint(running, small)
    assert reorganise(running, running.here, *merged(*hamlets[:2]))["accepted"]
    assert to_reform(running, running.here, "31843", EVE) == []
    found = {node["team"]["id"]: node for node in to_reform(running, running.here, "31843", NEXT_MONTH)}
    names = {team: [place["name"] for place in node["proposed"]] for team, node in found.items()}
    assert names == {large: ["Ấp Thống Nhất"], small: [], both: ["Ấp Xa"]}
    assert found[small]["dissolveInto"] == {"id": large}
    assert (found[large]["dissolveInto"], found[large]["takesOver"]) == (None, [{"id": small}])
    assert found[both]["dissolveInto"] is None, "it goes on with what is its alone"
    assert found[small]["reason"] == "Ấp Nội Ô không còn"


def test_of_two_as_large_the_older_stays_and_one_that_served_the_goal_already_is_among_them(running: Running) -> None:
    goal, gone = (running.hamlet(running.here, name=name)["id"] for name in ("Ấp Nội Ô", "Ấp Ngoại Ô"))
    running.settle()
    document = f"""mutation($h: [ID!]!, $d: Date!) {{ establishTeam(commune: "31843", name: "Tổ", hamlets: $h,
        decisionNo: "1", decisionDate: $d) {OUTCOME} }}"""
    younger = running.do(document, running.here, h=[gone], d="2026-02-01")["id"]
    older = running.do(document, running.here, h=[goal], d="2026-01-01")["id"]
    running.settle()
    merge = {"do": "MERGE", "place": "HAMLET", "units": [gone], "to": goal}
    assert reorganise(running, running.here, merge, on=THIS_MONTH)["accepted"]
    found = {node["team"]["id"]: node for node in to_reform(running, running.here, "31843")}
    assert found[younger]["dissolveInto"] == {"id": older}
    assert found[older]["takesOver"] == [{"id": younger}]
    assert found[older]["reason"] == "Ấp Ngoại Ô đã nhập vào Ấp Nội Ô"
    dissolve = f"""mutation($t: ID!, $s: ID) {{ dissolveTeam(team: $t, decisionNo: "9", decisionDate: "2026-11-10",
        successor: $s) {OUTCOME} }}"""
    refused = running.do(dissolve, running.here, t=younger, s=younger)
    assert (refused["code"], refused["field"]) == ("SUCCESSOR_IS_SELF", "successor")
    assert running.do(dissolve, running.here, t=younger, s=older)["accepted"]
    running.settle()
    assert to_reform(running, running.here, "31843") == [], "nothing is left to decide"


# -- the dry run ------------------------------------------------------------------------------------------------------

PREVIEW = """mutation($on: Date!, $operations: [OperationInput!]!, $no: String, $day: Date, $n: Int, $a: String) {
    previewReorganisation(on: $on, operations: $operations, decisionNo: $no, decisionDate: $day) {
        accepted units hamlets teams { id } members households openCases warnings { code message about }
        memberList(first: $n, after: $a) { totalCount nodes { member team role } pageInfo { hasNextPage endCursor } }
        householdList { totalCount nodes { household hamlet } }
        openCaseList { totalCount nodes { id commune status } }
        targets { rule { indicator value by } profileName units }
        reportsInProgress { unit unitName tier status lastDay rule { section } } } }"""


def preview(running: Running, token: str, *operations: dict[str, Any], **more: Any) -> dict[str, Any]:
    found = running.do(PREVIEW, token, **told(list(operations), **more))
    assert found["accepted"], found
    return found


def test_a_hamlet_that_cedes_a_part_touches_its_teams_and_households_and_asks_for_a_choice(running: Running) -> None:
    hamlet, team, household = running.founded()
    other = running.hamlet(running.here, name="Ấp Khác")["id"]
    running.settle()
    for operation in (
        {"do": "CEDE", "place": "HAMLET", "unit": hamlet, "to": other},
        {"do": "SPLIT", "place": "HAMLET", "unit": hamlet, "into": [other]},
    ):
        seen = preview(running, running.here, operation)
        assert [one["id"] for one in seen["teams"]] == [team]
        assert seen["householdList"]["nodes"] == [{"household": household, "hamlet": hamlet}]
        warned = [(warning["code"], warning["about"]) for warning in seen["warnings"]]
        assert warned == [("CHOICE_NEEDED", hamlet), ("WEIGHT_NOT_STATED", hamlet)]
        assert seen["warnings"][0]["message"].startswith("Ấp Nội Ô bị chia")


def test_a_new_name_touches_what_bears_it(running: Running) -> None:
    hamlet, team, _ = running.founded()
    named = {"do": "RENAME", "place": "HAMLET", "unit": hamlet, "name": "Khóm 1", "kind": "Khóm"}
    seen = preview(running, running.here, named)
    assert (seen["hamlets"], seen["households"], [one["id"] for one in seen["teams"]]) == (1, 1, [team])
    unit = {"do": "RENAME", "unit": "31843", "name": "Phường Hồng Dân", "kind": "Phường"}
    seen = preview(running, running.province, unit)
    assert (seen["units"], seen["hamlets"], [one["id"] for one in seen["teams"]]) == (1, 1, [team])
    assert seen["warnings"] == []


def test_what_is_touched_is_listed_in_pages_and_only_what_the_viewer_may_see(running: Running) -> None:
    hamlet, team, _ = running.founded()
    for role in ("LEADER", "MEMBER", "MEMBER"):
        appoint(running, team, role)
    running.settle()
    move = moved(hamlet, "31849")
    first = preview(running, running.province, move, n=2)
    page = first["memberList"]
    assert (first["members"], page["totalCount"], len(page["nodes"])) == (3, 3, 2)
    rest = preview(running, running.province, move, n=2, a=page["pageInfo"]["endCursor"])["memberList"]
    assert not rest["pageInfo"]["hasNextPage"]
    listed_ = [*page["nodes"], *rest["nodes"]]
    assert len({one["member"] for one in listed_}) == 3
    assert {one["team"] for one in listed_} == {team}


def test_open_cases_targets_and_rosters_in_progress_are_listed(running: Running) -> None:
    running.founded()
    case = running.do(SUBMIT, running.here, c="31843", text="Chưa đăng nhập được")
    assert case["accepted"], case
    target = {
        "kind": "target",
        "indicator": "HH-02",
        "comparator": ">=",
        "value": 80,
        "by": "2026-12-31",
        "section": "II",
    }
    roster = {
        "kind": "due",
        "what": "roster",
        "cadence": "once",
        "tier": "commune",
        "on": "2026-12-15",
        "section": "IV",
    }
    profile = draft(running, running.province, "96", plan=plan(rules=[target, {**roster, "inclusive": True}]))
    assert profile["accepted"], profile
    assert publish(running, running.province, profile["id"])["accepted"]
    running.settle()
    merger = {"do": "MERGE", "units": ["31843"], "to": "31849"}
    seen = preview(running, running.province, merger)
    (open_case,) = seen["openCaseList"]["nodes"]
    assert (seen["openCases"], open_case["id"], open_case["status"]) == (1, case["id"], "received")
    (found,) = seen["targets"]
    assert found["rule"] == {"indicator": "HH-02", "value": 80.0, "by": "2026-12-31"}
    assert (found["profileName"], len(found["units"])) == ("Kế hoạch thử", 1)
    (due,) = seen["reportsInProgress"]
    assert (due["unitName"], due["tier"], due["status"], due["lastDay"]) == (
        "Xã Hồng Dân",
        "COMMUNE",
        "DUE",
        "2026-12-15",
    )
