"""Money for teams in GraphQL: rules, allocations and what became of them. Amounts are whole đồng."""

from collections.abc import Awaitable
from datetime import date
from typing import Any

import graphene
from graphql import GraphQLError, GraphQLResolveInfo, IntValueNode, ValueNode
from sqlalchemy import ColumnElement

from gateway import funding, teams, units
from gateway.context import Context, context_of, once
from gateway.errors import InvalidInput, NotFound
from gateway.paging import slice_of
from gateway.schema.connections import Listing, ObjectType, connection_of, many, page_arguments
from gateway.schema.inputs import id_of, unit_id_of
from gateway.schema.teams import Team
from gateway.schema.units import Unit

_ID = graphene.ID
_TEXT = graphene.String
_DAY = graphene.Date
MOST_DONG = 10**15


class Dong(graphene.Scalar):  # type: ignore[misc]  # graphene is published without types
    """Whole đồng, 0 to 10^15: a number in JSON, beyond what `Int` carries. Fractions are refused, never rounded."""

    serialize = int

    @staticmethod
    def parse_value(value: Any) -> int:
        if type(value) is not int or not 0 <= value <= MOST_DONG:
            raise GraphQLError("Số tiền phải là số nguyên đồng, không âm.")
        return value

    @staticmethod
    def parse_literal(node: ValueNode, _variables: Any = None) -> int:
        return Dong.parse_value(int(node.value) if isinstance(node, IntValueNode) else None)


class FundingSource(graphene.Enum):  # type: ignore[misc]
    """Ngân sách nhà nước; xã hội hóa, tài trợ; nguồn hợp pháp khác."""

    STATE_BUDGET = "state_budget"
    SPONSORS = "sponsors"
    OTHER = "other"


class PaidBy(graphene.Enum):  # type: ignore[misc]
    """What an amount is for: a team and month, a person and day, a contest."""

    TEAM_MONTH = "team_month"
    PERSON_DAY = "person_day"
    CONTEST = "contest"


class Payee(graphene.Enum):  # type: ignore[misc]
    """Who gets it."""

    TEAM = "team"
    UNIT = "unit"


class AppraisalResult(graphene.Enum):  # type: ignore[misc]
    """What an office found."""

    APPROVED = "approved"
    CHANGED = "changed"
    REJECTED = "rejected"


class AllocationStatus(graphene.Enum):  # type: ignore[misc]
    """How far an allocation has come."""

    ALLOCATED = "allocated"
    APPRAISED = "appraised"
    REJECTED = "rejected"
    ADVANCED = "advanced"
    SETTLED = "settled"
    RETURNED = "returned"


class FundingRule(ObjectType):
    """What a decision lays down for a territory and all below it."""

    id = _ID(required=True)
    territory = graphene.Field(Unit, required=True)
    source = graphene.Field(FundingSource, required=True)
    decision_no = _TEXT(required=True)
    decision_date = _DAY(required=True)
    issuing_body = _TEXT(required=True)
    section = _TEXT()
    paid_by = graphene.Field(PaidBy, required=True)
    amount = Dong(description="đồng each; null: not stated, each allocation says its own")
    valid_from = _DAY(required=True)
    last_day = _DAY(description="null: none is named")

    @staticmethod
    def resolve_id(rule: Any, _info: Any) -> str:
        return str(rule.rule)

    @staticmethod
    def resolve_territory(rule: Any, info: GraphQLResolveInfo) -> Awaitable[units.Unit]:
        return context_of(info).load(units.units_by_id, rule.territory, date.fromisoformat(rule.valid_from))

    @staticmethod
    def resolve_valid_from(rule: Any, _info: Any) -> date:
        return date.fromisoformat(rule.valid_from)

    @staticmethod
    def resolve_last_day(rule: Any, _info: Any) -> date | None:
        return None if rule.last_day is None else date.fromisoformat(rule.last_day)


class FundingPayment(ObjectType):
    """One paper."""

    kind = _TEXT(required=True, description="advance, settlement or return")
    voucher = _TEXT(required=True)
    amount = Dong(required=True)
    paid_on = _DAY(required=True)


