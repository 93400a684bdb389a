"""Who asks, and what they may see: a condition in every query, never a check after it.

A viewer sees the units they hold today, everything below these, and all that preceded any of them, matched by stable
unit id; an official of new Cà Mau still sees old Bạc Liêu's past. A viewer with a body sees that body's cases only, a
team sees its own hamlets and those that went into them, with their visits and households. What a viewer may *do* is
narrower: only where they stand today.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, false, or_, select

from gateway import cases, decisions, digital_services, learning, materials, policies, teams, units, visits
from gateway.team_places import ever_in, holds as lying_on
from gateway.unit_tree import belonging, ever_held, hamlets_become, hamlets_of


class Role(StrEnum):
    """What somebody is, as their token says."""

    PROVINCE_OFFICIAL = "province_official"
    COMMUNE_OFFICIAL = "commune_official"
    TEAM_LEADER = "team_leader"
    TEAM_MEMBER = "team_member"
    BODY_HANDLER = "body_handler"


OFFICIALS = frozenset({Role.PROVINCE_OFFICIAL, Role.COMMUNE_OFFICIAL})
TEAM_ROLES = frozenset({Role.TEAM_LEADER, Role.TEAM_MEMBER})


@dataclass(frozen=True)
class Viewer:
    """An authenticated person: opaque subject, role, units held (ids), body, and for team roles the teams."""

    sub: str
    role: Role
    units: tuple[str, ...]
    body: str | None = None
    teams: tuple[str, ...] = ()


class Scope:
    """A viewer's conditions, one a read model; each made once, so that loaders know it again. Safe to share."""

    def __init__(self, viewer: Viewer, today: date) -> None:
        self._viewer = viewer
        self._today = today

    @cached_property
    def _held(self) -> Select[tuple[str]]:
        # One CTE for the whole statement, however often it is asked for.
        return select(ever_held(self._viewer.units, self._today).c.unit)

    @cached_property
    def _served(self) -> Select[tuple[str]]:
        served = teams.LIVE.served.c
        own = select(served.hamlet).where(served.team.in_(self._viewer.teams), teams.serves(self._today))
        # Together with what they became, though the team was not renewed yet, and what these came from.
        now = hamlets_become(own, self._today)
        return select(hamlets_of(select(now.c.hamlet), self._today).c.hamlet)

    def communes(self, commune: ColumnElement[str]) -> ColumnElement[bool]:
        """Rows whose commune the viewer holds or held; team roles hold none of it by themselves."""
        return commune.in_(self._held) if self._viewer.role not in TEAM_ROLES else false()

    def hamlets(self, hamlet: ColumnElement[str]) -> ColumnElement[bool]:
        """Rows of hamlets whose figures, households and visits the viewer may see."""
        if self._viewer.role in TEAM_ROLES:
            return hamlet.in_(self._served)
        if self._viewer.role in OFFICIALS:
            known = units.LIVE.hamlets
            here = select(known.c.hamlet).where(known.c.commune.in_(self._held), units.told_on(self._today, known))
            return hamlet.in_(here)
        return false()

    @cached_property
    def teams(self) -> ColumnElement[bool]:
        """Condition on `teams`."""
        if self._viewer.role in TEAM_ROLES:
            return teams.LIVE.teams.c.team.in_(self._viewer.teams)
        return ever_in(self._held, self._today) if self._viewer.role in OFFICIALS else false()

    @cached_property
    def visits(self) -> ColumnElement[bool]:
        """Condition on `visits`: a team's own, whichever hamlet; an official's by hamlet."""
        if self._viewer.role in TEAM_ROLES:
            return visits.LIVE.visits.c.team.in_(self._viewer.teams)
        return self.hamlets(visits.LIVE.visits.c.hamlet)

    @cached_property
    def households(self) -> ColumnElement[bool]:
        """Condition on `households`."""
        return self.hamlets(visits.LIVE.households.c.hamlet)

    @cached_property
    def cases(self) -> ColumnElement[bool]:
        """Condition on `cases`. Teams see none: what is said about a team must never come to it (domain E16)."""
        viewer, table = self._viewer, cases.LIVE.cases.c
        if viewer.role in TEAM_ROLES or (viewer.role is Role.BODY_HANDLER and viewer.body is None):
            return false()
        here = table.commune.in_(self._held)
        return here if viewer.body is None else and_(here, table.body == viewer.body)

    @cached_property
    def decisions(self) -> ColumnElement[bool]:
        """Condition on `issued_decisions`: those of units held or held before, for officials."""
        return decisions.LIVE.decisions.c.unit.in_(self._held) if self._viewer.role in OFFICIALS else false()

    @cached_property
    def policies(self) -> ColumnElement[bool]:
        """Condition on `policy_profiles`: what is published is everybody's, drafts are for those they would bind."""
        table = policies.LIVE.profiles.c
        published = table.status == "published"
        return or_(published, table.territory.in_(self._held)) if self._viewer.role in OFFICIALS else published

    @cached_property
    def trainings(self) -> ColumnElement[bool]:
        """Condition on `trainings`: those of units held, of tiers above them nobody else's business."""
        return self.communes(learning.LIVE.trainings.c.unit)

    @cached_property
    def digital_services(self) -> ColumnElement[bool]:
        """Condition on `digital_services`: what is published is everybody's, a proposal its territory's."""
        table = digital_services.LIVE.services.c
        published = table.status == "published"
        if self._viewer.role in TEAM_ROLES:
            return published
        return or_(published, table.territory.is_(None), table.territory.in_(self._held))

    @cached_property
    def materials(self) -> ColumnElement[bool]:
        """Condition on `materials`: what was published is everybody's, drafts are for those whose unit they are of."""
        table = materials.LIVE.materials.c
        return or_(table.published_on.is_not(None), self.communes(table.unit))

    def of_teams(self, team: ColumnElement[str]) -> ColumnElement[bool]:
        """Rows about a team the viewer may see."""
        return team.in_(select(teams.LIVE.teams.c.team).where(self.teams))

    def of_units(self, unit: ColumnElement[str]) -> ColumnElement[bool]:
        """Rows about a unit that officials who hold or held it may see."""
        return unit.in_(self._held) if self._viewer.role in OFFICIALS else false()

    # -- where the viewer stands today: what they may write about --------------------------------------------------

    def holds(self, connection: Connection, wanted: Sequence[str]) -> bool:
        """True when all of these units are held today: directly, through a unit above, or gone whole into one held."""
        if not wanted:
            return True
        return {row.unit for row in connection.execute(self._held_of, {"wanted": list(wanted)})} == set(wanted)

    def answers_for(self, connection: Connection, unit: str) -> bool:
        """True for a unit held today, and for one that is gone and whose papers came to a unit held today."""
        if self.holds(connection, [unit]):
            return True
        known = units.LIVE.units.c
        gone = select(known.unit).where(known.unit == unit, known.unit.in_(self._held), known.valid_to < self._today)
        return connection.execute(gone).scalar() is not None

    @cached_property
    def _held_of(self) -> Select[tuple[str]]:
        unit = belonging(self._viewer.units, self._today).c.unit
        return select(unit).where(unit.in_(bindparam("wanted", expanding=True))).distinct()

    def hamlets_held(self, connection: Connection, wanted: Collection[str]) -> set[str]:
        """Which of these hamlets lie in communes held today, or are served by the viewer's team."""
        if self._viewer.role in TEAM_ROLES:
            return set(wanted) & set(connection.execute(self._served).scalars())
        return _found(connection, self._hamlets_of, wanted)

    @cached_property
    def _hamlets_of(self) -> "_Asked":
        known = units.LIVE.hamlets.c
        here, several = self._of_communes(known.hamlet, known.commune)
        today = units.told_on(self._today, units.LIVE.hamlets)
        return here.where(today), several.where(today)

    def households_held(self, connection: Connection, wanted: Collection[str]) -> set[str]:
        """Which of these households live in hamlets held today."""
        found = visits.households_by_id(connection, list(wanted), self.households)
        held = self.hamlets_held(connection, {row.hamlet for row in found.values()})
        return {household for household, row in found.items() if row.hamlet in held}

    def teams_held(self, connection: Connection, wanted: Collection[str]) -> set[str]:
        """Which of these teams are the viewer's own or lie in communes held today, if only with one hamlet."""
        if self._viewer.role in TEAM_ROLES:
            return set(wanted) & set(self._viewer.teams)
        return _found(connection, self._teams_of, wanted)

    @cached_property
    def _teams_of(self) -> "_Asked":
        lies = teams.LIVE.lies.c
        here, several = self._of_communes(lies.team, lies.commune)
        return here.where(lying_on(self._today)), several.where(lying_on(self._today))

    def _of_communes(self, thing: ColumnElement[str], commune: ColumnElement[str]) -> "_Asked":
        """Those `wanted` whose commune is held today."""
        held = select(thing).where(commune.in_(select(belonging(self._viewer.units, self._today).c.unit)))
        one, several = thing == bindparam("wanted"), thing.in_(bindparam("wanted", expanding=True))
        return held.where(one), held.where(several)


_Asked = tuple[Select[Any], Select[Any]]
"""A statement for one `wanted`, and one for several, which must be put together anew for every number of them."""


def _found(connection: Connection, asked: _Asked, wanted: Collection[str]) -> set[str]:
    one, several = asked
    if len(wanted) == 1:
        return set(connection.execute(one, {"wanted": next(iter(wanted))}).scalars())
    return set(connection.execute(several, {"wanted": list(wanted)}).scalars())


@lru_cache(maxsize=256)
def scope_of(viewer: Viewer, today: date) -> Scope:
    """The viewer's scope of this day, kept: to build its statements takes longer than to ask them."""
    return Scope(viewer, today)
