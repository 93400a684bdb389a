"""Topic campaigns, and which teams are ready for them.

A team is ready when, before the campaign's first day, a material on its topic was published for its place and somebody
who serves in it on that day attended a training on the topic (003 §II.2). Both follow from other read models; nothing
of it is stored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, TypeAlias, assert_never
from uuid import UUID

from pydantic import Field
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Index,
    Select,
    Table,
    and_,
    false,
    func,
    literal,
    not_,
    or_,
    select,
)

from gateway import learning, materials, members, teams, units
from gateway.paging import Page, Slice, page_of
from gateway.rows import Identifier, ReadModel
from gateway.team_places import communes_of, lying_in
from gateway.unit_tree import belonging, below
from services.kernel.message import Event
from services.kernel.projection import Delivered
from services.kernel.rows import Rows

# What it reads of the registry's events


class CampaignOpened(Event, name="campaign.opened"):
    """Teams of a unit take a topic to the people."""

    campaign: UUID
    unit: UUID
    topic: str
    title: str = Field(alias="name")
    period: str
    cadence: str
    first_day: date
    last_day: date


class CampaignPlanned(Event, name="campaign.planned"):
    """Who leads it, who takes part, how they work together."""

    campaign: UUID
    organiser: str | None
    participants: tuple[str, ...]
    coordination_plan: str | None


class CampaignCalledOff(Event, name="campaign.called_off"):
    """It does not take place."""

    campaign: UUID


CampaignEvent: TypeAlias = CampaignOpened | CampaignPlanned | CampaignCalledOff


class Campaigns(ReadModel):
    """The table of campaigns."""

    name = "campaigns"
    views: ClassVar[Mapping[str, Any]] = {"registry": CampaignEvent}
    streams: ClassVar[frozenset[str]] = frozenset({"campaign"})

    def define(self) -> None:
        self.campaigns = Table(
            f"campaigns{self.suffix}",
            self.metadata,
            Column("campaign", Identifier, primary_key=True),
            Column("unit", Identifier, nullable=False),
            Column("topic", Identifier, nullable=False),
            Column("name", Identifier, nullable=False),
            Column("period", Identifier, nullable=False),
            Column("cadence", Identifier, nullable=False),
            Column("first_day", Identifier, nullable=False),
            Column("last_day", Identifier, nullable=False),
            Column("status", Identifier, nullable=False),
            Column("organiser", Identifier),
            Column("participants", Identifier, nullable=False),
            Column("coordination_plan", Identifier),
        )
        """ISO days; `status` is open or called_off; `participants` with single spaces between."""
        Index(f"campaigns_first_day{self.suffix}", self.campaigns.c.first_day, self.campaigns.c.campaign)

    def apply(self, connection: Connection, events: Sequence[Delivered[CampaignEvent]]) -> None:
        campaigns = Rows(self.campaigns)
        for delivered in events:
            match delivered.event:
                case CampaignOpened() as opened:
                    row = opened.model_dump(mode="json", exclude={"title"}) | {"name": opened.title}
                    untold = {"organiser": None, "participants": "", "coordination_plan": None}
                    campaigns.put(row | untold | {"status": "open"})
                case CampaignPlanned() as planned:
                    told = planned.model_dump(include={"organiser", "coordination_plan"})
                    told["participants"] = " ".join(planned.participants)
                    campaigns.change((str(planned.campaign),), told)
                case CampaignCalledOff() as off:
                    campaigns.change((str(off.campaign),), {"status": "called_off"})
                case _:
                    assert_never(delivered.event)
        campaigns.write(connection)


LIVE = Campaigns()
"""The table readers see."""


# Questions


def campaigns_page(connection: Connection, within: Sequence[ColumnElement[bool]], wanted: Slice) -> Page:
    """Campaigns, the latest first."""
    campaigns = LIVE.campaigns.c
    query = select(LIVE.campaigns).where(*within)
    return page_of(connection, query, [campaigns.first_day, campaigns.campaign], wanted, descending=True)


def campaigns_count(connection: Connection, within: Sequence[ColumnElement[bool]]) -> int:
    """How many there are."""
    return connection.execute(select(func.count()).select_from(LIVE.campaigns).where(*within)).scalar_one()


def campaign_by_id(connection: Connection, campaign: str) -> Any | None:
    """The campaign of this id."""
    return connection.execute(select(LIVE.campaigns).where(LIVE.campaigns.c.campaign == campaign)).one_or_none()


def running_on(day: date) -> ColumnElement[bool]:
    """Open, and the day lies in its period."""
    campaigns, text = LIVE.campaigns.c, day.isoformat()
    return and_(campaigns.status == "open", campaigns.first_day <= text, campaigns.last_day >= text)


# Readiness


@dataclass(frozen=True, slots=True)
class Readiness:
    """A team before a campaign. `reasons` are (code, words); `material` and `training` the rows it is ready by."""

    team: Any
    reasons: tuple[tuple[str, str], ...]
    material: Any | None
    training: Any | None

    @property
    def ready(self) -> bool:
        """True when nothing is missing."""
        return self.material is not None and self.training is not None


def readiness_page(
    connection: Connection, campaign: Any, ready: bool | None, visible: ColumnElement[bool], wanted: Slice
) -> Page:
    """Teams of the campaign's unit by name, each with what makes it ready or what it lacks."""
    table = teams.LIVE.teams.c
    query = _teams(connection, campaign, ready, visible)
    page = page_of(connection, query, [table.sort_key, table.team], wanted)
    return Page(_judged(connection, campaign, page.rows), page.cursors, page.has_next)


