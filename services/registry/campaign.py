"""A topic campaign: for a month, quarter or year the teams of a unit take one subject to the people.

Before it begins every team has material on the subject and was trained in it (003 §II.2, last dash); whether a team is
ready follows from what was published and held, and is no fact of its own. One unit opens one campaign a subject and
period, so that two officials who open the same one have opened one.

Refusals: UNIT_UNKNOWN, UNIT_NOT_IN_FORCE, CAMPAIGN_EXISTS, CAMPAIGN_UNKNOWN, PERIOD_OVER.
"""

from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Literal, TypeAlias, assert_never
from uuid import UUID

from pydantic import ConfigDict, Field

from services.kernel.clock import business_date
from services.kernel.decider import Aggregate, Lookup, Refused
from services.kernel.identifiers import derived_id
from services.kernel.message import Command, Event
from services.registry.plan_rules import Code
from services.registry.unit import UNIT, Unit
from services.registry.wording import Wording

Cadence: TypeAlias = Literal["month", "quarter", "year"]
Period: TypeAlias = Annotated[str, Field(pattern=r"^20\d\d(-Q[1-4]|-(0[1-9]|1[0-2]))?$")]
"""2026-10, 2026-Q4 or 2026."""


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


class CampaignCalledOff(Event, name="campaign.called_off"):
    """It does not take place, or no longer."""

    campaign: UUID


CampaignEvent: TypeAlias = CampaignOpened | CampaignCalledOff


# State


@dataclass(frozen=True, slots=True)
class Campaign:
    """What the rules remember of a campaign."""

    opened: CampaignOpened
    called_off: bool = False


def evolve(campaign: Campaign | None, event: CampaignEvent) -> Campaign | None:
    """The campaign after `event`."""
    match event:
        case CampaignOpened():
            return Campaign(event)
        case CampaignCalledOff():
            return None if campaign is None else replace(campaign, called_off=True)
        case _:
            assert_never(event)


# Commands


class OpenCampaign(Command, name="open_campaign"):
    """Open a campaign for the teams of a unit; one that was called off may be opened again."""

    model_config = ConfigDict(serialize_by_alias=True)

    unit: UUID
    topic: Code
    title: Wording = Field(alias="name")
    period: Period


class CallOffCampaign(Command, name="call_off_campaign"):
    """Say that it does not take place."""

    campaign: UUID


CampaignCommand: TypeAlias = OpenCampaign | CallOffCampaign


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
            return []
        raise Refused("Đợt chuyên đề này đã mở với tên khác.", code="CAMPAIGN_EXISTS", field="name")
    if last_day < business_date(command.at):
        raise Refused("Không mở đợt cho thời gian đã qua.", code="PERIOD_OVER", field="period")
    return [event]


def _identity(command: CampaignCommand) -> UUID:
    match command:
        case OpenCampaign():
            return campaign_id(command.unit, command.topic, command.period)
        case CallOffCampaign():
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
