"""A partner: a post or telecom operator, digital firm or bank engaged for a territory and fields (001 §II.1, §VI.7).

An agreement may have a number and need not: plans mobilise firms without one (003 §II.1). Fields are codes of subjects
or services, as courses and campaigns have them. Whether two of one kind may cover one place is the plans' business:
nothing here forbids it.

Refusals: TERRITORY_UNKNOWN, TERRITORY_NOT_IN_FORCE, PARTNER_EXISTS, PARTNER_UNKNOWN, ENDED_ALREADY, SPAN_REVERSED.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Literal, TypeAlias, assert_never
from uuid import UUID

from pydantic import Field

from services.kernel.decider import Aggregate, Lookup, Refused
from services.kernel.message import Command, Event
from services.registry.plan_rules import Code
from services.registry.unit import UNIT, Unit
from services.registry.wording import Wording

Kind: TypeAlias = Literal["post_telecom", "bank", "enterprise"]
"""Those of `plan_rules.Organisation` that are partners; digital firms are enterprises."""

# Events


class PartnerEngaged(Event, name="partner.engaged"):
    """An organisation works with the teams of a territory in these fields, from a day on."""

    partner: UUID
    territory: UUID
    organisation: str
    kind: Kind
    fields: tuple[str, ...]
    agreement_no: str | None
    engaged_on: date


class PartnerEnded(Event, name="partner.ended"):
    """No longer after `last_day`."""

    partner: UUID
    last_day: date


PartnerEvent: TypeAlias = PartnerEngaged | PartnerEnded


# State


@dataclass(frozen=True, slots=True)
class Partner:
    """An engagement, and its last day where one was told."""

    engaged: PartnerEngaged
    last_day: date | None = None


def evolve(partner: Partner | None, event: PartnerEvent) -> Partner | None:
    """The partner after `event`."""
    match event:
        case PartnerEngaged():
            return Partner(event)
        case PartnerEnded():
            return partner and replace(partner, last_day=event.last_day)
        case _:
            assert_never(event)


# Commands


class EngagePartner(Command, name="engage_partner"):
    """Engage an organisation; of its fields each counts once, in any order."""

    partner: UUID
    territory: UUID
    organisation: Wording
    kind: Kind
    fields: Annotated[tuple[Code, ...], Field(min_length=1, max_length=50)]
    agreement_no: Wording | None = None
    engaged_on: date


class EndPartner(Command, name="end_partner"):
    """Say on which last day it is a partner."""

    partner: UUID
    last_day: date


PartnerCommand: TypeAlias = EngagePartner | EndPartner


# Rules


def guard(command: PartnerCommand, lookup: Lookup) -> None:
    """The territory stands on the first day."""
    if not isinstance(command, EngagePartner):
        return
    unit: Unit | None = lookup.state(UNIT, str(command.territory))
    if unit is None:
        raise Refused("Chưa có đơn vị này trên bản đồ.", code="TERRITORY_UNKNOWN", field="territory")
    if not unit.in_force(command.engaged_on):
        said = "Đơn vị không có hiệu lực vào ngày này."
        raise Refused(said, code="TERRITORY_NOT_IN_FORCE", field="engaged_on")


def decide(command: PartnerCommand, partner: Partner | None) -> list[PartnerEvent]:
    """Engaged once, ended once."""
    match command:
        case EngagePartner():
            return _engage(command, partner)
        case EndPartner():
            return _end(command, partner)
        case _:
            assert_never(command)


def _engage(command: EngagePartner, partner: Partner | None) -> list[PartnerEvent]:
    event = PartnerEngaged(
        partner=command.partner,
        territory=command.territory,
        organisation=command.organisation,
        kind=command.kind,
        fields=tuple(sorted(set(command.fields))),
        agreement_no=command.agreement_no,
        engaged_on=command.engaged_on,
    )
    if partner is None:
        return [event]
    if partner.engaged == event:
        return []
    raise Refused("Đối tác này đã được ghi với nội dung khác.", code="PARTNER_EXISTS", field="partner")


def _end(command: EndPartner, partner: Partner | None) -> list[PartnerEvent]:
    if partner is None:
        raise Refused("Chưa có đối tác này.", code="PARTNER_UNKNOWN", field="partner")
    if partner.last_day == command.last_day:
        return []
    if partner.last_day is not None:
        raise Refused("Đối tác này đã có ngày cuối khác.", code="ENDED_ALREADY", field="last_day")
    if command.last_day < partner.engaged.engaged_on:
        raise Refused("Ngày cuối phải từ ngày đầu trở đi.", code="SPAN_REVERSED", field="last_day")
    return [PartnerEnded(partner=command.partner, last_day=command.last_day)]


PARTNER: Aggregate[Partner | None, PartnerCommand, PartnerEvent] = Aggregate(
    category="partner",
    events=PartnerEvent,
    commands=PartnerCommand,
    initial=None,
    evolve=evolve,
    decide=decide,
    identity=lambda command: command.partner,
    guard=guard,
    opens=frozenset({EngagePartner}),
)
