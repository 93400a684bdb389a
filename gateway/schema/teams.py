"""Teams in GraphQL."""

from collections.abc import Awaitable, Sequence
from datetime import date
from typing import Any

import graphene
from graphql import GraphQLResolveInfo
from sqlalchemy import ColumnElement, and_, true

from gateway import contacts, learning, members, rollups, skills, teams, units, visit_codes
from gateway.commanding import FIELD_WORKERS
from gateway.compliance import judgements, out_of_order
from gateway.context import Context, context_of, once
from gateway.coverage import Figures
from gateway.errors import InvalidInput, NotFound
from gateway.paging import Page, slice_of
from gateway.schema.connections import Listing, ObjectType, connection_of, many, page_arguments, page_type
from gateway.schema.coverage import Coverage, figures_or_none
from gateway.schema.inputs import id_of, quarter_of
from gateway.schema.policies import PlanRule, PolicyProfile
from gateway.schema.structures import UNIT, dated, place_of_things
from gateway.schema.team_commands import TeamLevel
from gateway.schema.units import Hamlet, HamletConnection, Unit
from gateway.team_places import home_units, lying_among


class Member(ObjectType):
    """Somebody who serves or served in a team: an opaque id, never a name."""

    id = graphene.ID(required=True)
    role = graphene.String(required=True, description="leader, deputy or member")
    organisation = graphene.String(required=True)
    organisation_kind = graphene.String(description="in the plans' words; null: not said")
    same_hamlet = graphene.Boolean(description="lives in a hamlet the team serves; null: not said")
    part_time = graphene.Boolean(description="kiêm nhiệm; null: not said")
    trained = graphene.Boolean(
        required=True,
        as_of=graphene.Date(description="today in Vietnam by default"),
        description="trained, here or elsewhere, in the year of that day",
    )
    skill = graphene.String(
        as_of=graphene.Date(), description="none, basic or advanced, as last assessed; null: not assessed"
    )
    skill_confirmed_on = graphene.Date(
        as_of=graphene.Date(), description="when an office confirmed that assessment; null: not confirmed by that day"
    )
    contact_kept = graphene.Boolean(required=True, description="whether name and maybe number are kept, sealed")
    duty = graphene.String(description="what they are to do")
    appointed_on = graphene.Date(required=True)
    term_to = graphene.Date(description="last day of the term; null: open")
    stood_down_on = graphene.Date()

    @staticmethod
    def resolve_id(member: Any, _info: Any) -> str:
        return str(member.member)

    @staticmethod
    async def resolve_contact_kept(member: Any, info: GraphQLResolveInfo) -> bool:
        return await context_of(info).load(contacts.contacts_of, member.member) is not None

    @staticmethod
    async def resolve_trained(member: Any, info: GraphQLResolveInfo, as_of: date | None = None) -> bool:
        context = context_of(info)
        found = await context.load(learning.trained_of, member.member, as_of or context.today, missing=False)
        return bool(found)

    @staticmethod
    async def resolve_skill(member: Any, info: GraphQLResolveInfo, as_of: date | None = None) -> str | None:
        context = context_of(info)
        found = await context.load(skills.skill_of, member.member, as_of or context.today)
        return None if found is None else str(found.skill)

    @staticmethod
    async def resolve_skill_confirmed_on(
        member: Any, info: GraphQLResolveInfo, as_of: date | None = None
    ) -> date | None:
        context = context_of(info)
        day = as_of or context.today
        found = await context.load(skills.skill_of, member.member, day)
        confirmed: date | None = None if found is None else found.confirmed_on
        return confirmed if confirmed is not None and confirmed <= day else None

    @staticmethod
    def resolve_appointed_on(member: Any, _info: Any) -> date:
        return date.fromisoformat(member.appointed_on)


