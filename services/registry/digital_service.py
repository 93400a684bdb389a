"""A digital service of the catalogue teams guide people in: proposed, published, revised, withdrawn (domain.md C2).

Sectors list the platforms of their field and firms theirs, and send them to the department, which publishes them (001
§VI.4, 003 §III.4 and §III.5). The code is the identity: what is withdrawn gives its code to nothing else. An owner, a
hotline or a day that nobody stated is None, never guessed.

Refusals: SERVICE_UNKNOWN, SERVICE_PUBLISHED, SERVICE_NOT_PUBLISHED, SERVICE_WITHDRAWN, TERRITORY_UNKNOWN,
DAYS_REVERSED, REVISED_OUT_OF_ORDER.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Literal, TypeAlias, assert_never
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.kernel.decider import Aggregate, Lookup, Refused
from services.kernel.message import Command, Event
from services.registry.unit import UNIT
from services.registry.wording import Wording

ServiceCode: TypeAlias = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,39}$")]
ServiceGroup: TypeAlias = Literal["digital_government", "digital_economy", "digital_society", "digital_skills"]
"""The pillars of 001 §III.3a, and the skills that are no service of one of them (002 §II.1)."""
Hotline: TypeAlias = Annotated[str, Field(pattern=r"^([1-9]\d{2,4}|1[89]00\d{4,6}|02\d{8,9})$")]
"""A body's number: short, 1800, 1900 or a fixed line, digits only. A mobile number could be a person's."""


class Proposer(BaseModel):
    """Who asked for it: a sector, a firm, or the department itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["sector", "firm", "department"]
    organisation: Wording


class ServiceFacts(BaseModel):
    """What is told of a service. `source` says where it is written, such as a plan and its section."""

    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True)

    title: Wording = Field(alias="name")
    name_en: Wording
    group: ServiceGroup
    owner: Wording | None = None
    hotline: Hotline | None = None
    source: Wording | None = None


# Events


class DigitalServiceProposed(Event, name="digital_service.proposed"):
    """Somebody asks for it; it may not be used yet. `territory` is None for the whole country."""

    service: str
    facts: ServiceFacts
    territory: UUID | None
    proposer: Proposer | None


class DigitalServicePublished(Event, name="digital_service.published"):
    """It is in the catalogue from `valid_from` on; None: since when is not stated."""

    service: str
    facts: ServiceFacts
    territory: UUID | None
    proposer: Proposer | None
    valid_from: date | None


class DigitalServiceRevised(Event, name="digital_service.revised"):
    """From `revised_on` on these words hold."""

    service: str
    facts: ServiceFacts
    revised_on: date


class DigitalServiceWithdrawn(Event, name="digital_service.withdrawn"):
    """It is in the catalogue no more after `last_day`; None: it was only proposed, and never in it."""

    service: str
    last_day: date | None


DigitalServiceEvent: TypeAlias = (
    DigitalServiceProposed | DigitalServicePublished | DigitalServiceRevised | DigitalServiceWithdrawn
)


# State


@dataclass(frozen=True, slots=True)
class DigitalService:
    """What the rules remember. `published` is None while proposed; a proposal taken back leaves no service."""

    proposed: DigitalServiceProposed | None = None
    published: DigitalServicePublished | None = None
    facts: ServiceFacts | None = None
    revised_on: date | None = None
    last_day: date | None = None

    def known(self) -> bool:
        """True once it was published, and ever after."""
        return self.published is not None


def evolve(service: DigitalService, event: DigitalServiceEvent) -> DigitalService:
    """The service after `event`."""
    match event:
        case DigitalServiceProposed():
            return replace(service, proposed=event)
        case DigitalServicePublished():
            return replace(service, published=event, facts=event.facts)
        case DigitalServiceRevised():
            return replace(service, facts=event.facts, revised_on=event.revised_on)
        case DigitalServiceWithdrawn():
            return DigitalService() if event.last_day is None else replace(service, last_day=event.last_day)
        case _:
            assert_never(event)


# Commands


class ProposeDigitalService(Command, name="propose_digital_service"):
    """Ask for a service; told again, the later words hold."""

    service: ServiceCode
    facts: ServiceFacts
    territory: UUID | None = None
    proposer: Proposer | None = None


class PublishDigitalService(Command, name="publish_digital_service"):
    """Take what was proposed into the catalogue."""

    service: ServiceCode
    valid_from: date | None = None


class ReviseDigitalService(Command, name="revise_digital_service"):
    """Say from a day on better what a published service is."""

    service: ServiceCode
    facts: ServiceFacts
    revised_on: date


class WithdrawDigitalService(Command, name="withdraw_digital_service"):
    """Let a service end with `last_day`, told again with another day it corrects it; without a day, drop a proposal."""

    service: ServiceCode
    last_day: date | None = None


