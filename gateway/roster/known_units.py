"""What the gateway knows of the units a file speaks of, on the day a row says, and what the file itself has added.

To lie under, a unit that is not the viewer's is as unknown as one that does not exist.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Connection

from gateway.errors import MapNotKnown
from gateway.units import Unit, unit_by_code, units_by_id


@dataclass(slots=True)
class KnownUnits:
    """`mine` says whether what is of a unit is the viewer's to write about."""

    connection: Connection
    mine: Callable[[Connection, str], bool]
    _read: dict[tuple[str, str, date], Unit | None] = field(default_factory=dict)
    _added: dict[tuple[str, str], Unit] = field(default_factory=dict)

    def standing(self, code: str, level: str, day: date) -> Unit | None:
        """The viewer's unit that carries this code on a day, if there is one."""
        key = (code, level, day)
        if key not in self._read:
            self._read[key] = self._mine(*key)
        return self._read[key] or self._begun(code, level, day)

    def by_id(self, unit: str, day: date) -> Unit | None:
        """A unit of anybody's as it was called on a day, whether it stood or not."""
        return units_by_id(self.connection, [unit], day).get(unit)

    def add(self, unit: Unit) -> None:
        """A row asks for this unit: later ones may speak of it."""
        self._added[unit.code, unit.level] = unit

    def _mine(self, code: str, level: str, day: date) -> Unit | None:
        try:
            unit = unit_by_code(self.connection, code, day, level)
        except MapNotKnown:
            return None
        return unit if unit is not None and self.mine(self.connection, unit.unit) else None

    def _begun(self, code: str, level: str, day: date) -> Unit | None:
        unit = self._added.get((code, level))
        return unit if unit is not None and (unit.valid_from or day) <= day else None
