"""A topic campaign: for a month, quarter or year the teams of a unit take one subject to the people.

Before it begins every team has material on the subject and was trained in it (003 §II.2, last dash); whether a team is
ready follows from what was published and held, and is no fact of its own. One unit opens one campaign a subject and
period, so that two officials who open the same one have opened one. Who leads it, who takes part and how they work
together (002 §IV.5: Youth Union, teachers and pupils as shock force) may be told with it or later, and anew.

Refusals: UNIT_UNKNOWN, UNIT_NOT_IN_FORCE, CAMPAIGN_EXISTS, CAMPAIGN_UNKNOWN, PERIOD_OVER, CAMPAIGN_CALLED_OFF,
PRIVATE_NUMBER.
"""

from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Literal, TypeAlias, assert_never
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.kernel.clock import business_date
from services.kernel.decider import Aggregate, Lookup, Refused
from services.kernel.identifiers import derived_id
from services.kernel.message import Command, Event
from services.registry.plan_rules import Code, Organisation
from services.registry.public_text import check_public
from services.registry.unit import UNIT, Unit
from services.registry.wording import Passage, Wording

Cadence: TypeAlias = Literal["month", "quarter", "year"]
Period: TypeAlias = Annotated[str, Field(pattern=r"^20\d\d(-Q[1-4]|-(0[1-9]|1[0-2]))?$")]
"""2026-10, 2026-Q4 or 2026."""
Force: TypeAlias = Organisation | Literal["teachers", "pupils"]
"""Who takes part beside the teams; schools send teachers and pupils (002 §IV.5)."""
Forces: TypeAlias = Annotated[tuple[Force, ...], Field(max_length=17)]


def campaign_id(unit: object, topic: str, period: str) -> UUID:
    """The id of the one campaign of a unit on a subject in a period; the gateway makes the same."""
    return derived_id("campaign", unit, topic, period)


def days_of(period: str) -> tuple[Cadence, date, date]:
    """(cadence, first day, last day) of a period."""
    year, _, part = period.partition("-")
    if not part:
        return "year", date(int(year), 1, 1), date(int(year), 12, 31)
    if part.startswith("Q"):
        last = 3 * int(part[1])
        return "quarter", date(int(year), last - 2, 1), _month_end(int(year), last)
    return "month", date(int(year), int(part), 1), _month_end(int(year), int(part))


def _month_end(year: int, month: int) -> date:
    return date(year, month, monthrange(year, month)[1])


# Events


class CampaignOpened(Event, name="campaign.opened"):
    """Teams of `unit` take `topic` to the people from the first to the last day of `period`."""

    model_config = ConfigDict(serialize_by_alias=True)

    campaign: UUID
    unit: UUID
    topic: str
    title: str = Field(alias="name")
    period: str
    cadence: Cadence
    first_day: date
    last_day: date


class CampaignPlanned(Event, name="campaign.planned"):
    """Who leads it, who takes part, how they work together; told again, the later words hold. None: not told."""

    campaign: UUID
    organiser: str | None
    participants: tuple[Force, ...]
    coordination_plan: str | None


class CampaignCalledOff(Event, name="campaign.called_off"):
    """It does not take place, or no longer."""

    campaign: UUID


CampaignEvent: TypeAlias = CampaignOpened | CampaignPlanned | CampaignCalledOff


# State


@dataclass(frozen=True, slots=True)
class Campaign:
    """What the rules remember of a campaign."""

    opened: CampaignOpened
    planned: CampaignPlanned | None = None
    called_off: bool = False


def evolve(campaign: Campaign | None, event: CampaignEvent) -> Campaign | None:
    """The campaign after `event`."""
    match event:
        case CampaignOpened():
            return Campaign(event)
        case CampaignPlanned():
            return None if campaign is None else replace(campaign, planned=event)
        case CampaignCalledOff():
            return None if campaign is None else replace(campaign, called_off=True)
        case _:
            assert_never(event)


# Commands


class _Planning(BaseModel):
    organiser: Wording | None = None
    participants: Forces = ()
    coordination_plan: Passage | None = None


class OpenCampaign(_Planning, Command, name="open_campaign"):
    """Open a campaign for the teams of a unit; one that was called off may be opened again."""

    model_config = ConfigDict(serialize_by_alias=True)

    unit: UUID
    topic: Code
    title: Wording = Field(alias="name")
    period: Period


