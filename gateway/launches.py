"""Launches: of the teams that stood on a day, how many had been presented to the people by then (003 §III.3).

A team whose day of launch nobody has told counts as not launched.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Connection, func, select

from gateway import teams
from gateway.coverage import percent
from gateway.restating import Sums, Thing
from gateway.rows import among
from gateway.structures import Structure, shared_out
from gateway.unit_tree import belonging


@dataclass(frozen=True, slots=True)
class Progress:
    """Teams belonging to a unit on a day; None where something was divided over `unshared` without a stated share."""

    teams: int | None = 0
    launched: int | None = 0
    unshared: tuple[str, ...] = ()

    @property
    def rate(self) -> str | None:
        """Percent with one decimal as text, None without teams."""
        return None if self.teams is None or self.launched is None else percent(self.launched, self.teams)


def progress_of(
    connection: Connection,
    roots: Sequence[str],
    day: date,
    on: date,
    structure: Structure,
    visible: ColumnElement[bool],
) -> dict[str, Progress]:
    """Progress on a day of each unit of the map of `on`, over the teams the viewer may see."""
    table, launched = teams.LIVE.teams.c, func.count().filter(teams.LIVE.teams.c.launched_on <= day)
    if structure == "restated":
        query = select(table.commune, func.count(), launched).where(teams.stands(day), visible).group_by(table.commune)

        def told(communes: Sequence[str]) -> list[Thing]:
            rows = connection.execute(query.where(among(table.commune, communes)))
            return [Thing([commune], counts, day) for commune, *counts in rows]

        found = shared_out(connection, roots, on, told, 2)
        return {root: _progress(sums) for root, sums in found.items()}
    tree = belonging(roots, on)
    query = select(tree.c.root, func.count(), launched).where(teams.stands(day), visible).group_by(tree.c.root)
    query = query.join(teams.LIVE.teams, table.commune == tree.c.unit)
    return {root: Progress(*counts) for root, *counts in connection.execute(query)}


def _progress(sums: Sums) -> Progress:
    stood, launched = sums.counts or (None, None)
    return Progress(stood, launched, sums.unshared)
