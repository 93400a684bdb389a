"""The map itself in GraphQL: the shipped one imported and watched, a unit registered, a map declared."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import graphene
from graphql import GraphQLResolveInfo
from sqlalchemy import Connection, select

from gateway import map_import, units
from gateway.commanding import (
    MAY,
    Outcome,
    asked,
    checked,
    command_id_of,
    order,
    outcome_of,
    plain,
    send,
    told_as_outcome,
)
from gateway.context import Context, context_of
from gateway.errors import Unavailable
from gateway.schema.connections import ObjectType
from gateway.schema.inputs import unit_id_of
from gateway.schema.outcomes import CommandOutcome
from services.kernel.bus import Answer, BusError
from services.kernel.identifiers import derived_id

_ID = graphene.ID
_TEXT = graphene.String
_DAY = graphene.Date
_REGIME = "`current` by default"


class MapImportStage(graphene.Enum):  # type: ignore[misc]  # graphene is published without types
    """What is being brought in, in this order."""

    READING = "reading"
    UNITS = "units"
    REORGANISATIONS = "reorganisations"
    MAPS = "maps"
    PLANS = "plans"
    SERVICES = "services"


class MapImport(ObjectType):
    """How far the import is, told every few hundred steps; one that stands still goes on when asked for again."""

    stage = graphene.Field(MapImportStage, required=True)
    done = graphene.Int(required=True)
    total = graphene.Int(description="null: the files are being read")
    refused = graphene.Int(required=True, description="of those done; what is there otherwise stays as it is")
    finished = graphene.Boolean(required=True)

    @staticmethod
    def resolve_finished(row: Any, _info: Any) -> bool:
        return bool(row.done == row.total)


class MapImportQueries:
    """Root field of the import."""

    map_import = graphene.Field(
        MapImport, after_token=_TEXT(), description="null: nobody has asked for it through `importMap`"
    )

    @staticmethod
    def resolve_map_import(_root: None, info: GraphQLResolveInfo, **_: Any) -> Any | None:
        context = context_of(info)
        context.require()
        return context.read(map_import.progress)


class MapCommands:
    """Root fields, for officials of a province."""

    import_map = graphene.Field(
        CommandOutcome,
        required=True,
        command_id=_ID(),
        description="the national map and its reform, plans and catalogue that ship with the system: started in the "
        "background, or gone on with; see `mapImport`. Done again it changes nothing",
    )
    register_unit = graphene.Field(
        CommandOutcome,
        required=True,
        regime=_TEXT(description=_REGIME),
        level=_TEXT(required=True, description="province, district, commune or another tier there is"),
        code=_TEXT(required=True),
        name=_TEXT(required=True),
        kind=_TEXT(required=True, description="Xã, Phường, …"),
        parent=_TEXT(description="id or today's code; null: the highest tier, for those whose token holds the unit"),
        valid_from=_DAY(),
        valid_to=_DAY(),
        lat=graphene.Float(),
        lon=graphene.Float(),
        area_km2=graphene.Float(),
        command_id=_ID(),
    )
    declare_map = graphene.Field(
        CommandOutcome,
        required=True,
        regime=_TEXT(description=_REGIME),
        province_code=_TEXT(description="null: the whole regime, while nobody has declared it"),
        known_from=_DAY(required=True),
        known_to=_DAY(),
        source=_TEXT(required=True, description="on whose word"),
        command_id=_ID(),
        description="since when a map is known: before that day questions answer MAP_NOT_KNOWN",
    )

    @staticmethod
    @told_as_outcome
    async def resolve_import_map(_root: None, info: GraphQLResolveInfo, /, command_id: str | None = None) -> Outcome:
        context, key = context_of(info), command_id_of(command_id)
        context.require(*MAY["import_map"])
        asking = order(context, "import_map", "national", {}, key)
        try:
            answer = await context.parts.bus.ask("registry", "import_map", asking.payload)
        except BusError:
            raise Unavailable from None
        return outcome_of("registry", asking, Answer(**answer))

    @staticmethod
    @told_as_outcome
    async def resolve_register_unit(
        _root: None, info: GraphQLResolveInfo, /, parent: str | None = None, **told: Any
    ) -> Outcome:
        context, key = context_of(info), command_id_of(told.get("command_id"))
        viewer = context.require()
        payload = {"regime": "current", **plain(told)}
        about = str(derived_id("unit", payload["regime"], payload["level"], payload["code"]))
        place = about
        if parent is not None:
            payload["parent"] = place = await asked(context, lambda c: unit_id_of(c, parent, context.today, "parent"))
        # Nobody holds what is not there yet, unless the token says so: the first unit of a map.
        own = parent is None and about in viewer.units
        await checked(context, "register_unit", lambda c: own or context.scope.holds(c, [place]))
        return (await send(context, "registry", order(context, "register_unit", about, payload, key)))[0]

    @staticmethod
    @told_as_outcome
    async def resolve_declare_map(_root: None, info: GraphQLResolveInfo, /, known_from: date, **told: Any) -> Outcome:
        context, key = context_of(info), command_id_of(told.get("command_id"))
        context.require()
        payload = {"regime": "current", **plain({**told, "known_from": known_from})}
        await checked(context, "declare_map", lambda c: _may_declare(c, context, payload))
        about = "-".join(payload[name] for name in ("regime", "province_code") if name in payload)
        return (await send(context, "registry", order(context, "declare_map", about, payload, key)))[0]


def _may_declare(connection: Connection, context: Context, payload: Mapping[str, Any]) -> bool:
    regime, code = payload["regime"], payload.get("province_code")
    if code is not None:
        return context.scope.holds(connection, [str(derived_id("unit", regime, "province", code))])
    known = units.LIVE.known.c
    declared = connection.execute(select(known.regime).where(known.regime == regime, known.province == "")).scalar()
    return declared is None
