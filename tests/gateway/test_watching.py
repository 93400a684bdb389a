"""Overlaps of partners' staff, vacancies and skills through GraphQL, each with the rule that asks for it."""

from typing import Any

from gateway.viewer import Role
from tests.gateway.running import HERE, OUTCOME, THERE, Running
from tests.gateway.test_learning import do
from tests.gateway.test_policies import appoint, draft, plan, publish

OVERLAP = {"kind": "overlap", "severity": "warn", "section": "III.5"}
LEAST = {"kind": "quantity", "measure": "members", "level": "hamlet", "comparator": ">=", "value": 4, "section": "1b"}
LEADER = {"kind": "office", "role": "leader", "level": "hamlet", "heldBy": "hamlet_head", "section": "II.3a"}
DEPUTY = {"kind": "office", "role": "deputy", "level": "hamlet", "heldBy": "youth_union", "section": "II.3b"}
SKILLED = {
    "kind": "target",
    "indicator": "TRN-02",
    "comparator": ">=",
    "value": 100,
    "by": "2030-12-31",
    "section": "II.2a",
}
MEMBERS = """query($u: String!, $d: Date) { sharedMembers(unit: $u, asOf: $d) { nodes {
    member organisations places teams { id } reason rule { section } profile { code } } } }"""
HAMLETS = """query($u: String!, $d: Date) { sharedHamlets(unit: $u, asOf: $d) { nodes {
    hamlet { id } organisationKinds firms teams { id } reason rule { section } } } }"""
VACANT = """query($u: String!, $d: Date, $k: VacancyKind, $n: Int, $a: String) {
    vacancies(unit: $u, asOf: $d, kind: $k, first: $n, after: $a) {
    nodes { team { id } vacancies { kind missing member termTo reason rule { section } profile { code } } }
    pageInfo { hasNextPage endCursor } } }"""
SKILLS = """query($u: String!, $d: Date) { skillFigures(unit: $u, asOf: $d) { members assessed basic advanced mastering
    confirmed masteringRate confirmedRate target { value section by } } }"""
APPOINT = f"""mutation($t: ID!, $o: String!, $k: String, $d: Date!, $m: ID, $to: Date) {{ appointMember(team: $t,
    role: MEMBER, organisation: $o, organisationKind: $k, appointedOn: $d, member: $m, termTo: $to) {OUTCOME} }}"""
DISSOLVE = (
    f"""mutation($t: ID!) {{ dissolveTeam(team: $t, decisionNo: "9/QĐ", decisionDate: "2026-06-01") {OUTCOME} }}"""
)


def in_force(running: Running, *rules: dict[str, Any]) -> None:
    profile = draft(running, running.province, plan=plan(rules=list(rules)))["id"]
    assert publish(running, running.province, profile)["accepted"]


def staff(running: Running, team: str, firm: str, kind: str | None = "post_telecom", **more: Any) -> str:
    token = more.pop("token", running.here)
    outcome = do(running, APPOINT, token, **{"t": team, "o": firm, "k": kind, "d": "2026-03-01", **more})
    assert outcome["accepted"], outcome
    found: str = outcome["id"]
    return found


def listed(running: Running, document: str, token: str | None = None, **told: Any) -> list[dict[str, Any]]:
    running.settle()
    data = running.gateway.data(document, token or running.province, **{"u": "96", **told})
    found: list[dict[str, Any]] = next(iter(data.values()))["nodes"]
    return found


def two_teams(running: Running) -> tuple[str, str, str, str]:
    """A hamlet with a team in each of two communes: hamlet, team, hamlet, team."""
    here, there = running.hamlet(running.here)["id"], running.hamlet(running.there, THERE, name="Ấp Một")["id"]
    mine = running.team(running.here, here)["id"]
    theirs = running.team(running.there, there, commune=THERE)["id"]
    running.settle()
    return here, mine, there, theirs


# -- overlaps ---------------------------------------------------------------------------------------------------------


