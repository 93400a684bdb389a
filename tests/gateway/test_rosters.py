"""Rosters through GraphQL: three tiers until July 2025, two after; in time or late by the rule of the plan."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

import services.registry
from gateway.viewer import Role
from services.kernel.clock import to_text
from services.registry.policy import profile_id
from services.registry.profiles import profile_commands
from services.registry.reading import Reading
from services.registry.unit import RegisterUnit, unit_id
from tests.gateway.asking import NOW
from tests.gateway.running import HERE, OUTCOME, PROVINCE, Running
from tests.gateway.test_learning import do
from tests.gateway.test_policies import appoint, draft, plan, publish

PLANS = Path(services.registry.__path__[0]) / "data" / "profiles"
OLD_PROVINCE, DISTRICT = unit_id("legacy", "province", "96"), unit_id("legacy", "district", "964")
FIRST, SECOND = unit_id("legacy", "commune", "31999"), unit_id("legacy", "commune", "32002")
PLAN = str(profile_id("CM-2023-220"))
SUBMIT = f"""mutation($u: String!, $p: ID!, $c: Date!, $d: Date!, $k: ID) {{ submitRoster(unit: $u, profile: $p,
    cutOff: $c, submittedOn: $d, commandId: $k) {OUTCOME} }}"""
CONSOLIDATE = f"""mutation($u: String!, $p: ID!, $t: RosterTier!, $d: Date!) {{ consolidateRoster(unit: $u, profile: $p,
    tier: $t, submittedOn: $d) {OUTCOME} }}"""
DUES = """query($u: String!, $t: RosterTier!, $d: Date, $s: RosterStatus, $p: ID, $n: Int, $a: String) {
    rosterDues(unit: $u, tier: $t, asOf: $d, status: $s, profile: $p, first: $n, after: $a) {
        nodes { unit { name } status lastDay submittedOn rule { section document inclusive to } profile { code }
            roster { version teamCount memberCount } }
        pageInfo { hasNextPage endCursor } } }"""
ROSTER = """query($i: ID!) { roster(id: $i) { version tier teamCount memberCount contentHash cutOff submittedOn
    unchanged teams { team members hasLeader } parts { unit { name } version teams members } } }"""


@pytest.fixture
def old(running: Running) -> Running:
    """Cà Mau with its districts under the plan of 2023, as it ships; its papers came to today's province."""
    envelope = {"actor": "test", "at": to_text(NOW)}
    unit = {"regime": "legacy", "kind": "Xã", "valid_to": "2025-06-30", "lat": 9.5, "lon": 105.4, **envelope}
    province = {**unit, "code": "96", "name": "Tỉnh Cà Mau", "level": "province", "kind": "Tỉnh"}
    told = [
        province,
        {**unit, "code": "964", "name": "Thành phố Cà Mau", "level": "district", "parent": str(OLD_PROVINCE)},
        {**unit, "code": "31999", "name": "Phường 1", "level": "commune", "parent": str(DISTRICT)},
        {**unit, "code": "32002", "name": "Phường 2", "level": "commune", "parent": str(DISTRICT)},
    ]
    became = {"successor": str(PROVINCE), "part": False, "seat": True, "on": "2025-07-01", **envelope}
    known = {("legacy", "province", "96"): RegisterUnit.model_validate(province)}
    commands = [("register_unit", each) for each in told]
    known_since: dict[str, object] = {"regime": "legacy", "known_from": "2023-08-01", "source": "test", **envelope}
    commands.append(("declare_map", known_since))
    commands.append(("succeed_unit", {**became, "unit": str(OLD_PROVINCE)}))
    plans = profile_commands(PLANS, known, Reading(at=NOW))
    asked(running, [*commands, *((command.name, command.model_dump(mode="json")) for command in plans)])
    return running


def asked(running: Running, commands: list[tuple[str, dict[str, Any]]]) -> None:
    answers = running.embedded.runtimes["registry"].execute_many(commands)
    assert all(answer.accepted for answer in answers), answers
    running.settle()


def team(running: Running, commune: UUID, people: int) -> UUID:
    """A team of a commune, founded on 5 September 2023; the first member leads."""
    envelope, founded = {"actor": "test", "at": to_text(NOW)}, uuid4()
    about = {"commune": str(commune), "name": "Tổ", "level": "commune", "decision_no": "1", **envelope}
    serving = {"team": str(founded), "organisation": "Đoàn", "appointed_on": "2023-09-05", **envelope}
    commands = [("establish_team", {**about, "team": str(founded), "decision_date": "2023-09-05"})]
    for number in range(people):
        role = "member" if number else "leader"
        commands.append(("appoint_member", {**serving, "member": str(uuid4()), "role": role}))
    asked(running, commands)
    return founded


