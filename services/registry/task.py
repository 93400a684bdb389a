"""A task from an authority to a unit of its own or a team: rõ người, rõ việc, rõ tiến độ, rõ trách nhiệm (003 §I.2).

Every task names who answers for it, an office or a team and never a person, and a due day where the paper names one.
It is done with something to show: words, a figure or both (001 §II.3, II.5; 002 §III.5).

Refusals: UNIT_UNKNOWN, UNIT_NOT_IN_FORCE, TEAM_UNKNOWN, TEAM_DISSOLVED, OUTSIDE_TERRITORY, TASK_EXISTS, TASK_UNKNOWN,
TASK_CLOSED, DUE_BEFORE_ISSUED, DAY_IN_FUTURE, DAY_OUT_OF_ORDER, EVIDENCE_MISSING.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias, assert_never
from uuid import UUID

from pydantic import Field

from services.kernel.clock import business_date
from services.kernel.decider import Aggregate, Lookup, Refused
from services.kernel.message import Command, Event
from services.registry.team import TEAM
from services.registry.unit import UNIT, Unit, lies_within
from services.registry.wording import Passage, Wording

if TYPE_CHECKING:
    from services.registry.team_events import Team

Assignee: TypeAlias = Literal["unit", "team"]
Status: TypeAlias = Literal["issued", "in_progress", "done", "called_off"]

# Events


class TaskIssued(Event, name="task.issued"):
    """`authority` gives `about`, a unit or team below it, something to do."""

    task: UUID
    authority: UUID
    issuer: str
    """The office that signs for the authority."""
    assignee: Assignee
    about: UUID
    content: str
    owner: str
    paper_no: str | None
    issued_on: date
    due_on: date | None
    """Last day in time; None: not stated."""


class TaskStarted(Event, name="task.started"):
    """Work has begun."""

    task: UUID
    started_on: date


class TaskDone(Event, name="task.done"):
    """Done, with what shows it: words, a figure or both."""

    task: UUID
    done_on: date
    evidence: str | None
    figure: int | None


class TaskCalledOff(Event, name="task.called_off"):
    """Nobody has to do it any more."""

    task: UUID
    called_off_on: date


TaskEvent: TypeAlias = TaskIssued | TaskStarted | TaskDone | TaskCalledOff


# State


@dataclass(frozen=True, slots=True)
class Task:
    """A task as issued, how far it is, and the last event that said so."""

    issued: TaskIssued
    status: Status
    last: TaskEvent
    last_on: date


def evolve(task: Task | None, event: TaskEvent) -> Task | None:
    """The task after `event`."""
    match event:
        case TaskIssued():
            return Task(event, "issued", event, event.issued_on)
        case TaskStarted():
            return task and replace(task, status="in_progress", last=event, last_on=event.started_on)
        case TaskDone():
            return task and replace(task, status="done", last=event, last_on=event.done_on)
        case TaskCalledOff():
            return task and replace(task, status="called_off", last=event, last_on=event.called_off_on)
        case _:
            assert_never(event)


# Commands


class IssueTask(Command, name="issue_task"):
    """Give a unit or team something to do."""

    task: UUID
    authority: UUID
    issuer: Wording
    assignee: Assignee
    about: UUID
    content: Passage
    owner: Wording
    paper_no: Wording | None = None
    issued_on: date
    due_on: date | None = None


class StartTask(Command, name="start_task"):
    """Say that work has begun."""

    task: UUID
    started_on: date


class FinishTask(Command, name="finish_task"):
    """Say that it is done, and show it."""

    task: UUID
    done_on: date
    evidence: Passage | None = None
    figure: Annotated[int, Field(ge=0, le=1_000_000_000)] | None = None


class CallOffTask(Command, name="call_off_task"):
    """Say that it need not be done."""

    task: UUID
    called_off_on: date


TaskCommand: TypeAlias = IssueTask | StartTask | FinishTask | CallOffTask


# Rules


def guard(command: TaskCommand, lookup: Lookup) -> None:
    """An authority gives tasks to what lies within it and stands, itself included."""
    if not isinstance(command, IssueTask):
        return
    place = command.about
    if command.assignee == "team":
        team: Team | None = lookup.state(TEAM, str(command.about))
        if team is None:
            raise Refused("Chưa có Tổ này.", code="TEAM_UNKNOWN", field="about")
        if team.dissolved:
            raise Refused("Tổ này đã giải thể.", code="TEAM_DISSOLVED", field="about")
        place = team.established.commune
    else:
        unit: Unit | None = lookup.state(UNIT, str(command.about))
        if unit is None:
            raise Refused("Chưa có đơn vị này trên bản đồ.", code="UNIT_UNKNOWN", field="about")
        if not unit.in_force(command.issued_on):
            raise Refused("Đơn vị không có hiệu lực vào ngày giao.", code="UNIT_NOT_IN_FORCE", field="about")
    if not lies_within(lookup, place, command.authority, command.issued_on):
        said = "Nơi nhận không thuộc địa bàn của cơ quan giao."
        raise Refused(said, code="OUTSIDE_TERRITORY", field="about")


def decide(command: TaskCommand, task: Task | None) -> list[TaskEvent]:
    """Issued, perhaps begun, then done or called off; told again just so, nothing changes."""
    if isinstance(command, IssueTask):
        return _issue(command, task)
    if task is None:
        raise Refused("Chưa có nhiệm vụ này.", code="TASK_UNKNOWN", field="task")
    event: TaskStarted | TaskDone | TaskCalledOff
    match command:
        case StartTask():
            event = TaskStarted(task=command.task, started_on=command.started_on)
            day, field = command.started_on, "started_on"
        case FinishTask():
            if command.evidence is None and command.figure is None:
                raise Refused("Phải nêu kết quả hoặc số liệu.", code="EVIDENCE_MISSING", field="evidence")
            told = {"done_on": command.done_on, "evidence": command.evidence, "figure": command.figure}
            event = TaskDone.model_validate({"task": command.task, **told})
            day, field = command.done_on, "done_on"
        case CallOffTask():
            event = TaskCalledOff(task=command.task, called_off_on=command.called_off_on)
            day, field = command.called_off_on, "called_off_on"
        case _:
            assert_never(command)
    if task.last == event:
        return []
    _goes_on(task, event, day, field, business_date(command.at))
    return [event]


def _issue(command: IssueTask, task: Task | None) -> list[TaskEvent]:
    event = TaskIssued(
        task=command.task,
        authority=command.authority,
        issuer=command.issuer,
        assignee=command.assignee,
        about=command.about,
        content=command.content,
        owner=command.owner,
        paper_no=command.paper_no,
        issued_on=command.issued_on,
        due_on=command.due_on,
    )
    if task is not None:
        if task.issued == event:
            return []
        raise Refused("Nhiệm vụ này đã được giao với nội dung khác.", code="TASK_EXISTS", field="task")
    if command.due_on is not None and command.due_on < command.issued_on:
        raise Refused("Hạn phải từ ngày giao trở đi.", code="DUE_BEFORE_ISSUED", field="due_on")
    _not_in_future(command.issued_on, "issued_on", business_date(command.at))
    return [event]


def _goes_on(task: Task, event: TaskStarted | TaskDone | TaskCalledOff, day: date, field: str, today: date) -> None:
    if task.status in ("done", "called_off"):
        raise Refused("Nhiệm vụ này đã kết thúc.", code="TASK_CLOSED", field="task")
    if isinstance(event, TaskStarted) and task.status == "in_progress":
        raise Refused("Đã ghi một ngày bắt đầu khác.", code="DAY_OUT_OF_ORDER", field=field)
    _not_in_future(day, field, today)
    if day < task.last_on:
        raise Refused("Ngày này không được trước lần ghi trước.", code="DAY_OUT_OF_ORDER", field=field)


def _not_in_future(day: date, field: str, today: date) -> None:
    if day > today:
        raise Refused("Ngày này không được ở tương lai.", code="DAY_IN_FUTURE", field=field)


TASK: Aggregate[Task | None, TaskCommand, TaskEvent] = Aggregate(
    category="task",
    events=TaskEvent,
    commands=TaskCommand,
    initial=None,
    evolve=evolve,
    decide=decide,
    identity=lambda command: command.task,
    guard=guard,
    opens=frozenset({IssueTask}),
)
