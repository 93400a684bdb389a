"""Visit codes: 12 digits a member of a team shows, by which a resident sees whether they are who they say (domain E25).

A code is derived with the gateway's own key from the day, the team and the member, and stored nowhere: four digits for
the commune, seven for the member, one to check. It changes every day, rather than being issued once and revoked, for
three reasons. A code is shown to strangers all the time, and one copied from a doorstep is worth nothing tomorrow. Who
stands down, or loses the paper, needs nobody to remember a revocation. And no event, table or card ties a person to a
number. The price: somebody must hand out the codes of the day; a leader or official may ask for those of a week and
print them. Two members may by chance (one in millions) share a code: then both are shown.

Every code that is asked about costs the same work, whether its first digits are some commune's or nobody's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hmac import compare_digest
from typing import Any

from sqlalchemy import Connection, select

from gateway import members, teams
from gateway.team_places import home_units
from gateway.tracking import Tracker, check_digit

DIGITS = 12
COMMUNE_DIGITS, MEMBER_DIGITS = 4, 7
DAYS_AHEAD = 6
"""Codes are given out for today and so many days more."""


@dataclass(frozen=True, slots=True, repr=False)
class VisitCode:
    """Somebody's code of a day; its `repr` says nothing."""

    member: str
    code: str


@dataclass(frozen=True, slots=True)
class Checked:
    """Whose code it is. `serves`: today; False for somebody who left after the code was given out."""

    member: str
    team: str
    title: str
    commune: str
    role: str
    serves: bool


def is_visit_code(digits: str) -> bool:
    """True for 12 digits with a right check digit."""
    plain = len(digits) == DIGITS and digits.isascii() and digits.isdigit()
    return plain and check_digit(digits[:-1]) == digits[-1]


def spaced(code: str) -> str:
    """`1234 5678 9012`, as it is read aloud."""
    return " ".join(code[at : at + 4] for at in range(0, DIGITS, 4))


def code_of(tracker: Tracker, day: date, commune: str, team: str, member: str) -> str:
    """The code of a member on a day."""
    body = _of_commune(tracker, day, commune)
    body += tracker.number("visit member", f"{day}/{team}/{member}", MEMBER_DIGITS)
    return body + check_digit(body)


def codes_of_team(connection: Connection, tracker: Tracker, team: str, day: date) -> list[VisitCode]:
    """The codes of all who serve in a team on a day."""
    table = teams.LIVE.teams.c
    found = connection.execute(select(table.commune, table.dissolved_on).where(table.team == team)).one_or_none()
    if found is None or (found.dissolved_on is not None and found.dissolved_on <= day):
        return []
    serving = members.serving_on(connection, [team], day).get(team, [])
    return [VisitCode(row.member, code_of(tracker, day, found.commune, team, row.member)) for row in serving]


def check(connection: Connection, tracker: Tracker, code: str, today: date) -> list[Checked]:
    """Whose code of today this is; nobody's, as a rule, when it was made up."""
    table, people = teams.LIVE.teams.c, members.LIVE.members.c
    known = sorted(connection.execute(select(table.commune).distinct()).scalars())
    if not known:
        return []
    wanted = [each for each in known if _of_commune(tracker, today, each) == code[:COMMUNE_DIGITS]]
    query = select(people.member, people.team, people.role, people.appointed_on, people.stood_down_on)
    query = query.add_columns(table.name, table.commune, table.dissolved_on)
    query = query.join_from(members.LIVE.members, teams.LIVE.teams, people.team == table.team)
    query = query.where(table.commune.in_(wanted or [known[int(code[:COMMUNE_DIGITS]) % len(known)]]))
    found: dict[tuple[str, str], tuple[Any, bool]] = {}
    for row in connection.execute(query.where(people.appointed_on <= today.isoformat()).order_by(people.appointed_on)):
        ended = min((day for day in (row.stood_down_on, row.dissolved_on) if day is not None), default=None)
        if ended is not None and ended < today - timedelta(days=DAYS_AHEAD):
            continue
        if compare_digest(code_of(tracker, today, row.commune, row.team, row.member), code):
            found[row.team, row.member] = (row, ended is None or ended > today)
    places = home_units(connection, sorted({row.team for row, _ in found.values()}), today) if found else {}
    return [
        Checked(row.member, row.team, row.name, places[row.team].name, row.role, serves)
        for row, serves in found.values()
        if row.team in places
    ]


def days_of_codes(today: date) -> Sequence[date]:
    """The days codes are given out for."""
    return [today + timedelta(days=number) for number in range(DAYS_AHEAD + 1)]


def _of_commune(tracker: Tracker, day: date, commune: str) -> str:
    return tracker.number("visit commune", f"{day}/{commune}", COMMUNE_DIGITS)
