"""Learning: courses, trainings, who attended, and what was completed elsewhere."""

from collections.abc import Mapping, Sequence
from datetime import date
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
    LargeBinary,
    Table,
    delete,
    func,
    select,
    union_all,
)

from gateway import finding
from gateway.paging import Page, Slice, page_of
from gateway.rows import Identifier, ReadModel, counted, listed
from gateway.vietnamese import fold, sort_key
from services.kernel.message import Event
from services.kernel.projection import Delivered
from services.kernel.rows import Rows, write_all

# What it reads of the registry's events


class CourseCatalogued(Event, name="course.catalogued"):
    """A course is offered."""

    course: UUID
    title: str = Field(alias="name")
    topics: tuple[str, ...]
    provider: str
    source: str | None = None


class CourseRetired(Event, name="course.retired"):
    """It is offered no longer."""

    course: UUID


class TrainingScheduled(Event, name="training.scheduled"):
    """A training is planned."""

    training: UUID
    unit: UUID
    course: UUID | None
    title: str = Field(alias="name")
    mode: str
    organiser: str
    trainer_organisation: str | None
    first_day: date
    last_day: date


class TrainingHeld(Event, name="training.held"):
    """It took place; the last list holds."""

    training: UUID
    held_on: date
    attended: tuple[UUID, ...]
    missed: tuple[UUID, ...]


class TrainingCalledOff(Event, name="training.called_off"):
    """It does not take place."""

    training: UUID


class ExternalCourseCompleted(Event, name="external_course.completed"):
    """A course completed elsewhere."""

    member: UUID
    course: str
    provider: str
    completed_on: date


LearningEvent: TypeAlias = (
    CourseCatalogued | CourseRetired | TrainingScheduled | TrainingHeld | TrainingCalledOff | ExternalCourseCompleted
)


class Learning(ReadModel):
    """Tables of courses, trainings, attendance and completions."""

    name = "learning"
    views: ClassVar[Mapping[str, Any]] = {"registry": LearningEvent}
    streams: ClassVar[frozenset[str]] = frozenset({"course", "training", "learner"})

    def define(self) -> None:
        self.courses = Table(
            f"courses{self.suffix}",
            self.metadata,
            Column("course", Identifier, primary_key=True),
            Column("name", Identifier, nullable=False),
            Column("topics", Identifier, nullable=False),
            Column("provider", Identifier, nullable=False),
            Column("source", Identifier),
            Column("offered", Boolean, nullable=False),
            Column("search_text", Identifier, nullable=False),
            Column("sort_key", LargeBinary, nullable=False),
        )
        self.trainings = Table(
            f"trainings{self.suffix}",
            self.metadata,
            Column("training", Identifier, primary_key=True),
            Column("unit", Identifier, nullable=False),
            Column("course", Identifier),
            Column("name", Identifier, nullable=False),
            Column("mode", Identifier, nullable=False),
            Column("organiser", Identifier, nullable=False),
            Column("trainer_organisation", Identifier),
            Column("first_day", Identifier, nullable=False),
            Column("last_day", Identifier, nullable=False),
            Column("status", Identifier, nullable=False),
            Column("held_on", Date),
        )
        Index(f"trainings_unit{self.suffix}", self.trainings.c.unit, self.trainings.c.first_day)
        self.attendance = Table(
            f"training_attendance{self.suffix}",
            self.metadata,
            Column("training", Identifier, primary_key=True),
            Column("member", Identifier, primary_key=True),
            Column("held_on", Date, nullable=False),
            Column("present", Boolean, nullable=False),
        )
        Index(f"training_attendance_member{self.suffix}", self.attendance.c.member, self.attendance.c.held_on)
        self.completions = Table(
            f"course_completions{self.suffix}",
            self.metadata,
            Column("member", Identifier, primary_key=True),
            Column("course", Identifier, primary_key=True),
            Column("provider", Identifier, primary_key=True),
            Column("completed_on", Date, primary_key=True),
        )

    def apply(self, connection: Connection, events: Sequence[Delivered[LearningEvent]]) -> None:
        courses, trainings = Rows(self.courses), Rows(self.trainings)
        attendance, completions = Rows(self.attendance), Rows(self.completions)
        lists: dict[str, TrainingHeld] = {}
        for delivered in events:
            match delivered.event:
                case CourseCatalogued() as course:
                    row: dict[str, Any] = {"course": str(course.course), "name": course.title}
                    row |= {"topics": " ".join(course.topics), "provider": course.provider, "source": course.source}
                    words = {"search_text": fold(f"{course.title} {row['topics']}"), "sort_key": sort_key(course.title)}
                    courses.put(row | words | {"offered": True})
                case CourseRetired() as retired:
                    courses.change((str(retired.course),), {"offered": False})
                case TrainingScheduled() as planned:
                    row = planned.model_dump(mode="json", exclude={"title"}) | {"name": planned.title}
                    trainings.put(row | {"status": "scheduled", "held_on": None})
                case TrainingHeld() as held:
                    trainings.change((str(held.training),), {"status": "held", "held_on": held.held_on})
                    lists[str(held.training)] = held
                case TrainingCalledOff() as off:
                    trainings.change((str(off.training),), {"status": "called_off"})
                case ExternalCourseCompleted() as completed:
                    completions.put(completed.model_dump() | {"member": str(completed.member)})
                case _:
                    assert_never(delivered.event)
        for training, held in lists.items():
            connection.execute(delete(self.attendance).where(self.attendance.c.training == training))
            for present, members in ((True, held.attended), (False, held.missed)):
                for member in members:
                    there = {"member": str(member), "held_on": held.held_on, "present": present}
                    attendance.put({"training": training, **there})
        write_all(connection, courses, trainings, attendance, completions)


