"""Cells of office files, read and written so that no spreadsheet runs what somebody typed.

A cell that begins with `=`, `+`, `-` or `@` is a formula to a spreadsheet. On the way out such a text gets an
apostrophe before it; on the way in one with its apostrophe is read without it, and one without is refused: nobody's
name or number begins so, and what came from a formula is not what was typed. A telephone number may begin with `+84`.

The same holds after a semicolon, tab or line break within a cell: a spreadsheet whose list separator is the semicolon
(a Vietnamese one) splits our commas' file there. A semicolon before anything else is a semicolon.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TypeVar

from services.kernel.csv_rows import BadCell, Row

T = TypeVar("T")

_FORMULA = re.compile(r"[=+\-@＝＋－＠]")
_ESCAPED = re.compile(r"'+[=+\-@＝＋－＠]")
_AFTER_SEPARATOR = re.compile(r"""([;\t\r\n][;\s"]*)('*)([=+\-@＝＋－＠])?""")
"""What may separate cells, apostrophes after it, a sign if one follows: matched without it too, to be passed once."""
BOM = "\ufeff"
"""Without it spreadsheets take UTF-8 for an old code page."""


def plain(row: Row, may_begin_with_plus: Sequence[str] = ()) -> Row:
    """The row without the apostrophes of an export. Raises `BadCell` for what a spreadsheet would run."""
    cells: dict[str, str] = {}
    for column, text in row.cells.items():
        if _FORMULA.match(text) and not (column in may_begin_with_plus and text.startswith("+")):
            raise BadCell(column, "không được bắt đầu bằng =, +, - hoặc @ (bảng tính hiểu là công thức)")
        if any(sign and not apostrophes for _, apostrophes, sign in _AFTER_SEPARATOR.findall(text)):
            signs = "không được có =, +, - hoặc @ ngay sau dấu ; hoặc dấu tab (bảng tính hiểu là công thức)"
            raise BadCell(column, signs)
        words = _AFTER_SEPARATOR.sub(lambda found: found[0].replace("'", "", 1) if found[3] else found[0], text)
        cells[column] = words[1:] if _ESCAPED.match(text) else words
    return Row(row.line, cells)


def escaped(text: str) -> str:
    """`text` as a spreadsheet shows it and does not run it."""
    text = _AFTER_SEPARATOR.sub(lambda found: f"{found[1]}'{found[2]}{found[3]}" if found[3] else found[0], text)
    return f"'{text}" if _FORMULA.match(text) or _ESCAPED.match(text) else text


def written(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A CSV file: UTF-8 with its mark, commas, CRLF; days dd/mm/yyyy, decimal commas, nothing for what is not known."""
    text = io.StringIO(BOM, newline="")
    text.seek(0, io.SEEK_END)
    lines = csv.writer(text, lineterminator="\r\n")
    lines.writerow(columns)
    for row in rows:
        lines.writerow([escaped(_shown(value)) for value in row])
    return text.getvalue().encode()


def day(row: Row, column: str) -> date:
    """A day that must be there. Raises `BadCell`."""
    found = row.day(column)
    if found is None:
        raise BadCell(column, "không được để trống")
    return found


def past_day(row: Row, column: str, today: date) -> date:
    """A day that must be there and not lie in the future. Raises `BadCell`."""
    return not_future(column, day(row, column), today)


def past_day_or_none(row: Row, column: str, today: date) -> date | None:
    """The same of one that may be left out. Raises `BadCell`."""
    found = row.day(column)
    return None if found is None else not_future(column, found, today)


def not_future(column: str, found: date, today: date) -> date:
    """`found`. Raises `BadCell` when it has not come yet."""
    if found > today:
        raise BadCell(column, "không được là ngày tương lai")
    return found


def coded(row: Row, column: str, words: Mapping[str, T]) -> T:
    """The code of a Vietnamese word, or a code itself. Raises `BadCell`."""
    found = coded_or_none(row, column, words)
    if found is None:
        raise BadCell(column, "không được để trống")
    return found


def coded_or_none(row: Row, column: str, words: Mapping[str, T]) -> T | None:
    """The same of one that may be left out: not said. Raises `BadCell`."""
    text = row.cells[column].casefold()
    if not text:
        return None
    if text in words:
        return words[text]
    for code in words.values():
        if code == text:
            return code
    raise BadCell(column, f"phải là một trong: {', '.join(words)}")


def word_of(words: Mapping[str, T], code: T | None) -> str:
    """The Vietnamese word for a code; the code itself when there is none, nothing for None."""
    return "" if code is None else next((word for word, each in words.items() if each == code), str(code))


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        # The shortest digits that are this number, and never an exponent.
        return f"{Decimal(repr(value)).normalize():f}".replace(".", ",")
    return value.strftime("%d/%m/%Y") if isinstance(value, date) else str(value)
