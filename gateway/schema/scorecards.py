"""Members' scorecards in GraphQL: a year's figures beside what an office made of them; members are ids."""

from collections.abc import Awaitable, Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

import graphene
import orjson
from graphql import GraphQLResolveInfo
from sqlalchemy import ColumnElement, Connection

from gateway import scorecards, teams, units
from gateway.commanding import Outcome, asked, checked, command_id_of, order, plain, send, told_as_outcome
from gateway.context import Context, context_of, once
from gateway.errors import InvalidInput, NotFound
from gateway.paging import slice_of
from gateway.schema.connections import Listing, ObjectType, connection_of, page_arguments
from gateway.schema.inputs import id_of, unit_id_of
from gateway.schema.outcomes import CommandOutcome
from gateway.schema.teams import Team
from gateway.scorecards import Scorecard
from gateway.viewer import OFFICIALS, Role
from services.kernel.identifiers import derived_id

_ID = graphene.ID
_TEXT = graphene.String
_DAY = graphene.Date
_COUNT = graphene.Int
_OFFICE = "an office, never a person's name"


class MemberRecord(ObjectType):
    """Figures recorded of a member in a year."""

    duty = _TEXT(description="the one last assigned in the team; null: none was")
    trainings_attended = _COUNT(required=True)
    visits = _COUNT(required=True, description="those that say this member made them")
    activity_days = _COUNT(required=True, description="days with at least one of these")
    team_visits = _COUNT(required=True, description="all of the team, whoever made them")


class MemberEvaluation(ObjectType):
    """What an office made of a member's year, as it stands."""

    id = _ID(required=True)
    grade = _TEXT(required=True, description="in the office's own words: no plan names grades")
    office = _TEXT(required=True)
    evidence = graphene.Field(MemberRecord, required=True, description="as recorded when the office judged")
    evaluated_on = _DAY(required=True)
    corrected_on = _DAY(description="null: never corrected")
    reason = _TEXT(description="of the last correction")

    @staticmethod
    def resolve_id(evaluation: Any, _info: Any) -> str:
        return str(evaluation.evaluation)

    @staticmethod
    def resolve_evidence(evaluation: Any, _info: Any) -> Mapping[str, Any]:
        told: Mapping[str, Any] = orjson.loads(evaluation.evidence)
        return told


class MemberScorecard(ObjectType):
    """Somebody who served in a team in the year."""

    member = _ID(required=True, description="opaque")
    team = graphene.Field(Team, required=True)
    role = _TEXT(required=True, description="leader, deputy or member")
    evidence_now = graphene.Field(MemberRecord, required=True, description="of the year as recorded today")
    evaluation = graphene.Field(MemberEvaluation, description="null: none stands in this team")
    evaluated_elsewhere = graphene.Boolean(required=True, description="one stands, given in another team")

    @staticmethod
    def resolve_team(scorecard: Scorecard, info: GraphQLResolveInfo) -> Awaitable[Any]:
        context = context_of(info)
        return context.load(teams.teams_by_id, scorecard.team, context.scope.teams)

    @staticmethod
    def resolve_evidence_now(scorecard: Scorecard, _info: Any) -> Mapping[str, Any]:
        return _record(scorecard)


def _record(scorecard: Scorecard) -> dict[str, Any]:
    return {"duty": scorecard.duty, **asdict(scorecard.record)}


MemberScorecardConnection = connection_of("MemberScorecard", lambda: MemberScorecard)


class ScorecardQueries:
    """Root fields of scorecards."""

    member_scorecard = graphene.Field(
        MemberScorecardConnection,
        required=True,
        year=_COUNT(required=True),
        unit=_TEXT(description="id or today's code: of teams there and of what preceded it"),
        team=_ID(),
        evaluated=graphene.Boolean(description="only those who are, or are not, in that team"),
        as_of=_DAY(description="as things stood at the end of that day: served, recorded, evaluated; left out: today"),
        after_token=_TEXT(),
        **page_arguments(),
        description="who served in the year, by team: for officials, and leaders of their own team",
    )

    @staticmethod
    def resolve_member_scorecard(
        _root: None,
        info: GraphQLResolveInfo,
        year: int,
        first: int | None = None,
        after: str | None = None,
        unit: str | None = None,
        team: str | None = None,
        evaluated: bool | None = None,
        as_of: date | None = None,
        **_: Any,
    ) -> Listing:
        context, wanted = context_of(info), slice_of(first, after)
        context.require(*OFFICIALS, Role.TEAM_LEADER)
        _check_year(year)
        visible, within = context.scope.teams, list[ColumnElement[bool]]()
        if unit is not None:
            place = context.read(unit_id_of, unit, as_of or context.today)
            within.append(scorecards.below(place, as_of or context.today))
        elif as_of is not None:
            context.read(units.require_some_map, as_of)
        if team is not None:
            within.append(teams.LIVE.teams.c.team == id_of(team, "team"))
        asked_for = (year, visible, within, evaluated, as_of)
        return Listing(
            lambda: once(lambda: context.read(scorecards.scorecards_page, *asked_for, wanted)),
            lambda: once(lambda: context.read(scorecards.scorecards_count, *asked_for)),
        )


