"""One reading of the import's files: what was seen, what was wrong, and how a row becomes a command."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from services.kernel.csv_rows import BadCell, Row, RowFault
from services.kernel.identifiers import derived_id
from services.kernel.tiers import tier
from services.registry.unit import RegisterUnit

ACTOR = "causo-import"
"""Always the same: command ids are scoped by actor."""

Key = tuple[str, str, str]
"""(regime, level, code)."""
CellReader = Callable[[str], object]


@dataclass(slots=True)
class Reading:
    """One run over the files: the instant it counts as, the faults found, the lines unit rows stand on."""

    at: datetime
    pause: Callable[[], None] = lambda: None
    """Called for each row and each reorganisation."""
    faults: list[RowFault] = field(default_factory=list)
    lines: dict[Key, int] = field(default_factory=dict)

    def fault(self, path: Path, row: Row, bad: BadCell) -> None:
        """Remember why a row cannot be used."""
        self.faults.append(RowFault(path.name, row.line, bad.column, bad.rule))

    def cells(self, path: Path, row: Row, readers: Mapping[str, CellReader]) -> dict[str, Any] | None:
        """Every cell by its reader, None when one is bad; all bad cells of a row are reported, not only the first."""
        self.pause()
        read: dict[str, Any] = {}
        for column, reader in readers.items():
            try:
                read[column] = reader(column)
            except BadCell as bad:
                self.fault(path, row, bad)
        return read if len(read) == len(readers) else None

    def unit(self, units: Mapping[Key, RegisterUnit], column: str, key: Key) -> RegisterUnit:
        """A unit another row speaks of. Raises `BadCell`."""
        if key in units:
            return units[key]
        if key in self.lines:
            raise BadCell(column, f"dòng {self.lines[key]} của đơn vị {key[2]} có lỗi nên dòng này cũng bị bỏ")
        raise BadCell(column, f"không có đơn vị mã {key[2]} ({key[0]}, {key[1]}) trong tệp đơn vị")

    def envelope(self, kind: str, *said: object) -> dict[str, Any]:
        """Id, actor and time of a command that says this: said again, it has the same id."""
        self.pause()
        return {"command_id": derived_id("import-map", kind, *said), "actor": ACTOR, "at": self.at}


def regime(row: Row, column: str) -> str:
    """The word for a period of the map, say `legacy`. Raises `BadCell`."""
    word = row.text(column)
    if not (word.isascii() and word.isidentifier() and word.islower() and word[0] != "_" and len(word) <= 40):
        raise BadCell(column, "phải gồm chữ thường không dấu, chữ số, dấu gạch dưới")
    return word


def code(row: Row, column: str, level: str) -> str:
    """A unit's code of exactly its level's length; spreadsheets like to eat the leading zero. Raises `BadCell`."""
    text = row.text(column)
    digits = tier(level).digits
    if not (len(text) == digits and text.isascii() and text.isdigit()):
        raise BadCell(column, f"mã cấp {level} phải có đúng {digits} chữ số (giữ cả số 0 ở đầu)")
    return text


def day(row: Row, column: str) -> date:
    """A date that must be there. Raises `BadCell`."""
    found = row.day(column)
    if found is None:
        raise BadCell(column, "không được để trống")
    return found


def span(first: str, from_day: date | None, last: str, to_day: date | None) -> None:
    """Both days included. Raises `BadCell` when the last lies before the first."""
    if from_day and to_day and to_day < from_day:
        raise BadCell(last, f"không được trước ngày ở cột {first}")
