"""Mutations on cases, sealed both ways.

What people write is sealed here to the feedback service before it goes anywhere; what they wrote comes back sealed to a
key made for one reading and forgotten with it.
"""

from typing import Any
from uuid import UUID

import graphene
import orjson
from graphql import GraphQLResolveInfo
from sqlalchemy import Connection

from gateway.cases import case_by_id
from gateway.commanding import (
    Outcome,
    asked,
    checked,
    command_id_of,
    new_thing,
    order,
    send,
    told_as_outcome,
)
from gateway.context import Context, context_of
from gateway.errors import InvalidInput, Unavailable
from gateway.intake import NOTICE
from gateway.schema.connections import ObjectType
from gateway.schema.inputs import id_of, unit_id_of
from gateway.schema.outcomes import CommandOutcome
from services.kernel import sealing
from services.kernel.bus import BusError
from services.kernel.clock import to_text

MOST_CHARACTERS = 5000
_ID = graphene.ID
_TEXT = graphene.String


class ReadingPurpose(graphene.Enum):  # type: ignore[misc]  # graphene is published without types
    """Why somebody reads; recorded with the reading."""

    HANDLE_CASE = "handle_case"
    CALL_BACK = "call_back"
    SUPERVISE = "supervise"


class Reading(ObjectType):
    """What a resident wrote, for the viewer alone. Every reading is recorded."""

    accepted = graphene.Boolean(required=True)
    text = graphene.String()
    language = graphene.String()
    answer = graphene.String()
    contact_name = graphene.String(description="only for those who handle the case, and only with consent")
    contact_phone = graphene.String()
    code = graphene.String()
    message = graphene.String()
    field = graphene.String()


class CaseCommands:
    """Root fields."""

    submit_feedback = graphene.Field(
        CommandOutcome,
        required=True,
        category=_TEXT(required=True, description="code of the catalogue of difficulties"),
        service=_TEXT(description="code of the catalogue of services"),
        commune=_TEXT(required=True, description="id or today's code"),
        text=_TEXT(required=True),
        language=_TEXT(default_value="vi", description="vi, km or en"),
        contact_name=_TEXT(),
        contact_phone=_TEXT(),
        consent=graphene.Boolean(default_value=False, description="the reporter agreed to be called back"),
        case=_ID(),
        command_id=_ID(),
    )
    answer_feedback = graphene.Field(
        CommandOutcome, required=True, case=_ID(required=True), text=_TEXT(required=True), command_id=_ID()
    )
    erase_person = graphene.Field(CommandOutcome, required=True, case=_ID(required=True), command_id=_ID())
    read_case = graphene.Field(Reading, required=True, case=_ID(required=True), purpose=ReadingPurpose(required=True))

    @staticmethod
    @told_as_outcome
    async def resolve_submit_feedback(
        _root: None,
        info: GraphQLResolveInfo,
        /,
        category: str,
        commune: str,
        text: str,
        service: str | None = None,
        case: str | None = None,
        command_id: str | None = None,
        **told: Any,
    ) -> Outcome:
        context, key = context_of(info), command_id_of(command_id)
        context.require()
        place = await asked(context, lambda c: unit_id_of(c, commune, context.today, "commune"))
        await checked(context, "submit_feedback", lambda c: context.scope.holds(c, [place]))
        about = new_thing(context, "case", case, key)
        letter = _letter(context, text, **told)
        payload = {
            "case": about,
            "category": category,
            "service": service,
            "commune": place,
            "channel": "official",
            "has_contact": letter["contact"] is not None,
            **_sealed(context, letter, "letter", about),
        }
        return (await send(context, "feedback", order(context, "submit_feedback", about, payload, key)))[0]

    @staticmethod
    @told_as_outcome
    async def resolve_answer_feedback(
        _root: None, info: GraphQLResolveInfo, /, case: str, text: str, command_id: str | None = None
    ) -> Outcome:
        context, key, about = context_of(info), command_id_of(command_id), id_of(case, "case")
        await checked(context, "answer_feedback", lambda c: _sees(context, c, about))
        payload = {"case": about, **_sealed(context, {"text": _written(text)}, "reply", about)}
        return (await send(context, "feedback", order(context, "answer_feedback", about, payload, key)))[0]

    @staticmethod
    @told_as_outcome
    async def resolve_erase_person(
        _root: None, info: GraphQLResolveInfo, /, case: str, command_id: str | None = None
    ) -> Outcome:
        context, key, about = context_of(info), command_id_of(command_id), id_of(case, "case")
        await checked(context, "erase_person", lambda c: _sees(context, c, about))
        return (await send(context, "feedback", order(context, "erase_person", about, {"case": about}, key)))[0]

    @staticmethod
    @told_as_outcome
    async def resolve_read_case(_root: None, info: GraphQLResolveInfo, /, case: str, purpose: Any) -> dict[str, Any]:
        context, about = context_of(info), id_of(case, "case")
        await checked(context, "read_case", lambda c: _sees(context, c, about))
        viewer, private = context.require(), sealing.new_private_key()
        question = {
            "case": about,
            "viewer": {"sub": viewer.sub, "role": viewer.role, "units": list(viewer.units), "body": viewer.body},
            "purpose": purpose.value,
            "reply_to": sealing.to_base64(sealing.public_half(private)),
        }
        try:
            reply = await context.parts.bus.ask("feedback", "read_case", question)
        except BusError:
            raise Unavailable from None
        if "refused" in reply:
            return {"accepted": False, **reply["refused"]}
        return _opened(reply["sealed"], private, UUID(about))


