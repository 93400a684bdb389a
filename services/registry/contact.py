"""What is kept of a member's name and telephone number: that it is kept, what may be published of it, who read it.

The words themselves never reach this file: they come sealed inside a command and are moved into the vault before the
decision (`contact_letters.py`), so that events, state and all that follows them hold ids, days and yes or no. Erasing
destroys the key; a member who comes back is kept anew, under another one (`generation` counts the keys destroyed).

A contact belongs to the commune of the team it was kept for: who appoints a member of another commune to a team of his
own gets to read, change or erase nothing by that.

Refusals: TEAM_UNKNOWN, MEMBER_UNKNOWN, LETTER_UNREADABLE, CONTACT_CHANGED, CONTACT_OF_OTHER_COMMUNE, NO_CONTACT,
STILL_SERVING.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Literal, TypeAlias, assert_never
from uuid import UUID

from pydantic import Field

from services.kernel.clock import business_date
from services.kernel.decider import Aggregate, Lookup, Refused
from services.kernel.identifiers import derived_id
from services.kernel.message import Command, Event
from services.registry.team import TEAM
from services.registry.team_events import Team
from services.registry.unit import carried

Purpose: TypeAlias = Literal["call", "roster", "supervise"]
Reason: TypeAlias = Literal["asked", "left"]

# Events


class MemberContactKept(Event, name="member_contact.kept"):
    """A member's name, and maybe number, lie in the vault as letter `letter`, kept for the commune of `team`.

    `notice` is what the member was told before. `publishes_*`: they agreed that residents may see it (domain.md E10).
    """

    member: UUID
    team: UUID
    letter: UUID
    has_phone: bool
    publishes_name: bool
    publishes_phone: bool
    notice: str
    kept_on: date


class MemberContactErased(Event, name="member_contact.erased"):
    """The key is destroyed: name and number can never be read again. The member's history stays."""

    member: UUID
    reason: Reason
    erased_on: date


class MemberContactViewed(Event, name="member_contact.viewed"):
    """An official read it (domain.md E8). `viewer` is an opaque id."""

    member: UUID
    team: UUID
    viewer: str
    purpose: Purpose


ContactEvent: TypeAlias = MemberContactKept | MemberContactErased | MemberContactViewed


# State


@dataclass(frozen=True, slots=True)
class Contact:
    """Which letter counts, under which key; `superseded` is the letter before it, which nobody asks for any more."""

    letter: UUID | None = None
    team: UUID | None = None
    superseded: UUID | None = None
    publishes_name: bool = False
    publishes_phone: bool = False
    generation: int = 0


def evolve(contact: Contact, event: ContactEvent) -> Contact:
    """The contact after `event`."""
    match event:
        case MemberContactKept():
            return replace(
                contact,
                letter=event.letter,
                team=event.team,
                superseded=contact.letter,
                publishes_name=event.publishes_name,
                publishes_phone=event.publishes_phone,
            )
        case MemberContactErased():
            return Contact(generation=contact.generation + 1)
        case MemberContactViewed():
            return contact
        case _:
            assert_never(event)


def person_of(member: UUID, contact: Contact) -> UUID:
    """Whose key it is: the member's, as often as they were erased before."""
    return derived_id("contact", member, contact.generation)


# Commands


class Moved(Command, name="moved_member_contact"):
    """What the preparation says of a letter it moved; whatever a caller puts here is written over."""

    kept: Annotated[UUID | None, Field(exclude=True)] = None
    generation: Annotated[int, Field(exclude=True)] = 0
    has_phone: Annotated[bool, Field(exclude=True)] = False
    publishes_name: Annotated[bool, Field(exclude=True)] = False
    publishes_phone: Annotated[bool, Field(exclude=True)] = False
    notice: Annotated[str, Field(exclude=True)] = ""


class KeepMemberContact(Moved, name="keep_member_contact"):
    """Keep name and number of somebody who serves in `team`. `letter` is base64 of them, sealed for this member.

    `digest` is the sender's, keyed: it tells other words under the same command id.
    """

    sealed = frozenset({"letter"})

    team: UUID
    member: UUID
    letter: str = Field(min_length=1, max_length=10_000)
    digest: str = Field(default="", max_length=64)


class EraseMemberContact(Command, name="erase_member_contact"):
    """Destroy the key: when asked, through a team of the commune that keeps it.

    With the reason `left`, `teams` are those they served in: nobody who serves is erased so. `destroyed` is the
    preparation's: the generation whose key is gone; whatever a caller puts there is written over.
    """

    member: UUID
    reason: Reason = "asked"
    team: UUID | None = None
    teams: Annotated[tuple[UUID, ...], Field(max_length=100)] = ()
    destroyed: Annotated[int | None, Field(exclude=True)] = None


