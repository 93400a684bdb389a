"""What the gateway already knows of the communes a file speaks of, and what the file itself has added so far.

Read once a commune, with what came to it from communes that went whole into it. A commune outside the viewer's units
is as unknown as one that does not exist.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, select

from gateway import members, teams, units
from gateway.roster.known_units import KnownUnits
from gateway.team_ground import FOR_EVER
from gateway.team_places import lying_in
from gateway.unit_tree import belonging
from services.kernel.csv_rows import BadCell, Row
from services.kernel.tiers import lowest


@dataclass(slots=True)
class KnownHamlet:
    """A hamlet, recorded or asked for by an earlier row."""

    hamlet: str
    title: str
    kind: str
    valid_from: date


@dataclass(slots=True)
class KnownTeam:
    """A team, recorded or asked for by an earlier row; `line` is that row's."""

    team: str
    title: str
    level: str
    hamlets: frozenset[str]
    decision_no: str
    decision_date: date
    signer: str | None
    launched_on: date | None = None
    dissolved_on: date | None = None
    line: int | None = None
    spells: dict[tuple[str, date], Any] = field(default_factory=dict)
    """Each time somebody served or serves, by member and first day."""

    def serving(self, member: str) -> Any | None:
        """The spell of somebody who serves now."""
        return next((s for (who, _), s in self.spells.items() if who == member and s.stood_down_on is None), None)

    @property
    def leader(self) -> Any | None:
        """The spell of who leads now."""
        return next((s for s in self.spells.values() if s.role == "leader" and s.stood_down_on is None), None)


@dataclass(slots=True)
class KnownCommune:
    """One commune of today with its hamlets and teams."""

    unit: str
    hamlets: dict[str, KnownHamlet] = field(default_factory=dict)
    teams: dict[str, KnownTeam] = field(default_factory=dict)
    former: dict[str, KnownHamlet] = field(default_factory=dict)
    """Hamlets some of the teams serve still, although they are no more or went elsewhere."""


@dataclass(slots=True)
class Known:
    """`mine` says whether what is of a unit is the viewer's to write about."""

    connection: Connection
    today: date
    mine: Callable[[Connection, str], bool]
    units: KnownUnits = field(init=False)
    _communes: dict[str, KnownCommune | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.units = KnownUnits(self.connection, self.mine)

    def commune(self, row: Row, column: str) -> KnownCommune:
        """The commune of a row. Raises `BadCell`."""
        code = row.cells[column]
        if not (len(code) == lowest().digits and code.isascii() and code.isdigit()):
            raise BadCell(column, f"mã xã, phường phải có đúng {lowest().digits} chữ số (giữ cả số 0 ở đầu)")
        if code not in self._communes:
            self._communes[code] = self._read(code)
        found = self._communes[code]
        if found is None:
            raise BadCell(column, "không có xã, phường mang mã này hôm nay, hoặc không thuộc phạm vi của Ông/Bà")
        return found

    def _read(self, code: str) -> KnownCommune | None:
        unit = self.units.standing(code, "commune", self.today)
        if unit is None:
            return None
        found = KnownCommune(unit.unit)
        tree = belonging([unit.unit], self.today)
        held = select(tree.c.unit)
        table = units.LIVE.hamlets
        here = select(table).where(table.c.commune.in_(held), units.in_force(self.today, table))
        found.hamlets = {row.hamlet: _hamlet(row) for row in self.connection.execute(here)}
        found.teams = {team.team: team for team in self._teams(lying_in(tree, self.today))}
        former = {hamlet for team in found.teams.values() for hamlet in team.hamlets} - found.hamlets.keys()
        rows = units.hamlets_by_id(self.connection, sorted(former), self.today) if former else {}
        found.former = {hamlet: _hamlet(row) for hamlet, row in rows.items()}
        return found

    def _teams(self, there: ColumnElement[bool]) -> Iterator[KnownTeam]:
        table, decided = teams.LIVE.teams, teams.LIVE.decisions.c
        here = select(table.c.team).where(there)
        signed = select(decided.team, decided.signer).where(decided.kind == "established", decided.team.in_(here))
        signers = {row.team: row.signer for row in self.connection.execute(signed)}
        served: dict[str, set[str]] = {}
        spans = teams.LIVE.served.c
        now = select(spans.team, spans.hamlet).where(spans.team.in_(here), spans.until == FOR_EVER)
        for row in self.connection.execute(now):
            served.setdefault(row.team, set()).add(row.hamlet)
        spells: dict[str, dict[tuple[str, date], Any]] = {}
        people = members.LIVE.members
        for row in self.connection.execute(select(people).where(people.c.team.in_(here))):
            key = (row.member, date.fromisoformat(row.appointed_on))
            spells.setdefault(row.team, {})[key] = row
        for row in self.connection.execute(select(table).where(there)):
            yield KnownTeam(
                row.team,
                row.name,
                row.level,
                frozenset(served.get(row.team, ())),
                row.decision_no,
                row.decision_date,
                signers.get(row.team),
                row.launched_on,
                row.dissolved_on,
                spells=spells.get(row.team, {}),
            )


def _hamlet(row: Any) -> KnownHamlet:
    return KnownHamlet(row.hamlet, row.name, row.kind, row.valid_from)


def hamlet_named(commune: KnownCommune, column: str, text: str, team: KnownTeam | None = None) -> KnownHamlet:
    """The hamlet of this name or id: one that stands, or one that `team` serves still. Raises `BadCell`."""
    by_id = _uuid(text)
    former = [commune.former[each] for each in (team.hamlets if team else ()) if each in commune.former]
    found = [h for h in (*commune.hamlets.values(), *former) if h.hamlet == by_id or same_words(h.title, text)]
    if not found:
        raise BadCell(column, "không có ấp, khóm tên này trong xã, phường")
    if len(found) > 1:
        raise BadCell(column, f"có {len(found)} ấp, khóm cùng tên; hãy ghi mã như trong tệp xuất ra")
    return found[0]


def team_named(commune: KnownCommune, row: Row, column: str, id_column: str) -> KnownTeam:
    """The team of a row, by its id if one is given, else by name. Raises `BadCell`."""
    found = team_or_none(commune, row, column, id_column)
    if found is None:
        raise BadCell(column, "không có Tổ tên này trong xã, phường")
    return found


def team_or_none(commune: KnownCommune, row: Row, column: str, id_column: str) -> KnownTeam | None:
    """The same; None when no team has that name. Raises `BadCell`."""
    text = row.text(column)
    if given := row.cells.get(id_column, ""):
        by_id = _uuid(given)
        if by_id is None or by_id not in commune.teams:
            raise BadCell(id_column, "không có Tổ mang mã này trong xã, phường này")
        return commune.teams[by_id]
    found = [team for team in commune.teams.values() if same_words(team.title, text)]
    standing = [team for team in found if team.dissolved_on is None] or found
    if len(standing) > 1:
        raise BadCell(column, f"có {len(standing)} Tổ cùng tên này; hãy ghi cột {id_column} như trong tệp xuất ra")
    return standing[0] if standing else None


def same_words(one: str, other: str) -> bool:
    """Whether two names are one: capitals do not matter, marks do."""
    return one.casefold() == other.casefold()


def _uuid(text: str) -> str | None:
    try:
        return str(UUID(text))
    except ValueError:
        return None
