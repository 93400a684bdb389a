"""Who owes a roster, and who was late: by the rule of the plan in force, down to the section that says so.

"Chậm nhất ngày" includes its day, "trước ngày" does not: then the last good day is the one before. Which tiers there
are is the plan's and the map's: a district owes one as long as it stood and the plan asked it. What counts is the day
of the first version, so that a correction makes nobody late. A plan without a day makes nobody late either.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from gateway import policies, rosters
from gateway.paging import Page, Slice, page_of, sifted
from gateway.unit_tree import below
from gateway.units import COLUMNS, LIVE as MAP, in_force, unit_from

LEVEL_OF: Mapping[str, str] = {
    "commune": "commune",
    "district": "district",
    "department": "province",
    "province": "province",
}
"""Whose roster a tier's is."""
IN_TIME, AFTER_THE_DAY, SUBMITTED = "in_time", "after_the_day", "submitted"
OVERDUE, DUE = "overdue", "due"


@dataclass(frozen=True, slots=True)
class RosterDue:
    """What a unit owes under a plan, and what became of it by the day asked about."""

    unit: Any
    tier: str
    rule: Mapping[str, Any]
    profile: Any
    last_day: date | None
    status: str
    submitted_on: date | None
    roster: Any | None
    """The last version."""


def dues(
    connection: Connection,
    unit: str,
    tier: str,
    day: date,
    visible: ColumnElement[bool],
    wanted: Slice,
    status: str | None = None,
    profile: Any | None = None,
) -> Page:
    """What the units of a tier owe at or below `unit`, by name, as things were at the end of `day`.

    By the nearest plan in force that asks them, or by `profile`, also once that is over: then the units are those that
    stood on its last day. `visible` is the viewer's scope as a condition on the map's units.
    """
    on = day if profile is None or profile.last_day is None else min(day, profile.last_day)
    tree = below([unit], on)
    query = select(*COLUMNS, MAP.units.c.sort_key).where(
        MAP.units.c.unit.in_(select(tree.c.unit)), MAP.units.c.level == LEVEL_OF[tier], in_force(on), visible
    )

    def owed(rows: list[Any]) -> list[RosterDue | None]:
        asked = _asked(connection, [row.unit for row in rows], tier, on, profile)
        plans = sorted({plan.profile for _, plan in asked.values()})
        sent = rosters.sent_by(connection, [row.unit for row in rows], plans, tier, day)
        made: list[RosterDue | None] = []
        for row in rows:
            if row.unit not in asked:
                made.append(None)
                continue
            rule, plan = asked[row.unit]
            due = _due(unit_from(row, on), tier, rule, plan, sent.get((row.unit, plan.profile), []), day)
            made.append(due if status in (None, due.status) else None)
        return made

    order = [MAP.units.c.sort_key, MAP.units.c.unit]
    return sifted(lambda part: page_of(connection, query, order, part), owed, wanted)


def open_dues(connection: Connection, wanted: Sequence[str], day: date) -> list[RosterDue]:
    """What each of these units owes on a day and has not handed on by then, in time still or not; by tier and name."""
    table, found = MAP.units, list[RosterDue]()
    for tier, level in LEVEL_OF.items():
        query = select(*COLUMNS).where(table.c.unit.in_(wanted), table.c.level == level, in_force(day))
        rows = connection.execute(query.order_by(table.c.sort_key, table.c.unit)).all()
        asked = _asked(connection, [row.unit for row in rows], tier, day, None)
        plans = sorted({plan.profile for _, plan in asked.values()})
        sent = rosters.sent_by(connection, [row.unit for row in rows], plans, tier, day)
        owing = [row for row in rows if row.unit in asked and not sent.get((row.unit, asked[row.unit][1].profile))]
        found += [_due(unit_from(row, day), tier, *asked[row.unit], [], day) for row in owing]
    return found


def _asked(
    connection: Connection, units: Sequence[str], tier: str, day: date, profile: Any | None
) -> dict[str, tuple[Mapping[str, Any], Any]]:
    """The rule that asks each unit for a roster, and its plan; units nobody asks are left out."""
    if profile is None:
        held = policies.profiles_in_force(connection, units, day)
    else:
        there = set(connection.execute(select(below([profile.territory], day).c.unit)).scalars())
        held = {unit: [profile] for unit in units if unit in there}
    found = {unit: policies.stated(plans, "due", what="roster", tier=tier) for unit, plans in held.items()}
    return {unit: stated for unit, stated in found.items() if stated is not None}


def _due(unit: Any, tier: str, rule: Mapping[str, Any], plan: Any, versions: Sequence[Any], day: date) -> RosterDue:
    last_day = policies.last_day_of(rule)
    if versions:
        first = versions[0].submitted_on
        in_time = IN_TIME if last_day is None or first <= last_day else AFTER_THE_DAY
        done = SUBMITTED if last_day is None else in_time
        return RosterDue(unit, tier, rule, plan, last_day, done, first, versions[-1])
    status = DUE if last_day is None or day <= last_day else OVERDUE
    return RosterDue(unit, tier, rule, plan, last_day, status, None, None)