def readiness_count(connection: Connection, campaign: Any, ready: bool | None, visible: ColumnElement[bool]) -> int:
    """How many teams there are; of those ready, or not, when so asked."""
    found = _teams(connection, campaign, ready, visible).subquery()
    return connection.execute(select(func.count()).select_from(found)).scalar_one()


def _teams(connection: Connection, campaign: Any, ready: bool | None, visible: ColumnElement[bool]) -> Select[Any]:
    """Teams below the unit that stand on some day of the campaign."""
    table = teams.LIVE.teams.c
    first_day, last_day = date.fromisoformat(campaign.first_day), date.fromisoformat(campaign.last_day)
    query = select(teams.LIVE.teams).where(
        visible,
        lying_in(belonging([campaign.unit], last_day), last_day),
        table.decision_date <= last_day,
        or_(table.dissolved_on.is_(None), table.dissolved_on > first_day),
    )
    if ready is None:
        return query
    roots = sorted({root for material in _materials(connection, campaign) for root in material.places})
    has_material = lying_in(below(roots, None), last_day) if roots else false()
    is_trained = _attended(campaign).where(members.LIVE.members.c.team == table.team).exists()
    is_ready = and_(has_material, is_trained)
    return query.where(is_ready if ready else not_(is_ready))


@dataclass(frozen=True, slots=True)
class _Material:
    """A material on the topic from before the campaign, and the units it is for: its own and what that became."""

    row: Any
    places: tuple[str, ...]


def _materials(connection: Connection, campaign: Any) -> list[_Material]:
    """The earliest published first."""
    table, gone = materials.LIVE.materials.c, units.LIVE.successions.c
    first_day = date.fromisoformat(campaign.first_day)
    query = select(materials.LIVE.materials).where(
        materials.on_topic(campaign.topic), materials.published_before(first_day)
    )
    rows = connection.execute(query.order_by(table.published_on, table.material)).all()
    became: dict[str, list[str]] = {}
    of = {row.unit for row in rows}
    for row in connection.execute(select(gone.unit, gone.successor).where(gone.unit.in_(of))):
        became.setdefault(row.unit, []).append(row.successor)
    return [_Material(row, (row.unit, *became.get(row.unit, ()))) for row in rows]


def _held(campaign: Any) -> ColumnElement[bool]:
    """Condition on `trainings` and `courses`: on the topic, held before the first day."""
    trainings, courses = learning.LIVE.trainings.c, learning.LIVE.courses.c
    topics = literal(" ") + courses.topics + literal(" ")
    return and_(
        trainings.status == "held",
        trainings.held_on < date.fromisoformat(campaign.first_day),
        topics.contains(f" {campaign.topic} ", autoescape=True),
    )


