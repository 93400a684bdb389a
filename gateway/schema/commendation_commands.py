"""Mutations on commendations: a leader or official proposes, the commune's office selects, a decision approves."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date
from typing import Any

import graphene
from graphql import GraphQLResolveInfo
from sqlalchemy import Connection

from gateway import commendations, emulation_drives, members, teams
from gateway.commanding import Outcome, asked, checked, command_id_of, new_thing, order, plain, send, told_as_outcome
from gateway.context import Context, context_of
from gateway.errors import InvalidInput, NotFound
from gateway.evidence import evidence_of
from gateway.schema.commendations import CommendationForm, notice_of
from gateway.schema.inputs import id_of
from gateway.schema.outcomes import CommandOutcome
from gateway.unit_tree import around
from gateway.viewer import Role

_ID = graphene.ID
_TEXT = graphene.String
_DAY = graphene.Date
_OFFICE = "an office, never a person's name"


def _done(**arguments: Any) -> Any:
    return graphene.Field(CommandOutcome, required=True, **arguments, command_id=_ID())


def _on(**arguments: Any) -> Any:
    return _done(commendation=_ID(required=True), **arguments)


def _decision(**options: Any) -> Any:
    return _on(
        decision_no=_TEXT(required=True),
        decision_date=_DAY(required=True),
        signer=_TEXT(required=True, description=_OFFICE),
        issuing_body=_TEXT(required=True),
        **options,
    )


class CommendationCommands:
    """Root fields."""

    propose_commendation = _done(
        team=_ID(required=True),
        member=_ID(description="of the team; left out: the team as a whole"),
        form=CommendationForm(required=True),
        period_from=_DAY(required=True),
        period_to=_DAY(required=True),
        proposed_on=_DAY(required=True),
        drive=_ID(description="the emulation drive it belongs to: one of the team's place or above it, of that time"),
        commendation=_ID(),
        description="the figures are counted from what was recorded in the period: see `commendationEvidence`",
    )
    select_commendation = _on(office=_TEXT(required=True, description=_OFFICE), selected_on=_DAY(required=True))
    decline_commendation = _on(office=_TEXT(required=True, description=_OFFICE), declined_on=_DAY(required=True))
    approve_commendation = _decision()
    award_commendation = _on(
        awarded_on=_DAY(required=True),
        description="another day than the plan's is accepted with the warning AWARDED_OFF_THE_DAY",
    )
    revoke_commendation = _decision()

    @staticmethod
    @told_as_outcome
    async def resolve_propose_commendation(
        _root: None,
        info: GraphQLResolveInfo,
        /,
        team: str,
        period_from: date,
        period_to: date,
        member: str | None = None,
        drive: str | None = None,
        commendation: str | None = None,
        command_id: str | None = None,
        **told: Any,
    ) -> Outcome:
        context, key, of = context_of(info), command_id_of(command_id), id_of(team, "team")
        person = None if member is None else id_of(member, "member")

        def mine(connection: Connection) -> bool:
            theirs = person is None or of in members.teams_of(connection, [person]).get(person, [])
            return theirs and bool(context.scope.teams_held(connection, [of]))

        await checked(context, "propose_commendation", mine)
        if period_to < period_from:
            raise InvalidInput("Ngày cuối kỳ phải từ ngày đầu kỳ trở đi.", field="periodTo")
        within = None if drive is None else id_of(drive, "drive")
        if within is not None and not await asked(context, lambda c: _runs_for(context, c, within, of)):
            raise NotFound(field="drive")
        figures = await asked(context, lambda c: evidence_of(c, of, person, period_from, period_to))
        about = new_thing(context, "commendation", commendation, key)
        payload = {
            **plain(told),
            "commendation": about,
            "team": of,
            "member": person,
            "drive": within,
            "period_from": period_from.isoformat(),
            "period_to": period_to.isoformat(),
            "evidence": asdict(figures),
            "proposer": "leader" if context.require().role is Role.TEAM_LEADER else "office",
        }
        return (await send(context, "registry", order(context, "propose_commendation", about, payload, key)))[0]

    @staticmethod
    @told_as_outcome
    async def resolve_select_commendation(_root: None, info: GraphQLResolveInfo, /, **told: Any) -> Outcome:
        return (await _step(context_of(info), "select_commendation", told))[0]

    @staticmethod
    @told_as_outcome
    async def resolve_decline_commendation(_root: None, info: GraphQLResolveInfo, /, **told: Any) -> Outcome:
        return (await _step(context_of(info), "decline_commendation", told))[0]

    @staticmethod
    @told_as_outcome
    async def resolve_approve_commendation(_root: None, info: GraphQLResolveInfo, /, **told: Any) -> Outcome:
        return (await _step(context_of(info), "approve_commendation", told))[0]

    @staticmethod
    @told_as_outcome
    async def resolve_award_commendation(
        _root: None, info: GraphQLResolveInfo, /, awarded_on: date, **told: Any
    ) -> Outcome:
        context = context_of(info)
        outcome, team = await _step(context, "award_commendation", {**told, "awarded_on": awarded_on})
        found = await asked(context, lambda c: notice_of(c, team, awarded_on))
        return replace(outcome, warnings=(found,)) if outcome.accepted and found is not None else outcome

    @staticmethod
    @told_as_outcome
    async def resolve_revoke_commendation(_root: None, info: GraphQLResolveInfo, /, **told: Any) -> Outcome:
        return (await _step(context_of(info), "revoke_commendation", told))[0]


def _runs_for(context: Context, connection: Connection, drive: str, team: str) -> bool:
    """Whether the drive is of the team's commune, of what is above it, or of what these came from or became."""
    found = emulation_drives.drives_by_id(connection, [drive]).get(drive)
    of = teams.teams_by_id(connection, [team], context.scope.teams).get(team)
    return found is not None and of is not None and found.unit in around(connection, of.commune, context.today)


async def _step(context: Context, command: str, told: Mapping[str, Any]) -> tuple[Outcome, str]:
    """Send a command about a commendation of a team the viewer holds; the outcome, and the team."""
    key, about = command_id_of(told.get("command_id")), id_of(told["commendation"], "commendation")
    context.require()
    visible = context.scope.of_teams(commendations.LIVE.commendations.c.team)

    def look(connection: Connection) -> str | None:
        found = commendations.commendation_by_id(connection, about, visible)
        return None if found is None else str(found.team)

    team = await asked(context, look)
    await checked(context, command, lambda c: team is not None and bool(context.scope.teams_held(c, [team])))
    if team is None:
        raise NotFound(field="commendation")
    payload = {**plain(told), "commendation": about}
    return (await send(context, "registry", order(context, command, about, payload, key)))[0], team
