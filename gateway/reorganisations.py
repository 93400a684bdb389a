"""What was decided about the map, and what a decision would touch; and which teams it leaves to be formed anew."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, ClassVar
from uuid import UUID

import orjson
from sqlalchemy import Column, ColumnElement, Connection, Date, Index, Select, Table, and_, func, or_, select

from gateway import cases, enterprises, learning, members, policies, teams, units, visits
from gateway.paging import Page, Slice, page_of
from gateway.rows import Identifier, ReadModel
from gateway.unit_tree import belonging
from services.kernel.message import Event
from services.kernel.projection import Delivered
from services.kernel.rows import Rows, write_all

# What it reads of the registry's events


class ReorganisationDecided(Event, name="reorganisation.decided"):
    """What was decided, by whom, from which day on."""

    reorganisation: UUID
    on: date
    decision_no: str | None
    decision_date: date | None
    issuer: str | None
    source: str | None
    operations: tuple[dict[str, Any], ...]


class Reorganisations(ReadModel):
    """Tables of reorganisations and of the units and hamlets each of them names."""

    name = "reorganisations"
    views: ClassVar[Mapping[str, Any]] = {"registry": ReorganisationDecided}
    streams: ClassVar[frozenset[str]] = frozenset({"reorganisation"})

    def define(self) -> None:
        self.decided = Table(
            f"reorganisations{self.suffix}",
            self.metadata,
            Column("reorganisation", Identifier, primary_key=True),
            Column("on_day", Date, nullable=False),
            Column("decision_no", Identifier),
            Column("decision_date", Date),
            Column("issuer", Identifier),
            Column("source", Identifier),
            Column("operations", Identifier, nullable=False),
        )
        """`operations` is JSON, as decided."""
        self.named = Table(
            f"reorganisation_units{self.suffix}",
            self.metadata,
            Column("reorganisation", Identifier, primary_key=True),
            Column("unit", Identifier, primary_key=True),
        )
        Index(f"reorganisation_units_unit{self.suffix}", self.named.c.unit)

    def apply(self, connection: Connection, events: Sequence[Delivered[ReorganisationDecided]]) -> None:
        decided, named = Rows(self.decided), Rows(self.named)
        for delivered in events:
            event, about = delivered.event, str(delivered.event.reorganisation)
            row = event.model_dump(include={"decision_no", "decision_date", "issuer", "source"})
            operations = orjson.dumps(event.operations).decode()
            decided.put(row | {"reorganisation": about, "on_day": event.on, "operations": operations})
            for unit in {unit for operation in event.operations for unit in _named(operation)}:
                named.put({"reorganisation": about, "unit": unit})
        write_all(connection, decided, named)


def _named(operation: Mapping[str, Any]) -> Iterator[str]:
    """The ids an operation names, places above founded units left out."""
    for field in ("unit", "to", "hamlet"):
        if operation.get(field):
            yield operation[field]
    yield from operation.get("units", ())
    into = operation.get("into", ())
    yield from [into] if isinstance(into, str) else into


LIVE = Reorganisations()
"""The tables readers see."""


# Questions


def decided_page(connection: Connection, unit: str | None, wanted: Slice) -> Page:
    """Reorganisations that name a unit or hamlet, or all of them, in the order of their days."""
    table = LIVE.decided
    return page_of(connection, select(table).where(_about(unit)), [table.c.on_day, table.c.reorganisation], wanted)


def decided_count(connection: Connection, unit: str | None) -> int:
    """How many there are."""
    return connection.execute(select(func.count()).select_from(LIVE.decided).where(_about(unit))).scalar_one()


def _about(unit: str | None) -> ColumnElement[bool]:
    named = select(LIVE.named.c.reorganisation)
    return LIVE.decided.c.reorganisation.in_(named if unit is None else named.where(LIVE.named.c.unit == unit))


@dataclass(frozen=True, slots=True)
class Warned:
    """What a person should look at before deciding: a stable code, the words, and what it is about."""

    code: str
    message: str
    about: str


@dataclass(frozen=True, slots=True)
class Impact:
    """What a reorganisation touches on the day before it, in numbers, and what needs a person's choice."""

    units: int
    hamlets: int
    teams: Sequence[Mapping[str, str]]
    """`id` and `name`."""
    members: int
    households: int
    open_cases: int
    enterprises: int
    trainings: int
    policies: int
    warnings: Sequence[Warned]


