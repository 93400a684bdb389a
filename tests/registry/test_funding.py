"""Money for teams: rules as dated data, allocations under them, appraised, advanced, settled and returned."""

from contextlib import suppress
from datetime import date
from typing import Any

import pytest
from hypothesis import given as for_all, strategies as some
from pydantic import ValidationError

from services.kernel.decider import Refused
from services.kernel.identifiers import derived_id
from services.kernel.testing import given
from services.registry.examples import COMMUNE, EXAMPLES, FUNDING_RULE_ID, PROVINCE, TEAM_ID
from services.registry.funding import (
    FUNDING,
    AdvanceFunding,
    AllocateFunding,
    AppraiseFunding,
    ReturnFunding,
    SettleFunding,
    guard,
)
from services.registry.funding_events import (
    Allocation,
    FundingAdvanced,
    FundingAllocated,
    FundingAppraised,
    FundingReturned,
    FundingSettled,
)
from services.registry.funding_rule import (
    FUNDING_RULE,
    EndFundingRule,
    FundingRuleEnded,
    FundingRuleSet,
    SetFundingRule,
)
from services.registry.team import TEAM
from services.registry.team_events import TeamEstablished
from services.registry.unit import UNIT, UnitEnded, UnitRegistered, UnitSucceeded, UnitTransferred
from tests.registry.looking import Looking, refusal_of

(SET,) = (event for event in EXAMPLES if isinstance(event, FundingRuleSet))
(ENDED,) = (event for event in EXAMPLES if isinstance(event, FundingRuleEnded))
(ALLOCATED,) = (event for event in EXAMPLES if isinstance(event, FundingAllocated))
(APPRAISED,) = (event for event in EXAMPLES if isinstance(event, FundingAppraised))
(ADVANCED,) = (event for event in EXAMPLES if isinstance(event, FundingAdvanced))
(SETTLED,) = (event for event in EXAMPLES if isinstance(event, FundingSettled))
(RETURNED,) = (event for event in EXAMPLES if isinstance(event, FundingReturned))
(ESTABLISHED,) = (event for event in EXAMPLES if isinstance(event, TeamEstablished))
UNITS = {event.unit: event for event in EXAMPLES if isinstance(event, UnitRegistered)}
NOON = "2026-11-20T05:00:00Z"
TOMORROW = date(2026, 11, 21)
PAID = given(FUNDING, ALLOCATED, APPRAISED, ADVANCED)


def told(command: Any, event: Any, **changes: Any) -> Any:
    """The command that leads to `event`, with some words changed."""
    return command.model_validate({"actor": "official", "at": NOON, **event.model_dump(), **changes})


def stated(amount: int | None) -> FundingRuleSet:
    return SET.model_copy(update={"amount": amount})


# -- rules ------------------------------------------------------------------------------------------------------------


def test_a_rule_says_what_its_decision_says_and_nothing_else_later() -> None:
    given(FUNDING_RULE).when(told(SetFundingRule, SET)).then(SET)
    given(FUNDING_RULE, SET).when(told(SetFundingRule, SET)).then()
    other = told(SetFundingRule, SET, amount=1)
    given(FUNDING_RULE, SET).when(other).refused("FUNDING_RULE_EXISTS", field="rule")
    backwards = told(SetFundingRule, SET, valid_to=date(2026, 1, 14))
    given(FUNDING_RULE).when(backwards).refused("SPAN_REVERSED", field="valid_to")
    unsigned = told(SetFundingRule, SET, decision_date=TOMORROW)
    given(FUNDING_RULE).when(unsigned).refused("DECISION_IN_FUTURE", field="decision_date")


def test_a_rule_ends_once_while_it_holds() -> None:
    given(FUNDING_RULE, SET).when(told(EndFundingRule, ENDED)).then(ENDED)
    given(FUNDING_RULE, SET, ENDED).when(told(EndFundingRule, ENDED)).then()
    again = told(EndFundingRule, ENDED, last_day=date(2029, 1, 1))
    given(FUNDING_RULE, SET, ENDED).when(again).refused("ENDED_ALREADY", field="rule")
    before = told(EndFundingRule, ENDED, last_day=date(2026, 1, 14))
    given(FUNDING_RULE, SET).when(before).refused("RULE_NOT_IN_FORCE", field="last_day")
    given(FUNDING_RULE).when(told(EndFundingRule, ENDED)).refused("FUNDING_RULE_UNKNOWN", field="rule")


