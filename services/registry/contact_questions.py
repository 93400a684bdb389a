"""What may be asked of the registry about members' names and numbers, which no read model holds.

Answers are sealed to a key the asker made for this one question. A refused question answers `{"refused": {"code",
"message"}}`: NOT_IN_SCOPE, BAD_QUESTION.

    read_member_contacts   an official's reading, recorded before it is shown: names for officials of units above,
                           numbers for those of the team's own commune only (domain.md E10)
    published_contact      what a member agreed that residents may see
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.kernel import sealing
from services.kernel.clock import business_date
from services.kernel.database import Database
from services.kernel.decider import Lookup
from services.kernel.identifiers import new_id
from services.kernel.vault import Vaults
from services.registry.contact import CONTACT, Contact, Purpose, ViewMemberContact, belongs, keeps, person_of
from services.registry.contact_letters import MemberLetter, Stored, field_of, load
from services.registry.team import TEAM
from services.registry.unit import UNIT, Unit, carried

if TYPE_CHECKING:
    from services.registry.team_events import Team

MOST_MEMBERS = 100


class Viewer(BaseModel):
    """Who asks, as the gateway has authenticated them."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    sub: str = Field(min_length=1, max_length=200)
    role: str
    units: tuple[UUID, ...] = ()


class ReadMemberContacts(BaseModel):
    """`read_member_contacts`: of members of one team."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    team: UUID
    members: tuple[UUID, ...] = Field(max_length=MOST_MEMBERS)
    viewer: Viewer
    purpose: Purpose
    reply_to: str = Field(max_length=100)


class PublishedContact(BaseModel):
    """`published_contact`: of somebody who serves in a team."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    team: UUID
    member: UUID
    reply_to: str = Field(max_length=100)


def reading_context(question: str, team: UUID) -> str:
    """What a reply is sealed for."""
    return f"registry/{question}/{team}"


def read_member_contacts(vaults: Vaults) -> Callable[[Any, Mapping[str, Any]], Any]:
    """The question `read_member_contacts`, bound to the vaults."""

    def question(runtime: Any, payload: Mapping[str, Any]) -> Any:
        try:
            asked = ReadMemberContacts.model_validate(payload)
        except ValidationError:
            return _refused("BAD_QUESTION", "Câu hỏi thiếu hoặc sai.")
        team: Team | None = load(runtime.database, TEAM, asked.team)
        stored, today = Stored(runtime.database), business_date(runtime.clock())
        sight = None if team is None else _sight(stored, asked.viewer, team.established.commune, today)
        if team is None or sight is None:
            return _refused("NOT_IN_SCOPE", "Tổ này không thuộc địa bàn của Ông/Bà.")
        found: dict[str, Any] = {}
        for member in asked.members:
            contact: Contact = load(runtime.database, CONTACT, member)
            if contact.letter is None or not belongs(team, member) or not keeps(stored, asked.team, contact, today):
                continue
            viewed = ViewMemberContact(
                command_id=new_id(),
                actor=asked.viewer.sub,
                at=runtime.clock(),
                team=asked.team,
                member=member,
                viewer=asked.viewer.sub,
                purpose=asked.purpose,
            )
            if runtime.processor.execute(viewed).accepted:
                letter = _letter(vaults, runtime.database, member, contact)
                found[str(member)] = _shown(letter, phone=sight == "all")
        return {"sealed": _seal(asked.reply_to, found, "read_member_contacts", asked.team)}

    return question


def published_contact(vaults: Vaults) -> Callable[[Any, Mapping[str, Any]], Any]:
    """The question `published_contact`, bound to the vaults."""

    def question(runtime: Any, payload: Mapping[str, Any]) -> Any:
        try:
            asked = PublishedContact.model_validate(payload)
        except ValidationError:
            return _refused("BAD_QUESTION", "Câu hỏi thiếu hoặc sai.")
        team: Team | None = load(runtime.database, TEAM, asked.team)
        contact: Contact = load(runtime.database, CONTACT, asked.member)
        published: dict[str, str] = {}
        if team is not None and asked.member in team.serving and contact.letter is not None:
            letter = _letter(vaults, runtime.database, asked.member, contact)
            if letter is not None and letter.publish_name:
                published["full_name"] = letter.full_name
            if letter is not None and letter.publish_phone and letter.phone:
                published["phone"] = letter.phone
        return {"sealed": _seal(asked.reply_to, published, "published_contact", asked.team)}

    return question


def _sight(lookup: Lookup, viewer: Viewer, commune: UUID, day: date) -> Literal["all", "names"] | None:
    """What an official may see on a day of the members of a commune's teams; nobody else sees anything."""
    here = carried(lookup, commune, day)
    if lookup.state(UNIT, str(here)) is None:
        return None
    if viewer.role == "commune_official":
        return "all" if here in viewer.units else None
    if viewer.role == "province_official":
        return "names" if not _with_above(lookup, here, day).isdisjoint(viewer.units) else None
    return None


def _with_above(lookup: Lookup, unit: UUID, day: date) -> set[UUID]:
    found: set[UUID] = set()
    above: UUID | None = unit
    while above is not None and above not in found:
        found.add(above)
        state: Unit | None = lookup.state(UNIT, str(above))
        above = None if state is None else state.parent_on(day)
    return found


def _letter(vaults: Vaults, database: Database, member: UUID, contact: Contact) -> MemberLetter | None:
    if contact.letter is None:
        return None
    name = field_of(contact.letter)
    kept = vaults.of(database).read(person_of(member, contact), [name]).get(name)
    return None if kept is None else MemberLetter.model_validate_json(kept)


def _shown(letter: MemberLetter | None, *, phone: bool) -> dict[str, Any]:
    if letter is None:
        return {}
    shown: dict[str, Any] = {
        "full_name": letter.full_name,
        "publish_name": letter.publish_name,
        "publish_phone": letter.publish_phone,
    }
    return {**shown, "phone": letter.phone} if phone else shown


def _seal(reply_to: str, body: Any, question: str, team: UUID) -> str:
    public_key = sealing.from_base64(reply_to)
    return sealing.to_base64(sealing.seal_to(public_key, orjson.dumps(body), reading_context(question, team)))


def _refused(code: str, message: str) -> dict[str, Any]:
    return {"refused": {"code": code, "message": message}}
