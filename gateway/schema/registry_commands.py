"""Mutations on the registry: hamlets, teams, members. Officials only, and only where they stand today."""

from datetime import date
from typing import Any

import graphene
from graphql import GraphQLResolveInfo

from gateway.commanding import (
    Outcome,
    asked,
    checked,
    command_id_of,
    ids_of,
    new_thing,
    order,
    send,
    told_as_outcome,
)
from gateway.context import context_of
from gateway.schema.inputs import id_of, unit_id_of
from gateway.schema.outcomes import CommandOutcome

_ID = graphene.ID
_TEXT = graphene.String


class MemberRole(graphene.Enum):  # type: ignore[misc]  # graphene is published without types
    """What a member is in the team."""

    LEADER = "leader"
    DEPUTY = "deputy"
    MEMBER = "member"


class RegistryCommands:
    """Root fields."""

    register_hamlet = graphene.Field(
        CommandOutcome,
        required=True,
        commune=_TEXT(required=True, description="id or today's code"),
        name=_TEXT(required=True),
        kind=_TEXT(required=True, description="Ấp, Khóm, …"),
        valid_from=graphene.Date(required=True),
        hamlet=_ID(),
        command_id=_ID(),
    )
    establish_team = graphene.Field(
        CommandOutcome,
        required=True,
        commune=_TEXT(required=True, description="id or today's code"),
        name=_TEXT(required=True),
        hamlets=graphene.List(graphene.NonNull(_ID), required=True),
        decision_no=_TEXT(required=True),
        decision_date=graphene.Date(required=True),
        team=_ID(),
        command_id=_ID(),
    )
    appoint_member = graphene.Field(
        CommandOutcome,
        required=True,
        team=_ID(required=True),
        role=MemberRole(required=True),
        organisation=_TEXT(required=True, description="as people call it"),
        organisation_kind=_TEXT(description="in the plans' words: hamlet_head, youth_union, bank, …"),
        same_hamlet=graphene.Boolean(description="lives in a hamlet the team serves"),
        appointed_on=graphene.Date(required=True),
        member=_ID(description="opaque; made here unless given"),
        command_id=_ID(),
    )
    stand_down_member = graphene.Field(
        CommandOutcome,
        required=True,
        team=_ID(required=True),
        member=_ID(required=True),
        stood_down_on=graphene.Date(required=True),
        command_id=_ID(),
    )

    @staticmethod
    @told_as_outcome
    async def resolve_register_hamlet(
        _root: None,
        info: GraphQLResolveInfo,
        /,
        commune: str,
        name: str,
        kind: str,
        valid_from: date,
        hamlet: str | None = None,
        command_id: str | None = None,
    ) -> Outcome:
        context, key = context_of(info), command_id_of(command_id)
        context.require()
        place = await asked(context, lambda c: unit_id_of(c, commune, context.today, "commune"))
        await checked(context, "register_hamlet", lambda c: context.scope.holds(c, [place]))
        about = new_thing(context, "hamlet", hamlet, key)
        payload = {
            "hamlet": about,
            "commune": place,
            "name": name,
            "kind": kind,
            "valid_from": valid_from.isoformat(),
        }
        return (await send(context, "registry", order(context, "register_hamlet", about, payload, key)))[0]

    @staticmethod
    @told_as_outcome
    async def resolve_establish_team(
        _root: None,
        info: GraphQLResolveInfo,
        /,
        commune: str,
        name: str,
        hamlets: list[str],
        decision_no: str,
        decision_date: date,
        team: str | None = None,
        command_id: str | None = None,
    ) -> Outcome:
        context, key = context_of(info), command_id_of(command_id)
        context.require()
        place = await asked(context, lambda c: unit_id_of(c, commune, context.today, "commune"))
        await checked(context, "establish_team", lambda c: context.scope.holds(c, [place]))
        about = new_thing(context, "team", team, key)
        payload = {
            "team": about,
            "commune": place,
            "name": name,
            "hamlets": ids_of(hamlets, "hamlets"),
            "decision_no": decision_no,
            "decision_date": decision_date.isoformat(),
        }
        return (await send(context, "registry", order(context, "establish_team", about, payload, key)))[0]

    @staticmethod
    @told_as_outcome
    async def resolve_appoint_member(
        _root: None,
        info: GraphQLResolveInfo,
        /,
        team: str,
        role: Any,
        organisation: str,
        appointed_on: date,
        member: str | None = None,
        command_id: str | None = None,
        **told: Any,
    ) -> Outcome:
        context, key, of = context_of(info), command_id_of(command_id), id_of(team, "team")
        await checked(context, "appoint_member", lambda c: bool(context.scope.teams_held(c, [of])))
        about = new_thing(context, "member", member, key)
        payload = {
            "team": of,
            "member": about,
            "role": role.value,
            "organisation": organisation,
            "appointed_on": appointed_on.isoformat(),
            **told,
        }
        return (await send(context, "registry", order(context, "appoint_member", about, payload, key)))[0]

    @staticmethod
    @told_as_outcome
    async def resolve_stand_down_member(
        _root: None,
        info: GraphQLResolveInfo,
        /,
        team: str,
        member: str,
        stood_down_on: date,
        command_id: str | None = None,
    ) -> Outcome:
        context, key, of = context_of(info), command_id_of(command_id), id_of(team, "team")
        await checked(context, "stand_down_member", lambda c: bool(context.scope.teams_held(c, [of])))
        about = id_of(member, "member")
        payload = {"team": of, "member": about, "stood_down_on": stood_down_on.isoformat()}
        return (await send(context, "registry", order(context, "stand_down_member", about, payload, key)))[0]
