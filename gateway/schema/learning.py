"""Courses and trainings in GraphQL: offered, planned, held; what members learnt."""

from collections.abc import Awaitable, Mapping, Sequence
from datetime import date
from typing import Any

import graphene
from graphql import GraphQLResolveInfo
from sqlalchemy import Connection

from gateway import learning, members, units
from gateway.commanding import (
    Outcome,
    asked,
    checked,
    command_id_of,
    ids_of,
    new_thing,
    order,
    plain,
    send,
    told_as_outcome,
)
from gateway.context import Context, context_of, once
from gateway.errors import NotFound
from gateway.paging import slice_of
from gateway.schema.connections import Listing, ObjectType, connection_of, many, page_arguments
from gateway.schema.inputs import id_of, unit_id_of
from gateway.schema.outcomes import CommandOutcome
from gateway.schema.structures import UNIT, dated, place_of_things
from gateway.schema.units import Unit

_ID = graphene.ID
_TEXT = graphene.String
_DAY = graphene.Date


class TrainingMode(graphene.Enum):  # type: ignore[misc]  # graphene is published without types
    """How a training is given."""

    ONLINE = "online"
    IN_PERSON = "in_person"
    HANDS_ON = "hands_on"


class TrainingStatus(graphene.Enum):  # type: ignore[misc]
    """What became of a training."""

    SCHEDULED = "scheduled"
    HELD = "held"
    CALLED_OFF = "called_off"


class Course(ObjectType):
    """A course of the catalogue."""

    id = _ID(required=True)
    name = _TEXT(required=True)
    topics = many(_TEXT, description="codes of services and subjects")
    provider = _TEXT(required=True)
    source = _TEXT(description="plan and section that ask for it; null: none was told")
    offered = graphene.Boolean(required=True)

    @staticmethod
    def resolve_id(course: Any, _info: Any) -> str:
        return str(course.course)

    @staticmethod
    def resolve_topics(course: Any, _info: Any) -> list[str]:
        return str(course.topics).split()


class Attendance(ObjectType):
    """Somebody who was there, or was missing."""

    member = _ID(required=True, description="opaque")
    present = graphene.Boolean(required=True)


class Training(ObjectType):
    """A training for teams of a unit."""

    id = _ID(required=True)
    name = _TEXT(required=True)
    unit = graphene.Field(Unit, required=True, description="the one it belongs to today")
    course = graphene.Field(Course)
    mode = graphene.Field(TrainingMode, required=True)
    organiser = _TEXT(required=True)
    trainer_organisation = _TEXT(description="who sends the trainer, in the plans' words")
    first_day = _DAY(required=True)
    last_day = _DAY(required=True)
    status = graphene.Field(TrainingStatus, required=True)
    held_on = _DAY()
    attendance = many(Attendance)

    @staticmethod
    def resolve_id(training: Any, _info: Any) -> str:
        return str(training.training)

    @staticmethod
    def resolve_unit(training: Any, info: GraphQLResolveInfo) -> Awaitable[units.Unit]:
        context = context_of(info)
        return context.load(units.homes_by_id, training.unit, context.today)

    @staticmethod
    def resolve_course(training: Any, info: GraphQLResolveInfo) -> Awaitable[Any] | None:
        return None if training.course is None else context_of(info).load(learning.courses_by_id, training.course)

    @staticmethod
    def resolve_first_day(training: Any, _info: Any) -> date:
        return date.fromisoformat(training.first_day)

    @staticmethod
    def resolve_last_day(training: Any, _info: Any) -> date:
        return date.fromisoformat(training.last_day)

    @staticmethod
    def resolve_attendance(training: Any, info: GraphQLResolveInfo) -> Awaitable[list[Any]]:
        return context_of(info).load(learning.attendance_of, training.training, missing=[])


CourseConnection = connection_of("Course", lambda: Course)
TrainingConnection = connection_of("Training", lambda: Training)


