"""Commendations, money, rosters, overlaps, vacancies, launches, skills: the same from SQLite and PostgreSQL."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from gateway.viewer import Role
from services.kernel.identifiers import derived_id
from tests.gateway.asking import Gateway
from tests.gateway.world import World, unit_id

PROVINCE, COMMUNE = unit_id("current", "province", "96"), unit_id("current", "commune", "31843")
PLAN, RULE = derived_id("profile", "test"), derived_id("rule", "test")
CITED = {"severity": "warn", "note": "", "citation": {"document": "20/KH-UBND", "section": "II"}}
DUE = {"kind": "due", "what": "roster", "cadence": "once", "tier": "commune", "to": "department"}
RULES: list[dict[str, Any]] = [
    {**DUE, "on": "2026-10-01", "inclusive": False, **CITED},
    {"kind": "overlap", **CITED},
    {"kind": "quantity", "measure": "members", "level": "hamlet", "comparator": ">=", "value": 4, **CITED},
    {"kind": "quantity", "measure": "teams_per_hamlet", "comparator": ">=", "value": 3, **CITED},
    {"kind": "quantity", "measure": "launched_percent", "level": "hamlet", "comparator": ">=", "value": 100, **CITED},
    {"kind": "yearly_day", "what": "awards", "month": 10, "day": 10, **CITED},
]


@pytest.fixture
def team(world: World) -> UUID:
    """A team of three under a plan, with visits; its leader is a firm's, and serves in a second team."""
    province = world.unit("current", "96", "Tỉnh Cà Mau", "province", "Tỉnh", None, valid_from="2025-07-01")
    commune = world.unit("current", "31843", "Xã Hồng Dân", "commune", "Xã", province, valid_from="2025-07-01")
    world.known("current", "2025-07-01")
    hamlet = world.hamlet("Ấp Một", commune)
    one, other = world.team("Tổ Một", commune, hamlet), world.team("Tổ Hai", commune, hamlet)
    for number in range(3):
        world.member(one, number)
    for about, firm in ((one, "VNPT"), (other, "Viettel")):
        serving = {"member": str(derived_id("test", "boss")), "appointed_on": "2026-01-01", "role": "leader"}
        whence = {"organisation": firm, "organisation_kind": "post_telecom", "term_to": "2026-06-30"}
        world.log.add("registry", f"team-{about}", "member.appointed", team=str(about), **serving, **whence)
    for number in range(3):
        world.visit(world.household(hamlet, number % 2), hamlet, one, number)
    plan: dict[str, Any] = {
        "code": "T",
        "name": "Kế hoạch",
        "issuer": "UBND",
        "document": "20/KH-UBND",
        "issued_on": "2026-01-16",
    }
    plan |= {"valid_from": "2026-01-16", "valid_to": None, "tiers": [], "team_levels": [], "rules": RULES}
    published = {"territory": str(province), "profile": str(PLAN), "plan": plan}
    world.log.add("registry", f"policy-{province}", "policy_profile.published", **published)
    return one


def answer(world: World, var: Path, document: str, **told: Any) -> Any:
    """The one root field of a query asked by the province, the read models caught up."""
    world.catch_up()
    gateway = Gateway(world.database, var)
    data = gateway.data(document, gateway.token(Role.PROVINCE_OFFICIAL, PROVINCE), **told)
    gateway.client.close()
    return next(iter(data.values()))


def test_evidence_counts_distinct_households_and_days(world: World, team: UUID, tmp_path: Path) -> None:
    asked = """query($t: ID!) { commendationEvidence(team: $t, periodFrom: "2026-10-01", periodTo: "2026-10-31") {
        visits householdsVisited householdsGuided activityDays members membersTrained } }"""
    assert answer(world, tmp_path, asked, t=str(team)) == {
        "visits": 3,
        "householdsVisited": 2,
        "householdsGuided": 2,
        "activityDays": 1,
        "members": 4,
        "membersTrained": 0,
    }


def commend(world: World, team: UUID, number: int, awarded_on: str) -> None:
    about = derived_id("commendation", number)
    proposed = {"team": str(team), "member": None, "form": "praise", "proposer": "office", "evidence": {"visits": 1}}
    days = {"period_from": "2026-01-01", "period_to": "2026-08-31", "proposed_on": "2026-09-01"}
    decided = {"decision_no": "5/QĐ", "decision_date": "2026-10-01", "signer": "Chủ tịch", "issuing_body": "UBND"}
    for event, told in (
        ("proposed", {**proposed, **days}),
        ("selected", {"office": "VH-XH", "selected_on": "2026-09-15"}),
        ("approved", decided),
        ("awarded", {"awarded_on": awarded_on}),
    ):
        world.log.add("registry", f"commendation-{about}", f"commendation.{event}", commendation=str(about), **told)


