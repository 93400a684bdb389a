"""The register of decisions on teams in GraphQL."""

from asyncio import gather
from collections.abc import Awaitable
from datetime import date
from typing import Any

import graphene
from graphql import GraphQLResolveInfo
from sqlalchemy import select

from gateway import decision_register, decisions, teams, units
from gateway.context import context_of, once
from gateway.decision_register import Registered
from gateway.errors import InvalidInput
from gateway.paging import slice_of
from gateway.schema.connections import Listing, ObjectType, connection_of, many, page_arguments
from gateway.schema.decisions import TeamDecision
from gateway.schema.inputs import unit_id_of
from gateway.schema.teams import Team
from gateway.schema.units import Unit
from gateway.unit_tree import belonging

_TEXT = graphene.String
_DAY = graphene.Date


class DecisionKind(graphene.Enum):  # type: ignore[misc]  # graphene is published without types
    """What a decision does to a team: thành lập, kiện toàn, ra mắt, giải thể."""

    ESTABLISHED = "established"
    RENEWED = "renewed"
    LAUNCHED = "launched"
    DISSOLVED = "dissolved"


class RegisteredAct(ObjectType):
    """What the decision does to one team."""

    kind = graphene.Field(DecisionKind, required=True)
    team = graphene.Field(Team, required=True)


class RegisteredDecision(ObjectType):
    """A decision on one team or on many."""

    decision_no = _TEXT(required=True)
    decision_date = _DAY(required=True)
    signer = _TEXT(description="the office that signed; null: none was told")
    unit = graphene.Field(Unit, required=True, description="the one that decided, as it was called that day")
    kinds = many(DecisionKind)
    acts = many(RegisteredAct, description="on the teams the viewer may see")
    decision = graphene.Field(TeamDecision, description="with its attached list; null: it is on one team")

    @staticmethod
    def resolve_unit(entry: Registered, info: GraphQLResolveInfo) -> Awaitable[units.Unit]:
        return context_of(info).load(units.units_by_id, entry.unit, entry.decision_date)

    @staticmethod
    def resolve_kinds(entry: Registered, _info: Any) -> list[str]:
        return list(dict.fromkeys(kind for kind, _ in entry.acts))

    @staticmethod
    async def resolve_acts(entry: Registered, info: GraphQLResolveInfo) -> list[dict[str, Any]]:
        context = context_of(info)
        of = await gather(*(context.load(teams.teams_by_id, team, context.scope.teams) for _, team in entry.acts))
        acts = zip(entry.acts, of, strict=True)
        return [{"kind": kind, "team": team} for (kind, _), team in acts if team is not None]

    @staticmethod
    def resolve_decision(entry: Registered, info: GraphQLResolveInfo) -> Any:
        context = context_of(info)
        if entry.decision is None:
            return None
        return context.read(decisions.decision_by_id, entry.decision, context.scope.decisions)


RegisteredDecisionConnection = connection_of("RegisteredDecision", lambda: RegisteredDecision)


class DecisionRegisterQueries:
    """Root field."""

    decision_register = graphene.Field(
        RegisteredDecisionConnection,
        required=True,
        unit=_TEXT(description="id or today's code"),
        since=graphene.Argument(_DAY, name="from"),
        until=graphene.Argument(_DAY, name="to", description="this day included"),
        after_token=_TEXT(),
        **page_arguments(),
        description="every decision on teams, on one or on many, the latest first",
    )

    @staticmethod
    def resolve_decision_register(
        _root: None,
        info: GraphQLResolveInfo,
        first: int | None = None,
        after: str | None = None,
        unit: str | None = None,
        since: date | None = None,
        until: date | None = None,
        **_: Any,
    ) -> Listing:
        context, wanted, within = context_of(info), slice_of(first, after), None
        if since is not None and until is not None and until < since:
            raise InvalidInput("`to` phải từ `from` trở đi.", field="to")
        visible = (context.scope.teams, context.scope.decisions)
        if unit is not None:
            place = context.read(unit_id_of, unit, context.today)
            within = select(belonging([place], context.today).c.unit)
        those = (*visible, within, since, until)
        return Listing(
            lambda: once(lambda: context.read(decision_register.register_page, *those, wanted)),
            lambda: once(lambda: context.read(decision_register.register_count, *those)),
        )
