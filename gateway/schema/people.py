"""The viewer in GraphQL."""

from typing import Any

import graphene
from graphql import GraphQLResolveInfo

from gateway import teams, units
from gateway.context import context_of
from gateway.schema.connections import ObjectType, many
from gateway.schema.teams import Team
from gateway.schema.units import Unit
from gateway.viewer import Viewer


class Me(ObjectType):
    """Who asks, as the token says."""

    sub = graphene.ID(required=True, description="opaque")
    role = graphene.String(required=True)
    body = graphene.String()
    units = many(Unit, description="the units held today")
    teams = many(Team)

    @staticmethod
    def resolve_units(viewer: Viewer, info: GraphQLResolveInfo) -> list[Any]:
        context = context_of(info)
        return list(context.read(units.units_by_id, viewer.units, context.today).values())

    @staticmethod
    def resolve_teams(viewer: Viewer, info: GraphQLResolveInfo) -> list[Any]:
        context = context_of(info)
        return list(context.read(teams.teams_by_id, viewer.teams, context.scope.teams).values())


class MeQueries:
    """Root field of the viewer."""

    me = graphene.Field(Me, description="null without a token")

    @staticmethod
    def resolve_me(_root: None, info: GraphQLResolveInfo) -> Viewer | None:
        context = context_of(info)
        return context.viewer
