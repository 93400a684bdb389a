"""Policy profiles in GraphQL: what the plans demand, with the section that says so."""

from collections.abc import Awaitable, Mapping
from datetime import date
from typing import Any

import graphene
import orjson
from graphql import GraphQLResolveInfo

from gateway import policies, units
from gateway.context import context_of, once
from gateway.errors import NotFound
from gateway.paging import slice_of
from gateway.schema.connections import Listing, ObjectType, connection_of, many, page_arguments
from gateway.schema.inputs import id_of, unit_id_of
from gateway.schema.units import Unit


class ProfileStatus(graphene.Enum):  # type: ignore[misc]  # graphene is published without types
    """A draft judges nothing; what is published holds from its first to its last day."""

    DRAFT = "draft"
    PUBLISHED = "published"


class PlanRule(ObjectType):
    """One demand of a plan. Which fields it has depends on its kind; what the plan does not state is null."""

    kind = graphene.String(
        required=True, description="quantity, office, composition, overlap, opinion, lead, due, yearly_day or target"
    )
    severity = graphene.String(required=True, description="block, warn or info")
    document = graphene.String(required=True, description="the document that says so")
    section = graphene.String(required=True, description="and where in it")
    note = graphene.String(description="what a reader must know")
    level = graphene.String(description="of teams: hamlet, commune or enterprise; null: not of one level")
    measure = graphene.String(description="quantity: what is counted")
    comparator = graphene.String(description="quantity, target: >=, <=, > or =")
    value = graphene.Float(description="quantity, target")
    role = graphene.String(description="office: leader or deputy")
    held_by = graphene.String(description="office: where its holder comes from")
    count = graphene.Int(description="office: how many hold it")
    same_hamlet = graphene.Boolean(description="office: of the team's own hamlet")
    one_of = graphene.List(graphene.NonNull(graphene.String), description="composition: at least one from these")
    what = graphene.String(description="due: roster, report or launch; yearly_day: awards; opinion: material")
    cadence = graphene.String(description="due: once, month, quarter, half_year, year or ad_hoc")
    tier = graphene.String(description="due: who owes it; opinion: who gives it")
    to = graphene.String(description="due: to whom")
    on = graphene.Date(description="due once: the day")
    day = graphene.Int(description="due: the day of the period's last month; yearly_day: the day")
    month = graphene.Int(description="yearly_day")
    inclusive = graphene.Boolean(description="due: true for “chậm nhất ngày”, false for “trước ngày”")
    shift = graphene.String(description="due: what a day off does to it")
    cut_off = graphene.Int(description="due: the day the figures are taken")
    indicator = graphene.String(description="target: code of the indicator")
    unit = graphene.String(description="target: percent or count")
    by = graphene.Date(description="target: the day it is to be reached")
    body = graphene.String(description="lead: code of the body that leads; a plan without such a rule names none")

    @staticmethod
    def resolve_document(rule: Mapping[str, Any], _info: Any) -> str:
        return str(rule["citation"]["document"])

    @staticmethod
    def resolve_section(rule: Mapping[str, Any], _info: Any) -> str:
        return str(rule["citation"]["section"])

    @staticmethod
    def resolve_on(rule: Mapping[str, Any], _info: Any) -> date | None:
        return _day(rule.get("on"))

    @staticmethod
    def resolve_by(rule: Mapping[str, Any], _info: Any) -> date | None:
        return _day(rule.get("by"))


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


