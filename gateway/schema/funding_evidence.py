"""What money may be paid for, in GraphQL: which rules apply to whom, days of activity, a proposal for an allocation."""

import re
from calendar import monthrange
from collections.abc import Awaitable
from datetime import date
from typing import Any

import graphene
from graphql import GraphQLResolveInfo
from sqlalchemy import ColumnElement

from gateway import activity_days, eligibility, funding, scorecards, teams
from gateway.activity_days import ActivityDays, Proposal
from gateway.context import context_of, once
from gateway.errors import InvalidInput, NotFound
from gateway.paging import slice_of
from gateway.schema.connections import Listing, ObjectType, connection_of, many, page_arguments
from gateway.schema.funding import Dong, FundingRule
from gateway.schema.inputs import id_of, unit_id_of
from gateway.schema.teams import Team
from gateway.team_places import standing_below
from gateway.viewer import OFFICIALS, Role

_ID = graphene.ID
_TEXT = graphene.String
_COUNT = graphene.Int
_DAY = graphene.Date
_MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")
MOST_DAYS = 366


class FundingEligibility(ObjectType):
    """A team, its members and the rules on money that apply to them on a day."""

    team = graphene.Field(Team, required=True)
    team_rules = many(FundingRule, description="paid by team and month")
    member_rules = many(FundingRule, description="paid by person and day of activity")
    members = many(_ID, description="opaque: who serves that day, and whom `memberRules` speak of")


class MemberActivityDays(ObjectType):
    """Days with at least one visit that says this member made it."""

    member = _ID(required=True, description="opaque")
    role = _TEXT(required=True, description="leader, deputy or member")
    team = graphene.Field(Team, required=True)
    activity_days = _COUNT(required=True)
    days = many(_DAY)
    visits = _COUNT(required=True)
    team_visits_of_nobody = _COUNT(
        required=True, description="of the whole team: visits that do not say who made them; in nobody's days"
    )

    @staticmethod
    def resolve_team(row: ActivityDays, info: GraphQLResolveInfo) -> Awaitable[Any]:
        context = context_of(info)
        return context.load(teams.teams_by_id, row.team, context.scope.teams)

    @staticmethod
    def resolve_activity_days(row: ActivityDays, _info: Any) -> int:
        return len(row.days)


class FundingProposal(ObjectType):
    """What `allocateFunding` may be filled in with, by what is recorded; a person decides."""

    rule = graphene.Field(FundingRule, required=True)
    quantity = _COUNT(description="person-days, or months with a visit of the team; null for contests")
    amount = Dong(description="null: the rule states no amount")
    people = many(MemberActivityDays)
    visits_of_nobody = _COUNT(required=True, description="that do not say who made them, and add to no person-days")


FundingEligibilityConnection = connection_of("FundingEligibility", lambda: FundingEligibility)
MemberActivityDaysConnection = connection_of("MemberActivityDays", lambda: MemberActivityDays)


class FundingEvidenceQueries:
    """Root fields; for officials, and leaders of their own team."""

    funding_eligibility = graphene.Field(
        FundingEligibilityConnection,
        required=True,
        unit=_TEXT(required=True, description="id or that day's code"),
        as_of=_DAY(description="today in Vietnam by default"),
        after_token=_TEXT(),
        **page_arguments(),
        description="teams that stand that day, by name; what is paid for contests is in `fundingRules`",
    )
    activity_days_by_member = graphene.Field(
        MemberActivityDaysConnection,
        required=True,
        month=_TEXT(required=True, description="2026-10"),
        unit=_TEXT(description="id or today's code: of teams there and of what preceded it"),
        team=_ID(),
        after_token=_TEXT(),
        **page_arguments(),
        description="everybody who served in the month, by team: evidence for what is paid by person and day",
    )
    funding_proposal = graphene.Field(
        FundingProposal,
        required=True,
        rule=_ID(required=True),
        team=_ID(required=True),
        period_from=_DAY(required=True),
        period_to=_DAY(required=True, description="at most a year"),
        after_token=_TEXT(),
    )

    @staticmethod
    def resolve_funding_eligibility(
        _root: None,
        info: GraphQLResolveInfo,
        unit: str,
        as_of: date | None = None,
        first: int | None = None,
        after: str | None = None,
        **_: Any,
    ) -> Listing:
        context, wanted = context_of(info), slice_of(first, after)
        context.require(*OFFICIALS, Role.TEAM_LEADER)
        day = as_of or context.today
        visible, there = context.scope.teams, standing_below(context.read(unit_id_of, unit, day), day)
        return Listing(
            lambda: once(lambda: context.read(eligibility.eligible_page, day, visible, there, wanted)),
            lambda: once(lambda: context.read(teams.teams_count, visible, there)),
        )

    @staticmethod
    def resolve_activity_days_by_member(
        _root: None,
        info: GraphQLResolveInfo,
        month: str,
        first: int | None = None,
        after: str | None = None,
        unit: str | None = None,
        team: str | None = None,
        **_: Any,
    ) -> Listing:
        context, wanted = context_of(info), slice_of(first, after)
        context.require(*OFFICIALS, Role.TEAM_LEADER)
        within = list[ColumnElement[bool]]()
        if unit is not None:
            within.append(scorecards.below(context.read(unit_id_of, unit, context.today), context.today))
        if team is not None:
            within.append(teams.LIVE.teams.c.team == id_of(team, "team"))
        asked = (*_days_of(month), context.scope.teams, within)
        return Listing(
            lambda: once(lambda: context.read(activity_days.activity_page, *asked, wanted)),
            lambda: once(lambda: context.read(activity_days.activity_count, *asked)),
        )

    @staticmethod
    def resolve_funding_proposal(
        _root: None, info: GraphQLResolveInfo, rule: str, team: str, period_from: date, period_to: date, **_: Any
    ) -> dict[str, Any]:
        context, of = context_of(info), id_of(team, "team")
        context.require(*OFFICIALS, Role.TEAM_LEADER)
        if period_to < period_from or (period_to - period_from).days >= MOST_DAYS:
            raise InvalidInput("Kỳ phải từ ngày đầu đến ngày cuối, dài nhất một năm.", field="periodTo")
        row = context.read(teams.teams_by_id, [of], context.scope.teams).get(of)
        if row is None:
            raise NotFound(field="team")
        asked = id_of(rule, "rule")
        if asked not in context.read(funding.rules_by_id, [asked]):
            raise NotFound(field="rule")
        holding = context.read(eligibility.rules_of, [row.commune], period_from)[row.commune]
        stated = next((each for each in holding if each.rule == asked), None)
        if stated is None:
            raise InvalidInput("Định mức này không áp dụng cho Tổ vào ngày đầu kỳ.", field="rule")
        found: Proposal = context.read(activity_days.proposal, stated, of, period_from, period_to)
        names = ("quantity", "amount", "people", "visits_of_nobody")
        return {"rule": stated, **{name: getattr(found, name) for name in names}}


def _days_of(month: str) -> tuple[date, date]:
    """First and last day. Raises `InvalidInput`."""
    if not _MONTH.fullmatch(month):
        raise InvalidInput("`month` phải có dạng 2026-10.", field="month")
    first = date.fromisoformat(f"{month}-01")
    return first, first.replace(day=monthrange(first.year, first.month)[1])