@pytest.mark.parametrize("amount", [-1, 10**15 + 1, 1.5])
def test_money_is_whole_dong_and_never_negative(amount: Any) -> None:
    with pytest.raises(ValidationError):
        told(SetFundingRule, SET, amount=amount)
    with pytest.raises(ValidationError):
        told(AllocateFunding, ALLOCATED, amount=amount)
    with pytest.raises(ValidationError):
        told(SettleFunding, SETTLED, amount=amount)


def test_nothing_is_no_advance_and_no_return() -> None:
    with pytest.raises(ValidationError):
        told(AdvanceFunding, ADVANCED, amount=0)
    with pytest.raises(ValidationError):
        told(ReturnFunding, RETURNED, amount=0)


# -- allocations ------------------------------------------------------------------------------------------------------


def checked(*rule: Any, units: Any = None, **changes: Any) -> tuple[str, str | None] | None:
    lookup = Looking().with_events(FUNDING_RULE, FUNDING_RULE_ID, *rule).with_events(TEAM, TEAM_ID, ESTABLISHED)
    for unit, events in ({unit: (told,) for unit, told in UNITS.items()} | (units or {})).items():
        lookup.with_events(UNIT, unit, *events)
    return refusal_of(lambda: guard(told(AllocateFunding, ALLOCATED, **changes), lookup))


def test_an_allocation_needs_a_rule_in_force_on_its_first_day() -> None:
    assert checked() == ("FUNDING_RULE_UNKNOWN", "rule")
    assert checked(SET) is None
    assert checked(SET, period_from=date(2026, 1, 15)) is None
    assert checked(SET, period_from=date(2026, 1, 14)) == ("RULE_NOT_IN_FORCE", "period_from")
    ended = FundingRuleEnded(rule=FUNDING_RULE_ID, last_day=date(2026, 3, 31))
    assert checked(SET, ended) == ("RULE_NOT_IN_FORCE", "period_from")
    assert checked(SET, ended, period_from=date(2026, 3, 31)) is None, "what began in time may run on"


def test_an_allocation_goes_to_a_team_or_unit_of_the_rule_s_territory() -> None:
    nobody = derived_id("test", "nobody")
    of_commune = SET.model_copy(update={"territory": COMMUNE})
    assert checked(SET, about=nobody) == ("TEAM_UNKNOWN", "about")
    assert checked(SET, payee="unit", about=COMMUNE) is None
    assert checked(SET, payee="unit", about=nobody) == ("OUTSIDE_TERRITORY", "about")
    assert checked(of_commune) is None
    assert checked(of_commune, payee="unit", about=PROVINCE) == ("OUTSIDE_TERRITORY", "about")


def test_where_the_payee_lies_is_judged_by_the_first_day_of_the_period() -> None:
    """From April the commune lies under another province: the first one's rule binds it until then."""
    elsewhere, april = derived_id("test", "elsewhere"), date(2026, 4, 1)
    moved = (UNITS[COMMUNE], UnitTransferred(unit=COMMUNE, parent=elsewhere, on=april))
    units = {COMMUNE: moved, elsewhere: (UNITS[PROVINCE].model_copy(update={"unit": elsewhere}),)}
    of_the_other = SET.model_copy(update={"territory": elsewhere})
    before = {"period_from": date(2026, 3, 31), "period_to": date(2026, 12, 31), "units": units}
    since = {**before, "period_from": april}
    assert checked(SET, **before) is None
    assert checked(SET, **since) == ("OUTSIDE_TERRITORY", "about")
    assert checked(of_the_other, **before) == ("OUTSIDE_TERRITORY", "about")
    assert checked(of_the_other, **since) is None


def test_a_team_of_a_commune_that_went_whole_into_another_is_paid_by_the_rule_of_that_one() -> None:
    other, april = derived_id("test", "other"), date(2026, 4, 1)
    gone = UnitSucceeded(unit=COMMUNE, successor=other, part=False, seat=True, on=april)
    ended = UnitEnded(unit=COMMUNE, valid_to=date(2026, 3, 31))
    units = {
        COMMUNE: (UNITS[COMMUNE], ended, gone),
        other: (UNITS[COMMUNE].model_copy(update={"unit": other}),),
    }
    of_the_other = SET.model_copy(update={"territory": other})
    asked = {"period_to": date(2026, 12, 31), "units": units}
    assert checked(of_the_other, period_from=april, **asked) is None
    assert checked(of_the_other, period_from=date(2026, 3, 31), **asked) == ("OUTSIDE_TERRITORY", "about")