def submit(running: Running, unit: UUID, day: str, cut_off: str = "2023-09-10", **more: Any) -> dict[str, Any]:
    return do(running, SUBMIT, running.province, **{"u": str(unit), "p": PLAN, "c": cut_off, "d": day, **more})


def consolidate(running: Running, unit: UUID, tier: str, day: str) -> dict[str, Any]:
    return do(running, CONSOLIDATE, running.province, u=str(unit), p=PLAN, t=tier, d=day)


def dues(running: Running, tier: str, day: str, token: str | None = None, **more: Any) -> dict[str, tuple[str, str]]:
    """Status and last day by the unit's name."""
    running.settle()
    told = {"u": str(OLD_PROVINCE), "t": tier, "d": day, **more}
    found = running.gateway.data(DUES, token or running.province, **told)["rosterDues"]["nodes"]
    return {node["unit"]["name"]: (node["status"], node["lastDay"]) for node in found}


def test_at_latest_includes_its_day_and_before_a_day_does_not(old: Running) -> None:
    on_the_day = dues(old, "COMMUNE", "2023-09-15")
    assert on_the_day == {"Phường 1": ("DUE", "2023-09-15"), "Phường 2": ("DUE", "2023-09-15")}
    assert set(dues(old, "COMMUNE", "2023-09-16").values()) == {("OVERDUE", "2023-09-15")}
    assert dues(old, "DISTRICT", "2023-09-25") == {"Thành phố Cà Mau": ("DUE", "2023-09-25")}
    assert dues(old, "DISTRICT", "2023-09-26") == {"Thành phố Cà Mau": ("OVERDUE", "2023-09-25")}
    assert dues(old, "DEPARTMENT", "2023-09-30") == {"Tỉnh Cà Mau": ("DUE", "2023-09-30")}
    assert dues(old, "DEPARTMENT", "2023-10-01") == {"Tỉnh Cà Mau": ("OVERDUE", "2023-09-30")}
    assert dues(old, "PROVINCE", "2023-10-01") == {}, "the plan asks no such tier"
    assert dues(old, "COMMUNE", "2023-08-30") == {}, "before the plan"
    cited = old.gateway.data(DUES, old.province, u=str(DISTRICT), t="DEPARTMENT", d="2023-09-01")
    assert cited["rosterDues"]["nodes"] == [], "the province is not below its district"
    cited = old.gateway.data(DUES, old.province, u=str(DISTRICT), t="COMMUNE", d="2023-09-01")
    rule = {"section": "III.1d", "document": "220/KH-UBND", "inclusive": True, "to": "district"}
    assert [node["rule"] for node in cited["rosterDues"]["nodes"]] == [rule, rule]


def test_a_roster_goes_from_commune_to_district_to_department(old: Running) -> None:
    first, second = team(old, FIRST, 5), team(old, SECOND, 3)
    one, two = submit(old, FIRST, "2023-09-15"), submit(old, SECOND, "2023-09-16")
    assert one["accepted"] and two["accepted"], (one, two)
    assert dues(old, "COMMUNE", "2023-09-14") == {
        "Phường 1": ("DUE", "2023-09-15"),
        "Phường 2": ("DUE", "2023-09-15"),
    }
    statuses = {"Phường 1": ("IN_TIME", "2023-09-15"), "Phường 2": ("AFTER_THE_DAY", "2023-09-15")}
    assert dues(old, "COMMUNE", "2023-09-16") == statuses
    assert dues(old, "COMMUNE", "2023-09-16", s="AFTER_THE_DAY").keys() == {"Phường 2"}
    assert consolidate(old, OLD_PROVINCE, "DEPARTMENT", "2023-09-30")["code"] == "NOTHING_TO_CONSOLIDATE"
    district = consolidate(old, DISTRICT, "DISTRICT", "2023-09-25")
    assert district["accepted"], district
    department = consolidate(old, OLD_PROVINCE, "DEPARTMENT", "2023-10-01")
    assert department["accepted"], department
    assert dues(old, "DISTRICT", "2023-10-01") == {"Thành phố Cà Mau": ("IN_TIME", "2023-09-25")}
    assert dues(old, "DEPARTMENT", "2023-10-01") == {"Tỉnh Cà Mau": ("AFTER_THE_DAY", "2023-09-30")}
    (submitted,) = old.gateway.data(ROSTER, old.province, i=one["id"])["roster"]
    assert submitted["teams"] == [{"team": str(first), "members": 5, "hasLeader": True}]
    assert (submitted["cutOff"], submitted["unchanged"], submitted["parts"]) == ("2023-09-10", True, [])
    (held,) = old.gateway.data(ROSTER, old.province, i=district["id"])["roster"]
    assert (held["teamCount"], held["memberCount"], held["unchanged"]) == (2, 8, None)
    assert sorted((p["unit"]["name"], p["version"], p["members"]) for p in held["parts"]) == [
        ("Phường 1", 1, 5),
        ("Phường 2", 1, 3),
    ]
    (top,) = old.gateway.data(ROSTER, old.province, i=department["id"])["roster"]
    assert [(part["unit"]["name"], part["teams"]) for part in top["parts"]] == [("Thành phố Cà Mau", 2)]
    assert str(second) not in str(held), "a consolidation holds counts, the commune's roster the teams"


