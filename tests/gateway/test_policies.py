"""Plans through GraphQL: drafted, published and superseded, seen by whom they bind, asked as of any day."""

from typing import Any

from gateway.viewer import Role
from tests.gateway.running import HERE, OUTCOME, THERE, Running

MEMBERS = {
    "kind": "quantity",
    "measure": "members",
    "level": "hamlet",
    "comparator": ">=",
    "value": 4,
    "severity": "block",
    "section": "III.1b",
}
REPORT = {
    "kind": "due",
    "what": "report",
    "cadence": "quarter",
    "tier": "team",
    "to": "commune",
    "day": 16,
    "inclusive": False,
    "section": "III.3c",
}
LAUNCHED_IN_AUGUST = {
    "kind": "due",
    "what": "launch",
    "cadence": "once",
    "tier": "hamlet",
    "on": "2026-08-31",
    "inclusive": True,
    "section": "III.3",
}
LAUNCH = f"mutation($t: ID!, $d: Date!) {{ launchTeam(team: $t, launchedOn: $d) {OUTCOME} }}"
IN_FORCE = """query($u: String!, $d: Date) { policyInForce(unit: $u, asOf: $d) {
    code status document validFrom lastDay territory { code } tiers teamLevels
    rules { kind measure level comparator value severity document section what day inclusive }
} }"""


def plan(code: str = "CM-TEST", **more: Any) -> dict[str, Any]:
    told = {
        "code": code,
        "name": "Kế hoạch thử",
        "issuer": "Ủy ban nhân dân tỉnh Cà Mau",
        "document": "20/KH-UBND",
        "issuedOn": "2026-01-16",
        "validFrom": "2026-01-16",
        "tiers": ["team", "commune", "province"],
        "teamLevels": ["hamlet"],
        "rules": [MEMBERS],
    }
    return {**told, **more}


def draft(running: Running, token: str, territory: str = "96", **more: Any) -> dict[str, Any]:
    document = f"""mutation($t: String!, $p: PlanInput!, $i: ID) {{
        draftPolicyProfile(territory: $t, plan: $p, profile: $i) {OUTCOME} }}"""
    return running.do(document, token, t=territory, p=more.pop("plan", plan()), **more)


def publish(running: Running, token: str, profile: str, **more: Any) -> dict[str, Any]:
    document = f"""mutation($i: ID!, $d: String, $o: Date) {{
        publishPolicyProfile(profile: $i, document: $d, issuedOn: $o) {OUTCOME} }}"""
    running.settle()
    return running.do(document, token, i=profile, **more)


def in_force(running: Running, unit: str, day: str | None = None) -> list[dict[str, Any]]:
    running.settle()
    found: list[dict[str, Any]] = running.gateway.data(IN_FORCE, running.here, u=unit, d=day)["policyInForce"]
    return found


def test_a_published_plan_holds_for_its_territory_and_all_below_from_its_first_day(running: Running) -> None:
    profile = draft(running, running.province)
    assert profile["accepted"], profile
    assert in_force(running, "31843") == [], "a draft judges nothing"
    assert publish(running, running.province, profile["id"])["accepted"]
    (found,) = in_force(running, "31843")
    assert found["territory"] == {"code": "96"}
    assert (found["code"], found["document"], found["status"]) == ("CM-TEST", "20/KH-UBND", "PUBLISHED")
    assert (found["tiers"], found["teamLevels"]) == (["team", "commune", "province"], ["hamlet"])
    (rule,) = found["rules"]
    assert (rule["measure"], rule["comparator"], rule["value"], rule["severity"]) == ("members", ">=", 4.0, "block")
    assert (rule["document"], rule["section"]) == ("20/KH-UBND", "III.1b")
    assert (rule["what"], rule["day"]) == (None, None), "what a plan does not state is null"
    assert in_force(running, "96", "2026-01-15") == []
    assert len(in_force(running, "96", "2026-01-16")) == 1