class Nomination(ObjectType):
    """Somebody put forward, not appointed yet."""

    member = graphene.ID(required=True, description="opaque")
    team = graphene.Field(lambda: Team, required=True)
    organisation = graphene.String(required=True)
    organisation_kind = graphene.String(description="in the plans' words; null: not said")
    nominated_on = graphene.Date(required=True)

    @staticmethod
    def resolve_team(nomination: Any, info: GraphQLResolveInfo) -> Awaitable[Any]:
        context = context_of(info)
        return context.load(teams.teams_by_id, nomination.team, context.scope.teams)


class VisitCode(ObjectType):
    """What a member shows at the door on a day; residents check it at /kiem-tra."""

    member = graphene.ID(required=True, description="opaque")
    code = graphene.String(required=True, description="12 digits in groups of four")

    @staticmethod
    def resolve_code(found: Any, _info: Any) -> str:
        return visit_codes.spaced(found.code)


class Decision(ObjectType):
    """A decision on a team."""

    kind = graphene.String(required=True, description="established, renewed or dissolved")
    decision_no = graphene.String(required=True)
    decision_date = graphene.Date(required=True)
    signer = graphene.String(description="the office that signed")

    @staticmethod
    def resolve_decision_date(decision: Any, _info: Any) -> date:
        return date.fromisoformat(decision.decision_date)


class Verdict(graphene.Enum):  # type: ignore[misc]  # graphene is published without types
    """What became of a rule; what nobody has told is not judged."""

    MET = "met"
    BROKEN = "broken"
    NOT_JUDGED = "not_judged"


class Severity(graphene.Enum):  # type: ignore[misc]
    """How grave a breach of a rule is, as its plan says."""

    BLOCK = "block"
    WARN = "warn"
    INFO = "info"


def _severities(**options: Any) -> Any:
    return graphene.List(graphene.NonNull(Severity), **options)


class Judgement(ObjectType):
    """One rule and what became of it."""

    verdict = graphene.Field(Verdict, required=True)
    rule = graphene.Field(PlanRule, required=True)
    profile = graphene.Field(PolicyProfile, required=True, description="the plan that states the rule")
    found = graphene.Float(description="how many there are, where the rule counts something")
    reason = graphene.String(required=True, description="in Vietnamese; empty when there is nothing to add")


