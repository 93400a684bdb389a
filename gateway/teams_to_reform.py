"""Teams whose ground has changed under them by a day, and what is proposed for each; a person decides.

Where hamlets of several teams went into one, one team is proposed to stay: that with more members, then the older one,
then the first by id. The others are proposed to be dissolved into it, or to go on with the hamlets that are theirs
alone.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, or_, select

from gateway import members, teams, units
from gateway.paging import Page, Slice, sifted
from gateway.rows import listed
from gateway.team_places import became, decided_on, lying_in, placed_on
from gateway.unit_tree import belonging
from gateway.units import called, in_force, told_on


@dataclass(frozen=True, slots=True)
class ToReform:
    """Why, and which hamlets there are in the place of those it serves.

    `dissolve_into` is the team proposed to take it over, `takes_over` are those it is proposed to take over.
    """

    team: Any
    reason: str
    proposed: Sequence[str]
    dissolve_into: str | None = None
    takes_over: Sequence[str] = ()


def to_reform(connection: Connection, unit: str, day: date, visible: ColumnElement[bool], wanted: Slice) -> Page:
    """Teams that lie below a unit on a day, or were put there by decision, and stand on other ground than decided."""
    tree, team = belonging([unit], day), teams.LIVE.teams.c
    decided = select(teams.LIVE.placed.c.team).where(
        placed_on(day), teams.LIVE.placed.c.commune.in_(select(tree.c.unit))
    )
    here = or_(lying_in(tree, day), team.team.in_(decided))
    within = and_(here, teams.stands(day), _may_have_changed(select(team.team).where(here), day))

    def changed(rows: list[Any]) -> list[ToReform | None]:
        return _Ground(connection, rows, day).proposals()

    return sifted(lambda part: teams.teams_page(connection, visible, within, part), changed, wanted)


def _may_have_changed(here: Select[tuple[str]], day: date) -> ColumnElement[bool]:
    team, served, hamlets, went = teams.LIVE.teams.c, teams.LIVE.served, units.LIVE.hamlets, units.LIVE.successions.c
    placed, communes = teams.LIVE.placed, units.LIVE.units
    grown = select(went.successor).where(went.on_day <= day)
    serving = select(served.c.team).join(hamlets, hamlets.c.hamlet == served.c.hamlet)
    serving = serving.join(placed, placed.c.team == served.c.team)
    serving = serving.where(served.c.team.in_(here), teams.serves(day), placed_on(day), told_on(day, hamlets))
    other = or_(hamlets.c.valid_to < day, hamlets.c.commune != placed.c.commune, hamlets.c.hamlet.in_(grown))
    gone = select(placed.c.team).join(communes, communes.c.unit == placed.c.commune)
    gone = gone.where(placed.c.team.in_(here), placed_on(day), told_on(day), communes.c.valid_to < day)
    return or_(team.team.in_(serving.where(other)), team.team.in_(gone))


@dataclass(slots=True)
class _Claims:
    """Of each hamlet a team would serve: the hamlets it serves there or that went into it."""

    of: dict[str, dict[str, set[str]]] = field(default_factory=dict)

    def add(self, team: str, hamlet: str, origin: str) -> None:
        self.of.setdefault(team, {}).setdefault(hamlet, set()).add(origin)


class _Ground:
    """What some teams serve on a day, and who else would serve the same."""

    def __init__(self, connection: Connection, rows: Sequence[Any], day: date) -> None:
        self._connection, self._rows, self._day = connection, rows, day
        self._served: dict[str, list[Any]] = {}
        self._heirs: dict[str, set[str]] = {}
        self._claims = _Claims()
        self._homes: dict[str, str] = {}
        self._communes: dict[str, units.Unit] = {}
        self._keeps: dict[str, set[str]] = {}
        """The hamlets each team is proposed to serve, the teams in the order in which they choose."""
        self._takers: dict[str, set[str]] = {}
        """Who took hamlets of a team's."""
        self._goes: dict[str, str] = {}
        """Into which those go that are left without any."""

    def proposals(self) -> list[ToReform | None]:
        """One for each team, None for those whose ground is as decided."""
        wanted = [row.team for row in self._rows]
        ahead: Collection[str] = wanted
        while ahead:
            self._read(sorted(ahead))
            ahead = self._beside()
        decided = decided_on(self._connection, wanted, self._day)
        self._look_up({*decided.values(), *(row.commune for team in wanted for row in self._served[team])})
        self._share_out()
        return [self._proposal(row, decided[row.team]) for row in self._rows]

    def _read(self, wanted: Sequence[str]) -> None:
        found = teams.hamlets_served(self._connection, wanted, self._day)
        self._served |= {team: found.get(team, []) for team in wanted}
        ended = {row.hamlet for rows in found.values() for row in rows if self._ended(row)}
        self._heirs |= became(self._connection, ended, self._day)
        for team, rows in found.items():
            for row in rows:
                for hamlet in self._heirs[row.hamlet] if self._ended(row) else {row.hamlet}:
                    self._claims.add(team, hamlet, row.hamlet)

    def _ended(self, place: Any) -> bool:
        return place.valid_to is not None and place.valid_to < self._day

    def _look_up(self, communes: Collection[str]) -> None:
        self._homes = units.homes_of(self._connection, sorted(communes), self._day)
        named = sorted({*communes, *self._homes.values()})
        self._communes = units.units_by_id(self._connection, named, self._day)

    def _beside(self) -> set[str]:
        """Teams not read yet that serve what went into the hamlets of those read, or these hamlets."""
        served, hamlets = teams.LIVE.served.c, {one for claims in self._claims.of.values() for one in claims}
        sources = _sources(self._connection, hamlets, self._day)
        there = {*sources, *(hamlet for ends in sources.values() for hamlet in ends)}
        if not there:
            return set()
        query = select(served.team).where(listed(self._connection, served.hamlet, sorted(there)))
        return set(self._connection.execute(query.where(teams.serves(self._day))).scalars()) - self._served.keys()

    def _share_out(self) -> None:
        taken: dict[str, list[str]] = {}
        for team in self._ranked():
            claims = self._claims.of.get(team, {})
            lost_to = {hamlet: self._taker(taken.get(hamlet, ()), team, hamlet) for hamlet in claims}
            self._keeps[team] = {hamlet for hamlet, taker in lost_to.items() if taker is None}
            self._takers[team] = {taker for taker in lost_to.values() if taker is not None}
            for hamlet in self._keeps[team]:
                taken.setdefault(hamlet, []).append(team)
        for team, takers in self._takers.items():
            if takers and not self._keeps[team]:
                self._goes[team] = next(one for one in self._keeps if one in takers)

    def _ranked(self) -> list[str]:
        rows = teams.LIVE.teams
        known = sorted(self._served)
        asked = select(rows.c.team, rows.c.decision_date).where(listed(self._connection, rows.c.team, known))
        founded = {row.team: row.decision_date for row in self._connection.execute(asked)}
        serving = members.serving_on(self._connection, known, self._day)
        return sorted(known, key=lambda team: (-len(serving.get(team, ())), founded.get(team, date.max), team))

    def _taker(self, takers: Sequence[str], team: str, hamlet: str) -> str | None:
        """Who has the hamlet already, through others than this team: two that shared one before go on sharing it."""
        mine = self._claims.of[team][hamlet]
        return next((taker for taker in takers if mine.isdisjoint(self._claims.of[taker][hamlet])), None)

    def _proposal(self, row: Any, decided: str) -> ToReform | None:
        into = self._goes.get(row.team)
        takes_over = sorted(team for team, other in self._goes.items() if other == row.team)
        others = {*takes_over, *self._takers.get(row.team, ())}
        reasons = [*self._reasons(row.team, decided), *self._grown(row.team, others)]
        proposed = () if into else sorted(self._keeps.get(row.team, ()))
        return ToReform(row, "; ".join(reasons), proposed, into, takes_over) if reasons else None

    def _reasons(self, team: str, decided: str) -> Iterator[str]:
        rows = self._served[team]
        lost = [row for row in rows if self._ended(row)]
        if lost:
            yield f"{', '.join(map(called, lost))} không còn"
        homes, named = self._homes, self._communes
        moved: dict[str, list[str]] = {}
        for row in rows:
            if row not in lost and homes[row.commune] != homes[decided]:
                moved.setdefault(homes[row.commune], []).append(called(row))
        for commune in sorted(moved.keys() & named.keys()):
            yield f"{', '.join(moved[commune])} nay thuộc {called(named[commune])}"
        if not lost and not moved and decided in named and self._ended(named[decided]):
            yield "Xã, phường của Tổ đã sáp nhập hoặc chia"

    def _grown(self, team: str, others: Collection[str]) -> Iterator[str]:
        """What went from other teams into a hamlet it serves."""
        came = [row for other in others for row in self._served[other] if self._ended(row)]
        for row in self._served[team]:
            into = {called(other) for other in came if row.hamlet in self._heirs[other.hamlet]}
            if into:
                yield f"{', '.join(sorted(into))} đã nhập vào {called(row)}"


def _sources(connection: Connection, hamlets: Collection[str], day: date) -> dict[str, set[str]]:
    """Hamlets that are no more by a day, and which of these they went into, be it over several steps."""
    went, table, found = units.LIVE.successions.c, units.LIVE.hamlets, dict[str, set[str]]()
    ask = {hamlet: {hamlet} for hamlet in hamlets}
    while ask:
        query = select(went.unit, went.successor).join(table, table.c.hamlet == went.unit)
        query = query.where(listed(connection, went.successor, sorted(ask)), went.on_day <= day)
        steps = connection.execute(query.where(told_on(day, table), ~in_force(day, table))).all()
        ahead: dict[str, set[str]] = {}
        for row in steps:
            ends = ask[row.successor] - found.get(row.unit, set())
            if ends:
                found.setdefault(row.unit, set()).update(ends)
                ahead.setdefault(row.unit, set()).update(ends)
        ask = ahead
    return found
