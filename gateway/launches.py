"""Launches: in how many hamlets a team had been presented to the people by a day, against what the plan in force asks.

003 §III.3 asks for all hamlets by a day. A team whose day of launch nobody has told counts as not launched; a hamlet
counts once, however many teams serve it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, Select, and_, case, func, select

from gateway import policies, teams, units
from gateway.compliance import BROKEN, COMPARED, MET, NOT_JUDGED, Judgement
from gateway.coverage import percent
from gateway.restating import Sums, Thing, Ways
from gateway.rows import listed
from gateway.structures import Structure
from gateway.team_places import lying, teams_by_home
from gateway.unit_tree import belonging
from gateway.viewer import Scope


@dataclass(frozen=True, slots=True)
class Progress:
    """Hamlets and teams belonging to a unit on a day.

    None where something was divided over `unshared` without a stated share.
    """

    hamlets: int | None = 0
    hamlets_launched: int | None = 0
    teams: int | None = 0
    launched: int | None = 0
    unshared: tuple[str, ...] = ()

    @property
    def rate(self) -> str | None:
        """Hamlets with a launched team, in percent with one decimal as text; None without hamlets, or not computed."""
        some, of = self.hamlets_launched, self.hamlets
        return None if some is None or of is None else percent(some, of)


@dataclass(frozen=True, slots=True)
class Stated:
    """What the plans in force say of launches: a share of hamlets and a day, each a rule with its profile, or None."""

    share: tuple[Mapping[str, Any], Any] | None = None
    due: tuple[Mapping[str, Any], Any] | None = None

    @property
    def last_day(self) -> date | None:
        """The last day that is in time; None: not stated."""
        return None if self.due is None else policies.last_day_of(self.due[0])


def progress_of(
    connection: Connection, roots: Sequence[str], day: date, on: date, structure: Structure, scope: Scope
) -> dict[str, Progress]:
    """Progress on a day of each unit of the map of `on`, over what the viewer may see."""
    if structure == "restated":
        return _restated(connection, roots, day, on, scope)
    tree, hamlets, table = belonging(roots, on), units.LIVE.hamlets.c, teams.LIVE.teams.c
    lies = lying(tree, day)
    standing = select(lies.c.root, func.count(), func.count().filter(table.launched_on <= day))
    standing = standing.join(teams.LIVE.teams, table.team == lies.c.team).where(teams.stands(day), scope.teams)
    found = {
        root: Progress(teams=stood, launched=launched)
        for root, stood, launched in connection.execute(standing.group_by(lies.c.root))
    }
    there = teams.hamlets_of(select(tree.c.unit), day, on).where(scope.hamlets(hamlets.hamlet)).subquery()
    presented = func.sum(case((there.c.hamlet.in_(_presented(day, scope)), 1), else_=0))
    lie = select(tree.c.root, func.count(), presented).join(there, there.c.commune == tree.c.unit)
    for root, stood, launched in connection.execute(lie.group_by(tree.c.root)):
        known = found.get(root, Progress())
        found[root] = replace(known, hamlets=stood, hamlets_launched=int(launched))
    return found


def _presented(day: date, scope: Scope) -> Select[Any]:
    """Hamlets served on a day by a team that was launched by then."""
    served, table = teams.LIVE.served.c, teams.LIVE.teams.c
    query = select(served.hamlet).join(teams.LIVE.teams, table.team == served.team)
    return query.where(teams.serves(day), teams.stands(day), table.launched_on <= day, scope.teams)


def _restated(connection: Connection, roots: Sequence[str], day: date, on: date, scope: Scope) -> dict[str, Progress]:
    ways, known = Ways(connection, roots, on), units.LIVE.hamlets
    communes = sorted(set().union(*ways.reach.values()))
    standing = teams_by_home(connection, communes, day, and_(teams.stands(day), scope.teams))
    of_teams = [Thing([home], (1, _by(row.launched_on, day)), day) for row, home in standing]
    seen = ways.hamlets(scope)
    stood = select(known.c.hamlet).where(listed(connection, known.c.hamlet, sorted(seen)), units.in_force(day, known))
    presented = set(connection.execute(_presented(day, scope)).scalars())
    lie = [Thing([one], (1, one in presented), day) for one in connection.execute(stood).scalars()]
    return {root: _progress(ways.sum(root, of_teams, 2), ways.sum(root, lie, 2)) for root in ways.inside}


def _by(launched_on: date | None, day: date) -> bool:
    return launched_on is not None and launched_on <= day


def _progress(of_teams: Sums, of_hamlets: Sums) -> Progress:
    unshared = tuple(sorted({*of_teams.unshared, *of_hamlets.unshared}))
    lie, presented = of_hamlets.counts or (None, None)
    stood, launched = of_teams.counts or (None, None)
    return Progress(lie, presented, stood, launched, unshared)


def stated_of(connection: Connection, places: Sequence[str], day: date) -> dict[str, Stated]:
    """What the plans in force ask of each unit on a day."""
    held = policies.profiles_in_force(connection, places, day)
    return {
        unit: Stated(
            policies.stated(profiles, "quantity", measure="launched_percent"),
            policies.stated(profiles, "due", what="launch"),
        )
        for unit, profiles in held.items()
    }


def judged(progress: Progress, asked: Stated, day: date) -> Judgement | None:
    """What became of the share the plan asks for, once its day is over; None where no plan states one."""
    if asked.share is None:
        return None
    rule, profile = asked.share
    if not progress.hamlets or progress.hamlets_launched is None:
        return Judgement(rule, profile, NOT_JUDGED, None, "chưa có ấp, khóm nào")
    share = 100 * progress.hamlets_launched / progress.hamlets
    said = f"{progress.hamlets_launched} trên {progress.hamlets} ấp, khóm có Tổ đã ra mắt"
    if COMPARED[rule["comparator"]](share, rule["value"]):
        return Judgement(rule, profile, MET, share, said)
    if asked.last_day is not None and day <= asked.last_day:
        return Judgement(rule, profile, NOT_JUDGED, share, f"{said}; chưa đến hạn {asked.last_day:%d/%m/%Y}")
    return Judgement(rule, profile, BROKEN, share, said)
