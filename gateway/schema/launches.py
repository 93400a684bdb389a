"""Progress of launching teams in GraphQL, for a unit and for each one right below it."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import graphene
from graphql import GraphQLResolveInfo

from gateway import launches, unit_tree, units
from gateway.context import context_of
from gateway.errors import NotFound
from gateway.launches import Progress
from gateway.paging import Page, slice_of
from gateway.schema.connections import Listing, ObjectType, connection_of, many, page_arguments
from gateway.schema.structures import UNIT, dated, place_of
from gateway.schema.units import Unit
from gateway.structures import Asked


@dataclass(frozen=True, slots=True)
class _Of:
    """Whose progress is asked; `unit.as_of` is the day of the map."""

    unit: units.Unit
    asked: Asked


class LaunchProgress(ObjectType):
    """How many teams there were on a day, and how many had been launched; those the viewer may see."""

    unit = graphene.Field(Unit, required=True)
    teams = graphene.Int(description="null: not computed")
    launched = graphene.Int(description="ra mắt by that day; null: not computed")
    launched_rate = graphene.String(description="percent, such as '12.5'; null without teams, or not computed")
    unshared = many(graphene.ID, description="RESTATED: divided units whose shares nobody has stated")
    below = graphene.Field(
        lambda: LaunchProgressConnection,
        required=True,
        **page_arguments(),
        description="the units right below; teams of one that was divided are the upper unit's alone",
    )

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
    async def resolve_launched_rate(of: _Of, info: GraphQLResolveInfo) -> str | None:
        return (await _progress(of, info)).rate

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
    told = (asked.day, asked.on, asked.structure, context.scope.teams)
    return await context.load(launches.progress_of, of.unit.unit, *told, missing=Progress())


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
