"""Who serves where in GraphQL: leaders of a hamlet, members by organisation, skills by team, who is put forward."""

from collections.abc import Awaitable
from datetime import date
from typing import Any

import graphene
from graphql import GraphQLResolveInfo

from gateway import members, skill_matrix, teams
from gateway.context import Context, context_of, once
from gateway.paging import slice_of
from gateway.schema.connections import Listing, ObjectType, connection_of, many, page_arguments
from gateway.schema.inputs import id_of, unit_id_of
from gateway.schema.teams import Member, Nomination, Team
from gateway.skill_matrix import TeamSkills
from gateway.team_places import standing_below

_ID = graphene.ID
_TEXT = graphene.String
_COUNT = graphene.Int
_DAY = graphene.Date


class TeamLeader(ObjectType):
    """A team that serves the hamlet, and who leads it."""

    team = graphene.Field(Team, required=True)
    leader = graphene.Field(Member, description="null: nobody leads it that day")

    @staticmethod
    def resolve_leader(found: Any, info: GraphQLResolveInfo) -> Awaitable[Any]:
        return context_of(info).load(members.leaders_on, found["team"].team, found["day"])


class MembersOfOrganisation(ObjectType):
    """Members from organisations of one kind; somebody in two teams is one."""

    organisation_kind = _TEXT(description="in the plans' words; null: not said")
    members = _COUNT(required=True)
    leaders = _COUNT(required=True)
    deputies = _COUNT(required=True)
    teams = _COUNT(required=True, description="teams with at least one of them")


class MemberSkill(ObjectType):
    """A member by their last assessment up to the day."""

    member = _ID(required=True, description="opaque")
    role = _TEXT(required=True, description="leader, deputy or member")
    skill = _TEXT(description="none, basic or advanced; null: not assessed")
    assessed_on = _DAY()
    confirmed_on = _DAY(description="null: not confirmed by that day")


class TeamSkillRow(ObjectType):
    """A team and the skills of everybody who serves in it."""

    team = graphene.Field(Team, required=True)
    members = _COUNT(required=True)
    none = _COUNT(required=True, description="assessed and found without")
    basic = _COUNT(required=True)
    advanced = _COUNT(required=True)
    not_assessed = _COUNT(required=True)
    confirmed = _COUNT(required=True, description="of those with basic or advanced skills: confirmed by an office")
    people = many(MemberSkill)

    @staticmethod
    def resolve_members(row: TeamSkills, _info: Any) -> int:
        return len(row.people)

    @staticmethod
    def resolve_none(row: TeamSkills, _info: Any) -> int:
        return row.count("none")

    @staticmethod
    def resolve_basic(row: TeamSkills, _info: Any) -> int:
        return row.count("basic")

    @staticmethod
    def resolve_advanced(row: TeamSkills, _info: Any) -> int:
        return row.count("advanced")

    @staticmethod
    def resolve_not_assessed(row: TeamSkills, _info: Any) -> int:
        return row.count(None)


TeamSkillConnection = connection_of("TeamSkillRow", lambda: TeamSkillRow)
NominationConnection = connection_of("Nomination", lambda: Nomination)


def _somewhere(**arguments: Any) -> dict[str, Any]:
    return {
        "unit": _TEXT(required=True, description="id or that day's code"),
        "as_of": _DAY(description="today in Vietnam by default"),
        "after_token": _TEXT(),
        **arguments,
    }


def _place(info: GraphQLResolveInfo, unit: str, as_of: date | None) -> tuple[Context, str, date]:
    context = context_of(info)
    day = as_of or context.today
    return context, context.read(unit_id_of, unit, day), day


class ServingQueries:
    """Root fields."""

    team_leader = many(
        TeamLeader,
        hamlet=_ID(required=True),
        as_of=_DAY(description="today in Vietnam by default"),
        after_token=_TEXT(),
        description="of each team that serves the hamlet that day, as far as the viewer may see",
    )
    members_by_organisation = many(
        MembersOfOrganisation, **_somewhere(), description="who serves below a unit on a day; the most first"
    )
    skill_matrix = graphene.Field(
        TeamSkillConnection,
        required=True,
        **_somewhere(**page_arguments()),
        description="teams that stand on a day, by name; of a whole unit `skillFigures`",
    )
    pending_nominations = graphene.Field(
        NominationConnection,
        required=True,
        unit=_TEXT(description="id or today's code"),
        organisation_kind=_TEXT(description="in the plans' words: youth_union, women_union, trade_union, …"),
        after_token=_TEXT(),
        **page_arguments(),
        description="who was put forward for a team that stands and is not appointed yet, by team",
    )

    @staticmethod
    def resolve_team_leader(
        _root: None, info: GraphQLResolveInfo, hamlet: str, as_of: date | None = None, **_: Any
    ) -> list[dict[str, Any]]:
        context, place = context_of(info), id_of(hamlet, "hamlet")
        day = as_of or context.today
        found = context.read(teams.teams_of_hamlets, [place], day, context.scope.teams)
        return [{"team": team, "day": day} for team in found.get(place, ())]

    @staticmethod
    def resolve_members_by_organisation(
        _root: None, info: GraphQLResolveInfo, unit: str, as_of: date | None = None, **_: Any
    ) -> list[Any]:
        context, place, day = _place(info, unit, as_of)
        return context.read(skill_matrix.by_organisation, place, day, context.scope.teams)

    @staticmethod
    def resolve_skill_matrix(
        _root: None,
        info: GraphQLResolveInfo,
        unit: str,
        as_of: date | None = None,
        first: int | None = None,
        after: str | None = None,
        **_: Any,
    ) -> Listing:
        context, place, day = _place(info, unit, as_of)
        wanted, visible = slice_of(first, after), context.scope.teams
        there = standing_below(place, day)
        return Listing(
            lambda: once(lambda: context.read(skill_matrix.matrix_page, place, day, visible, wanted)),
            lambda: once(lambda: context.read(teams.teams_count, visible, there)),
        )

    @staticmethod
    def resolve_pending_nominations(
        _root: None,
        info: GraphQLResolveInfo,
        first: int | None = None,
        after: str | None = None,
        unit: str | None = None,
        organisation_kind: str | None = None,
        **_: Any,
    ) -> Listing:
        context, wanted = context_of(info), slice_of(first, after)
        those = [context.scope.teams, teams.stands(context.today)]
        if unit is not None:
            those.append(standing_below(context.read(unit_id_of, unit, context.today), context.today))
        if organisation_kind is not None:
            those.append(members.LIVE.nominations.c.organisation_kind == organisation_kind)
        return Listing(
            lambda: once(lambda: context.read(members.pending_page, those, wanted)),
            lambda: once(lambda: context.read(members.pending_count, those)),
        )
