"""Teams: founded, renewed, launched and dissolved by which decisions, serving which hamlets on which days."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, ClassVar, TypeAlias, assert_never
from uuid import UUID

from pydantic import Field
from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Date,
    Index,
    Integer,
    LargeBinary,
    Select,
    Table,
    and_,
    func,
    or_,
    select,
)

from gateway import finding, policies, units
from gateway.paging import Page, Slice, page_of
from gateway.rows import Identifier, ReadModel, listed
from gateway.team_ground import ALWAYS, FOR_EVER, write_places
from gateway.unit_tree import belonging
from gateway.vietnamese import fold, sort_key
from services.kernel.message import Event
from services.kernel.projection import Delivered
from services.kernel.rows import Rows, write_all

# What it reads of the registry's events


class TeamEstablished(Event, name="team.established"):
    """A team for hamlets of one commune."""

    team: UUID
    commune: UUID
    title: str = Field(alias="name")
    level: str
    hamlets: tuple[UUID, ...]
    decision_no: str
    decision_date: date
    signer: str | None = None
    enterprise: UUID | None = None


class TeamRenewed(Event, name="team.renewed"):
    """From the decision's day on the team serves these hamlets; `commune` is told where it went to another."""

    team: UUID
    hamlets: tuple[UUID, ...]
    decision_no: str
    decision_date: date
    signer: str | None
    commune: UUID | None = None


class TeamLaunched(Event, name="team.launched"):
    """Presented to the people."""

    team: UUID
    launched_on: date


class TeamDissolved(Event, name="team.dissolved"):
    """From the decision's day on there is no such team."""

    team: UUID
    decision_no: str
    decision_date: date
    signer: str | None
    successor: UUID | None


TeamEvent: TypeAlias = TeamEstablished | TeamRenewed | TeamLaunched | TeamDissolved


class HamletRegistered(Event, name="hamlet.registered"):
    """Of this commune from the beginning."""

    hamlet: UUID
    commune: UUID


class HamletTransferred(Event, name="hamlet.transferred"):
    """Of another commune from a day on."""

    hamlet: UUID
    commune: UUID
    on: date


class HamletEnded(Event, name="hamlet.ended"):
    """The last day it stands."""

    hamlet: UUID
    valid_to: date


class HamletSucceeded(Event, name="hamlet.succeeded"):
    """Where a hamlet went."""

    hamlet: UUID
    successor: UUID
    on: date


GroundEvent: TypeAlias = HamletRegistered | HamletTransferred | HamletEnded | HamletSucceeded


class Teams(ReadModel):
    """Tables of teams, the decisions on them and the hamlets they serve, past ones included."""

    name = "teams"
    views: ClassVar[Mapping[str, Any]] = {"registry": TeamEvent | GroundEvent}
    streams: ClassVar[frozenset[str]] = frozenset({"team"})

    def define(self) -> None:
        self.teams = Table(
            f"teams{self.suffix}",
            self.metadata,
            Column("team", Identifier, primary_key=True),
            Column("commune", Identifier, nullable=False),
            Column("name", Identifier, nullable=False),
            Column("level", Identifier, nullable=False),
            Column("enterprise", Identifier),
            Column("decision_no", Identifier, nullable=False),
            Column("decision_date", Date, nullable=False),
            Column("launched_on", Date),
            Column("dissolved_on", Date),
            Column("successor", Identifier),
            Column("search_text", Identifier, nullable=False),
            Column("sort_key", LargeBinary, nullable=False),
        )
        Index(f"teams_commune{self.suffix}", self.teams.c.commune, self.teams.c.sort_key)
        self.served = Table(
            f"team_hamlets{self.suffix}",
            self.metadata,
            Column("team", Identifier, primary_key=True),
            Column("hamlet", Identifier, primary_key=True),
            Column("since", Identifier, primary_key=True),
            Column("until", Identifier, nullable=False),
            Column("at_the_end", Boolean),
        )
        """ISO days, `until` not included; `at_the_end` what it served when it was dissolved."""
        self.placed = Table(
            f"team_communes{self.suffix}",
            self.metadata,
            Column("team", Identifier, primary_key=True),
            Column("since", Identifier, primary_key=True),
            Column("until", Identifier, nullable=False),
            Column("commune", Identifier, nullable=False),
        )
        """Where decisions put it, likewise; in the first commune since ever. `teams.commune` is the last."""
        Index(f"team_communes_commune{self.suffix}", self.placed.c.commune)
        self.lies = Table(
            f"team_places{self.suffix}",
            self.metadata,
            Column("team", Identifier, primary_key=True),
            Column("since", Identifier, primary_key=True),
            Column("commune", Identifier, primary_key=True),
            Column("until", Identifier, nullable=False),
            Column("hamlets", Integer, nullable=False),
        )
        """Where its hamlets put it (`team_ground`), likewise, and how many of them; of each commune one row a span."""
        Index(f"team_places_commune{self.suffix}", self.lies.c.commune)
        self.ground = Table(
            f"team_ground{self.suffix}",
            self.metadata,
            Column("hamlet", Identifier, primary_key=True),
            Column("day", Identifier, primary_key=True),
            Column("what", Identifier, primary_key=True),
            Column("other", Identifier, primary_key=True),
        )
        """From a day on a hamlet is of a `commune`, has `ended`, or `went` into another one."""
        Index(f"team_ground_other{self.suffix}", self.ground.c.other)
        self.decisions = Table(
            f"team_decisions{self.suffix}",
            self.metadata,
            Column("team", Identifier, primary_key=True),
            Column("decision_date", Identifier, primary_key=True),
            Column("decision_no", Identifier, primary_key=True),
            Column("kind", Identifier, nullable=False),
            Column("signer", Identifier),
        )
        Index(f"team_hamlets_hamlet{self.suffix}", self.served.c.hamlet)

    def apply(self, connection: Connection, events: Sequence[Delivered[TeamEvent | GroundEvent]]) -> None:
        batch = _Batch(self, connection)
        for delivered in events:
            batch.take(delivered.event)
        write_all(connection, *batch.rows)
        write_places(connection, self, batch.touched, batch.shifted)


