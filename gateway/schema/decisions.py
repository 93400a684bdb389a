"""Decisions on many teams in GraphQL: issued in one piece, read with the list attached to them."""

from collections.abc import Awaitable, Mapping
from datetime import date
from enum import Enum
from typing import Any

import graphene
from graphql import GraphQLResolveInfo
from sqlalchemy import ColumnElement, Connection, and_, select

from gateway import decisions, teams, units
from gateway.commanding import Outcome, asked, checked, command_id_of, order, send, told_as_outcome
from gateway.context import Context, context_of, once
from gateway.decision_plans import PlannedDecision, planned
from gateway.errors import NotFound
from gateway.paging import slice_of
from gateway.schema.connections import Listing, ObjectType, connection_of, many, page_arguments
from gateway.schema.inputs import id_of, unit_id_of
from gateway.schema.outcomes import CommandOutcome
from gateway.schema.team_commands import MemberRole, TeamLevel
from gateway.schema.teams import Team
from gateway.schema.units import Unit
from gateway.unit_tree import belonging
from services.kernel.identifiers import derived_id
from services.kernel.words import one_line

_ID = graphene.ID
_TEXT = graphene.String
_DAY = graphene.Date


def _ids(**options: Any) -> Any:
    return graphene.List(graphene.NonNull(_ID), **options)


class ListedMemberInput(graphene.InputObjectType):  # type: ignore[misc]  # graphene is published without types
    """Somebody on the attached list."""

    role = MemberRole(required=True)
    organisation = _TEXT(required=True, description="as people call it")
    organisation_kind = _TEXT(description="in the plans' words: hamlet_head, youth_union, bank, …")
    same_hamlet = graphene.Boolean()
    part_time = graphene.Boolean(description="kiêm nhiệm")
    term_to = _DAY(description="last day of the term")
    member = _ID(description="opaque; made here unless given")


def _roster() -> Any:
    return graphene.List(graphene.NonNull(ListedMemberInput))


class EstablishmentInput(graphene.InputObjectType):  # type: ignore[misc]
    """A team the decision establishes."""

    name = _TEXT(required=True)
    level = TeamLevel(description="HAMLET by default")
    hamlets = _ids(description="of a hamlet team: at least one")
    enterprise = _ID()
    appoints = _roster()
    launched_on = _DAY(description="when it was presented to the people, if it was")
    team = _ID(description="made here unless given")


class RenewalInput(graphene.InputObjectType):  # type: ignore[misc]
    """A team the decision renews (kiện toàn)."""

    team = _ID(required=True)
    hamlets = _ids(description="all it serves from the decision's day on")
    stands_down = _ids(description="members who leave")
    appoints = _roster()


class LaunchInput(graphene.InputObjectType):  # type: ignore[misc]
    """A team that was presented to the people."""

    team = _ID(required=True)
    launched_on = _DAY(description="the decision's day by default")


class TeamDecisionInput(graphene.InputObjectType):  # type: ignore[misc]
    """One decision on many teams: all of it is recorded, or nothing."""

    unit = _TEXT(required=True, description="the commune that decides: id or today's code")
    decision_no = _TEXT(required=True)
    decision_date = _DAY(required=True)
    signer = _TEXT(description="the office that signed, never a person's name")
    establishes = graphene.List(graphene.NonNull(EstablishmentInput))
    renews = graphene.List(graphene.NonNull(RenewalInput))
    launches = graphene.List(graphene.NonNull(LaunchInput))


class ListedMember(ObjectType):
    """Somebody on the attached list: an opaque id, never a name."""

    member = _ID(required=True)
    role = _TEXT(required=True)
    organisation = _TEXT(required=True)
    organisation_kind = _TEXT()
    term_to = _DAY()

    @staticmethod
    def resolve_term_to(listed: Mapping[str, Any], _info: Any) -> date | None:
        return None if listed.get("term_to") is None else date.fromisoformat(listed["term_to"])


class TeamDecisionAct(ObjectType):
    """What the decision says of one team."""

    act = _TEXT(required=True, description="establish, renew or launch")
    team = graphene.Field(Team, description="null outside the viewer's scope")
    stands_down = graphene.List(graphene.NonNull(_ID), required=True)
    appoints = many(ListedMember)

    @staticmethod
    def resolve_team(act: Mapping[str, Any], info: GraphQLResolveInfo) -> Awaitable[Any]:
        context = context_of(info)
        return context.load(teams.teams_by_id, act["team"], context.scope.teams)

    @staticmethod
    def resolve_stands_down(act: Mapping[str, Any], _info: Any) -> list[str]:
        return list(act.get("stands_down") or ())

    @staticmethod
    def resolve_appoints(act: Mapping[str, Any], _info: Any) -> list[dict[str, Any]]:
        return list(act.get("appoints") or ())


