"""Progress of launching teams in GraphQL, for a unit and for each one right below it."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import graphene
from graphql import GraphQLResolveInfo

from gateway import launches, unit_tree, units
from gateway.context import context_of
from gateway.errors import NotFound
from gateway.launches import Progress, Stated
from gateway.paging import Page, slice_of
from gateway.schema.connections import Listing, ObjectType, connection_of, many, page_arguments
from gateway.schema.policies import PlanRule
from gateway.schema.structures import UNIT, dated, place_of
from gateway.schema.teams import Judgement
from gateway.schema.units import Unit
from gateway.structures import Asked


@dataclass(frozen=True, slots=True)
class _Of:
    """Whose progress is asked; `unit.as_of` is the day of the map."""

    unit: units.Unit
    asked: Asked


class LaunchProgress(ObjectType):
    """In how many hamlets a team had been launched by a day, and how many teams; those the viewer may see."""

    unit = graphene.Field(Unit, required=True)
    hamlets = graphene.Int(description="null: not computed")
    hamlets_launched = graphene.Int(description="with a team that was launched by that day; null: not computed")
    launched_rate = graphene.String(
        description="percent of the hamlets, such as '12.5'; null without hamlets, or not computed"
    )
    teams = graphene.Int(description="of all levels; null: not computed")
    launched = graphene.Int(description="teams: ra mắt by that day; null: not computed")
    judgement = graphene.Field(Judgement, description="on the share the plan in force asks for; null: it states none")
    due_on = graphene.Date(description="the last day that is in time; null: the plan states none")
    due_rule = graphene.Field(PlanRule, description="where the plan says so")
    unshared = many(graphene.ID, description="RESTATED: divided units and hamlets whose shares nobody has stated")
    below = graphene.Field(
        lambda: LaunchProgressConnection,
        required=True,
        **page_arguments(),
        description="the units right below; teams of one that was divided are the upper unit's alone",
    )

    @staticmethod
    async def resolve_hamlets(of: _Of, info: GraphQLResolveInfo) -> int | None:
        return (await _progress(of, info)).hamlets

    @staticmethod
    async def resolve_hamlets_launched(of: _Of, info: GraphQLResolveInfo) -> int | None:
        return (await _progress(of, info)).hamlets_launched

    @staticmethod
    async def resolve_launched_rate(of: _Of, info: GraphQLResolveInfo) -> str | None:
        return (await _progress(of, info)).rate

    @staticmethod
    async def resolve_teams(of: _Of, info: GraphQLResolveInfo) -> int | None:
        return (await _progress(of, info)).teams

    @staticmethod
    async def resolve_unshared(of: _Of, info: GraphQLResolveInfo) -> tuple[str, ...]:
        return (await _progress(of, info)).unshared

    @staticmethod
    async def resolve_launched(of: _Of, info: GraphQLResolveInfo) -> int | None:
        return (await _progress(of, info)).launched

    @staticmethod
    async def resolve_judgement(of: _Of, info: GraphQLResolveInfo) -> Any:
        return launches.judged(await _progress(of, info), await _stated(of, info), of.asked.day)

    @staticmethod
    async def resolve_due_on(of: _Of, info: GraphQLResolveInfo) -> date | None:
        return (await _stated(of, info)).last_day

    @staticmethod
    async def resolve_due_rule(of: _Of, info: GraphQLResolveInfo) -> Any:
        due = (await _stated(of, info)).due
        return None if due is None else due[0]

    @staticmethod
    def resolve_below(of: _Of, info: GraphQLResolveInfo, first: int | None = None, after: str | None = None) -> Listing:
        context, wanted, unit, day = context_of(info), slice_of(first, after), of.unit.unit, of.unit.as_of
        return Listing(
            lambda: context.load(unit_tree.children_pages, unit, day, wanted, missing=Page()),
            lambda: context.load(unit_tree.children_counts, unit, day, missing=0),
            lambda row: _Of(units.unit_from(row, day), of.asked),
        )


async def _progress(of: _Of, info: GraphQLResolveInfo) -> Progress:
    context = context_of(info)
    asked = of.asked
    told = (asked.day, asked.on, asked.structure, context.scope)
    return await context.load(launches.progress_of, of.unit.unit, *told, missing=Progress())


async def _stated(of: _Of, info: GraphQLResolveInfo) -> Stated:
    return await context_of(info).load(launches.stated_of, of.unit.unit, of.asked.day, missing=Stated())


LaunchProgressConnection: Any = connection_of("LaunchProgress", lambda: LaunchProgress)


class LaunchQueries:
    """Root field of launches."""

    launch_progress = graphene.Field(
        LaunchProgress,
        required=True,
        unit=graphene.String(required=True, description=UNIT),
        **dated(),
        after_token=graphene.String(),
    )

    @staticmethod
    def resolve_launch_progress(
        _root: None,
        info: GraphQLResolveInfo,
        unit: str,
        as_of: date | None = None,
        structure: Any = None,
        **_: Any,
    ) -> _Of:
        context = context_of(info)
        context.require()
        asked = place_of(context, unit, as_of, structure)
        found = context.read(units.units_by_id, [asked.unit], asked.on).get(asked.unit)
        if found is None:
            raise NotFound(field="unit")
        return _Of(found, asked)
