"""The way back: units, hamlets, teams, members as the files they could have come from; taken in, they change nothing.

Teams that are dissolved are left out, and who served in them. What was of a commune that went whole into another is
told under the code of the one it belongs to today. Units are told as of any day, each row with that day.
Names and telephone numbers of people are not in it: they are read one by one, and each reading is recorded.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import CTE, ColumnElement, Connection, Select, case, select

from gateway import members, teams, units
from gateway.roster.cells import word_of, written
from gateway.roster.files import (
    COLUMNS,
    LEVELS,
    OPTIONAL,
    ORGANISATIONS,
    ROLES,
    SEPARATOR,
    SHOWN,
    TIERS,
    YES_NO,
    Kind,
)
from gateway.team_ground import FOR_EVER
from gateway.team_places import homes, lying_in
from gateway.unit_tree import belonging, below
from gateway.viewer import Scope

Query = TypeVar("Query", bound=Select[*tuple[Any, ...]])
Line: TypeAlias = Sequence[object]
Lines: TypeAlias = Callable[[Connection, CTE, Scope, date], Iterator[Line]]


def template(kind: Kind) -> bytes:
    """An empty file with its columns."""
    return written((*COLUMNS[kind], *SHOWN[kind]), [])


def export(connection: Connection, kind: Kind, unit: str, day: date, scope: Scope) -> bytes:
    """Everything of a kind below a unit, as far as the viewer may see, in Vietnamese order.

    `day` is today, for units any day. Raises `MapNotKnown`.
    """
    if kind == "units":
        lines = _units(connection, unit, day, scope)
    else:
        known: dict[Kind, Lines] = {"hamlets": _hamlets, "teams": _teams, "members": _members}
        lines = known[kind](connection, belonging([unit], day), scope, day)
    return written((*COLUMNS[kind], *OPTIONAL[kind]), lines)


def _units(connection: Connection, unit: str, day: date, scope: Scope) -> Iterator[Line]:
    for root in units.units_by_id(connection, [unit], day).values():
        units.require_known(connection, root, day)
    table, parents, tree = units.LIVE.units, units.LIVE.units.alias("parents"), below([unit], day)
    query = select(table, parents.c.code.label("above")).join_from(tree, table, tree.c.unit == table.c.unit)
    query = query.join(parents, (parents.c.unit == table.c.parent) & units.told_on(day, parents))
    # What lay below on another day need not be held today, what it lay under must be.
    query = query.where(tree.c.unit != tree.c.root, units.told_on(day), scope.communes(tree.c.root))
    # Whoever takes the file in elsewhere needs parents first.
    tier = case({level: place for place, level in enumerate(TIERS.values())}, value=table.c.level)
    for row in connection.execute(query.order_by(tier, table.c.sort_key, table.c.unit)):
        yield (
            row.code,
            row.name,
            row.kind,
            word_of(TIERS, row.level),
            row.above,
            row.valid_from,
            row.lat,
            row.lon,
            row.area_km2,
            day,
        )


def _hamlets(connection: Connection, tree: CTE, scope: Scope, today: date) -> Iterator[Line]:
    hamlets, communes, here = units.LIVE.hamlets.c, units.LIVE.units.c, select(tree.c.unit)
    query = select(communes.code, hamlets.name, hamlets.kind, hamlets.valid_from, hamlets.hamlet)
    query = _at_home(connection, query.select_from(units.LIVE.hamlets), hamlets.commune, here, today)
    query = query.where(hamlets.commune.in_(here), scope.hamlets(hamlets.hamlet))
    query = query.where(units.in_force(today, units.LIVE.hamlets))
    yield from map(tuple, connection.execute(query.order_by(communes.code, hamlets.sort_key, hamlets.hamlet)))


def _teams(connection: Connection, tree: CTE, scope: Scope, today: date) -> Iterator[Line]:
    table, communes, decided = teams.LIVE.teams.c, units.LIVE.units.c, teams.LIVE.decisions.c
    names = _served(connection, tree, today)
    query = select(teams.LIVE.teams, communes.code, decided.signer)
    query = _at_teams_home(connection, query.select_from(teams.LIVE.teams), tree, today)
    query = query.outerjoin(teams.LIVE.decisions, (decided.team == table.team) & (decided.kind == "established"))
    query = query.where(scope.teams, table.dissolved_on.is_(None))
    for row in connection.execute(query.order_by(communes.code, table.sort_key, table.team)):
        yield (
            row.code,
            row.name,
            word_of(LEVELS, row.level),
            f" {SEPARATOR} ".join(names.get(row.team, ())),
            row.decision_no,
            row.decision_date,
            row.signer,
            row.launched_on,
            row.team,
        )


def _served(connection: Connection, tree: CTE, today: date) -> dict[str, list[str]]:
    """What each team's hamlets are called, also those that are no more or went elsewhere since: until it is renewed.

    By id where another one that a row of this team may mean has the same name.
    """
    hamlets, communes, served = units.LIVE.hamlets, units.LIVE.units.c, teams.LIVE.served.c
    here = select(tree.c.unit)
    standing = select(communes.unit.label("of"), hamlets.c.hamlet, hamlets.c.name).select_from(hamlets)
    standing = _at_home(connection, standing, hamlets.c.commune, here, today)
    standing = standing.where(hamlets.c.commune.in_(here), units.in_force(today, hamlets))
    theirs = select(served.team.label("of"), hamlets.c.hamlet, hamlets.c.name, communes.unit.label("commune"))
    theirs = theirs.join_from(teams.LIVE.served, hamlets, served.hamlet == hamlets.c.hamlet)
    theirs = theirs.join(teams.LIVE.teams, teams.LIVE.teams.c.team == served.team)
    theirs = _at_teams_home(connection, theirs, tree, today).where(served.until == FOR_EVER)
    theirs = theirs.where(units.told_on(today, hamlets)).order_by(hamlets.c.sort_key, hamlets.c.hamlet)
    found = connection.execute(theirs).all()
    meant: dict[tuple[str, str], set[str]] = {}
    for row in (*connection.execute(standing), *found):
        meant.setdefault((row.of, row.name.casefold()), set()).add(row.hamlet)
    names: dict[str, list[str]] = {}
    for row in found:
        name = row.name.casefold()
        alone = len(meant[row.of, name] | meant.get((row.commune, name), set())) == 1 and SEPARATOR not in row.name
        names.setdefault(row.of, []).append(row.name if alone else row.hamlet)
    return names


def _members(connection: Connection, tree: CTE, scope: Scope, today: date) -> Iterator[Line]:
    table, people, communes = teams.LIVE.teams.c, members.LIVE.members.c, units.LIVE.units.c
    query = select(members.LIVE.members, communes.code, table.name.label("title"))
    query = query.join_from(members.LIVE.members, teams.LIVE.teams, people.team == table.team)
    query = _at_teams_home(connection, query, tree, today)
    query = query.where(scope.teams, table.dissolved_on.is_(None))
    query = query.order_by(communes.code, table.sort_key, table.team, people.appointed_on, people.member)
    for row in connection.execute(query):
        yield (
            row.code,
            row.title,
            row.member,
            word_of(ROLES, row.role),
            row.organisation,
            word_of(ORGANISATIONS, row.organisation_kind),
            word_of(YES_NO, row.same_hamlet),
            word_of(YES_NO, row.part_time),
            date.fromisoformat(row.appointed_on),
            row.term_to,
            row.stood_down_on,
            row.team,
        )


def _at_home(
    connection: Connection, query: Query, commune: ColumnElement[str], here: Select[tuple[str]], today: date
) -> Query:
    """`query` with the row of the unit that what is of `commune` belongs to today."""
    known = units.homes_of(connection, [row.unit for row in connection.execute(here)], today)
    gone = {unit: home for unit, home in known.items() if unit != home}
    return _named(query, case(gone, value=commune, else_=commune) if gone else commune, today)


def _named(query: Query, home: ColumnElement[str], today: date) -> Query:
    communes = units.LIVE.units
    return query.join(communes, (communes.c.unit == home) & units.told_on(today))


def _at_teams_home(connection: Connection, query: Query, tree: CTE, today: date) -> Query:
    """`query`, which has `teams`, for those whose home is in the tree, with the row of the unit it is today."""
    table, there = teams.LIVE.teams, lying_in(tree, today)
    rows = connection.execute(select(table.c.team, table.c.commune).where(there, table.c.dissolved_on.is_(None))).all()
    held, lies = set(connection.execute(select(tree.c.unit)).scalars()), homes(connection, rows, today)
    known = units.homes_of(connection, sorted({*lies.values(), *(row.commune for row in rows)}), today)
    gone = {unit: home for unit, home in known.items() if unit != home}
    home: ColumnElement[str] = case(gone, value=table.c.commune, else_=table.c.commune) if gone else table.c.commune
    moved = {row.team: known[lies[row.team]] for row in rows if known[lies[row.team]] != known[row.commune]}
    elsewhere = sorted(team for team, commune in lies.items() if commune not in held)
    return _named(query, case(moved, value=table.c.team, else_=home) if moved else home, today).where(
        there, table.c.team.not_in(elsewhere)
    )
