"""Who in which team masters what, and who of a unit's teams comes from which organisation, on a day."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, select

from gateway import members, skills, teams
from gateway.paging import Page, Slice
from gateway.team_places import standing_below


@dataclass(frozen=True, slots=True)
class MemberSkill:
    """A member by their last assessment up to the day; None for what nobody has assessed or confirmed by then."""

    member: str
    role: str
    skill: str | None
    assessed_on: date | None
    confirmed_on: date | None


@dataclass(frozen=True, slots=True)
class TeamSkills:
    """A team and everybody who serves in it."""

    team: Any
    people: tuple[MemberSkill, ...]

    def count(self, skill: str | None) -> int:
        """How many stand at a level; None: never assessed."""
        return Counter(each.skill for each in self.people)[skill]

    @property
    def confirmed(self) -> int:
        """How many master digital skills by an office's word."""
        return sum(each.confirmed_on is not None and each.skill in ("basic", "advanced") for each in self.people)


# Questions; `visible` is the viewer's scope as a condition on `teams`


def matrix_page(connection: Connection, unit: str, day: date, visible: ColumnElement[bool], wanted: Slice) -> Page:
    """Teams by name, each with its members' skills: three statements a page."""
    page = teams.teams_page(connection, visible, standing_below(unit, day), wanted)
    serving = members.serving_on(connection, [row.team for row in page.rows], day)
    people = sorted({person.member for found in serving.values() for person in found})
    last = skills.skill_of(connection, people, day)
    rows = [TeamSkills(row, _of(serving.get(row.team, ()), last, day)) for row in page.rows]
    return Page(rows, page.cursors, page.has_next)


def _of(people: Sequence[Any], last: dict[str, Any], day: date) -> tuple[MemberSkill, ...]:
    found = []
    for person in people:
        told = last.get(person.member)
        if told is None:
            found.append(MemberSkill(person.member, person.role, None, None, None))
            continue
        confirmed = told.confirmed_on if told.confirmed_on is not None and told.confirmed_on <= day else None
        on = date.fromisoformat(told.assessed_on)
        found.append(MemberSkill(person.member, person.role, told.skill, on, confirmed))
    return tuple(found)


def by_organisation(connection: Connection, unit: str, day: date, visible: ColumnElement[bool]) -> list[Any]:
    """Distinct members, leaders, deputies and teams by the kind of organisation members come from (TEAM-03)."""
    people = members.LIVE.members.c

    def holding(role: str) -> ColumnElement[int]:
        return func.count(case((people.role == role, people.member)).distinct())

    query = select(
        people.organisation_kind,
        func.count(people.member.distinct()).label("members"),
        holding("leader").label("leaders"),
        holding("deputy").label("deputies"),
        func.count(people.team.distinct()).label("teams"),
    ).join(teams.LIVE.teams, teams.LIVE.teams.c.team == people.team)
    query = query.where(*members.serving_below(unit, day, visible)).group_by(people.organisation_kind)
    rows = connection.execute(query)
    return sorted(rows, key=lambda row: (-row.members, row.organisation_kind or ""))
