"""What was recorded of a team or a member in a period: the figures a proposal to commend them rests on.

Everything is counted from visits and trainings, nothing is typed in. Voided visits do not count. A visit counts for a
member only where it says who made it. None: not counted for such.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, case, func, select

from gateway import learning, members, visits


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
