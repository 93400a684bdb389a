"""Emulation drives in GraphQL: launched and closed by officials, seen by everybody who works here."""

from collections.abc import Awaitable
from datetime import date
from typing import Any

import graphene
from graphql import GraphQLResolveInfo
from sqlalchemy import ColumnElement, Connection

from gateway import emulation_drives, units
from gateway.commanding import Outcome, asked, checked, command_id_of, new_thing, order, plain, send, told_as_outcome
from gateway.context import context_of, once
from gateway.paging import slice_of
from gateway.schema.connections import Listing, ObjectType, connection_of, page_arguments
from gateway.schema.inputs import id_of, unit_id_of
from gateway.schema.outcomes import CommandOutcome
from gateway.schema.units import Unit
from gateway.unit_tree import around

_ID = graphene.ID
_TEXT = graphene.String
_DAY = graphene.Date


class DriveLauncher(graphene.Enum):  # type: ignore[misc]  # graphene is published without types
    """Đoàn Thanh niên, Hội Liên hiệp Phụ nữ, Liên đoàn Lao động, cơ quan."""

    YOUTH_UNION = "youth_union"
    WOMEN_UNION = "women_union"
    LABOUR_FEDERATION = "labour_federation"
    OFFICE = "office"


class EmulationDrive(ObjectType):
    """Somebody calls on their people in a territory to vie for a while."""

    id = _ID(required=True)
    name = _TEXT(required=True)
    unit = graphene.Field(Unit, required=True)
    launcher = graphene.Field(DriveLauncher, required=True)
    organiser = _TEXT(required=True)
    first_day = _DAY(required=True)
    last_day = _DAY(required=True)
    result = _TEXT(description="null: not closed yet")
    closed_on = _DAY()

    @staticmethod
    def resolve_id(drive: Any, _info: Any) -> str:
        return str(drive.drive)

    @staticmethod
    def resolve_unit(drive: Any, info: GraphQLResolveInfo) -> Awaitable[units.Unit]:
        context = context_of(info)
        return context.load(units.units_by_id, drive.unit, context.today)

    @staticmethod
    def resolve_first_day(drive: Any, _info: Any) -> date:
        return date.fromisoformat(drive.first_day)

    @staticmethod
    def resolve_last_day(drive: Any, _info: Any) -> date:
        return date.fromisoformat(drive.last_day)

    @staticmethod
    def resolve_closed_on(drive: Any, _info: Any) -> date | None:
        return None if drive.closed_on is None else date.fromisoformat(drive.closed_on)


EmulationDriveConnection = connection_of("EmulationDrive", lambda: EmulationDrive)


class EmulationDriveQueries:
    """Root fields of emulation drives."""

    emulation_drives = graphene.Field(
        EmulationDriveConnection,
        required=True,
        unit=_TEXT(description="id or today's code: drives of that place and of those above it"),
        as_of=_DAY(description="only those that run on that day"),
        after_token=_TEXT(),
        **page_arguments(),
        description="the latest begun first",
    )

    @staticmethod
    def resolve_emulation_drives(
        _root: None,
        info: GraphQLResolveInfo,
        first: int | None = None,
        after: str | None = None,
        unit: str | None = None,
        as_of: date | None = None,
        **_: Any,
    ) -> Listing:
        context, wanted, table = context_of(info), slice_of(first, after), emulation_drives.LIVE.drives.c
        context.require()
        within: list[ColumnElement[bool]] = []
        if unit is not None:
            place = context.read(unit_id_of, unit, context.today)
            within.append(table.unit.in_(context.read(around, place, context.today)))
        if as_of is not None:
            within.append(emulation_drives.running_on(as_of))
        return Listing(
            lambda: once(lambda: context.read(emulation_drives.drives_page, within, wanted)),
            lambda: once(lambda: context.read(emulation_drives.drives_count, within)),
        )


class EmulationDriveCommands:
    """Root fields."""

    launch_emulation_drive = graphene.Field(
        CommandOutcome,
        required=True,
        unit=_TEXT(required=True, description="id or today's code: where it runs"),
        name=_TEXT(required=True),
        launcher=DriveLauncher(required=True),
        organiser=_TEXT(required=True, description="an organisation, never a person's name"),
        first_day=_DAY(required=True),
        last_day=_DAY(required=True),
        drive=_ID(),
        command_id=_ID(),
        description="also of one that has begun or is over",
    )
    close_emulation_drive = graphene.Field(
        CommandOutcome,
        required=True,
        drive=_ID(required=True),
        result=_TEXT(required=True, description="at most 2,000 characters; no names or numbers of people"),
        closed_on=_DAY(required=True),
        command_id=_ID(),
    )

    @staticmethod
    @told_as_outcome
    async def resolve_launch_emulation_drive(
        _root: None,
        info: GraphQLResolveInfo,
        /,
        unit: str,
        drive: str | None = None,
        command_id: str | None = None,
        **told: Any,
    ) -> Outcome:
        context, key = context_of(info), command_id_of(command_id)
        context.require()
        about = new_thing(context, "drive", drive, key)
        place = await asked(context, lambda c: unit_id_of(c, unit, context.today))
        await checked(context, "launch_emulation_drive", lambda c: context.scope.holds(c, [place]))
        payload = {**plain(told), "drive": about, "unit": place}
        return (await send(context, "registry", order(context, "launch_emulation_drive", about, payload, key)))[0]

    @staticmethod
    @told_as_outcome
    async def resolve_close_emulation_drive(
        _root: None, info: GraphQLResolveInfo, /, drive: str, command_id: str | None = None, **told: Any
    ) -> Outcome:
        context, key, about = context_of(info), command_id_of(command_id), id_of(drive, "drive")
        context.require()

        def mine(connection: Connection) -> bool:
            found = emulation_drives.drives_by_id(connection, [about]).get(about)
            return found is not None and context.scope.answers_for(connection, found.unit)

        await checked(context, "close_emulation_drive", mine)
        payload = {**plain(told), "drive": about}
        return (await send(context, "registry", order(context, "close_emulation_drive", about, payload, key)))[0]
