"""Good practices in GraphQL: proposed and shared by officials, read by everybody."""

from collections.abc import Awaitable, Mapping
from datetime import date
from typing import Any

import graphene
from graphql import GraphQLResolveInfo
from sqlalchemy import ColumnElement, Connection

from gateway import good_practices, teams, units
from gateway.commanding import Outcome, asked, checked, command_id_of, new_thing, order, plain, send, told_as_outcome
from gateway.context import Context, context_of, once
from gateway.errors import InvalidInput
from gateway.paging import slice_of
from gateway.schema.connections import Listing, ObjectType, connection_of, page_arguments
from gateway.schema.inputs import id_of, unit_id_of
from gateway.schema.outcomes import CommandOutcome
from gateway.schema.units import Unit

_ID = graphene.ID
_TEXT = graphene.String
_DAY = graphene.Date


class GoodPracticeStatus(graphene.Enum):  # type: ignore[misc]  # graphene is published without types
    """How far it has come."""

    PROPOSED = "proposed"
    SHARED = "shared"
    WITHDRAWN = "withdrawn"


class PracticeMaterial(ObjectType):
    """A guidance material that goes with a practice."""

    id = _ID(required=True)
    name = _TEXT(required=True)
    link = _TEXT(required=True, description="where everybody fetches it")

    @staticmethod
    def resolve_id(material: Any, _info: Any) -> str:
        return str(material.material)

    @staticmethod
    def resolve_link(material: Any, _info: Any) -> str:
        return f"/tai-lieu/{material.sha256}"


class GoodPractice(ObjectType):
    """What a team or place did that others may do as well."""

    id = _ID(required=True)
    name = _TEXT(required=True)
    done = _TEXT(required=True, description="what was done and what came of it")
    unit = graphene.Field(Unit, required=True, description="where")
    team_name = _TEXT(description="null: of the place as a whole")
    topic = _TEXT(required=True, description="a subject's code, as courses and campaigns have it")
    material = graphene.Field(PracticeMaterial, description="null: none, or handed out no more")
    status = graphene.Field(GoodPracticeStatus, required=True)
    proposed_on = _DAY(required=True)
    shared_on = _DAY()
    withdrawn_on = _DAY()

    @staticmethod
    def resolve_id(practice: Any, _info: Any) -> str:
        return str(practice.practice)

    @staticmethod
    def resolve_unit(practice: Any, info: GraphQLResolveInfo) -> Awaitable[units.Unit]:
        context = context_of(info)
        return context.load(units.units_by_id, practice.unit, context.today)

    @staticmethod
    def resolve_material(practice: Any, info: GraphQLResolveInfo) -> Awaitable[Any] | None:
        if practice.material is None:
            return None
        return context_of(info).load(good_practices.materials_handed_out, practice.material)

    @staticmethod
    def resolve_proposed_on(practice: Any, _info: Any) -> date:
        return date.fromisoformat(practice.proposed_on)

    @staticmethod
    def resolve_shared_on(practice: Any, _info: Any) -> date | None:
        return _day(practice.shared_on)

    @staticmethod
    def resolve_withdrawn_on(practice: Any, _info: Any) -> date | None:
        return _day(practice.withdrawn_on)


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


GoodPracticeConnection = connection_of("GoodPractice", lambda: GoodPractice)


class GoodPracticeQueries:
    """Root fields of good practices."""

    good_practices = graphene.Field(
        GoodPracticeConnection,
        required=True,
        unit=_TEXT(description="id or today's code: of that place, what lies below it and what preceded these"),
        topic=_TEXT(),
        text=_TEXT(description="begins of words of title, text and topic; marks do not matter"),
        status=GoodPracticeStatus(description="SHARED by default: public; others are for officials of the place"),
        after_token=_TEXT(),
        **page_arguments(),
        description="the latest first",
    )

    @staticmethod
    def resolve_good_practices(
        _root: None,
        info: GraphQLResolveInfo,
        first: int | None = None,
        after: str | None = None,
        unit: str | None = None,
        topic: str | None = None,
        text: str | None = None,
        status: Any = None,
        **_: Any,
    ) -> Listing:
        context, wanted, table = context_of(info), slice_of(first, after), good_practices.LIVE.practices.c
        asked_for = "shared" if status is None else status.value
        within: list[ColumnElement[bool]] = [table.status == asked_for, *good_practices.mentions(text or "")]
        if asked_for != "shared":
            within.append(context.scope.of_units(table.unit))
        if unit is not None:
            place = context.read(unit_id_of, unit, context.today)
            within.append(good_practices.of_place(place, context.today))
        if topic is not None:
            within.append(table.topic == topic)
        return Listing(
            lambda: once(lambda: context.read(good_practices.practices_page, within, wanted)),
            lambda: once(lambda: context.read(good_practices.practices_count, within)),
        )


