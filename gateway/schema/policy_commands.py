"""Mutations on policy profiles: drafted, published and ended by officials of the territory they bind."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import graphene
from graphql import GraphQLResolveInfo

from gateway import policies
from gateway.commanding import Outcome, asked, checked, command_id_of, new_thing, order, send, told_as_outcome
from gateway.context import Context, context_of
from gateway.errors import NotFound
from gateway.schema.connections import InputObjectType
from gateway.schema.inputs import id_of, unit_id_of
from gateway.schema.outcomes import CommandOutcome

_ID = graphene.ID
_TEXT = graphene.String


class PlanRuleInput(InputObjectType):
    """One demand; which fields its kind takes is said at `PlanRule`."""

    kind = _TEXT(required=True)
    section = _TEXT(required=True)
    document = _TEXT(description="the plan's own by default")
    severity = _TEXT(description="block, warn (by default) or info")
    note = _TEXT()
    level = _TEXT()
    measure = _TEXT()
    comparator = _TEXT()
    value = graphene.Float()
    role = _TEXT()
    held_by = _TEXT()
    count = graphene.Int()
    same_hamlet = graphene.Boolean()
    one_of = graphene.List(graphene.NonNull(_TEXT))
    what = _TEXT()
    cadence = _TEXT()
    tier = _TEXT()
    to = _TEXT()
    on = graphene.Date()
    day = graphene.Int()
    month = graphene.Int()
    inclusive = graphene.Boolean()
    shift = _TEXT()
    cut_off = graphene.Int()
    indicator = _TEXT()
    unit = _TEXT()
    by = graphene.Date()
    body = _TEXT()


class PlanInput(InputObjectType):
    """What a plan says."""

    code = _TEXT(required=True, description="capital letters, digits and hyphens, such as CM-2026-20")
    name = _TEXT(required=True)
    issuer = _TEXT(required=True)
    document = _TEXT(description="number and sign; may come with publishing")
    issued_on = graphene.Date()
    valid_from = graphene.Date(required=True)
    valid_to = graphene.Date(description="its last day")
    tiers = graphene.List(graphene.NonNull(_TEXT), required=True)
    team_levels = graphene.List(graphene.NonNull(_TEXT), required=True)
    rules = graphene.List(graphene.NonNull(PlanRuleInput), required=True)


class PolicyCommands:
    """Root fields."""

    draft_policy_profile = graphene.Field(
        CommandOutcome,
        required=True,
        territory=_TEXT(required=True, description="id or today's code"),
        plan=PlanInput(required=True),
        profile=_ID(description="made here unless given; given again, the draft is written anew"),
        command_id=_ID(),
    )
    publish_policy_profile = graphene.Field(
        CommandOutcome,
        required=True,
        profile=_ID(required=True),
        document=_TEXT(description="number and sign, if the draft has none"),
        issued_on=graphene.Date(description="when it was signed, if the draft does not say"),
        command_id=_ID(),
    )
    end_policy_profile = graphene.Field(
        CommandOutcome,
        required=True,
        profile=_ID(required=True),
        last_day=graphene.Date(required=True, description="yesterday at the earliest"),
        command_id=_ID(),
    )

    @staticmethod
    @told_as_outcome
    async def resolve_draft_policy_profile(
        _root: None,
        info: GraphQLResolveInfo,
        /,
        territory: str,
        plan: Mapping[str, Any],
        profile: str | None = None,
        command_id: str | None = None,
    ) -> Outcome:
        context, key = context_of(info), command_id_of(command_id)
        context.require()
        place = await asked(context, lambda c: unit_id_of(c, territory, context.today, "territory"))
        await checked(context, "draft_policy_profile", lambda c: context.scope.holds(c, [place]))
        about = new_thing(context, "profile", profile, key)
        payload = {"territory": place, "profile": about, "plan": _plan(plan)}
        return (await send(context, "registry", order(context, "draft_policy_profile", about, payload, key)))[0]

    @staticmethod
    @told_as_outcome
    async def resolve_publish_policy_profile(
        _root: None,
        info: GraphQLResolveInfo,
        /,
        profile: str,
        document: str | None = None,
        issued_on: date | None = None,
        command_id: str | None = None,
    ) -> Outcome:
        told = {"document": document, "issued_on": None if issued_on is None else issued_on.isoformat()}
        return await _about(context_of(info), "publish_policy_profile", profile, told, command_id)

    @staticmethod
    @told_as_outcome
    async def resolve_end_policy_profile(
        _root: None,
        info: GraphQLResolveInfo,
        /,
        profile: str,
        last_day: date,
        command_id: str | None = None,
    ) -> Outcome:
        told = {"last_day": last_day.isoformat()}
        return await _about(context_of(info), "end_policy_profile", profile, told, command_id)


async def _about(
    context: Context, command: str, profile: str, told: Mapping[str, Any], command_id: str | None
) -> Outcome:
    """Send a command about a profile that the viewer sees, of a territory they hold today."""
    about, key = id_of(profile, "profile"), command_id_of(command_id)
    context.require()
    found = await asked(context, lambda c: policies.profiles_by_id(c, [about], context.scope.policies).get(about))
    if found is None:
        raise NotFound(field="profile")
    await checked(context, command, lambda c: context.scope.holds(c, [found.territory]))
    payload = {**told, "territory": found.territory, "profile": about}
    return (await send(context, "registry", order(context, command, about, payload, key)))[0]


def _plan(told: Mapping[str, Any]) -> dict[str, Any]:
    """The plan as the registry takes it: what is not told is left out, each rule cites a document."""
    plan = {name: _text(value) for name, value in told.items() if value is not None and name != "rules"}
    own = told.get("document") or told["name"]
    return {**plan, "rules": [_rule(rule, own) for rule in told["rules"]]}


def _rule(told: Mapping[str, Any], own: str) -> dict[str, Any]:
    cited = {"document": told.get("document") or own, "section": told["section"]}
    left = ("document", "section")
    return {n: _text(v) for n, v in told.items() if v is not None and n not in left} | {"citation": cited}


def _text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
