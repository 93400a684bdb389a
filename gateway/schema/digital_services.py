"""The catalogue of digital services in GraphQL: proposed by sectors and firms, published by the department."""

from collections.abc import Awaitable, Mapping
from datetime import date
from typing import Any

import graphene
from graphql import GraphQLResolveInfo
from sqlalchemy import Connection, true

from gateway import digital_services, units
from gateway.commanding import Outcome, asked, checked, command_id_of, order, send, told_as_outcome
from gateway.context import Context, context_of, once
from gateway.errors import NotFound
from gateway.paging import slice_of
from gateway.schema.connections import Listing, ObjectType, connection_of, page_arguments
from gateway.schema.inputs import unit_id_of
from gateway.schema.outcomes import CommandOutcome
from gateway.schema.units import Unit

_ID = graphene.ID
_TEXT = graphene.String
_DAY = graphene.Date


class DigitalServiceGroup(graphene.Enum):  # type: ignore[misc]  # graphene is published without types
    """The pillars of the plans, and skills."""

    DIGITAL_GOVERNMENT = "digital_government"
    DIGITAL_ECONOMY = "digital_economy"
    DIGITAL_SOCIETY = "digital_society"
    DIGITAL_SKILLS = "digital_skills"


class DigitalServiceStatus(graphene.Enum):  # type: ignore[misc]
    """A proposal is no part of the catalogue yet."""

    PROPOSED = "proposed"
    PUBLISHED = "published"


class ProposerKind(graphene.Enum):  # type: ignore[misc]
    """Who asks for a service."""

    SECTOR = "sector"
    FIRM = "firm"
    DEPARTMENT = "department"


class DigitalService(ObjectType):
    """A service teams guide people in, in the words of the day asked about. What nobody stated is null."""

    code = _ID(required=True)
    name = _TEXT(required=True)
    name_en = _TEXT(required=True)
    group = graphene.Field(DigitalServiceGroup, required=True)
    owner = _TEXT(description="the responsible body")
    hotline = _TEXT(description="a body's number, never a person's")
    source = _TEXT(description="where it is written")
    territory = graphene.Field(Unit, description="null: the whole country")
    status = graphene.Field(DigitalServiceStatus, required=True)
    valid_from = _DAY()
    last_day = _DAY()
    proposer_kind = graphene.Field(ProposerKind)
    proposer = _TEXT(description="the organisation")

    @staticmethod
    def resolve_code(service: Any, _info: Any) -> str:
        return str(service.service)

    @staticmethod
    def resolve_group(service: Any, _info: Any) -> str:
        return str(service.service_group)

    @staticmethod
    def resolve_territory(service: Any, info: GraphQLResolveInfo) -> Awaitable[units.Unit] | None:
        context = context_of(info)
        return None if service.territory is None else context.load(units.units_by_id, service.territory, context.today)


DigitalServiceConnection = connection_of("DigitalService", lambda: DigitalService)


class DigitalServiceQueries:
    """Root fields of the catalogue."""

    digital_services = graphene.Field(
        DigitalServiceConnection,
        required=True,
        unit=_TEXT(description="id or that day's code: services of the whole country and of that place"),
        as_of=_DAY(description="in force on that day, today in Vietnam by default"),
        group=DigitalServiceGroup(),
        text=_TEXT(description="begins of words of names and codes; marks do not matter"),
        status=DigitalServiceStatus(description="PUBLISHED by default"),
        after_token=_TEXT(),
        **page_arguments(),
    )
    digital_service = graphene.Field(
        DigitalService,
        code=_ID(required=True),
        as_of=_DAY(description="the words of that day, in force or not"),
        after_token=_TEXT(),
    )

    @staticmethod
    def resolve_digital_services(
        _root: None,
        info: GraphQLResolveInfo,
        first: int | None = None,
        after: str | None = None,
        unit: str | None = None,
        as_of: date | None = None,
        group: Any = None,
        text: str | None = None,
        status: Any = None,
        **_: Any,
    ) -> Listing:
        context, wanted = context_of(info), slice_of(first, after)
        day, visible, table = as_of or context.today, context.scope.digital_services, digital_services.LIVE
        proposed = status is not None and status.value == "proposed"
        within = [table.services.c.status == "proposed" if proposed else digital_services.in_force(day)]
        if unit is not None:
            within.append(context.read(digital_services.serving, context.read(unit_id_of, unit, day), day))
        if group is not None:
            within.append(table.words.c.service_group == group.value)
        within += digital_services.mentions(text or "")
        return Listing(
            lambda: once(lambda: context.read(digital_services.services_page, day, visible, within, wanted)),
            lambda: once(lambda: context.read(digital_services.services_count, day, visible, within)),
        )

    @staticmethod
    def resolve_digital_service(
        _root: None, info: GraphQLResolveInfo, code: str, as_of: date | None = None, **_: Any
    ) -> Any:
        context = context_of(info)
        found = context.read(
            digital_services.service_by_code, code, as_of or context.today, context.scope.digital_services
        )
        if found is None:
            raise NotFound
        return found


