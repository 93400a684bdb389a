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
    own = plan("HD-OWN", name="Quy định của xã", document="5/QĐ-UBND", rules=[REPORT])
    mine = draft(running, running.here, "31843", plan=own)["id"]
    assert publish(running, running.here, mine)["accepted"]
    both = in_force(running, "31843")
    assert [p["code"] for p in both] == ["HD-OWN", "CM-TEST"]
    assert (both[0]["rules"][0]["day"], both[0]["rules"][0]["inclusive"]) == (16, False)
    assert [p["code"] for p in in_force(running, "31849")] == ["CM-TEST"], "the neighbour has no rule of its own"
    looser = plan("NQ-LOOSE", rules=[{**MEMBERS, "value": 3}])
    theirs = draft(running, running.there, "31849", plan=looser)["id"]
    refused = publish(running, running.there, theirs)
    assert (refused["code"], refused["field"]) == ("RULE_LOOSENED", "plan.rules.0")


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