def test_an_amount_not_stated_must_be_told_and_a_stated_one_is_a_ceiling() -> None:
    assert checked(SET, amount=None) == ("AMOUNT_NOT_STATED", "amount")
    assert checked(SET, quantity=None) is None, "where the rule states no amount there is nothing to multiply"
    assert checked(stated(1_000)) is None
    assert checked(stated(1_000), amount=2_999) is None
    assert checked(stated(1_000), amount=3_001) == ("AMOUNT_ABOVE_RULE", "amount")
    assert checked(stated(1_000), quantity=None) == ("QUANTITY_MISSING", "quantity")
    assert checked(stated(0), amount=0) is None, "nought is an amount and not the same as not stated"
    given(FUNDING).when(told(AllocateFunding, ALLOCATED, amount=None)).refused("AMOUNT_NOT_STATED", field="amount")


def test_an_allocation_is_told_once() -> None:
    given(FUNDING).when(told(AllocateFunding, ALLOCATED)).then(ALLOCATED)
    given(FUNDING, ALLOCATED).when(told(AllocateFunding, ALLOCATED)).then()
    other = told(AllocateFunding, ALLOCATED, amount=1)
    given(FUNDING, ALLOCATED).when(other).refused("ALLOCATION_EXISTS", field="allocation")
    backwards = told(AllocateFunding, ALLOCATED, period_to=date(2026, 3, 31))
    given(FUNDING).when(backwards).refused("PERIOD_REVERSED", field="period_to")
    unsigned = told(AllocateFunding, ALLOCATED, decision_date=TOMORROW)
    given(FUNDING).when(unsigned).refused("DECISION_IN_FUTURE", field="decision_date")


# -- appraisal and settlement -----------------------------------------------------------------------------------------


def test_an_appraisal_approves_changes_or_rejects_and_its_amount_agrees() -> None:
    there = given(FUNDING, ALLOCATED)
    there.when(told(AppraiseFunding, APPRAISED)).then(APPRAISED)
    approved = APPRAISED.model_copy(update={"result": "approved", "amount": 3_000})
    there.when(told(AppraiseFunding, approved, amount=None)).then(approved)
    rejected = APPRAISED.model_copy(update={"result": "rejected", "amount": 0})
    there.when(told(AppraiseFunding, rejected, amount=None)).then(rejected)
    for result, amount in (("approved", 2_999), ("rejected", 1), ("changed", 3_000), ("changed", None)):
        wrong = told(AppraiseFunding, APPRAISED, result=result, amount=amount)
        there.when(wrong).refused("AMOUNT_CONTRADICTS_RESULT", field="amount")
    early = told(AppraiseFunding, APPRAISED, appraised_on=date(2026, 3, 19))
    there.when(early).refused("APPRAISED_BEFORE_ALLOCATED", field="appraised_on")
    there.when(told(AppraiseFunding, APPRAISED, appraised_on=TOMORROW)).refused("DAY_IN_FUTURE", field="appraised_on")


def test_an_appraisal_may_be_told_anew_until_money_moved() -> None:
    better = APPRAISED.model_copy(update={"amount": 2_800})
    given(FUNDING, ALLOCATED, APPRAISED).when(told(AppraiseFunding, better)).then(better)
    given(FUNDING, ALLOCATED, APPRAISED).when(told(AppraiseFunding, APPRAISED)).then()
    PAID.when(told(AppraiseFunding, better)).refused("APPRAISAL_USED", field="allocation")


def test_an_appraisal_does_not_lift_an_allocation_above_the_rule() -> None:
    lookup = Looking().with_events(FUNDING_RULE, FUNDING_RULE_ID, stated(1_000))
    lookup.with_events(FUNDING, ALLOCATED.allocation, ALLOCATED)
    above = told(AppraiseFunding, APPRAISED, amount=3_001)
    assert refusal_of(lambda: guard(above, lookup)) == ("AMOUNT_ABOVE_RULE", "amount")
    assert refusal_of(lambda: guard(told(AppraiseFunding, APPRAISED), lookup)) is None


