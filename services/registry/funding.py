"""Money allocated to a team or unit under a rule: appraised, advanced, settled, what was too much returned.

Amounts are whole đồng and never negative (domain.md A6 row 97; 001 §VI.2, 002 §IV.2: thẩm định, thanh quyết toán). A
rule must hold on the first day of the period; where it states an amount, nobody gets more than that amount times the
quantity. Nothing is paid before the appraisal, and nothing is settled above it.

Refusals: ALLOCATION_EXISTS, ALLOCATION_UNKNOWN, FUNDING_RULE_UNKNOWN, RULE_NOT_IN_FORCE, OUTSIDE_TERRITORY,
TEAM_UNKNOWN, PERIOD_REVERSED, DECISION_IN_FUTURE, AMOUNT_NOT_STATED, QUANTITY_MISSING, AMOUNT_ABOVE_RULE,
DAY_IN_FUTURE, APPRAISED_BEFORE_ALLOCATED, AMOUNT_CONTRADICTS_RESULT, APPRAISAL_USED, NOT_APPRAISED, REJECTED,
PAID_BEFORE_APPRAISED, VOUCHER_TWICE, ADVANCED_ABOVE_APPRAISED, SETTLED_ALREADY, SETTLED_ABOVE_APPRAISED, NOT_SETTLED,
RETURNED_ABOVE_ADVANCED.
"""

from datetime import date
from typing import TYPE_CHECKING, Annotated, TypeAlias, assert_never
from uuid import UUID

from pydantic import Field

from services.kernel.clock import business_date
from services.kernel.decider import Aggregate, Lookup, Refused
from services.kernel.message import Command
from services.registry.funding_events import (
    Allocation,
    FundingAdvanced,
    FundingAllocated,
    FundingAppraised,
    FundingEvent,
    FundingReturned,
    FundingSettled,
    Payee,
    Result,
    evolve,
)
from services.registry.funding_rule import FUNDING_RULE, MOST_DONG, Dong, FundingRule
from services.registry.team import TEAM
from services.registry.unit import lies_within
from services.registry.wording import Wording

if TYPE_CHECKING:
    from services.registry.team_events import Team

Payment: TypeAlias = Annotated[int, Field(ge=1, le=MOST_DONG)]

# Commands


class AllocateFunding(Command, name="allocate_funding"):
    """Allocate money. `amount` must be told: under a rule that states one, at most that times `quantity`."""

    allocation: UUID
    rule: UUID
    payee: Payee
    about: UUID
    period_from: date
    period_to: date
    quantity: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    amount: Dong | None = None
    decision_no: Wording
    decision_date: date


class AppraiseFunding(Command, name="appraise_funding"):
    """Appraise an allocation: as it is, with another amount, or not at all."""

    allocation: UUID
    office: Wording
    result: Result
    amount: Dong | None = None
    appraised_on: date


class AdvanceFunding(Command, name="advance_funding"):
    """Pay in advance."""

    allocation: UUID
    voucher: Wording
    amount: Payment
    advanced_on: date


class SettleFunding(Command, name="settle_funding"):
    """Settle what was spent."""

    allocation: UUID
    voucher: Wording
    amount: Dong
    settled_on: date


class ReturnFunding(Command, name="return_funding"):
    """Hand back what was advanced and not spent."""

    allocation: UUID
    voucher: Wording
    amount: Payment
    returned_on: date


FundingCommand: TypeAlias = AllocateFunding | AppraiseFunding | AdvanceFunding | SettleFunding | ReturnFunding


# Rules


def guard(command: FundingCommand, lookup: Lookup) -> None:
    """The rule must hold on the period's first day where the payee is, and its amount is a ceiling."""
    match command:
        case AllocateFunding():
            rule: FundingRule | None = lookup.state(FUNDING_RULE, str(command.rule))
            if rule is None:
                raise Refused("Chưa có định mức này.", code="FUNDING_RULE_UNKNOWN", field="rule")
            if not rule.holds(command.period_from):
                said = "Định mức không có hiệu lực vào ngày đầu của kỳ."
                raise Refused(said, code="RULE_NOT_IN_FORCE", field="period_from")
            if not lies_within(lookup, _place(command, lookup), rule.told.territory, command.period_from):
                said = "Nơi nhận không thuộc địa bàn của định mức."
                raise Refused(said, code="OUTSIDE_TERRITORY", field="about")
            _under(rule, command.quantity, command.amount)
        case AppraiseFunding() if command.amount is not None:
            allocation: Allocation | None = lookup.state(FUNDING, str(command.allocation))
            if allocation is not None:
                rule = lookup.state(FUNDING_RULE, str(allocation.allocated.rule))
                if rule is not None:
                    _under(rule, allocation.allocated.quantity, command.amount)
        case _:
            pass