class _Batch:
    """What a batch of events does to the tables."""

    def __init__(self, model: Teams, connection: Connection) -> None:
        self._model, self._connection = model, connection
        self._teams, self._served, self._decisions = Rows(model.teams), Rows(model.served), Rows(model.decisions)
        self._placed, self._ground = Rows(model.placed), Rows(model.ground)
        self.rows = (self._teams, self._served, self._decisions, self._placed, self._ground)
        self.touched, self.shifted = set[str](), set[str]()
        """Teams that were decided about, hamlets that went elsewhere."""
        self._now: dict[str, dict[str, str]] = {}
        """Of each team touched: the hamlets it serves, and since when."""
        self._home: dict[str, tuple[str, str]] = {}
        """Likewise the commune it is put under, and since when."""

    def take(self, event: TeamEvent | GroundEvent) -> None:
        match event:
            case HamletRegistered():
                self._turn(event.hamlet, ALWAYS, "commune", str(event.commune))
            case HamletTransferred():
                self._turn(event.hamlet, event.on.isoformat(), "commune", str(event.commune))
            case HamletEnded():
                self._turn(event.hamlet, (event.valid_to + timedelta(days=1)).isoformat(), "ended", "")
            case HamletSucceeded():
                self._turn(event.hamlet, event.on.isoformat(), "went", str(event.successor))
            case TeamEstablished() | TeamRenewed() | TeamDissolved():
                self._decided(event)
            case TeamLaunched():
                self._teams.change((str(event.team),), {"launched_on": event.launched_on})
            case _:
                assert_never(event)

    def _turn(self, hamlet: UUID, day: str, what: str, other: str) -> None:
        self._ground.put({"hamlet": str(hamlet), "day": day, "what": what, "other": other})
        if day != ALWAYS:
            self.shifted.add(str(hamlet))

    def _decided(self, event: TeamEstablished | TeamRenewed | TeamDissolved) -> None:
        team, day = str(event.team), event.decision_date
        self.touched.add(team)
        kind = event.name.partition(".")[2]
        decision = {"team": team, "decision_date": day.isoformat(), "decision_no": event.decision_no}
        self._decisions.put(decision | {"kind": kind, "signer": event.signer})
        match event:
            case TeamEstablished():
                row = event.model_dump(include={"level", "decision_no", "decision_date"})
                row |= {"team": team, "commune": str(event.commune), "name": event.title}
                row["enterprise"] = None if event.enterprise is None else str(event.enterprise)
                gone = {"launched_on": None, "dissolved_on": None, "successor": None}
                named = {"search_text": fold(event.title), "sort_key": sort_key(event.title)}
                self._teams.put(row | gone | named)
                self._now[team] = {}
                self._serve(team, event.hamlets, day)
                self._place(team, str(event.commune), ALWAYS)
            case TeamRenewed():
                self._serve(team, event.hamlets, day)
                if event.commune is not None:
                    self._move(team, str(event.commune), day.isoformat())
            case TeamDissolved():
                successor = None if event.successor is None else str(event.successor)
                self._teams.change((team,), {"dissolved_on": day, "successor": successor})
                self._serve(team, (), day, at_the_end=True)

    def _place(self, team: str, commune: str, since: str) -> None:
        self._placed.put({"team": team, "since": since, "until": FOR_EVER, "commune": commune})
        self._home[team] = (commune, since)

    def _move(self, team: str, commune: str, day: str) -> None:
        """From `day` on the team is put under another commune."""
        if team not in self._home:
            placed = self._model.placed.c
            asked = select(placed.commune, placed.since).where(placed.team == team, placed.until == FOR_EVER)
            self._home[team] = tuple(self._connection.execute(asked).one())
        before, since = self._home[team]
        if since < day:
            self._placed.put({"team": team, "since": since, "until": day, "commune": before})
        self._place(team, commune, max(since, day))
        self._teams.change((team,), {"commune": commune})

    def _serve(self, team: str, hamlets: Sequence[UUID], day: date, *, at_the_end: bool = False) -> None:
        """From `day` on the team serves exactly these."""
        if team not in self._now:
            served = self._model.served.c
            asked = select(served.hamlet, served.since).where(served.team == team, served.until == FOR_EVER)
            self._now[team] = {row.hamlet: row.since for row in self._connection.execute(asked)}
        now, wanted, today = self._now[team], {str(hamlet) for hamlet in hamlets}, day.isoformat()
        for hamlet in now.keys() - wanted:
            row = {"team": team, "hamlet": hamlet, "since": now.pop(hamlet)}
            self._served.put(row | {"until": today, "at_the_end": at_the_end})
        for hamlet in wanted - now.keys():
            now[hamlet] = today
            begun = {"team": team, "hamlet": hamlet, "since": today, "until": FOR_EVER}
            self._served.put(begun | {"at_the_end": False})