@dataclass(frozen=True, slots=True)
class Change:
    """The units and hamlets that some operations change. `moved` hamlets are put under a commune by name."""

    ended: frozenset[str]
    divided: frozenset[str]
    """Those of which a part goes elsewhere, ended or not."""
    transferred: frozenset[str]
    hamlets_ended: frozenset[str]
    moved: frozenset[str]

    @classmethod
    def of(cls, operations: Sequence[Mapping[str, Any]]) -> "Change":
        """Read from operations as the registry takes them."""
        found: dict[str, set[str]] = {name: set() for name in ("ended", "divided", "transferred", "hamlets", "moved")}
        for operation in operations:
            hamlet, gone = operation.get("place") == "hamlet", _gone(operation)
            found["hamlets" if hamlet else "ended"].update(gone)
            if operation["do"] in ("split", "cede") and not hamlet:
                found["divided"].add(operation["unit"])
            if operation["do"] == "transfer":
                found["moved" if hamlet else "transferred"].add(operation["unit"])
        sets = {name: frozenset(ids) for name, ids in found.items()}
        return cls(sets["ended"], sets["divided"], sets["transferred"], sets["hamlets"], sets["moved"])


def _gone(operation: Mapping[str, Any]) -> Sequence[str]:
    if operation["do"] in ("merge", "abolish"):
        return [str(unit) for unit in operation["units"]]
    return [operation["unit"]] if operation["do"] == "split" else []


def impact(connection: Connection, change: Change, on: date, today: date) -> Impact:
    """What hangs on the units and hamlets of a change the day before it, and today where things are not dated."""
    day = on - timedelta(days=1)
    touched = change.ended | change.divided | change.transferred
    theirs = _belonging(connection, touched, day)
    hamlets = _hamlets(connection, theirs, day) | change.hamlets_ended | change.moved
    served, team = teams.LIVE.served.c, teams.LIVE.teams.c
    serving = select(served.team).where(served.hamlet.in_(hamlets), teams.serves(day))
    there = or_(team.team.in_(serving), team.commune.in_(theirs))
    alive = and_(there, team.decision_date <= day, or_(team.dissolved_on.is_(None), team.dissolved_on > day))
    asked = select(team.team, team.name).where(alive).order_by(team.sort_key, team.team)
    found = {row.team: row.name for row in connection.execute(asked)}
    training, case, policy = learning.LIVE.trainings.c, cases.LIVE.cases.c, policies.LIVE.profiles.c
    held = and_(policy.status == "published", or_(policy.last_day.is_(None), policy.last_day >= on))
    return Impact(
        units=len(touched),
        hamlets=len(hamlets),
        teams=[{"id": one, "name": name} for one, name in found.items()],
        members=sum(len(rows) for rows in members.serving_on(connection, list(found), min(day, today)).values()),
        households=_count(connection, visits.LIVE.households.c.hamlet.in_(hamlets)),
        open_cases=_count(connection, and_(case.commune.in_(theirs), case.status != "answered")),
        enterprises=_count(connection, enterprises.LIVE.enterprises.c.commune.in_(theirs)),
        trainings=_count(connection, and_(training.unit.in_(theirs), training.status == "scheduled")),
        policies=_count(connection, and_(policy.territory.in_(change.ended), held)),
        warnings=list(_warnings(connection, change, day)),
    )


def _count(connection: Connection, condition: ColumnElement[bool]) -> int:
    return connection.execute(select(func.count()).where(condition)).scalar_one()


def _belonging(connection: Connection, touched: Collection[str], day: date) -> set[str]:
    return set(connection.execute(select(belonging(sorted(touched), day).c.unit)).scalars()) if touched else set()


def _hamlets(connection: Connection, communes: Collection[str], day: date) -> set[str]:
    hamlets = units.LIVE.hamlets
    here = select(hamlets.c.hamlet).where(hamlets.c.commune.in_(communes), units.in_force(day, hamlets))
    return set(connection.execute(here).scalars())


