"""Which rules on money apply to which teams and members on a day; amounts may be not stated."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from gateway import funding, members, teams
from gateway.paging import Page, Slice
from gateway.units import ancestors, homes_of


@dataclass(frozen=True, slots=True)
class Eligible:
    """A team with the rules that pay teams by the month, and its members with those that pay persons by the day."""

    team: Any
    team_rules: tuple[Any, ...]
    member_rules: tuple[Any, ...]
    members: tuple[str, ...]


def rules_of(connection: Connection, units: Sequence[str], day: date) -> dict[str, list[Any]]:
    """Rules that hold for each unit on a day, its own and those of the tiers above it; the latest first."""
    homes = homes_of(connection, units, day)
    above = ancestors(connection, sorted(set(homes.values())), day)
    chains = {unit: {home, *above.get(home, [])} for unit, home in homes.items()}
    rules = funding.LIVE.rules.c
    query = select(funding.LIVE.rules).where(rules.territory.in_(set().union(*chains.values())), funding.holding(day))
    found = connection.execute(query.order_by(rules.valid_from.desc(), rules.rule.desc())).all()
    return {unit: [row for row in found if row.territory in chain] for unit, chain in chains.items()}


def eligible_page(
    connection: Connection, day: date, visible: ColumnElement[bool], within: ColumnElement[bool], wanted: Slice
) -> Page:
    """Teams `within` by name, each with what applies to it and who serves in it."""
    page = teams.teams_page(connection, visible, within, wanted)
    rules = rules_of(connection, sorted({row.commune for row in page.rows}), day)
    serving = members.serving_on(connection, [row.team for row in page.rows], day)
    rows = []
    for row in page.rows:
        of = rules.get(row.commune, [])
        by_month, by_day = (tuple(r for r in of if r.paid_by == each) for each in ("team_month", "person_day"))
        people = tuple(person.member for person in serving.get(row.team, ()))
        rows.append(Eligible(row, by_month, by_day, people))
    return Page(rows, page.cursors, page.has_next)
