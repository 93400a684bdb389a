"""Days on which members were active, as evidence for what is paid by person and day or by team and month.

A member was active on a day with at least one visit that says they made it and was not voided. Visits that say nobody
are counted for the team beside it: nothing is guessed. What follows for an allocation is a proposal, no more.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from gateway import members, teams, visits
from gateway.paging import Page, Slice, page_of


@dataclass(frozen=True, slots=True)
class ActivityDays:
    """A member of a team in a span of days."""

    team: str
    member: str
    role: str
    days: tuple[date, ...] = ()
    visits: int = 0
    team_visits_of_nobody: int = 0
    """Of the team: those that do not say who made them."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a rule would be allocated for by what is recorded; None: nothing recorded bears on it."""

    quantity: int | None
    amount: int | None
    people: tuple[ActivityDays, ...]
    visits_of_nobody: int


# Questions; `visible` is the viewer's scope as a condition on `teams`


def activity_page(
    connection: Connection,
    first: date,
    last: date,
    visible: ColumnElement[bool],
    within: Sequence[ColumnElement[bool]],
    wanted: Slice,
) -> Page:
    """Everybody who served on some day from `first` to `last`, by team."""
    team, people = teams.LIVE.teams.c, members.LIVE.members.c
    query = members.served_between(first, last, visible, within)
    page = page_of(connection, query, [team.sort_key, people.team, people.member], wanted)
    return Page(_told(connection, first, last, page.rows), page.cursors, page.has_next)


def activity_count(
    connection: Connection,
    first: date,
    last: date,
    visible: ColumnElement[bool],
    within: Sequence[ColumnElement[bool]],
) -> int:
    """How many they are."""
    query = members.served_between(first, last, visible, within).subquery()
    return connection.execute(select(func.count()).select_from(query)).scalar_one()


def proposal(connection: Connection, rule: Any, team: str, first: date, last: date) -> Proposal:
    """Person-days of all members, or months in which the team made a visit, on days on which the rule holds."""
    first = max(first, date.fromisoformat(rule.valid_from))
    last = last if rule.last_day is None else min(last, date.fromisoformat(rule.last_day))
    rows = connection.execute(members.served_between(first, last, teams.LIVE.teams.c.team == team, [])).all()
    people = _told(connection, first, last, rows)
    made = _visits(connection, [team], first, last)
    match rule.paid_by:
        case "person_day":
            quantity: int | None = sum(len(each.days) for each in people)
        case "team_month":
            quantity = len({(day.year, day.month) for _, _, day in made})
        case _:
            quantity = None
    amount = None if quantity is None or rule.amount is None else quantity * rule.amount
    return Proposal(quantity, amount, tuple(people), _of_nobody(made).get(team, 0))


_Made = dict[tuple[str, str | None, date], int]
"""Visits by team, member and day."""


def _visits(connection: Connection, of: Collection[str], first: date, last: date) -> _Made:
    table = visits.LIVE.visits.c
    query = select(table.team, table.member, table.visited_on, func.count().label("visits")).where(
        table.team.in_(of),
        table.status != "voided",
        table.visited_on >= first.isoformat(),
        table.visited_on <= last.isoformat(),
    )
    rows = connection.execute(query.group_by(table.team, table.member, table.visited_on).order_by(table.visited_on))
    return {(row.team, row.member, date.fromisoformat(row.visited_on)): row.visits for row in rows}


def _of_nobody(made: _Made) -> dict[str, int]:
    found: dict[str, int] = {}
    for (team, member, _), times in made.items():
        if member is None:
            found[team] = found.get(team, 0) + times
    return found


def _told(connection: Connection, first: date, last: date, rows: Sequence[Any]) -> list[ActivityDays]:
    made = _visits(connection, {row.team for row in rows}, first, last)
    nobody, of = _of_nobody(made), dict[tuple[str, str | None], list[tuple[date, int]]]()
    for (team, member, day), times in made.items():
        of.setdefault((team, member), []).append((day, times))
    told = []
    for row in rows:
        on = of.get((row.team, row.member), [])
        days, times = tuple(day for day, _ in on), sum(each for _, each in on)
        told.append(ActivityDays(row.team, row.member, row.role, days, times, nobody.get(row.team, 0)))
    return told
