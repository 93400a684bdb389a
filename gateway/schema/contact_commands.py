"""Mutations on members' names and numbers, sealed both ways; each reading is recorded before anything is shown."""

from typing import Any

import graphene
from graphql import GraphQLResolveInfo

from gateway import contacts, members
from gateway.commanding import Outcome, checked, command_id_of, order, send, told_as_outcome
from gateway.context import Context, context_of
from gateway.errors import InvalidInput, Unavailable
from gateway.schema.connections import ObjectType
from gateway.schema.inputs import id_of
from gateway.schema.outcomes import CommandOutcome
from services.kernel.bus import BusError
from services.kernel.clock import to_text

_ID = graphene.ID
_TEXT = graphene.String


class ContactPurpose(graphene.Enum):  # type: ignore[misc]  # graphene is published without types
    """Why somebody reads; recorded with the reading."""

    CALL = "call"
    ROSTER = "roster"
    SUPERVISE = "supervise"


class MemberContact(ObjectType):
    """Name and number of a member, for the viewer alone."""

    accepted = graphene.Boolean(required=True)
    full_name = _TEXT()
    phone = _TEXT(description="for officials of the team's own commune only")
    publish_name = graphene.Boolean(description="the member agreed that residents may see it")
    publish_phone = graphene.Boolean()
    code = _TEXT()
    message = _TEXT()
    field = _TEXT()


class ContactCommands:
    """Root fields."""

    keep_member_contact = graphene.Field(
        CommandOutcome,
        required=True,
        team=_ID(required=True),
        member=_ID(required=True),
        full_name=_TEXT(required=True),
        phone=_TEXT(),
        informed=graphene.Boolean(required=True, description=f"the member was told: {contacts.NOTICE_WORDS}"),
        publish_name=graphene.Boolean(default_value=False, description="the member agreed"),
        publish_phone=graphene.Boolean(default_value=False, description="the member agreed"),
        command_id=_ID(),
    )
    erase_member_contact = graphene.Field(
        CommandOutcome,
        required=True,
        team=_ID(required=True),
        member=_ID(required=True),
        command_id=_ID(),
        description="name and number are gone for good; the history of the member stays",
    )
    read_member_contact = graphene.Field(
        MemberContact,
        required=True,
        team=_ID(required=True),
        member=_ID(required=True),
        purpose=ContactPurpose(required=True),
    )

    @staticmethod
    @told_as_outcome
    async def resolve_keep_member_contact(
        _root: None,
        info: GraphQLResolveInfo,
        /,
        team: str,
        member: str,
        full_name: str,
        informed: bool,
        phone: str | None = None,
        publish_name: bool = False,
        publish_phone: bool = False,
        command_id: str | None = None,
    ) -> Outcome:
        context, key = context_of(info), command_id_of(command_id)
        of, about = id_of(team, "team"), id_of(member, "member")
        await _checked(context, "keep_member_contact", of)
        if not informed:
            rule = "Chỉ ghi họ tên, số điện thoại sau khi thành viên đã được thông báo (`informed`)."
            raise InvalidInput(rule, field="informed")
        words = contacts.told(full_name, phone or "", publish_name=publish_name, publish_phone=publish_phone)
        key_and_tracker = context.parts.people_key, context.parts.tracker
        closed = contacts.sealed(*key_and_tracker, about, words, to_text(context.now))
        payload = {"team": of, "member": about, **closed}
        return (await send(context, "registry", order(context, "keep_member_contact", about, payload, key)))[0]

    @staticmethod
    @told_as_outcome
    async def resolve_erase_member_contact(
        _root: None, info: GraphQLResolveInfo, /, team: str, member: str, command_id: str | None = None
    ) -> Outcome:
        context, key = context_of(info), command_id_of(command_id)
        of, about = id_of(team, "team"), id_of(member, "member")
        await _checked(context, "erase_member_contact", of, about)
        payload = {"member": about, "team": of, "reason": "asked"}
        return (await send(context, "registry", order(context, "erase_member_contact", about, payload, key)))[0]

    @staticmethod
    @told_as_outcome
    async def resolve_read_member_contact(
        _root: None, info: GraphQLResolveInfo, /, team: str, member: str, purpose: Any
    ) -> dict[str, Any]:
        context, of, about = context_of(info), id_of(team, "team"), id_of(member, "member")
        await _checked(context, "read_member_contact", of)
        found = await names_of(context, of, [about], purpose.value)
        if "refused" in found:
            return {"accepted": False, **found["refused"]}
        if not found.get(about):
            return {"accepted": False, "code": "NO_CONTACT", "message": "Chưa có thông tin liên lạc của người này."}
        return {"accepted": True, **found[about]}


async def names_of(context: Context, team: str, wanted: list[str], purpose: str) -> dict[str, Any]:
    """Name and what else the viewer may see of members of a team, by member; or what was refused."""
    viewer = context.require()
    who = {"sub": viewer.sub, "role": viewer.role, "units": list(viewer.units)}
    asked = {"members": wanted, "viewer": who, "purpose": purpose}
    try:
        return await contacts.ask_sealed(context.parts.bus, "read_member_contacts", team, asked)
    except BusError:
        raise Unavailable from None


async def _checked(context: Context, command: str, team: str, member: str | None = None) -> None:
    """The viewer holds the team; the member, if one is named, serves or served in it or was put forward."""

    def mine(connection: Any) -> bool:
        held = bool(context.scope.teams_held(connection, [team]))
        return held and (member is None or members.was_in(connection, team, member))

    await checked(context, command, mine)