def _place(command: AllocateFunding, lookup: Lookup) -> UUID:
    if command.payee == "unit":
        return command.about
    team: Team | None = lookup.state(TEAM, str(command.about))
    if team is None:
        raise Refused("Chưa có Tổ này.", code="TEAM_UNKNOWN", field="about")
    return team.established.commune


def _under(rule: FundingRule, quantity: int | None, amount: int | None) -> None:
    stated = rule.told.amount
    if amount is None:
        raise Refused("Phải ghi số tiền phân bổ.", code="AMOUNT_NOT_STATED", field="amount")
    if stated is None:
        return
    if quantity is None:
        raise Refused("Phải ghi số tháng, số ngày công hoặc số cuộc thi.", code="QUANTITY_MISSING", field="quantity")
    if amount > stated * quantity:
        raise Refused("Số tiền vượt định mức.", code="AMOUNT_ABOVE_RULE", field="amount")


def decide(command: FundingCommand, allocation: Allocation | None) -> list[FundingEvent]:
    """Appraised before paid, settled once and not above the appraisal, returned not above what is left."""
    today = business_date(command.at)
    if isinstance(command, AllocateFunding):
        return _allocate(command, allocation, today)
    if allocation is None:
        raise Refused("Chưa có khoản phân bổ này.", code="ALLOCATION_UNKNOWN", field="allocation")
    match command:
        case AppraiseFunding():
            return _appraise(command, allocation, today)
        case AdvanceFunding():
            return _advance(command, allocation, today)
        case SettleFunding():
            return _settle(command, allocation, today)
        case ReturnFunding():
            return _return(command, allocation, today)
        case _:
            assert_never(command)


def _allocate(command: AllocateFunding, allocation: Allocation | None, today: date) -> list[FundingEvent]:
    if command.amount is None:
        raise Refused("Phải ghi số tiền phân bổ.", code="AMOUNT_NOT_STATED", field="amount")
    event = FundingAllocated(
        allocation=command.allocation,
        rule=command.rule,
        payee=command.payee,
        about=command.about,
        period_from=command.period_from,
        period_to=command.period_to,
        quantity=command.quantity,
        amount=command.amount,
        decision_no=command.decision_no,
        decision_date=command.decision_date,
    )
    if allocation is not None:
        if allocation.allocated == event:
            return []
        raise Refused("Khoản phân bổ này đã có với nội dung khác.", code="ALLOCATION_EXISTS", field="allocation")
    if command.period_to < command.period_from:
        raise Refused("Ngày cuối kỳ phải từ ngày đầu kỳ trở đi.", code="PERIOD_REVERSED", field="period_to")
    if command.decision_date > today:
        raise Refused("Quyết định không được đề ngày tương lai.", code="DECISION_IN_FUTURE", field="decision_date")
    return [event]


def _appraise(command: AppraiseFunding, allocation: Allocation, today: date) -> list[FundingEvent]:
    allocated = allocation.allocated
    if command.result == "changed":
        amount, fits = command.amount, command.amount not in (None, allocated.amount)
    else:
        amount = allocated.amount if command.result == "approved" else 0
        fits = command.amount in (None, amount)
    if amount is None or not fits:
        said = "Số tiền thẩm định không khớp với kết quả thẩm định."
        raise Refused(said, code="AMOUNT_CONTRADICTS_RESULT", field="amount")
    event = FundingAppraised(
        allocation=command.allocation,
        office=command.office,
        result=command.result,
        amount=amount,
        appraised_on=command.appraised_on,
    )
    if allocation.appraised == event:
        return []
    if allocation.paid or allocation.settled is not None:
        raise Refused("Đã chi tiền theo kết quả thẩm định trước.", code="APPRAISAL_USED", field="allocation")
    _not_in_future(command.appraised_on, "appraised_on", today)
    if command.appraised_on < allocated.decision_date:
        said = "Ngày thẩm định không được trước quyết định phân bổ."
        raise Refused(said, code="APPRAISED_BEFORE_ALLOCATED", field="appraised_on")
    return [event]