class LearningQueries:
    """Root fields of courses and trainings."""

    courses = graphene.Field(
        CourseConnection,
        required=True,
        search=_TEXT(description="beginnings of words of name and topics; marks do not matter"),
        after_token=_TEXT(),
        **page_arguments(),
    )
    trainings = graphene.Field(
        TrainingConnection,
        required=True,
        unit=_TEXT(description=UNIT),
        status=TrainingStatus(description="as it is now"),
        **dated(),
        after_token=_TEXT(),
        **page_arguments(),
        description="the latest first; with `asOf` those that had begun by that day",
    )
    training = graphene.Field(Training, id=_ID(required=True), after_token=_TEXT())

    @staticmethod
    def resolve_courses(
        _root: None,
        info: GraphQLResolveInfo,
        first: int | None = None,
        after: str | None = None,
        search: str | None = None,
        **_: Any,
    ) -> Listing:
        context, wanted = context_of(info), slice_of(first, after)
        context.require()
        return Listing(
            lambda: once(lambda: context.read(learning.courses_page, search, wanted)),
            lambda: once(lambda: context.read(learning.courses_count, search)),
        )

    @staticmethod
    def resolve_trainings(
        _root: None,
        info: GraphQLResolveInfo,
        first: int | None = None,
        after: str | None = None,
        unit: str | None = None,
        status: Any = None,
        as_of: date | None = None,
        structure: Any = None,
        **_: Any,
    ) -> Listing:
        context, wanted, table = context_of(info), slice_of(first, after), learning.LIVE.trainings.c
        visible = context.scope.trainings
        within = [] if as_of is None else [table.first_day <= as_of.isoformat()]
        if unit is not None:
            within.append(table.unit.in_(place_of_things(context, unit, as_of, structure).units))
        elif as_of is not None:
            context.read(units.require_some_map, as_of)
        if status is not None:
            within.append(table.status == status.value)
        return Listing(
            lambda: once(lambda: context.read(learning.trainings_page, visible, within, wanted)),
            lambda: once(lambda: context.read(learning.trainings_count, visible, within)),
        )

    @staticmethod
    def resolve_training(_root: None, info: GraphQLResolveInfo, id: str, **_: Any) -> Any:  # noqa: A002
        context = context_of(info)
        found = context.read(learning.training_by_id, id_of(id, "id"), context.scope.trainings)
        if found is None:
            raise NotFound
        return found


def _done(**arguments: Any) -> Any:
    return graphene.Field(CommandOutcome, required=True, **arguments, command_id=_ID())


def _of_a_member(**arguments: Any) -> Any:
    return _done(member=_ID(required=True), **arguments)


