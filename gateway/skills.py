"""Skills of members: how far each masters digital skills, who assessed it, and whether an office confirmed it.

The figure of a unit counts who served on a day by the last assessment up to that day (domain.md C1 TRN-02): a member in
two teams is one, and who was never assessed is neither skilled nor unskilled.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, TypeAlias, assert_never
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Connection, Date, Select, Table, and_, func, select

from gateway import members, teams
from gateway.coverage import percent
from gateway.restating import Sums, Thing
from gateway.rows import Identifier, ReadModel, listed
from gateway.structures import Asked, shared_out
from gateway.team_places import holds, lying_among
from services.kernel.message import Event
from services.kernel.projection import Delivered
from services.kernel.rows import Rows, write_all

# What it reads of the registry's events


class MemberSkillAssessed(Event, name="member_skill.assessed"):
    """What a member masters."""

    member: UUID
    skill: str
    assessor: str
    assessed_on: date


class MemberSkillConfirmed(Event, name="member_skill.confirmed"):
    """The assessment of that day was confirmed."""

    member: UUID
    assessed_on: date
    office: str
    confirmed_on: date


SkillEvent: TypeAlias = MemberSkillAssessed | MemberSkillConfirmed


class Skills(ReadModel):
    """The table of assessments."""

    name = "skills"
    views: ClassVar[Mapping[str, Any]] = {"registry": SkillEvent}
    streams: ClassVar[frozenset[str]] = frozenset({"learner"})

    def define(self) -> None:
        self.assessments = Table(
            f"skill_assessments{self.suffix}",
            self.metadata,
            Column("member", Identifier, primary_key=True),
            Column("assessed_on", Identifier, primary_key=True),
            Column("skill", Identifier, nullable=False),
            Column("assessor", Identifier, nullable=False),
            Column("confirmed_on", Date),
            Column("confirmed_by", Identifier),
        )

    def apply(self, connection: Connection, events: Sequence[Delivered[SkillEvent]]) -> None:
        assessments = Rows(self.assessments)
        for delivered in events:
            match delivered.event:
                case MemberSkillAssessed() as assessed:
                    row = assessed.model_dump(mode="json") | {"confirmed_on": None, "confirmed_by": None}
                    assessments.put(row)
                case MemberSkillConfirmed() as confirmed:
                    of = (str(confirmed.member), confirmed.assessed_on.isoformat())
                    told = {"confirmed_on": confirmed.confirmed_on, "confirmed_by": confirmed.office}
                    assessments.change(of, told)
                case _:
                    assert_never(delivered.event)
        write_all(connection, assessments)


LIVE = Skills()
"""The table readers see."""

INDICATOR = "TRN-02"


# Questions


def skill_of(connection: Connection, people: Sequence[str], day: date) -> dict[str, Any]:
    """The last assessment of each member up to a day."""
    table = LIVE.assessments.c
    query = select(LIVE.assessments).where(table.member.in_(people), table.assessed_on <= day.isoformat())
    return {row.member: row for row in connection.execute(query.order_by(table.assessed_on))}


@dataclass(frozen=True, slots=True)
class SkillFigures:
    """Distinct members who served on a day, by their last assessment. `mastering` is basic and advanced.

    None where something was divided over `unshared` without a stated share.
    """

    members: int | None = 0
    assessed: int | None = 0
    mastering: int | None = 0
    advanced: int | None = 0
    confirmed: int | None = 0
    """Of those mastering: whose assessment an office had confirmed by that day."""
    unshared: tuple[str, ...] = ()

    @property
    def basic(self) -> int | None:
        """Who masters the basics and no more."""
        return None if self.mastering is None or self.advanced is None else self.mastering - self.advanced

    @property
    def mastering_rate(self) -> str | None:
        """Percent of all members with one decimal as text; None without members."""
        return self._rate(self.mastering)

    @property
    def confirmed_rate(self) -> str | None:
        """Likewise of those confirmed."""
        return self._rate(self.confirmed)

    def _rate(self, some: int | None) -> str | None:
        return None if some is None or self.members is None else percent(some, self.members)


def skills_in(connection: Connection, asked: Asked, visible: ColumnElement[bool]) -> SkillFigures:
    """Figures of the members serving below a unit on a day, in teams the viewer may see."""
    if asked.structure != "restated":
        member = members.LIVE.members.c
        people = _serving(asked.day, visible).where(lying_among(asked.units, asked.day))
        counts = [0, 0, 0, 0, 0]
        for row in _assessed(connection, people.with_only_columns(member.member).distinct(), asked.day):
            counts = [one + row.people * each for one, each in zip(counts, _counted(row), strict=True)]
        return _figures(counts)

    def told(communes: Sequence[str]) -> list[Thing]:
        return _by_communes(connection, asked.day, visible, communes)

    found = shared_out(connection, [asked.unit], asked.on, told, 5).get(asked.unit, Sums((0,) * 5))
    return _figures(found.counts or [None] * 5, found.unshared)


def _figures(counts: Sequence[int | None], unshared: tuple[str, ...] = ()) -> SkillFigures:
    people, assessed, mastering, advanced, confirmed = counts
    return SkillFigures(people, assessed, mastering, advanced, confirmed, unshared)


def _serving(day: date, visible: ColumnElement[bool]) -> Select[Any]:
    """`(member, commune)` of everybody serving in a team that stands, twice where in two teams or places."""
    team, member, lies = teams.LIVE.teams, members.LIVE.members, teams.LIVE.lies
    query = select(member.c.member, lies.c.commune).join(team, team.c.team == member.c.team)
    query = query.join(lies, lies.c.team == team.c.team).where(holds(day))
    return query.where(teams.stands(day), visible, *members.serving(day))


def _assessed(connection: Connection, who: Select[Any], day: date) -> Sequence[Any]:
    """How many `people` each skill and confirmation has, by whatever `who` tells beside the member."""
    table, people = LIVE.assessments.c, who.subquery("people")
    last = (
        select(table.member, func.max(table.assessed_on).label("assessed_on"))
        .where(table.assessed_on <= day.isoformat())
        .group_by(table.member)
        .subquery("last")
    )
    confirmed = func.coalesce(table.confirmed_on <= day, False)
    beside = [column for column in people.c if column.name != "member"]
    query = (
        select(table.skill, confirmed.label("confirmed"), func.count().label("people"), *beside)
        .select_from(people)
        .outerjoin(last, last.c.member == people.c.member)
        .outerjoin(LIVE.assessments, and_(table.member == last.c.member, table.assessed_on == last.c.assessed_on))
        .group_by(table.skill, confirmed, *beside)
    )
    return connection.execute(query).all()


def _counted(row: Any) -> tuple[bool, ...]:
    """What one of these people counts for: each of the figures is part of the one before it, or of `mastering`."""
    masters = row.skill in ("basic", "advanced")
    return True, row.skill is not None, masters, row.skill == "advanced", masters and bool(row.confirmed)


def _by_communes(
    connection: Connection, day: date, visible: ColumnElement[bool], communes: Sequence[str]
) -> list[Thing]:
    """People by the communes they serve in: each is one, whichever of these is the unit's."""
    here = (
        _serving(day, visible)
        .where(listed(connection, teams.LIVE.lies.c.commune, communes))
        .distinct()
        .subquery("here")
    )
    # Few serve in two communes: then they stand under the first, and under the whole list.
    where = func.min(here.c.commune).label("first"), func.max(here.c.commune).label("other")
    who = select(here.c.member, *where).group_by(here.c.member)
    counts: dict[tuple[str, ...], list[int]] = {}
    for row in _assessed(connection, who, day):
        of = counts.setdefault(tuple(dict.fromkeys((row.first, row.other))), [0, 0, 0, 0, 0])
        of[:] = [one + row.people * each for one, each in zip(of, _counted(row), strict=True)]
    return [Thing(places, of, day) for places, of in counts.items()]
