"""The visit log in GraphQL."""

from collections.abc import Awaitable
from datetime import date
from typing import Any

import graphene
from graphql import GraphQLResolveInfo
from sqlalchemy import ColumnElement, select

from gateway import teams, units, visits
from gateway.context import Context, context_of, once
from gateway.paging import slice_of
from gateway.rows import among
from gateway.schema.connections import Listing, ObjectType, connection_of, many, page_arguments
from gateway.schema.inputs import id_of
from gateway.schema.structures import UNIT, dated, place_of_things
from gateway.schema.teams import Team
from gateway.schema.units import Hamlet
from gateway.unit_tree import all_of_hamlet


class Visit(ObjectType):
    """One visit as last told."""

    id = graphene.ID(required=True)
    household = graphene.ID(required=True, description="opaque")
    hamlet = graphene.Field(Hamlet)
    team = graphene.Field(Team, description="null when the viewer may not see the team")
    member = graphene.ID()
    visited_on = graphene.Date(required=True)
    mode = graphene.String(required=True)
    services = many(graphene.String)
    outcome = graphene.String(required=True)
    status = graphene.String(required=True, description="recorded, corrected or voided")
    reason = graphene.String(description="why it was corrected or voided")

    @staticmethod
    def resolve_id(visit: Any, _info: Any) -> str:
        return str(visit.visit)

    @staticmethod
    def resolve_hamlet(visit: Any, info: GraphQLResolveInfo) -> Awaitable[Any]:
        context = context_of(info)
        return context.load(units.hamlets_by_id, visit.hamlet, context.today)

    @staticmethod
    def resolve_team(visit: Any, info: GraphQLResolveInfo) -> Awaitable[Any]:
        context = context_of(info)
        return context.load(teams.teams_by_id, visit.team, context.scope.teams)

    @staticmethod
    def resolve_visited_on(visit: Any, _info: Any) -> date:
        return date.fromisoformat(visit.visited_on)

    @staticmethod
    def resolve_services(visit: Any, _info: Any) -> list[str]:
        return str(visit.services).split()


class Households(ObjectType):
    """How many households are registered, as far as the viewer may see."""

    total_count = graphene.Int(required=True)


VisitConnection = connection_of("Visit", lambda: Visit)


class VisitQueries:
    """Root fields of visits and households."""

    visits = graphene.Field(
        VisitConnection,
        required=True,
        unit=graphene.String(description="id or today's code"),
        team=graphene.ID(),
        hamlet=graphene.ID(),
        since=graphene.Date(description="first day, included"),
        until=graphene.Date(description="last day, included"),
        after_token=graphene.String(),
        **page_arguments(),
        description="the latest day first",
    )
    households = graphene.Field(
        Households,
        required=True,
        unit=graphene.String(description=UNIT),
        hamlet=graphene.ID(),
        **dated(),
        after_token=graphene.String(),
        description="with `asOf` those registered by that day",
    )

    @staticmethod
    def resolve_visits(
        _root: None,
        info: GraphQLResolveInfo,
        first: int | None = None,
        after: str | None = None,
        team: str | None = None,
        since: date | None = None,
        until: date | None = None,
        **place: Any,
    ) -> Listing:
        context = context_of(info)
        wanted, visible, table = slice_of(first, after), context.scope.visits, visits.LIVE.visits.c
        within = _within(context, table.hamlet, place)
        if team is not None:
            within.append(table.team == id_of(team, "team"))
        if since is not None:
            within.append(table.visited_on >= since.isoformat())
        if until is not None:
            within.append(table.visited_on <= until.isoformat())
        return Listing(
            lambda: once(lambda: context.read(visits.visits_page, visible, within, wanted)),
            lambda: once(lambda: context.read(visits.visits_count, visible, within)),
        )

    @staticmethod
    def resolve_households(_root: None, info: GraphQLResolveInfo, **place: Any) -> dict[str, int]:
        context = context_of(info)
        visible, table, day = context.scope.households, visits.LIVE.households.c, place.get("as_of")
        within = _within(context, table.hamlet, place)
        if day is not None:
            context.read(units.require_some_map, day)
            within.append(table.registered_on <= day)
        return {"total_count": context.read(visits.households_count, visible, within)}


def _within(context: Context, hamlet: ColumnElement[str], place: dict[str, Any]) -> list[ColumnElement[bool]]:
    """Conditions for the `unit` and `hamlet` arguments; what went whole into a hamlet counts with it."""
    within: list[ColumnElement[bool]] = []
    if place.get("hamlet") is not None:
        within.append(among(hamlet, context.read(all_of_hamlet, id_of(place["hamlet"], "hamlet"), context.today)))
    if place.get("unit") is not None:
        asked = place_of_things(context, place["unit"], place.get("as_of"), place.get("structure"))
        known = units.LIVE.hamlets
        here = select(known.c.hamlet).where(known.c.commune.in_(asked.units), units.told_on(asked.on, known))
        within.append(hamlet.in_(here))
    return within