class LearningCommands:
    """Root fields."""

    catalogue_course = _done(
        name=_TEXT(required=True),
        topics=graphene.List(graphene.NonNull(_TEXT), required=True),
        provider=_TEXT(required=True),
        source=_TEXT(description="plan and section that ask for it"),
        course=_ID(description="made here unless given; given again, the later words hold"),
        description="officials of a province",
    )
    retire_course = _done(course=_ID(required=True))
    schedule_training = _done(
        unit=_TEXT(required=True, description="id or today's code"),
        name=_TEXT(required=True),
        course=_ID(),
        mode=TrainingMode(required=True),
        organiser=_TEXT(required=True),
        trainer_organisation=_TEXT(description="who sends the trainer, in the plans' words"),
        first_day=_DAY(required=True),
        last_day=_DAY(required=True),
        training=_ID(),
    )
    hold_training = _done(
        training=_ID(required=True),
        held_on=_DAY(required=True),
        attended=graphene.List(graphene.NonNull(_ID), required=True, description="members"),
        missed=graphene.List(graphene.NonNull(_ID), description="members who were asked and missing"),
        description="told again it corrects the list",
    )
    call_off_training = _done(training=_ID(required=True))
    assess_member_skill = _of_a_member(
        skill=_TEXT(required=True, description="none, basic or advanced"),
        assessor=_TEXT(required=True, description="an office or organisation, never a person's name"),
        assessed_on=_DAY(required=True),
    )
    confirm_member_skill = _of_a_member(
        assessed_on=_DAY(required=True, description="the day of the assessment that is confirmed"),
        office=_TEXT(required=True, description="an office, never a person's name"),
        confirmed_on=_DAY(required=True),
    )
    complete_external_course = _of_a_member(
        course=_TEXT(required=True), provider=_TEXT(required=True), completed_on=_DAY(required=True)
    )

    @staticmethod
    @told_as_outcome
    async def resolve_catalogue_course(_root: None, info: GraphQLResolveInfo, /, **told: Any) -> Outcome:
        context = context_of(info)
        return await _send(context, "catalogue_course", told, "course", _everywhere)

    @staticmethod
    @told_as_outcome
    async def resolve_retire_course(_root: None, info: GraphQLResolveInfo, /, **told: Any) -> Outcome:
        return await _send(context_of(info), "retire_course", told, "course", _everywhere)

    @staticmethod
    @told_as_outcome
    async def resolve_schedule_training(_root: None, info: GraphQLResolveInfo, /, unit: str, **told: Any) -> Outcome:
        context = context_of(info)
        context.require()
        place = await asked(context, lambda c: unit_id_of(c, unit, context.today))
        told["unit"] = place
        return await _send(context, "schedule_training", told, "training", lambda c: context.scope.holds(c, [place]))

    @staticmethod
    @told_as_outcome
    async def resolve_hold_training(_root: None, info: GraphQLResolveInfo, /, **told: Any) -> Outcome:
        context = context_of(info)
        context.require()
        for field in ("attended", "missed"):
            told[field] = ids_of(told.get(field) or (), field)
        people = [*told["attended"], *told["missed"]]

        def mine(connection: Connection) -> bool:
            return _holds_training(connection, context, told) and _serve_here(connection, context, people)

        return await _send(context, "hold_training", told, "training", mine)

    @staticmethod
    @told_as_outcome
    async def resolve_call_off_training(_root: None, info: GraphQLResolveInfo, /, **told: Any) -> Outcome:
        context = context_of(info)
        context.require()
        return await _send(context, "call_off_training", told, "training", lambda c: _holds_training(c, context, told))

    @staticmethod
    @told_as_outcome
    async def resolve_assess_member_skill(_root: None, info: GraphQLResolveInfo, /, **told: Any) -> Outcome:
        return await _about_member(context_of(info), "assess_member_skill", told)

    @staticmethod
    @told_as_outcome
    async def resolve_confirm_member_skill(_root: None, info: GraphQLResolveInfo, /, **told: Any) -> Outcome:
        return await _about_member(context_of(info), "confirm_member_skill", told)

    @staticmethod
    @told_as_outcome
    async def resolve_complete_external_course(_root: None, info: GraphQLResolveInfo, /, **told: Any) -> Outcome:
        return await _about_member(context_of(info), "complete_external_course", told)


def _everywhere(_: Connection) -> bool:
    """The catalogue is one for all; the role decides."""
    return True


def _holds_training(connection: Connection, context: Context, told: Mapping[str, Any]) -> bool:
    found = learning.training_by_id(connection, id_of(told["training"], "training"), context.scope.trainings)
    return found is not None and context.scope.holds(connection, [found.unit])


def _serve_here(connection: Connection, context: Context, people: Sequence[str]) -> bool:
    """Everybody serves or served in a team the viewer holds."""
    of = members.teams_of(connection, people)
    held = context.scope.teams_held(connection, {team for teams in of.values() for team in teams})
    return all(not held.isdisjoint(of.get(person, ())) for person in people)


async def _about_member(context: Context, command: str, told: Mapping[str, Any]) -> Outcome:
    context.require()
    person = id_of(told["member"], "member")
    return await _send(
        context, command, {**told, "member": person}, "member", lambda c: _serve_here(c, context, [person])
    )


async def _send(context: Context, command: str, told: Mapping[str, Any], about: str, mine: Any) -> Outcome:
    key = command_id_of(told.get("command_id"))
    await checked(context, command, mine)
    thing = new_thing(context, about, told.get(about), key)
    payload = plain(told) | {about: thing}
    if "course" in payload and command == "schedule_training":
        payload["course"] = id_of(payload["course"], "course")
    return (await send(context, "registry", order(context, command, thing, payload, key)))[0]
