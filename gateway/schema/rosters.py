"""Rosters in GraphQL: who owes one and by when, who was late, what was submitted and consolidated."""

from collections.abc import Awaitable
from datetime import date
from typing import Any

import graphene
from graphql import GraphQLResolveInfo
from sqlalchemy import Connection

from gateway import policies, rosters, units
from gateway.commanding import Outcome, asked, checked, command_id_of, order, send, told_as_outcome
from gateway.context import Context, context_of
from gateway.errors import NotFound
from gateway.paging import Page, slice_of
from gateway.roster_dues import dues
from gateway.schema.connections import ObjectType, many, page_arguments, page_type
from gateway.schema.inputs import id_of, unit_id_of
from gateway.schema.outcomes import CommandOutcome
from gateway.schema.policies import PlanRule, PolicyProfile
from gateway.schema.units import Unit
from services.kernel.identifiers import derived_id

_ID = graphene.ID
_TEXT = graphene.String
_DAY = graphene.Date


class RosterTier(graphene.Enum):  # type: ignore[misc]  # graphene is published without types
    """Who hands a roster on: xã, huyện, Sở, tỉnh."""

    COMMUNE = "commune"
    DISTRICT = "district"
    DEPARTMENT = "department"
    PROVINCE = "province"


class RosterStatus(graphene.Enum):  # type: ignore[misc]
    """IN_TIME, AFTER_THE_DAY and, where the plan names no day, SUBMITTED were handed on; OVERDUE and DUE were not."""

    IN_TIME = "in_time"
    AFTER_THE_DAY = "after_the_day"
    SUBMITTED = "submitted"
    OVERDUE = "overdue"
    DUE = "due"


class RosterTeam(ObjectType):
    """A team as it was on the cut-off day."""

    team = _ID(required=True)
    members = graphene.Int(required=True)
    has_leader = graphene.Boolean(required=True)


class RosterPart(ObjectType):
    """A roster of the tier below, in the version that was taken in."""

    roster = _ID(required=True)
    unit = graphene.Field(Unit, required=True)
    version = graphene.Int(required=True)
    teams = graphene.Int(required=True)
    members = graphene.Int(required=True)
    content_hash = _TEXT(required=True)

    @staticmethod
    def resolve_roster(part: Any, _info: Any) -> str:
        return str(part.part)

    @staticmethod
    def resolve_unit(part: Any, info: GraphQLResolveInfo) -> Awaitable[units.Unit]:
        context = context_of(info)
        return context.load(units.units_by_id, part.unit, context.today)

    @staticmethod
    def resolve_version(part: Any, _info: Any) -> int:
        return int(part.part_version)


class Roster(ObjectType):
    """One version of what a unit handed on."""

    id = _ID(required=True)
    version = graphene.Int(required=True)
    tier = graphene.Field(RosterTier, required=True)
    unit = graphene.Field(Unit, required=True)
    profile = graphene.Field(PolicyProfile, required=True, description="the plan that asks for it")
    team_count = graphene.Int(required=True)
    member_count = graphene.Int(required=True)
    content_hash = _TEXT(required=True, description="SHA-256 over who served in which team, or over the parts")
    cut_off = _DAY(description="the day it shows; null: consolidated")
    submitted_on = _DAY(required=True)
    teams = many(RosterTeam, description="of a commune's roster")
    parts = many(RosterPart, description="of a consolidated one")
    unchanged = graphene.Boolean(
        description="what is recorded today of the cut-off day is still what was submitted; null: consolidated"
    )

    @staticmethod
    def resolve_id(roster: Any, _info: Any) -> str:
        return str(roster.roster)

    @staticmethod
    def resolve_unit(roster: Any, info: GraphQLResolveInfo) -> Awaitable[units.Unit]:
        return context_of(info).load(units.units_by_id, roster.unit, roster.submitted_on)

    @staticmethod
    def resolve_profile(roster: Any, info: GraphQLResolveInfo) -> Awaitable[Any]:
        context = context_of(info)
        return context.load(policies.profiles_by_id, roster.profile, context.scope.policies)

    @staticmethod
    def resolve_teams(roster: Any, info: GraphQLResolveInfo) -> Awaitable[list[Any]]:
        return context_of(info).load(rosters.teams_in, rosters.version_key(roster), missing=[])

    @staticmethod
    def resolve_parts(roster: Any, info: GraphQLResolveInfo) -> Awaitable[list[Any]]:
        return context_of(info).load(rosters.parts_in, rosters.version_key(roster), missing=[])

    @staticmethod
    def resolve_unchanged(roster: Any, info: GraphQLResolveInfo) -> bool | None:
        if roster.cut_off is None:
            return None
        today = context_of(info).read(rosters.snapshot, roster.unit, roster.cut_off)
        return bool(today.content_hash == roster.content_hash)


class RosterDue(ObjectType):
    """What a unit owes under a plan, and what became of it."""

    unit = graphene.Field(Unit, required=True)
    tier = graphene.Field(RosterTier, required=True)
    status = graphene.Field(RosterStatus, required=True)
    last_day = _DAY(description="the last day in time; null: the plan names none")
    rule = graphene.Field(PlanRule, required=True, description="with the section that says so")
    profile = graphene.Field(PolicyProfile, required=True)
    submitted_on = _DAY(description="of the first version")
    roster = graphene.Field(Roster, description="the last version")


RosterDuePage = page_type("RosterDue", lambda: RosterDue)


