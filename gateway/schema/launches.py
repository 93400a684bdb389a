"""Progress of launching teams in GraphQL, for a unit and for each one right below it."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import graphene
from graphql import GraphQLResolveInfo

from gateway import launches, unit_tree, units
from gateway.context import context_of
from gateway.errors import NotFound
from gateway.launches import Asked, Progress
from gateway.paging import Page, slice_of
from gateway.schema.connections import Listing, ObjectType, connection_of, page_arguments
from gateway.schema.inputs import unit_id_of
from gateway.schema.policies import PlanRule
from gateway.schema.teams import Judgement
from gateway.schema.units import Unit


@dataclass(frozen=True, slots=True)
class _Of:
    """Whose progress is asked; `unit.as_of` is the day."""

    unit: units.Unit


class LaunchProgress(ObjectType):
    """In how many hamlets a team had been launched by a day, and how many teams; those the viewer may see."""

    unit = graphene.Field(Unit, required=True)
    hamlets = graphene.Int(required=True)
    hamlets_launched = graphene.Int(required=True, description="with a team that was launched by that day")
    launched_rate = graphene.String(description="percent of the hamlets, such as '12.5'; null without hamlets")
    teams = graphene.Int(required=True, description="of all levels")
    launched = graphene.Int(required=True, description="teams: ra mắt by that day")
    judgement = graphene.Field(Judgement, description="on the share the plan in force asks for; null: it states none")
    due_on = graphene.Date(description="the last day that is in time; null: the plan states none")
    due_rule = graphene.Field(PlanRule, description="where the plan says so")
    below = graphene.Field(
        lambda: LaunchProgressConnection,
        required=True,
        **page_arguments(),
        description="the units right below; teams of one that was divided are the upper unit's alone",
    )

    @staticmethod
    async def resolve_hamlets(of: _Of, info: GraphQLResolveInfo) -> int:
        return (await _progress(of, info)).hamlets

    @staticmethod
    async def resolve_hamlets_launched(of: _Of, info: GraphQLResolveInfo) -> int:
        return (await _progress(of, info)).hamlets_launched

    @staticmethod
    async def resolve_launched_rate(of: _Of, info: GraphQLResolveInfo) -> str | None:
        return (await _progress(of, info)).rate

    @staticmethod
    async def resolve_teams(of: _Of, info: GraphQLResolveInfo) -> int:
        return (await _progress(of, info)).teams

    @staticmethod
    async def resolve_launched(of: _Of, info: GraphQLResolveInfo) -> int:
        return (await _progress(of, info)).launched

    @staticmethod
    async def resolve_judgement(of: _Of, info: GraphQLResolveInfo) -> Any:
        return launches.judged(await _progress(of, info), await _asked(of, info), of.unit.as_of)

    @staticmethod
    async def resolve_due_on(of: _Of, info: GraphQLResolveInfo) -> date | None:
        return (await _asked(of, info)).last_day

    @staticmethod
    async def resolve_due_rule(of: _Of, info: GraphQLResolveInfo) -> Any:
        due = (await _asked(of, info)).due
        return None if due is None else due[0]

    @staticmethod
    def resolve_below(of: _Of, info: GraphQLResolveInfo, first: int | None = None, after: str | None = None) -> Listing:
        context, wanted, unit, day = context_of(info), slice_of(first, after), of.unit.unit, of.unit.as_of
        return Listing(
            lambda: context.load(unit_tree.children_pages, unit, day, wanted, missing=Page()),
            lambda: context.load(unit_tree.children_counts, unit, day, missing=0),
            lambda row: _Of(units.unit_from(row, day)),
        )


async def _progress(of: _Of, info: GraphQLResolveInfo) -> Progress:
    context = context_of(info)
    return await context.load(launches.progress_of, of.unit.unit, of.unit.as_of, context.scope, missing=Progress())


async def _asked(of: _Of, info: GraphQLResolveInfo) -> Asked:
    return await context_of(info).load(launches.asked_of, of.unit.unit, of.unit.as_of, missing=Asked())


LaunchProgressConnection: Any = connection_of("LaunchProgress", lambda: LaunchProgress)


class LaunchQueries:
    """Root field of launches."""

    launch_progress = graphene.Field(
        LaunchProgress,
        required=True,
        unit=graphene.String(required=True, description="id or that day's code"),
        as_of=graphene.Date(description="today in Vietnam by default"),
        after_token=graphene.String(),
    )

    @staticmethod
    def resolve_launch_progress(
        _root: None, info: GraphQLResolveInfo, unit: str, as_of: date | None = None, **_: Any
    ) -> _Of:
        context = context_of(info)
        context.require()
        day = as_of or context.today
        place = context.read(unit_id_of, unit, day)
        found = context.read(units.units_by_id, [place], day).get(place)
        if found is None:
            raise NotFound(field="unit")
        return _Of(found)
