"""Mutations on money for teams: officials only, and only for teams and units they hold."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import graphene
from graphql import GraphQLResolveInfo
from sqlalchemy import Connection

from gateway import funding
from gateway.commanding import (
    Notice,
    Outcome,
    asked,
    checked,
    command_id_of,
    new_thing,
    order,
    plain,
    send,
    told_as_outcome,
)
from gateway.context import Context, context_of
from gateway.errors import NotFound
from gateway.schema.funding import AppraisalResult, Dong, FundingSource, PaidBy, Payee, scope_of_allocations
from gateway.schema.inputs import id_of, unit_id_of
from gateway.schema.outcomes import CommandOutcome

_ID = graphene.ID
_TEXT = graphene.String
_DAY = graphene.Date


def _done(**arguments: Any) -> Any:
    return graphene.Field(CommandOutcome, required=True, **arguments, command_id=_ID())


def _paid(**day: Any) -> Any:
    voucher = _TEXT(required=True, description="number of the paper; told again just so it counts once")
    return _done(allocation=_ID(required=True), voucher=voucher, amount=Dong(required=True), **day)


class FundingCommands:
    """Root fields."""

    set_funding_rule = _done(
        territory=_TEXT(required=True, description="id or today's code"),
        source=FundingSource(required=True),
        decision_no=_TEXT(required=True),
        decision_date=_DAY(required=True),
        issuing_body=_TEXT(required=True),
        section=_TEXT(),
        paid_by=PaidBy(required=True),
        amount=Dong(description="đồng each; left out: not stated"),
        valid_from=_DAY(required=True),
        valid_to=_DAY(description="last day; left out: none is named"),
        rule=_ID(),
    )
    end_funding_rule = _done(rule=_ID(required=True), last_day=_DAY(required=True))
    allocate_funding = _done(
        rule=_ID(required=True),
        payee=Payee(required=True),
        about=_TEXT(required=True, description="id of the team; of the unit its id or today's code"),
        period_from=_DAY(required=True),
        period_to=_DAY(required=True),
        quantity=graphene.Int(
            description="team-months, person-days or contests: needed where the rule states an amount"
        ),
        amount=Dong(description="needed where the rule states none; left out otherwise: its amount times the quantity"),
        decision_no=_TEXT(required=True),
        decision_date=_DAY(required=True),
        allocation=_ID(),
        description="days that overlap another allocation of the rule come back as the warning ALLOCATION_OVERLAPS",
    )
    appraise_funding = _done(
        allocation=_ID(required=True),
        office=_TEXT(required=True, description="an office, never a person's name"),
        result=AppraisalResult(required=True),
        amount=Dong(description="needed for CHANGED only"),
        appraised_on=_DAY(required=True),
        description="may be told anew until money moved",
    )
    advance_funding = _paid(advanced_on=_DAY(required=True))
    settle_funding = _paid(settled_on=_DAY(required=True))
    return_funding = _paid(returned_on=_DAY(required=True))

    @staticmethod
    @told_as_outcome
    async def resolve_set_funding_rule(
        _root: None, info: GraphQLResolveInfo, /, territory: str, **told: Any
    ) -> Outcome:
        context = context_of(info)
        context.require()
        place = await asked(context, lambda c: unit_id_of(c, territory, context.today, "territory"))
        key = command_id_of(told.get("command_id"))
        await checked(context, "set_funding_rule", lambda c: context.scope.holds(c, [place]))
        about = new_thing(context, "rule", told.get("rule"), key)
        return await _send(context, "set_funding_rule", about, {**plain(told), "rule": about, "territory": place}, key)

    @staticmethod
    @told_as_outcome
    async def resolve_end_funding_rule(_root: None, info: GraphQLResolveInfo, /, **told: Any) -> Outcome:
        context, about = context_of(info), id_of(told["rule"], "rule")
        context.require()

        def mine(connection: Connection) -> bool:
            found = funding.rules_by_id(connection, [about]).get(about)
            return found is not None and context.scope.holds(connection, [found.territory])

        await checked(context, "end_funding_rule", mine)
        key = command_id_of(told.get("command_id"))
        return await _send(context, "end_funding_rule", about, {**plain(told), "rule": about}, key)

    @staticmethod
    @told_as_outcome
    async def resolve_allocate_funding(
        _root: None,
        info: GraphQLResolveInfo,
        /,
        payee: Any,
        about: str,
        period_from: date,
        period_to: date,
        **told: Any,
    ) -> Outcome:
        context, rule = context_of(info), id_of(told["rule"], "rule")
        context.require()
        if payee.value == "team":
            of = id_of(about, "about")
        else:
            of = await asked(context, lambda c: unit_id_of(c, about, context.today, "about"))
        await checked(context, "allocate_funding", _holds(context, payee.value, of))
        stated = await asked(context, lambda c: funding.rules_by_id(c, [rule]).get(rule))
        if stated is None:
            raise NotFound(field="rule")
        key = command_id_of(told.get("command_id"))
        allocation = new_thing(context, "allocation", told.get("allocation"), key)
        payload = {**plain(told), "allocation": allocation, "rule": rule, "payee": payee.value, "about": of}
        payload |= {"period_from": period_from.isoformat(), "period_to": period_to.isoformat()}
        if "amount" not in payload and "quantity" in payload and stated.amount is not None:
            payload["amount"] = stated.amount * payload["quantity"]
        outcome = await _send(context, "allocate_funding", allocation, payload, key)
        span = (rule, of, period_from, period_to, allocation)
        other = await asked(context, lambda c: funding.overlapping(c, *span)) if outcome.accepted else None
        return outcome if other is None else replace(outcome, warnings=(_overlaps(other),))

    @staticmethod
    @told_as_outcome
    async def resolve_appraise_funding(_root: None, info: GraphQLResolveInfo, /, **told: Any) -> Outcome:
        return await _on_allocation(context_of(info), "appraise_funding", told)

    @staticmethod
    @told_as_outcome
    async def resolve_advance_funding(_root: None, info: GraphQLResolveInfo, /, **told: Any) -> Outcome:
        return await _on_allocation(context_of(info), "advance_funding", told)

    @staticmethod
    @told_as_outcome
    async def resolve_settle_funding(_root: None, info: GraphQLResolveInfo, /, **told: Any) -> Outcome:
        return await _on_allocation(context_of(info), "settle_funding", told)

    @staticmethod
    @told_as_outcome
    async def resolve_return_funding(_root: None, info: GraphQLResolveInfo, /, **told: Any) -> Outcome:
        return await _on_allocation(context_of(info), "return_funding", told)


def _overlaps(other: Any) -> Notice:
    said = f"Đã có khoản phân bổ khác theo định mức này cho kỳ {other.period_from} đến {other.period_to}."
    return Notice("ALLOCATION_OVERLAPS", said, "periodFrom")


def _holds(context: Context, payee: str, about: str) -> Callable[[Connection], bool]:
    if payee == "team":
        return lambda connection: bool(context.scope.teams_held(connection, [about]))
    return lambda connection: context.scope.answers_for(connection, about)


async def _on_allocation(context: Context, command: str, told: Mapping[str, Any]) -> Outcome:
    """Send a command about an allocation to a team or unit the viewer holds."""
    about = id_of(told["allocation"], "allocation")
    context.require()
    visible = scope_of_allocations(context)

    def mine(connection: Connection) -> bool:
        found = funding.allocation_by_id(connection, about, visible)
        return found is not None and _holds(context, found.payee, found.about)(connection)

    await checked(context, command, mine)
    key = command_id_of(told.get("command_id"))
    return await _send(context, command, about, {**plain(told), "allocation": about}, key)


async def _send(context: Context, command: str, about: str, payload: dict[str, Any], key: UUID) -> Outcome:
    return (await send(context, "registry", order(context, command, about, payload, key)))[0]