def _attended(campaign: Any) -> Select[Any]:
    """Trainings on the topic that somebody attended who serves in the team on the first day."""
    people, there = members.LIVE.members, learning.LIVE.attendance
    trainings, courses = learning.LIVE.trainings, learning.LIVE.courses
    return (
        select(people.c.team, trainings.c.training, trainings.c.name, trainings.c.held_on)
        .join(there, there.c.member == people.c.member)
        .join(trainings, trainings.c.training == there.c.training)
        .join(courses, courses.c.course == trainings.c.course)
        .where(there.c.present, _held(campaign), *members.serving(date.fromisoformat(campaign.first_day)))
    )


def _judged(connection: Connection, campaign: Any, rows: Sequence[Any]) -> list[Readiness]:
    lies = communes_of(connection, [row.team for row in rows], date.fromisoformat(campaign.last_day))
    communes = sorted({commune for each in lies.values() for commune in each})
    material_of = _material_of(connection, campaign, communes)
    near = _trained_near(connection, campaign, communes)
    mine = _attended(campaign).where(members.LIVE.members.c.team.in_([row.team for row in rows]))
    training_of: dict[str, Any] = {}
    for found in connection.execute(
        mine.order_by(learning.LIVE.trainings.c.held_on, learning.LIVE.trainings.c.training)
    ):
        training_of.setdefault(found.team, found)
    found_for = []
    for row in rows:
        places = sorted(lies.get(row.team, {row.commune}))
        material = next((material_of[place] for place in places if place in material_of), None)
        was_near = not near.isdisjoint(places)
        found_for.append(_readiness(campaign, row, material, training_of.get(row.team), was_near))
    return found_for


def _material_of(connection: Connection, campaign: Any, communes: Sequence[str]) -> dict[str, Any]:
    """The earliest material for each commune."""
    found = _materials(connection, campaign)
    roots = sorted({root for each in found for root in each.places})
    reach = _reach(connection, roots, communes)
    return {
        commune: row
        for each in reversed(found)
        for root in each.places
        for commune in reach.get(root, ())
        for row in [each.row]
    }


def _trained_near(connection: Connection, campaign: Any, communes: Sequence[str]) -> set[str]:
    """Communes for which, or above which, a training on the topic was held before."""
    trainings, courses = learning.LIVE.trainings, learning.LIVE.courses
    query = select(trainings.c.unit).join(courses, courses.c.course == trainings.c.course).where(_held(campaign))
    roots = sorted(set(connection.execute(query).scalars()))
    return {commune for found in _reach(connection, roots, communes).values() for commune in found}


def _reach(connection: Connection, roots: Sequence[str], communes: Sequence[str]) -> dict[str, list[str]]:
    """Which of the communes lie below each root, or are it."""
    if not roots or not communes:
        return {}
    tree = below(roots, None).c
    reach: dict[str, list[str]] = {}
    for row in connection.execute(select(tree.root, tree.unit).where(tree.unit.in_(communes)).distinct()):
        reach.setdefault(row.root, []).append(row.unit)
    return reach


def _readiness(campaign: Any, team: Any, material: Any | None, training: Any | None, was_near: bool) -> Readiness:
    before = f"trước ngày {_day(date.fromisoformat(campaign.first_day))}"
    if material is None:
        about = ("MATERIAL_MISSING", f"Chưa có tài liệu về chuyên đề này được ban hành {before}.")
    else:
        words = f"Đã có tài liệu “{material.name}”, ban hành ngày {_day(material.published_on)}."
        about = ("MATERIAL_PUBLISHED", words)
    if training is not None:
        words = f"Tổ đã dự lớp “{training.name}” ngày {_day(training.held_on)}."
        taught = ("TRAINING_ATTENDED", words)
    elif was_near:
        words = f"Đã có lớp tập huấn về chuyên đề này {before}, nhưng chưa có ai đang ở trong Tổ đã dự."
        taught = ("TRAINING_NOT_ATTENDED", words)
    else:
        taught = ("TRAINING_MISSING", f"Chưa có lớp tập huấn nào về chuyên đề này diễn ra {before}.")
    return Readiness(team, (about, taught), material, training)


def _day(day: date) -> str:
    return day.strftime("%d/%m/%Y")