class PlanCampaign(_Planning, Command, name="plan_campaign"):
    """Say who leads an open campaign, who takes part and how they work together; what is left out is not told."""

    campaign: UUID


class CallOffCampaign(Command, name="call_off_campaign"):
    """Say that it does not take place."""

    campaign: UUID


CampaignCommand: TypeAlias = OpenCampaign | PlanCampaign | CallOffCampaign


# Rules


def guard(command: CampaignCommand, lookup: Lookup) -> None:
    """The unit stands when the campaign begins."""
    if not isinstance(command, OpenCampaign):
        return
    unit: Unit | None = lookup.state(UNIT, str(command.unit))
    if unit is None:
        raise Refused("Chưa có đơn vị này trên bản đồ.", code="UNIT_UNKNOWN", field="unit")
    if not unit.in_force(days_of(command.period)[1]):
        raise Refused("Đơn vị không có hiệu lực vào ngày đầu của đợt.", code="UNIT_NOT_IN_FORCE", field="unit")


def decide(command: CampaignCommand, campaign: Campaign | None) -> list[CampaignEvent]:
    """Opened once for a period that is not over."""
    match command:
        case OpenCampaign():
            return _open(command, campaign)
        case PlanCampaign():
            if campaign is None:
                raise Refused("Chưa có đợt chuyên đề này.", code="CAMPAIGN_UNKNOWN", field="campaign")
            if campaign.called_off:
                raise Refused("Đợt chuyên đề này đã huỷ.", code="CAMPAIGN_CALLED_OFF", field="campaign")
            return _plan(command, campaign.opened.campaign, campaign.planned)
        case CallOffCampaign():
            if campaign is None:
                raise Refused("Chưa có đợt chuyên đề này.", code="CAMPAIGN_UNKNOWN", field="campaign")
            return [] if campaign.called_off else [CampaignCalledOff(campaign=command.campaign)]
        case _:
            assert_never(command)


def _open(command: OpenCampaign, campaign: Campaign | None) -> list[CampaignEvent]:
    cadence, first_day, last_day = days_of(command.period)
    event = CampaignOpened(
        campaign=campaign_id(command.unit, command.topic, command.period),
        unit=command.unit,
        topic=command.topic,
        name=command.title,
        period=command.period,
        cadence=cadence,
        first_day=first_day,
        last_day=last_day,
    )
    if campaign is not None and not campaign.called_off:
        if campaign.opened == event:
            return _plan(command, event.campaign, campaign.planned) if _says_more(command) else []
        raise Refused("Đợt chuyên đề này đã mở với tên khác.", code="CAMPAIGN_EXISTS", field="name")
    if last_day < business_date(command.at):
        raise Refused("Không mở đợt cho thời gian đã qua.", code="PERIOD_OVER", field="period")
    return [event, *(_plan(command, event.campaign, None) if _says_more(command) else ())]


def _says_more(command: OpenCampaign) -> bool:
    return bool(command.organiser or command.participants or command.coordination_plan)


def _plan(command: OpenCampaign | PlanCampaign, campaign: UUID, planned: CampaignPlanned | None) -> list[CampaignEvent]:
    if command.coordination_plan is not None:
        check_public(command.coordination_plan, "coordination_plan")
    event = CampaignPlanned(
        campaign=campaign,
        organiser=command.organiser,
        participants=tuple(dict.fromkeys(command.participants)),
        coordination_plan=command.coordination_plan,
    )
    return [] if planned == event else [event]


def _identity(command: CampaignCommand) -> UUID:
    match command:
        case OpenCampaign():
            return campaign_id(command.unit, command.topic, command.period)
        case PlanCampaign() | CallOffCampaign():
            return command.campaign
        case _:
            assert_never(command)


CAMPAIGN: Aggregate[Campaign | None, CampaignCommand, CampaignEvent] = Aggregate(
    category="campaign",
    events=CampaignEvent,
    commands=CampaignCommand,
    initial=None,
    evolve=evolve,
    decide=decide,
    identity=_identity,
    guard=guard,
    opens=frozenset({OpenCampaign}),
)