class TeamDecision(ObjectType):
    """A decision on many teams; `/decisions/{id}` prints it."""

    id = _ID(required=True)
    unit = graphene.Field(Unit, required=True)
    decision_no = _TEXT(required=True)
    decision_date = _DAY(required=True)
    signer = _TEXT()
    acts = many(TeamDecisionAct)

    @staticmethod
    def resolve_id(decision: Any, _info: Any) -> str:
        return str(decision.decision)

    @staticmethod
    def resolve_unit(decision: Any, info: GraphQLResolveInfo) -> Awaitable[units.Unit]:
        context = context_of(info)
        return context.load(units.units_by_id, decision.unit, context.today)

    @staticmethod
    def resolve_decision_date(decision: Any, _info: Any) -> date:
        return date.fromisoformat(decision.decision_date)

    @staticmethod
    def resolve_acts(decision: Any, _info: Any) -> list[dict[str, Any]]:
        return decisions.acts_of(decision)


TeamDecisionConnection = connection_of("TeamDecision", lambda: TeamDecision)


class DecisionQueries:
    """Root fields."""

    team_decisions = graphene.Field(
        TeamDecisionConnection,
        required=True,
        unit=_TEXT(description="id or today's code"),
        after_token=_TEXT(),
        **page_arguments(),
        description="decisions on many teams, the latest first",
    )
    team_decision = graphene.Field(TeamDecision, id=_ID(required=True), after_token=_TEXT())

    @staticmethod
    def resolve_team_decisions(
        _root: None,
        info: GraphQLResolveInfo,
        first: int | None = None,
        after: str | None = None,
        unit: str | None = None,
        **_: Any,
    ) -> Listing:
        context, wanted = context_of(info), slice_of(first, after)
        visible: ColumnElement[bool] = context.scope.decisions
        if unit is not None:
            tree = belonging([context.read(unit_id_of, unit, context.today)], context.today)
            visible = and_(visible, decisions.LIVE.decisions.c.unit.in_(select(tree.c.unit)))
        return Listing(
            lambda: once(lambda: context.read(decisions.decisions_page, visible, wanted)),
            lambda: once(lambda: context.read(decisions.decisions_count, visible)),
        )

    @staticmethod
    def resolve_team_decision(_root: None, info: GraphQLResolveInfo, id: str, **_: Any) -> Any:  # noqa: A002
        context = context_of(info)
        found = context.read(decisions.decision_by_id, id_of(id, "id"), context.scope.decisions)
        if found is None:
            raise NotFound
        return found


class DecisionCommands:
    """Root field."""

    decide_on_teams = graphene.Field(
        CommandOutcome, required=True, decision=TeamDecisionInput(required=True), command_id=_ID()
    )

    @staticmethod
    @told_as_outcome
    async def resolve_decide_on_teams(
        _root: None, info: GraphQLResolveInfo, /, decision: Mapping[str, Any], command_id: str | None = None
    ) -> Outcome:
        context, key = context_of(info), command_id_of(command_id)
        viewer = context.require()
        plan = planned(_plain(decision))
        place = await asked(context, lambda c: unit_id_of(c, plan.unit, context.today))
        await checked(context, "decide_on_teams", lambda c: may_decide(context, c, place, plan))
        if plan.decision_date is None or plan.decision_no is None:
            raise AssertionError("the schema requires both")
        number = one_line(plan.decision_no)
        about = str(derived_id("team_decision", place, plan.decision_date.year, number.casefold()))
        payload: dict[str, Any] = {
            "unit": place,
            "decision_no": number,
            "decision_date": plan.decision_date.isoformat(),
            "acts": plan.acts(viewer.sub, key),
        }
        if plan.signer is not None:
            payload["signer"] = plan.signer
        return (await send(context, "registry", order(context, "decide_on_teams", about, payload, key)))[0]


def may_decide(context: Context, connection: Connection, unit: str, plan: PlannedDecision) -> bool:
    """The viewer holds the commune that decides, and every team it speaks of, today."""
    known = plan.known_teams()
    return context.scope.holds(connection, [unit]) and context.scope.teams_held(connection, known) == set(known)


def _plain(told: Any) -> Any:
    if isinstance(told, Mapping):
        return {name: _plain(value) for name, value in told.items() if value is not None}
    if isinstance(told, list):
        return [_plain(each) for each in told]
    return told.value if isinstance(told, Enum) else told
