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
    exists,
    func,
    literal,
    or_,
    select,
    union,
)

from gateway import teams, units
from gateway.paging import Page, Slice, page_by_group
from gateway.rows import counted, listed
from gateway.unit_tree import belonging

# As conditions; a tree has `(root, unit)`


def lying(tree: FromClause, day: date) -> CTE:
    """`(root, team)` of the teams that lie in the units of a tree on a day."""
    placed, hamlets = teams.LIVE.placed.c, units.LIVE.hamlets
    known = select(teams.LIVE.served.c.team).join(hamlets, hamlets.c.hamlet == teams.LIVE.served.c.hamlet)
    known = known.where(teams.LIVE.served.c.team == placed.team, _holds(day), units.told_on(day, hamlets))
    there = select(tree.c.root, placed.team).join(tree, tree.c.unit == placed.commune)
    by_decision = there.where(placed_on(day), ~known.exists())
    return union(_by_hamlets(tree, day), by_decision).cte()


def lying_in(tree: FromClause, day: date) -> ColumnElement[bool]:
    """Condition on `teams`: lies in a unit of a tree on a day."""
    return teams.LIVE.teams.c.team.in_(select(lying(tree, day).c.team))


def ever_in(held: Select[tuple[str]], today: date) -> ColumnElement[bool]:
    """Condition on `teams`: lies today in one of these units, or a decision once put it there."""
    placed, tree = teams.LIVE.placed.c, held.subquery()
    rooted = select(literal("").label("root"), *tree.c).subquery()
    decided = select(literal(""), placed.team).where(placed.commune.in_(held))
    return teams.LIVE.teams.c.team.in_(select(union(_by_hamlets(rooted, today), decided).subquery().c.team))


def _by_hamlets(tree: FromClause, day: date) -> Select[tuple[str, str]]:
    """Through the hamlets there, and those that went into them."""
    hamlets, went, served = units.LIVE.hamlets, units.LIVE.successions, teams.LIVE.served.c
    gone = exists().where(went.c.unit == hamlets.c.hamlet, went.c.on_day <= day)
    start = select(tree.c.root, hamlets.c.hamlet).join(tree, tree.c.unit == hamlets.c.commune)
    still = or_(hamlets.c.valid_to.is_(None), hamlets.c.valid_to >= day, ~gone)
    reach = start.where(units.told_on(day, hamlets), still).cte(recursive=True)
    step = select(reach.c.root, went.c.unit).join(went, went.c.successor == reach.c.hamlet)
    step = step.join(hamlets, hamlets.c.hamlet == went.c.unit)
    reach = reach.union(step.where(went.c.on_day <= day, units.told_on(day, hamlets), hamlets.c.valid_to < day))
    return select(reach.c.root, served.team).join(reach, reach.c.hamlet == served.hamlet).where(_holds(day))


def _holds(day: date) -> ColumnElement[bool]:
    """Condition on `team_hamlets`: spans of a day, and the last ones of a team that is no more."""
    served = teams.LIVE.served.c
    return and_(served.since <= day.isoformat(), or_(served.until > day.isoformat(), served.at_the_end.is_(True)))


# Questions


def communes_of(connection: Connection, wanted: Collection[str], day: date) -> dict[str, Counter[str]]:
    """The communes each team lies in on a day, as its hamlets are told: of each how many of these.

    One that went whole into another is told by its own id (`units.homes_of` goes on from there).
    """
    served, hamlets = teams.LIVE.served.c, units.LIVE.hamlets
    ids = sorted(wanted)
    query = select(served.team, hamlets.c.hamlet, hamlets.c.commune, hamlets.c.valid_to).select_from(teams.LIVE.served)
    query = query.join(hamlets, hamlets.c.hamlet == served.hamlet).where(listed(connection, served.team, ids))
    rows = connection.execute(query.where(_holds(day), units.told_on(day, hamlets))).all()
    ended = {row.hamlet for row in rows if row.valid_to is not None and row.valid_to < day}
    heirs = became(connection, ended, day)
    named = sorted({heir for each in heirs.values() for heir in each})
    later = units.hamlets_by_id(connection, named, day) if named else {}
    found: dict[str, Counter[str]] = {}
    for row in rows:
        others = [later[heir].commune for heir in heirs.get(row.hamlet, ()) if heir in later]
        found.setdefault(row.team, Counter()).update(others or [row.commune])
    if rest := [one for one in ids if one not in found]:
        found |= {team: Counter([commune]) for team, commune in decided_on(connection, rest, day).items()}
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
