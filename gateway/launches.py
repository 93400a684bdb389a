"""Launches: of the teams that stood on a day, how many had been presented to the people by then (003 §III.3).

A team whose day of launch nobody has told counts as not launched.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Connection, func, select

from gateway import teams
from gateway.coverage import percent
from gateway.team_places import lying
from gateway.unit_tree import belonging


@dataclass(frozen=True, slots=True)
class Progress:
    """Teams belonging to a unit on a day."""

    teams: int = 0
    launched: int = 0

    @property
    def rate(self) -> str | None:
        """Percent with one decimal as text, None without teams."""
        return percent(self.launched, self.teams)


def progress_of(
    connection: Connection, roots: Sequence[str], day: date, visible: ColumnElement[bool]
) -> dict[str, Progress]:
    """Progress of each unit over the teams the viewer may see; a unit without any is left out."""
    table, there = teams.LIVE.teams.c, lying(belonging(roots, day), day)
    launched = func.count().filter(table.launched_on <= day)
    query = select(there.c.root, func.count().label("teams"), launched.label("launched"))
    query = query.join(teams.LIVE.teams, table.team == there.c.team).where(teams.stands(day), visible)
    return {row.root: Progress(row.teams, row.launched) for row in connection.execute(query.group_by(there.c.root))}
