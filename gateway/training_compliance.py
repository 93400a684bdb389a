"""Every member trained every year (002 §II.2, indicator TRN-01): figures by unit, who is not yet, who missed what.

Counted are those who serve on the year's last day, in the running year on the day asked; trained is who attended a
training here, or completed a course elsewhere, within the year up to that day. Somebody in two teams is one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select, union

from gateway import learning, members, teams
from gateway.coverage import percent
from gateway.paging import Page, Slice, page_of
from gateway.team_places import lying
from gateway.unit_tree import belonging


@dataclass(frozen=True, slots=True)
class Trained:
    """Distinct members belonging to a unit."""

    members: int = 0
    trained: int = 0

    @property
    def rate(self) -> str | None:
        """Percent with one decimal as text, None without members."""
        return percent(self.trained, self.members)


def day_of(year: int, today: date) -> date:
    """The day on which a year is counted: its last, or today."""
    return min(date(year, 12, 31), today)


# Questions; `visible` is the viewer's scope as a condition on `teams`


def figures_of(
    connection: Connection, roots: Sequence[str], day: date, visible: ColumnElement[bool]
) -> dict[str, Trained]:
    """The figures of each unit in the year of a day; a unit without members is left out."""
    there, team, person = lying(belonging(roots, day), day), teams.LIVE.teams, members.LIVE.members
    serving = (
        select(there.c.root, person.c.member)
        .join(team, team.c.team == there.c.team)
        .join(person, person.c.team == team.c.team)
        .where(teams.stands(day), visible, *members.serving(day))
        .distinct()
        .subquery("serving")
    )
    done = _trained(day).subquery("done")
    query = select(serving.c.root, func.count().label("members"), func.count(done.c.member).label("trained"))
    query = query.outerjoin(done, done.c.member == serving.c.member).group_by(serving.c.root)
    return {row.root: Trained(row.members, row.trained) for row in connection.execute(query)}


def untrained_page(connection: Connection, unit: str, day: date, visible: ColumnElement[bool], wanted: Slice) -> Page:
    """Members who are not trained yet in the year of a day."""
    person = members.LIVE.members.c
    return page_of(connection, _untrained(unit, day, visible), [person.member], wanted)


def untrained_count(connection: Connection, unit: str, day: date, visible: ColumnElement[bool]) -> int:
    """How many they are."""
    return connection.execute(select(func.count()).select_from(_untrained(unit, day, visible).subquery())).scalar_one()


def missed_page(connection: Connection, unit: str, day: date, visible: ColumnElement[bool], wanted: Slice) -> Page:
    """Trainings of the year that members were asked to and missed, the latest first."""
    table, there = learning.LIVE.trainings.c, learning.LIVE.attendance.c
    order = [table.first_day, there.training, there.member]
    return page_of(connection, _missed(unit, day, visible), order, wanted, descending=True)


def missed_count(connection: Connection, unit: str, day: date, visible: ColumnElement[bool]) -> int:
    """How many."""
    return connection.execute(select(func.count()).select_from(_missed(unit, day, visible).subquery())).scalar_one()


def _serving(unit: str, day: date, visible: ColumnElement[bool]) -> Select[Any]:
    person = members.LIVE.members.c
    query = select(person.member).join(teams.LIVE.teams, teams.LIVE.teams.c.team == person.team)
    return query.where(*members.serving_below(unit, day, visible)).distinct()


def _trained(day: date) -> Select[Any]:
    """Whoever was trained in the year of a day up to it, each once."""
    there, done, first = learning.LIVE.attendance.c, learning.LIVE.completions.c, date(day.year, 1, 1)
    here = select(there.member).where(there.present, there.held_on.between(first, day))
    elsewhere = select(done.member).where(done.completed_on.between(first, day))
    return select(union(here, elsewhere).subquery("either").c.member)


def _untrained(unit: str, day: date, visible: ColumnElement[bool]) -> Select[Any]:
    return _serving(unit, day, visible).where(members.LIVE.members.c.member.not_in(_trained(day)))


def _missed(unit: str, day: date, visible: ColumnElement[bool]) -> Select[Any]:
    trainings, there = learning.LIVE.trainings, learning.LIVE.attendance.c
    query = select(there.member, there.training, there.held_on, trainings.c.name, trainings.c.mode)
    return query.join(trainings, trainings.c.training == there.training).where(
        there.present.is_(False),
        there.held_on.between(date(day.year, 1, 1), day),
        there.member.in_(_serving(unit, day, visible)),
    )
