"""Launches: in how many hamlets a team had been presented to the people by a day, against what the plan in force asks.

003 §III.3 asks for all hamlets by a day. A team whose day of launch nobody has told counts as not launched; a hamlet
counts once, however many teams serve it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, case, func, select

from gateway import policies, teams, units
from gateway.compliance import BROKEN, COMPARED, MET, NOT_JUDGED, Judgement
from gateway.coverage import percent
from gateway.team_places import lying
from gateway.unit_tree import belonging
from gateway.viewer import Scope


@dataclass(frozen=True, slots=True)
class Progress:
    """Hamlets and teams belonging to a unit on a day."""

    hamlets: int = 0
    hamlets_launched: int = 0
    teams: int = 0
    launched: int = 0

    @property
    def rate(self) -> str | None:
        """Hamlets with a launched team, in percent with one decimal as text; None without hamlets."""
        return percent(self.hamlets_launched, self.hamlets)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the plans in force say of launches: a share of hamlets and a day, each a rule with its profile, or None."""

    share: tuple[Mapping[str, Any], Any] | None = None
    due: tuple[Mapping[str, Any], Any] | None = None

    @property
    def last_day(self) -> date | None:
        """The last day that is in time; None: not stated."""
        return None if self.due is None else policies.last_day_of(self.due[0])


def progress_of(connection: Connection, roots: Sequence[str], day: date, scope: Scope) -> dict[str, Progress]:
    """Progress of each unit over what the viewer may see; a unit without hamlets and teams is left out."""
    table, hamlets, tree = teams.LIVE.teams.c, units.LIVE.hamlets.c, belonging(roots, day)
    lies = lying(tree, day)
    standing = select(lies.c.root, func.count().label("teams")).join(teams.LIVE.teams, table.team == lies.c.team)
    standing = standing.add_columns(func.count().filter(table.launched_on <= day).label("launched"))
    found = {
        row.root: Progress(teams=row.teams, launched=row.launched)
        for row in connection.execute(standing.where(teams.stands(day), scope.teams).group_by(lies.c.root))
    }
    served = teams.LIVE.served.c
    presented = (
        select(served.team)
        .join(teams.LIVE.teams, table.team == served.team)
        .where(
            served.hamlet == hamlets.hamlet, teams.serves(day), teams.stands(day), table.launched_on <= day, scope.teams
        )
    )
    launched = func.sum(case((presented.exists(), 1), else_=0))
    there = select(tree.c.root, func.count().label("hamlets"), launched.label("launched"))
    there = there.join(units.LIVE.hamlets, hamlets.commune == tree.c.unit)
    there = there.where(units.in_force(day, units.LIVE.hamlets), scope.hamlets(hamlets.hamlet))
    for row in connection.execute(there.group_by(tree.c.root)):
        known = found.get(row.root, Progress())
        found[row.root] = replace(known, hamlets=row.hamlets, hamlets_launched=int(row.launched))
    return found


def asked_of(connection: Connection, places: Sequence[str], day: date) -> dict[str, Asked]:
    """What the plans in force ask of each unit on a day."""
    held = policies.profiles_in_force(connection, places, day)
    return {
        unit: Asked(
            policies.stated(profiles, "quantity", measure="launched_percent"),
            policies.stated(profiles, "due", what="launch"),
        )
        for unit, profiles in held.items()
    }


def judged(progress: Progress, asked: Asked, day: date) -> Judgement | None:
    """What became of the share the plan asks for, once its day is over; None where no plan states one."""
    if asked.share is None:
        return None
    rule, profile = asked.share
    if not progress.hamlets:
        return Judgement(rule, profile, NOT_JUDGED, None, "chưa có ấp, khóm nào")
    share = 100 * progress.hamlets_launched / progress.hamlets
    said = f"{progress.hamlets_launched} trên {progress.hamlets} ấp, khóm có Tổ đã ra mắt"
    if COMPARED[rule["comparator"]](share, rule["value"]):
        return Judgement(rule, profile, MET, share, said)
    if asked.last_day is not None and day <= asked.last_day:
        return Judgement(rule, profile, NOT_JUDGED, share, f"{said}; chưa đến hạn {asked.last_day:%d/%m/%Y}")
    return Judgement(rule, profile, BROKEN, share, said)
