"""Coverage rolled up: which hamlets make up the figures of a unit, a team or a hamlet, as far as the viewer may see."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection, select

from gateway import coverage, teams, units
from gateway.coverage import Figures
from gateway.restating import coverage_restated
from gateway.structures import Structure
from gateway.unit_tree import belonging, hamlets_of
from gateway.viewer import Scope


def coverage_of_units(
    connection: Connection,
    roots: Sequence[str],
    as_of: date,
    quarter: str,
    scope: Scope,
    structure: Structure = "current",
) -> dict[str, Figures]:
    """Figures of all hamlets that belonged to each unit on that day, ended ones included: nobody is lost.

    The quarter's figures on the map of `as_of` (current), of the quarter's last day (original), or carried to `as_of`
    with what was divided shared out (restated). Raises `MapNotKnown` for a quarter's own map when that is not known.
    """
    if structure == "restated":
        return coverage_restated(connection, roots, as_of, quarter, scope)
    day = as_of
    if structure == "original":
        day = min(as_of, coverage.last_day_of(quarter))
        for unit in units.units_by_id(connection, roots, day).values():
            units.require_known(connection, unit, day)
    hamlets, tree = units.LIVE.hamlets.c, belonging(roots, day)
    pairs = select(tree.c.root.label("member"), hamlets.hamlet).join(tree, tree.c.unit == hamlets.commune)
    here = pairs.where(units.told_on(day, units.LIVE.hamlets), scope.hamlets(hamlets.hamlet))
    return coverage.figures(connection, here, quarter)


def coverage_of_teams(connection: Connection, ids: Sequence[str], quarter: str, scope: Scope) -> dict[str, Figures]:
    """Figures of all hamlets each team serves at the quarter's end, and of those that went whole into them by then.

    A hamlet with two teams counts for both.
    """
    served, day = teams.LIVE.served.c, coverage.last_day_of(quarter)
    mine = select(served.team, served.hamlet).where(served.team.in_(ids), teams.serves(day)).subquery()
    tree = hamlets_of(select(mine.c.hamlet), day)
    pairs = select(mine.c.team.label("member"), tree.c.hamlet).join(tree, tree.c.root == mine.c.hamlet)
    return coverage.figures(connection, pairs.where(scope.hamlets(tree.c.hamlet)), quarter)


def coverage_of_hamlets(
    connection: Connection, ids: Sequence[str], day: date, quarter: str, scope: Scope
) -> dict[str, Figures]:
    """Figures of each hamlet, with those that went whole into it by that day."""
    tree = hamlets_of(ids, day)
    pairs = select(tree.c.root.label("member"), tree.c.hamlet)
    return coverage.figures(connection, pairs.where(scope.hamlets(tree.c.hamlet)), quarter)
