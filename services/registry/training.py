"""A training: planned, then held or called off; who attended and who was missing (domain.md A4 rows 65–71).

Members are the opaque ids they have in their teams. Refusals: TRAINING_EXISTS, TRAINING_UNKNOWN, TRAINING_HELD,
TRAINING_CALLED_OFF, UNIT_UNKNOWN, COURSE_UNKNOWN, DAYS_REVERSED, HELD_IN_FUTURE, HELD_BEFORE_PLANNED, MEMBER_TWICE.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Literal, TypeAlias, assert_never
from uuid import UUID

from pydantic import ConfigDict, Field

from services.kernel.clock import business_date
from services.kernel.decider import Aggregate, Lookup, Refused
from services.kernel.message import Command, Event
from services.registry.course import COURSE
from services.registry.plan_rules import Organisation
from services.registry.unit import UNIT
from services.registry.wording import Wording

Mode: TypeAlias = Literal["online", "in_person", "hands_on"]
Trainers: TypeAlias = (
    Organisation | Literal["province_office", "department", "public_service_centre", "culture_social_office"]
)
"""Who sends the trainer: members' organisations, and offices nobody is a member from (001 §VI.3–4, 002 §IV.1 and 3, 003
§III.4): Văn phòng UBND tỉnh; sở, ban, ngành; Trung tâm Phục vụ hành chính công; Phòng Văn hóa - Xã hội."""
Members: TypeAlias = Annotated[tuple[UUID, ...], Field(max_length=5000)]

# Events


class TrainingScheduled(Event, name="training.scheduled"):
    """A training is planned for teams of a unit."""

    model_config = ConfigDict(serialize_by_alias=True)

    training: UUID
    unit: UUID
    course: UUID | None
    title: str = Field(alias="name")
    mode: Mode
    organiser: str
    trainer_organisation: Trainers | None
    first_day: date
    last_day: date


class TrainingHeld(Event, name="training.held"):
    """It took place: who attended, and who was asked and missing. Told again, the later list holds."""

    training: UUID
    held_on: date
    attended: tuple[UUID, ...]
    missed: tuple[UUID, ...]


class TrainingCalledOff(Event, name="training.called_off"):
    """It does not take place."""

    training: UUID


TrainingEvent: TypeAlias = TrainingScheduled | TrainingHeld | TrainingCalledOff


# State


@dataclass(frozen=True, slots=True)
class Training:
    """What the rules remember of a training."""

    scheduled: TrainingScheduled
    held: TrainingHeld | None = None
    called_off: bool = False


def evolve(training: Training | None, event: TrainingEvent) -> Training | None:
    """The training after `event`."""
    if isinstance(event, TrainingScheduled):
        return Training(event)
    if training is None:
        return None
    match event:
        case TrainingHeld():
            return replace(training, held=event)
        case TrainingCalledOff():
            return replace(training, called_off=True)
        case _:
            assert_never(event)


# Commands


class ScheduleTraining(Command, name="schedule_training"):
    """Plan a training."""

    model_config = ConfigDict(serialize_by_alias=True)

    training: UUID
    unit: UUID
    course: UUID | None = None
    title: Wording = Field(alias="name")
    mode: Mode
    organiser: Wording
    trainer_organisation: Trainers | None = None
    first_day: date
    last_day: date


class HoldTraining(Command, name="hold_training"):
    """Say that it took place and who was there; told again it corrects the list."""

    training: UUID
    held_on: date
    attended: Members
    missed: Members = ()


class CallOffTraining(Command, name="call_off_training"):
    """Say that it does not take place."""

    training: UUID


TrainingCommand: TypeAlias = ScheduleTraining | HoldTraining | CallOffTraining


# Rules


def guard(command: TrainingCommand, lookup: Lookup) -> None:
    """Unit and course must exist."""
    if not isinstance(command, ScheduleTraining):
        return
    if lookup.state(UNIT, str(command.unit)) is None:
        raise Refused("Chưa có đơn vị này trên bản đồ.", code="UNIT_UNKNOWN", field="unit")
    if command.course is not None and lookup.state(COURSE, str(command.course)) is None:
        raise Refused("Chưa có khoá học này trong danh mục.", code="COURSE_UNKNOWN", field="course")


def decide(command: TrainingCommand, training: Training | None) -> list[TrainingEvent]:
    """Planned once, held not before its first day and not tomorrow, nobody both there and missing."""
    if isinstance(command, ScheduleTraining):
        return _schedule(command, training)
    if training is None:
        raise Refused("Chưa có lớp tập huấn này.", code="TRAINING_UNKNOWN", field="training")
    if training.called_off:
        raise Refused("Lớp tập huấn này đã huỷ.", code="TRAINING_CALLED_OFF", field="training")
    match command:
        case HoldTraining():
            return _hold(command, training)
        case CallOffTraining():
            if training.held is not None:
                raise Refused("Lớp tập huấn này đã diễn ra.", code="TRAINING_HELD", field="training")
            return [TrainingCalledOff(training=command.training)]
        case _:
            assert_never(command)


def _schedule(command: ScheduleTraining, training: Training | None) -> list[TrainingEvent]:
    if command.last_day < command.first_day:
        raise Refused("Ngày cuối phải từ ngày đầu trở đi.", code="DAYS_REVERSED", field="last_day")
    event = TrainingScheduled(
        training=command.training,
        unit=command.unit,
        course=command.course,
        name=command.title,
        mode=command.mode,
        organiser=command.organiser,
        trainer_organisation=command.trainer_organisation,
        first_day=command.first_day,
        last_day=command.last_day,
    )
    if training is None:
        return [event]
    if training.scheduled == event:
        return []
    raise Refused("Lớp tập huấn này đã có với nội dung khác.", code="TRAINING_EXISTS", field="training")


def _hold(command: HoldTraining, training: Training) -> list[TrainingEvent]:
    everybody = [*command.attended, *command.missed]
    if len(set(everybody)) < len(everybody):
        raise Refused("Mỗi người chỉ ghi một lần: có mặt hoặc vắng.", code="MEMBER_TWICE", field="attended")
    if command.held_on > business_date(command.at):
        raise Refused("Ngày tập huấn không được ở tương lai.", code="HELD_IN_FUTURE", field="held_on")
    if command.held_on < training.scheduled.first_day:
        raise Refused("Ngày tập huấn không được trước ngày đầu.", code="HELD_BEFORE_PLANNED", field="held_on")
    event = TrainingHeld(
        training=command.training, held_on=command.held_on, attended=command.attended, missed=command.missed
    )
    return [] if training.held == event else [event]


TRAINING: Aggregate[Training | None, TrainingCommand, TrainingEvent] = Aggregate(
    category="training",
    events=TrainingEvent,
    commands=TrainingCommand,
    initial=None,
    evolve=evolve,
    decide=decide,
    identity=lambda command: command.training,
    guard=guard,
    opens=frozenset({ScheduleTraining}),
)
