"""What a reorganisation would touch, in GraphQL: counted, listed, and what needs a person's choice."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import graphene
from graphql import GraphQLResolveInfo
from sqlalchemy import Connection

from gateway import units
from gateway.commanding import asked
from gateway.context import context_of
from gateway.paging import Page, Slice, slice_of
from gateway.reorganisation_impact import Impact, Target, Touched
from gateway.roster_dues import RosterDue
from gateway.schema.connections import Listing, ObjectType, connection_of, page_arguments
from gateway.schema.policies import PlanRule
from gateway.schema.rosters import RosterStatus, RosterTier
from gateway.viewer import Scope

_ID = graphene.ID
_TEXT = graphene.String
T = TypeVar("T")


class ReorganisationWarning(ObjectType):
    """What needs a person's look or choice."""

    code = _TEXT(required=True, description="stable")
    message = _TEXT(required=True)
    about = _ID(required=True, description="the unit or hamlet")


class TouchedTeam(ObjectType):
    """A team that serves what changes, or belongs to a commune that does."""

    id = _ID(required=True)
    name = _TEXT(required=True)


class TouchedMember(ObjectType):
    """Somebody who serves in a team that is touched: an opaque id."""

    member = _ID(required=True)
    team = _ID(required=True)
    role = _TEXT(required=True)


class TouchedHousehold(ObjectType):
    """A household of a hamlet that is touched: an opaque id."""

    household = _ID(required=True)
    hamlet = _ID(required=True)


class TouchedCase(ObjectType):
    """A case of a commune that is touched, not answered yet."""

    id = _ID(required=True)
    commune = _ID(required=True)
    status = _TEXT(required=True)

    @staticmethod
    def resolve_id(case: Any, _info: Any) -> str:
        return str(case.case)


TouchedMemberConnection: Any = connection_of("TouchedMember", lambda: TouchedMember)
TouchedHouseholdConnection: Any = connection_of("TouchedHousehold", lambda: TouchedHousehold)
TouchedCaseConnection: Any = connection_of("TouchedCase", lambda: TouchedCase)


class TouchedTarget(ObjectType):
    """A target that a plan in force on the day before sets for communes that are touched, coverage among them."""

    rule = graphene.Field(PlanRule, required=True, description="the indicator, its value and by when")
    profile = _ID(required=True)
    profile_name = _TEXT(required=True)
    units = graphene.List(graphene.NonNull(_ID), required=True, description="the communes touched that it holds for")

    @staticmethod
    def resolve_profile(target: Target, _info: Any) -> str:
        return str(target.profile.profile)

    @staticmethod
    def resolve_profile_name(target: Target, _info: Any) -> str:
        return str(target.profile.name)


class TouchedReport(ObjectType):
    """What a unit that is touched owes under a plan and has not handed on."""

    unit = _ID(required=True)
    unit_name = _TEXT(required=True)
    tier = graphene.Field(RosterTier, required=True)
    status = graphene.Field(RosterStatus, required=True, description="DUE or OVERDUE")
    last_day = graphene.Date(description="the last day in time; null: the plan names none")
    rule = graphene.Field(PlanRule, required=True, description="with the section that says so")

    @staticmethod
    def resolve_unit(due: RosterDue, _info: Any) -> str:
        return str(due.unit.unit)

    @staticmethod
    def resolve_unit_name(due: RosterDue, _info: Any) -> str:
        return units.called(due.unit)


class ReorganisationPreview(ObjectType):
    """What would be answered, and what hangs on the units and hamlets that change, counted as of the day before.

    Nothing is counted where the operations could not be read. Lists show what the viewer may see of what is counted.
    """

    accepted = graphene.Boolean(required=True)
    code = _TEXT(description="of the refusal there would be; empty when accepted")
    message = _TEXT()
    field = _TEXT(description="the argument at fault")
    units = graphene.Int()
    hamlets = graphene.Int()
    teams = graphene.List(graphene.NonNull(TouchedTeam))
    members = graphene.Int()
    member_list = graphene.Field(TouchedMemberConnection, **page_arguments(), description="by team")
    households = graphene.Int()
    household_list = graphene.Field(TouchedHouseholdConnection, **page_arguments(), description="by hamlet")
    open_cases = graphene.Int()
    open_case_list = graphene.Field(TouchedCaseConnection, **page_arguments(), description="the newest first")
    enterprises = graphene.Int()
    trainings = graphene.Int(description="scheduled, not held yet")
    policies = graphene.Int(description="profiles of units that end, in force on the day")
    targets = graphene.List(
        graphene.NonNull(TouchedTarget), description="of the plans in force on the day before over what is touched"
    )
    reports_in_progress = graphene.List(
        graphene.NonNull(TouchedReport),
        description="rosters that plans ask of the units touched and that are open on the day before, or today where "
        "that day lies ahead; periodic reports are not among them yet",
    )
    warnings = graphene.List(graphene.NonNull(ReorganisationWarning))

    @staticmethod
    def resolve_member_list(found: Any, info: GraphQLResolveInfo, **page: Any) -> Listing | None:
        return _listed(found, info, Touched.members_page, Touched.members_count, page)

    @staticmethod
    def resolve_household_list(found: Any, info: GraphQLResolveInfo, **page: Any) -> Listing | None:
        return _listed(found, info, Touched.households_page, Touched.households_count, page)

    @staticmethod
    def resolve_open_case_list(found: Any, info: GraphQLResolveInfo, **page: Any) -> Listing | None:
        return _listed(found, info, Touched.cases_page, Touched.cases_count, page)


def _listed(
    found: Any,
    info: GraphQLResolveInfo,
    ask_page: Callable[[Touched, Connection, Scope, Slice], Page],
    ask_total: Callable[[Touched, Connection, Scope], int],
    page: Mapping[str, Any],
) -> Listing | None:
    """A list of what is touched; None where the operations could not be read."""
    if not isinstance(found, Preview):
        return None
    context, wanted = context_of(info), slice_of(page.get("first"), page.get("after"))
    return Listing(
        lambda: _once(asked(context, lambda c: ask_page(found.touched, c, context.scope, wanted))),
        lambda: asked(context, lambda c: ask_total(found.touched, c, context.scope)),
    )


def _once(ask: Awaitable[T]) -> Awaitable[T]:
    """An answer that several fields may wait for."""
    return asyncio.ensure_future(ask)


class Preview:
    """The fields of a preview: the answer there would be, and what is touched."""

    def __init__(self, answer: Mapping[str, Any], found: Impact, touched: Touched) -> None:
        self.touched = touched
        self.accepted, self.code = answer["accepted"], answer["code"]
        self.message, self.field = answer["message"], answer["field"]
        self.units, self.hamlets, self.teams = found.units, found.hamlets, found.teams
        self.members, self.households, self.open_cases = found.members, found.households, found.open_cases
        self.enterprises, self.trainings, self.policies = found.enterprises, found.trainings, found.policies
        self.targets, self.reports_in_progress, self.warnings = found.targets, found.reports, found.warnings
