"""Time: instants are UTC, business dates are Vietnamese.

Nothing below the edges reads a clock; it is passed in as a `Clock` or arrives inside the command.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo

Clock: TypeAlias = Callable[[], datetime]

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


def system_clock() -> datetime:
    """The current instant in UTC."""
    return datetime.now(UTC)


def business_date(instant: datetime) -> date:
    """The calendar date in Vietnam at `instant`; UTC quarter edges would be wrong by seven hours."""
    return instant.astimezone(VIETNAM).date()


def to_text(instant: datetime) -> str:
    """ISO 8601 in UTC with six decimals: sorts as text, reads the same from both databases."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def from_text(text: str) -> datetime:
    """The inverse of `to_text`."""
    return datetime.fromisoformat(text)