def test_the_next_plan_holds_from_tomorrow_and_what_was_stays_as_it_was(running: Running) -> None:
    old = draft(running, running.province)["id"]
    assert publish(running, running.province, old)["accepted"]
    stricter = plan("CM-NEXT", validFrom="2026-11-21", rules=[{**MEMBERS, "value": 5}])
    new = draft(running, running.province, plan=stricter)["id"]
    assert publish(running, running.province, new)["accepted"]
    today, tomorrow = in_force(running, "31843", "2026-11-20"), in_force(running, "31843", "2026-11-21")
    assert [(p["code"], p["lastDay"], p["rules"][0]["value"]) for p in today] == [("CM-TEST", "2026-11-20", 4.0)]
    assert [(p["code"], p["rules"][0]["value"]) for p in tomorrow] == [("CM-NEXT", 5.0)]
    asked = "query($i: ID!) { policyProfile(id: $i) { supersededBy { code } } }"
    found = running.gateway.data(asked, running.province, i=old)
    assert found["policyProfile"]["supersededBy"] == {"code": "CM-NEXT"}


def test_a_commune_adds_to_its_province_s_plan_and_may_not_loosen_it(running: Running) -> None:
    above = draft(running, running.province)["id"]
    assert publish(running, running.province, above)["accepted"]
    own = plan("HD-OWN", name="Quy định của xã", document="5/QĐ-UBND", validFrom="2026-10-01", rules=[REPORT])
    mine = draft(running, running.here, "31843", plan=own)["id"]
    assert publish(running, running.here, mine)["accepted"]
    both = in_force(running, "31843")
    assert [p["code"] for p in both] == ["HD-OWN", "CM-TEST"]
    assert (both[0]["rules"][0]["day"], both[0]["rules"][0]["inclusive"]) == (16, False)
    assert [p["code"] for p in in_force(running, "31849")] == ["CM-TEST"], "the neighbour has no rule of its own"
    looser = plan("NQ-LOOSE", validFrom="2026-10-01", rules=[{**MEMBERS, "value": 3}])
    theirs = draft(running, running.there, "31849", plan=looser)["id"]
    refused = publish(running, running.there, theirs)
    assert (refused["code"], refused["field"]) == ("RULE_LOOSENED", "plan.rules.0")


def test_a_quarter_that_is_over_is_not_judged_anew_by_a_commune_s_own_plan(running: Running) -> None:
    above = draft(running, running.province)["id"]
    assert publish(running, running.province, above)["accepted"]
    tighter = plan("HD-PAST", validFrom="2026-09-30", rules=[{**MEMBERS, "value": 5}])
    mine = draft(running, running.here, "31843", plan=tighter)["id"]
    refused = publish(running, running.here, mine)
    assert (refused["code"], refused["field"]) == ("SUPERSEDES_THE_PAST", "plan.validFrom")


def test_a_plan_says_which_bodies_lead_and_judges_nobody_by_it(running: Running) -> None:
    rules = [{"kind": "lead", "body": body, "severity": "info", "section": "III"} for body in ("SO_TTTT", "CONG_AN")]
    profile = draft(running, running.province, plan=plan(rules=rules))["id"]
    assert publish(running, running.province, profile)["accepted"]
    _, team, _ = running.founded()
    asked = '{ policyInForce(unit: "31843") { rules(kind: "lead") { body section } } }'
    (found,) = running.gateway.data(asked, running.here)["policyInForce"]
    assert found["rules"] == [{"body": "SO_TTTT", "section": "III"}, {"body": "CONG_AN", "section": "III"}]
    assert verdicts(running, team) == {}


def test_nobody_writes_rules_for_a_place_they_do_not_hold(running: Running) -> None:
    assert draft(running, running.here)["code"] == "NOT_FOUND"
    assert draft(running, running.here, "31849")["code"] == "NOT_FOUND"
    leader = running.gateway.token(Role.TEAM_LEADER, HERE)
    assert draft(running, leader, "31843")["code"] == "FORBIDDEN"
    profile = draft(running, running.province)["id"]
    assert publish(running, running.there, profile)["code"] == "NOT_FOUND", "a draft of another is not there"
    running.settle()
    published = publish(running, running.province, profile)
    assert published["accepted"]
    running.settle()
    end = f'mutation($i: ID!) {{ endPolicyProfile(profile: $i, lastDay: "2026-11-20") {OUTCOME} }}'
    assert running.do(end, running.there, i=profile)["code"] == "NOT_FOUND"
    assert running.do(end, running.province, i=profile)["accepted"]
    assert in_force(running, "96", "2026-11-21") == []