LIVE = Teams()
"""The tables readers see."""


# Questions; `visible` is the viewer's scope as a condition on `teams`


def teams_page(
    connection: Connection, visible: ColumnElement[bool], within: ColumnElement[bool], wanted: Slice
) -> Page:
    """Teams the viewer may see among those `within`, by name."""
    teams = LIVE.teams.c
    return page_of(connection, select(LIVE.teams).where(visible, within), [teams.sort_key, teams.team], wanted)


def teams_count(connection: Connection, visible: ColumnElement[bool], within: ColumnElement[bool]) -> int:
    """How many of them there are."""
    return connection.execute(select(func.count()).select_from(LIVE.teams).where(visible, within)).scalar_one()


def teams_by_id(connection: Connection, ids: Sequence[str], visible: ColumnElement[bool]) -> dict[str, Any]:
    """Team rows the viewer may see, by id."""
    rows = connection.execute(select(LIVE.teams).where(listed(connection, LIVE.teams.c.team, ids), visible))
    return {row.team: row for row in rows}


def stands(day: date) -> ColumnElement[bool]:
    """Condition on `teams`: founded by that day and not dissolved."""
    table = LIVE.teams.c
    return and_(table.decision_date <= day, or_(table.dissolved_on.is_(None), table.dissolved_on > day))


def found_by(text: str | None, day: date) -> list[ColumnElement[bool]]:
    """Conditions on `teams`: each word is in the team's name, or in that of its commune or of a hamlet served that day.

    A commune that went whole into another is found by either name.
    """
    return [_found_by(word, day) for word in finding.words_of(text)]


def _found_by(word: str, day: date) -> ColumnElement[bool]:
    table, served, hamlets = LIVE.teams.c, LIVE.served.c, units.LIVE.hamlets
    known, gone = units.LIVE.units, units.LIVE.successions.c
    home = select(gone.successor).where(gone.unit == table.commune, gone.part.is_(False), gone.on_day <= day)
    commune = select(known.c.unit).where(
        or_(known.c.unit == table.commune, known.c.unit.in_(home.correlate(LIVE.teams))),
        units.told_on(day),
        _has(known.c, word),
    )
    hamlet = (
        select(served.hamlet)
        .join(hamlets, hamlets.c.hamlet == served.hamlet)
        .where(served.team == table.team, serves(day), units.told_on(day, hamlets), _has(hamlets.c, word))
    )
    return or_(_has(table, word), commune.exists(), hamlet.exists())


