"""A rule on money for teams: what a decision lays down for a territory, from when to when (domain.md A6 row 96).

Amounts are whole đồng a unit of payment. Many decisions only say that there is support: then the amount is *not
stated*, and each allocation says its own. No amount ships with the project: 000 names a resolution and not its level.

Refusals: FUNDING_RULE_EXISTS, FUNDING_RULE_UNKNOWN, TERRITORY_UNKNOWN, SPAN_REVERSED, DECISION_IN_FUTURE,
RULE_NOT_IN_FORCE, ENDED_ALREADY.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Literal, TypeAlias, assert_never
from uuid import UUID

from pydantic import Field

from services.kernel.clock import business_date
from services.kernel.decider import Aggregate, Lookup, Refused
from services.kernel.message import Command, Event
from services.registry.unit import UNIT
from services.registry.wording import Wording

Source: TypeAlias = Literal["state_budget", "sponsors", "other"]
"""Where the money comes from (001 §V: ngân sách; xã hội hóa, tài trợ; nguồn hợp pháp khác)."""
PaidBy: TypeAlias = Literal["team_month", "person_day", "contest"]
MOST_DONG = 10**15
"""A thousand million million: what JSON still carries exactly."""
Dong: TypeAlias = Annotated[int, Field(ge=0, le=MOST_DONG)]

# Events


class FundingRuleSet(Event, name="funding_rule.set"):
    """A decision laid down what is paid. `amount` is đồng a unit of payment; None: not stated."""

    rule: UUID
    territory: UUID
    source: Source
    decision_no: str
    decision_date: date
    issuing_body: str
    section: str | None
    paid_by: PaidBy
    amount: int | None
    valid_from: date
    valid_to: date | None
    """Last day; None while the decision names none."""


class FundingRuleEnded(Event, name="funding_rule.ended"):
    """The rule holds no longer after `last_day`."""

    rule: UUID
    last_day: date


FundingRuleEvent: TypeAlias = FundingRuleSet | FundingRuleEnded


# State


@dataclass(frozen=True, slots=True)
class FundingRule:
    """A rule and its last day."""

    told: FundingRuleSet
    last_day: date | None
    ended: bool = False

    def holds(self, on: date) -> bool:
        """True on its first and last day and between."""
        return self.told.valid_from <= on and (self.last_day is None or on <= self.last_day)


def evolve(rule: FundingRule | None, event: FundingRuleEvent) -> FundingRule | None:
    """The rule after `event`."""
    match event:
        case FundingRuleSet():
            return FundingRule(event, event.valid_to)
        case FundingRuleEnded():
            return None if rule is None else replace(rule, last_day=event.last_day, ended=True)
        case _:
            assert_never(event)


# Commands


class SetFundingRule(Command, name="set_funding_rule"):
    """Write down what a decision says."""

    rule: UUID
    territory: UUID
    source: Source
    decision_no: Wording
    decision_date: date
    issuing_body: Wording
    section: Wording | None = None
    paid_by: PaidBy
    amount: Dong | None = None
    valid_from: date
    valid_to: date | None = None


class EndFundingRule(Command, name="end_funding_rule"):
    """Let a rule end with `last_day`."""

    rule: UUID
    last_day: date


FundingRuleCommand: TypeAlias = SetFundingRule | EndFundingRule


# Rules


def guard(command: FundingRuleCommand, lookup: Lookup) -> None:
    """The territory must be on the map."""
    if isinstance(command, SetFundingRule) and lookup.state(UNIT, str(command.territory)) is None:
        raise Refused("Chưa có đơn vị này trên bản đồ.", code="TERRITORY_UNKNOWN", field="territory")


def decide(command: FundingRuleCommand, rule: FundingRule | None) -> list[FundingRuleEvent]:
    """What a decision says does not change; another decision is another rule."""
    match command:
        case SetFundingRule():
            return _set(command, rule)
        case EndFundingRule():
            return _end(command, rule)
        case _:
            assert_never(command)


def _set(command: SetFundingRule, rule: FundingRule | None) -> list[FundingRuleEvent]:
    event = FundingRuleSet(**command.model_dump(exclude={"command_id", "actor", "at", "correlation_id"}))
    if rule is not None:
        if rule.told == event:
            return []
        raise Refused("Định mức này đã có với nội dung khác.", code="FUNDING_RULE_EXISTS", field="rule")
    if command.decision_date > business_date(command.at):
        raise Refused("Quyết định không được đề ngày tương lai.", code="DECISION_IN_FUTURE", field="decision_date")
    if command.valid_to is not None and command.valid_to < command.valid_from:
        raise Refused("Ngày cuối phải từ ngày đầu trở đi.", code="SPAN_REVERSED", field="valid_to")
    return [event]


def _end(command: EndFundingRule, rule: FundingRule | None) -> list[FundingRuleEvent]:
    if rule is None:
        raise Refused("Chưa có định mức này.", code="FUNDING_RULE_UNKNOWN", field="rule")
    if rule.ended:
        if rule.last_day == command.last_day:
            return []
        raise Refused("Định mức này đã được chấm dứt.", code="ENDED_ALREADY", field="rule")
    if not rule.holds(command.last_day):
        raise Refused("Định mức không có hiệu lực vào ngày này.", code="RULE_NOT_IN_FORCE", field="last_day")
    return [FundingRuleEnded(rule=command.rule, last_day=command.last_day)]


FUNDING_RULE: Aggregate[FundingRule | None, FundingRuleCommand, FundingRuleEvent] = Aggregate(
    category="funding_rule",
    events=FundingRuleEvent,
    commands=FundingRuleCommand,
    initial=None,
    evolve=evolve,
    decide=decide,
    identity=lambda command: command.rule,
    guard=guard,
    opens=frozenset({SetFundingRule}),
)
