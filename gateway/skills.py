"""Skills of members: how far each masters digital skills, who assessed it, and whether an office confirmed it.

The figure of a unit counts who served on a day by the last assessment up to that day (domain.md C1 TRN-02): a member in
two teams is one, and who was never assessed is neither skilled nor unskilled.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, TypeAlias, assert_never
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Connection, Date, Table, and_, func, select

from gateway import members, teams
from gateway.coverage import percent
from gateway.rows import Identifier, ReadModel
from gateway.team_places import lying_in
from gateway.unit_tree import belonging
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
    """Distinct members who served on a day, by their last assessment. `mastering` is basic and advanced."""

    members: int = 0
    assessed: int = 0
    basic: int = 0
    advanced: int = 0
    confirmed: int = 0
    """Of those mastering: whose assessment an office had confirmed by that day."""

    @property
    def mastering(self) -> int:
        """Who masters digital skills at least in their basics."""
        return self.basic + self.advanced

    @property
    def mastering_rate(self) -> str | None:
        """Percent of all members with one decimal as text; None without members."""
        return percent(self.mastering, self.members)

    @property
    def confirmed_rate(self) -> str | None:
        """Likewise of those confirmed."""
        return percent(self.confirmed, self.members)


def skills_in(connection: Connection, unit: str, day: date, visible: ColumnElement[bool]) -> SkillFigures:
    """Figures of the members serving below a unit on a day, in teams the viewer may see."""
    team, member = teams.LIVE.teams, members.LIVE.members
    people = (
        select(member.c.member)
        .join(team, team.c.team == member.c.team)
        .where(lying_in(belonging([unit], day), day), teams.stands(day), visible, *members.serving(day))
        .distinct()
        .subquery("people")
    )
    table = LIVE.assessments.c
    last = (
        select(table.member, func.max(table.assessed_on).label("assessed_on"))
        .where(table.assessed_on <= day.isoformat())
        .group_by(table.member)
        .subquery("last")
    )
    confirmed = func.coalesce(table.confirmed_on <= day, False)
    query = (
        select(table.skill, confirmed.label("confirmed"), func.count().label("people"))
        .select_from(people)
        .outerjoin(last, last.c.member == people.c.member)
        .outerjoin(LIVE.assessments, and_(table.member == last.c.member, table.assessed_on == last.c.assessed_on))
        .group_by(table.skill, confirmed)
    )
    counts: dict[tuple[str | None, bool], int] = {
        (row.skill, bool(row.confirmed)): row.people for row in connection.execute(query)
    }
    of = {skill: sum(n for (each, _), n in counts.items() if each == skill) for skill in ("none", "basic", "advanced")}
    return SkillFigures(
        members=sum(counts.values()),
        assessed=sum(of.values()),
        basic=of["basic"],
        advanced=of["advanced"],
        confirmed=sum(n for (each, done), n in counts.items() if done and each in ("basic", "advanced")),
    )