def test_no_money_moves_before_the_appraisal_or_after_a_rejection() -> None:
    rejected = APPRAISED.model_copy(update={"result": "rejected", "amount": 0})
    for command, event in ((AdvanceFunding, ADVANCED), (SettleFunding, SETTLED), (ReturnFunding, RETURNED)):
        given(FUNDING, ALLOCATED).when(told(command, event)).refused("NOT_APPRAISED", field="allocation")
        given(FUNDING, ALLOCATED, rejected).when(told(command, event)).refused("REJECTED", field="allocation")
        given(FUNDING).when(told(command, event)).refused("ALLOCATION_UNKNOWN", field="allocation")
    early = told(AdvanceFunding, ADVANCED, advanced_on=date(2026, 3, 24))
    given(FUNDING, ALLOCATED, APPRAISED).when(early).refused("PAID_BEFORE_APPRAISED", field="advanced_on")


def test_advances_add_up_to_the_appraisal_at_most() -> None:
    appraised = given(FUNDING, ALLOCATED, APPRAISED)
    appraised.when(told(AdvanceFunding, ADVANCED)).then(ADVANCED)
    PAID.when(told(AdvanceFunding, ADVANCED)).then()
    second = ADVANCED.model_copy(update={"voucher": "2/TU", "amount": 700})
    PAID.when(told(AdvanceFunding, second)).then(second)
    above = told(AdvanceFunding, second, amount=701)
    PAID.when(above).refused("ADVANCED_ABOVE_APPRAISED", field="amount")
    PAID.when(told(AdvanceFunding, ADVANCED, amount=1)).refused("VOUCHER_TWICE", field="voucher")


def test_it_is_settled_once_and_not_above_the_appraisal() -> None:
    PAID.when(told(SettleFunding, SETTLED)).then(SETTLED)
    most = SETTLED.model_copy(update={"amount": 2_700})
    PAID.when(told(SettleFunding, most)).then(most)
    PAID.when(told(SettleFunding, SETTLED, amount=2_701)).refused("SETTLED_ABOVE_APPRAISED", field="amount")
    settled = given(FUNDING, ALLOCATED, APPRAISED, ADVANCED, SETTLED)
    settled.when(told(SettleFunding, SETTLED)).then()
    settled.when(told(SettleFunding, most)).refused("SETTLED_ALREADY", field="allocation")
    more = told(AdvanceFunding, ADVANCED, voucher="2/TU", amount=1)
    settled.when(more).refused("SETTLED_ALREADY", field="allocation")


def test_what_was_advanced_and_not_spent_comes_back_and_no_more() -> None:
    PAID.when(told(ReturnFunding, RETURNED)).refused("NOT_SETTLED", field="allocation")
    settled = given(FUNDING, ALLOCATED, APPRAISED, ADVANCED, SETTLED)
    settled.when(told(ReturnFunding, RETURNED)).then(RETURNED)
    settled.when(told(ReturnFunding, RETURNED, amount=201)).refused("RETURNED_ABOVE_ADVANCED", field="amount")
    settled.when(told(ReturnFunding, RETURNED, voucher=SETTLED.voucher)).refused("VOUCHER_TWICE", field="voucher")
    back = given(FUNDING, ALLOCATED, APPRAISED, ADVANCED, SETTLED, RETURNED)
    back.when(told(ReturnFunding, RETURNED)).then()
    more = told(ReturnFunding, RETURNED, voucher="4/NL", amount=1)
    back.when(more).refused("RETURNED_ABOVE_ADVANCED", field="amount")


_STEPS = some.lists(
    some.tuples(some.sampled_from(["advance", "settle", "return"]), some.integers(1, 3_000), some.integers(0, 9)),
    max_size=12,
)


_KINDS: dict[str, tuple[Any, Any, str]] = {
    "advance": (ADVANCED, AdvanceFunding, "advanced_on"),
    "settle": (SETTLED, SettleFunding, "settled_on"),
    "return": (RETURNED, ReturnFunding, "returned_on"),
}


@for_all(_STEPS)
def test_whatever_is_asked_nothing_exceeds_what_it_is_part_of(steps: list[tuple[str, int, int]]) -> None:
    state: Allocation | None = FUNDING.fold(None, [ALLOCATED, APPRAISED])
    for kind, amount, voucher in steps:
        event, command, day = _KINDS[kind]
        asked = told(command, event, amount=amount, voucher=str(voucher), **{day: date(2026, 8, 1)})
        with suppress(Refused):
            state = FUNDING.fold(state, FUNDING.decide(asked, state))
        assert state is not None
        spent = 0 if state.settled is None else state.settled.amount
        assert spent <= APPRAISED.amount
        assert 0 <= state.advanced <= APPRAISED.amount
        assert 0 <= state.returned <= max(0, state.advanced - spent)