class FundingAllocation(ObjectType):
    """Money for a team or unit, for a period, under a rule."""

    id = _ID(required=True)
    rule = graphene.Field(FundingRule, required=True)
    payee = graphene.Field(Payee, required=True)
    team = graphene.Field(Team, description="null: a unit gets it")
    unit = graphene.Field(Unit, description="null: a team gets it")
    period_from = _DAY(required=True)
    period_to = _DAY(required=True)
    quantity = graphene.Int(description="team-months, person-days or contests; null: not told")
    amount = Dong(required=True)
    decision_no = _TEXT(required=True)
    decision_date = _DAY(required=True)
    status = graphene.Field(AllocationStatus, required=True)
    office = _TEXT(description="that appraised it")
    result = graphene.Field(AppraisalResult)
    appraised = Dong(description="what may be spent; null: not appraised yet")
    appraised_on = _DAY()
    advanced = Dong(required=True, description="paid in advance so far")
    settled = Dong(description="truly spent; null: not settled yet")
    settled_on = _DAY()
    returned = Dong(required=True)
    outstanding = Dong(description="advanced, not spent and not returned; null: not settled yet")
    payable = Dong(description="spent beyond what was advanced; null: not settled yet")
    payments = many(FundingPayment, description="by day")

    @staticmethod
    def resolve_id(allocation: Any, _info: Any) -> str:
        return str(allocation.allocation)

    @staticmethod
    def resolve_rule(allocation: Any, info: GraphQLResolveInfo) -> Awaitable[Any]:
        return context_of(info).load(funding.rules_by_id, allocation.rule)

    @staticmethod
    def resolve_team(allocation: Any, info: GraphQLResolveInfo) -> Awaitable[Any] | None:
        context = context_of(info)
        if allocation.payee != "team":
            return None
        return context.load(teams.teams_by_id, allocation.about, context.scope.teams)

    @staticmethod
    def resolve_unit(allocation: Any, info: GraphQLResolveInfo) -> Awaitable[Any] | None:
        if allocation.payee != "unit":
            return None
        first = date.fromisoformat(allocation.period_from)
        return context_of(info).load(units.units_by_id, allocation.about, first)

    @staticmethod
    def resolve_period_from(allocation: Any, _info: Any) -> date:
        return date.fromisoformat(allocation.period_from)

    @staticmethod
    def resolve_period_to(allocation: Any, _info: Any) -> date:
        return date.fromisoformat(allocation.period_to)

    @staticmethod
    def resolve_payments(allocation: Any, info: GraphQLResolveInfo) -> Awaitable[list[Any]]:
        return _payments(allocation, info)

    @staticmethod
    async def resolve_advanced(allocation: Any, info: GraphQLResolveInfo) -> int:
        return _paid(await _payments(allocation, info), "advance")

    @staticmethod
    async def resolve_returned(allocation: Any, info: GraphQLResolveInfo) -> int:
        return _paid(await _payments(allocation, info), "return")

    @staticmethod
    async def resolve_outstanding(allocation: Any, info: GraphQLResolveInfo) -> int | None:
        if allocation.settled is None:
            return None
        paid = await _payments(allocation, info)
        return max(0, _paid(paid, "advance") - int(allocation.settled) - _paid(paid, "return"))

    @staticmethod
    async def resolve_payable(allocation: Any, info: GraphQLResolveInfo) -> int | None:
        if allocation.settled is None:
            return None
        return max(0, int(allocation.settled) - _paid(await _payments(allocation, info), "advance"))


def _payments(allocation: Any, info: GraphQLResolveInfo) -> Awaitable[list[Any]]:
    return context_of(info).load(funding.payments_of, allocation.allocation, missing=[])


def _paid(payments: list[Any], kind: str) -> int:
    return sum(each.amount for each in payments if each.kind == kind)


class FundingTotals(ObjectType):
    """Sums in đồng over the allocations the viewer may see."""

    allocations = graphene.Int(required=True)
    allocated = Dong(required=True)
    appraised = Dong(required=True)
    advanced = Dong(required=True)
    settled = Dong(required=True)
    returned = Dong(required=True)


FundingRuleConnection = connection_of("FundingRule", lambda: FundingRule)
FundingAllocationConnection = connection_of("FundingAllocation", lambda: FundingAllocation)