LIVE = Learning()
"""The tables readers see."""


# Questions


def courses_page(connection: Connection, search: str | None, wanted: Slice) -> Page:
    """Courses on offer whose name or topics have the words of `search`, by name."""
    courses = LIVE.courses.c
    query = select(LIVE.courses).where(courses.offered, *finding.mentions(courses.search_text, search))
    return page_of(connection, query, [courses.sort_key, courses.course], wanted)


def courses_count(connection: Connection, search: str | None) -> int:
    """How many there are."""
    courses = LIVE.courses.c
    query = select(func.count()).where(courses.offered, *finding.mentions(courses.search_text, search))
    return connection.execute(query).scalar_one()


def courses_by_id(connection: Connection, ids: Sequence[str]) -> dict[str, Any]:
    """Courses, those no longer offered too."""
    rows = connection.execute(select(LIVE.courses).where(LIVE.courses.c.course.in_(ids)))
    return {row.course: row for row in rows}


def trainings_page(
    connection: Connection, visible: ColumnElement[bool], within: Sequence[ColumnElement[bool]], wanted: Slice
) -> Page:
    """Trainings, the latest first."""
    trainings = LIVE.trainings.c
    query = select(LIVE.trainings).where(visible, *within)
    return page_of(connection, query, [trainings.first_day, trainings.training], wanted, descending=True)


def trainings_count(connection: Connection, visible: ColumnElement[bool], within: Sequence[ColumnElement[bool]]) -> int:
    """How many there are."""
    return connection.execute(select(func.count()).select_from(LIVE.trainings).where(visible, *within)).scalar_one()


def training_by_id(connection: Connection, training: str, visible: ColumnElement[bool]) -> Any | None:
    """The training, if the viewer may see it."""
    found = select(LIVE.trainings).where(LIVE.trainings.c.training == training, visible)
    return connection.execute(found).one_or_none()


def attendance_of(connection: Connection, trainings: Sequence[str]) -> dict[str, list[Any]]:
    """Who was there and who was missing at each training."""
    attendance = LIVE.attendance.c
    query = select(LIVE.attendance).where(attendance.training.in_(trainings)).order_by(attendance.member)
    found: dict[str, list[Any]] = {}
    for row in connection.execute(query):
        found.setdefault(row.training, []).append(row)
    return found


def trained(connection: Connection, members: Sequence[str], day: date) -> set[str]:
    """Which members were trained, here or elsewhere, in the year of a day up to that day (002 §II.2: every year)."""
    return set(trainings_attended(connection, members, date(day.year, 1, 1), day))


def trainings_attended(connection: Connection, members: Sequence[str], first: date, last: date) -> dict[str, int]:
    """How many trainings each attended, here or elsewhere, from `first` to `last`; who attended none is left out."""
    attendance, done = LIVE.attendance.c, LIVE.completions.c
    here = select(attendance.member).where(
        listed(connection, attendance.member, members), attendance.present, attendance.held_on.between(first, last)
    )
    elsewhere = select(done.member).where(
        listed(connection, done.member, members), done.completed_on.between(first, last)
    )
    both = union_all(here, elsewhere).subquery("attended")
    return counted(connection, select(both.c.member, func.count()).group_by(both.c.member))


def trained_of(connection: Connection, members: Sequence[str], day: date) -> dict[str, bool]:
    """The same by member."""
    return dict.fromkeys(trained(connection, members, day), True)
