"""Where teams lie on a day: a hamlet team in the communes that hold its hamlets, or what these went into.

No decision moves such a team: its hamlets do, and from that day on it is the new commune's to see and to renew. A team
without hamlets lies where its last decision put it. In the communes it lay in before its past stays to be seen.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    and_,
    func,
    select,
)

from gateway import teams, units
from gateway.paging import Page, Slice, page_by_group
from gateway.rows import counted, listed
from gateway.unit_tree import belonging

# As conditions; a tree has `(root, unit)`


def lying(tree: FromClause, day: date) -> CTE:
    """`(root, team)` of the teams that lie in the units of a tree on a day."""
    lies = teams.LIVE.lies.c
    query = select(tree.c.root, lies.team).join(tree, tree.c.unit == lies.commune).where(holds(day))
    return query.distinct().cte()


def lying_in(tree: FromClause, day: date) -> ColumnElement[bool]:
    """Condition on `teams`: lies in a unit of a tree on a day."""
    return lying_among(select(tree.c.unit), day)


def lying_among(within: Select[Any], day: date) -> ColumnElement[bool]:
    """Condition on `teams`: lies in one of these units on a day."""
    lies = teams.LIVE.lies.c
    return teams.LIVE.teams.c.team.in_(select(lies.team).where(lies.commune.in_(within), holds(day)))


def standing_below(unit: str, day: date) -> ColumnElement[bool]:
    """Condition on `teams`: lies below a unit, and stands, on a day."""
    return and_(lying_in(belonging([unit], day), day), teams.stands(day))


def ever_in(held: Select[tuple[str]], today: date) -> ColumnElement[bool]:
    """Condition on `teams`: lies in one of these units today, or did before."""
    lies = teams.LIVE.lies.c
    return teams.LIVE.teams.c.team.in_(select(lies.team).where(lies.commune.in_(held), lies.since <= today.isoformat()))


def holds(day: date) -> ColumnElement[bool]:
    """Condition on `team_places`: spans that hold on a day."""
    lies = teams.LIVE.lies.c
    return and_(lies.since <= day.isoformat(), lies.until > day.isoformat())


# Questions


def communes_of(connection: Connection, wanted: Collection[str], day: date) -> dict[str, Counter[str]]:
    """The communes each team lies in on a day, of each with how many of its hamlets; none: by decision.

    One that went whole into another is told by its own id (`units.homes_of` goes on from there).
    """
    lies = teams.LIVE.lies.c
    query = select(lies.team, lies.commune, lies.hamlets).where(listed(connection, lies.team, sorted(wanted)))
    found: dict[str, Counter[str]] = {}
    for row in connection.execute(query.where(holds(day))):
        found.setdefault(row.team, Counter())[row.commune] = row.hamlets
    return found


def decided_on(connection: Connection, wanted: Sequence[str], day: date) -> dict[str, str]:
    """The commune that decisions had put each team under by a day."""
    placed = teams.LIVE.placed.c
    query = select(placed.team, placed.commune).where(listed(connection, placed.team, wanted), placed_on(day))
    return {row.team: row.commune for row in connection.execute(query)}


def placed_on(day: date) -> ColumnElement[bool]:
    """Condition on `team_communes`: spans that hold on a day."""
    placed = teams.LIVE.placed.c
    return and_(placed.since <= day.isoformat(), placed.until > day.isoformat())


def homes(connection: Connection, rows: Sequence[Any], day: date) -> dict[str, str]:
    """The one commune that stands for each of these rows of `teams` on a day: that of most of its hamlets.

    Of several with as many the one the team was put under by decision, else the first by id.
    """
    found = communes_of(connection, [row.team for row in rows], day)
    return {row.team: _home(found.get(row.team), row.commune) for row in rows}


def teams_by_home(
    connection: Connection, communes: Sequence[str], day: date, within: ColumnElement[bool]
) -> list[tuple[Any, str]]:
    """The rows of `teams` whose one commune on a day is among these, each with it."""
    table, lies = teams.LIVE.teams, teams.LIVE.lies.c
    there = select(lies.team).where(listed(connection, lies.commune, communes), holds(day))
    rows = connection.execute(select(table).where(table.c.team.in_(there), within)).all()
    lie, asked = homes(connection, rows, day), set(communes)
    return [(row, lie[row.team]) for row in rows if lie[row.team] in asked]


def _home(communes: Counter[str] | None, decided: str) -> str:
    if not communes:
        return decided
    return min(communes, key=lambda commune: (-communes[commune], commune != decided, commune))


def home_units(connection: Connection, wanted: Sequence[str], day: date) -> dict[str, units.Unit]:
    """The same as units of that day, by team; of one that went whole into another, that one."""
    table = teams.LIVE.teams
    rows = connection.execute(select(table.c.team, table.c.commune).where(listed(connection, table.c.team, wanted)))
    lies = homes(connection, rows.all(), day)
    found = units.homes_by_id(connection, sorted(set(lies.values())), day)
    return {team: found[commune] for team, commune in lies.items() if commune in found}


def became(connection: Connection, gone: Collection[str], day: date) -> dict[str, set[str]]:
    """What hamlets became by a day, over several steps where there were several; nothing where nobody said."""
    went, ways, ask = units.LIVE.successions.c, dict[str, set[str]](), set(gone)
    while ask:
        asked = select(went.unit, went.successor).where(went.unit.in_(ask), went.on_day <= day)
        steps = connection.execute(asked).all()
        for row in steps:
            ways.setdefault(row.unit, set()).add(row.successor)
        hamlets = units.hamlets_by_id(connection, sorted({row.successor for row in steps}), day) if steps else {}
        ended = {one for one, row in hamlets.items() if row.valid_to is not None and row.valid_to < day}
        ask = ended - ways.keys()
    return {start: _ends(start, ways) for start in gone}


def _ends(start: str, ways: Mapping[str, set[str]]) -> set[str]:
    return {end for step in ways.get(start, ()) for end in (_ends(step, ways) if step in ways else {step})}


def teams_pages(
    connection: Connection, roots: Sequence[str], as_of: date, visible: ColumnElement[bool], wanted: Slice
) -> Mapping[str, Page]:
    """Teams the viewer may see anywhere below each unit."""
    table, there = teams.LIVE.teams, lying(belonging(roots, as_of), as_of)
    query = select(table).join(there, there.c.team == table.c.team).where(visible)
    return page_by_group(connection, query, there.c.root, [table.c.sort_key, table.c.team], wanted)


def teams_counts(
    connection: Connection, roots: Sequence[str], as_of: date, visible: ColumnElement[bool]
) -> Mapping[str, int]:
    """How many of them there are."""
    table, there = teams.LIVE.teams, lying(belonging(roots, as_of), as_of)
    query = select(there.c.root, func.count()).join(table, there.c.team == table.c.team).where(visible)
    return counted(connection, query.group_by(there.c.root))
