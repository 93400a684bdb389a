"""Reorganisations of the map in GraphQL: looked at before, decided as one, and what they leave to be done."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date, timedelta
from typing import Any

import graphene
from graphql import GraphQLResolveInfo
from sqlalchemy import Connection

from gateway import reorganisations, units
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
from gateway.reorganisations import Change
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
from gateway.schema.teams import Team
from gateway.schema.units import Hamlet
from gateway.viewer import Role
from services.kernel.bus import BusError

_ID = graphene.ID
_TEXT = graphene.String


class ReorganisationWarning(ObjectType):
    """What needs a person's look or choice."""

    code = _TEXT(required=True, description="stable")
    message = _TEXT(required=True)
    about = _ID(required=True, description="the unit or hamlet")


class TouchedTeam(ObjectType):
    """A team that serves what changes, or belongs to a commune that does."""

    id = _ID(required=True)
    name = _TEXT(required=True)


class ReorganisationPreview(ObjectType):
    """What would be answered, and what hangs on the units and hamlets that change, counted as of the day before.

    Nothing is counted where the operations could not be read.
    """

    accepted = graphene.Boolean(required=True)
    code = _TEXT(description="of the refusal there would be; empty when accepted")
    message = _TEXT()
    field = _TEXT(description="the argument at fault")
    units = graphene.Int()
    hamlets = graphene.Int()
    teams = graphene.List(graphene.NonNull(TouchedTeam))
    members = graphene.Int()
    households = graphene.Int()
    open_cases = graphene.Int()
    enterprises = graphene.Int()
    trainings = graphene.Int(description="scheduled, not held yet")
    policies = graphene.Int(description="profiles of units that end, in force on the day")
    warnings = graphene.List(graphene.NonNull(ReorganisationWarning))


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
    """A team whose ground has changed: it goes on until somebody decides to renew or dissolve it."""

    team = graphene.Field(Team, required=True)
    reason = _TEXT(required=True)
    proposed = many(Hamlet, description="the hamlets there are in the place of those it serves")

    @staticmethod
    def resolve_proposed(row: tuple[Any, Any, date], info: GraphQLResolveInfo) -> list[Any]:
        context, ids = context_of(info), list(row[1].proposed)
        found = context.read(units.hamlets_by_id, ids, row[2])
        return sorted((found[one] for one in ids if one in found), key=lambda hamlet: hamlet.sort_key)

    @staticmethod
    def resolve_team(row: tuple[Any, Any, date], _info: Any) -> Any:
        return row[0]

    @staticmethod
    def resolve_reason(row: tuple[Any, Any, date], _info: Any) -> str:
        return str(row[1].reason)


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
        description="teams that serve hamlets which are no more on that day, or whose commune is no more",
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
        page, why = context.read(reorganisations.to_reform, place, day, context.scope.teams, wanted)
        return replace(page, rows=[(row, why[row.team], day) for row in page.rows])


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
    async def resolve_preview_reorganisation(_root: None, info: GraphQLResolveInfo, /, **told: Any) -> dict[str, Any]:
        context = context_of(info)
        asking = await _ordered(context, told)
        try:
            answer = await context.parts.bus.ask("registry", "rehearse", asking.payload)
        except BusError:
            raise Unavailable from None
        change = Change.of(asking.payload["operations"])
        found = await asked(context, lambda c: reorganisations.impact(c, change, told["on"], context.today))
        return {**asdict(found), **{field: answer[field] for field in ("accepted", "code", "message", "field")}}


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
