"""What happens to an allocation of money, and what the rules of `funding.py` remember of it."""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal, TypeAlias, assert_never
from uuid import UUID

from services.kernel.message import Event

Payee: TypeAlias = Literal["team", "unit"]
Result: TypeAlias = Literal["approved", "changed", "rejected"]

# Events


class FundingAllocated(Event, name="funding.allocated"):
    """`amount` đồng are meant for the team or unit `about`, for a period, under a rule.

    `quantity` is how many units of payment: team-months, person-days, contests; None where the rule states no amount
    and nobody told.
    """

    allocation: UUID
    rule: UUID
    payee: Payee
    about: UUID
    period_from: date
    period_to: date
    quantity: int | None
    amount: int
    decision_no: str
    decision_date: date


class FundingAppraised(Event, name="funding.appraised"):
    """An office appraised it: `amount` is what may be spent. Told again before anything was paid, the later holds."""

    allocation: UUID
    office: str
    result: Result
    amount: int
    appraised_on: date


class FundingAdvanced(Event, name="funding.advanced"):
    """Money was paid in advance. `voucher` is the number of the paper."""

    allocation: UUID
    voucher: str
    amount: int
    advanced_on: date


class FundingSettled(Event, name="funding.settled"):
    """What was truly spent (quyết toán)."""

    allocation: UUID
    voucher: str
    amount: int
    settled_on: date


class FundingReturned(Event, name="funding.returned"):
    """Money advanced and not spent came back."""

    allocation: UUID
    voucher: str
    amount: int
    returned_on: date


FundingEvent: TypeAlias = FundingAllocated | FundingAppraised | FundingAdvanced | FundingSettled | FundingReturned
Paid: TypeAlias = FundingAdvanced | FundingReturned


# State


@dataclass(frozen=True, slots=True)
class Allocation:
    """What the rules remember of an allocation."""

    allocated: FundingAllocated
    appraised: FundingAppraised | None = None
    settled: FundingSettled | None = None
    paid: dict[str, Paid] = field(default_factory=dict)
    """Advances and returns by voucher."""

    @property
    def advanced(self) -> int:
        """Đồng paid in advance so far."""
        return sum(each.amount for each in self.paid.values() if isinstance(each, FundingAdvanced))

    @property
    def returned(self) -> int:
        """Đồng that came back so far."""
        return sum(each.amount for each in self.paid.values() if isinstance(each, FundingReturned))


def evolve(allocation: Allocation | None, event: FundingEvent) -> Allocation | None:
    """The allocation after `event`."""
    if isinstance(event, FundingAllocated):
        return Allocation(event)
    if allocation is None:
        return None
    match event:
        case FundingAppraised():
            return replace(allocation, appraised=event)
        case FundingAdvanced() | FundingReturned():
            return replace(allocation, paid={**allocation.paid, event.voucher: event})
        case FundingSettled():
            return replace(allocation, settled=event)
        case _:
            assert_never(event)
