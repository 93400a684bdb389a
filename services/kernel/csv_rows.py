"""Rows of a CSV file as people's spreadsheets write it: UTF-8 with or without BOM, `,` or `;`, NFC or NFD.

Nothing here stops at the first fault: what can be read is read, what cannot is said with line, column and rule. A
spreadsheet set to Vietnamese writes decimal commas and dd/mm/yyyy; both are understood, neither can be mistaken.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from services.kernel.words import MAX_LENGTH, has_invisible, one_line

_NUMBER = re.compile(r"-?[0-9]+([.,][0-9]+)?")
_DAY_MONTH_YEAR = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class RowFault:
    """Why one row cannot be used. `line` counts from 1, the header included; `rule` is in Vietnamese."""

    file: str
    line: int
    column: str
    rule: str

    def __str__(self) -> str:
        place = f"{self.file}, dòng {self.line}"
        return f"{place}, cột {self.column}: {self.rule}" if self.column else f"{place}: {self.rule}"


class BadCell(ValueError):
    """A cell breaks a rule; whoever reads the row turns it into a `RowFault`."""

    def __init__(self, column: str, rule: str) -> None:
        super().__init__(f"{column}: {rule}")
        self.column = column
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Row:
    """One row: cells by column name, in NFC, outer blanks gone; an absent value is the empty text."""

    line: int
    cells: dict[str, str]

    def text(self, column: str) -> str:
        """A text that must be there. Raises `BadCell`."""
        text = self.cells[column]
        if not text:
            raise BadCell(column, "không được để trống")
        if len(text) > MAX_LENGTH:
            raise BadCell(column, f"dài quá {MAX_LENGTH} ký tự")
        if has_invisible(text):
            raise BadCell(column, "không được chứa ký tự điều khiển")
        return text

    def optional(self, column: str) -> str | None:
        """A text that may be left out, with its column too. Raises `BadCell`."""
        return self.text(column) if self.cells.get(column) else None

    def one_of(self, column: str, choices: Sequence[str]) -> str:
        """One of the given words. Raises `BadCell`."""
        if self.cells[column] not in choices:
            raise BadCell(column, f"phải là một trong: {', '.join(choices)}")
        return self.cells[column]

    def day(self, column: str) -> date | None:
        """A date, `2025-07-01` or `01/07/2025`; None when empty. Raises `BadCell`."""
        text = self.cells[column]
        if not text:
            return None
        try:
            if _ISO_DATE.fullmatch(text):
                return date.fromisoformat(text)
            if written := _DAY_MONTH_YEAR.fullmatch(text):
                day, month, year = map(int, written.groups())
                return date(year, month, day)
        except ValueError:
            pass
        raise BadCell(column, "phải là ngày có thật, dạng 2025-07-01 hoặc 01/07/2025")

    def number(self, column: str, low: float, high: float) -> float | None:
        """A number from `low` to `high`; None when empty. Raises `BadCell`."""
        text = self.cells[column]
        if not text:
            return None
        if not _NUMBER.fullmatch(text):
            raise BadCell(column, "phải là số")
        number = float(text.replace(",", "."))
        if not low <= number <= high:
            raise BadCell(column, f"phải từ {low:g} đến {high:g}")
        return number


def read_rows(path: Path, columns: Sequence[str], faults: list[RowFault]) -> Iterator[Row]:
    """The readable rows of `path`; what is wrong with the file itself goes to `faults`. Unknown columns are left."""
    try:
        raw = path.read_bytes()
    except OSError:
        faults.append(RowFault(path.name, 1, "", "không mở được tệp"))
        return
    yield from read_bytes(path.name, raw, columns, faults)


def read_bytes(file: str, raw: bytes, columns: Sequence[str], faults: list[RowFault]) -> Iterator[Row]:
    """The same of a file's content; `file` is what faults call it."""
    text = _text(file, raw, faults)
    if text is None:
        return
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    header: list[str] | None = None
    line = 1
    try:
        for cells in lines:
            # A quoted cell may span lines: a row is known by the line it starts on.
            start, line = line, lines.line_num + 1
            if not any(cells):
                continue
            if header is None:
                header = [one_line(cell).lower() for cell in cells]
                if not _header_fits(file, start, header, columns, faults):
                    return
            elif len(cells) != len(header):
                faults.append(RowFault(file, start, "", f"có {len(cells)} ô, phải có {len(header)} ô"))
            else:
                yield Row(start, dict(zip(header, map(one_line, cells), strict=True)))
    except csv.Error:
        faults.append(RowFault(file, line, "", "dòng hỏng: dấu ngoặc kép không đóng hoặc ký tự lạ"))
    if header is None:
        faults.append(RowFault(file, 1, "", "tệp rỗng, thiếu dòng tiêu đề"))


def _text(file: str, raw: bytes, faults: list[RowFault]) -> str | None:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # An offset counts from after the mark, but lines do not care.
        faults.append(RowFault(file, raw[: error.start].count(b"\n") + 1, "", "không phải chữ mã hoá UTF-8"))
        return None


def _delimiter(text: str) -> str:
    header = text.lstrip("\r\n").partition("\n")[0]
    return ";" if header.count(";") > header.count(",") else ","


def _header_fits(file: str, line: int, header: list[str], columns: Sequence[str], faults: list[RowFault]) -> bool:
    missing = [column for column in columns if column not in header]
    twice = sorted({column for column in columns if header.count(column) > 1})
    faults += [RowFault(file, line, column, "thiếu cột này") for column in missing]
    faults += [RowFault(file, line, column, "cột này có hai lần") for column in twice]
    return not missing and not twice
