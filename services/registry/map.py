"""Since when the map is known: before that day a question about it has no honest answer (`MAP_NOT_KNOWN`).

A regime is declared as a whole, and again for a single province whose map is known for longer.

Refusals: MAP_SPAN_REVERSED, PROVINCE_UNKNOWN.
"""

from datetime import date
from typing import TypeAlias
from uuid import UUID

from pydantic import Field

from services.kernel.decider import Aggregate, Lookup, Refused
from services.kernel.message import Command, Event
from services.registry.unit import UNIT, unit_id
from services.registry.wording import Wording

# Events


class MapDeclared(Event, name="map.declared"):
    """The map of `regime` (or of one `province` in it) is known from `known_from` to `known_to`, both included."""

    regime: str
    known_from: date
    known_to: date | None
    province: UUID | None
    source: str


# State: the newest declaration is the one that holds


def evolve(_declared: MapDeclared | None, event: MapDeclared) -> MapDeclared | None:
    """The declaration that holds after `event`."""
    return event


# Commands


class DeclareMap(Command, name="declare_map"):
    """Say since when a map is known, and who says so (`source`)."""

    regime: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    known_from: date
    known_to: date | None = None
    province_code: str | None = Field(default=None, pattern=r"^[0-9]{2}$")
    source: Wording

    @property
    def province(self) -> UUID | None:
        """The province declared for, None for the regime as a whole."""
        return unit_id(self.regime, "province", self.province_code) if self.province_code else None


MapCommand: TypeAlias = DeclareMap


# Rules


def guard(command: DeclareMap, lookup: Lookup) -> None:
    """A province declared for must stand on the map."""
    if command.province is not None and lookup.state(UNIT, str(command.province)) is None:
        raise Refused("Chưa có tỉnh này trên bản đồ.", code="PROVINCE_UNKNOWN", field="province_code")


def decide(command: DeclareMap, declared: MapDeclared | None) -> list[MapDeclared]:
    """A later declaration replaces an earlier one; told again just so, nothing changes."""
    if command.known_to is not None and command.known_to < command.known_from:
        raise Refused("Ngày cuối phải từ ngày đầu trở đi.", code="MAP_SPAN_REVERSED", field="known_to")
    event = MapDeclared(
        regime=command.regime,
        known_from=command.known_from,
        known_to=command.known_to,
        province=command.province,
        source=command.source,
    )
    return [] if event == declared else [event]


MAP: Aggregate[MapDeclared | None, DeclareMap, MapDeclared] = Aggregate(
    category="map",
    events=MapDeclared,
    commands=MapCommand,
    initial=None,
    evolve=evolve,
    decide=decide,
    identity=lambda c: c.regime if c.province_code is None else f"{c.regime}-{c.province_code}",
    guard=guard,
    opens=frozenset({DeclareMap}),
)