class PolicyProfile(ObjectType):
    """A plan as a dated profile of rules for one territory and all below it."""

    id = graphene.ID(required=True)
    code = graphene.String(required=True)
    name = graphene.String(required=True)
    issuer = graphene.String(required=True)
    document = graphene.String(description="null: not signed yet")
    issued_on = graphene.Date()
    territory = graphene.Field(Unit, required=True)
    status = graphene.Field(ProfileStatus, required=True)
    valid_from = graphene.Date(required=True)
    last_day = graphene.Date(description="null: the plan names none")
    superseded_by = graphene.Field(lambda: PolicyProfile)
    tiers = many(graphene.String)
    team_levels = many(graphene.String)
    rules = many(PlanRule, kind=graphene.String(), level=graphene.String())

    @staticmethod
    def resolve_id(profile: Any, _info: Any) -> str:
        return str(profile.profile)

    @staticmethod
    def resolve_territory(profile: Any, info: GraphQLResolveInfo) -> Awaitable[units.Unit]:
        return context_of(info).load(units.units_by_id, profile.territory, profile.valid_from)

    @staticmethod
    def resolve_superseded_by(profile: Any, info: GraphQLResolveInfo) -> Awaitable[Any] | None:
        context = context_of(info)
        if profile.superseded_by is None:
            return None
        return context.load(policies.profiles_by_id, profile.superseded_by, context.scope.policies)

    @staticmethod
    def resolve_tiers(profile: Any, _info: Any) -> list[str]:
        return str(profile.tiers).split()

    @staticmethod
    def resolve_team_levels(profile: Any, _info: Any) -> list[str]:
        return str(profile.team_levels).split()

    @staticmethod
    def resolve_rules(
        profile: Any, _info: Any, kind: str | None = None, level: str | None = None
    ) -> list[Mapping[str, Any]]:
        rules: list[Mapping[str, Any]] = orjson.loads(profile.rules)
        return [
            rule
            for rule in rules
            if (kind is None or rule["kind"] == kind) and (level is None or rule.get("level") == level)
        ]


PolicyProfileConnection = connection_of("PolicyProfile", lambda: PolicyProfile)


class PolicyQueries:
    """Root fields of policy profiles."""

    policy_in_force = many(
        PolicyProfile,
        unit=graphene.String(required=True, description="id or that day's code"),
        as_of=graphene.Date(description="today in Vietnam by default"),
        after_token=graphene.String(),
        description="the profiles that hold for a unit on a day, its own first; all of their rules count together",
    )
    policy_profiles = graphene.Field(
        PolicyProfileConnection,
        required=True,
        territory=graphene.String(description="id or today's code; only its own profiles"),
        status=ProfileStatus(),
        after_token=graphene.String(),
        **page_arguments(),
    )
    policy_profile = graphene.Field(PolicyProfile, id=graphene.ID(required=True), after_token=graphene.String())

    @staticmethod
    def resolve_policy_in_force(
        _root: None, info: GraphQLResolveInfo, unit: str, as_of: date | None = None, **_: Any
    ) -> list[Any]:
        context = context_of(info)
        day = as_of or context.today
        place = context.read(unit_id_of, unit, day)
        context.require()
        return context.read(policies.profiles_in_force, [place], day)[place]

    @staticmethod
    def resolve_policy_profiles(
        _root: None,
        info: GraphQLResolveInfo,
        first: int | None = None,
        after: str | None = None,
        territory: str | None = None,
        status: Any = None,
        **_: Any,
    ) -> Listing:
        context, table = context_of(info), policies.LIVE.profiles.c
        wanted, visible = slice_of(first, after), context.scope.policies
        place = None if territory is None else context.read(unit_id_of, territory, context.today)
        within = [] if place is None else [table.territory == place]
        if status is not None:
            within.append(table.status == status.value)
        return Listing(
            lambda: once(lambda: context.read(policies.profiles_page, visible, within, wanted)),
            lambda: once(lambda: context.read(policies.profiles_count, visible, within)),
        )

    @staticmethod
    def resolve_policy_profile(_root: None, info: GraphQLResolveInfo, id: str, **_: Any) -> Any:  # noqa: A002
        context = context_of(info)
        profile = id_of(id, "id")
        found = context.read(policies.profiles_by_id, [profile], context.scope.policies).get(profile)
        if found is None:
            raise NotFound
        return found