def test_a_correction_is_a_version_and_makes_nobody_late(old: Running) -> None:
    founded = team(old, FIRST, 4)
    first = submit(old, FIRST, "2023-09-14")
    assert consolidate(old, DISTRICT, "DISTRICT", "2023-09-20")["accepted"]
    told = {"team": str(founded), "member": str(uuid4()), "role": "member", "organisation": "Đoàn"}
    late = {**told, "appointed_on": "2023-09-06", "actor": "test", "at": to_text(NOW)}
    asked(old, [("appoint_member", late)])
    (was,) = old.gateway.data(ROSTER, old.province, i=first["id"])["roster"]
    assert (was["memberCount"], was["unchanged"]) == (4, False), "what is recorded of that day is another by now"
    second = submit(old, FIRST, "2023-09-28")
    assert (second["accepted"], second["id"]) == (True, first["id"])
    assert submit(old, FIRST, "2023-09-28")["accepted"]
    old.settle()
    versions = old.gateway.data(ROSTER, old.province, i=first["id"])["roster"]
    assert [(each["version"], each["memberCount"]) for each in versions] == [(1, 4), (2, 5)]
    assert versions[0]["contentHash"] != versions[1]["contentHash"]
    assert dues(old, "COMMUNE", "2023-09-30")["Phường 1"] == ("IN_TIME", "2023-09-15")
    again = consolidate(old, DISTRICT, "DISTRICT", "2023-09-29")
    old.settle()
    held = old.gateway.data(ROSTER, old.province, i=again["id"])["roster"]
    assert [(each["version"], each["memberCount"]) for each in held] == [(1, 4), (2, 5)]


def test_the_same_command_id_submits_once_even_if_the_roster_has_changed_since(old: Running) -> None:
    founded, key = team(old, FIRST, 1), str(uuid4())
    first = submit(old, FIRST, "2023-09-14", k=key)
    told = {"team": str(founded), "member": str(uuid4()), "role": "member", "organisation": "Đoàn"}
    asked(old, [("appoint_member", {**told, "appointed_on": "2023-09-06", "actor": "test", "at": to_text(NOW)})])
    assert submit(old, FIRST, "2023-09-14", k=key) == first
    old.settle()
    assert len(old.gateway.data(ROSTER, old.province, i=first["id"])["roster"]) == 1


def test_a_district_that_is_gone_owes_nothing_and_hands_on_nothing(old: Running) -> None:
    team(old, FIRST, 1)
    assert submit(old, FIRST, "2025-07-01", "2025-06-30")["code"] == "UNIT_NOT_IN_FORCE"
    assert submit(old, FIRST, "2025-06-30")["accepted"], "late, and taken"
    assert consolidate(old, DISTRICT, "DISTRICT", "2025-07-01")["code"] == "UNIT_NOT_IN_FORCE"
    assert dues(old, "DISTRICT", "2025-07-01") == {}
    after = dues(old, "COMMUNE", "2026-01-01", p=PLAN)
    assert after == {"Phường 1": ("AFTER_THE_DAY", "2023-09-15"), "Phường 2": ("OVERDUE", "2023-09-15")}


