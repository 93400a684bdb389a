"""Which days something in the field may be dated: from the first plan of the sources until today in Vietnam.

Errors:

    Refused
    ├── DayInFuture    "DAY_IN_FUTURE"
    └── DayTooEarly    "DAY_TOO_EARLY"
"""

from datetime import date, datetime

from services.kernel.clock import business_date
from services.kernel.decider import Refused

FIRST_DAY = date(2022, 1, 1)
"""Teams exist since 2022 (793/BTTTT-THH of 05/3/2022; Kiên Giang's plan of 2022): an earlier date is a typing error."""


class DayInFuture(Refused):
    """The day has not begun in Vietnam."""

    code = "DAY_IN_FUTURE"


class DayTooEarly(Refused):
    """No team existed on that day."""

    code = "DAY_TOO_EARLY"


def check_day(day: date, at: datetime, field: str) -> None:
    """Refuse a `day` after the Vietnamese date of `at` (UTC would be wrong by seven hours) or before `FIRST_DAY`."""
    if day > business_date(at):
        raise DayInFuture("Ngày không được sau ngày hôm nay.", field=field)
    if day < FIRST_DAY:
        raise DayTooEarly(f"Ngày không được trước {FIRST_DAY:%d/%m/%Y}.", field=field)
