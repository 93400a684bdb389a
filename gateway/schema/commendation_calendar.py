"""The year of awards in GraphQL: the plan's day, what is still open before it, what was awarded."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import graphene
from graphql import GraphQLResolveInfo

from gateway import commendation_calendar, commendations
from gateway.commendation_calendar import AwardDay
from gateway.context import context_of, once
from gateway.errors import InvalidInput
from gateway.paging import slice_of
from gateway.schema.commendations import CommendationConnection, CommendationStatus
from gateway.schema.connections import Listing, ObjectType, page_arguments
from gateway.schema.inputs import unit_id_of
from gateway.schema.policies import PlanRule, PolicyProfile


@dataclass(frozen=True, slots=True)
class _Year:
    """What is asked; `named` is the plan's day, None where no plan names one."""

    unit: str
    year: int
    named: AwardDay | None

    @property
    def last(self) -> date:
        """Until when proposals are due."""
        return date(self.year, 12, 31) if self.named is None else self.named.day


class CommendationCalendar(ObjectType):
    """A unit's year of awards."""

    year = graphene.Int(required=True)
    award_day = graphene.Date(description="null: no plan in force names one")
    rule = graphene.Field(PlanRule, description="that names it, with the section")
    profile = graphene.Field(PolicyProfile)
    due = graphene.Field(
        CommendationConnection,
        required=True,
        status=CommendationStatus(description="only PROPOSED, SELECTED or APPROVED ones"),
        **page_arguments(),
        description="proposed by the award day, by the year's end without one, and still open; the latest first",
    )
    awarded = graphene.Field(
        CommendationConnection,
        required=True,
        **page_arguments(),
        description="in the year and not revoked, the latest proposed first; `warnings` says which off the day",
    )

    @staticmethod
    def resolve_award_day(asked: _Year, _info: Any) -> date | None:
        return None if asked.named is None else asked.named.day

    @staticmethod
    def resolve_rule(asked: _Year, _info: Any) -> Any:
        return None if asked.named is None else asked.named.rule

    @staticmethod
    def resolve_profile(asked: _Year, _info: Any) -> Any:
        return None if asked.named is None else asked.named.profile

    @staticmethod
    def resolve_due(
        asked: _Year,
        info: GraphQLResolveInfo,
        first: int | None = None,
        after: str | None = None,
        status: Any = None,
    ) -> Listing:
        those = [commendation_calendar.still_open(asked.last)]
        if status is not None:
            those.append(commendations.LIVE.commendations.c.status == status.value)
        return _listing(asked, info, those, first, after)

    @staticmethod
    def resolve_awarded(
        asked: _Year, info: GraphQLResolveInfo, first: int | None = None, after: str | None = None
    ) -> Listing:
        return _listing(asked, info, [commendations.awarded_in(asked.year)], first, after)


def _listing(asked: _Year, info: GraphQLResolveInfo, those: list[Any], first: int | None, after: str | None) -> Listing:
    context, wanted = context_of(info), slice_of(first, after)
    visible = context.scope.of_teams(commendations.LIVE.commendations.c.team)
    within = [commendations.within(asked.unit, context.today), *those]
    return Listing(
        lambda: once(lambda: context.read(commendations.commendations_page, visible, within, wanted)),
        lambda: once(lambda: context.read(commendations.commendations_count, visible, within)),
    )


class CommendationCalendarQueries:
    """Root field."""

    commendation_calendar = graphene.Field(
        CommendationCalendar,
        required=True,
        unit=graphene.String(required=True, description="id or today's code; what preceded it is included"),
        year=graphene.Int(required=True),
        after_token=graphene.String(),
    )

    @staticmethod
    def resolve_commendation_calendar(_root: None, info: GraphQLResolveInfo, unit: str, year: int, **_: Any) -> _Year:
        context = context_of(info)
        context.require()
        if not 2000 <= year <= 2100:
            raise InvalidInput("`year` phải từ 2000 đến 2100.", field="year")
        place = context.read(unit_id_of, unit, context.today)
        return _Year(place, year, context.read(commendation_calendar.award_day, place, year))
