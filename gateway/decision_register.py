"""The register of decisions on teams: which decision of which day established, renewed, launched or dissolved which.

A decision on one team is known from the team, one on many from its own record too; either way it is one entry, by unit,
number and day. A launch that no decision speaks of is none: its day alone is told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, select, tuple_, union

from gateway import decisions, teams
from gateway.paging import Page, Slice, page_of

LAUNCHED = "launched"


@dataclass(frozen=True, slots=True)
class Registered:
    """A decision; `acts` are (kind, team). `decision` is the id of one on many teams, None of one on a single team."""

    unit: str
    decision_no: str
    decision_date: date
    signer: str | None
    decision: str | None
    acts: tuple[tuple[str, str], ...]


# Questions; `of_teams` and `of_units` are the viewer's scope as conditions on `teams` and `issued_decisions`


def register_page(
    connection: Connection,
    of_teams: ColumnElement[bool],
    of_units: ColumnElement[bool],
    within: Select[Any] | None,
    since: date | None,
    until: date | None,
    wanted: Slice,
) -> Page:
    """Decisions of units `within`, of days from `since` to `until`, the latest first."""
    entries = _entries(of_teams, of_units, within, since, until).subquery("entries")
    found = entries.c
    page = page_of(
        connection, select(entries), [found.decision_date, found.decision_no, found.unit], wanted, descending=True
    )
    return Page(_told(connection, of_teams, of_units, page.rows), page.cursors, page.has_next)


def register_count(
    connection: Connection,
    of_teams: ColumnElement[bool],
    of_units: ColumnElement[bool],
    within: Select[Any] | None,
    since: date | None,
    until: date | None,
) -> int:
    """How many there are."""
    found = _entries(of_teams, of_units, within, since, until).subquery()
    return connection.execute(select(func.count()).select_from(found)).scalar_one()


def _entries(
    of_teams: ColumnElement[bool],
    of_units: ColumnElement[bool],
    within: Select[Any] | None,
    since: date | None,
    until: date | None,
) -> Select[Any]:
    issued = decisions.LIVE.decisions
    many = select(
        issued.c.unit, issued.c.decision_date, issued.c.decision_no, issued.c.signer, issued.c.decision
    ).where(of_units)
    both = union(_on_teams(of_teams), many).subquery("both").c
    # Of one decision each team was told the same: one row, whoever told it.
    query = select(
        *(both.unit, both.decision_date, both.decision_no),
        *(func.max(both.signer).label("signer"), func.max(both.decision).label("decision")),
    ).group_by(both.unit, both.decision_date, both.decision_no)
    if within is not None:
        query = query.where(both.unit.in_(within))
    if since is not None:
        query = query.where(both.decision_date >= since.isoformat())
    if until is not None:
        query = query.where(both.decision_date <= until.isoformat())
    return query


def _on_teams(of_teams: ColumnElement[bool]) -> Select[Any]:
    """What each team was told of a decision; the unit is the one that decided, where that is recorded."""
    told, team, issued = teams.LIVE.decisions, teams.LIVE.teams, decisions.LIVE.decisions
    same = and_(
        issued.c.decision_no == told.c.decision_no,
        issued.c.decision_date == told.c.decision_date,
        issued.c.acts.contains(told.c.team),
    )
    unit = func.coalesce(issued.c.unit, team.c.commune).label("unit")
    query = select(unit, told.c.decision_date, told.c.decision_no, told.c.signer, issued.c.decision)
    return query.join(team, team.c.team == told.c.team).outerjoin(issued, same).where(of_teams)


def _told(
    connection: Connection, of_teams: ColumnElement[bool], of_units: ColumnElement[bool], rows: Sequence[Any]
) -> list[Registered]:
    told, team = teams.LIVE.decisions.c, teams.LIVE.teams.c
    keys = {(row.decision_date, row.decision_no) for row in rows}
    acts: dict[tuple[str, str, str], list[tuple[str, str]]] = {}
    these = _on_teams(of_teams).add_columns(told.kind, told.team)
    these = these.where(tuple_(told.decision_date, told.decision_no).in_(keys)).order_by(team.sort_key, told.team)
    for row in connection.execute(these):
        acts.setdefault((row.unit, row.decision_date, row.decision_no), []).append((row.kind, row.team))
    issued = decisions.LIVE.decisions
    many = select(issued).where(of_units, issued.c.decision.in_({row.decision for row in rows if row.decision}))
    for row in connection.execute(many):
        launched = [(LAUNCHED, act["team"]) for act in decisions.acts_of(row) if act["act"] == "launch"]
        acts.setdefault((row.unit, row.decision_date, row.decision_no), []).extend(launched)
    return [
        Registered(
            row.unit,
            row.decision_no,
            date.fromisoformat(row.decision_date),
            row.signer,
            row.decision,
            tuple(acts.get((row.unit, row.decision_date, row.decision_no), ())),
        )
        for row in rows
    ]