class Team(ObjectType):
    """A community digital team (Tổ công nghệ số cộng đồng)."""

    id = graphene.ID(required=True)
    name = graphene.String(required=True)
    level = graphene.String(required=True)
    commune = graphene.Field(Unit, required=True, description="the one it lies in today, with most of its hamlets")
    decision_no = graphene.String(required=True)
    decision_date = graphene.Date(required=True)
    decisions = many(Decision, description="that established, renewed and dissolved it, the first first")
    launched_on = graphene.Date()
    dissolved_on = graphene.Date(description="from that day on there is no such team")
    hamlets = many(
        Hamlet,
        as_of=graphene.Date(description="today in Vietnam by default"),
        description="the hamlets it serves on a day",
    )
    visit_codes = many(
        VisitCode,
        day=graphene.Date(description="today in Vietnam by default; at most six days ahead"),
        description="of those who serve that day; for the team itself and the officials it is under",
    )
    nominations = many(Nomination, description="who was put forward and is not appointed yet")
    leader = graphene.Field(
        Member,
        as_of=graphene.Date(description="today in Vietnam by default"),
        description="who leads it on a day; null: nobody",
    )
    members = graphene.Field(
        lambda: MemberConnection,
        required=True,
        past=graphene.Boolean(default_value=False, description="also those who stood down"),
        as_of=graphene.Date(description="who served on that day; left out: who serves now"),
        **page_arguments(),
    )
    coverage = graphene.Field(Coverage, required=True, quarter=graphene.String())
    compliance = many(
        Judgement,
        as_of=graphene.Date(description="today in Vietnam by default"),
        verdict=Verdict(),
        severities=_severities(),
        description="each rule of the plans in force that day, for teams of this level",
    )

    @staticmethod
    def resolve_id(team: Any, _info: Any) -> str:
        return str(team.team)

    @staticmethod
    def resolve_commune(team: Any, info: GraphQLResolveInfo) -> Awaitable[units.Unit]:
        context = context_of(info)
        return context.load(home_units, team.team, context.today)

    @staticmethod
    async def resolve_hamlets(team: Any, info: GraphQLResolveInfo, as_of: date | None = None) -> list[Any]:
        context, day = context_of(info), as_of or context_of(info).today
        await require_day(context, team, as_of)
        return await context.load(teams.hamlets_served, team.team, day, missing=[])

    @staticmethod
    def resolve_decisions(team: Any, info: GraphQLResolveInfo) -> Awaitable[list[Any]]:
        return context_of(info).load(teams.decisions_of, team.team, missing=[])

    @staticmethod
    def resolve_visit_codes(team: Any, info: GraphQLResolveInfo, day: date | None = None) -> list[Any]:
        context = context_of(info)
        wanted = day or context.today
        if wanted not in visit_codes.days_of_codes(context.today):
            rule = f"`day` phải từ hôm nay đến {visit_codes.DAYS_AHEAD} ngày tới."
            raise InvalidInput(rule, field="day")
        context.require(*FIELD_WORKERS)
        if not context.read(context.scope.teams_held, [team.team]):
            raise NotFound
        return context.read(visit_codes.codes_of_team, context.parts.tracker, team.team, wanted)

    @staticmethod
    def resolve_nominations(team: Any, info: GraphQLResolveInfo) -> Awaitable[list[Any]]:
        return context_of(info).load(members.nominations_of, team.team, missing=[])

    @staticmethod
    def resolve_leader(team: Any, info: GraphQLResolveInfo, as_of: date | None = None) -> Awaitable[Any]:
        context = context_of(info)
        return context.load(members.leaders_on, team.team, as_of or context.today)

    @staticmethod
    def resolve_members(
        team: Any,
        info: GraphQLResolveInfo,
        first: int | None = None,
        after: str | None = None,
        *,
        past: bool = False,
        as_of: date | None = None,
    ) -> Listing:
        context, wanted = context_of(info), slice_of(first, after)
        if past and as_of is not None:
            raise InvalidInput("Chỉ hỏi `past` hoặc `asOf`.", field="asOf")
        return Listing(
            lambda: context.load(members.members_pages, team.team, not past, as_of, wanted, missing=Page()),
            lambda: context.load(members.members_counts, team.team, not past, as_of, missing=0),
        )

    @staticmethod
    async def resolve_compliance(
        team: Any,
        info: GraphQLResolveInfo,
        as_of: date | None = None,
        verdict: Any = None,
        severities: Sequence[Any] | None = None,
    ) -> list[Any]:
        context = context_of(info)
        await require_day(context, team, as_of)
        found: list[Any] = await context.load(
            judgements, team.team, as_of or context.today, context.scope.teams, missing=[]
        )
        wanted = None if severities is None else {severity.value for severity in severities}
        return [
            each
            for each in found
            if (verdict is None or each.verdict == verdict.value)
            and (wanted is None or each.rule["severity"] in wanted)
        ]

    @staticmethod
    async def resolve_coverage(team: Any, info: GraphQLResolveInfo, quarter: str | None = None) -> Figures:
        context = context_of(info)
        asked = quarter_of(quarter, context.today)
        found = await context.load(rollups.coverage_of_teams, team.team, asked, context.scope)
        return figures_or_none(found, asked)


async def require_day(context: Context, team: Any, day: date | None) -> None:
    """Refuse a day before the map around a team is known; today's is. Raises `MapNotKnown`."""
    if day is not None and await context.load(units.unknown_on, team.commune, day, missing=False):
        raise units.not_known()


TeamConnection = connection_of("Team", lambda: Team)
TeamPage = page_type("Team", lambda: Team)
MemberConnection: Any = connection_of("Member", lambda: Member)


