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
from gateway.schema.connections import Listing, ObjectType, connection_of, page_arguments
from gateway.schema.inputs import unit_id_of
from gateway.schema.units import Unit


@dataclass(frozen=True, slots=True)
class _Of:
    """Whose progress is asked; `unit.as_of` is the day."""

    unit: units.Unit


class LaunchProgress(ObjectType):
    """How many teams there were on a day, and how many had been launched; those the viewer may see."""

    unit = graphene.Field(Unit, required=True)
    teams = graphene.Int(required=True)
    launched = graphene.Int(required=True, description="ra mắt by that day")
    launched_rate = graphene.String(description="percent, such as '12.5'; null without teams")
    below = graphene.Field(
        lambda: LaunchProgressConnection,
        required=True,
        **page_arguments(),
        description="the units right below; teams of one that was divided are the upper unit's alone",
    )

    @staticmethod
    async def resolve_teams(of: _Of, info: GraphQLResolveInfo) -> int:
        return (await _progress(of, info)).teams

    @staticmethod
    async def resolve_launched(of: _Of, info: GraphQLResolveInfo) -> int:
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
            lambda row: _Of(units.unit_from(row, day)),
        )


async def _progress(of: _Of, info: GraphQLResolveInfo) -> Progress:
    context = context_of(info)
    return await context.load(
        launches.progress_of, of.unit.unit, of.unit.as_of, context.scope.teams, missing=Progress()
    )


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