def _facts() -> dict[str, Any]:
    return {
        "name": _TEXT(required=True),
        "name_en": _TEXT(required=True),
        "group": DigitalServiceGroup(required=True),
        "owner": _TEXT(),
        "hotline": _TEXT(description="digits of a short, 1800, 1900 or fixed number"),
        "source": _TEXT(),
    }


_FACTS = tuple(_facts())


def _about(**arguments: Any) -> Any:
    return graphene.Field(
        CommandOutcome,
        required=True,
        service=_ID(required=True, description="code: capital letters, digits, _"),
        **arguments,
        command_id=_ID(),
    )


class DigitalServiceCommands:
    """Root fields."""

    propose_digital_service = _about(
        **_facts(),
        territory=_TEXT(description="id or today's code; the whole country by default"),
        proposer_kind=ProposerKind(required=True),
        proposer=_TEXT(required=True, description="the sector's or firm's name, never a person's"),
        description="by officials of a province or handlers of a body; told again the later words hold",
    )
    publish_digital_service = _about(valid_from=_DAY(), description="by officials of a province")
    revise_digital_service = _about(**_facts(), revised_on=_DAY(required=True, description="since when they hold"))
    withdraw_digital_service = _about(last_day=_DAY(description="left out: a proposal is dropped"))

    @staticmethod
    @told_as_outcome
    async def resolve_propose_digital_service(
        _root: None,
        info: GraphQLResolveInfo,
        /,
        service: str,
        proposer_kind: Any,
        proposer: str,
        territory: str | None = None,
        **told: Any,
    ) -> Outcome:
        context = context_of(info)
        context.require()
        place = None
        if territory is not None:
            place = await asked(context, lambda c: unit_id_of(c, territory, context.today, "territory"))
        payload = {
            "facts": _facts_of(told),
            "territory": place,
            "proposer": {"kind": proposer_kind.value, "organisation": proposer},
        }

        def mine(connection: Connection) -> bool:
            return _holds(connection, context, place) and _holds_known(connection, context, service)

        return await _send(context, "propose_digital_service", service, payload, told, mine)

    @staticmethod
    @told_as_outcome
    async def resolve_publish_digital_service(
        _root: None, info: GraphQLResolveInfo, /, service: str, valid_from: date | None = None, **told: Any
    ) -> Outcome:
        payload = {"valid_from": _text(valid_from)}
        return await _about_known(context_of(info), "publish_digital_service", service, payload, told)

    @staticmethod
    @told_as_outcome
    async def resolve_revise_digital_service(
        _root: None, info: GraphQLResolveInfo, /, service: str, revised_on: date, **told: Any
    ) -> Outcome:
        payload = {"facts": _facts_of(told), "revised_on": _text(revised_on)}
        return await _about_known(context_of(info), "revise_digital_service", service, payload, told)

    @staticmethod
    @told_as_outcome
    async def resolve_withdraw_digital_service(
        _root: None, info: GraphQLResolveInfo, /, service: str, last_day: date | None = None, **told: Any
    ) -> Outcome:
        payload = {"last_day": _text(last_day)}
        return await _about_known(context_of(info), "withdraw_digital_service", service, payload, told)


def _facts_of(told: Mapping[str, Any]) -> dict[str, Any]:
    facts = {name: told.get(name) for name in _FACTS}
    return facts | {"group": told["group"].value}


def _holds(connection: Connection, context: Context, territory: str | None) -> bool:
    """What is of the whole country is one for all, as the course catalogue is: the role decides."""
    return territory is None or context.scope.holds(connection, [territory])


def _holds_known(connection: Connection, context: Context, service: str) -> bool:
    """Nobody writes over what stands for a place of others."""
    found = digital_services.service_by_code(connection, service, context.today, true())
    return found is None or _holds(connection, context, found.territory)


async def _about_known(
    context: Context, command: str, service: str, payload: Mapping[str, Any], told: Mapping[str, Any]
) -> Outcome:
    """Send a command about a service the viewer sees and whose territory they hold today."""
    context.require()

    def mine(connection: Connection) -> bool:
        found = digital_services.service_by_code(connection, service, context.today, context.scope.digital_services)
        return found is not None and _holds(connection, context, found.territory)

    return await _send(context, command, service, payload, told, mine)


async def _send(
    context: Context, command: str, service: str, payload: Mapping[str, Any], told: Mapping[str, Any], mine: Any
) -> Outcome:
    key = command_id_of(told.get("command_id"))
    await checked(context, command, mine)
    return (await send(context, "registry", order(context, command, service, {**payload, "service": service}, key)))[0]


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