DigitalServiceCommand: TypeAlias = (
    ProposeDigitalService | PublishDigitalService | ReviseDigitalService | WithdrawDigitalService
)


# Rules


def guard(command: DigitalServiceCommand, lookup: Lookup) -> None:
    """The territory must stand on the map."""
    if not isinstance(command, ProposeDigitalService) or command.territory is None:
        return
    if lookup.state(UNIT, str(command.territory)) is None:
        raise Refused("Chưa có đơn vị này trên bản đồ.", code="TERRITORY_UNKNOWN", field="territory")


def decide(command: DigitalServiceCommand, service: DigitalService) -> list[DigitalServiceEvent]:
    """A proposal may change; what is published is revised from a day on; what is withdrawn stays so."""
    match command:
        case ProposeDigitalService():
            return _propose(command, service)
        case PublishDigitalService():
            return _publish(command, service)
        case ReviseDigitalService():
            return _revise(command, service)
        case WithdrawDigitalService():
            return _withdraw(command, service)
        case _:
            assert_never(command)


def _propose(command: ProposeDigitalService, service: DigitalService) -> list[DigitalServiceEvent]:
    event = DigitalServiceProposed(
        service=command.service, facts=command.facts, territory=command.territory, proposer=command.proposer
    )
    if service.proposed == event:
        return []
    if service.published is not None:
        raise Refused("Dịch vụ này đã được công bố; hãy sửa đổi.", code="SERVICE_PUBLISHED", field="service")
    return [event]


def _publish(command: PublishDigitalService, service: DigitalService) -> list[DigitalServiceEvent]:
    if service.proposed is None:
        raise Refused("Chưa ai đề xuất dịch vụ này.", code="SERVICE_UNKNOWN", field="service")
    proposed = service.proposed
    event = DigitalServicePublished(
        service=command.service,
        facts=proposed.facts,
        territory=proposed.territory,
        proposer=proposed.proposer,
        valid_from=command.valid_from,
    )
    if service.published == event:
        return []
    if service.published is not None:
        raise Refused("Dịch vụ này đã được công bố.", code="SERVICE_PUBLISHED", field="service")
    return [event]


def _revise(command: ReviseDigitalService, service: DigitalService) -> list[DigitalServiceEvent]:
    first = _standing(service).valid_from
    if service.last_day is not None:
        raise Refused("Dịch vụ này đã ngừng.", code="SERVICE_WITHDRAWN", field="service")
    if service.facts == command.facts:
        return []
    if first is not None and command.revised_on < first:
        raise Refused("Ngày sửa đổi phải từ ngày đầu trở đi.", code="DAYS_REVERSED", field="revised_on")
    if service.revised_on is not None and command.revised_on < service.revised_on:
        raise Refused("Đã có sửa đổi của ngày sau.", code="REVISED_OUT_OF_ORDER", field="revised_on")
    return [DigitalServiceRevised(service=command.service, facts=command.facts, revised_on=command.revised_on)]


def _withdraw(command: WithdrawDigitalService, service: DigitalService) -> list[DigitalServiceEvent]:
    event = DigitalServiceWithdrawn(service=command.service, last_day=command.last_day)
    if command.last_day is None:
        if service.published is not None:
            raise Refused("Dịch vụ đã công bố: cần ngày cuối.", code="SERVICE_PUBLISHED", field="last_day")
        if service.proposed is None:
            raise Refused("Chưa ai đề xuất dịch vụ này.", code="SERVICE_UNKNOWN", field="service")
        return [event]
    first = _standing(service).valid_from
    if service.last_day == command.last_day:
        return []
    if first is not None and command.last_day < first:
        raise Refused("Ngày cuối phải từ ngày đầu trở đi.", code="DAYS_REVERSED", field="last_day")
    return [event]


def _standing(service: DigitalService) -> DigitalServicePublished:
    if service.published is not None:
        return service.published
    if service.proposed is None:
        raise Refused("Chưa có dịch vụ này trong danh mục.", code="SERVICE_UNKNOWN", field="service")
    raise Refused("Dịch vụ này chưa được công bố.", code="SERVICE_NOT_PUBLISHED", field="service")


def check_published(service: str | None, lookup: Lookup, field: str = "service") -> None:
    """Refuse a service that another thing is said to be about and that was never published."""
    if service is None:
        return
    found: DigitalService = lookup.state(DIGITAL_SERVICE, service)
    if not found.known():
        raise Refused("Chưa có dịch vụ này trong danh mục.", code="SERVICE_UNKNOWN", field=field)


DIGITAL_SERVICE: Aggregate[DigitalService, DigitalServiceCommand, DigitalServiceEvent] = Aggregate(
    category="digital_service",
    events=DigitalServiceEvent,
    commands=DigitalServiceCommand,
    initial=DigitalService(),
    evolve=evolve,
    decide=decide,
    identity=lambda command: command.service,
    guard=guard,
)