def test_papers_of_the_past_are_handled_by_those_they_came_to(old: Running) -> None:
    team(old, FIRST, 1)
    told = {"u": str(FIRST), "p": PLAN, "c": "2023-09-10", "d": "2023-09-14"}
    district = old.gateway.token(Role.COMMUNE_OFFICIAL, DISTRICT)
    leader = old.gateway.token(Role.TEAM_LEADER, HERE)
    assert do(old, SUBMIT, old.here, **told)["code"] == "NOT_FOUND"
    assert do(old, SUBMIT, leader, **told)["code"] == "FORBIDDEN"
    assert do(old, SUBMIT, old.province, **told)["accepted"]
    assert dues(old, "COMMUNE", "2023-09-20", old.here) == {}
    assert dues(old, "COMMUNE", "2023-09-20", leader) == {}
    assert dues(old, "COMMUNE", "2023-09-20", district).keys() == {"Phường 1", "Phường 2"}
    assert old.gateway.code(DUES, u=str(OLD_PROVINCE), t="COMMUNE") == "UNAUTHENTICATED"
    unknown = {**told, "p": str(uuid4())}
    refused = do(old, SUBMIT, old.province, **unknown)
    assert (refused["code"], refused["field"]) == ("NOT_FOUND", "profile")


def test_dues_come_in_pages_and_by_name(old: Running) -> None:
    told: dict[str, Any] = {"u": str(DISTRICT), "t": "COMMUNE", "d": "2023-09-01", "n": 1}
    page = old.gateway.data(DUES, old.province, **told)["rosterDues"]
    assert [node["unit"]["name"] for node in page["nodes"]] == ["Phường 1"]
    assert page["pageInfo"]["hasNextPage"]
    rest = old.gateway.data(DUES, old.province, **told, a=page["pageInfo"]["endCursor"])["rosterDues"]
    assert [node["unit"]["name"] for node in rest["nodes"]] == ["Phường 2"]
    assert not rest["pageInfo"]["hasNextPage"]


def rule(tier: str, to: str | None, day: str | None) -> dict[str, Any]:
    told = {"kind": "due", "what": "roster", "cadence": "once", "tier": tier, "to": to, "section": "II.1"}
    return told if day is None else {**told, "on": day, "inclusive": False}


def test_two_tiers_are_the_same_rules_with_one_fewer(running: Running) -> None:
    today = NOW.date()
    rules = [rule("commune", "department", str(today + timedelta(days=1))), rule("department", "province", None)]
    profile = draft(running, running.province, plan=plan(rules=rules))["id"]
    assert publish(running, running.province, profile)["accepted"]
    founded = running.team(running.here, running.hamlet(running.here)["id"])["id"]
    running.settle()
    appoint(running, founded, "LEADER", None)
    told = {"u": "31843", "p": profile, "c": str(today), "d": str(today)}
    assert do(running, SUBMIT, running.there, **told)["code"] == "NOT_FOUND"
    assert do(running, SUBMIT, **told)["accepted"]
    running.settle()
    found = running.gateway.data(DUES, running.province, u="96", t="COMMUNE")["rosterDues"]["nodes"]
    assert [(node["unit"]["name"], node["status"], node["lastDay"]) for node in found] == [
        ("Xã Hồng Dân", "IN_TIME", str(today)),
        ("Xã Ninh Quới", "DUE", str(today)),
    ]
    sent_on = {"u": "96", "p": profile, "t": "DEPARTMENT", "d": str(today)}
    assert do(running, CONSOLIDATE, **sent_on)["code"] == "NOT_FOUND", "a commune does not speak for its province"
    assert do(running, CONSOLIDATE, running.province, **sent_on)["accepted"]
    running.settle()
    (department,) = running.gateway.data(DUES, running.province, u="96", t="DEPARTMENT")["rosterDues"]["nodes"]
    assert (department["status"], department["lastDay"]) == ("SUBMITTED", None), "a plan without a day: nobody is late"
    assert department["roster"] == {"version": 1, "teamCount": 1, "memberCount": 1}
    mine = running.gateway.data(DUES, running.there, u="96", t="COMMUNE")["rosterDues"]["nodes"]
    assert [node["unit"]["name"] for node in mine] == ["Xã Ninh Quới"]