def _check_year(year: int) -> None:
    if not 2000 <= year <= 2100:
        raise InvalidInput("`year` phải từ 2000 đến 2100.", field="year")


def _about(**arguments: Any) -> Any:
    return graphene.Field(
        CommandOutcome,
        required=True,
        evaluation=_ID(required=True),
        office=_TEXT(required=True, description=_OFFICE),
        reason=_TEXT(required=True),
        **arguments,
        command_id=_ID(),
    )


class ScorecardCommands:
    """Root fields."""

    evaluate_member = graphene.Field(
        CommandOutcome,
        required=True,
        team=_ID(required=True),
        member=_ID(required=True),
        year=_COUNT(required=True),
        grade=_TEXT(required=True, description="in the office's own words"),
        office=_TEXT(required=True, description=_OFFICE),
        evaluated_on=_DAY(required=True),
        command_id=_ID(),
        description="one a member and year; the figures are counted from what was recorded: see `memberScorecard`",
    )
    correct_member_evaluation = _about(grade=_TEXT(required=True), corrected_on=_DAY(required=True))
    withdraw_member_evaluation = _about(withdrawn_on=_DAY(required=True))

    @staticmethod
    @told_as_outcome
    async def resolve_evaluate_member(
        _root: None,
        info: GraphQLResolveInfo,
        /,
        team: str,
        member: str,
        year: int,
        command_id: str | None = None,
        **told: Any,
    ) -> Outcome:
        context, key = context_of(info), command_id_of(command_id)
        of, person = id_of(team, "team"), id_of(member, "member")
        context.require()
        await checked(context, "evaluate_member", lambda c: bool(context.scope.teams_held(c, [of])))
        _check_year(year)
        about = str(derived_id("member_evaluation", person, year))  # as the registry makes it
        evidence = await _evidence(context, year, of, person)
        payload = {**plain(told), "team": of, "member": person, "year": year, "evidence": evidence}
        return (await send(context, "registry", order(context, "evaluate_member", about, payload, key)))[0]

    @staticmethod
    @told_as_outcome
    async def resolve_correct_member_evaluation(_root: None, info: GraphQLResolveInfo, /, **told: Any) -> Outcome:
        return await _step(context_of(info), "correct_member_evaluation", told, counted=True)

    @staticmethod
    @told_as_outcome
    async def resolve_withdraw_member_evaluation(_root: None, info: GraphQLResolveInfo, /, **told: Any) -> Outcome:
        return await _step(context_of(info), "withdraw_member_evaluation", told, counted=False)


async def _evidence(context: Context, year: int, team: str, member: str) -> dict[str, Any]:
    """What is recorded now. Raises `NotFound`: nobody else is evaluated than who served in the team that year."""
    found = await asked(context, lambda c: scorecards.scorecard_of(c, year, team, member))
    if found is None:
        raise NotFound("Trong năm đó người này không là thành viên của Tổ.", field="member")
    return _record(found)


async def _step(context: Context, command: str, told: Mapping[str, Any], *, counted: bool) -> Outcome:
    """Send a command about an evaluation given in a team the viewer holds."""
    context.require()
    about, key = id_of(told["evaluation"], "evaluation"), command_id_of(told.get("command_id"))

    def look(connection: Connection) -> Any | None:
        return scorecards.evaluation_by_id(connection, about)

    found = await asked(context, look)
    await checked(context, command, lambda c: found is not None and bool(context.scope.teams_held(c, [found.team])))
    if found is None:
        raise NotFound(field="evaluation")
    payload = {**plain(told), "evaluation": about}
    if counted:
        payload["evidence"] = await _evidence(context, found.year, found.team, found.member)
    return (await send(context, "registry", order(context, command, about, payload, key)))[0]