def test_drafts_are_seen_by_whom_they_would_bind_and_published_plans_by_everybody(running: Running) -> None:
    draft(running, running.here, "31843", plan=plan("HD-DRAFT"))
    running.settle()
    asked = "{ policyProfiles { totalCount nodes { code status } } }"
    seen = [{"code": "HD-DRAFT", "status": "DRAFT"}]
    assert running.gateway.data(asked, running.here)["policyProfiles"] == {"totalCount": 1, "nodes": seen}
    assert running.gateway.data(asked, running.province)["policyProfiles"]["totalCount"] == 1
    assert running.gateway.data(asked, running.there)["policyProfiles"]["totalCount"] == 0
    leader = running.gateway.token(Role.TEAM_LEADER, THERE)
    assert running.gateway.data(asked, leader)["policyProfiles"]["totalCount"] == 0
    assert running.gateway.code(asked) == "UNAUTHENTICATED"


def test_a_rule_that_is_none_is_refused_by_its_place(running: Running) -> None:
    for rule, field in (
        ({**MEMBERS, "kind": "weather"}, "plan.rules.0"),
        ({**MEMBERS, "value": -1}, "plan.rules.0.quantity.value"),
        ({**MEMBERS, "measure": "shoes"}, "plan.rules.0.quantity.measure"),
        ({**MEMBERS, "day": 4}, "plan.rules.0.quantity.day"),
    ):
        outcome = draft(running, running.province, plan=plan(rules=[rule]))
        assert (outcome["code"], outcome["field"]) == ("INVALID", field)
    assert draft(running, running.province, plan=plan(code="cm 2026"))["field"] == "plan.code"


# -- compliance -------------------------------------------------------------------------------------------------------

KIEN_GIANG = [
    {**MEMBERS, "comparator": "<=", "value": 10, "section": "II.3"},
    {"kind": "office", "role": "leader", "level": "hamlet", "heldBy": "hamlet_head", "section": "II.3 a"},
    {
        "kind": "office",
        "role": "deputy",
        "level": "hamlet",
        "heldBy": "youth_union",
        "sameHamlet": True,
        "section": "II.3 b",
    },
    {"kind": "composition", "level": "hamlet", "oneOf": ["post_telecom", "bank"], "section": "II.3 c"},
    {"kind": "overlap", "section": "III.5"},
    {**MEMBERS, "section": "III.1b"},
]


def appoint(running: Running, team: str, role: str, kind: str | None, **more: Any) -> dict[str, Any]:
    document = f"""mutation($t: ID!, $r: MemberRole!, $k: String, $s: Boolean, $d: Date!, $m: ID) {{ appointMember(
        team: $t, role: $r, organisation: "Tổ chức", organisationKind: $k, sameHamlet: $s, appointedOn: $d, member: $m)
        {OUTCOME[:-1]} warnings {{ code message field }} }} }}"""
    told = {"d": "2026-02-01", **more}
    outcome = running.do(document, running.here, t=team, r=role, k=kind, **told)
    assert outcome["accepted"], outcome
    return outcome


def verdicts(running: Running, team: str, day: str | None = None) -> dict[str, tuple[str, float | None]]:
    """What became of each rule, by its section."""
    running.settle()
    asked = """query($t: ID!, $d: Date) { team(id: $t) { compliance(asOf: $d) {
        verdict found reason rule { section } profile { code } } } }"""
    found = running.gateway.data(asked, running.here, t=team, d=day)["team"]["compliance"]
    return {each["rule"]["section"]: (each["verdict"], each["found"]) for each in found}