def _advance(command: AdvanceFunding, allocation: Allocation, today: date) -> list[FundingEvent]:
    event = FundingAdvanced(
        allocation=command.allocation,
        voucher=command.voucher,
        amount=command.amount,
        advanced_on=command.advanced_on,
    )
    if allocation.paid.get(command.voucher) == event:
        return []
    appraised = _payable(allocation, command.advanced_on, "advanced_on", today)
    if allocation.settled is not None:
        raise Refused("Khoản này đã quyết toán.", code="SETTLED_ALREADY", field="allocation")
    _new_voucher(command.voucher, allocation)
    if allocation.advanced + command.amount > appraised.amount:
        raise Refused("Tạm ứng vượt số đã thẩm định.", code="ADVANCED_ABOVE_APPRAISED", field="amount")
    return [event]


def _settle(command: SettleFunding, allocation: Allocation, today: date) -> list[FundingEvent]:
    event = FundingSettled(
        allocation=command.allocation,
        voucher=command.voucher,
        amount=command.amount,
        settled_on=command.settled_on,
    )
    if allocation.settled == event:
        return []
    appraised = _payable(allocation, command.settled_on, "settled_on", today)
    if allocation.settled is not None:
        raise Refused("Khoản này đã quyết toán.", code="SETTLED_ALREADY", field="allocation")
    _new_voucher(command.voucher, allocation)
    if command.amount > appraised.amount:
        raise Refused("Quyết toán vượt số đã thẩm định.", code="SETTLED_ABOVE_APPRAISED", field="amount")
    return [event]


def _return(command: ReturnFunding, allocation: Allocation, today: date) -> list[FundingEvent]:
    event = FundingReturned(
        allocation=command.allocation,
        voucher=command.voucher,
        amount=command.amount,
        returned_on=command.returned_on,
    )
    if allocation.paid.get(command.voucher) == event:
        return []
    _payable(allocation, command.returned_on, "returned_on", today)
    if allocation.settled is None:
        raise Refused("Khoản này chưa quyết toán.", code="NOT_SETTLED", field="allocation")
    _new_voucher(command.voucher, allocation)
    left = allocation.advanced - allocation.settled.amount - allocation.returned
    if command.amount > left:
        said = "Số nộp lại vượt số tạm ứng chưa chi."
        raise Refused(said, code="RETURNED_ABOVE_ADVANCED", field="amount")
    return [event]


def _payable(allocation: Allocation, day: date, field: str, today: date) -> FundingAppraised:
    """The appraisal that lets money move on that day."""
    appraised = allocation.appraised
    if appraised is None:
        raise Refused("Khoản này chưa được thẩm định.", code="NOT_APPRAISED", field="allocation")
    if appraised.result == "rejected":
        raise Refused("Khoản này đã bị từ chối khi thẩm định.", code="REJECTED", field="allocation")
    _not_in_future(day, field, today)
    if day < appraised.appraised_on:
        raise Refused("Ngày này không được trước ngày thẩm định.", code="PAID_BEFORE_APPRAISED", field=field)
    return appraised


def _new_voucher(voucher: str, allocation: Allocation) -> None:
    used = {*allocation.paid, *(() if allocation.settled is None else (allocation.settled.voucher,))}
    if voucher in used:
        raise Refused("Số chứng từ này đã dùng.", code="VOUCHER_TWICE", field="voucher")


def _not_in_future(day: date, field: str, today: date) -> None:
    if day > today:
        raise Refused("Ngày này không được ở tương lai.", code="DAY_IN_FUTURE", field=field)


FUNDING: Aggregate[Allocation | None, FundingCommand, FundingEvent] = Aggregate(
    category="funding",
    events=FundingEvent,
    commands=FundingCommand,
    initial=None,
    evolve=evolve,
    decide=decide,
    identity=lambda command: command.allocation,
    guard=guard,
    opens=frozenset({AllocateFunding}),
)
