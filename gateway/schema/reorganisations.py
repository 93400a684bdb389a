"""Reorganisations of the map in GraphQL: looked at before, decided as one, and what they leave to be done."""

import asyncio
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import graphene
from graphql import GraphQLResolveInfo
from sqlalchemy import Connection

from gateway import reorganisations, teams, units
from gateway.commanding import (
    MAY,
    Order,
    Outcome,
    asked,
    checked,
    command_id_of,
    new_thing,
    order,
    send,
    told_as_outcome,
)
from gateway.context import Context, context_of, once
from gateway.errors import Unavailable
from gateway.paging import Page, slice_of
from gateway.reorganisation_impact import Touched
from gateway.schema.connections import (
    Listing,
    ObjectType,
    connection_of,
    many,
    page_arguments,
    page_type,
)
from gateway.schema.inputs import id_of, unit_id_of
from gateway.schema.operations import OperationInput, Reading
from gateway.schema.outcomes import CommandOutcome
from gateway.schema.reorganisation_preview import Preview, ReorganisationPreview
from gateway.schema.teams import Team
from gateway.schema.units import Hamlet
from gateway.teams_to_reform import ToReform, to_reform
from gateway.viewer import Role
from services.kernel.bus import BusError

_ID = graphene.ID
_TEXT = graphene.String


class Reorganisation(ObjectType):
    """What was decided."""

    id = _ID(required=True)
    on = graphene.Date(required=True, description="first day of the new order")
    decision_no = _TEXT()
    decision_date = graphene.Date()
    issuer = _TEXT()
    source = _TEXT(description="on whose word, where no decision is at hand")
    operations = _TEXT(required=True, description="JSON, as decided")

    @staticmethod
    def resolve_id(row: Any, _info: Any) -> str:
        return str(row.reorganisation)

    @staticmethod
    def resolve_on(row: Any, _info: Any) -> date:
        day: date = row.on_day
        return day


class TeamToReform(ObjectType):
    """A team whose ground has changed: it goes on until somebody decides to renew or dissolve it.

    Where hamlets of several teams went into one, the team with more members is proposed to stay, then the older one.
    """

    team = graphene.Field(Team, required=True)
    reason = _TEXT(required=True)
    proposed = many(Hamlet, description="the hamlets it is proposed to serve; none where it is to be dissolved")
    dissolve_into = graphene.Field(
        Team, description="the team proposed to take it over; null: none, or outside the viewer's scope"
    )
    takes_over = many(Team, description="the teams it is proposed to take over, as far as the viewer may see")

    @staticmethod
    def resolve_proposed(row: tuple[ToReform, date], info: GraphQLResolveInfo) -> list[Any]:
        context, ids = context_of(info), list(row[0].proposed)
        found = context.read(units.hamlets_by_id, ids, row[1])
        return sorted((found[one] for one in ids if one in found), key=lambda hamlet: hamlet.sort_key)

    @staticmethod
    def resolve_team(row: tuple[ToReform, date], _info: Any) -> Any:
        return row[0].team

    @staticmethod
    def resolve_reason(row: tuple[ToReform, date], _info: Any) -> str:
        return row[0].reason

    @staticmethod
    async def resolve_dissolve_into(row: tuple[ToReform, date], info: GraphQLResolveInfo) -> Any:
        context, into = context_of(info), row[0].dissolve_into
        return None if into is None else await context.load(teams.teams_by_id, into, context.scope.teams)

    @staticmethod
    async def resolve_takes_over(row: tuple[ToReform, date], info: GraphQLResolveInfo) -> list[Any]:
        context = context_of(info)
        asked_for = [context.load(teams.teams_by_id, one, context.scope.teams) for one in row[0].takes_over]
        return [found for found in await asyncio.gather(*asked_for) if found is not None]


ReorganisationConnection: Any = connection_of("Reorganisation", lambda: Reorganisation)
TeamToReformPage: Any = page_type("TeamToReform", lambda: TeamToReform)


