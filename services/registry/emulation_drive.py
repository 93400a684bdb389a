"""An emulation drive (phong trào thi đua): launched for a period in a territory, closed with a result.

The Youth Union, the Women's Union, the Labour Federation or an office launches it (003 §III.7-9; 002 §IV.5). It may be
written down after it began or was over: what is commended in it often comes later. Result and title are public words,
without a person's number or name.

Refusals: DRIVE_EXISTS, DRIVE_UNKNOWN, DRIVE_CLOSED, UNIT_UNKNOWN, UNIT_NOT_IN_FORCE, PERIOD_REVERSED, PRIVATE_NUMBER,
DAY_IN_FUTURE, CLOSED_BEFORE_BEGUN.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Literal, TypeAlias, assert_never
from uuid import UUID

from pydantic import ConfigDict, Field

from services.kernel.clock import business_date
from services.kernel.decider import Aggregate, Lookup, Refused
from services.kernel.message import Command, Event
from services.registry.public_text import check_public
from services.registry.unit import UNIT
from services.registry.wording import Passage, Wording

if TYPE_CHECKING:
    from services.registry.unit import Unit

Launcher: TypeAlias = Literal["youth_union", "women_union", "labour_federation", "office"]
"""003 §III.7, III.8, III.9; an office of the People's Committee."""


# Events


class EmulationDriveLaunched(Event, name="emulation_drive.launched"):
    """`organiser` calls on its people in `unit` to vie from the first to the last day."""

    model_config = ConfigDict(serialize_by_alias=True)

    drive: UUID
    unit: UUID
    title: str = Field(alias="name")
    launcher: Launcher
    organiser: str
    first_day: date
    last_day: date


class EmulationDriveClosed(Event, name="emulation_drive.closed"):
    """It was summed up that day, with this result."""

    drive: UUID
    result: str
    closed_on: date


EmulationDriveEvent: TypeAlias = EmulationDriveLaunched | EmulationDriveClosed


# State


@dataclass(frozen=True, slots=True)
class EmulationDrive:
    """What the rules remember of a drive."""

    launched: EmulationDriveLaunched
    closed: EmulationDriveClosed | None = None


def evolve(drive: EmulationDrive | None, event: EmulationDriveEvent) -> EmulationDrive | None:
    """The drive after `event`."""
    match event:
        case EmulationDriveLaunched():
            return EmulationDrive(event)
        case EmulationDriveClosed():
            return None if drive is None else replace(drive, closed=event)
        case _:
            assert_never(event)


# Commands


class LaunchEmulationDrive(Command, name="launch_emulation_drive"):
    """Say that it was or will be launched."""

    model_config = ConfigDict(serialize_by_alias=True)

    drive: UUID
    unit: UUID
    title: Wording = Field(alias="name")
    launcher: Launcher
    organiser: Wording
    first_day: date
    last_day: date


class CloseEmulationDrive(Command, name="close_emulation_drive"):
    """Sum it up."""

    drive: UUID
    result: Passage
    closed_on: date


EmulationDriveCommand: TypeAlias = LaunchEmulationDrive | CloseEmulationDrive


# Rules


def guard(command: EmulationDriveCommand, lookup: Lookup) -> None:
    """The territory stands when the drive begins."""
    if not isinstance(command, LaunchEmulationDrive):
        return
    unit: Unit | None = lookup.state(UNIT, str(command.unit))
    if unit is None:
        raise Refused("Chưa có đơn vị này trên bản đồ.", code="UNIT_UNKNOWN", field="unit")
    if not unit.in_force(command.first_day):
        rule = "Đơn vị không có hiệu lực vào ngày đầu của phong trào."
        raise Refused(rule, code="UNIT_NOT_IN_FORCE", field="unit")


def decide(command: EmulationDriveCommand, drive: EmulationDrive | None) -> list[EmulationDriveEvent]:
    """Launched once, closed once, not before it began."""
    match command:
        case LaunchEmulationDrive():
            return _launch(command, drive)
        case CloseEmulationDrive():
            return _close(command, drive)
        case _:
            assert_never(command)


def _launch(command: LaunchEmulationDrive, drive: EmulationDrive | None) -> list[EmulationDriveEvent]:
    event = EmulationDriveLaunched(
        drive=command.drive,
        unit=command.unit,
        name=command.title,
        launcher=command.launcher,
        organiser=command.organiser,
        first_day=command.first_day,
        last_day=command.last_day,
    )
    if drive is not None:
        if drive.launched == event:
            return []
        raise Refused("Phong trào này đã có với nội dung khác.", code="DRIVE_EXISTS", field="drive")
    if command.last_day < command.first_day:
        raise Refused("Ngày cuối phải từ ngày đầu trở đi.", code="PERIOD_REVERSED", field="last_day")
    check_public(command.title, "name")
    check_public(command.organiser, "organiser")
    return [event]


def _close(command: CloseEmulationDrive, drive: EmulationDrive | None) -> list[EmulationDriveEvent]:
    event = EmulationDriveClosed(drive=command.drive, result=command.result, closed_on=command.closed_on)
    if drive is None:
        raise Refused("Chưa có phong trào thi đua này.", code="DRIVE_UNKNOWN", field="drive")
    if drive.closed is not None:
        if drive.closed == event:
            return []
        raise Refused("Phong trào này đã tổng kết.", code="DRIVE_CLOSED", field="drive")
    if command.closed_on > business_date(command.at):
        raise Refused("Ngày tổng kết không được ở tương lai.", code="DAY_IN_FUTURE", field="closed_on")
    if command.closed_on < drive.launched.first_day:
        rule = "Không tổng kết trước ngày đầu của phong trào."
        raise Refused(rule, code="CLOSED_BEFORE_BEGUN", field="closed_on")
    check_public(command.result, "result")
    return [event]


EMULATION_DRIVE: Aggregate[EmulationDrive | None, EmulationDriveCommand, EmulationDriveEvent] = Aggregate(
    category="emulation_drive",
    events=EmulationDriveEvent,
    commands=EmulationDriveCommand,
    initial=None,
    evolve=evolve,
    decide=decide,
    identity=lambda command: command.drive,
    guard=guard,
    opens=frozenset({LaunchEmulationDrive}),
)