def scope_of_allocations(context: Context) -> ColumnElement[bool]:
    """Allocations to teams and units the viewer may see."""
    about = funding.LIVE.allocations.c.about
    return funding.seen(context.scope.of_teams(about), context.scope.of_units(about))


def _somewhen(**arguments: Any) -> dict[str, Any]:
    return {
        "unit": _TEXT(description="id or today's code; what lies below and what preceded it is included"),
        "starts_from": _DAY(description="periods that begin on this day or later"),
        "starts_to": _DAY(description="periods that begin on this day or before"),
        "after_token": _TEXT(),
        **arguments,
    }


class FundingQueries:
    """Root fields of money for teams."""

    funding_rules = graphene.Field(
        FundingRuleConnection,
        required=True,
        unit=_TEXT(description="id or today's code: its own rules and those of the tiers above it"),
        as_of=_DAY(description="only rules that hold on that day"),
        after_token=_TEXT(),
        **page_arguments(),
        description="the latest first",
    )
    funding_allocations = graphene.Field(
        FundingAllocationConnection,
        required=True,
        **_somewhen(team=_ID(), status=AllocationStatus()),
        **page_arguments(),
        description="the latest period first",
    )
    funding_allocation = graphene.Field(FundingAllocation, id=_ID(required=True), after_token=_TEXT())
    funding_totals = graphene.Field(FundingTotals, required=True, **_somewhen())

    @staticmethod
    def resolve_funding_rules(
        _root: None,
        info: GraphQLResolveInfo,
        first: int | None = None,
        after: str | None = None,
        unit: str | None = None,
        as_of: date | None = None,
        **_: Any,
    ) -> Listing:
        context, wanted = context_of(info), slice_of(first, after)
        context.require()
        those = [] if as_of is None else [funding.holding(as_of)]
        if unit is not None:
            day = as_of or context.today
            those.append(context.read(funding.rules_for, context.read(unit_id_of, unit, day), day))
        return Listing(
            lambda: once(lambda: context.read(funding.rules_page, those, wanted)),
            lambda: once(lambda: context.read(funding.rules_count, those)),
        )

    @staticmethod
    def resolve_funding_allocations(
        _root: None,
        info: GraphQLResolveInfo,
        first: int | None = None,
        after: str | None = None,
        team: str | None = None,
        status: Any = None,
        **where: Any,
    ) -> Listing:
        context, table = context_of(info), funding.LIVE.allocations.c
        wanted, visible, those = slice_of(first, after), scope_of_allocations(context), _those(context, where)
        if team is not None:
            those += [table.payee == "team", table.about == id_of(team, "team")]
        if status is not None:
            those.append(table.status == status.value)
        return Listing(
            lambda: once(lambda: context.read(funding.allocations_page, visible, those, wanted)),
            lambda: once(lambda: context.read(funding.allocations_count, visible, those)),
        )

    @staticmethod
    def resolve_funding_allocation(_root: None, info: GraphQLResolveInfo, id: str, **_: Any) -> Any:  # noqa: A002
        context = context_of(info)
        found = context.read(funding.allocation_by_id, id_of(id, "id"), scope_of_allocations(context))
        if found is None:
            raise NotFound
        return found

    @staticmethod
    def resolve_funding_totals(_root: None, info: GraphQLResolveInfo, **where: Any) -> funding.Totals:
        context = context_of(info)
        return context.read(funding.totals, scope_of_allocations(context), _those(context, where))


def _those(context: Context, where: dict[str, Any]) -> list[ColumnElement[bool]]:
    table, since, until = funding.LIVE.allocations.c, where.get("starts_from"), where.get("starts_to")
    if since is not None and until is not None and until < since:
        raise InvalidInput("`startsTo` phải từ `startsFrom` trở đi.", field="startsTo")
    those: list[ColumnElement[bool]] = []
    if where.get("unit") is not None:
        those.append(funding.below_or_at(context.read(unit_id_of, where["unit"], context.today), context.today))
    if since is not None:
        those.append(table.period_from >= since.isoformat())
    if until is not None:
        those.append(table.period_from <= until.isoformat())
    return those
