"""Mutations on teams and their members. Officials only, and only where they stand today."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import graphene
from graphql import GraphQLResolveInfo
from sqlalchemy import Connection

from gateway import overlaps, units
from gateway.commanding import (
    Notice,
    Outcome,
    asked,
    checked,
    command_id_of,
    ids_of,
    new_thing,
    order,
    plain,
    send,
    told_as_outcome,
)
from gateway.context import Context, context_of
from gateway.schema.inputs import id_of, unit_id_of
from gateway.schema.outcomes import CommandOutcome
from gateway.team_places import communes_of

_ID = graphene.ID
_TEXT = graphene.String
_DAY = graphene.Date


class MemberRole(graphene.Enum):  # type: ignore[misc]  # graphene is published without types
    """What a member is in the team."""

    LEADER = "leader"
    DEPUTY = "deputy"
    MEMBER = "member"


class TeamLevel(graphene.Enum):  # type: ignore[misc]
    """What a team is of: hamlets of a commune, the commune, or an enterprise."""

    HAMLET = "hamlet"
    COMMUNE = "commune"
    ENTERPRISE = "enterprise"


def _done(**arguments: Any) -> Any:
    return graphene.Field(CommandOutcome, required=True, **arguments, command_id=_ID())


def _on_a_member(**arguments: Any) -> Any:
    return _done(team=_ID(required=True), member=_ID(required=True), **arguments)


def _hamlets(**options: Any) -> Any:
    return graphene.List(graphene.NonNull(_ID), **options)


class TeamCommands:
    """Root fields."""

    establish_team = _done(
        commune=_TEXT(required=True, description="id or today's code"),
        name=_TEXT(required=True),
        level=TeamLevel(description="HAMLET by default"),
        hamlets=_hamlets(description="of a hamlet team: at least one"),
        enterprise=_ID(description="of an enterprise team"),
        decision_no=_TEXT(required=True),
        decision_date=_DAY(required=True),
        signer=_TEXT(description="the office that signed, never a person's name"),
        team=_ID(),
    )
    renew_team = _done(
        team=_ID(required=True),
        hamlets=_hamlets(description="all it serves from the decision's day on"),
        commune=_TEXT(description="whose decision it is: id or today's code; that in which the hamlets lie by default"),
        decision_no=_TEXT(required=True),
        decision_date=_DAY(required=True),
        signer=_TEXT(),
        description="kiện toàn; by the commune its hamlets went to it carries the team over",
    )
    launch_team = _done(team=_ID(required=True), launched_on=_DAY(required=True), description="ra mắt, công bố")
    dissolve_team = _done(
        team=_ID(required=True),
        decision_no=_TEXT(required=True),
        decision_date=_DAY(required=True),
        signer=_TEXT(),
        successor=_ID(description="the team that takes over"),
    )
    nominate_member = _done(
        team=_ID(required=True),
        organisation=_TEXT(required=True),
        organisation_kind=_TEXT(),
        nominated_on=_DAY(required=True),
        member=_ID(description="opaque; made here unless given"),
    )
    appoint_member = _done(
        team=_ID(required=True),
        role=MemberRole(required=True),
        organisation=_TEXT(required=True, description="as people call it"),
        organisation_kind=_TEXT(description="in the plans' words: hamlet_head, youth_union, bank, …"),
        same_hamlet=graphene.Boolean(description="lives in a hamlet the team serves"),
        part_time=graphene.Boolean(description="kiêm nhiệm"),
        appointed_on=_DAY(required=True),
        term_to=_DAY(description="last day of the term"),
        replaces=_ID(description="who stands down the same day"),
        member=_ID(description="opaque; made here unless given"),
        description="who serves in another team by then is appointed with a warning",
    )
    stand_down_member = _on_a_member(stood_down_on=_DAY(required=True))
    assign_duty = _on_a_member(duty=_TEXT(required=True), assigned_on=_DAY(required=True))

    @staticmethod
    @told_as_outcome
    async def resolve_establish_team(
        _root: None,
        info: GraphQLResolveInfo,
        /,
        commune: str,
        team: str | None = None,
        command_id: str | None = None,
        **told: Any,
    ) -> Outcome:
        context, key = context_of(info), command_id_of(command_id)
        context.require()
        place = await asked(context, lambda c: unit_id_of(c, commune, context.today, "commune"))
        await checked(context, "establish_team", lambda c: context.scope.holds(c, [place]))
        about = new_thing(context, "team", team, key)
        payload = {**_told(told), "team": about, "commune": place}
        return (await send(context, "registry", order(context, "establish_team", about, payload, key)))[0]

    @staticmethod
    @told_as_outcome
    async def resolve_renew_team(_root: None, info: GraphQLResolveInfo, /, **told: Any) -> Outcome:
        context = context_of(info)
        context.require()
        if told.get("commune") is None:
            place = await asked(context, lambda c: _went_along(c, told))
        else:
            place = await asked(context, lambda c: unit_id_of(c, told["commune"], context.today, "commune"))
            await checked(context, "renew_team", lambda c: context.scope.holds(c, [place]))
        return await _about(context, "renew_team", {**told, "commune": place})

    @staticmethod
    @told_as_outcome
    async def resolve_launch_team(_root: None, info: GraphQLResolveInfo, /, **told: Any) -> Outcome:
        return await _about(context_of(info), "launch_team", told)

    @staticmethod
    @told_as_outcome
    async def resolve_dissolve_team(_root: None, info: GraphQLResolveInfo, /, **told: Any) -> Outcome:
        return await _about(context_of(info), "dissolve_team", told)

    @staticmethod
    @told_as_outcome
    async def resolve_nominate_member(_root: None, info: GraphQLResolveInfo, /, **told: Any) -> Outcome:
        return await _about(context_of(info), "nominate_member", told, new="member")

    @staticmethod
    @told_as_outcome
    async def resolve_appoint_member(_root: None, info: GraphQLResolveInfo, /, **told: Any) -> Outcome:
        context = context_of(info)
        outcome = await _about(context, "appoint_member", told, new="member")
        if not outcome.accepted or told.get("member") is None:  # a new person serves nowhere yet
            return outcome
        team, day = id_of(told["team"], "team"), told["appointed_on"]
        found = await asked(context, lambda c: overlaps.serves_elsewhere(c, outcome.id, team, day))
        return outcome if found is None else replace(outcome, warnings=(_serves_elsewhere(found),))

    @staticmethod
    @told_as_outcome
    async def resolve_stand_down_member(_root: None, info: GraphQLResolveInfo, /, **told: Any) -> Outcome:
        return await _about(context_of(info), "stand_down_member", told, about="member")

    @staticmethod
    @told_as_outcome
    async def resolve_assign_duty(_root: None, info: GraphQLResolveInfo, /, **told: Any) -> Outcome:
        return await _about(context_of(info), "assign_duty", told, about="member")


def _serves_elsewhere(found: overlaps.Elsewhere) -> Notice:
    said = f"Người này đang là thành viên của {found.places} Tổ khác"
    if found.rule is not None:
        cited = found.rule["citation"]
        said += f" (không trùng chéo, {cited['document']} {cited['section']})"
    return Notice("SERVES_ELSEWHERE", f"{said}.", "member")


def _went_along(connection: Connection, told: Mapping[str, Any]) -> str | None:
    """The commune all these hamlets lie in on the decision's day, if the team lies there too; else None."""
    team, day = id_of(told["team"], "team"), told["decision_date"]
    hamlets = ids_of(told.get("hamlets") or (), "hamlets")
    rows = units.hamlets_by_id(connection, hamlets, day) if hamlets else {}
    lies = units.homes_of(connection, sorted({row.commune for row in rows.values()}), day)
    its = units.homes_of(connection, sorted(communes_of(connection, [team], day).get(team, ())), day)
    places = set(lies.values())
    return places.pop() if len(places) == 1 and places <= set(its.values()) else None


async def _about(
    context: Context, command: str, told: Mapping[str, Any], *, about: str = "team", new: str | None = None
) -> Outcome:
    """Send a command about a team the viewer holds; `new` names what it creates unless its id is given."""
    key, of = command_id_of(told.get("command_id")), id_of(told["team"], "team")
    await checked(context, command, lambda c: bool(context.scope.teams_held(c, [of])))
    payload = {**_told(told), "team": of}
    if new is not None:
        payload[new] = new_thing(context, new, told.get(new), key)
        about = new
    elif about != "team":
        payload[about] = id_of(told[about], about)
    for field in {"replaces", "successor"} & payload.keys():
        payload[field] = id_of(payload[field], field)
    return (await send(context, "registry", order(context, command, payload[about], payload, key)))[0]


def _told(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments as the registry takes them: what was not told is left out."""
    told = plain(arguments)
    if "hamlets" in told:
        told["hamlets"] = ids_of(told["hamlets"], "hamlets")
    return told