def test_the_roll_is_paged_the_latest_first(world: World, team: UUID, tmp_path: Path) -> None:
    for number, day in enumerate(("2026-10-09", "2026-10-10", "2027-01-01")):
        commend(world, team, number, day)
    asked = """query($a: String) { commendationRoll(unit: "96", year: 2026, first: 1, after: $a) { totalCount
        nodes { awardedOn teamName commune { code } } pageInfo { hasNextPage endCursor } } }"""
    first = answer(world, tmp_path, asked)
    assert (first["totalCount"], first["nodes"][0]["awardedOn"]) == (2, "2026-10-10")
    rest = answer(world, tmp_path, asked, a=first["pageInfo"]["endCursor"])
    assert [node["awardedOn"] for node in rest["nodes"]] == ["2026-10-09"]
    assert not rest["pageInfo"]["hasNextPage"]
    warned = """{ commendations(unit: "96", status: AWARDED) { totalCount nodes { awardedOn warnings { code } } } }"""
    listed = answer(world, tmp_path, warned)
    assert listed["totalCount"] == 3
    off = {node["awardedOn"]: len(node["warnings"]) for node in listed["nodes"]}
    assert off == {"2026-10-09": 1, "2026-10-10": 0, "2027-01-01": 1}


def test_sums_of_money_are_whole_numbers_beyond_32_bits(world: World, team: UUID, tmp_path: Path) -> None:
    told = {"rule": str(RULE), "territory": str(PROVINCE), "source": "state_budget", "paid_by": "team_month"}
    told |= {"decision_no": "1", "decision_date": "2026-01-10", "issuing_body": "HĐND"}
    limits = {"section": None, "amount": None, "valid_from": "2026-01-15", "valid_to": None}
    world.log.add("registry", f"funding_rule-{RULE}", "funding_rule.set", **told, **limits)
    for number in range(2):
        about = derived_id("allocation", number)
        meant = {"rule": str(RULE), "payee": "team", "about": str(team), "quantity": None, "amount": 3_000_000_000}
        when = {"period_from": "2026-04-01", "period_to": "2026-06-30", "decision_date": "2026-03-20"}
        for event, more in (
            ("allocated", {**meant, **when, "decision_no": "8"}),
            (
                "appraised",
                {"office": "KT", "result": "approved", "amount": 3_000_000_000, "appraised_on": "2026-03-25"},
            ),
            ("advanced", {"voucher": "1", "amount": 2_500_000_000, "advanced_on": "2026-04-05"}),
        ):
            world.log.add("registry", f"funding-{about}", f"funding.{event}", allocation=str(about), **more)
    asked = """{ fundingTotals(unit: "96", startsFrom: "2026-01-01") { allocations allocated advanced settled } }"""
    assert answer(world, tmp_path, asked) == {
        "allocations": 2,
        "allocated": 6_000_000_000,
        "advanced": 5_000_000_000,
        "settled": 0,
    }
    listed = """{ fundingAllocations(unit: "31843", status: ADVANCED) { nodes { advanced returned outstanding
        payments { paidOn } } } }"""
    node = {"advanced": 2_500_000_000, "returned": 0, "outstanding": None, "payments": [{"paidOn": "2026-04-05"}]}
    assert answer(world, tmp_path, listed)["nodes"] == [node, node]
    rules = """{ fundingRules(unit: "31843", asOf: "2026-11-20") { totalCount nodes { amount lastDay } } }"""
    assert answer(world, tmp_path, rules) == {"totalCount": 1, "nodes": [{"amount": None, "lastDay": None}]}


def test_before_a_day_ends_the_day_before(world: World, team: UUID, tmp_path: Path) -> None:
    asked = """query($d: Date) { rosterDues(unit: "96", tier: COMMUNE, asOf: $d) { nodes { status lastDay submittedOn
        roster { version memberCount teams { members } unchanged } } } }"""
    (waiting,) = answer(world, tmp_path, asked, d="2026-09-30")["nodes"]
    assert (waiting["status"], waiting["lastDay"], waiting["roster"]) == ("DUE", "2026-09-30", None)
    about = derived_id("roster", PLAN, "commune", COMMUNE)
    held = {"teams": [{"team": str(team), "members": 4, "has_leader": True}], "team_count": 1, "member_count": 4}
    told = {"roster": str(about), "profile": str(PLAN), "tier": "commune", "unit": str(COMMUNE), "content_hash": "0"}
    for version, day in ((1, "2026-10-01"), (2, "2026-10-05")):
        days = {"cut_off": "2026-09-30", "submitted_on": day, "version": version}
        world.log.add("registry", f"roster-{about}", "roster.submitted", **told, **held, **days)
    (late,) = answer(world, tmp_path, asked, d="2026-10-05")["nodes"]
    assert (late["status"], late["submittedOn"]) == ("AFTER_THE_DAY", "2026-10-01")
    assert late["roster"] == {"version": 2, "memberCount": 4, "teams": [{"members": 4}], "unchanged": False}


