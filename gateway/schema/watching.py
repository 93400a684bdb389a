"""What officials should know about who serves: overlaps of partners' staff, vacancies, skills."""

from asyncio import gather
from datetime import date
from typing import Any

import graphene
from graphql import GraphQLResolveInfo

from gateway import overlaps, policies, skills, teams, vacancies
from gateway.context import Context, context_of
from gateway.paging import Page, slice_of
from gateway.schema.connections import ObjectType, many, page_arguments, page_type
from gateway.schema.inputs import unit_id_of
from gateway.schema.policies import PlanRule, PolicyProfile
from gateway.schema.structures import dated, place_of
from gateway.schema.teams import Team
from gateway.schema.units import Hamlet

_ID = graphene.ID
_TEXT = graphene.String


class _ByRule:
    """Fields of what a rule of a plan in force speaks against."""

    reason = _TEXT(required=True, description="in Vietnamese")
    rule = graphene.Field(PlanRule, required=True, description="with the section that says so")
    profile = graphene.Field(PolicyProfile, required=True)
    teams = many(Team, description="those the viewer may see")

    @staticmethod
    async def resolve_teams(shared: Any, info: GraphQLResolveInfo) -> list[Any]:
        context = context_of(info)
        found = await gather(*(context.load(teams.teams_by_id, team, context.scope.teams) for team in shared.teams))
        return [team for team in found if team is not None]


class SharedMember(_ByRule, ObjectType):
    """Somebody of a post, telecom or digital firm, bank or enterprise who serves in two teams or more."""

    member = _ID(required=True, description="opaque")
    organisations = many(_TEXT)
    places = graphene.Int(required=True, description="in how many teams, those included that the viewer may not see")


class SharedHamlet(_ByRule, ObjectType):
    """A hamlet to which two firms of one kind send staff."""

    hamlet = graphene.Field(Hamlet, required=True)
    organisation_kinds = many(_TEXT, description="in the plans' words")
    firms = many(_TEXT, description="as people call them")


class VacancyKind(graphene.Enum):  # type: ignore[misc]  # graphene is published without types
    """What stands empty."""

    TOO_FEW_MEMBERS = "too_few_members"
    NO_LEADER = "no_leader"
    NO_DEPUTY = "no_deputy"
    TERM_OVER = "term_over"


class Vacancy(ObjectType):
    """A post that stands empty, or whose holder's term has run out."""

    kind = graphene.Field(VacancyKind, required=True)
    reason = _TEXT(required=True, description="in Vietnamese")
    missing = graphene.Int(description="how many; null: somebody serves on after their term")
    member = _ID(description="whose term has run out; opaque")
    term_to = graphene.Date()
    rule = graphene.Field(PlanRule, description="null: every team needs it, whatever the plan")
    profile = graphene.Field(PolicyProfile)


class VacantTeam(ObjectType):
    """A team with vacancies."""

    team = graphene.Field(Team, required=True)
    vacancies = many(Vacancy)


class SkillFigures(ObjectType):
    """Distinct members who served on a day, by their last assessment up to it (indicator TRN-02)."""

    members = graphene.Int(description="null: not computed")
    assessed = graphene.Int(description="null: not computed")
    basic = graphene.Int(description="null: not computed")
    advanced = graphene.Int(description="null: not computed")
    mastering = graphene.Int(description="basic and advanced")
    confirmed = graphene.Int(description="of those mastering: confirmed by an office")
    mastering_rate = _TEXT(description="percent of all members, such as '12.5'; null without members")
    confirmed_rate = _TEXT(description="percent of all members")
    unshared = many(_ID, description="RESTATED: divided units whose shares nobody has stated")
    target = graphene.Field(PlanRule, description="what the plan in force asks of it; null: nothing")


SharedMemberPage = page_type("SharedMember", lambda: SharedMember)
SharedHamletPage = page_type("SharedHamlet", lambda: SharedHamlet)
VacantTeamPage = page_type("VacantTeam", lambda: VacantTeam)


def _somewhere(**arguments: Any) -> dict[str, Any]:
    return {
        "unit": _TEXT(required=True, description="id or that day's code"),
        "as_of": graphene.Date(description="today in Vietnam by default"),
        "after_token": _TEXT(),
        **arguments,
    }


def _place(info: GraphQLResolveInfo, unit: str, as_of: date | None) -> tuple[Context, str, date]:
    context = context_of(info)
    day = as_of or context.today
    return context, context.read(unit_id_of, unit, day), day


class WatchingQueries:
    """Root fields of warnings, vacancies and skills."""

    shared_members = graphene.Field(
        SharedMemberPage,
        required=True,
        **_somewhere(**page_arguments()),
        description="partners' staff in two teams, where a plan in force says không trùng chéo",
    )
    shared_hamlets = graphene.Field(
        SharedHamletPage,
        required=True,
        **_somewhere(**page_arguments()),
        description="hamlets with two firms of one kind, where a plan in force says không trùng chéo",
    )
    vacancies = graphene.Field(
        VacantTeamPage,
        required=True,
        **_somewhere(kind=VacancyKind(), **page_arguments()),
        description="teams with too few members, no leader, no deputy, or somebody whose term has run out; by name",
    )
    skill_figures = graphene.Field(SkillFigures, required=True, **_somewhere(**dated()))

    @staticmethod
    def resolve_shared_members(
        _root: None,
        info: GraphQLResolveInfo,
        unit: str,
        as_of: date | None = None,
        first: int | None = None,
        after: str | None = None,
        **_: Any,
    ) -> Page:
        context, place, day = _place(info, unit, as_of)
        return context.read(overlaps.shared_members, place, day, context.scope.teams, slice_of(first, after))

    @staticmethod
    def resolve_shared_hamlets(
        _root: None,
        info: GraphQLResolveInfo,
        unit: str,
        as_of: date | None = None,
        first: int | None = None,
        after: str | None = None,
        **_: Any,
    ) -> Page:
        context, place, day = _place(info, unit, as_of)
        return context.read(overlaps.shared_hamlets, place, day, context.scope.teams, slice_of(first, after))

    @staticmethod
    def resolve_vacancies(
        _root: None,
        info: GraphQLResolveInfo,
        unit: str,
        as_of: date | None = None,
        kind: Any = None,
        first: int | None = None,
        after: str | None = None,
        **_: Any,
    ) -> Page:
        context, place, day = _place(info, unit, as_of)
        only, wanted = None if kind is None else kind.value, slice_of(first, after)
        return context.read(vacancies.vacant_teams, place, day, context.scope.teams, wanted, only)

    @staticmethod
    def resolve_skill_figures(
        _root: None, info: GraphQLResolveInfo, unit: str, as_of: date | None = None, structure: Any = None, **_: Any
    ) -> dict[str, Any]:
        context = context_of(info)
        asked = place_of(context, unit, as_of, structure)
        found = context.read(skills.skills_in, asked, context.scope.teams)
        plans = context.read(policies.profiles_in_force, [asked.unit], asked.day)[asked.unit]
        target = policies.stated(plans, "target", indicator=skills.INDICATOR)
        names = (
            "members",
            "assessed",
            "basic",
            "advanced",
            "mastering",
            "confirmed",
            "mastering_rate",
            "confirmed_rate",
            "unshared",
        )
        return {name: getattr(found, name) for name in names} | {"target": None if target is None else target[0]}
