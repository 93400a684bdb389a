"""Members' scorecards: everybody who served in a year, what was recorded of them, what an office made of it.

A member has one standing evaluation a year, given in one team; in another team's list the row says so and no more, for
that team may be of a place the reader does not hold.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, TypeAlias, assert_never
from uuid import UUID

import orjson
from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Date,
    Index,
    Integer,
    Select,
    Table,
    Text,
    and_,
    func,
    not_,
    select,
    true,
)

from gateway import members, teams
from gateway.evidence import MemberRecord, records_of
from gateway.paging import Page, Slice, page_of
from gateway.rows import Identifier, ReadModel
from gateway.team_places import ever_in
from gateway.unit_tree import ever_held
from services.kernel.message import Event
from services.kernel.projection import Delivered
from services.kernel.rows import Rows, write_all

# What it reads of the registry's events


class MemberEvaluated(Event, name="member.evaluated"):
    """An office evaluated a member's year."""

    evaluation: UUID
    member: UUID
    team: UUID
    year: int
    grade: str
    office: str
    evidence: dict[str, int | str | None]
    evaluated_on: date


class MemberEvaluationCorrected(Event, name="member_evaluation.corrected"):
    """It said something else later."""

    evaluation: UUID
    grade: str
    office: str
    reason: str
    evidence: dict[str, int | str | None]
    corrected_on: date


class MemberEvaluationWithdrawn(Event, name="member_evaluation.withdrawn"):
    """It does not stand."""

    evaluation: UUID


MemberEvaluationEvent: TypeAlias = MemberEvaluated | MemberEvaluationCorrected | MemberEvaluationWithdrawn


class Scorecards(ReadModel):
    """The table of evaluations, withdrawn ones included."""

    name = "scorecards"
    views: ClassVar[Mapping[str, Any]] = {"registry": MemberEvaluationEvent}
    streams: ClassVar[frozenset[str]] = frozenset({"member_evaluation"})

    def define(self) -> None:
        self.evaluations = Table(
            f"member_evaluations{self.suffix}",
            self.metadata,
            Column("evaluation", Identifier, primary_key=True),
            Column("member", Identifier, nullable=False),
            Column("team", Identifier, nullable=False),
            Column("year", Integer, nullable=False),
            Column("grade", Text, nullable=False),
            Column("office", Text, nullable=False),
            Column("evidence", Text, nullable=False),
            Column("evaluated_on", Date, nullable=False),
            Column("reason", Text),
            Column("corrected_on", Date),
            Column("stands", Boolean, nullable=False),
        )
        """`evidence` is JSON; `reason` and `corrected_on` are of the last correction."""
        Index(f"member_evaluations_member{self.suffix}", self.evaluations.c.member, self.evaluations.c.year)

    def apply(self, connection: Connection, events: Sequence[Delivered[MemberEvaluationEvent]]) -> None:
        evaluations = Rows(self.evaluations)
        for delivered in events:
            event = delivered.event
            match event:
                case MemberEvaluated():
                    row = event.model_dump() | {"evidence": orjson.dumps(event.evidence).decode(), "stands": True}
                    ids = {name: str(row[name]) for name in ("evaluation", "member", "team")}
                    evaluations.put(row | ids | {"reason": None, "corrected_on": None})
                case MemberEvaluationCorrected():
                    told = event.model_dump(exclude={"evaluation"})
                    told["evidence"] = orjson.dumps(event.evidence).decode()
                    evaluations.change((str(event.evaluation),), told)
                case MemberEvaluationWithdrawn():
                    evaluations.change((str(event.evaluation),), {"stands": False})
                case _:
                    assert_never(event)
        write_all(connection, evaluations)


LIVE = Scorecards()
"""The table readers see."""


@dataclass(frozen=True, slots=True)
class Scorecard:
    """A member in a team in a year. `evaluation` is the standing one given in this team, None when there is none."""

    team: str
    member: str
    role: str
    duty: str | None
    record: MemberRecord
    evaluation: Any | None
    evaluated_elsewhere: bool


# Questions; `visible` is the viewer's scope as a condition on `teams`


def year_of(year: int, day: date | None = None) -> tuple[date, date]:
    """First and last day; the last is `day` while the year goes on."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    return first, last if day is None else min(day, last)


def below(unit: str, today: date) -> ColumnElement[bool]:
    """Teams below a unit or what preceded it."""
    return ever_in(select(ever_held([unit], today, "asked_about").c.unit), today)


def scorecards_page(
    connection: Connection,
    year: int,
    visible: ColumnElement[bool],
    within: Sequence[ColumnElement[bool]],
    evaluated: bool | None,
    day: date | None,
    wanted: Slice,
) -> Page:
    """Who served in the year up to a day, by team; only those evaluated in that team, or not, when so asked."""
    team, people = teams.LIVE.teams.c, members.LIVE.members.c
    query = _served(year, visible, within, evaluated, day)
    page = page_of(connection, query, [team.sort_key, people.team, people.member], wanted)
    return Page(_told(connection, year, page.rows, day), page.cursors, page.has_next)


def scorecards_count(
    connection: Connection,
    year: int,
    visible: ColumnElement[bool],
    within: Sequence[ColumnElement[bool]],
    evaluated: bool | None,
    day: date | None,
) -> int:
    """How many they are."""
    query = _served(year, visible, within, evaluated, day).subquery()
    return connection.execute(select(func.count()).select_from(query)).scalar_one()


def _served(
    year: int,
    visible: ColumnElement[bool],
    within: Sequence[ColumnElement[bool]],
    evaluated: bool | None,
    day: date | None = None,
) -> Select[Any]:
    people, query = members.LIVE.members.c, members.served_between(*year_of(year, day), visible, within)
    if evaluated is None:
        return query
    table = LIVE.evaluations.c
    here = select(table.evaluation).where(
        _standing(year, day), table.member == people.member, table.team == people.team
    )
    return query.where(here.exists() if evaluated else not_(here.exists()))


def _standing(year: int, day: date | None) -> ColumnElement[bool]:
    table = LIVE.evaluations.c
    return and_(table.year == year, table.stands, true() if day is None else table.evaluated_on <= day)


def _told(connection: Connection, year: int, rows: Sequence[Any], day: date | None = None) -> list[Scorecard]:
    pairs = [(row.team, row.member) for row in rows]
    if not pairs:
        return []
    records = records_of(connection, pairs, *year_of(year, day))
    standing = select(LIVE.evaluations).where(
        _standing(year, day), LIVE.evaluations.c.member.in_({member for _, member in pairs})
    )
    given = {row.member: row for row in connection.execute(standing)}
    told = []
    for row in rows:
        found = given.get(row.member)
        here = found if found is not None and found.team == row.team else None
        elsewhere = found is not None and here is None
        told.append(Scorecard(row.team, row.member, row.role, row.duty, records[row.team, row.member], here, elsewhere))
    return told


def scorecard_of(connection: Connection, year: int, team: str, member: str) -> Scorecard | None:
    """The one of a member who served in the team in the year; None of anybody else."""
    people = members.LIVE.members.c
    whose = [people.team == team, people.member == member]
    rows = connection.execute(_served(year, teams.LIVE.teams.c.team == team, whose, None)).all()
    return next(iter(_told(connection, year, rows)), None)


def evaluation_by_id(connection: Connection, evaluation: str) -> Any | None:
    """The evaluation of this id, withdrawn or not."""
    query = select(LIVE.evaluations).where(LIVE.evaluations.c.evaluation == evaluation)
    return connection.execute(query).one_or_none()