class RosterQueries:
    """Root fields of rosters."""

    roster_dues = graphene.Field(
        RosterDuePage,
        required=True,
        unit=_TEXT(required=True, description="id or that day's code"),
        tier=RosterTier(required=True),
        status=RosterStatus(),
        as_of=_DAY(description="as things were at the end of that day; today in Vietnam by default"),
        profile=_ID(description="a plan, also one that is over; left out: the plans in force that day"),
        after_token=_TEXT(),
        **page_arguments(),
        description="who handed on a roster, who is late, who has still time; nobody where no plan asks for one",
    )
    roster = many(Roster, id=_ID(required=True), after_token=_TEXT(), description="its versions, the first first")

    @staticmethod
    def resolve_roster_dues(
        _root: None,
        info: GraphQLResolveInfo,
        unit: str,
        tier: Any,
        status: Any = None,
        as_of: date | None = None,
        profile: str | None = None,
        first: int | None = None,
        after: str | None = None,
        **_: Any,
    ) -> Page:
        context, wanted = context_of(info), slice_of(first, after)
        day, visible = as_of or context.today, context.scope.of_units(units.LIVE.units.c.unit)
        place = context.read(unit_id_of, unit, day)
        plan = None if profile is None else context.read(_plan, id_of(profile, "profile"), context)
        asked_for = None if status is None else status.value
        return context.read(dues, place, tier.value, day, visible, wanted, asked_for, plan)

    @staticmethod
    def resolve_roster(_root: None, info: GraphQLResolveInfo, id: str, **_: Any) -> list[Any]:  # noqa: A002
        context = context_of(info)
        visible = context.scope.of_units(rosters.LIVE.rosters.c.unit)
        return context.read(rosters.roster_versions, id_of(id, "id"), visible)


def _plan(connection: Connection, profile: str, context: Context) -> Any:
    found = policies.profiles_by_id(connection, [profile], context.scope.policies).get(profile)
    if found is None or found.status != "published":
        raise NotFound(field="profile")
    return found


def _done(**arguments: Any) -> Any:
    return graphene.Field(
        CommandOutcome,
        required=True,
        unit=_TEXT(required=True, description="id or that day's code"),
        profile=_ID(required=True, description="the plan that asks for it"),
        submitted_on=_DAY(required=True),
        **arguments,
        command_id=_ID(),
    )


class RosterCommands:
    """Root fields."""

    submit_roster = _done(
        cut_off=_DAY(required=True, description="the day it shows"),
        description="a commune hands on who served in its teams that day, as recorded; told anew: a version",
    )
    consolidate_roster = _done(
        tier=RosterTier(required=True),
        description="a tier hands on the last version of each roster it was sent by that day",
    )

    @staticmethod
    @told_as_outcome
    async def resolve_submit_roster(
        _root: None,
        info: GraphQLResolveInfo,
        /,
        unit: str,
        profile: str,
        submitted_on: date,
        cut_off: date,
        command_id: str | None = None,
    ) -> Outcome:
        context = context_of(info)
        place, plan = await _owed(context, "submit_roster", unit, profile, submitted_on)
        shown = await asked(context, lambda c: rosters.snapshot(c, place, cut_off))
        payload = {"teams": shown.teams, "content_hash": shown.content_hash, "cut_off": cut_off.isoformat()}
        return await _send(context, "submit_roster", (plan, "commune", place), payload, submitted_on, command_id)

    @staticmethod
    @told_as_outcome
    async def resolve_consolidate_roster(
        _root: None,
        info: GraphQLResolveInfo,
        /,
        unit: str,
        profile: str,
        submitted_on: date,
        tier: Any,
        command_id: str | None = None,
    ) -> Outcome:
        context = context_of(info)
        place, plan = await _owed(context, "consolidate_roster", unit, profile, submitted_on)
        tiers = [
            rule["tier"]
            for rule in policies.rules_of(plan)
            if (rule["kind"], rule.get("what"), rule.get("to")) == ("due", "roster", tier.value)
        ]
        sent = await asked(context, lambda c: rosters.sent_to(c, place, plan.profile, tiers, submitted_on))
        parts = [
            {
                "roster": each.roster,
                "unit": each.unit,
                "version": each.version,
                "teams": each.team_count,
                "members": each.member_count,
                "content_hash": each.content_hash,
            }
            for each in sent
        ]
        of = (plan, tier.value, place)
        return await _send(context, "consolidate_roster", of, {"parts": parts}, submitted_on, command_id)


async def _owed(context: Context, command: str, unit: str, profile: str, day: date) -> tuple[str, Any]:
    """The unit the viewer answers for, and the plan."""
    context.require()
    place = await asked(context, lambda c: unit_id_of(c, unit, day))
    await checked(context, command, lambda c: context.scope.answers_for(c, place))
    plan = id_of(profile, "profile")
    return place, await asked(context, lambda c: _plan(c, plan, context))


async def _send(
    context: Context,
    command: str,
    of: tuple[Any, str, str],
    payload: dict[str, Any],
    submitted_on: date,
    command_id: str | None,
) -> Outcome:
    plan, tier, unit = of
    about = str(derived_id("roster", plan.profile, tier, unit))
    told = {"territory": plan.territory, "profile": plan.profile, "tier": tier, "unit": unit}
    told |= {"submitted_on": submitted_on.isoformat(), **payload}
    return (await send(context, "registry", order(context, command, about, told, command_id_of(command_id))))[0]
