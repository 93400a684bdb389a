"""`admin-units.csv`: one row, one unit of one regime. Parents may stand anywhere in the file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from services.kernel.csv_rows import BadCell, Row, read_rows
from services.kernel.tiers import above, of_digits, tier, tiers
from services.registry.reading import CellReader, Key, Reading, code, regime, span
from services.registry.unit import RegisterUnit

COLUMNS = (
    "regime", "code", "name", "level", "type", "parent_code", "valid_from", "valid_to", "lat", "lon", "area_km2",
)  # fmt: skip


def register_units(path: Path, reading: Reading) -> dict[Key, RegisterUnit]:
    """The commands of all good rows, provinces first, in the file's order within a level."""
    read: list[tuple[Key, Row, dict[str, Any]]] = []
    for row in read_rows(path, COLUMNS, reading.faults):
        key = (row.cells["regime"], row.cells["level"], row.cells["code"])
        if (first := reading.lines.setdefault(key, row.line)) != row.line:
            reading.fault(path, row, BadCell("code", f"mã {key[2]} ({key[0]}, {key[1]}) đã có ở dòng {first}"))
        elif (cells := reading.cells(path, row, _readers(row))) is not None:
            read.append((key, row, cells))
    units: dict[Key, RegisterUnit] = {}
    for key, row, cells in sorted(read, key=lambda item: tier(item[0][1]).rank):
        try:
            span("valid_from", cells["valid_from"], "valid_to", cells["valid_to"])
            units[key] = _register_unit(cells, units, reading)
        except BadCell as bad:
            reading.fault(path, row, bad)
    return units


def _readers(row: Row) -> dict[str, CellReader]:
    level = row.cells["level"]
    readers: dict[str, CellReader] = {
        "regime": lambda column: regime(row, column),
        "level": lambda column: row.one_of(column, _levels()),
        "name": row.text,
        "type": row.text,
        "valid_from": row.day,
        "valid_to": row.day,
        # Vietnam with its islands; a swapped pair falls outside.
        "lat": lambda column: _degrees(row, column, 6, 24),
        "lon": lambda column: _degrees(row, column, 102, 118),
        # The source writes 0 for two wards whose area it does not know: missing is not 0.
        "area_km2": lambda column: row.number(column, 0, 400_000) or None,
    }
    if level in _levels():
        readers["code"] = lambda column: code(row, column, level)
        readers["parent_code"] = lambda column: _parent_code(row, column, level)
    return readers


def _levels() -> tuple[str, ...]:
    return tuple(each.code for each in tiers())


def _parent_code(row: Row, column: str, level: str) -> str:
    text, higher = row.cells[column], above(level)
    if tier(level).alone and not (text and higher):
        if text:
            raise BadCell(column, "tỉnh không có đơn vị cấp trên")
        return ""
    if not (of_digits(len(text), higher) and text.isascii() and text.isdigit()):
        lengths = " hoặc ".join(str(each.digits) for each in higher)
        raise BadCell(column, f"phải là mã đơn vị cấp trên, {lengths} chữ số")
    return text


def _degrees(row: Row, column: str, low: float, high: float) -> float:
    degrees = row.number(column, low, high)
    if degrees is None:
        raise BadCell(column, "không được để trống")
    return degrees


def _register_unit(cells: dict[str, Any], units: Mapping[Key, RegisterUnit], reading: Reading) -> RegisterUnit:
    parent = None
    if (over := cells["parent_code"]) and (higher := of_digits(len(over), above(cells["level"]))):
        parent = reading.unit(units, "parent_code", (cells["regime"], higher.code, over)).unit
    return RegisterUnit(
        regime=cells["regime"],
        code=cells["code"],
        name=cells["name"],
        level=cells["level"],
        kind=cells["type"],
        parent=parent,
        valid_from=cells["valid_from"],
        valid_to=cells["valid_to"],
        lat=cells["lat"],
        lon=cells["lon"],
        area_km2=cells["area_km2"],
        **reading.envelope("unit", *(cells[column] for column in COLUMNS)),
    )
