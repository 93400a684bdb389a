"""Mutations on visits: households and visits, alone and in batches from a phone that was offline.

What is told travels as text and may be missing: the service judges each item, so that one bad item spoils no other.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import Any, TypeAlias
from uuid import UUID

import graphene
from graphql import GraphQLResolveInfo

from gateway import visits
from gateway.commanding import (
    MAY,
    Order,
    Outcome,
    asked,
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
_BATCH = f"up to {MOST_AT_ONCE}, each accepted or refused on its own, answers in the same order"

Told: TypeAlias = Mapping[str, Any]
"""One item as it came in."""


class HouseholdInput(InputObjectType):
    """A household to be counted in."""

    hamlet = _ID()
    registered_on = _TEXT(description="such as 2026-10-05; today in Vietnam by default")
    household = _ID(description="opaque; made here unless given")
    command_id = _ID()


class VisitInput(InputObjectType):
    """A visit as it is told. Household, hamlet, team, day, mode and outcome are required."""

    household = _ID()
    hamlet = _ID()
    team = _ID()
    member = _ID()
    visited_on = _TEXT(description="such as 2026-10-05, in Vietnam")
    mode = _TEXT(description="home, team_point, phone, online or event")
    services = graphene.List(graphene.NonNull(_TEXT), description="codes of the service catalogue")
    outcome = _TEXT(description="guided, informed, absent or refused")
    visit = _ID(description="made on the phone, so that it can be sent again")
    command_id = _ID()


class CorrectionInput(InputObjectType):
    """What was wrong with a visit, and how it should have been told."""

    id = _ID()
    visit = graphene.InputField(VisitInput, description="the whole visit as it should have been told")
    reason = _TEXT(description="wrong_household, wrong_date, wrong_service, wrong_outcome or other")


class VoidingInput(InputObjectType):
    """A visit that counts for nothing."""

    id = _ID()
    reason = _TEXT(description="duplicate, not_made or other")
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
    register_households = many(CommandOutcome, households=many(HouseholdInput), description=_BATCH)
    move_household = graphene.Field(
        CommandOutcome,
        required=True,
        id=_ID(required=True),
        hamlet=_ID(required=True, description="to which it belongs, as when its own was divided"),
        moved_on=graphene.Date(description="from which day on; today in Vietnam by default"),
        command_id=_ID(),
    )
    record_visit = graphene.Field(CommandOutcome, required=True, visit=VisitInput(required=True))
    record_visits = many(CommandOutcome, visits=many(VisitInput), description=_BATCH)
    correct_visit = graphene.Field(
        CommandOutcome,
        required=True,
        id=_ID(required=True),
        visit=VisitInput(required=True, description="the whole visit as it should have been told"),
        reason=_TEXT(required=True, description="wrong_household, wrong_date, wrong_service, wrong_outcome or other"),
    )
    correct_visits = many(CommandOutcome, corrections=many(CorrectionInput), description=_BATCH)
    void_visit = graphene.Field(
        CommandOutcome,
        required=True,
        id=_ID(required=True),
        reason=_TEXT(required=True, description="duplicate, not_made or other"),
        command_id=_ID(),
    )
    void_visits = many(CommandOutcome, voidings=many(VoidingInput), description=_BATCH)

    @staticmethod
    @told_as_outcome
    async def resolve_register_household(
        _root: None, info: GraphQLResolveInfo, /, registered_on: date | None = None, **told: Any
    ) -> Outcome:
        day = None if registered_on is None else registered_on.isoformat()
        return (await _register(context_of(info), [{**told, "registered_on": day}]))[0]

    @staticmethod
    async def resolve_register_households(
        _root: None, info: GraphQLResolveInfo, /, households: Sequence[Told]
    ) -> list[Outcome]:
        return await _register(context_of(info), households)

    @staticmethod
    @told_as_outcome
    async def resolve_move_household(_root: None, info: GraphQLResolveInfo, /, **told: Any) -> Outcome:
        return await _move(context_of(info), told)

    @staticmethod
    @told_as_outcome
    async def resolve_record_visit(_root: None, info: GraphQLResolveInfo, /, visit: Told) -> Outcome:
        return (await _record(context_of(info), [visit]))[0]

    @staticmethod
    async def resolve_record_visits(_root: None, info: GraphQLResolveInfo, /, visits: Sequence[Told]) -> list[Outcome]:
        return await _record(context_of(info), visits)

    @staticmethod
    @told_as_outcome
    async def resolve_correct_visit(_root: None, info: GraphQLResolveInfo, /, **told: Any) -> Outcome:
        return (await _correct(context_of(info), [told]))[0]

    @staticmethod
    async def resolve_correct_visits(
        _root: None, info: GraphQLResolveInfo, /, corrections: Sequence[Told]
    ) -> list[Outcome]:
        return await _correct(context_of(info), corrections)

    @staticmethod
    @told_as_outcome
    async def resolve_void_visit(_root: None, info: GraphQLResolveInfo, /, **told: Any) -> Outcome:
        return (await _void(context_of(info), [told]))[0]

    @staticmethod
    async def resolve_void_visits(_root: None, info: GraphQLResolveInfo, /, voidings: Sequence[Told]) -> list[Outcome]:
        return await _void(context_of(info), voidings)


async def _register(context: Context, told: Sequence[Told]) -> list[Outcome]:
    _check(context, "register_household", told)
    hamlets = _uuids(each.get("hamlet") for each in told)
    held = await asked(context, lambda c: context.scope.hamlets_held(c, hamlets))

    def ready(item: Told) -> Order:
        hamlet = _one_of(held, item.get("hamlet"), "hamlet")
        key = command_id_of(item.get("command_id"))
        about = new_thing(context, "household", item.get("household"), key)
        payload = {"household": about, "hamlet": hamlet, "registered_on": item.get("registered_on")}
        return order(context, "register_household", about, payload, key)

    return await _send_each(context, told, ready)


async def _move(context: Context, told: Told) -> Outcome:
    """Both the household's hamlet and the other one are the viewer's today."""
    context.require(*MAY["move_household"])
    wanted, goal = id_of(told["id"], "id"), id_of(told["hamlet"], "hamlet")
    if not await asked(context, lambda c: context.scope.households_held(c, [wanted])):
        raise NotFound(field="id")
    if not await asked(context, lambda c: context.scope.hamlets_held(c, [goal])):
        raise NotFound(field="hamlet")
    key, day = command_id_of(told.get("command_id")), told.get("moved_on")
    payload = {"household": wanted, "hamlet": goal, "moved_on": None if day is None else day.isoformat()}
    return (await send(context, "visits", order(context, "move_household", wanted, payload, key)))[0]


async def _record(context: Context, told: Sequence[Told]) -> list[Outcome]:
    """A visit is recorded by its own team or by those the team belongs to."""
    _check(context, "record_visit", told)
    teams = _uuids(each.get("team") for each in told)
    held = await asked(context, lambda c: context.scope.teams_held(c, teams))

    def ready(item: Told) -> Order:
        _one_of(held, item.get("team"), "team")
        key = command_id_of(item.get("command_id"))
        about = new_thing(context, "visit", item.get("visit"), key)
        return order(context, "record_visit", about, {**_facts(item), "visit": about}, key)

    return await _send_each(context, told, ready)


async def _correct(context: Context, told: Sequence[Told]) -> list[Outcome]:
    """The viewer sees the visit, and its team, and the team it moves to, are theirs today."""
    _check(context, "correct_visit", told)
    teams = _uuids((each.get("visit") or {}).get("team") for each in told)
    seen, held = await _seen(context, _uuids(each.get("id") for each in told), teams)

    def ready(item: Told) -> Order:
        visit = item.get("visit") or {}
        about = _one_of(seen, item.get("id"), "id")
        _one_of(held, visit.get("team"), "team")
        key = command_id_of(visit.get("command_id"))
        payload = {**_facts(visit), "visit": about, "reason": item.get("reason")}
        return order(context, "correct_visit", about, payload, key)

    return await _send_each(context, told, ready)


async def _void(context: Context, told: Sequence[Told]) -> list[Outcome]:
    _check(context, "void_visit", told)
    seen, _ = await _seen(context, _uuids(each.get("id") for each in told), set())

    def ready(item: Told) -> Order:
        about = _one_of(seen, item.get("id"), "id")
        key = command_id_of(item.get("command_id"))
        return order(context, "void_visit", about, {"visit": about, "reason": item.get("reason")}, key)

    return await _send_each(context, told, ready)


def _check(context: Context, command: str, told: Sequence[Told]) -> None:
    context.require(*MAY[command])
    if len(told) > MOST_AT_ONCE:
        raise InvalidInput(f"Mỗi lần gửi tối đa {MOST_AT_ONCE} mục.")


async def _seen(context: Context, wanted: set[str], teams: set[str]) -> tuple[set[str], set[str]]:
    """Which visits the viewer sees whose team is theirs today, and which of these teams and theirs are."""

    def look(connection: Any) -> tuple[set[str], set[str]]:
        found = visits.visits_by_id(connection, list(wanted), context.scope.visits)
        held = context.scope.teams_held(connection, list(teams | {row.team for row in found.values()}))
        return {visit for visit, row in found.items() if row.team in held}, held

    return await asked(context, look)


async def _send_each(context: Context, told: Sequence[Told], ready: Callable[[Told], Order]) -> list[Outcome]:
    """Send those that are ready, together; what is refused here has its outcome already."""
    outcomes = [_order_of(ready, item) for item in told]
    done = iter(await send(context, "visits", *(each for each in outcomes if isinstance(each, Order))))
    return [next(done) if isinstance(each, Order) else each for each in outcomes]


def _order_of(ready: Callable[[Told], Order], item: Told) -> Order | Outcome:
    try:
        return ready(item)
    except GatewayError as error:
        return refused(error)


def _one_of(mine: set[str], text: str | None, field: str) -> str:
    """The id, when it is among the viewer's own. Raises `InvalidInput`, `NotFound`."""
    found = id_of(text, field)
    if found not in mine:
        raise NotFound(field=field)
    return found


def _facts(visit: Told) -> dict[str, Any]:
    names = ("household", "hamlet", "team", "member", "visited_on", "mode", "outcome")
    return {name: visit.get(name) for name in names} | {"services": list(visit.get("services") or ())}


def _uuids(texts: Iterable[str | None]) -> set[str]:
    """Those that are ids at all, in canonical form."""
    found = set()
    for text in texts:
        with suppress(ValueError):
            found.add(str(UUID(text or "")))
    return found
