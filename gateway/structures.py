"""On which map what was so on a day is put together: its own (ORIGINAL), today's (CURRENT), or shared out (RESTATED).

`docs/decisions/0016-the-map-changes-as-one.md` has the page on it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, TypeAlias

from sqlalchemy import Connection, Select, select

from gateway.restating import Sums, Thing, Ways
from gateway.unit_tree import belonging

Structure: TypeAlias = Literal["current", "original", "restated"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What was so at the end of `day`, of a unit as it is on the map of `on`."""

    unit: str
    day: date
    on: date
    structure: Structure = "original"

    @property
    def units(self) -> Select[Any]:
        """The units whose things are the unit's; of what was divided only where all of it lies."""
        return select(belonging([self.unit], self.on).c.unit)


def require_known(connection: Connection, asked: Asked) -> None:
    """Refuse a day before the map is known of what then stood in the unit's place. Raises `MapNotKnown`."""
    if asked.day < asked.on:
        Ways(connection, [asked.unit], asked.on).require_known(asked.unit, asked.day)


def shared_out(
    connection: Connection,
    roots: Sequence[str],
    on: date,
    things: Callable[[Sequence[str]], Sequence[Thing]],
    width: int,
) -> dict[str, Sums]:
    """Sums of what things at communes counted, given all communes that ever came to the units of a day, restated."""
    ways = Ways(connection, roots, on)
    found = things(sorted(set().union(*ways.reach.values())))
    return {root: ways.sum(root, found, width) for root in ways.inside}
