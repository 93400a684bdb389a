"""The day on which the plan in force has awards given, and what is due before it (002 §IV.1: 10 October)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from gateway import commendations, policies

_OPEN = ("proposed", "selected", "approved")


@dataclass(frozen=True, slots=True)
class AwardDay:
    """A day and the rule of the profile that names it."""

    day: date
    rule: Mapping[str, Any]
    profile: Any


def award_day(connection: Connection, unit: str, year: int) -> AwardDay | None:
    """The day named by the plan that is in force for the unit on that very day; None where no plan names one."""
    for day in _named(connection, year):
        plans = policies.profiles_in_force(connection, [unit], day)[unit]
        found = policies.stated(plans, "yearly_day", what="awards")
        if found is not None and (found[0]["month"], found[0]["day"]) == (day.month, day.day):
            return AwardDay(day, *found)
    return None


def _named(connection: Connection, year: int) -> list[date]:
    """Days of a year that any plan names for awards; a day that year does not have is nobody's."""
    table = policies.LIVE.profiles
    first, last = date(year, 1, 1), date(year, 12, 31)
    held = select(table).where(
        table.c.status == "published",
        table.c.valid_from <= last,
        or_(table.c.last_day.is_(None), table.c.last_day >= first),
    )
    days = set()
    for profile in connection.execute(held):
        found = policies.stated([profile], "yearly_day", what="awards")
        try:
            days |= set() if found is None else {date(year, found[0]["month"], found[0]["day"])}
        except ValueError:
            continue
    return sorted(days)


def still_open(by: date) -> ColumnElement[bool]:
    """Commendations proposed by a day that are neither declined nor awarded yet."""
    table = commendations.LIVE.commendations.c
    return and_(table.status.in_(_OPEN), table.proposed_on <= by.isoformat())
