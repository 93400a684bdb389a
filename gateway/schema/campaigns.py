"""Topic campaigns in GraphQL: opened by officials, with the teams that are ready for them and those that are not."""

from collections.abc import Awaitable, Mapping
from datetime import date
from typing import Any

import graphene
from graphql import GraphQLResolveInfo
from sqlalchemy import ColumnElement, Connection

from gateway import campaigns, units
from gateway.campaigns import Readiness
from gateway.commanding import Outcome, asked, checked, command_id_of, order, plain, send, told_as_outcome
from gateway.context import Context, context_of, once
from gateway.errors import NotFound
from gateway.paging import slice_of
from gateway.schema.connections import Listing, ObjectType, connection_of, many, page_arguments
from gateway.schema.inputs import id_of, unit_id_of
from gateway.schema.materials import Material
from gateway.schema.outcomes import CommandOutcome
from gateway.schema.teams import Team
from gateway.schema.units import Unit
from gateway.unit_tree import around
from services.kernel.identifiers import derived_id

_ID = graphene.ID
_TEXT = graphene.String
_DAY = graphene.Date


class CampaignStatus(graphene.Enum):  # type: ignore[misc]  # graphene is published without types
    """Whether a campaign takes place."""

    OPEN = "open"
    CALLED_OFF = "called_off"


class Cadence(graphene.Enum):  # type: ignore[misc]
    """How long a campaign lasts."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class Campaign(ObjectType):
    """A topic that the teams of a unit take to the people in a period."""

    id = _ID(required=True)
    name = _TEXT(required=True)
    unit = graphene.Field(Unit, required=True)
    topic = _TEXT(required=True, description="code of a subject or of a digital service")
    period = _TEXT(required=True, description="2026-10, 2026-Q4 or 2026")
    cadence = graphene.Field(Cadence, required=True)
    first_day = _DAY(required=True)
    last_day = _DAY(required=True)
    status = graphene.Field(CampaignStatus, required=True)
    organiser = _TEXT(description="an office or organisation; null: not told")
    participants = many(_TEXT, description="beside the teams: youth_union, teachers, pupils, … in the plans' words")
    coordination_plan = _TEXT(description="how they work together; null: not told")

    @staticmethod
    def resolve_id(campaign: Any, _info: Any) -> str:
        return str(campaign.campaign)

    @staticmethod
    def resolve_unit(campaign: Any, info: GraphQLResolveInfo) -> Awaitable[units.Unit]:
        context = context_of(info)
        return context.load(units.units_by_id, campaign.unit, context.today)

    @staticmethod
    def resolve_first_day(campaign: Any, _info: Any) -> date:
        return date.fromisoformat(campaign.first_day)

    @staticmethod
    def resolve_participants(campaign: Any, _info: Any) -> list[str]:
        return str(campaign.participants).split()

    @staticmethod
    def resolve_last_day(campaign: Any, _info: Any) -> date:
        return date.fromisoformat(campaign.last_day)


class ReadinessReason(ObjectType):
    """One thing that is there, or is missing."""

    code = _TEXT(
        required=True,
        description="MATERIAL_PUBLISHED or _MISSING, TRAINING_ATTENDED, _NOT_ATTENDED or _MISSING",
    )
    message = _TEXT(required=True)


class TeamReadiness(ObjectType):
    """A team before a campaign: ready when it had material and training on the topic before the first day."""

    team = graphene.Field(Team, required=True)
    ready = graphene.Boolean(required=True)
    reasons = many(ReadinessReason)
    material = graphene.Field(Material, description="the first one; null: none in time")
    training = _TEXT(description="name of the first one its people attended; null: none in time")
    trained_on = _DAY()

    @staticmethod
    def resolve_reasons(readiness: Readiness, _info: Any) -> list[dict[str, str]]:
        return [{"code": code, "message": message} for code, message in readiness.reasons]

    @staticmethod
    def resolve_training(readiness: Readiness, _info: Any) -> str | None:
        return None if readiness.training is None else str(readiness.training.name)

    @staticmethod
    def resolve_trained_on(readiness: Readiness, _info: Any) -> date | None:
        return None if readiness.training is None else readiness.training.held_on


CampaignConnection = connection_of("Campaign", lambda: Campaign)
TeamReadinessConnection = connection_of("TeamReadiness", lambda: TeamReadiness)


class CampaignQueries:
    """Root fields of campaigns."""

    campaigns = graphene.Field(
        CampaignConnection,
        required=True,
        unit=_TEXT(description="id or today's code: campaigns of that place and of those above it"),
        topic=_TEXT(),
        as_of=_DAY(description="only open ones that run on that day"),
        after_token=_TEXT(),
        **page_arguments(),
        description="the latest first",
    )
    campaign = graphene.Field(Campaign, id=_ID(required=True), after_token=_TEXT())
    topic_readiness = graphene.Field(
        TeamReadinessConnection,
        required=True,
        campaign=_ID(required=True),
        ready=graphene.Boolean(description="only teams that are, or are not"),
        after_token=_TEXT(),
        **page_arguments(),
        description="the teams of the campaign's unit that the viewer may see",
    )

    @staticmethod
    def resolve_campaigns(
        _root: None,
        info: GraphQLResolveInfo,
        first: int | None = None,
        after: str | None = None,
        unit: str | None = None,
        topic: str | None = None,
        as_of: date | None = None,
        **_: Any,
    ) -> Listing:
        context, wanted, table = context_of(info), slice_of(first, after), campaigns.LIVE.campaigns.c
        context.require()
        within: list[ColumnElement[bool]] = []
        if unit is not None:
            place = context.read(unit_id_of, unit, context.today)
            within.append(table.unit.in_(context.read(around, place, context.today)))
        if topic is not None:
            within.append(table.topic == topic)
        if as_of is not None:
            within.append(campaigns.running_on(as_of))
        return Listing(
            lambda: once(lambda: context.read(campaigns.campaigns_page, within, wanted)),
            lambda: once(lambda: context.read(campaigns.campaigns_count, within)),
        )

    @staticmethod
    def resolve_campaign(_root: None, info: GraphQLResolveInfo, id: str, **_: Any) -> Any:  # noqa: A002
        return _campaign(info, id, "id")

    @staticmethod
    def resolve_topic_readiness(
        _root: None,
        info: GraphQLResolveInfo,
        campaign: str,
        ready: bool | None = None,
        first: int | None = None,
        after: str | None = None,
        **_: Any,
    ) -> Listing:
        context, wanted = context_of(info), slice_of(first, after)
        about, visible = _campaign(info, campaign, "campaign"), context.scope.teams
        return Listing(
            lambda: once(lambda: context.read(campaigns.readiness_page, about, ready, visible, wanted)),
            lambda: once(lambda: context.read(campaigns.readiness_count, about, ready, visible)),
        )


def _campaign(info: GraphQLResolveInfo, campaign: str, field: str) -> Any:
    """What is planned is everybody's who works here. Raises `NotFound`."""
    context = context_of(info)
    context.require()
    found = context.read(campaigns.campaign_by_id, id_of(campaign, field))
    if found is None:
        raise NotFound(field=field)
    return found


