"""Messaging groups in GraphQL."""

from collections.abc import Awaitable
from datetime import date
from typing import Any

import graphene
from graphql import GraphQLResolveInfo
from sqlalchemy import Connection, and_

from gateway import groups, teams, units
from gateway.commanding import Outcome, asked, checked, command_id_of, new_thing, order, send, told_as_outcome
from gateway.context import Context, context_of, once
from gateway.errors import NotFound
from gateway.paging import slice_of
from gateway.schema.connections import Listing, ObjectType, connection_of, page_arguments
from gateway.schema.inputs import id_of, unit_id_of
from gateway.schema.outcomes import CommandOutcome
from gateway.schema.teams import Team, TeamConnection
from gateway.schema.units import Hamlet, HamletConnection, Unit, UnitConnection, UnitLevel
from gateway.team_places import standing_below


class MessagingApp(graphene.Enum):  # type: ignore[misc]  # graphene is published without types
    """The apps the plans name."""

    ZALO = "zalo"
    MOCHA = "mocha"


class GroupPlace(graphene.Enum):  # type: ignore[misc]
    """What a group is of."""

    HAMLET = "hamlet"
    TEAM = "team"
    UNIT = "unit"


class GroupTier(graphene.Enum):  # type: ignore[misc]
    """The tier of what a group is of."""

    HAMLET = "hamlet"
    TEAM = "team"
    COMMUNE = "commune"
    DISTRICT = "district"
    PROVINCE = "province"


class MessagingGroup(ObjectType):
    """A group in which people of a place reach each other."""

    id = graphene.ID(required=True)
    hamlet = graphene.Field(Hamlet, description="null: it is not a hamlet's")
    team = graphene.Field(Team, description="null: it is not a team's")
    unit = graphene.Field(Unit, description="null: it is not a unit's")
    app = graphene.Field(MessagingApp, required=True)
    link = graphene.String(required=True)
    linked_on = graphene.Date(required=True)

    @staticmethod
    def resolve_id(group: Any, _info: Any) -> str:
        return str(group.group)

    @staticmethod
    def resolve_hamlet(group: Any, info: GraphQLResolveInfo) -> Awaitable[Any] | None:
        context = context_of(info)
        return context.load(units.hamlets_by_id, group.about, context.today) if group.place == "hamlet" else None

    @staticmethod
    def resolve_team(group: Any, info: GraphQLResolveInfo) -> Awaitable[Any] | None:
        context = context_of(info)
        return context.load(teams.teams_by_id, group.about, context.scope.teams) if group.place == "team" else None

    @staticmethod
    def resolve_unit(group: Any, info: GraphQLResolveInfo) -> Awaitable[Any] | None:
        context = context_of(info)
        return context.load(units.units_by_id, group.about, context.today) if group.place == "unit" else None

    @staticmethod
    def resolve_linked_on(group: Any, _info: Any) -> date:
        return date.fromisoformat(group.linked_on)


MessagingGroupConnection = connection_of("MessagingGroup", lambda: MessagingGroup)


def _somewhere(**arguments: Any) -> dict[str, Any]:
    return {
        "unit": graphene.String(required=True, description="id or that day's code"),
        "as_of": graphene.Date(description="today in Vietnam by default"),
        "after_token": graphene.String(),
        **arguments,
        **page_arguments(),
    }


