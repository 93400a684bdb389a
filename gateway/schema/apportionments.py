"""Stating by which shares the figures of a divided unit or hamlet go to its parts."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import graphene
from graphql import GraphQLResolveInfo

from gateway.commanding import Outcome, checked, command_id_of, order, send, told_as_outcome
from gateway.context import context_of
from gateway.schema.connections import InputObjectType
from gateway.schema.inputs import id_of
from gateway.schema.operations import OperationPlace
from gateway.schema.outcomes import CommandOutcome
from gateway.viewer import Role


class ShareInput(InputObjectType):
    """What went into one part; a hamlet that goes on with the rest is a part of itself."""

    successor = graphene.ID(required=True)
    share = graphene.String(required=True, description="such as '0.25', up to six decimals")


class ApportionmentCommands:
    """Root field. Units are the province's to speak of; hamlets also their commune's."""

    state_shares = graphene.Field(
        CommandOutcome,
        required=True,
        about=graphene.ID(required=True, description="the divided unit or hamlet"),
        place=OperationPlace(description="UNIT by default"),
        on=graphene.Date(required=True, description="the day it was divided"),
        shares=graphene.List(graphene.NonNull(ShareInput), required=True, description="together exactly 1"),
        basis=graphene.String(required=True, description="what was counted: households, inhabitants, …"),
        source=graphene.String(required=True, description="on whose word"),
        command_id=graphene.ID(),
        description="old figures of a divided place are restated by these shares and by nothing else",
    )

    @staticmethod
    @told_as_outcome
    async def resolve_state_shares(
        _root: None,
        info: GraphQLResolveInfo,
        /,
        about: str,
        on: date,
        shares: Sequence[Mapping[str, Any]],
        basis: str,
        source: str,
        place: Any = None,
        command_id: str | None = None,
    ) -> Outcome:
        context, key, one = context_of(info), command_id_of(command_id), id_of(about, "about")
        kind = "unit" if place is None else place.value
        if kind == "unit":
            context.require(Role.PROVINCE_OFFICIAL)
            await checked(context, "state_shares", lambda c: context.scope.answers_for(c, one))
        else:
            await checked(context, "state_shares", lambda c: context.scope.hamlets_held(c, [one]) == {one})
        payload = {
            "about": one,
            "place": kind,
            "on": on.isoformat(),
            "shares": [{"successor": id_of(each["successor"], "shares"), "share": each["share"]} for each in shares],
            "basis": basis,
            "source": source,
        }
        return (await send(context, "registry", order(context, "state_shares", one, payload, key)))[0]