def test_a_partner_s_person_in_two_teams_is_listed_with_the_rule_against_it(running: Running) -> None:
    _, mine, _, theirs = two_teams(running)
    person = staff(running, mine, "VNPT Cà Mau")
    staff(running, theirs, "VNPT Cà Mau", m=person, d="2026-04-01", token=running.there)
    villager = staff(running, mine, "Hội Nông dân", "farmers_union")
    staff(running, theirs, "Hội Nông dân", "farmers_union", m=villager, token=running.there)
    staff(running, mine, "Viettel Cà Mau", "bank")
    assert listed(running, MEMBERS) == [], "no plan, no demand"
    in_force(running, OVERLAP)
    (found,) = listed(running, MEMBERS)
    assert {team["id"] for team in found.pop("teams")} == {mine, theirs}
    assert found == {
        "member": person,
        "organisations": ["VNPT Cà Mau"],
        "places": 2,
        "reason": "người của VNPT Cà Mau ở 2 Tổ",
        "rule": {"section": "III.5"},
        "profile": {"code": "CM-TEST"},
    }
    (mine_only,) = listed(running, MEMBERS, running.here)
    assert (mine_only["places"], mine_only["teams"]) == (2, [{"id": mine}]), "elsewhere is counted and not named"
    assert listed(running, MEMBERS, d="2026-03-31") == []
    assert listed(running, MEMBERS, running.gateway.token(Role.BODY_HANDLER, HERE, body="POLICE")) == []
    assert do(running, DISSOLVE, running.there, t=theirs)["accepted"]
    assert listed(running, MEMBERS) == [], "who was in a team that is dissolved is in one"
    assert len(listed(running, MEMBERS, d="2026-05-31")) == 1


def test_two_firms_of_one_kind_in_one_hamlet_are_listed(running: Running) -> None:
    hamlet, mine, _, theirs = two_teams(running)
    second = running.team(running.here, hamlet)["id"]
    in_force(running, OVERLAP)
    running.settle()
    staff(running, mine, "VNPT Cà Mau")
    staff(running, mine, "vnpt cà mau")
    staff(running, mine, "Ngân hàng A", "bank")
    staff(running, theirs, "Viettel Cà Mau", token=running.there)
    assert listed(running, HAMLETS) == [], "one firm, however written; a bank beside it; another hamlet"
    staff(running, second, "Viettel Cà Mau", d="2026-04-01")
    (found,) = listed(running, HAMLETS)
    assert {team["id"] for team in found.pop("teams")} == {mine, second}
    firms = found.pop("firms")
    assert (len(firms), firms[0]) == (2, "Viettel Cà Mau")
    assert found.pop("reason").startswith("2 đơn vị cùng cử người: Viettel Cà Mau, ")
    assert found == {"hamlet": {"id": hamlet}, "organisationKinds": ["post_telecom"], "rule": {"section": "III.5"}}
    assert listed(running, HAMLETS, d="2026-03-31") == []
    assert listed(running, HAMLETS, running.there) == []
    staff(running, second, "Ngân hàng B", "bank")
    (both,) = listed(running, HAMLETS)
    assert both["organisationKinds"] == ["bank", "post_telecom"]


# -- vacancies --------------------------------------------------------------------------------------------------------


def test_what_stands_empty_is_listed_with_the_rule_that_asks_for_it(running: Running) -> None:
    _, mine, _, theirs = two_teams(running)
    in_force(running, LEAST, LEADER, DEPUTY)
    appoint(running, mine, "LEADER", "hamlet_head", d="2026-03-01")
    appoint(running, mine, "DEPUTY", "youth_union", d="2026-03-01")
    staff(running, mine, "Hội Phụ nữ", "women_union")
    found = {row["team"]["id"]: row["vacancies"] for row in listed(running, VACANT)}
    cited = {"member": None, "termTo": None, "profile": {"code": "CM-TEST"}}
    assert found[mine] == [
        {
            "kind": "TOO_FEW_MEMBERS",
            "missing": 1,
            "reason": "Tổ có 3 thành viên, phải có ít nhất 4",
            "rule": {"section": "1b"},
            **cited,
        }
    ]
    kinds = {each["kind"]: (each["missing"], each["rule"]) for each in found[theirs]}
    assert kinds == {
        "TOO_FEW_MEMBERS": (4, {"section": "1b"}),
        "NO_LEADER": (1, {"section": "II.3a"}),
        "NO_DEPUTY": (1, {"section": "II.3b"}),
    }
    assert [row["team"]["id"] for row in listed(running, VACANT, k="NO_LEADER")] == [theirs]
    staff(running, mine, "Công an", "police", d="2026-05-01")
    assert [row["team"]["id"] for row in listed(running, VACANT)] == [theirs]
    assert len(listed(running, VACANT, d="2026-04-30")) == 2
    assert listed(running, VACANT, running.here) == []
    assert do(running, DISSOLVE, running.there, t=theirs)["accepted"]
    assert listed(running, VACANT) == [], "a team that is dissolved lacks nobody"


def test_a_leader_is_missing_whatever_the_plan_says_and_a_deputy_only_where_it_asks(running: Running) -> None:
    _, mine, _, _ = two_teams(running)
    found = {row["team"]["id"]: row["vacancies"] for row in listed(running, VACANT)}
    none = {"missing": 1, "member": None, "termTo": None, "rule": None, "profile": None}
    assert found[mine] == [{"kind": "NO_LEADER", "reason": "Tổ chưa có Tổ trưởng", **none}]