def _sees(context: Context, connection: Connection, case: str) -> bool:
    return case_by_id(connection, case, context.scope.cases) is not None


def _written(text: str) -> str:
    text = text.strip()
    if not text or len(text) > MOST_CHARACTERS:
        raise InvalidInput(f"`text` phải có từ 1 đến {MOST_CHARACTERS} ký tự.", field="text")
    return text


def _letter(
    context: Context,
    text: str,
    *,
    language: str = "vi",
    contact_name: str | None = None,
    contact_phone: str | None = None,
    consent: bool = False,
) -> dict[str, Any]:
    """The letter the feedback service reads. Contact is kept with consent only (domain E1)."""
    if language not in {"vi", "km", "en"}:
        raise InvalidInput("`language` phải là vi, km hoặc en.", field="language")
    if (contact_name or contact_phone) and not consent:
        raise InvalidInput("Chỉ ghi tên, số điện thoại khi người dân đồng ý (`consent`).", field="consent")
    for name, value in (("contactName", contact_name), ("contactPhone", contact_phone)):
        if value is not None and len(value) > 120:
            raise InvalidInput(f"`{name}` tối đa 120 ký tự.", field=name)
    contact = {"name": contact_name or "", "phone": contact_phone or ""} if contact_name or contact_phone else None
    agreed = {"notice": NOTICE, "at": to_text(context.now), "purposes": ["callback"], "channel": "official"}
    return {
        "text": _written(text),
        "language": language,
        "contact": contact,
        "consent": agreed if contact is not None else None,
    }


def _sealed(context: Context, letter: dict[str, Any], kind: str, case: str) -> dict[str, str]:
    """The words, and what tells them from others: a command sent again with other words is a misuse of its id."""
    sealed = sealing.seal_to(context.parts.feedback_key, orjson.dumps(letter), f"feedback/{kind}/{case}")
    said = orjson.dumps({name: part for name, part in letter.items() if name != "consent"})  # which tells the time
    return {"letter": sealing.to_base64(sealed), "digest": context.parts.tracker.digest(case, said)}


def _opened(sealed: str, private: bytes, case: UUID) -> dict[str, Any]:
    opened = sealing.open_sealed([private], sealing.from_base64(sealed), f"feedback/read_case/{case}")
    found = orjson.loads(opened)
    text, contact, answer = found.get("text") or {}, found.get("contact") or {}, found.get("answer") or {}
    return {
        "accepted": True,
        "text": text.get("text"),
        "language": text.get("language"),
        "answer": answer.get("text"),
        "contact_name": contact.get("name"),
        "contact_phone": contact.get("phone"),
    }
