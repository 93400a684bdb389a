"""Mutations on visits: households, visits alone and in batches from a phone that was offline.

A visit's own fields travel as text and are judged by the service, so that in a batch one bad item spoils no other.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import graphene
from graphql import GraphQLResolveInfo

from gateway import visits
from gateway.commanding import (
    MAY,
    Order,
    Outcome,
    asked,
    checked,
    command_id_of,
    new_thing,
    order,
    refused,
    send,
    told_as_outcome,
)
from gateway.context import Context, context_of
from gateway.errors import GatewayError, InvalidInput, NotFound
from gateway.schema.connections import InputObjectType, many
from gateway.schema.inputs import id_of
from gateway.schema.outcomes import CommandOutcome

MOST_AT_ONCE = 500
_ID = graphene.ID
_TEXT = graphene.String


class VisitInput(InputObjectType):
    """A visit as it is told."""

    household = _ID(required=True)
    hamlet = _ID(required=True)
    team = _ID(required=True)
    member = _ID()
    visited_on = _TEXT(required=True, description="such as 2026-10-05, in Vietnam")
    mode = _TEXT(required=True, description="home, team_point, phone, online or event")
    services = graphene.List(graphene.NonNull(_TEXT), description="codes of the service catalogue")
    outcome = _TEXT(required=True, description="guided, informed, absent or refused")
    visit = _ID(description="made on the phone, so that it can be sent again")
    command_id = _ID()


class VisitCommands:
    """Root fields."""

    register_household = graphene.Field(
        CommandOutcome,
        required=True,
        hamlet=_ID(required=True),
        registered_on=graphene.Date(description="today in Vietnam by default"),
        household=_ID(description="opaque; made here unless given"),
        command_id=_ID(),
    )
    record_visit = graphene.Field(CommandOutcome, required=True, visit=VisitInput(required=True))
    record_visits = many(
        CommandOutcome,
        visits=graphene.List(graphene.NonNull(VisitInput), required=True),
        description=f"up to {MOST_AT_ONCE}, each accepted or refused on its own, answers in the same order",
    )
    correct_visit = graphene.Field(
        CommandOutcome,
        required=True,
        id=_ID(required=True),
        visit=VisitInput(required=True, description="the whole visit as it should have been told"),
        reason=_TEXT(required=True, description="wrong_household, wrong_date, wrong_service, wrong_outcome or other"),
    )
    void_visit = graphene.Field(
        CommandOutcome,
        required=True,
        id=_ID(required=True),
        reason=_TEXT(required=True, description="duplicate, not_made or other"),
        command_id=_ID(),
    )

    @staticmethod
    @told_as_outcome
    async def resolve_register_household(
        _root: None,
        info: GraphQLResolveInfo,
        /,
        hamlet: str,
        registered_on: date | None = None,
        household: str | None = None,
        command_id: str | None = None,
    ) -> Outcome:
        context, key, place = context_of(info), command_id_of(command_id), id_of(hamlet, "hamlet")
        await checked(context, "register_household", lambda c: context.scope.holds_hamlets(c, [place]))
        about = new_thing(context, "household", household, key)
        day = None if registered_on is None else registered_on.isoformat()
        payload = {"household": about, "hamlet": place, "registered_on": day}
        return (await send(context, "visits", order(context, "register_household", about, payload, key)))[0]

    @staticmethod
    @told_as_outcome
    async def resolve_record_visit(_root: None, info: GraphQLResolveInfo, /, visit: Mapping[str, Any]) -> Outcome:
        return (await _record(context_of(info), [visit]))[0]

    @staticmethod
    async def resolve_record_visits(
        _root: None, info: GraphQLResolveInfo, /, visits: Sequence[Mapping[str, Any]]
    ) -> list[Outcome]:
        if len(visits) > MOST_AT_ONCE:
            raise InvalidInput(f"Mỗi lần gửi tối đa {MOST_AT_ONCE} lượt thăm.", field="visits")
        return await _record(context_of(info), visits)

    @staticmethod
    @told_as_outcome
    async def resolve_correct_visit(
        _root: None,
        info: GraphQLResolveInfo,
        /,
        id: str,  # noqa: A002
        visit: Mapping[str, Any],
        reason: str,
    ) -> Outcome:
        context, about, team = context_of(info), id_of(id, "id"), id_of(visit["team"], "team")
        await checked(context, "correct_visit", lambda c: _seen(context, c, about, team))
        key = command_id_of(visit.get("command_id"))
        payload = {**_facts(visit), "visit": about, "reason": reason}
        return (await send(context, "visits", order(context, "correct_visit", about, payload, key)))[0]

    @staticmethod
    @told_as_outcome
    async def resolve_void_visit(
        _root: None,
        info: GraphQLResolveInfo,
        /,
        id: str,  # noqa: A002
        reason: str,
        command_id: str | None = None,
    ) -> Outcome:
        context, key, about = context_of(info), command_id_of(command_id), id_of(id, "id")
        await checked(context, "void_visit", lambda c: _seen(context, c, about))
        payload = {"visit": about, "reason": reason}
        return (await send(context, "visits", order(context, "void_visit", about, payload, key)))[0]


def _seen(context: Context, connection: Any, visit: str, *other_teams: str) -> bool:
    """The viewer sees the visit, and its team (and the team it moves to) is theirs today."""
    found = visits.visits_by_id(connection, [visit], context.scope.visits).get(visit)
    teams = set(other_teams) if found is None else {found.team, *other_teams}
    return found is not None and context.scope.teams_held(connection, list(teams)) == teams


async def _record(context: Context, told: Sequence[Mapping[str, Any]]) -> list[Outcome]:
    """Record those of the viewer's own teams; the others are answered `NOT_FOUND`, each on its own."""
    context.require(*MAY["record_visit"])
    teams = {text for visit in told if (text := _uuid(visit["team"])) is not None}
    own = await asked(context, lambda c: context.scope.teams_held(c, list(teams))) if teams else set()
    ready = [_ready(context, visit, own) for visit in told]
    done = iter(await send(context, "visits", *(each for each in ready if isinstance(each, Order))))
    return [next(done) if isinstance(each, Order) else each for each in ready]


def _ready(context: Context, visit: Mapping[str, Any], own: set[str]) -> Order | Outcome:
    try:
        if id_of(visit["team"], "team") not in own:
            raise NotFound(field="team")
        key = command_id_of(visit.get("command_id"))
        about = new_thing(context, "visit", visit.get("visit"), key)
    except GatewayError as error:
        return refused(error)
    return order(context, "record_visit", about, {**_facts(visit), "visit": about}, key)


def _facts(visit: Mapping[str, Any]) -> dict[str, Any]:
    names = ("household", "hamlet", "team", "member", "visited_on", "mode", "outcome")
    return {name: visit.get(name) for name in names} | {"services": list(visit.get("services") or ())}


def _uuid(text: str) -> str | None:
    try:
        return str(UUID(text))
    except ValueError:
        return None