def test_each_rule_of_the_plan_in_force_is_judged_by_who_served_that_day(running: Running) -> None:
    profile = draft(running, running.province, plan=plan(rules=KIEN_GIANG))["id"]
    assert publish(running, running.province, profile)["accepted"]
    hamlet = running.hamlet(running.here)["id"]
    team = running.team(running.here, hamlet)["id"]
    other = running.team(running.here, hamlet)["id"]
    running.settle()
    leader = appoint(running, team, "LEADER", "hamlet_head", d="2026-02-01")["id"]
    appoint(running, team, "DEPUTY", "youth_union", s=False, d="2026-03-01")
    post = appoint(running, team, "MEMBER", "post_telecom", d="2026-03-01")["id"]
    appoint(running, other, "MEMBER", "post_telecom", m=post, d="2026-04-01")
    appoint(running, team, "MEMBER", None, d="2026-05-01")
    assert verdicts(running, team, "2026-01-16") == {
        "II.3": ("MET", 0),
        "II.3 a": ("BROKEN", 0),
        "II.3 b": ("BROKEN", 0),
        "II.3 c": ("BROKEN", 0),
        "III.5": ("MET", 0),
        "III.1b": ("BROKEN", 0),
    }
    march = verdicts(running, team, "2026-03-01")
    deputy = {"II.3 b": ("BROKEN", 1.0)}  # of another hamlet
    assert march == march | deputy | {"II.3 a": ("MET", 1), "II.3 c": ("MET", 1), "III.5": ("MET", 0)}
    assert verdicts(running, team, "2026-04-01")["III.5"] == ("BROKEN", 1), "one person of a firm in two teams"
    assert verdicts(running, team)["III.1b"] == ("MET", 4)
    assert verdicts(running, other)["II.3 a"] == ("BROKEN", 0)
    gone = (
        f'mutation($t: ID!, $m: ID!) {{ standDownMember(team: $t, member: $m, stoodDownOn: "2026-06-01") {OUTCOME} }}'
    )
    assert running.do(gone, running.here, t=team, m=leader)["accepted"]
    running.settle()
    appoint(running, team, "LEADER", "hamlet_head", m=leader, d="2026-08-01")
    days = [verdicts(running, team, day)["II.3 a"][0] for day in ("2026-05-31", "2026-06-01", "2026-08-01")]
    assert days == ["MET", "BROKEN", "MET"], "who left and came back was away in between"


def test_what_nobody_has_told_is_not_judged_and_no_plan_judges_nothing(running: Running) -> None:
    hamlet = running.hamlet(running.here)["id"]
    team = running.team(running.here, hamlet)["id"]
    running.settle()
    appoint(running, team, "LEADER", None)
    assert verdicts(running, team) == {}
    profile = draft(running, running.province, plan=plan(rules=KIEN_GIANG))["id"]
    assert publish(running, running.province, profile)["accepted"]
    found = verdicts(running, team)
    assert (found["II.3 a"][0], found["II.3 c"][0]) == ("NOT_JUDGED", "NOT_JUDGED")
    assert verdicts(running, team, "2025-07-31") == {}, "before it was founded"


def test_a_team_is_launched_by_its_day_or_breaks_the_rule_and_before_that_is_not_due(running: Running) -> None:
    profile = draft(running, running.province, plan=plan(rules=[LAUNCHED_IN_AUGUST]))["id"]
    assert publish(running, running.province, profile)["accepted"]
    hamlet = running.hamlet(running.here)["id"]
    running.settle()
    in_time, late, never = (running.team(running.here, hamlet)["id"] for _ in range(3))
    running.settle()
    for team, day in ((in_time, "2026-08-31"), (late, "2026-09-05")):
        assert running.do(LAUNCH, running.here, t=team, d=day)["accepted"]
    of = {
        day: [verdicts(running, team, day)["III.3"][0] for team in (in_time, late, never)]
        for day in ("2026-08-30", "2026-08-31", "2026-09-01", "2026-09-05")
    }
    assert of == {
        "2026-08-30": ["NOT_JUDGED"] * 3,
        "2026-08-31": ["MET", "NOT_JUDGED", "NOT_JUDGED"],
        "2026-09-01": ["MET", "BROKEN", "BROKEN"],
        "2026-09-05": ["MET", "BROKEN", "BROKEN"],
    }