def test_a_commune_hands_on_the_teams_of_one_that_went_whole_into_it_and_they_count_once(old: Running) -> None:
    envelope, gone = {"actor": "test", "at": to_text(NOW)}, unit_id("legacy", "commune", "32003")
    unit = {"regime": "legacy", "kind": "Phường", "lat": 9.5, "lon": 105.4, **envelope}
    named = {"code": "32003", "name": "Phường 3", "level": "commune", "parent": str(DISTRICT)}
    asked(old, [("register_unit", {**unit, **named})])
    first, second = team(old, gone, 5), team(old, SECOND, 3)
    merger = {"do": "merge", "place": "unit", "units": [str(gone)], "into": str(SECOND)}
    told = {"reorganisation": str(uuid4()), "on": "2023-09-20", "decision_no": "30/NQ", "decision_date": "2023-09-18"}
    asked(old, [("reorganise", {**told, "operations": [merger], **envelope})])
    before = submit(old, gone, "2023-09-14")
    assert before["accepted"], before
    assert submit(old, SECOND, "2023-09-14")["accepted"]

    def parts(day: str) -> list[tuple[str, int, int]]:
        answer = consolidate(old, DISTRICT, "DISTRICT", day)
        assert answer["accepted"], answer
        old.settle()
        held = old.gateway.data(ROSTER, old.province, i=answer["id"])["roster"][-1]
        return sorted((part["unit"]["name"], part["teams"], part["members"]) for part in held["parts"])

    assert parts("2023-09-21") == [("Phường 2", 1, 3), ("Phường 3", 1, 5)], "what was sent before still counts"
    after = submit(old, SECOND, "2023-09-22", "2023-09-21")
    assert after["accepted"], after
    old.settle()
    held = old.gateway.data(ROSTER, old.province, i=after["id"])["roster"][-1]
    assert {each["team"]: each["members"] for each in held["teams"]} == {str(first): 5, str(second): 3}
    assert parts("2023-09-23") == [("Phường 2", 2, 8)]
    (was,) = old.gateway.data(ROSTER, old.province, i=before["id"])["roster"]
    assert was["unchanged"], "of its own day it says what it said"


def test_a_roster_is_consolidated_by_the_district_its_commune_lies_in_by_then(old: Running) -> None:
    envelope = {"actor": "test", "at": to_text(NOW)}
    unit = {"regime": "legacy", "kind": "Huyện", "valid_to": "2025-06-30", "lat": 9.5, "lon": 105.4, **envelope}
    named = {"code": "965", "name": "Huyện Thới Bình", "level": "district", "parent": str(OLD_PROVINCE)}
    other = unit_id("legacy", "district", "965")
    transfer = {"do": "transfer", "place": "unit", "unit": str(FIRST), "to": str(other)}
    told = {"reorganisation": str(uuid4()), "on": "2023-09-20", "decision_no": "30/NQ", "decision_date": "2023-09-18"}
    reorganised = {**told, "operations": [transfer], **envelope}
    asked(old, [("register_unit", {**unit, **named}), ("reorganise", reorganised)])
    for commune in (FIRST, SECOND):
        team(old, commune, 1)
        assert submit(old, commune, "2023-09-14")["accepted"]
    old.settle()
    assert consolidate(old, other, "DISTRICT", "2023-09-19")["code"] == "NOTHING_TO_CONSOLIDATE"
    for district, name in ((DISTRICT, "Phường 2"), (other, "Phường 1")):
        answer = consolidate(old, district, "DISTRICT", "2023-09-21")
        assert answer["accepted"], answer
        old.settle()
        (held,) = old.gateway.data(ROSTER, old.province, i=answer["id"])["roster"]
        assert [part["unit"]["name"] for part in held["parts"]] == [name]


def test_a_commune_owes_a_plan_its_roster_while_it_lies_in_the_plan_s_territory(old: Running) -> None:
    envelope = {"actor": "test", "at": to_text(NOW)}
    unit = {"regime": "legacy", "kind": "Tỉnh", "valid_to": "2025-06-30", "lat": 9.5, "lon": 105.4, **envelope}
    other = unit_id("legacy", "province", "95")
    transfer = {"do": "transfer", "place": "unit", "unit": str(FIRST), "to": str(other)}
    told = {"reorganisation": str(uuid4()), "on": "2023-09-14", "decision_no": "30/NQ", "decision_date": "2023-09-01"}
    reorganised = {**told, "operations": [transfer], **envelope}
    named = {"code": "95", "name": "Tỉnh Bạc Liêu", "level": "province"}
    gone = {"unit": str(other), "successor": str(PROVINCE), "part": False, "seat": True, "on": "2025-07-01"}
    commands: list[tuple[str, dict[str, Any]]] = [
        ("register_unit", {**unit, **named}),
        ("reorganise", reorganised),
        ("succeed_unit", {**gone, **envelope}),
    ]
    asked(old, commands)
    assert dues(old, "COMMUNE", "2023-09-13", u=str(FIRST), p=PLAN).keys() == {"Phường 1"}
    assert dues(old, "COMMUNE", "2023-09-14", u=str(FIRST), p=PLAN) == {}
    late = submit(old, FIRST, "2023-09-14")
    assert (late["code"], late["field"]) == ("OUTSIDE_TERRITORY", "unit")
    assert submit(old, FIRST, "2023-09-13")["accepted"]
