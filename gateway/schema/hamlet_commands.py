"""Mutations on hamlets. Officials only, and only where they stand today."""

from datetime import date

import graphene
from graphql import GraphQLResolveInfo

from gateway.commanding import (
    Outcome,
    asked,
    checked,
    command_id_of,
    new_thing,
    order,
    send,
    told_as_outcome,
)
from gateway.context import context_of
from gateway.schema.inputs import unit_id_of
from gateway.schema.outcomes import CommandOutcome

_ID = graphene.ID
_TEXT = graphene.String


class HamletCommands:
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
