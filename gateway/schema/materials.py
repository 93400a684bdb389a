"""Guidance materials in GraphQL: drafted with an uploaded file, approved, published.

The province's opinion comes first where the plan in force asks for it.
"""

from collections.abc import Awaitable, Mapping
from datetime import date
from typing import Any

import anyio.to_thread
import graphene
from graphql import GraphQLResolveInfo
from sqlalchemy import Connection, select

from gateway import digital_services, finding, materials, units
from gateway.commanding import Outcome, asked, checked, command_id_of, new_thing, order, send, told_as_outcome
from gateway.context import Context, context_of, once
from gateway.errors import InvalidInput, NotFound
from gateway.paging import slice_of
from gateway.schema.connections import Listing, ObjectType, connection_of, page_arguments
from gateway.schema.digital_services import DigitalService
from gateway.schema.inputs import id_of, unit_id_of
from gateway.schema.outcomes import CommandOutcome
from gateway.schema.units import Unit
from gateway.unit_tree import around

_ID = graphene.ID
_TEXT = graphene.String
_DAY = graphene.Date


class MaterialStatus(graphene.Enum):  # type: ignore[misc]  # graphene is published without types
    """How far a material has come."""

    DRAFTED = "drafted"
    APPROVED = "approved"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class MaterialOpinion(graphene.Enum):  # type: ignore[misc]
    """What the province said."""

    FAVOURABLE = "favourable"
    UNFAVOURABLE = "unfavourable"


class Material(ObjectType):
    """A leaflet, poster, recording or film teams hand on."""

    id = _ID(required=True)
    name = _TEXT(required=True)
    unit = graphene.Field(Unit, required=True)
    topic = _TEXT(required=True, description="a subject's code, as courses and campaigns have it")
    service = graphene.Field(DigitalService)
    language = _TEXT(required=True, description="vi, km, en, …")
    issuer = _TEXT(required=True)
    file = _TEXT(required=True, description="SHA-256 of its content")
    link = _TEXT(required=True, description="where it is served, to everybody while it is published")
    media_type = _TEXT(required=True)
    size = graphene.Int(required=True, description="bytes")
    status = graphene.Field(MaterialStatus, required=True)
    opinion = graphene.Field(MaterialOpinion, description="null: none yet")
    opinion_document = _TEXT()
    opinion_on = _DAY()
    approved_on = _DAY()
    published_on = _DAY()
    withdrawn_on = _DAY()
    replaces = graphene.Field(lambda: Material)
    replaced_by = graphene.Field(lambda: Material)

    @staticmethod
    def resolve_id(material: Any, _info: Any) -> str:
        return str(material.material)

    @staticmethod
    def resolve_unit(material: Any, info: GraphQLResolveInfo) -> Awaitable[units.Unit]:
        context = context_of(info)
        return context.load(units.units_by_id, material.unit, context.today)

    @staticmethod
    def resolve_service(material: Any, info: GraphQLResolveInfo) -> Awaitable[Any] | None:
        context = context_of(info)
        if material.service is None:
            return None
        return context.load(digital_services.services_by_code, material.service, context.today)

    @staticmethod
    def resolve_file(material: Any, _info: Any) -> str:
        return str(material.sha256)

    @staticmethod
    def resolve_link(material: Any, _info: Any) -> str:
        return f"/tai-lieu/{material.sha256}"

    @staticmethod
    def resolve_replaces(material: Any, info: GraphQLResolveInfo) -> Awaitable[Any] | None:
        return _other(info, material.replaces)

    @staticmethod
    def resolve_replaced_by(material: Any, info: GraphQLResolveInfo) -> Awaitable[Any] | None:
        return _other(info, material.replaced_by)


def _other(info: GraphQLResolveInfo, material: str | None) -> Awaitable[Any] | None:
    context = context_of(info)
    return None if material is None else context.load(materials.materials_by_id, material, context.scope.materials)


MaterialConnection = connection_of("Material", lambda: Material)


class MaterialQueries:
    """Root fields of materials."""

    materials = graphene.Field(
        MaterialConnection,
        required=True,
        unit=_TEXT(description="id or today's code: materials of that place and of those above it"),
        topic=_TEXT(description="code of a subject or of a digital service"),
        language=_TEXT(),
        status=MaterialStatus(),
        search=_TEXT(description="beginnings of words of name, topic and service; marks do not matter"),
        after_token=_TEXT(),
        **page_arguments(),
    )
    material = graphene.Field(Material, id=_ID(required=True), after_token=_TEXT())

    @staticmethod
    def resolve_materials(
        _root: None,
        info: GraphQLResolveInfo,
        first: int | None = None,
        after: str | None = None,
        unit: str | None = None,
        topic: str | None = None,
        language: str | None = None,
        status: Any = None,
        search: str | None = None,
        **_: Any,
    ) -> Listing:
        context, wanted, table = context_of(info), slice_of(first, after), materials.LIVE.materials.c
        visible = context.scope.materials
        within = finding.mentions(table.search_text, search)
        if unit is not None:
            place = context.read(unit_id_of, unit, context.today)
            within.append(table.unit.in_(context.read(around, place, context.today)))
        if topic is not None:
            within.append(materials.on_topic(topic))
        if language is not None:
            within.append(table.language == language)
        if status is not None:
            within.append(table.status == status.value)
        return Listing(
            lambda: once(lambda: context.read(materials.materials_page, visible, within, wanted)),
            lambda: once(lambda: context.read(materials.materials_count, visible, within)),
        )

    @staticmethod
    def resolve_material(_root: None, info: GraphQLResolveInfo, id: str, **_: Any) -> Any:  # noqa: A002
        context, material = context_of(info), id_of(id, "id")
        found = context.read(materials.materials_by_id, [material], context.scope.materials).get(material)
        if found is None:
            raise NotFound
        return found