def test_an_eleventh_member_under_a_plan_that_allows_ten_is_accepted_and_puts_the_team_out_of_order(
    running: Running,
) -> None:
    profile = draft(running, running.province, plan=plan(rules=KIEN_GIANG[:1]))["id"]
    assert publish(running, running.province, profile)["accepted"]
    hamlet = running.hamlet(running.here)["id"]
    running.settle()
    team = running.team(running.here, hamlet)["id"]
    running.settle()
    out = """{ teamsOutOfOrder(unit: "96") { nodes { id compliance(verdict: BROKEN) {
        found reason rule { severity document section } } } } }"""
    for _ in range(10):
        appoint(running, team, "MEMBER", None)
    assert verdicts(running, team) == {"II.3": ("MET", 10)}
    assert running.gateway.data(out, running.here)["teamsOutOfOrder"]["nodes"] == []
    appoint(running, team, "MEMBER", None)
    assert verdicts(running, team) == {"II.3": ("BROKEN", 11)}
    rule = {"severity": "block", "document": "20/KH-UBND", "section": "II.3"}
    broken = {"found": 11, "reason": "Tổ có 11 thành viên", "rule": rule}
    assert running.gateway.data(out, running.here)["teamsOutOfOrder"]["nodes"] == [{"id": team, "compliance": [broken]}]


def test_what_is_only_for_information_puts_no_team_out_of_order_unless_asked_for(running: Running) -> None:
    grave = {"a": "block", "b": "warn", "c": "info"}
    rules = [
        {"kind": "composition", "level": "hamlet", "oneOf": [kind], "severity": severity, "section": section}
        for kind, (section, severity) in zip(("police", "bank", "education"), grave.items(), strict=True)
    ]
    profile = draft(running, running.province, plan=plan(rules=rules))["id"]
    assert publish(running, running.province, profile)["accepted"]
    hamlet = running.hamlet(running.here)["id"]
    running.settle()
    teams = {kept: running.team(running.here, hamlet)["id"] for kept in ("nothing", "bank", "police", "both")}
    running.settle()
    for team, kind in (("bank", "bank"), ("police", "police"), ("both", "bank"), ("both", "police")):
        appoint(running, teams[team], "MEMBER", kind)
    running.settle()
    asked = """query($s: [Severity!]) { teamsOutOfOrder(unit: "96", severities: $s) { nodes { id } }
        by_default: teamsOutOfOrder(unit: "96") { nodes { id compliance(verdict: BROKEN, severities: [WARN]) {
            rule { section } } } } }"""

    def found(*severities: str) -> set[str]:
        nodes = running.gateway.data(asked, running.province, s=list(severities))["teamsOutOfOrder"]["nodes"]
        return {name for name, team in teams.items() if {"id": team} in nodes}

    assert found("BLOCK") == {"nothing", "bank"}
    assert found("WARN") == {"nothing", "police"}
    assert found("INFO") == {"nothing", "bank", "police", "both"}
    nodes = running.gateway.data(asked, running.province, s=["INFO"])["by_default"]["nodes"]
    warned = {node["id"]: [each["rule"]["section"] for each in node["compliance"]] for node in nodes}
    assert warned == {teams["nothing"]: ["b"], teams["bank"]: [], teams["police"]: ["b"]}


def test_a_plan_that_asks_for_two_teams_in_a_hamlet_lists_the_hamlets_with_one(running: Running) -> None:
    two = {"kind": "quantity", "measure": "teams_per_hamlet", "comparator": ">=", "value": 2, "section": "I.2c"}
    none, one, full = (running.hamlet(running.here, name=f"Ấp {n}")["id"] for n in range(3))
    theirs = running.hamlet(running.there, THERE, "Ấp Khác")["id"]
    running.settle()
    for hamlet in (one, full, full):
        assert running.team(running.here, hamlet)["accepted"]
    assert running.team(running.there, theirs, commune=THERE)["accepted"]
    running.settle()
    asked = 'query($d: Date) { hamletsWithoutTeam(unit: "96", asOf: $d) { totalCount nodes { id } } }'
    without = {"totalCount": 1, "nodes": [{"id": none}]}
    assert running.gateway.data(asked, running.province)["hamletsWithoutTeam"] == without
    own = plan("HD-TWO", validFrom="2026-11-20", rules=[two])
    profile = draft(running, running.here, "31843", plan=own)["id"]
    assert publish(running, running.here, profile)["accepted"]
    running.settle()
    assert running.gateway.data(asked, running.province, d="2026-11-19")["hamletsWithoutTeam"] == without
    listed = {"totalCount": 2, "nodes": [{"id": none}, {"id": one}]}
    assert running.gateway.data(asked, running.province)["hamletsWithoutTeam"] == listed, (
        "the neighbour has no such plan"
    )


