"""The way back: hamlets, teams and members as the files they could have come from; taken in again they change nothing.

Teams that are dissolved are left out, and who served in them. What was of a commune that went whole into another is
told under the code of the one it belongs to today.
Names and telephone numbers of people are not in it: they are read one by one, and each reading is recorded.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, case, select

from gateway import members, teams, units
from gateway.roster.cells import word_of, written
from gateway.roster.files import COLUMNS, CONTACT, LEVELS, OPTIONAL, ORGANISATIONS, ROLES, SEPARATOR, YES_NO, Kind
from gateway.teams import FOR_EVER
from gateway.unit_tree import belonging
from gateway.viewer import Scope

Query = TypeVar("Query", bound=Select[*tuple[Any, ...]])
Line: TypeAlias = Sequence[object]
Lines: TypeAlias = Callable[[Connection, Select[tuple[str]], Scope, date], Iterator[Line]]


def template(kind: Kind) -> bytes:
    """An empty file with its columns."""
    return written((*COLUMNS[kind], *(CONTACT if kind == "members" else ())), [])


def export(connection: Connection, kind: Kind, unit: str, today: date, scope: Scope) -> bytes:
    """Everything of a kind below a unit, as far as the viewer may see, in Vietnamese order."""
    here = select(belonging([unit], today).c.unit)
    lines: Lines = {"hamlets": _hamlets, "teams": _teams, "members": _members}[kind]
    return written((*COLUMNS[kind], *OPTIONAL[kind]), lines(connection, here, scope, today))


def _hamlets(connection: Connection, here: Select[tuple[str]], scope: Scope, today: date) -> Iterator[Line]:
    hamlets, communes = units.LIVE.hamlets.c, units.LIVE.units.c
    query = select(communes.code, hamlets.name, hamlets.kind, hamlets.valid_from, hamlets.hamlet)
    query = _at_home(connection, query.select_from(units.LIVE.hamlets), hamlets.commune, here, today)
    query = query.where(hamlets.commune.in_(here), scope.hamlets(hamlets.hamlet))
    query = query.where(units.in_force(today, units.LIVE.hamlets))
    yield from map(tuple, connection.execute(query.order_by(communes.code, hamlets.sort_key, hamlets.hamlet)))


def _teams(connection: Connection, here: Select[tuple[str]], scope: Scope, today: date) -> Iterator[Line]:
    table, communes, decided = teams.LIVE.teams.c, units.LIVE.units.c, teams.LIVE.decisions.c
    names = _served(connection, here, today)
    query = select(teams.LIVE.teams, communes.code, decided.signer)
    query = _at_home(connection, query.select_from(teams.LIVE.teams), table.commune, here, today)
    query = query.outerjoin(teams.LIVE.decisions, (decided.team == table.team) & (decided.kind == "established"))
    query = query.where(table.commune.in_(here), scope.teams, table.dissolved_on.is_(None))
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


def _served(connection: Connection, here: Select[tuple[str]], today: date) -> dict[str, list[str]]:
    """What each team's hamlets are called, also those that are no more or went elsewhere since: until it is renewed.

    By id where another one that a row of this team may mean has the same name.
    """
    hamlets, communes, served = units.LIVE.hamlets, units.LIVE.units.c, teams.LIVE.served.c
    standing = select(communes.unit.label("of"), hamlets.c.hamlet, hamlets.c.name).select_from(hamlets)
    standing = _at_home(connection, standing, hamlets.c.commune, here, today)
    standing = standing.where(hamlets.c.commune.in_(here), units.in_force(today, hamlets))
    theirs = select(served.team.label("of"), hamlets.c.hamlet, hamlets.c.name, communes.unit.label("commune"))
    theirs = theirs.join_from(teams.LIVE.served, hamlets, served.hamlet == hamlets.c.hamlet)
    theirs = theirs.join(teams.LIVE.teams, teams.LIVE.teams.c.team == served.team)
    theirs = _at_home(connection, theirs, teams.LIVE.teams.c.commune, here, today)
    theirs = theirs.where(teams.LIVE.teams.c.commune.in_(here), served.until == FOR_EVER)
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


def _members(connection: Connection, here: Select[tuple[str]], scope: Scope, today: date) -> Iterator[Line]:
    table, people, communes = teams.LIVE.teams.c, members.LIVE.members.c, units.LIVE.units.c
    query = select(members.LIVE.members, communes.code, table.name.label("title"))
    query = query.join_from(members.LIVE.members, teams.LIVE.teams, people.team == table.team)
    query = _at_home(connection, query, table.commune, here, today)
    query = query.where(table.commune.in_(here), scope.teams, table.dissolved_on.is_(None))
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
    communes = units.LIVE.units
    homes = units.homes_of(connection, [row.unit for row in connection.execute(here)], today)
    gone = {unit: home for unit, home in homes.items() if unit != home}
    home = case(gone, value=commune, else_=commune) if gone else commune
    return query.join(communes, (communes.c.unit == home) & units.told_on(today))