class GroupQueries:
    """Root fields of messaging groups."""

    messaging_groups_by_tier = graphene.Field(
        MessagingGroupConnection,
        required=True,
        **_somewhere(tier=GroupTier(required=True)),
        description="groups in use of the unit and what lies below it, by the name of their place",
    )
    units_without_group = graphene.Field(
        UnitConnection,
        required=True,
        **_somewhere(level=UnitLevel(required=True)),
        description="units of a level without a group, the unit itself included",
    )
    teams_without_group = graphene.Field(TeamConnection, required=True, **_somewhere())

    messaging_groups = graphene.List(
        graphene.NonNull(MessagingGroup),
        required=True,
        place=GroupPlace(required=True),
        about=graphene.String(required=True, description="id; of a unit also today's code"),
        as_of=graphene.Date(description="today in Vietnam by default"),
        after_token=graphene.String(),
    )
    hamlets_without_group = graphene.Field(HamletConnection, required=True, **_somewhere())

    @staticmethod
    def resolve_messaging_groups(
        _root: None, info: GraphQLResolveInfo, place: Any, about: str, as_of: date | None = None, **_: Any
    ) -> list[Any]:
        context = context_of(info)
        context.require()
        found = context.read(_about_of, context, place.value, about)
        if not context.read(_holds, context, place.value, found):
            return []
        return context.read(groups.groups_of, [found], as_of or context.today).get(found, [])

    @staticmethod
    def resolve_messaging_groups_by_tier(
        _root: None,
        info: GraphQLResolveInfo,
        unit: str,
        tier: Any,
        as_of: date | None = None,
        first: int | None = None,
        after: str | None = None,
        **_: Any,
    ) -> Listing:
        context, wanted = context_of(info), slice_of(first, after)
        day, scope, about = as_of or context.today, context.scope, groups.LIVE.groups.c.about
        seen = {"hamlet": scope.hamlets, "team": scope.of_teams}.get(tier.value, scope.of_units)
        those = (context.read(unit_id_of, unit, day), tier.value, day, seen(about))
        return Listing(
            lambda: once(lambda: context.read(groups.tier_page, *those, wanted)),
            lambda: once(lambda: context.read(groups.tier_count, *those)),
        )

    @staticmethod
    def resolve_units_without_group(
        _root: None,
        info: GraphQLResolveInfo,
        unit: str,
        level: Any,
        as_of: date | None = None,
        first: int | None = None,
        after: str | None = None,
        **_: Any,
    ) -> Listing:
        context, wanted = context_of(info), slice_of(first, after)
        day = as_of or context.today
        visible = context.scope.of_units(units.LIVE.units.c.unit)
        those = (context.read(unit_id_of, unit, day), level.value, day, visible)
        return Listing(
            lambda: once(lambda: context.read(groups.units_without_group_page, *those, wanted)),
            lambda: once(lambda: context.read(groups.units_without_group_count, *those)),
            lambda row: units.unit_from(row, day),
        )

    @staticmethod
    def resolve_teams_without_group(
        _root: None,
        info: GraphQLResolveInfo,
        unit: str,
        as_of: date | None = None,
        first: int | None = None,
        after: str | None = None,
        **_: Any,
    ) -> Listing:
        context, wanted = context_of(info), slice_of(first, after)
        day, visible = as_of or context.today, context.scope.teams
        standing = standing_below(context.read(unit_id_of, unit, day), day)
        without = and_(standing, ~groups.has_group(teams.LIVE.teams.c.team, day))
        return Listing(
            lambda: once(lambda: context.read(teams.teams_page, visible, without, wanted)),
            lambda: once(lambda: context.read(teams.teams_count, visible, without)),
        )

    @staticmethod
    def resolve_hamlets_without_group(
        _root: None,
        info: GraphQLResolveInfo,
        unit: str,
        as_of: date | None = None,
        first: int | None = None,
        after: str | None = None,
        **_: Any,
    ) -> Listing:
        context, wanted = context_of(info), slice_of(first, after)
        day = as_of or context.today
        place = context.read(unit_id_of, unit, day)
        visible = context.scope.hamlets(units.LIVE.hamlets.c.hamlet)
        return Listing(
            lambda: once(lambda: context.read(groups.hamlets_without_group_page, place, day, visible, wanted)),
            lambda: once(lambda: context.read(groups.hamlets_without_group_count, place, day, visible)),
        )


class GroupCommands:
    """Root fields."""

    link_messaging_group = graphene.Field(
        CommandOutcome,
        required=True,
        place=GroupPlace(required=True),
        about=graphene.String(required=True, description="id; of a unit also today's code"),
        app=MessagingApp(required=True),
        link=graphene.String(required=True, description="https, of the app's own site"),
        linked_on=graphene.Date(required=True),
        group=graphene.ID(),
        command_id=graphene.ID(),
    )
    unlink_messaging_group = graphene.Field(
        CommandOutcome,
        required=True,
        group=graphene.ID(required=True),
        unlinked_on=graphene.Date(required=True),
        command_id=graphene.ID(),
    )

    @staticmethod
    @told_as_outcome
    async def resolve_link_messaging_group(
        _root: None,
        info: GraphQLResolveInfo,
        /,
        place: Any,
        about: str,
        app: Any,
        link: str,
        linked_on: date,
        group: str | None = None,
        command_id: str | None = None,
    ) -> Outcome:
        context, key = context_of(info), command_id_of(command_id)
        context.require()
        found = await asked(context, lambda c: _about_of(c, context, place.value, about))
        await checked(context, "link_messaging_group", lambda c: _holds(c, context, place.value, found))
        new = new_thing(context, "group", group, key)
        payload = {"group": new, "place": place.value, "about": found, "app": app.value, "link": link}
        payload["linked_on"] = linked_on.isoformat()
        return (await send(context, "registry", order(context, "link_messaging_group", new, payload, key)))[0]

    @staticmethod
    @told_as_outcome
    async def resolve_unlink_messaging_group(
        _root: None,
        info: GraphQLResolveInfo,
        /,
        group: str,
        unlinked_on: date,
        command_id: str | None = None,
    ) -> Outcome:
        context, key, about = context_of(info), command_id_of(command_id), id_of(group, "group")
        context.require()
        found = await asked(context, lambda c: groups.group_by_id(c, about))
        if found is None:
            raise NotFound(field="group")
        await checked(context, "unlink_messaging_group", lambda c: _holds(c, context, found.place, found.about))
        payload = {"group": about, "unlinked_on": unlinked_on.isoformat()}
        return (await send(context, "registry", order(context, "unlink_messaging_group", about, payload, key)))[0]


def _about_of(connection: Connection, context: Context, place: str, text: str) -> str:
    return unit_id_of(connection, text, context.today, "about") if place == "unit" else id_of(text, "about")


def _holds(connection: Connection, context: Context, place: str, about: str) -> bool:
    """Whether the viewer stands where the group is of."""
    scope = context.scope
    match place:
        case "hamlet":
            return bool(scope.hamlets_held(connection, [about]))
        case "team":
            return bool(scope.teams_held(connection, [about]))
        case _:
            return scope.holds(connection, [about])