def _planning() -> dict[str, Any]:
    return {
        "organiser": _TEXT(description="an office or organisation, never a person's name"),
        "participants": graphene.List(
            graphene.NonNull(_TEXT), description="beside the teams: youth_union, teachers, pupils, …"
        ),
        "coordination_plan": _TEXT(description="how they work together (kế hoạch phối hợp); no private numbers"),
        "command_id": _ID(),
    }


class CampaignCommands:
    """Root fields."""

    open_campaign = graphene.Field(
        CommandOutcome,
        required=True,
        unit=_TEXT(required=True, description="id or today's code: whose teams take part"),
        topic=_TEXT(required=True),
        name=_TEXT(required=True),
        period=_TEXT(required=True, description="2026-10, 2026-Q4 or 2026"),
        **_planning(),
        description="one campaign a unit, topic and period",
    )
    plan_campaign = graphene.Field(
        CommandOutcome,
        required=True,
        campaign=_ID(required=True),
        **_planning(),
        description="told again, the later words hold; what is left out is not told any more",
    )
    call_off_campaign = graphene.Field(CommandOutcome, required=True, campaign=_ID(required=True), command_id=_ID())

    @staticmethod
    @told_as_outcome
    async def resolve_open_campaign(
        _root: None,
        info: GraphQLResolveInfo,
        /,
        unit: str,
        topic: str,
        name: str,
        period: str,
        command_id: str | None = None,
        **planning: Any,
    ) -> Outcome:
        context, key = context_of(info), command_id_of(command_id)
        context.require()
        place = await asked(context, lambda c: unit_id_of(c, unit, context.today))
        await checked(context, "open_campaign", lambda c: context.scope.holds(c, [place]))
        about = str(derived_id("campaign", place, topic, period))  # as the registry makes it
        payload = {"unit": place, "topic": topic, "name": name, "period": period, **plain(planning)}
        return (await send(context, "registry", order(context, "open_campaign", about, payload, key)))[0]

    @staticmethod
    @told_as_outcome
    async def resolve_call_off_campaign(
        _root: None, info: GraphQLResolveInfo, /, campaign: str, command_id: str | None = None
    ) -> Outcome:
        return await _about(context_of(info), "call_off_campaign", campaign, {"command_id": command_id})

    @staticmethod
    @told_as_outcome
    async def resolve_plan_campaign(_root: None, info: GraphQLResolveInfo, /, campaign: str, **told: Any) -> Outcome:
        return await _about(context_of(info), "plan_campaign", campaign, told)


async def _about(context: Context, command: str, campaign: str, told: Mapping[str, Any]) -> Outcome:
    """Send a command about a campaign of a unit the viewer holds."""
    key, about = command_id_of(told.get("command_id")), id_of(campaign, "campaign")
    context.require()

    def mine(connection: Connection) -> bool:
        found = campaigns.campaign_by_id(connection, about)
        return found is not None and context.scope.holds(connection, [found.unit])

    await checked(context, command, mine)
    payload = {**plain(told), "campaign": about}
    return (await send(context, "registry", order(context, command, about, payload, key)))[0]
