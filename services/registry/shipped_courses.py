"""The courses that ship with the project: `data/courses.toml`, which an official reads.

Each is what a plan says members are to learn, with the plan and section. Command ids are derived from what is said, so
that a second import changes nothing, not even what an official wrote anew or retired since.
"""

import tomllib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.kernel.csv_rows import RowFault
from services.kernel.identifiers import derived_id
from services.kernel.message import Command
from services.registry.course import CatalogueCourse, Topics
from services.registry.plan_rules import Code
from services.registry.reading import Reading
from services.registry.wording import Wording


class _Course(BaseModel):
    model_config = ConfigDict(extra="forbid")

    code: Code
    title: Wording = Field(alias="name")
    topics: Topics
    provider: Wording
    source: Wording


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    courses: Annotated[tuple[_Course, ...], Field(max_length=200)]


def course_id(code: str) -> UUID:
    """The id of a course that ships, by its code in the file."""
    return derived_id("course", code)


def course_commands(path: Path, reading: Reading) -> list[Command]:
    """Catalogue what the file says; faults go to `reading`."""
    commands: list[Command] = []
    seen: set[str] = set()
    for course in _courses(path, reading):
        if course.code in seen:
            reading.faults.append(RowFault(path.name, 1, f"{course.code}.code", f"mã {course.code} đã có ở trên"))
            continue
        seen.add(course.code)
        commands.extend(_commands_of(course, reading))
    return commands


def _courses(path: Path, reading: Reading) -> tuple[_Course, ...]:
    try:
        return _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))).courses
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        reading.faults.append(RowFault(path.name, 1, "", f"không phải TOML đúng chuẩn: {error}"))
    except ValidationError as error:
        for fault in error.errors(include_input=False, include_url=False):
            reading.faults.append(RowFault(path.name, 1, ".".join(map(str, fault["loc"])), fault["msg"]))
    return ()


def _commands_of(course: _Course, reading: Reading) -> Iterator[Command]:
    said = sha256(course.model_dump_json().encode()).hexdigest()
    yield CatalogueCourse(
        course=course_id(course.code),
        name=course.title,
        topics=course.topics,
        provider=course.provider,
        source=course.source,
        **reading.envelope("course-catalogue", course.code, said),
    )
