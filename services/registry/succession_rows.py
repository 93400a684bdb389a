"""`unit-successions.csv`: one row, one unit and one of those it went into, from the successor's first day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

from services.kernel.csv_rows import BadCell, Row, read_rows
from services.kernel.tiers import of_digits, tier, tiers
from services.registry.reading import CellReader, Key, Reading, code
from services.registry.unit import RegisterUnit

COLUMNS = ("level", "legacy_code", "current_code", "kind", "is_default")
BEFORE, AFTER = "legacy", "current"
"""The regimes its two code columns speak of."""


@dataclass(frozen=True, slots=True)
class Succession:
    """What a row says."""

    unit: UUID
    successor: UUID
    part: bool
    seat: bool
    on: date


def read_successions(path: Path, units: Mapping[Key, RegisterUnit], reading: Reading) -> list[Succession]:
    """All good rows, in the file's order."""
    successions: list[Succession] = []
    history = _History()
    for row in read_rows(path, COLUMNS, reading.faults):
        cells = reading.cells(path, row, _readers(row))
        if cells is None:
            continue
        old = (BEFORE, cells["level"], cells["legacy_code"])
        new = (AFTER, _level_of(cells["current_code"]), cells["current_code"])
        part, seat = cells["kind"] == "part", cells["is_default"] == "1"
        try:
            predecessor = reading.unit(units, "legacy_code", old)
            successor = reading.unit(units, "current_code", new)
            on = _day_of_succession(predecessor, successor)
            history.add(row.line, old, new, part=part, seat=seat)
        except BadCell as bad:
            reading.fault(path, row, bad)
            continue
        successions.append(Succession(predecessor.unit, successor.unit, part, seat, on))
    return successions


class _History:
    """What earlier rows said, by the old unit."""

    def __init__(self) -> None:
        self._rows: dict[tuple[Key, Key], int] = {}
        self._kinds: dict[Key, bool] = {}
        self._seats: dict[Key, int] = {}

    def add(self, line: int, old: Key, new: Key, *, part: bool, seat: bool) -> None:
        """Raises `BadCell` when the row contradicts an earlier one."""
        if (old, new) in self._rows:
            raise BadCell("current_code", f"đã ghi ở dòng {self._rows[old, new]}")
        if old in self._kinds and not (part and self._kinds[old]):
            raise BadCell("kind", "đơn vị nhập nguyên vẹn (whole) chỉ có một đơn vị kế tục")
        if seat and old in self._seats:
            raise BadCell("is_default", f"phần giữ trụ sở đã ghi ở dòng {self._seats[old]}")
        self._rows[old, new] = line
        self._kinds[old] = part
        if seat:
            self._seats[old] = line


def _readers(row: Row) -> dict[str, CellReader]:
    level = row.cells["level"]
    readers: dict[str, CellReader] = {
        "level": lambda column: row.one_of(column, _levels()),
        "current_code": lambda column: _any_code(row, column),
        "kind": lambda column: row.one_of(column, ("whole", "part")),
        "is_default": lambda column: row.one_of(column, ("0", "1")),
    }
    if level in _levels():
        readers["legacy_code"] = lambda column: code(row, column, level)
    return readers


def _any_code(row: Row, column: str) -> str:
    text = row.text(column)
    if not (_level_of(text) and text.isascii() and text.isdigit()):
        *some, last = (str(each.digits) for each in tiers())
        raise BadCell(column, f"phải là mã đơn vị, {', '.join(some)} hoặc {last} chữ số (giữ cả số 0 ở đầu)")
    return text


def _levels() -> tuple[str, ...]:
    return tuple(each.code for each in tiers())


def _level_of(code: str) -> str:
    found = of_digits(len(code), tiers())
    return "" if found is None else found.code


def _day_of_succession(predecessor: RegisterUnit, successor: RegisterUnit) -> date:
    """The files state no other day than the successor's first. Raises `BadCell`."""
    # An island district became a commune; a province only ever becomes a province.
    levels = {predecessor.level, successor.level}
    if len(levels) > 1 and any(tier(level).alone for level in levels):
        raise BadCell("current_code", "tỉnh chỉ được kế tục bởi tỉnh")
    last_day, on = predecessor.valid_to, successor.valid_from
    if on is None and last_day is not None:
        on = last_day + timedelta(days=1)
    if on is None:
        raise BadCell("current_code", "không biết ngày kế tục: hai đơn vị đều không ghi ngày")
    if last_day is not None and on <= last_day:
        raise BadCell("current_code", "đơn vị mới có hiệu lực khi đơn vị cũ chưa hết hiệu lực")
    return on
