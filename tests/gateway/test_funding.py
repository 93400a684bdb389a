"""Money for teams through GraphQL: rules as data, allocations under them, appraised, settled, and who sees them."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from gateway.viewer import Role
from tests.gateway.running import HERE, OUTCOME, Running
from tests.gateway.test_learning import do
from tests.gateway.test_reorganisations import reorganise

RULE = f"""mutation($u: String!, $a: Dong, $to: Date) {{ setFundingRule(territory: $u, source: STATE_BUDGET,
    decisionNo: "1/NQ-HĐND", decisionDate: "2026-01-10", issuingBody: "HĐND tỉnh", section: "Điều 3",
    paidBy: TEAM_MONTH, amount: $a, validFrom: "2026-01-15", validTo: $to) {OUTCOME} }}"""
WARNED = f"{{ warnings {{ code message field }} {OUTCOME[2:]}"
ALLOCATE = f"""mutation($r: ID!, $p: Payee!, $o: String!, $f: Date!, $to: Date!, $q: Int, $a: Dong) {{ allocateFunding(
    rule: $r, payee: $p, about: $o, periodFrom: $f, periodTo: $to, quantity: $q, amount: $a,
    decisionNo: "8/QĐ-UBND", decisionDate: "2026-03-20") {WARNED} }}"""
APPRAISE = f"""mutation($i: ID!, $r: AppraisalResult!, $a: Dong) {{ appraiseFunding(allocation: $i,
    office: "Phòng Kinh tế", result: $r, amount: $a, appraisedOn: "2026-03-25") {OUTCOME} }}"""
ADVANCE = f"""mutation($i: ID!, $a: Dong!) {{ advanceFunding(allocation: $i, voucher: "1/TU", amount: $a,
    advancedOn: "2026-04-05") {OUTCOME} }}"""
SETTLE = f"""mutation($i: ID!, $a: Dong!) {{ settleFunding(allocation: $i, voucher: "2/QT", amount: $a,
    settledOn: "2026-07-10") {OUTCOME} }}"""
RETURN = f"""mutation($i: ID!, $a: Dong!) {{ returnFunding(allocation: $i, voucher: "3/NL", amount: $a,
    returnedOn: "2026-07-12") {OUTCOME} }}"""
READ = """query($i: ID!) { fundingAllocation(id: $i) { payee team { id } unit { code } status amount quantity result
    appraised advanced settled returned outstanding payable payments { kind voucher amount } rule { amount } } }"""
TOTALS = """query($u: String, $f: Date, $to: Date) { fundingTotals(unit: $u, startsFrom: $f, startsTo: $to) {
    allocations allocated appraised advanced settled returned } }"""


def rule(running: Running, amount: int | None, **more: Any) -> str:
    outcome = do(running, RULE, running.province, u="96", a=amount, **more)
    assert outcome["accepted"], outcome
    found: str = outcome["id"]
    return found


def allocate(running: Running, of: str, about: str, payee: str = "TEAM", **more: Any) -> dict[str, Any]:
    told = {"f": "2026-04-01", "to": "2026-06-30", **more}
    return do(running, ALLOCATE, r=of, p=payee, o=about, **told)


def read(running: Running, allocation: str, token: str | None = None) -> dict[str, Any]:
    running.settle()
    found: dict[str, Any] = running.gateway.data(READ, token or running.here, i=allocation)["fundingAllocation"]
    return found


def test_a_rule_binds_its_territory_and_all_below_and_its_amount_may_be_not_stated(running: Running) -> None:
    assert do(running, RULE, u="96")["code"] == "NOT_FOUND", "a commune sets no rule for its province"
    open_rule, ended = rule(running, None), rule(running, 4_000_000_000)
    end = f'mutation($r: ID!) {{ endFundingRule(rule: $r, lastDay: "2026-06-30") {OUTCOME} }}'
    assert do(running, end, r=ended)["code"] == "NOT_FOUND"
    assert do(running, end, running.province, r=ended)["accepted"]
    running.settle()
    asked = """query($u: String, $d: Date) { fundingRules(unit: $u, asOf: $d) { totalCount nodes {
        id amount lastDay paidBy source decisionNo territory { code } } } }"""
    found = running.gateway.data(asked, running.here, u="31843", d="2026-06-30")["fundingRules"]["nodes"]
    assert {node["id"]: (node["amount"], node["lastDay"]) for node in found} == {
        open_rule: (None, None),
        ended: (4_000_000_000, "2026-06-30"),
    }
    assert {(n["paidBy"], n["source"], n["territory"]["code"]) for n in found} == {("TEAM_MONTH", "STATE_BUDGET", "96")}
    july = running.gateway.data(asked, running.here, u="31843", d="2026-07-01")["fundingRules"]
    assert [node["id"] for node in july["nodes"]] == [open_rule]
    assert running.gateway.data(asked, running.here, u="31843", d="2026-01-14")["fundingRules"]["totalCount"] == 0
    assert running.gateway.code(asked) == "UNAUTHENTICATED"


def test_a_team_of_a_commune_that_went_whole_into_another_is_paid_by_that_one_s_rules_since(running: Running) -> None:
    _, team, _ = running.founded()
    before, after = (do(running, RULE, running.province, u=code)["id"] for code in ("31843", "31849"))
    merger = {"do": "MERGE", "units": ["31843"], "to": "31849"}
    assert reorganise(running, running.province, merger, on="2026-07-01", day="2026-06-01")["accepted"]
    june, july = {"f": "2026-06-30", "to": "2026-12-31"}, {"f": "2026-07-01", "to": "2026-12-31"}
    for rule_of, days, code in (
        (before, june, ""),
        (before, july, "OUTSIDE_TERRITORY"),
        (after, june, "OUTSIDE_TERRITORY"),
        (after, july, ""),
    ):
        outcome = do(running, ALLOCATE, running.there, r=rule_of, p="TEAM", o=team, a=1_000, **days)
        assert (outcome["code"] or "") == code, (rule_of, days, outcome)
    running.settle()
    asked = "query($u: String, $d: Date) { fundingRules(unit: $u, asOf: $d) { nodes { id } } }"
    for day, expected in (("2026-06-30", before), ("2026-07-01", after)):
        found = running.gateway.data(asked, running.province, u=str(HERE), d=day)["fundingRules"]["nodes"]
        assert [node["id"] for node in found] == [expected], day


def test_an_amount_not_stated_is_told_and_a_stated_one_is_worked_out(running: Running) -> None:
    _, team, _ = running.founded()
    open_rule, stated = rule(running, None), rule(running, 300_000)
    assert allocate(running, open_rule, team)["code"] == "AMOUNT_NOT_STATED"
    told = allocate(running, open_rule, team, a=5_000_000_000)
    assert read(running, told["id"])["amount"] == 5_000_000_000, "more than 32 bits"
    assert allocate(running, stated, team)["field"] == "amount"
    worked_out = allocate(running, stated, team, q=3)
    assert worked_out["accepted"], worked_out
    assert (read(running, worked_out["id"])["amount"], read(running, worked_out["id"])["quantity"]) == (900_000, 3)
    above = allocate(running, stated, team, q=3, a=900_001, f="2026-07-01", to="2026-09-30")
    assert (above["code"], above["field"]) == ("AMOUNT_ABOVE_RULE", "amount")
    early = allocate(running, stated, team, q=3, f="2026-01-14")
    assert (early["code"], early["field"]) == ("RULE_NOT_IN_FORCE", "periodFrom")
    assert allocate(running, str(uuid4()), team, a=1)["code"] == "NOT_FOUND"


@pytest.mark.parametrize("amount", [-1, 1.5, "100", 10**16])
def test_money_that_is_no_whole_dong_never_gets_in(running: Running, amount: Any) -> None:
    answer = running.gateway.ask(RULE, running.province, u="96", a=amount)
    assert answer["errors"]


def test_it_is_appraised_advanced_settled_and_the_rest_returned(running: Running) -> None:
    _, team, _ = running.founded()
    allocation = allocate(running, rule(running, None), team, a=3_000_000)["id"]
    assert do(running, ADVANCE, i=allocation, a=1)["code"] == "NOT_APPRAISED"
    assert do(running, APPRAISE, i=allocation, r="CHANGED")["field"] == "amount"
    assert do(running, APPRAISE, i=allocation, r="CHANGED", a=2_700_000)["accepted"]
    waiting = read(running, allocation)
    assert (waiting["status"], waiting["result"], waiting["appraised"]) == ("APPRAISED", "CHANGED", 2_700_000)
    assert (waiting["advanced"], waiting["settled"], waiting["outstanding"]) == (0, None, None)
    assert do(running, ADVANCE, i=allocation, a=2_700_001)["code"] == "ADVANCED_ABOVE_APPRAISED"
    assert do(running, ADVANCE, i=allocation, a=2_000_000)["accepted"]
    assert do(running, SETTLE, i=allocation, a=2_700_001)["code"] == "SETTLED_ABOVE_APPRAISED"
    assert do(running, SETTLE, i=allocation, a=1_800_000)["accepted"]
    settled = read(running, allocation)
    assert (settled["status"], settled["outstanding"], settled["payable"]) == ("SETTLED", 200_000, 0)
    assert do(running, RETURN, i=allocation, a=200_001)["code"] == "RETURNED_ABOVE_ADVANCED"
    assert do(running, RETURN, i=allocation, a=200_000)["accepted"]
    done = read(running, allocation)
    assert (done["status"], done["returned"], done["outstanding"]) == ("RETURNED", 200_000, 0)
    assert [(each["kind"], each["voucher"], each["amount"]) for each in done["payments"]] == [
        ("advance", "1/TU", 2_000_000),
        ("settlement", "2/QT", 1_800_000),
        ("return", "3/NL", 200_000),
    ]
    assert running.gateway.data(TOTALS, running.here)["fundingTotals"] == {
        "allocations": 1,
        "allocated": 3_000_000,
        "appraised": 2_700_000,
        "advanced": 2_000_000,
        "settled": 1_800_000,
        "returned": 200_000,
    }


def test_money_is_seen_and_moved_by_those_who_hold_who_gets_it(running: Running) -> None:
    _, team, _ = running.founded()
    under = rule(running, None)
    to_team = allocate(running, under, team, a=100)["id"]
    to_commune = allocate(running, under, "31843", "UNIT", a=1_000, f="2026-07-01", to="2026-09-30")["id"]
    assert read(running, to_commune)["unit"] == {"code": "31843"}
    assert read(running, to_team)["team"] == {"id": team}
    leader = running.gateway.token(Role.TEAM_LEADER, HERE, served=(UUID(team),))
    listed = "{ fundingAllocations { totalCount nodes { id } } }"
    seen = {
        "here": [to_commune, to_team],
        "province": [to_commune, to_team],
        "leader": [to_team],
        "there": [],
        "handler": [],
    }
    tokens = {"here": running.here, "province": running.province, "leader": leader, "there": running.there}
    tokens["handler"] = running.gateway.token(Role.BODY_HANDLER, HERE, body="POLICE")
    for who, token in tokens.items():
        found = running.gateway.data(listed, token)["fundingAllocations"]
        assert ([node["id"] for node in found["nodes"]], found["totalCount"]) == (seen[who], len(seen[who])), who
        assert running.gateway.data(TOTALS, token)["fundingTotals"]["allocations"] == len(seen[who]), who
    for mutation, more in ((APPRAISE, {"r": "APPROVED"}), (ADVANCE, {"a": 1}), (SETTLE, {"a": 1}), (RETURN, {"a": 1})):
        assert do(running, mutation, leader, i=to_team, **more)["code"] == "FORBIDDEN"
        assert do(running, mutation, running.there, i=to_team, **more)["code"] == "NOT_FOUND"
    stranger = do(running, ALLOCATE, running.there, r=under, p="TEAM", o=team, f="2026-04-01", to="2026-06-30", a=1)
    assert stranger["code"] == "NOT_FOUND"
    assert running.gateway.code(READ, running.there, i=to_team) == "NOT_FOUND"
    quarter = {"u": "31843", "f": "2026-07-01", "to": "2026-09-30"}
    assert running.gateway.data(TOTALS, running.here, **quarter)["fundingTotals"]["allocated"] == 1_000
    assert running.gateway.data(TOTALS, running.province, u="31849")["fundingTotals"]["allocated"] == 0


def test_a_second_allocation_for_the_same_days_is_accepted_with_a_warning(running: Running) -> None:
    _, team, _ = running.founded()
    under, other = rule(running, None), rule(running, None)
    first = allocate(running, under, team, a=1)
    assert first["warnings"] == []
    running.settle()
    again = allocate(running, under, team, a=1, f="2026-06-30", to="2026-09-30")
    assert again["accepted"]
    assert [(each["code"], each["field"]) for each in again["warnings"]] == [("ALLOCATION_OVERLAPS", "periodFrom")]
    assert allocate(running, other, team, a=1)["warnings"] == [], "of another rule"
    assert allocate(running, under, team, a=1, f="2026-10-01", to="2026-12-31")["warnings"] == []


def test_what_was_rejected_is_paid_by_nobody(running: Running) -> None:
    _, team, _ = running.founded()
    allocation = allocate(running, rule(running, None), team, a=3_000)["id"]
    assert do(running, APPRAISE, i=allocation, r="REJECTED")["accepted"]
    assert do(running, ADVANCE, i=allocation, a=1)["code"] == "REJECTED"
    found = read(running, allocation)
    assert (found["status"], found["appraised"]) == ("REJECTED", 0)
