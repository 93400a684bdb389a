"""Which rules on money apply to whom, days of activity as evidence, and what follows; on both databases."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from gateway.viewer import Role
from services.kernel.identifiers import derived_id
from tests.gateway.asking import Gateway
from tests.gateway.places import HERE, PROVINCE, THERE, ask, found_the_map, here, province, say, serve, team, there
from tests.gateway.world import World

ELIGIBLE = """query($u: String!, $d: Date) { fundingEligibility(unit: $u, asOf: $d) { totalCount nodes {
    team { name } teamRules { amount decisionNo } memberRules { amount decisionNo } members } } }"""
DAYS = """query($m: String!, $u: String, $t: ID, $n: Int, $a: String) { activityDaysByMember(
    month: $m, unit: $u, team: $t, first: $n, after: $a) { totalCount pageInfo { endCursor }
    nodes { member role team { name } activityDays days visits teamVisitsOfNobody } } }"""
PROPOSED = """query($r: ID!, $t: ID!, $f: Date!, $l: Date!) { fundingProposal(rule: $r, team: $t, periodFrom: $f,
    periodTo: $l) { quantity amount visitsOfNobody people { member activityDays } rule { paidBy } } }"""


@pytest.fixture
def one(world: World) -> UUID:
    """A team here with two members, one there with one; visits by the first, by the second, and by nobody known."""
    found_the_map(world)
    hamlet = world.hamlet("Ấp Một", HERE)
    about, other = team(world, "Tổ 1", HERE, hamlet), team(world, "Tổ kia", THERE)
    first, second = serve(world, about, 1, role="leader"), serve(world, about, 2)
    serve(world, other, 3)
    left = serve(world, about, 4)
    say(world, about, "member.stood_down", team=about, member=left, stood_down_on="2026-09-30")
    days = ((first, "2026-10-01"), (first, "2026-10-01"), (first, "2026-10-31"), (second, "2026-10-02"))
    for number, (member, day) in enumerate((*days, (None, "2026-10-03"), (first, "2026-09-30"))):
        visited(world, about, hamlet, number, member, day)
    voided = visited(world, about, hamlet, 9, second, "2026-10-20")
    world.log.add("visits", f"visit-{voided}", "visit.voided", visit=str(voided), reason="duplicate")
    return about


def visited(world: World, team: UUID, hamlet: UUID, number: int, member: UUID | None, day: str) -> UUID:
    visit = derived_id("visit", number)
    ids = {"visit": str(visit), "household": str(derived_id("household", number)), "hamlet": str(hamlet)}
    ids |= {"team": str(team)}
    facts = {"visited_on": day, "mode": "home", "services": ["VNEID_L2"], "outcome": "guided"}
    by = None if member is None else str(member)
    world.log.add("visits", f"visit-{visit}", "visit.recorded", **ids, member=by, **facts)
    return visit


def rule(world: World, territory: UUID, paid_by: str, amount: int | None, since: str = "2026-01-01") -> UUID:
    about = derived_id("rule", territory, paid_by)
    decision = {"decision_no": f"19/{paid_by}", "decision_date": "2025-12-10", "issuing_body": "HĐND", "section": None}
    told = {"territory": territory, "source": "state_budget", "paid_by": paid_by, "amount": amount}
    say(world, about, "funding_rule.set", rule=about, **decision, **told, valid_from=since, valid_to="2030-12-31")
    return about


@pytest.mark.usefixtures("one")
def test_a_team_and_its_members_have_the_rules_of_their_place_and_day(world: World, tmp_path: Path) -> None:
    rule(world, PROVINCE, "team_month", None)
    rule(world, HERE, "person_day", 50_000, "2026-06-01")
    rule(world, PROVINCE, "contest", 1)
    month, day = {"amount": None, "decisionNo": "19/team_month"}, {"amount": 50_000, "decisionNo": "19/person_day"}
    members = [str(derived_id("member", number)) for number in (1, 2)]
    found = here(world, tmp_path, ELIGIBLE, u="31843")
    (node,) = found["nodes"]
    assert sorted(node.pop("members")) == sorted(members)
    assert node == {"team": {"name": "Tổ 1"}, "teamRules": [month], "memberRules": [day]}
    whole = province(world, tmp_path, ELIGIBLE, u="96")
    assert [row["memberRules"] for row in whole["nodes"]] == [[day], []]
    assert [row["teamRules"] for row in whole["nodes"]] == [[month], [month]]
    early = here(world, tmp_path, ELIGIBLE, u="31843", d="2026-05-31")["nodes"][0]
    assert (early["teamRules"], early["memberRules"]) == ([month], [])
    assert len(early["members"]) == 3
    assert there(world, tmp_path, ELIGIBLE, u="31843")["totalCount"] == 0


def test_days_of_activity_are_those_on_which_a_member_made_a_visit(world: World, one: UUID, tmp_path: Path) -> None:
    found = here(world, tmp_path, DAYS, m="2026-10")
    by_role = {row["role"]: row for row in found["nodes"]}
    assert found["totalCount"] == 2, "who left before the month is not among them"
    assert by_role["leader"] == {
        "member": str(derived_id("member", 1)),
        "role": "leader",
        "team": {"name": "Tổ 1"},
        "activityDays": 2,
        "days": ["2026-10-01", "2026-10-31"],
        "visits": 3,
        "teamVisitsOfNobody": 1,
    }
    assert by_role["member"]["days"] == ["2026-10-02"], "a voided visit is none"
    september = here(world, tmp_path, DAYS, m="2026-09")
    assert {row["role"]: row["activityDays"] for row in september["nodes"] if row["days"]} == {"leader": 1}
    assert september["totalCount"] == 3
    whole = province(world, tmp_path, DAYS, m="2026-10", u="96")
    assert [row["team"]["name"] for row in whole["nodes"]] == ["Tổ 1", "Tổ 1", "Tổ kia"]
    assert province(world, tmp_path, DAYS, m="2026-10", u="31849")["totalCount"] == 1
    first = province(world, tmp_path, DAYS, m="2026-10", n=2)
    rest = province(world, tmp_path, DAYS, m="2026-10", n=2, a=first["pageInfo"]["endCursor"])
    assert first["nodes"] + rest["nodes"] == whole["nodes"]
    assert there(world, tmp_path, DAYS, m="2026-10", t=str(one))["totalCount"] == 0
    leader = ask(world, tmp_path, DAYS, HERE, role=Role.TEAM_LEADER, served=(one,), m="2026-10")
    assert leader["activityDaysByMember"]["totalCount"] == 2
    gateway = Gateway(world.database, tmp_path)
    token = gateway.token(Role.PROVINCE_OFFICIAL, PROVINCE)
    assert gateway.code(DAYS, token, m="2026-13") == "INVALID_INPUT"
    assert gateway.code(DAYS, gateway.token(Role.TEAM_MEMBER, HERE, served=(one,)), m="2026-10") == "FORBIDDEN"


def test_an_allocation_is_proposed_by_what_is_recorded(world: World, one: UUID, tmp_path: Path) -> None:
    by_day, by_month = rule(world, PROVINCE, "person_day", 50_000), rule(world, HERE, "team_month", None)
    contest = rule(world, PROVINCE, "contest", 1_000)

    def proposed(about: UUID, first: str = "2026-10-01", last: str = "2026-10-31") -> dict[str, Any]:
        found: dict[str, Any] = here(world, tmp_path, PROPOSED, r=str(about), t=str(one), f=first, l=last)
        return found

    found = proposed(by_day)
    assert (found["quantity"], found["amount"], found["visitsOfNobody"]) == (3, 150_000, 1)
    assert {row["member"]: row["activityDays"] for row in found["people"]} == {
        str(derived_id("member", 1)): 2,
        str(derived_id("member", 2)): 1,
    }
    assert proposed(by_day, first="2026-09-01")["quantity"] == 4
    month = proposed(by_month, first="2026-08-01")
    assert (month["quantity"], month["amount"]) == (2, None), "the amount is not stated"
    assert (proposed(contest)["quantity"], proposed(contest)["amount"]) == (None, None)
    assert proposed(by_day, first="2026-03-01", last="2026-03-31")["quantity"] == 0


def test_no_proposal_is_made_where_the_rule_or_the_team_is_another_s(world: World, one: UUID, tmp_path: Path) -> None:
    about = rule(world, THERE, "person_day", 50_000)
    world.catch_up()
    gateway = Gateway(world.database, tmp_path)
    token = gateway.token(Role.COMMUNE_OFFICIAL, HERE)
    told = {"r": str(about), "t": str(one), "f": "2026-10-01", "l": "2026-10-31"}
    assert gateway.code(PROPOSED, token, **told) == "INVALID_INPUT"
    assert gateway.code(PROPOSED, token, **{**told, "l": "2026-09-30"}) == "INVALID_INPUT"
    assert gateway.code(PROPOSED, token, **{**told, "l": "2027-10-02"}) == "INVALID_INPUT"
    assert gateway.code(PROPOSED, token, **{**told, "r": str(one)}) == "NOT_FOUND"
    assert gateway.code(PROPOSED, gateway.token(Role.COMMUNE_OFFICIAL, THERE), **told) == "NOT_FOUND"
