"""A hamlet (ấp, khóm, thôn, tổ dân phố…): under a commune, not a tier of government; households live in it.

`kind` keeps the local word. Refusals: HAMLET_EXISTS, COMMUNE_UNKNOWN, COMMUNE_NOT_IN_FORCE.
"""

from datetime import date
from typing import TypeAlias
from uuid import UUID

from pydantic import ConfigDict, Field

from services.kernel.decider import Aggregate, Lookup, Refused
from services.kernel.message import Command, Event
from services.registry.unit import UNIT, Unit
from services.registry.wording import Wording

# Events


class HamletRegistered(Event, name="hamlet.registered"):
    """A hamlet belongs to `commune` from the day `valid_from`."""

    model_config = ConfigDict(serialize_by_alias=True)

    hamlet: UUID
    commune: UUID
    title: str = Field(alias="name")
    kind: str
    valid_from: date


# State: what was registered is all there is to remember


def evolve(_hamlet: HamletRegistered | None, event: HamletRegistered) -> HamletRegistered | None:
    """The hamlet after `event`."""
    return event


# Commands


class RegisterHamlet(Command, name="register_hamlet"):
    """Register a hamlet under a commune."""

    model_config = ConfigDict(serialize_by_alias=True)

    hamlet: UUID
    commune: UUID
    title: Wording = Field(alias="name")
    kind: Wording
    valid_from: date


HamletCommand: TypeAlias = RegisterHamlet


# Rules


def commune_of(lookup: Lookup, commune: UUID) -> Unit:
    """The commune. Raises COMMUNE_UNKNOWN for no unit and for a unit of another level."""
    unit: Unit | None = lookup.state(UNIT, str(commune))
    if unit is None or unit.registered.level != "commune":
        raise Refused("Chưa có xã, phường này trên bản đồ.", code="COMMUNE_UNKNOWN", field="commune")
    return unit


def guard(command: RegisterHamlet, lookup: Lookup) -> None:
    """The commune must exist on the hamlet's first day: nobody joins a commune that is gone."""
    if not commune_of(lookup, command.commune).in_force(command.valid_from):
        raise Refused("Xã, phường này không có hiệu lực vào ngày đó.", code="COMMUNE_NOT_IN_FORCE", field="valid_from")


def decide(command: RegisterHamlet, hamlet: HamletRegistered | None) -> list[HamletRegistered]:
    """Told again just so, nothing changes."""
    event = HamletRegistered(
        hamlet=command.hamlet,
        commune=command.commune,
        name=command.title,
        kind=command.kind,
        valid_from=command.valid_from,
    )
    if hamlet is None:
        return [event]
    if hamlet == event:
        return []
    raise Refused("Ấp, khóm này đã được đăng ký với nội dung khác.", code="HAMLET_EXISTS", field="hamlet")


HAMLET: Aggregate[HamletRegistered | None, RegisterHamlet, HamletRegistered] = Aggregate(
    category="hamlet",
    events=HamletRegistered,
    commands=HamletCommand,
    initial=None,
    evolve=evolve,
    decide=decide,
    identity=lambda command: command.hamlet,
    guard=guard,
    opens=frozenset({RegisterHamlet}),
)