def test_a_term_has_run_out_on_the_day_after_its_last(running: Running) -> None:
    _, mine, _, _ = two_teams(running)
    appoint(running, mine, "LEADER", None, d="2026-03-01")
    person = staff(running, mine, "Hội Phụ nữ", to="2026-08-31")
    assert listed(running, VACANT, running.here, d="2026-08-31") == []
    ((found,),) = [row["vacancies"] for row in listed(running, VACANT, running.here, d="2026-09-01")]
    assert (found["kind"], found["member"], found["termTo"]) == ("TERM_OVER", person, "2026-08-31")
    assert (found["missing"], found["reason"]) == (None, "nhiệm kỳ hết ngày 31/08/2026")
    gone = (
        f'mutation($t: ID!, $m: ID!) {{ standDownMember(team: $t, member: $m, stoodDownOn: "2026-10-01") {OUTCOME} }}'
    )
    assert do(running, gone, t=mine, m=person)["accepted"]
    assert listed(running, VACANT, running.here) == []
    assert len(listed(running, VACANT, running.here, d="2026-09-30")) == 1


def test_vacancies_come_in_pages(running: Running) -> None:
    two_teams(running)
    running.settle()
    first = running.gateway.data(VACANT, running.province, u="96", n=1)["vacancies"]
    assert first["pageInfo"]["hasNextPage"]
    rest = running.gateway.data(VACANT, running.province, u="96", n=1, a=first["pageInfo"]["endCursor"])["vacancies"]
    assert not rest["pageInfo"]["hasNextPage"]
    assert first["nodes"][0]["team"] != rest["nodes"][0]["team"]


# -- skills -----------------------------------------------------------------------------------------------------------


def assess(running: Running, member: str, skill: str, day: str) -> None:
    document = f"""mutation($m: ID!, $s: String!, $d: Date!) {{ assessMemberSkill(member: $m, skill: $s,
        assessor: "Phòng VH-XH", assessedOn: $d) {OUTCOME} }}"""
    assert do(running, document, m=member, s=skill, d=day)["accepted"]


def figures(running: Running, day: str, token: str | None = None) -> dict[str, Any]:
    running.settle()
    found: dict[str, Any] = running.gateway.data(SKILLS, token or running.province, u="96", d=day)["skillFigures"]
    return found


def test_skills_are_figured_by_unit_and_day_each_member_once(running: Running) -> None:
    hamlet, mine, _, theirs = two_teams(running)
    second = running.team(running.here, hamlet)["id"]
    in_force(running, SKILLED)
    running.settle()
    one, two = staff(running, mine, "A", None), staff(running, mine, "A", None)
    staff(running, second, "A", None, m=one)
    staff(running, theirs, "A", None, token=running.there)
    assess(running, one, "basic", "2026-04-01")
    assess(running, two, "none", "2026-05-01")
    assess(running, one, "advanced", "2026-06-01")
    confirm = f"""mutation($m: ID!) {{ confirmMemberSkill(member: $m, assessedOn: "2026-06-01", office: "UBND xã",
        confirmedOn: "2026-06-15") {OUTCOME} }}"""
    assert do(running, confirm, running.there, m=one)["code"] == "NOT_FOUND"
    assert do(running, confirm, m=two)["code"] == "ASSESSMENT_CHANGED"
    assert do(running, confirm, m=one)["accepted"]
    whole = figures(running, "2026-06-15")
    assert whole == {
        "members": 3,
        "assessed": 2,
        "basic": 0,
        "advanced": 1,
        "mastering": 1,
        "confirmed": 1,
        "masteringRate": "33.3",
        "confirmedRate": "33.3",
        "target": {"value": 100, "section": "II.2a", "by": "2030-12-31"},
    }
    assert figures(running, "2026-06-14") == {**whole, "confirmed": 0, "confirmedRate": "0.0"}
    april = figures(running, "2026-04-30")
    assert (april["assessed"], april["basic"], april["advanced"]) == (1, 1, 0)
    assert (figures(running, "2026-06-15", running.there)["members"], figures(running, "2025-08-01")["members"]) == (
        1,
        0,
    )
    assert figures(running, "2025-08-01")["masteringRate"] is None, "nobody is no rate"
    asked = """query($t: ID!) { team(id: $t) { members { nodes { id skill skillConfirmedOn
        before: skillConfirmedOn(asOf: "2026-06-14") } } } }"""
    nodes = running.gateway.data(asked, running.here, t=mine)["team"]["members"]["nodes"]
    assert {"id": one, "skill": "advanced", "skillConfirmedOn": "2026-06-15", "before": None} in nodes
    assert {"id": two, "skill": "none", "skillConfirmedOn": None, "before": None} in nodes