def _warnings(connection: Connection, change: Change, day: date) -> Iterator[Warned]:
    table, hamlets = units.LIVE.units, units.LIVE.hamlets
    left = select(table.c.unit, table.c.name).where(table.c.parent.in_(change.ended), units.in_force(day))
    for row in connection.execute(left.order_by(table.c.sort_key)):
        if row.unit not in change.ended | change.transferred:
            yield Warned("LEFT_BEHIND", f"{row.name} còn thuộc một đơn vị kết thúc; hãy chuyển hoặc sắp xếp.", row.unit)
    theirs = _belonging(connection, change.divided, day)
    here = select(hamlets).where(hamlets.c.commune.in_(theirs), units.in_force(day, hamlets))
    for row in connection.execute(here.order_by(hamlets.c.sort_key)):
        if row.hamlet not in change.hamlets_ended | change.moved:
            rule = f"{row.kind} {row.name} thuộc đơn vị bị chia: hãy chọn xã, phường mới, nếu không thì giữ nguyên."
            yield Warned("CHOICE_NEEDED", rule, row.hamlet)
    names = units.units_by_id(connection, sorted(change.divided), day)
    for unit in sorted(change.divided & names.keys()):
        rule = f"Số liệu cũ của {names[unit].name} không chia lại được: chưa có tỷ lệ chia nào kèm nguồn."
        yield Warned("WEIGHT_NOT_STATED", rule, unit)


@dataclass(frozen=True, slots=True)
class ToReform:
    """A team whose ground has changed under it: why, and which hamlets there are in the place of those it serves."""

    team: str
    reason: str
    proposed: Sequence[str]


def to_reform(
    connection: Connection, unit: str, day: date, visible: ColumnElement[bool], wanted: Slice
) -> tuple[Page, dict[str, ToReform]]:
    """Teams below a unit that serve hamlets which are no more on that day, or whose commune is no more."""
    team, served, hamlets = teams.LIVE.teams.c, teams.LIVE.served.c, units.LIVE.hamlets
    gone = _ended(hamlets.c.hamlet, hamlets, day)
    lost = select(served.team).where(teams.serves(day), served.hamlet.in_(gone))
    here = team.commune.in_(select(belonging([unit], day).c.unit))
    communes = _ended(units.LIVE.units.c.unit, units.LIVE.units, day)
    alive = and_(team.decision_date <= day, or_(team.dissolved_on.is_(None), team.dissolved_on > day))
    within = and_(here, alive, or_(team.team.in_(lost), team.commune.in_(communes)))
    page = teams.teams_page(connection, visible, within, wanted)
    return page, _proposals(connection, [row.team for row in page.rows], day)


def _ended(what: ColumnElement[str], table: Table, day: date) -> Select[Any]:
    return select(what).where(units.told_on(day, table), table.c.valid_to < day)


def _proposals(connection: Connection, wanted: Sequence[str], day: date) -> dict[str, ToReform]:
    hamlets = teams.hamlets_served(connection, wanted, day)
    ended = {row.hamlet for rows in hamlets.values() for row in rows if row.valid_to is not None and row.valid_to < day}
    ways = _successors(connection, ended, day)
    found = {}
    for team in wanted:
        rows = hamlets.get(team, [])
        lost = [row for row in rows if row.hamlet in ended]
        names = ", ".join(f"{row.kind} {row.name}" for row in lost)
        reason = f"{names} không còn" if lost else "Xã, phường của Tổ đã sáp nhập hoặc chia"
        proposed = {row.hamlet for row in rows if row.hamlet not in ended}
        proposed |= {way for row in lost for way in ways.get(row.hamlet, ())}
        found[team] = ToReform(team, reason, sorted(proposed))
    return found


def _successors(connection: Connection, gone: Collection[str], day: date) -> dict[str, set[str]]:
    """What hamlets became by that day, over several steps where there were several."""
    went, ways, ask = units.LIVE.successions.c, dict[str, set[str]](), set(gone)
    while ask:
        asked = select(went.unit, went.successor).where(went.unit.in_(ask), went.on_day <= day)
        steps = connection.execute(asked).all()
        for row in steps:
            ways.setdefault(row.unit, set()).add(row.successor)
        ask = {row.successor for row in steps} - ways.keys()
    return {start: _ends(start, ways) for start in gone}


def _ends(start: str, ways: Mapping[str, set[str]]) -> set[str]:
    return {end for step in ways.get(start, ()) for end in (_ends(step, ways) if step in ways else {step})}
