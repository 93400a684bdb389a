"""Tasks: what an authority gave a unit or team to do, who answers for it, how far it is, and what is overdue."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, TypeAlias, assert_never
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Connection, Index, Integer, Table, and_, func, not_, or_, select

from gateway.paging import Page, Slice, page_of
from gateway.rows import Identifier, ReadModel
from gateway.team_places import lying
from gateway.unit_tree import belonging
from services.kernel.message import Event
from services.kernel.projection import Delivered
from services.kernel.rows import Rows

NO_DUE_DAY = "9999-12-31"
"""Where tasks without a due day stand in their order: last."""

# What it reads of the registry's events


class TaskIssued(Event, name="task.issued"):
    """A unit or team is to do something."""

    task: UUID
    authority: UUID
    issuer: str
    assignee: str
    about: UUID
    content: str
    owner: str
    paper_no: str | None
    issued_on: date
    due_on: date | None


class TaskStarted(Event, name="task.started"):
    """Work has begun."""

    task: UUID
    started_on: date


class TaskDone(Event, name="task.done"):
    """Done, with what shows it."""

    task: UUID
    done_on: date
    evidence: str | None
    figure: int | None


class TaskCalledOff(Event, name="task.called_off"):
    """It need not be done."""

    task: UUID
    called_off_on: date


TaskEvent: TypeAlias = TaskIssued | TaskStarted | TaskDone | TaskCalledOff


class Tasks(ReadModel):
    """The table of tasks; ISO days."""

    name = "tasks"
    views: ClassVar[Mapping[str, Any]] = {"registry": TaskEvent}
    streams: ClassVar[frozenset[str]] = frozenset({"task"})

    def define(self) -> None:
        self.tasks = Table(
            f"tasks{self.suffix}",
            self.metadata,
            Column("task", Identifier, primary_key=True),
            Column("authority", Identifier, nullable=False),
            Column("issuer", Identifier, nullable=False),
            Column("assignee", Identifier, nullable=False),
            Column("about", Identifier, nullable=False),
            Column("content", Identifier, nullable=False),
            Column("owner", Identifier, nullable=False),
            Column("paper_no", Identifier),
            Column("issued_on", Identifier, nullable=False),
            Column("due_on", Identifier),
            Column("due_order", Identifier, nullable=False),
            Column("status", Identifier, nullable=False),
            Column("started_on", Identifier),
            Column("done_on", Identifier),
            Column("evidence", Identifier),
            Column("figure", Integer),
            Column("called_off_on", Identifier),
        )
        Index(f"tasks_about{self.suffix}", self.tasks.c.about, self.tasks.c.due_order)

    def apply(self, connection: Connection, events: Sequence[Delivered[TaskEvent]]) -> None:
        tasks = Rows(self.tasks)
        later = {"started_on": None, "done_on": None, "evidence": None, "figure": None, "called_off_on": None}
        for delivered in events:
            told = delivered.event.model_dump(mode="json")
            match delivered.event:
                case TaskIssued():
                    told["due_order"] = told["due_on"] or NO_DUE_DAY
                    tasks.put(told | later | {"status": "issued"})
                case TaskStarted():
                    tasks.change((told.pop("task"),), told | {"status": "in_progress"})
                case TaskDone():
                    tasks.change((told.pop("task"),), told | {"status": "done"})
                case TaskCalledOff():
                    tasks.change((told.pop("task"),), told | {"status": "called_off"})
                case _:
                    assert_never(delivered.event)
        tasks.write(connection)


LIVE = Tasks()
"""The table readers see."""


# Questions; `visible` is the viewer's scope as a condition on `tasks`


def seen(of_teams: ColumnElement[bool], of_units: ColumnElement[bool]) -> ColumnElement[bool]:
    """Tasks of teams and of units, each by its own condition."""
    assignee = LIVE.tasks.c.assignee
    return or_(and_(assignee == "team", of_teams), and_(assignee == "unit", of_units))


def of_unit(unit: str, day: date) -> ColumnElement[bool]:
    """Tasks of a unit, of what belongs to it on a day and of the teams there."""
    about, tree = LIVE.tasks.c.about, belonging([unit], day)
    return seen(about.in_(select(lying(tree, day).c.team)), about.in_(select(tree.c.unit)))


def overdue(today: date) -> ColumnElement[bool]:
    """Neither done nor called off, and the due day is past."""
    tasks = LIVE.tasks.c
    return and_(tasks.status.in_(["issued", "in_progress"]), tasks.due_order < today.isoformat())


def not_overdue(today: date) -> ColumnElement[bool]:
    """All others, those without a due day among them."""
    return not_(overdue(today))


def tasks_page(
    connection: Connection, visible: ColumnElement[bool], within: Sequence[ColumnElement[bool]], wanted: Slice
) -> Page:
    """Tasks, what is due first first, those without a due day last."""
    tasks = LIVE.tasks.c
    return page_of(connection, select(LIVE.tasks).where(visible, *within), [tasks.due_order, tasks.task], wanted)


def tasks_count(connection: Connection, visible: ColumnElement[bool], within: Sequence[ColumnElement[bool]]) -> int:
    """How many there are."""
    return connection.execute(select(func.count()).select_from(LIVE.tasks).where(visible, *within)).scalar_one()


def task_by_id(connection: Connection, task: str, visible: ColumnElement[bool]) -> Any | None:
    """The task of this id, if the viewer may see it."""
    return connection.execute(select(LIVE.tasks).where(LIVE.tasks.c.task == task, visible)).one_or_none()
