"""An enterprise of a commune: how many work there decides whether it founds a team of its own (003 §II.3).

Whether many of them come from elsewhere is a person's judgement, told as such. Refusals: ENTERPRISE_EXISTS,
ENTERPRISE_UNKNOWN, COMMUNE_UNKNOWN, DAY_IN_FUTURE, COUNTED_OUT_OF_ORDER.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, TypeAlias, assert_never
from uuid import UUID

from pydantic import ConfigDict, Field

from services.kernel.clock import business_date
from services.kernel.decider import Aggregate, Lookup, Refused
from services.kernel.message import Command, Event
from services.registry.hamlet import commune_of
from services.registry.wording import Wording

Workers = Annotated[int, Field(ge=0, le=1_000_000)]

# Events


class EnterpriseRegistered(Event, name="enterprise.registered"):
    """An enterprise with so many workers on the day `counted_on`."""

    model_config = ConfigDict(serialize_by_alias=True)

    enterprise: UUID
    commune: UUID
    title: str = Field(alias="name")
    workers: int
    many_from_elsewhere: bool | None
    """None: nobody has judged."""
    counted_on: date


class EnterpriseCounted(Event, name="enterprise.counted"):
    """So many work there on another day."""

    enterprise: UUID
    workers: int
    many_from_elsewhere: bool | None
    counted_on: date


EnterpriseEvent: TypeAlias = EnterpriseRegistered | EnterpriseCounted


# State


@dataclass(frozen=True, slots=True)
class Enterprise:
    """What the rules remember: what was registered, and the last count."""

    registered: EnterpriseRegistered
    workers: int
    many_from_elsewhere: bool | None
    counted_on: date


def evolve(enterprise: Enterprise | None, event: EnterpriseEvent) -> Enterprise | None:
    """The enterprise after `event`."""
    match event:
        case EnterpriseRegistered():
            return Enterprise(event, event.workers, event.many_from_elsewhere, event.counted_on)
        case EnterpriseCounted():
            if enterprise is None:
                return None
            counted = event.model_dump(exclude={"enterprise"})
            return replace(enterprise, **counted)
        case _:
            assert_never(event)


# Commands


class RegisterEnterprise(Command, name="register_enterprise"):
    """Register an enterprise."""

    model_config = ConfigDict(serialize_by_alias=True)

    enterprise: UUID
    commune: UUID
    title: Wording = Field(alias="name")
    workers: Workers
    many_from_elsewhere: bool | None = None
    counted_on: date


class CountEnterprise(Command, name="count_enterprise"):
    """Say how many work there now."""

    enterprise: UUID
    workers: Workers
    many_from_elsewhere: bool | None = None
    counted_on: date


EnterpriseCommand: TypeAlias = RegisterEnterprise | CountEnterprise


# Rules


def guard(command: EnterpriseCommand, lookup: Lookup) -> None:
    """The commune must exist."""
    if isinstance(command, RegisterEnterprise):
        commune_of(lookup, command.commune)


def decide(command: EnterpriseCommand, enterprise: Enterprise | None) -> list[EnterpriseEvent]:
    """Counts follow one another and none lies in the future."""
    if command.counted_on > business_date(command.at):
        raise Refused("Ngày đếm không được ở tương lai.", code="DAY_IN_FUTURE", field="counted_on")
    match command:
        case RegisterEnterprise():
            return _register(command, enterprise)
        case CountEnterprise():
            return _count(command, enterprise)
        case _:
            assert_never(command)


def _register(command: RegisterEnterprise, enterprise: Enterprise | None) -> list[EnterpriseEvent]:
    event = EnterpriseRegistered(
        enterprise=command.enterprise,
        commune=command.commune,
        name=command.title,
        workers=command.workers,
        many_from_elsewhere=command.many_from_elsewhere,
        counted_on=command.counted_on,
    )
    if enterprise is None:
        return [event]
    if enterprise.registered == event:
        return []
    raise Refused("Doanh nghiệp này đã có với nội dung khác.", code="ENTERPRISE_EXISTS", field="enterprise")


def _count(command: CountEnterprise, enterprise: Enterprise | None) -> list[EnterpriseEvent]:
    if enterprise is None:
        raise Refused("Chưa có doanh nghiệp này.", code="ENTERPRISE_UNKNOWN", field="enterprise")
    if command.counted_on < enterprise.counted_on:
        raise Refused("Đã có số liệu của ngày sau.", code="COUNTED_OUT_OF_ORDER", field="counted_on")
    counted = (command.workers, command.many_from_elsewhere, command.counted_on)
    if counted == (enterprise.workers, enterprise.many_from_elsewhere, enterprise.counted_on):
        return []
    return [
        EnterpriseCounted(
            enterprise=command.enterprise,
            workers=command.workers,
            many_from_elsewhere=command.many_from_elsewhere,
            counted_on=command.counted_on,
        )
    ]


ENTERPRISE: Aggregate[Enterprise | None, EnterpriseCommand, EnterpriseEvent] = Aggregate(
    category="enterprise",
    events=EnterpriseEvent,
    commands=EnterpriseCommand,
    initial=None,
    evolve=evolve,
    decide=decide,
    identity=lambda command: command.enterprise,
    guard=guard,
    opens=frozenset({RegisterEnterprise}),
)