def _about(**arguments: Any) -> Any:
    return graphene.Field(CommandOutcome, required=True, material=_ID(required=True), **arguments, command_id=_ID())


class MaterialCommands:
    """Root fields."""

    draft_material = graphene.Field(
        CommandOutcome,
        required=True,
        unit=_TEXT(required=True, description="id or today's code: for whom it is made"),
        name=_TEXT(required=True),
        topic=_TEXT(required=True),
        service=_ID(description="code of a digital service"),
        language=_TEXT(required=True),
        issuer=_TEXT(required=True, description="an office or organisation, never a person's name"),
        file=_TEXT(required=True, description="SHA-256, as POST /tai-lieu answered"),
        material=_ID(
            description="made here unless given; given again, it is written anew, without opinion or approval"
        ),
        command_id=_ID(),
    )
    give_material_opinion = _about(
        favourable=graphene.Boolean(required=True),
        document=_TEXT(required=True, description="number and sign of what the province wrote"),
        given_on=_DAY(required=True),
        description="officials of a province",
    )
    approve_material = _about(approved_on=_DAY(required=True))
    publish_material = _about(
        published_on=_DAY(required=True), replaces=_ID(description="the version that goes out of use with it")
    )
    withdraw_material = _about(withdrawn_on=_DAY(required=True))

    @staticmethod
    @told_as_outcome
    async def resolve_draft_material(
        _root: None,
        info: GraphQLResolveInfo,
        /,
        unit: str,
        file: str,
        material: str | None = None,
        command_id: str | None = None,
        **told: Any,
    ) -> Outcome:
        context, key = context_of(info), command_id_of(command_id)
        context.require()
        about = new_thing(context, "material", material, key)
        place = await asked(context, lambda c: unit_id_of(c, unit, context.today))
        await checked(
            context,
            "draft_material",
            lambda c: context.scope.holds(c, [place, *_unit_of(c, about)]),
        )
        stored = await anyio.to_thread.run_sync(context.parts.files.claim, file)
        if stored is None:
            raise InvalidInput("Chưa có tệp này; hãy gửi tệp lên trước.", field="file", code="FILE_UNKNOWN")
        content = {"sha256": stored.sha256, "media_type": stored.media_type, "size": stored.size}
        facts = {name: value for name, value in told.items() if value is not None} | {"file": content}
        payload = {"material": about, "unit": place, "facts": facts}
        return (await send(context, "registry", order(context, "draft_material", about, payload, key)))[0]

    @staticmethod
    @told_as_outcome
    async def resolve_give_material_opinion(_root: None, info: GraphQLResolveInfo, /, **told: Any) -> Outcome:
        return await _send(context_of(info), "give_material_opinion", told)

    @staticmethod
    @told_as_outcome
    async def resolve_approve_material(_root: None, info: GraphQLResolveInfo, /, **told: Any) -> Outcome:
        return await _send(context_of(info), "approve_material", told)

    @staticmethod
    @told_as_outcome
    async def resolve_publish_material(_root: None, info: GraphQLResolveInfo, /, **told: Any) -> Outcome:
        return await _send(context_of(info), "publish_material", told)

    @staticmethod
    @told_as_outcome
    async def resolve_withdraw_material(_root: None, info: GraphQLResolveInfo, /, **told: Any) -> Outcome:
        return await _send(context_of(info), "withdraw_material", told)


def _unit_of(connection: Connection, material: str) -> list[str]:
    """The unit of a material that is there already: nobody writes over what is of others."""
    table = materials.LIVE.materials.c
    return list(connection.execute(select(table.unit).where(table.material == material)).scalars())


async def _send(context: Context, command: str, told: Mapping[str, Any]) -> Outcome:
    """Send a command about a material, and perhaps the one it replaces, both of units held today."""
    context.require()
    about, key = id_of(told["material"], "material"), command_id_of(told.get("command_id"))
    payload = {n: _plain(v) for n, v in told.items() if v is not None and n != "command_id"} | {"material": about}
    if "replaces" in payload:
        payload["replaces"] = id_of(payload["replaces"], "replaces")
    named = [about, *([payload["replaces"]] if "replaces" in payload else [])]

    def mine(connection: Connection) -> bool:
        found = materials.materials_by_id(connection, named, context.scope.materials)
        held = context.scope.holds(connection, sorted({row.unit for row in found.values()}))
        return len(found) == len(set(named)) and held

    await checked(context, command, mine)
    return (await send(context, "registry", order(context, command, about, payload, key)))[0]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