def _about(**arguments: Any) -> Any:
    return graphene.Field(CommandOutcome, required=True, practice=_ID(required=True), **arguments, command_id=_ID())


class GoodPracticeCommands:
    """Root fields."""

    propose_good_practice = graphene.Field(
        CommandOutcome,
        required=True,
        unit=_TEXT(description="id or today's code; left out where a team is told"),
        team=_ID(description="whose practice it is; it is then of the team's commune"),
        name=_TEXT(required=True),
        done=_TEXT(required=True, description="at most 2,000 characters; no names or numbers of people"),
        topic=_TEXT(required=True),
        material=_ID(description="a published one"),
        proposed_on=_DAY(required=True),
        practice=_ID(description="made here unless given; given again, it is written anew until it is shared"),
        command_id=_ID(),
    )
    share_good_practice = _about(
        shared_on=_DAY(required=True), description="everybody reads it from then on: read it for names first"
    )
    withdraw_good_practice = _about(withdrawn_on=_DAY(required=True))

    @staticmethod
    @told_as_outcome
    async def resolve_propose_good_practice(
        _root: None,
        info: GraphQLResolveInfo,
        /,
        name: str,
        done: str,
        topic: str,
        proposed_on: date,
        unit: str | None = None,
        team: str | None = None,
        material: str | None = None,
        practice: str | None = None,
        command_id: str | None = None,
    ) -> Outcome:
        context, key = context_of(info), command_id_of(command_id)
        context.require()
        if (unit is None) == (team is None):
            raise InvalidInput("Hãy nêu đơn vị hoặc Tổ, chỉ một trong hai.", field="unit")
        about, of = new_thing(context, "practice", practice, key), None if team is None else id_of(team, "team")

        def place_of(connection: Connection) -> str | None:
            if of is None:
                return unit_id_of(connection, unit or "", context.today)
            found = teams.teams_by_id(connection, [of], context.scope.teams).get(of)
            return None if found is None else str(found.commune)

        place = await asked(context, place_of)

        def mine(connection: Connection) -> bool:
            known = good_practices.practice_by_id(connection, about)
            if known is not None and not context.scope.answers_for(connection, known.unit):
                return False
            if of is not None:
                return place is not None and bool(context.scope.teams_held(connection, [of]))
            return place is not None and context.scope.holds(connection, [place])

        await checked(context, "propose_good_practice", mine)
        facts = {"name": name, "done": done, "topic": topic}
        if material is not None:
            facts["material"] = id_of(material, "material")
        payload = {
            "practice": about,
            "unit": place,
            "team": of,
            "facts": facts,
            "proposed_on": proposed_on.isoformat(),
        }
        return (await send(context, "registry", order(context, "propose_good_practice", about, payload, key)))[0]

    @staticmethod
    @told_as_outcome
    async def resolve_share_good_practice(_root: None, info: GraphQLResolveInfo, /, **told: Any) -> Outcome:
        return await _step(context_of(info), "share_good_practice", told)

    @staticmethod
    @told_as_outcome
    async def resolve_withdraw_good_practice(_root: None, info: GraphQLResolveInfo, /, **told: Any) -> Outcome:
        return await _step(context_of(info), "withdraw_good_practice", told)


async def _step(context: Context, command: str, told: Mapping[str, Any]) -> Outcome:
    """Send a command about a practice of a place the viewer answers for."""
    context.require()
    about, key = id_of(told["practice"], "practice"), command_id_of(told.get("command_id"))

    def mine(connection: Connection) -> bool:
        found = good_practices.practice_by_id(connection, about)
        return found is not None and context.scope.answers_for(connection, found.unit)

    await checked(context, command, mine)
    payload = {**plain(told), "practice": about}
    return (await send(context, "registry", order(context, command, about, payload, key)))[0]
