"""What was recorded of a team or a member in a period: the figures on which they are commended or evaluated.

Everything is counted from visits and trainings, nothing is typed in. Voided visits do not count. A visit counts for a
member only where it says who made it. None: not counted for such.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, case, func, select

from gateway import learning, members, visits
from gateway.rows import counted


@dataclass(frozen=True, slots=True)
class Evidence:
    """Visits and attendances in times, households in distinct households, days in days, members in persons."""

    visits: int
    households_visited: int
    households_guided: int
    activity_days: int
    members: int | None
    """Who served in the team on the period's last day; None of a member."""
    members_trained: int | None
    trainings_attended: int


def evidence_of(connection: Connection, team: str, member: str | None, first: date, last: date) -> Evidence:
    """The figures from `first` to `last`, both included."""
    table = visits.LIVE.visits.c
    guided = case((table.outcome == "guided", table.household))
    made = select(
        func.count().label("visits"),
        func.count(table.household.distinct()).label("households"),
        func.count(guided.distinct()).label("guided"),
        func.count(table.visited_on.distinct()).label("days"),
    ).where(
        table.team == team,
        table.status != "voided",
        table.visited_on >= first.isoformat(),
        table.visited_on <= last.isoformat(),
    )
    if member is not None:
        made = made.where(table.member == member)
        people = [member]
    else:
        people = [row.member for row in members.serving_on(connection, [team], last).get(team, [])]
    found = connection.execute(made).one()
    attended = learning.trainings_attended(connection, people, first, last)
    return Evidence(
        visits=found.visits,
        households_visited=found.households,
        households_guided=found.guided,
        activity_days=found.days,
        members=len(people) if member is None else None,
        members_trained=len(attended) if member is None else None,
        trainings_attended=sum(attended.values()),
    )


@dataclass(frozen=True, slots=True)
class MemberRecord:
    """Attendances and visits in times, days in days; `team_visits` are all of the team, whoever made them."""

    trainings_attended: int = 0
    visits: int = 0
    activity_days: int = 0
    team_visits: int = 0


def records_of(
    connection: Connection, pairs: Collection[tuple[str, str]], first: date, last: date
) -> dict[tuple[str, str], MemberRecord]:
    """The figures of each (team, member) from `first` to `last`, both included; three statements for all of them."""
    table = visits.LIVE.visits.c
    days = (func.count(), func.count(table.visited_on.distinct()))
    made = select(table.team, table.member, *days).where(
        table.team.in_({team for team, _ in pairs}),
        table.status != "voided",
        table.visited_on >= first.isoformat(),
        table.visited_on <= last.isoformat(),
    )
    own = made.where(table.member.in_({member for _, member in pairs})).group_by(table.team, table.member)
    of_member = {(team, member): (times, on_days) for team, member, times, on_days in connection.execute(own)}
    whole = made.with_only_columns(table.team, func.count()).group_by(table.team)
    of_team = counted(connection, whole)
    attended = learning.trainings_attended(connection, sorted({member for _, member in pairs}), first, last)
    return {
        (team, member): MemberRecord(
            attended.get(member, 0), *of_member.get((team, member), (0, 0)), of_team.get(team, 0)
        )
        for team, member in pairs
    }