def test_who_serves_in_another_team_is_appointed_with_a_warning(running: Running) -> None:
    hamlet = running.hamlet(running.here)["id"]
    running.settle()
    first, second, third = (running.team(running.here, hamlet)["id"] for _ in range(3))
    running.settle()
    member = appoint(running, first, "MEMBER", "bank")
    assert member["warnings"] == []
    running.settle()
    said = "Người này đang là thành viên của 1 Tổ khác"
    plainly = [{"code": "SERVES_ELSEWHERE", "field": "member", "message": f"{said}."}]
    assert appoint(running, second, "MEMBER", "bank", m=member["id"], d="2026-01-31")["warnings"] == [], "not yet"
    assert appoint(running, third, "MEMBER", "bank", m=member["id"])["warnings"][0]["code"] == "SERVES_ELSEWHERE"
    other = appoint(running, first, "MEMBER", "bank")["id"]
    running.settle()
    assert appoint(running, second, "MEMBER", "bank", m=other)["warnings"] == plainly
    profile = draft(running, running.province, plan=plan(rules=[{"kind": "overlap", "section": "III.5"}]))["id"]
    assert publish(running, running.province, profile)["accepted"]
    another = appoint(running, first, "MEMBER", "bank")["id"]
    running.settle()
    (cited,) = appoint(running, second, "MEMBER", "bank", m=another)["warnings"]
    assert cited["message"] == f"{said} (không trùng chéo, 20/KH-UBND III.5)."


def test_which_hamlets_have_no_team_and_which_teams_are_out_of_order(running: Running) -> None:
    profile = draft(running, running.province, plan=plan(rules=[{**MEMBERS, "value": 1}]))["id"]
    assert publish(running, running.province, profile)["accepted"]
    first, second = (running.hamlet(running.here, name=f"Ấp {n}")["id"] for n in (1, 2))
    good, bad = (running.team(running.here, first)["id"] for _ in range(2))
    running.settle()
    appoint(running, good, "MEMBER", None)
    running.settle()
    asked = """query($d: Date, $n: Int) {
        hamletsWithoutTeam(unit: "96", asOf: $d) { totalCount nodes { id } }
        teamsOutOfOrder(unit: "96", asOf: $d, first: $n) { nodes { id } pageInfo { hasNextPage endCursor } } }"""
    found = running.gateway.data(asked, running.province)
    assert found["hamletsWithoutTeam"] == {"totalCount": 1, "nodes": [{"id": second}]}
    assert found["teamsOutOfOrder"]["nodes"] == [{"id": bad}]
    early = running.gateway.data(asked, running.province, d="2026-01-31", n=1)["teamsOutOfOrder"]
    assert early["pageInfo"]["hasNextPage"]
    rest = running.gateway.data(
        asked.replace("first: $n", "first: $n, after: $a").replace("$n: Int", "$n: Int, $a: String"),
        running.province,
        d="2026-01-31",
        n=1,
        a=early["pageInfo"]["endCursor"],
    )["teamsOutOfOrder"]
    assert {early["nodes"][0]["id"], rest["nodes"][0]["id"]} == {good, bad}
    assert not rest["pageInfo"]["hasNextPage"]
    before = running.gateway.data(asked, running.province, d="2025-07-31")
    assert before["hamletsWithoutTeam"]["totalCount"] == 2, "before the team was founded nobody served"
    nothing = running.gateway.data(asked, running.there)
    assert (nothing["hamletsWithoutTeam"]["totalCount"], nothing["teamsOutOfOrder"]["nodes"]) == (0, [])