def _has(columns: Any, word: str) -> ColumnElement[bool]:
    return finding.begins_a_word(columns.search_text, word)


def serves(day: date) -> ColumnElement[bool]:
    """Condition on `team_hamlets`: spans that hold on a day."""
    served = LIVE.served.c
    return and_(served.since <= day.isoformat(), served.until > day.isoformat())


def hamlets_served(connection: Connection, teams: Sequence[str], day: date) -> dict[str, list[Any]]:
    """Rows of the hamlets each team serves on a day, by name."""
    served, hamlets = LIVE.served.c, units.LIVE.hamlets
    query = select(hamlets, served.team).join(LIVE.served, served.hamlet == hamlets.c.hamlet).where(serves(day))
    query = query.where(units.told_on(day, hamlets))
    found: dict[str, list[Any]] = {}
    for row in connection.execute(query.where(served.team.in_(teams)).order_by(hamlets.c.sort_key, hamlets.c.hamlet)):
        found.setdefault(row.team, []).append(row)
    return found


def teams_of_hamlets(
    connection: Connection, hamlets: Sequence[str], day: date, visible: ColumnElement[bool]
) -> dict[str, list[Any]]:
    """Team rows the viewer may see that serve each hamlet on a day, by name."""
    served, table = LIVE.served.c, LIVE.teams
    query = select(table, served.hamlet).join(LIVE.served, served.team == table.c.team)
    query = query.where(listed(connection, served.hamlet, hamlets), serves(day), visible)
    found: dict[str, list[Any]] = {}
    for row in connection.execute(query.order_by(table.c.sort_key, table.c.team)):
        found.setdefault(row.hamlet, []).append(row)
    return found


def hamlets_of(within: Select[Any], day: date, on: date) -> Select[Any]:
    """Hamlets that stood on a day and lie in these units on the map of `on`, as they are called on it."""
    then, hamlets = units.LIVE.hamlets.alias("then"), units.LIVE.hamlets
    here = select(hamlets).where(hamlets.c.commune.in_(within))
    if on == day:
        return here.where(units.in_force(day, hamlets))
    stood = select(then.c.hamlet).where(units.in_force(day, then))
    return here.where(units.told_on(on, hamlets), hamlets.c.hamlet.in_(stood))


def without_team(connection: Connection, within: Select[Any], day: date, on: date) -> Select[Any]:
    """Those of them that no team served on the day, or fewer teams than the plan then in force asks for."""
    hamlets, served = units.LIVE.hamlets.c, LIVE.served.c
    serving = select(served.team).where(served.hamlet == hamlets.hamlet, serves(day))
    too_few = [~serving.exists()]
    asked = policies.teams_asked(connection, day)
    for least in sorted(set(asked.values())):
        bound = belonging(sorted(territory for territory, most in asked.items() if most == least), day)
        there = serving.with_only_columns(func.count(served.team.distinct())).scalar_subquery()
        too_few.append(and_(hamlets.commune.in_(select(bound.c.unit)), there < least))
    return hamlets_of(within, day, on).where(or_(*too_few))


def hamlets_without_team_page(
    connection: Connection, within: Select[Any], day: date, on: date, visible: ColumnElement[bool], wanted: Slice
) -> Page:
    """These hamlets as far as the viewer may see, by name."""
    hamlets, query = units.LIVE.hamlets.c, without_team(connection, within, day, on).where(visible)
    return page_of(connection, query, [hamlets.sort_key, hamlets.hamlet], wanted)


def hamlets_without_team_count(
    connection: Connection, within: Select[Any], day: date, on: date, visible: ColumnElement[bool]
) -> int:
    """How many of them there are."""
    found = without_team(connection, within, day, on).where(visible).subquery()
    return connection.execute(select(func.count()).select_from(found)).scalar_one()


def decisions_of(connection: Connection, teams: Sequence[str]) -> dict[str, list[Any]]:
    """Rows of the decisions on each team, the first first."""
    decisions = LIVE.decisions.c
    query = select(LIVE.decisions).where(decisions.team.in_(teams)).order_by(decisions.decision_date)
    found: dict[str, list[Any]] = {}
    for row in connection.execute(query):
        found.setdefault(row.team, []).append(row)
    return found