def _somewhere() -> dict[str, Any]:
    return {
        "unit": graphene.String(required=True, description=UNIT),
        **dated(),
        "after_token": graphene.String(),
        **page_arguments(),
    }


class TeamQueries:
    """Root fields of teams."""

    teams = graphene.Field(
        TeamConnection,
        required=True,
        unit=graphene.String(description=UNIT),
        **dated(),
        level=TeamLevel(),
        search=graphene.String(description="words of its name, its commune's or its hamlets'; marks do not matter"),
        after_token=graphene.String(),
        **page_arguments(),
        description="with `asOf` those that stood on that day, else all there ever were",
    )
    team = graphene.Field(Team, id=graphene.ID(required=True), after_token=graphene.String())
    hamlets_without_team = graphene.Field(
        HamletConnection,
        required=True,
        **_somewhere(),
        description="hamlets that no team serves on a day, or fewer than the plan in force asks for",
    )
    teams_out_of_order = graphene.Field(
        TeamPage,
        required=True,
        **_somewhere(),
        severities=_severities(
            description="[BLOCK, WARN] by default: what is only for information counts if asked for"
        ),
        description="teams that break a rule of the plans in force on a day; `compliance` says which",
    )

    @staticmethod
    def resolve_hamlets_without_team(
        _root: None,
        info: GraphQLResolveInfo,
        unit: str,
        as_of: date | None = None,
        structure: Any = None,
        first: int | None = None,
        after: str | None = None,
        **_: Any,
    ) -> Listing:
        context, wanted = context_of(info), slice_of(first, after)
        place = place_of_things(context, unit, as_of, structure)
        visible = context.scope.hamlets(units.LIVE.hamlets.c.hamlet)
        told = (place.units, place.day, place.on, visible)
        return Listing(
            lambda: once(lambda: context.read(teams.hamlets_without_team_page, *told, wanted)),
            lambda: once(lambda: context.read(teams.hamlets_without_team_count, *told)),
        )

    @staticmethod
    def resolve_teams_out_of_order(
        _root: None,
        info: GraphQLResolveInfo,
        unit: str,
        as_of: date | None = None,
        structure: Any = None,
        first: int | None = None,
        after: str | None = None,
        severities: Sequence[Any] = (Severity.BLOCK, Severity.WARN),
        **_: Any,
    ) -> Page:
        context, wanted = context_of(info), slice_of(first, after)
        place = place_of_things(context, unit, as_of, structure)
        grave = frozenset(severity.value for severity in severities)
        return context.read(out_of_order, place.units, place.day, context.scope.teams, grave, wanted)

    @staticmethod
    def resolve_teams(
        _root: None,
        info: GraphQLResolveInfo,
        first: int | None = None,
        after: str | None = None,
        unit: str | None = None,
        level: Any = None,
        search: str | None = None,
        as_of: date | None = None,
        structure: Any = None,
        **_: Any,
    ) -> Listing:
        context, table = context_of(info), teams.LIVE.teams.c
        wanted, visible = slice_of(first, after), context.scope.teams
        within: ColumnElement[bool] = and_(true(), *teams.found_by(search, as_of or context.today))
        if as_of is not None:
            within = and_(within, teams.stands(as_of))
        if unit is not None:
            place = place_of_things(context, unit, as_of, structure)
            within = and_(within, lying_among(place.units, place.day))
        elif as_of is not None:
            context.read(units.require_some_map, as_of)
        if level is not None:
            within = and_(within, table.level == level.value)
        return Listing(
            lambda: once(lambda: context.read(teams.teams_page, visible, within, wanted)),
            lambda: once(lambda: context.read(teams.teams_count, visible, within)),
        )

    @staticmethod
    def resolve_team(_root: None, info: GraphQLResolveInfo, id: str, **_: Any) -> Any:  # noqa: A002
        context = context_of(info)
        team = id_of(id, "id")
        found = context.read(teams.teams_by_id, [team], context.scope.teams).get(team)
        if found is None:
            raise NotFound
        return found
