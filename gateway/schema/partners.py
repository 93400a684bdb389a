"""Partners in GraphQL: engaged by officials for what they hold, listed for any place and day."""

from collections.abc import Awaitable
from dataclasses import replace
from datetime import date
from typing import Any

import graphene
from graphql import GraphQLResolveInfo
from sqlalchemy import Connection

from gateway import finding, partners, units
from gateway.commanding import (
    Notice,
    Outcome,
    asked,
    checked,
    command_id_of,
    new_thing,
    order,
    plain,
    send,
    told_as_outcome,
)
from gateway.context import context_of, once
from gateway.paging import slice_of
from gateway.schema.connections import Listing, ObjectType, connection_of, many, page_arguments, search_argument
from gateway.schema.inputs import id_of, unit_id_of
from gateway.schema.outcomes import CommandOutcome
from gateway.schema.units import Unit

_ID = graphene.ID
_TEXT = graphene.String
_DAY = graphene.Date


class PartnerKind(graphene.Enum):  # type: ignore[misc]  # graphene is published without types
    """Partners in the plans' words; digital firms are enterprises."""

    POST_TELECOM = "post_telecom"
    BANK = "bank"
    ENTERPRISE = "enterprise"


class Partner(ObjectType):
    """An organisation engaged for a territory and fields."""

    id = _ID(required=True)
    organisation = _TEXT(required=True)
    kind = graphene.Field(PartnerKind, required=True)
    territory = graphene.Field(Unit, required=True, description="the one it belongs to today")
    fields = many(_TEXT, description="codes of subjects or digital services")
    agreement_no = _TEXT(description="null: none was told")
    engaged_on = _DAY(required=True)
    last_day = _DAY(description="null: none was told")

    @staticmethod
    def resolve_id(partner: Any, _info: Any) -> str:
        return str(partner.partner)

    @staticmethod
    def resolve_territory(partner: Any, info: GraphQLResolveInfo) -> Awaitable[units.Unit]:
        context = context_of(info)
        return context.load(units.homes_by_id, partner.territory, context.today)

    @staticmethod
    def resolve_fields(partner: Any, _info: Any) -> list[str]:
        return str(partner.fields).split()

    @staticmethod
    def resolve_engaged_on(partner: Any, _info: Any) -> date:
        return date.fromisoformat(partner.engaged_on)

    @staticmethod
    def resolve_last_day(partner: Any, _info: Any) -> date | None:
        return None if partner.last_day is None else date.fromisoformat(partner.last_day)


PartnerConnection = connection_of("Partner", lambda: Partner)


class PartnerQueries:
    """Root field of partners."""

    partners = graphene.Field(
        PartnerConnection,
        required=True,
        unit=_TEXT(required=True, description="id or that day's code: engaged for it, for what is above or below it"),
        as_of=_DAY(description="today in Vietnam by default"),
        kind=PartnerKind(),
        field=_TEXT(description="code of a subject or digital service"),
        search=search_argument(),
        after_token=_TEXT(),
        **page_arguments(),
        description="those engaged on a day, by name; for everybody who works here",
    )

    @staticmethod
    def resolve_partners(
        _root: None,
        info: GraphQLResolveInfo,
        unit: str,
        as_of: date | None = None,
        kind: Any = None,
        field: str | None = None,
        search: str | None = None,
        first: int | None = None,
        after: str | None = None,
        **_: Any,
    ) -> Listing:
        context, wanted = context_of(info), slice_of(first, after)
        context.require()
        day = as_of or context.today
        place = context.read(unit_id_of, unit, day)
        within = [partners.in_force(day), context.read(partners.of_place, place, day)]
        within += finding.mentions(partners.LIVE.partners.c.search_text, search)
        if kind is not None:
            within.append(partners.LIVE.partners.c.kind == kind.value)
        if field is not None:
            within.append(partners.in_field(field))
        return Listing(
            lambda: once(lambda: context.read(partners.partners_page, within, wanted)),
            lambda: once(lambda: context.read(partners.partners_count, within)),
        )


class PartnerCommands:
    """Root fields."""

    engage_partner = graphene.Field(
        CommandOutcome,
        required=True,
        territory=_TEXT(required=True, description="id or today's code"),
        organisation=_TEXT(required=True, description="never a person's name"),
        kind=PartnerKind(required=True),
        fields=many(_TEXT),
        agreement_no=_TEXT(),
        engaged_on=_DAY(required=True),
        partner=_ID(),
        command_id=_ID(),
        description="another of its kind for the same place comes back as the warning PARTNERS_OVERLAP, "
        "where a plan in force says không trùng chéo",
    )
    end_partner = graphene.Field(
        CommandOutcome, required=True, partner=_ID(required=True), last_day=_DAY(required=True), command_id=_ID()
    )

    @staticmethod
    @told_as_outcome
    async def resolve_engage_partner(
        _root: None,
        info: GraphQLResolveInfo,
        /,
        territory: str,
        kind: Any,
        organisation: str,
        engaged_on: date,
        **told: Any,
    ) -> Outcome:
        context, key = context_of(info), command_id_of(told.get("command_id"))
        context.require()
        place = await asked(context, lambda c: unit_id_of(c, territory, context.today, "territory"))
        await checked(context, "engage_partner", lambda c: context.scope.holds(c, [place]))
        about = new_thing(context, "partner", told.get("partner"), key)
        payload = {**plain(told), "partner": about, "territory": place, "kind": kind.value}
        payload |= {"organisation": organisation, "engaged_on": engaged_on.isoformat()}
        (outcome,) = await send(context, "registry", order(context, "engage_partner", about, payload, key))
        if not outcome.accepted:
            return outcome
        found = await asked(context, lambda c: partners.overlap_of(c, place, kind.value, organisation, engaged_on))
        return outcome if found is None else replace(outcome, warnings=(_notice(found),))

    @staticmethod
    @told_as_outcome
    async def resolve_end_partner(
        _root: None, info: GraphQLResolveInfo, /, partner: str, last_day: date, command_id: str | None = None
    ) -> Outcome:
        context, key, about = context_of(info), command_id_of(command_id), id_of(partner, "partner")
        context.require()

        def mine(connection: Connection) -> bool:
            found = partners.partner_by_id(connection, about)
            return found is not None and context.scope.holds(connection, [found.territory])

        await checked(context, "end_partner", mine)
        payload = {"partner": about, "last_day": last_day.isoformat()}
        return (await send(context, "registry", order(context, "end_partner", about, payload, key)))[0]


def _notice(found: partners.Overlap) -> Notice:
    cited = found.rule["citation"]
    others = ", ".join(found.organisations)
    said = f"Địa bàn này đã có đơn vị cùng loại: {others} (không trùng chéo, {cited['document']} {cited['section']})."
    return Notice("PARTNERS_OVERLAP", said, "territory")
