"""One reading of a file: what was seen, what was wrong, and how a row becomes commands.

A command's id is derived from who asks and what the row says: the same file twice asks under the same ids, so it
changes nothing, even before the read models have heard of the first time.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeAlias
from uuid import UUID

import orjson

from gateway.contacts import Told
from gateway.roster.known import Known
from services.kernel.clock import to_text
from services.kernel.csv_rows import BadCell, Row, RowFault
from services.kernel.identifiers import derived_id


@dataclass(frozen=True, slots=True)
class Asked:
    """A command a row asks for, without its envelope; `said` tells it from others where `payload` may not."""

    command: str
    about: str
    payload: dict[str, Any]
    said: str = ""


@dataclass(frozen=True, slots=True)
class Planned:
    """A command ready to be sent, and the line that asks for it."""

    line: int
    command: str
    about: str
    payload: dict[str, Any]


@dataclass(slots=True)
class Reading:
    """One run over one file, as `actor`, at one instant."""

    file: str
    known: Known
    actor: str
    at: datetime
    today: date
    correlation_id: UUID
    seal: "Seal | None" = None
    """Closes a member's name and number for the registry; None: files with such columns are not taken."""
    faults: list[RowFault] = field(default_factory=list)
    planned: list[Planned] = field(default_factory=list)
    lines: dict[tuple[str, ...], int] = field(default_factory=dict)

    def once(self, row: Row, column: str, *what: str) -> None:
        """Raises `BadCell` when an earlier row was about the same."""
        if (first := self.lines.setdefault(what, row.line)) != row.line:
            raise BadCell(column, f"đã có ở dòng {first}")

    def take(self, row: Row, rows: "RowReader") -> bool:
        """Read one row; False when it cannot be used."""
        try:
            asked = rows(row, self)
        except BadCell as bad:
            self.faults.append(RowFault(self.file, row.line, bad.column, bad.rule))
            return False
        for each in asked:
            said = each.said or orjson.dumps(each.payload, option=orjson.OPT_SORT_KEYS).decode()
            envelope = {
                "command_id": str(derived_id("roster", each.command, said)),
                "actor": self.actor,
                "at": to_text(self.at),
                "correlation_id": str(self.correlation_id),
            }
            self.planned.append(Planned(row.line, each.command, each.about, {**each.payload, **envelope}))
        return True


Seal: TypeAlias = Callable[[str, Told], dict[str, str]]
"""`(member, name and number) -> letter and digest`."""
RowReader: TypeAlias = Callable[[Row, Reading], list[Asked]]