def test_overlaps_and_vacancies_of_a_day(world: World, team: UUID, tmp_path: Path) -> None:
    people = """{ sharedMembers(unit: "96", asOf: "2026-06-30") { nodes { places organisations teams { name } } } }"""
    (shared,) = answer(world, tmp_path, people)["nodes"]
    assert (shared["places"], sorted(shared["organisations"])) == (2, ["VNPT", "Viettel"])
    assert [each["name"] for each in shared["teams"]] == ["Tổ Hai", "Tổ Một"]
    places = """{ sharedHamlets(unit: "96", asOf: "2026-06-30") { nodes { hamlet { name } firms } } }"""
    assert answer(world, tmp_path, places)["nodes"] == [{"hamlet": {"name": "Ấp Một"}, "firms": ["Viettel", "VNPT"]}]
    posts = (
        """query($d: Date) { vacancies(unit: "96", asOf: $d) { nodes { team { name } vacancies { kind missing } } } }"""
    )
    few = {"kind": "TOO_FEW_MEMBERS", "missing": 3}
    assert answer(world, tmp_path, posts, d="2026-06-30")["nodes"] == [{"team": {"name": "Tổ Hai"}, "vacancies": [few]}]
    july = answer(world, tmp_path, posts, d="2026-07-01")["nodes"]
    over = {"kind": "TERM_OVER", "missing": None}
    assert [(each["team"]["name"], each["vacancies"]) for each in july] == [("Tổ Hai", [few, over]), ("Tổ Một", [over])]


def test_launches_and_too_few_teams_of_a_day(world: World, team: UUID, tmp_path: Path) -> None:
    world.hamlet("Ấp Hai", COMMUNE)
    world.log.add("registry", f"team-{team}", "team.launched", team=str(team), launched_on="2026-05-05")
    asked = """query($d: Date) { launchProgress(unit: "96", asOf: $d) {
        hamlets hamletsLaunched launchedRate teams launched judgement { verdict found } } }"""
    launched = {"hamlets": 2, "hamletsLaunched": 1, "launchedRate": "50.0", "teams": 2, "launched": 1}
    assert answer(world, tmp_path, asked, d="2026-05-05") == {
        **launched,
        "judgement": {"verdict": "BROKEN", "found": 50.0},
    }
    eve = answer(world, tmp_path, asked, d="2026-05-04")
    assert (eve["hamletsLaunched"], eve["launched"]) == (0, 0)
    lacking = 'query($d: Date) { hamletsWithoutTeam(unit: "96", asOf: $d) { totalCount nodes { name } } }'
    both = {"totalCount": 2, "nodes": [{"name": "Ấp Hai"}, {"name": "Ấp Một"}]}
    assert answer(world, tmp_path, lacking, d="2026-01-16") == both, "the plan asks for three"
    none = {"totalCount": 1, "nodes": [{"name": "Ấp Hai"}]}
    assert answer(world, tmp_path, lacking, d="2026-01-15") == none, "no plan yet"


def test_skills_of_a_day(world: World, team: UUID, tmp_path: Path) -> None:
    for number, skill in enumerate(("basic", "none")):
        member = derived_id("member", team, number)
        told = {"member": str(member), "skill": skill, "assessor": "VH-XH", "assessed_on": "2026-04-01"}
        world.log.add("registry", f"learner-{member}", "member_skill.assessed", **told)
        confirmed = {"member": str(member), "assessed_on": "2026-04-01", "office": "UBND", "confirmed_on": "2026-05-01"}
        world.log.add("registry", f"learner-{member}", "member_skill.confirmed", **confirmed)
    asked = """query($d: Date) { skillFigures(unit: "96", asOf: $d) { members assessed mastering confirmed
        confirmedRate target { value } } }"""
    figures = {"members": 4, "assessed": 2, "mastering": 1, "confirmed": 1, "confirmedRate": "25.0", "target": None}
    assert answer(world, tmp_path, asked, d="2026-05-01") == figures
    assert answer(world, tmp_path, asked, d="2026-04-30") == {**figures, "confirmed": 0, "confirmedRate": "0.0"}