class ReorganisationQueries:
    """Root fields; what was decided about the map is public as the map is."""

    reorganisations = graphene.Field(
        ReorganisationConnection,
        required=True,
        unit=_ID(description="a unit or hamlet it names, by id"),
        after_token=_TEXT(),
        **page_arguments(),
    )
    teams_to_reform = graphene.Field(
        TeamToReformPage,
        required=True,
        unit=_TEXT(required=True, description="id or code of the day"),
        as_of=graphene.Date(description="today in Vietnam by default"),
        after_token=_TEXT(),
        **page_arguments(),
        description="teams that serve hamlets which are no more on that day or lie in another commune than decided, "
        "or whose commune is no more; and what is proposed for each",
    )

    @staticmethod
    def resolve_reorganisations(
        _root: None,
        info: GraphQLResolveInfo,
        unit: str | None = None,
        first: int | None = None,
        after: str | None = None,
        **_: Any,
    ) -> Listing:
        context, wanted = context_of(info), slice_of(first, after)
        about = None if unit is None else id_of(unit, "unit")
        return Listing(
            lambda: once(lambda: context.read(reorganisations.decided_page, about, wanted)),
            lambda: once(lambda: context.read(reorganisations.decided_count, about)),
        )

    @staticmethod
    def resolve_teams_to_reform(
        _root: None,
        info: GraphQLResolveInfo,
        unit: str,
        as_of: date | None = None,
        first: int | None = None,
        after: str | None = None,
        **_: Any,
    ) -> Page:
        context, wanted = context_of(info), slice_of(first, after)
        day = as_of or context.today
        place = context.read(unit_id_of, unit, day)
        page = context.read(to_reform, place, day, context.scope.teams, wanted)
        return Page([(row, day) for row in page.rows], page.cursors, page.has_next)


def _arguments() -> dict[str, Any]:
    return {
        "on": graphene.Date(required=True, description="first day of the new order; may lie ahead"),
        "operations": graphene.List(graphene.NonNull(OperationInput), required=True),
        "decision_no": _TEXT(),
        "decision_date": graphene.Date(),
        "issuer": _TEXT(),
        "source": _TEXT(description="on whose word, where no decision is at hand"),
        "reorganisation": _ID(),
        "command_id": _ID(),
    }


class ReorganisationCommands:
    """Root fields. Units are the province's to reorganise; hamlets also their commune's."""

    reorganise = graphene.Field(CommandOutcome, required=True, **_arguments())
    preview_reorganisation = graphene.Field(
        ReorganisationPreview,
        required=True,
        **_arguments(),
        description="the same asked before: what would be answered and touched; nothing is recorded",
    )

    @staticmethod
    @told_as_outcome
    async def resolve_reorganise(_root: None, info: GraphQLResolveInfo, /, **told: Any) -> Outcome:
        context = context_of(info)
        return (await send(context, "registry", await _ordered(context, told)))[0]

    @staticmethod
    @told_as_outcome
    async def resolve_preview_reorganisation(_root: None, info: GraphQLResolveInfo, /, **told: Any) -> Preview:
        context = context_of(info)
        asking = await _ordered(context, told)
        try:
            answer = await context.parts.bus.ask("registry", "rehearse", asking.payload)
        except BusError:
            raise Unavailable from None
        touched = Touched(asking.payload["operations"], told["on"], context.today)
        return Preview(answer, await asked(context, touched.impact), touched)


async def _ordered(context: Context, told: Mapping[str, Any]) -> Order:
    """The command as the registry takes it, of units and hamlets the viewer holds today."""
    key = command_id_of(told.get("command_id"))
    context.require(*MAY["reorganise"])
    about = new_thing(context, "reorganisation", told.get("reorganisation"), key)
    eve = told["on"] - timedelta(days=1)

    def read(connection: Connection) -> tuple[Reading, list[dict[str, Any]]]:
        reading = Reading(connection, about, eve)
        return reading, reading.operations(told["operations"])

    reading, operations = await asked(context, read)
    if reading.units:
        context.require(Role.PROVINCE_OFFICIAL)
    await checked(context, "reorganise", lambda c: _holds(context, c, reading))
    decision_date = told.get("decision_date")
    payload = {
        "reorganisation": about,
        "on": told["on"].isoformat(),
        "operations": operations,
        "decision_no": told.get("decision_no"),
        "decision_date": None if decision_date is None else decision_date.isoformat(),
        "issuer": told.get("issuer"),
        "source": told.get("source"),
    }
    return order(context, "reorganise", about, payload, key)


def _holds(context: Context, connection: Connection, reading: Reading) -> bool:
    there = context.scope.holds(connection, sorted(reading.units | reading.places))
    return there and context.scope.hamlets_held(connection, sorted(reading.hamlets)) == reading.hamlets
