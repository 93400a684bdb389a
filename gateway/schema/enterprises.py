"""Enterprises in GraphQL: registered and counted by officials, listed with what the plan asks of them."""

from collections.abc import Awaitable
from datetime import date
from typing import Any

import graphene
from graphql import GraphQLResolveInfo
from sqlalchemy import select

from gateway import enterprises, finding, units
from gateway.commanding import Outcome, asked, checked, command_id_of, new_thing, order, send, told_as_outcome
from gateway.context import context_of, once
from gateway.errors import NotFound
from gateway.paging import Page, slice_of
from gateway.schema.connections import (
    Listing,
    ObjectType,
    connection_of,
    page_arguments,
    page_type,
    search_argument,
)
from gateway.schema.inputs import id_of, unit_id_of
from gateway.schema.outcomes import CommandOutcome
from gateway.schema.structures import UNIT, dated, place_of_things
from gateway.schema.units import Unit


class Enterprise(ObjectType):
    """An enterprise of a commune."""

    id = graphene.ID(required=True)
    name = graphene.String(required=True)
    commune = graphene.Field(Unit, required=True, description="the one it belongs to today")
    workers = graphene.Int(as_of=graphene.Date(), description="at the last count up to a day, today by default")
    many_from_elsewhere = graphene.Boolean(as_of=graphene.Date(), description="null: nobody has judged")

    @staticmethod
    def resolve_id(enterprise: Any, _info: Any) -> str:
        return str(enterprise.enterprise)

    @staticmethod
    def resolve_commune(enterprise: Any, info: GraphQLResolveInfo) -> Awaitable[units.Unit]:
        context = context_of(info)
        return context.load(units.homes_by_id, enterprise.commune, context.today)

    @staticmethod
    async def resolve_workers(enterprise: Any, info: GraphQLResolveInfo, as_of: date | None = None) -> int | None:
        count = await _count(enterprise, info, as_of)
        return None if count is None else count.workers

    @staticmethod
    async def resolve_many_from_elsewhere(
        enterprise: Any, info: GraphQLResolveInfo, as_of: date | None = None
    ) -> bool | None:
        count = await _count(enterprise, info, as_of)
        return None if count is None else count.many_from_elsewhere


def _count(enterprise: Any, info: GraphQLResolveInfo, as_of: date | None) -> Awaitable[Any]:
    context = context_of(info)
    return context.load(enterprises.counted_on, enterprise.enterprise, as_of or context.today)


EnterpriseConnection = connection_of("Enterprise", lambda: Enterprise)
EnterprisePage = page_type("Enterprise", lambda: Enterprise)


class EnterpriseQueries:
    """Root fields of enterprises."""

    enterprises = graphene.Field(
        EnterpriseConnection,
        required=True,
        unit=graphene.String(description=UNIT),
        **dated(),
        search=search_argument(),
        after_token=graphene.String(),
        **page_arguments(),
        description="with `asOf` those counted by that day",
    )
    enterprises_without_team = graphene.Field(
        EnterprisePage,
        required=True,
        unit=graphene.String(required=True, description="id or that day's code"),
        as_of=graphene.Date(description="today in Vietnam by default"),
        after_token=graphene.String(),
        **page_arguments(),
        description="those above the number of workers for which the plan in force asks for a team",
    )

    @staticmethod
    def resolve_enterprises(
        _root: None,
        info: GraphQLResolveInfo,
        first: int | None = None,
        after: str | None = None,
        unit: str | None = None,
        search: str | None = None,
        as_of: date | None = None,
        structure: Any = None,
        **_: Any,
    ) -> Listing:
        context, wanted, table = context_of(info), slice_of(first, after), enterprises.LIVE.enterprises.c
        visible = context.scope.communes(table.commune)
        within = finding.mentions(table.search_text, search)
        if as_of is not None:
            within.append(enterprises.known_by(as_of))
        if unit is not None:
            within.append(table.commune.in_(place_of_things(context, unit, as_of, structure).units))
        elif as_of is not None:
            context.read(units.require_some_map, as_of)
        return Listing(
            lambda: once(lambda: context.read(enterprises.enterprises_page, within, visible, wanted)),
            lambda: once(lambda: context.read(enterprises.enterprises_count, within, visible)),
        )

    @staticmethod
    def resolve_enterprises_without_team(
        _root: None,
        info: GraphQLResolveInfo,
        unit: str,
        as_of: date | None = None,
        first: int | None = None,
        after: str | None = None,
        **_: Any,
    ) -> Page:
        context, wanted = context_of(info), slice_of(first, after)
        day = as_of or context.today
        visible = context.scope.communes(enterprises.LIVE.enterprises.c.commune)
        return context.read(enterprises.without_team, context.read(unit_id_of, unit, day), day, visible, wanted)


class EnterpriseCommands:
    """Root fields."""

    register_enterprise = graphene.Field(
        CommandOutcome,
        required=True,
        commune=graphene.String(required=True, description="id or today's code"),
        name=graphene.String(required=True),
        workers=graphene.Int(required=True),
        many_from_elsewhere=graphene.Boolean(description="a person's judgement; left out: nobody has judged"),
        counted_on=graphene.Date(required=True),
        enterprise=graphene.ID(),
        command_id=graphene.ID(),
    )
    count_enterprise = graphene.Field(
        CommandOutcome,
        required=True,
        enterprise=graphene.ID(required=True),
        workers=graphene.Int(required=True),
        many_from_elsewhere=graphene.Boolean(),
        counted_on=graphene.Date(required=True),
        command_id=graphene.ID(),
    )

    @staticmethod
    @told_as_outcome
    async def resolve_register_enterprise(
        _root: None,
        info: GraphQLResolveInfo,
        /,
        commune: str,
        counted_on: date,
        enterprise: str | None = None,
        command_id: str | None = None,
        **told: Any,
    ) -> Outcome:
        context, key = context_of(info), command_id_of(command_id)
        context.require()
        place = await asked(context, lambda c: unit_id_of(c, commune, context.today, "commune"))
        await checked(context, "register_enterprise", lambda c: context.scope.holds(c, [place]))
        about = new_thing(context, "enterprise", enterprise, key)
        payload = {**told, "enterprise": about, "commune": place, "counted_on": counted_on.isoformat()}
        return (await send(context, "registry", order(context, "register_enterprise", about, payload, key)))[0]

    @staticmethod
    @told_as_outcome
    async def resolve_count_enterprise(
        _root: None,
        info: GraphQLResolveInfo,
        /,
        enterprise: str,
        counted_on: date,
        command_id: str | None = None,
        **told: Any,
    ) -> Outcome:
        context, key, about = context_of(info), command_id_of(command_id), id_of(enterprise, "enterprise")
        context.require()
        table = enterprises.LIVE.enterprises.c
        visible = context.scope.communes(table.commune)

        def look(connection: Any) -> str | None:
            found: str | None = connection.execute(
                select(table.commune).where(table.enterprise == about, visible)
            ).scalar()
            return found

        commune = await asked(context, look)
        if commune is None:
            raise NotFound(field="enterprise")
        await checked(context, "count_enterprise", lambda c: context.scope.holds(c, [commune]))
        payload = {**told, "enterprise": about, "counted_on": counted_on.isoformat()}
        return (await send(context, "registry", order(context, "count_enterprise", about, payload, key)))[0]
