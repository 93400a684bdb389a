"""Arguments as people write them: ids, unit codes, quarters; checked before anything is asked."""

import re
from datetime import date
from uuid import UUID

from sqlalchemy import Connection

from gateway.errors import InvalidInput, NotFound
from gateway.units import require_day, unit_by_code

_QUARTER = re.compile(r"20\d\d-Q[1-4]")
_CODE = re.compile(r"\d{2,9}")


def id_of(text: str | None, field: str) -> str:
    """A UUID in its canonical form. Raises `InvalidInput`."""
    try:
        return str(UUID(text or ""))
    except ValueError:
        raise InvalidInput(f"`{field}` phải là mã UUID.", field=field) from None


def unit_id_of(connection: Connection, text: str, day: date, field: str = "unit") -> str:
    """The id of a unit given by id or by the code of a day. Raises `InvalidInput`, `NotFound`, `MapNotKnown`."""
    if not _CODE.fullmatch(text):
        found = id_of(text, field)
        require_day(connection, [found], day)
        return found
    unit = unit_by_code(connection, text, day)
    if unit is None:
        raise NotFound("Không có đơn vị hành chính nào mang mã này vào ngày này.", field=field)
    return unit.unit


def quarter_of(text: str | None, today: date) -> str:
    """A quarter such as '2026-Q4', by default the one of today. Raises `InvalidInput`."""
    if text is None:
        return f"{today.year}-Q{(today.month + 2) // 3}"
    if not _QUARTER.fullmatch(text):
        raise InvalidInput("`quarter` phải có dạng 2026-Q4.", field="quarter")
    return text