class ViewMemberContact(Command, name="view_member_contact"):
    """Record that `viewer` reads name and number; asked before anything is shown."""

    team: UUID
    member: UUID
    viewer: str = Field(min_length=1, max_length=200)
    purpose: Purpose


ContactCommand: TypeAlias = KeepMemberContact | EraseMemberContact | ViewMemberContact


# Rules


def guard(command: ContactCommand, lookup: Lookup) -> None:
    """Contact is kept of those who serve or were put forward, and read of them only, by the commune that keeps it."""
    contact: Contact = lookup.state(CONTACT, str(command.member))
    if isinstance(command, EraseMemberContact):
        may_erase(command, contact, lookup)
        return
    team: Team | None = lookup.state(TEAM, str(command.team))
    if team is None:
        raise Refused("Chưa có Tổ này.", code="TEAM_UNKNOWN", field="team")
    if not belongs(team, command.member):
        raise Refused("Người này không phải thành viên của Tổ.", code="MEMBER_UNKNOWN", field="member")
    if not keeps(lookup, command.team, contact, business_date(command.at)):
        raise _elsewhere()


def may_erase(command: EraseMemberContact, contact: Contact, lookup: Lookup) -> None:
    """Raises `Refused` for somebody who only seemed to have left, and through a team of another commune."""
    if command.reason == "left":
        for each in command.teams:
            team: Team | None = lookup.state(TEAM, str(each))
            if team is not None and belongs(team, command.member):
                raise Refused("Người này vẫn là thành viên của Tổ.", code="STILL_SERVING", field="member")
    elif command.team is None or not keeps(lookup, command.team, contact, business_date(command.at)):
        raise _elsewhere()


def keeps(lookup: Lookup, through: UUID, contact: Contact, day: date) -> bool:
    """Whether a team is of the commune that keeps the contact, or that this went into as a whole by a day.

    Of nobody's contact: always. Whoever got a part of a commune got nobody's name with it.
    """
    if contact.letter is None or contact.team is None or contact.team == through:
        return True
    place = _place(lookup, through, day)
    return place is not None and place == _place(lookup, contact.team, day)


def _place(lookup: Lookup, team_id: UUID, day: date) -> UUID | None:
    team: Team | None = lookup.state(TEAM, str(team_id))
    return None if team is None else carried(lookup, team.established.commune, day)


def _elsewhere() -> Refused:
    rule = "Thông tin liên lạc của người này do xã, phường khác giữ."
    return Refused(rule, code="CONTACT_OF_OTHER_COMMUNE", field="team")


def belongs(team: Team, member: UUID) -> bool:
    """Whether somebody serves in the team or was put forward for it."""
    return member in team.serving or member in team.nominated


def decide(command: ContactCommand, contact: Contact) -> list[ContactEvent]:
    """Told again just so, nothing changes."""
    today = business_date(command.at)
    match command:
        case KeepMemberContact():
            return _keep(command, contact, today)
        case EraseMemberContact():
            if contact.letter is None:
                return []
            if command.destroyed != contact.generation:  # kept after the preparation looked: its key is still there
                raise Refused("Thông tin này vừa được ghi; hãy gửi lại.", code="CONTACT_CHANGED", field="member")
            return [MemberContactErased(member=command.member, reason=command.reason, erased_on=today)]
        case ViewMemberContact():
            if contact.letter is None:
                raise Refused("Chưa có thông tin liên lạc của người này.", code="NO_CONTACT", field="member")
            return [
                MemberContactViewed(
                    member=command.member, team=command.team, viewer=command.viewer, purpose=command.purpose
                )
            ]
        case _:
            assert_never(command)


def _keep(command: KeepMemberContact, contact: Contact, today: date) -> list[ContactEvent]:
    if command.letter or command.kept is None:
        raise Refused("Không mở được nội dung đã niêm phong.", code="LETTER_UNREADABLE", field="letter")
    if command.generation != contact.generation:
        raise Refused("Thông tin này vừa được xóa; hãy gửi lại.", code="CONTACT_CHANGED", field="member")
    if command.kept == contact.letter:
        return []
    return [
        MemberContactKept(
            member=command.member,
            team=command.team,
            letter=command.kept,
            has_phone=command.has_phone,
            publishes_name=command.publishes_name,
            publishes_phone=command.publishes_phone,
            notice=command.notice,
            kept_on=today,
        )
    ]


CONTACT: Aggregate[Contact, ContactCommand, ContactEvent] = Aggregate(
    category="contact",
    events=ContactEvent,
    commands=ContactCommand,
    initial=Contact(),
    evolve=evolve,
    decide=decide,
    identity=lambda command: command.member,
    guard=guard,
)
