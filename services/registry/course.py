"""A course of the catalogue: what members learn (001 §III.2a, 002 §III.2a). Refusals: COURSE_UNKNOWN."""

from typing import Annotated, TypeAlias, assert_never
from uuid import UUID

from pydantic import ConfigDict, Field

from services.kernel.decider import Aggregate, Refused
from services.kernel.message import Command, Event
from services.registry.plan_rules import Code
from services.registry.wording import Wording

Topics: TypeAlias = Annotated[tuple[Code, ...], Field(min_length=1, max_length=40)]
"""Codes of services it teaches, as visits know them, or of subjects such as POLICY."""

# Events


class CourseCatalogued(Event, name="course.catalogued"):
    """A course is offered; told again, the later words hold."""

    model_config = ConfigDict(serialize_by_alias=True)

    course: UUID
    title: str = Field(alias="name")
    topics: tuple[str, ...]
    provider: str
    source: str | None = None
    """The plan and section that ask for it."""


class CourseRetired(Event, name="course.retired"):
    """A course is no longer offered."""

    course: UUID


CourseEvent: TypeAlias = CourseCatalogued | CourseRetired


# State: the course as offered, None before and after


def evolve(_course: CourseCatalogued | None, event: CourseEvent) -> CourseCatalogued | None:
    """The course after `event`."""
    match event:
        case CourseCatalogued():
            return event
        case CourseRetired():
            return None
        case _:
            assert_never(event)


# Commands


class CatalogueCourse(Command, name="catalogue_course"):
    """Offer a course, or say better what it is."""

    model_config = ConfigDict(serialize_by_alias=True)

    course: UUID
    title: Wording = Field(alias="name")
    topics: Topics
    provider: Wording
    source: Wording | None = None


class RetireCourse(Command, name="retire_course"):
    """Offer a course no longer."""

    course: UUID


CourseCommand: TypeAlias = CatalogueCourse | RetireCourse


# Rules


def decide(command: CourseCommand, course: CourseCatalogued | None) -> list[CourseEvent]:
    """Told just so again, nothing changes."""
    match command:
        case CatalogueCourse():
            event = CourseCatalogued(
                course=command.course,
                name=command.title,
                topics=command.topics,
                provider=command.provider,
                source=command.source,
            )
            return [] if course == event else [event]
        case RetireCourse():
            if course is None:
                raise Refused("Chưa có khoá học này trong danh mục.", code="COURSE_UNKNOWN", field="course")
            return [CourseRetired(course=command.course)]
        case _:
            assert_never(command)


COURSE: Aggregate[CourseCatalogued | None, CourseCommand, CourseEvent] = Aggregate(
    category="course",
    events=CourseEvent,
    commands=CourseCommand,
    initial=None,
    evolve=evolve,
    decide=decide,
    identity=lambda command: command.course,
    opens=frozenset({CatalogueCourse}),
)
