"""Every member trained every year, in GraphQL: for a unit, for each one right below it, and by whom it is missed."""

from asyncio import gather
from dataclasses import dataclass
from datetime import date
from typing import Any

import graphene
from graphql import GraphQLResolveInfo

from gateway import members, policies, teams, training_compliance, unit_tree, units
from gateway.context import context_of, once
from gateway.errors import InvalidInput, NotFound
from gateway.paging import Page, slice_of
from gateway.schema.connections import Listing, ObjectType, connection_of, many, page_arguments
from gateway.schema.inputs import unit_id_of
from gateway.schema.learning import TrainingMode
from gateway.schema.policies import PlanRule
from gateway.schema.teams import Team
from gateway.schema.units import Unit
from gateway.training_compliance import Trained

_ID = graphene.ID
_COUNT = graphene.Int
MEASURE = "members_trained_per_year_percent"


@dataclass(frozen=True, slots=True)
class _Of:
    """Whose figures are asked; `unit.as_of` is the day they are counted on."""

    unit: units.Unit


@dataclass(frozen=True, slots=True)
class _Person:
    member: str
    day: date


class UntrainedMember(ObjectType):
    """Somebody who was not trained in the year yet."""

    member = _ID(required=True, description="opaque")
    teams = many(Team, description="in which they serve on the day counted; those the viewer may see")

    @staticmethod
    async def resolve_teams(person: _Person, info: GraphQLResolveInfo) -> list[Any]:
        context = context_of(info)
        visible = context.scope.teams
        found = await context.load(members.teams_serving, person.member, person.day, visible, missing=[])
        return list(await gather(*(context.load(teams.teams_by_id, each, visible) for each in found)))


class MissedTraining(ObjectType):
    """A training somebody was asked to and missed; they may have attended another."""

    member = _ID(required=True, description="opaque")
    training = _ID(required=True)
    name = graphene.String(required=True)
    mode = graphene.Field(TrainingMode, required=True)
    held_on = graphene.Date(required=True)


class TrainingCompliance(ObjectType):
    """Distinct members of visible teams, and how many of them were trained in the year (indicator TRN-01)."""

    unit = graphene.Field(Unit, required=True)
    counted_on = graphene.Date(required=True, description="the year's last day, or today")
    members = _COUNT(required=True, description="who serves on that day")
    trained = _COUNT(required=True, description="here or elsewhere, up to that day")
    trained_rate = graphene.String(description="percent, such as '12.5'; null without members")
    rule = graphene.Field(PlanRule, description="what the plan in force asks of it; null: nothing")
    below = graphene.Field(
        lambda: TrainingComplianceConnection,
        required=True,
        **page_arguments(),
        description="the units right below; teams of one that was divided are the upper unit's alone",
    )
    untrained = graphene.Field(lambda: UntrainedMemberConnection, required=True, **page_arguments())
    missed = graphene.Field(
        lambda: MissedTrainingConnection, required=True, **page_arguments(), description="the latest first"
    )

    @staticmethod
    def resolve_counted_on(of: _Of, _info: Any) -> date:
        return of.unit.as_of

    @staticmethod
    async def resolve_members(of: _Of, info: GraphQLResolveInfo) -> int:
        return (await _figures(of, info)).members

    @staticmethod
    async def resolve_trained(of: _Of, info: GraphQLResolveInfo) -> int:
        return (await _figures(of, info)).trained

    @staticmethod
    async def resolve_trained_rate(of: _Of, info: GraphQLResolveInfo) -> str | None:
        return (await _figures(of, info)).rate

    @staticmethod
    async def resolve_rule(of: _Of, info: GraphQLResolveInfo) -> Any:
        plans = await context_of(info).load(policies.profiles_in_force, of.unit.unit, of.unit.as_of, missing=[])
        found = policies.stated(plans, "quantity", measure=MEASURE)
        return None if found is None else found[0]

    @staticmethod
    def resolve_below(of: _Of, info: GraphQLResolveInfo, first: int | None = None, after: str | None = None) -> Listing:
        context, wanted, unit, day = context_of(info), slice_of(first, after), of.unit.unit, of.unit.as_of
        return Listing(
            lambda: context.load(unit_tree.children_pages, unit, day, wanted, missing=Page()),
            lambda: context.load(unit_tree.children_counts, unit, day, missing=0),
            lambda row: _Of(units.unit_from(row, day)),
        )

    @staticmethod
    def resolve_untrained(
        of: _Of, info: GraphQLResolveInfo, first: int | None = None, after: str | None = None
    ) -> Listing:
        context, wanted, day = context_of(info), slice_of(first, after), of.unit.as_of
        there = (of.unit.unit, day, context.scope.teams)
        return Listing(
            lambda: once(lambda: context.read(training_compliance.untrained_page, *there, wanted)),
            lambda: once(lambda: context.read(training_compliance.untrained_count, *there)),
            lambda row: _Person(row.member, day),
        )

    @staticmethod
    def resolve_missed(
        of: _Of, info: GraphQLResolveInfo, first: int | None = None, after: str | None = None
    ) -> Listing:
        context, wanted = context_of(info), slice_of(first, after)
        there = (of.unit.unit, of.unit.as_of, context.scope.teams)
        return Listing(
            lambda: once(lambda: context.read(training_compliance.missed_page, *there, wanted)),
            lambda: once(lambda: context.read(training_compliance.missed_count, *there)),
        )


async def _figures(of: _Of, info: GraphQLResolveInfo) -> Trained:
    context = context_of(info)
    asked = (of.unit.unit, of.unit.as_of, context.scope.teams)
    return await context.load(training_compliance.figures_of, *asked, missing=Trained())


TrainingComplianceConnection: Any = connection_of("TrainingCompliance", lambda: TrainingCompliance)
UntrainedMemberConnection: Any = connection_of("UntrainedMember", lambda: UntrainedMember)
MissedTrainingConnection: Any = connection_of("MissedTraining", lambda: MissedTraining)


class TrainingComplianceQueries:
    """Root field."""

    training_compliance = graphene.Field(
        TrainingCompliance,
        required=True,
        unit=graphene.String(required=True, description="id or the code of the day counted"),
        year=_COUNT(required=True),
        after_token=graphene.String(),
    )

    @staticmethod
    def resolve_training_compliance(_root: None, info: GraphQLResolveInfo, unit: str, year: int, **_: Any) -> _Of:
        context = context_of(info)
        context.require()
        if not 2000 <= year <= context.today.year:
            raise InvalidInput("`year` phải từ 2000 đến năm nay.", field="year")
        day = training_compliance.day_of(year, context.today)
        place = context.read(unit_id_of, unit, day)
        found = context.read(units.units_by_id, [place], day).get(place)
        if found is None:
            raise NotFound(field="unit")
        return _Of(found)
