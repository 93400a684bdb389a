"""Tasks in GraphQL: given by officials, reported on by those who have them, listed by status and by what is overdue."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from typing import Any

import graphene
from graphql import GraphQLResolveInfo
from sqlalchemy import ColumnElement, Connection

from gateway import tasks, teams, units
from gateway.commanding import Outcome, asked, checked, command_id_of, new_thing, order, plain, send, told_as_outcome
from gateway.context import Context, context_of, once
from gateway.errors import InvalidInput
from gateway.paging import slice_of
from gateway.schema.connections import Listing, ObjectType, connection_of, page_arguments
from gateway.schema.inputs import id_of, unit_id_of
from gateway.schema.outcomes import CommandOutcome
from gateway.schema.teams import Team
from gateway.schema.units import Unit

_ID = graphene.ID
_TEXT = graphene.String
_DAY = graphene.Date
_OFFICE = "an office or team, never a person's name"


class TaskStatus(graphene.Enum):  # type: ignore[misc]  # graphene is published without types
    """How far a task is."""

    ISSUED = "issued"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    CALLED_OFF = "called_off"


class TaskAssignee(graphene.Enum):  # type: ignore[misc]
    """To whom tasks are given."""

    UNIT = "unit"
    TEAM = "team"


class Task(ObjectType):
    """Something a unit or team is to do."""

    id = _ID(required=True)
    content = _TEXT(required=True)
    authority = graphene.Field(Unit, required=True)
    issuer = _TEXT(required=True, description="the office that signs for the authority")
    unit = graphene.Field(Unit, description="null: a team has it")
    team = graphene.Field(Team, description="null: a unit has it")
    owner = _TEXT(required=True, description="who answers for it: an office or team")
    paper_no = _TEXT(description="null: none was told")
    issued_on = _DAY(required=True)
    due_on = _DAY(description="last day in time; null: not stated")
    status = graphene.Field(TaskStatus, required=True)
    overdue = graphene.Boolean(required=True, description="neither done nor called off after the due day, in Vietnam")
    started_on = _DAY()
    done_on = _DAY()
    evidence = _TEXT(description="what shows that it is done")
    figure = graphene.Int(description="likewise in a number")
    called_off_on = _DAY()

    @staticmethod
    def resolve_id(task: Any, _info: Any) -> str:
        return str(task.task)

    @staticmethod
    def resolve_authority(task: Any, info: GraphQLResolveInfo) -> Awaitable[Any]:
        context = context_of(info)
        return context.load(units.units_by_id, task.authority, context.today)

    @staticmethod
    def resolve_unit(task: Any, info: GraphQLResolveInfo) -> Awaitable[Any] | None:
        context = context_of(info)
        return context.load(units.units_by_id, task.about, context.today) if task.assignee == "unit" else None

    @staticmethod
    def resolve_team(task: Any, info: GraphQLResolveInfo) -> Awaitable[Any] | None:
        context = context_of(info)
        return context.load(teams.teams_by_id, task.about, context.scope.teams) if task.assignee == "team" else None

    @staticmethod
    def resolve_overdue(task: Any, info: GraphQLResolveInfo) -> bool:
        late = task.due_on is not None and date.fromisoformat(task.due_on) < context_of(info).today
        return late and task.status in ("issued", "in_progress")

    @staticmethod
    def resolve_issued_on(task: Any, _info: Any) -> date | None:
        return _day(task.issued_on)

    @staticmethod
    def resolve_due_on(task: Any, _info: Any) -> date | None:
        return _day(task.due_on)

    @staticmethod
    def resolve_started_on(task: Any, _info: Any) -> date | None:
        return _day(task.started_on)

    @staticmethod
    def resolve_done_on(task: Any, _info: Any) -> date | None:
        return _day(task.done_on)

    @staticmethod
    def resolve_called_off_on(task: Any, _info: Any) -> date | None:
        return _day(task.called_off_on)


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


TaskConnection = connection_of("Task", lambda: Task)


class TaskQueries:
    """Root field of tasks."""

    assigned_tasks = graphene.Field(
        TaskConnection,
        required=True,
        unit=_TEXT(description="id or today's code: its own tasks, and those of what lies below and of teams there"),
        team=_ID(),
        status=TaskStatus(),
        overdue=graphene.Boolean(description="only tasks that are, or are not"),
        after_token=_TEXT(),
        **page_arguments(),
        description="of a unit or a team, what is due first first; a team sees its own",
    )

    @staticmethod
    def resolve_assigned_tasks(
        _root: None,
        info: GraphQLResolveInfo,
        unit: str | None = None,
        team: str | None = None,
        status: Any = None,
        overdue: bool | None = None,
        first: int | None = None,
        after: str | None = None,
        **_: Any,
    ) -> Listing:
        context, wanted = context_of(info), slice_of(first, after)
        visible = scope_of_tasks(context)
        if (unit is None) == (team is None):
            raise InvalidInput("Cần đúng một trong `unit`, `team`.", field="unit")
        if unit is not None:
            within = [tasks.of_unit(context.read(unit_id_of, unit, context.today), context.today)]
        else:
            within = [tasks.LIVE.tasks.c.about == id_of(team, "team")]
        if status is not None:
            within.append(tasks.LIVE.tasks.c.status == status.value)
        if overdue is not None:
            within.append(tasks.overdue(context.today) if overdue else tasks.not_overdue(context.today))
        return Listing(
            lambda: once(lambda: context.read(tasks.tasks_page, visible, within, wanted)),
            lambda: once(lambda: context.read(tasks.tasks_count, visible, within)),
        )


def scope_of_tasks(context: Context) -> ColumnElement[bool]:
    """Tasks of teams and units the viewer may see."""
    about = tasks.LIVE.tasks.c.about
    return tasks.seen(context.scope.of_teams(about), context.scope.of_units(about))


def _done(**arguments: Any) -> Any:
    return graphene.Field(CommandOutcome, required=True, **arguments, command_id=_ID())


class TaskCommands:
    """Root fields."""

    issue_task = _done(
        authority=_TEXT(required=True, description="id or today's code: the unit that gives it, one the viewer holds"),
        issuer=_TEXT(required=True, description="the office that signs; never a person's name"),
        assignee=TaskAssignee(required=True),
        about=_TEXT(required=True, description="id of the team; of the unit its id or today's code"),
        content=_TEXT(required=True),
        owner=_TEXT(required=True, description=_OFFICE),
        paper_no=_TEXT(),
        issued_on=_DAY(required=True),
        due_on=_DAY(description="last day in time; left out: not stated"),
        task=_ID(),
    )
    start_task = _done(task=_ID(required=True), started_on=_DAY(required=True))
    finish_task = _done(
        task=_ID(required=True),
        done_on=_DAY(required=True),
        evidence=_TEXT(description="words, a figure or both are needed; never a person's name"),
        figure=graphene.Int(),
    )
    call_off_task = _done(
        task=_ID(required=True),
        called_off_on=_DAY(required=True),
        description="by those who hold the authority that gave it",
    )

    @staticmethod
    @told_as_outcome
    async def resolve_issue_task(
        _root: None, info: GraphQLResolveInfo, /, authority: str, assignee: Any, about: str, **told: Any
    ) -> Outcome:
        context, key = context_of(info), command_id_of(told.get("command_id"))
        context.require()
        giver = await asked(context, lambda c: unit_id_of(c, authority, context.today, "authority"))
        if assignee.value == "team":
            of = id_of(about, "about")
        else:
            of = await asked(context, lambda c: unit_id_of(c, about, context.today, "about"))

        def mine(connection: Connection) -> bool:
            return context.scope.holds(connection, [giver]) and _holds(connection, context, assignee.value, of)

        await checked(context, "issue_task", mine)
        task = new_thing(context, "task", told.get("task"), key)
        payload = {**plain(told), "task": task, "authority": giver, "assignee": assignee.value, "about": of}
        return (await send(context, "registry", order(context, "issue_task", task, payload, key)))[0]

    @staticmethod
    @told_as_outcome
    async def resolve_start_task(_root: None, info: GraphQLResolveInfo, /, **told: Any) -> Outcome:
        return await _on_task(context_of(info), "start_task", told, _has_it)

    @staticmethod
    @told_as_outcome
    async def resolve_finish_task(_root: None, info: GraphQLResolveInfo, /, **told: Any) -> Outcome:
        return await _on_task(context_of(info), "finish_task", told, _has_it)

    @staticmethod
    @told_as_outcome
    async def resolve_call_off_task(_root: None, info: GraphQLResolveInfo, /, **told: Any) -> Outcome:
        return await _on_task(context_of(info), "call_off_task", told, _gave_it)


def _holds(connection: Connection, context: Context, assignee: str, about: str) -> bool:
    if assignee == "team":
        return bool(context.scope.teams_held(connection, [about]))
    return context.scope.answers_for(connection, about)


def _has_it(connection: Connection, context: Context, task: Any) -> bool:
    return _holds(connection, context, task.assignee, task.about)


def _gave_it(connection: Connection, context: Context, task: Any) -> bool:
    return context.scope.holds(connection, [task.authority])


async def _on_task(
    context: Context, command: str, told: Mapping[str, Any], may: Callable[[Connection, Context, Any], bool]
) -> Outcome:
    """Send a command about a task the viewer may see."""
    about, key = id_of(told["task"], "task"), command_id_of(told.get("command_id"))
    context.require()
    visible = scope_of_tasks(context)

    def mine(connection: Connection) -> bool:
        found = tasks.task_by_id(connection, about, visible)
        return found is not None and may(connection, context, found)

    await checked(context, command, mine)
    payload = {**plain(told), "task": about}
    return (await send(context, "registry", order(context, command, about, payload, key)))[0]
