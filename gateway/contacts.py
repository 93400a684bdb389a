"""Of which members name and number are kept, and what of it residents may see; never the name or the number.

Those are sealed here to the registry before they go anywhere, and come back sealed to a key made for one reading.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, ClassVar, TypeAlias, assert_never
from uuid import UUID

import orjson
from sqlalchemy import Boolean, Column, Connection, Table, select

from gateway import members, teams
from gateway.errors import InvalidInput
from gateway.rows import Identifier, ReadModel
from gateway.tracking import Tracker
from services.kernel import sealing
from services.kernel.bus import CommandBus
from services.kernel.message import Event
from services.kernel.projection import Delivered
from services.kernel.rows import Rows, write_all
from services.kernel.words import MAX_LENGTH, has_invisible, one_line

NOTICE = "2026-11"
"""Version of what members are told before their name and number are kept; raise it with every change of its words."""
NOTICE_WORDS = (
    "Ủy ban nhân dân xã, phường giữ họ tên, số điện thoại của thành viên Tổ để phân công, liên hệ công việc của Tổ. "
    "Chỉ công bố khi thành viên đồng ý. Thành viên được xem, sửa, rút đồng ý, xin xóa; thông tin được xóa sau khi thôi."
)
_PHONE = re.compile(r"0[1-9][0-9]{8,9}")

# What it reads of the registry's events


class MemberContactKept(Event, name="member_contact.kept"):
    """Kept, or kept otherwise."""

    member: UUID
    has_phone: bool
    publishes_name: bool
    publishes_phone: bool


class MemberContactErased(Event, name="member_contact.erased"):
    """Gone."""

    member: UUID


ContactEvent: TypeAlias = MemberContactKept | MemberContactErased


class Contacts(ReadModel):
    """Table of what is kept."""

    name = "contacts"
    views: ClassVar[Mapping[str, Any]] = {"registry": ContactEvent}
    streams: ClassVar[frozenset[str]] = frozenset({"contact"})

    def define(self) -> None:
        self.contacts = Table(
            f"member_contacts{self.suffix}",
            self.metadata,
            Column("member", Identifier, primary_key=True),
            Column("kept", Boolean, nullable=False),
            Column("has_phone", Boolean, nullable=False),
            Column("publishes_name", Boolean, nullable=False),
            Column("publishes_phone", Boolean, nullable=False),
        )

    def apply(self, connection: Connection, events: Sequence[Delivered[ContactEvent]]) -> None:
        contacts = Rows(self.contacts)
        nothing = {"kept": False, "has_phone": False, "publishes_name": False, "publishes_phone": False}
        for delivered in events:
            match delivered.event:
                case MemberContactKept() as kept:
                    contacts.put(kept.model_dump() | {"member": str(kept.member), "kept": True})
                case MemberContactErased() as erased:
                    contacts.put({"member": str(erased.member), **nothing})
                case _:
                    assert_never(delivered.event)
        write_all(connection, contacts)


LIVE = Contacts()
"""The tables readers see."""


def contacts_of(connection: Connection, members_: Sequence[str]) -> dict[str, Any]:
    """Rows of those of whom something is kept, by member."""
    table = LIVE.contacts.c
    found = connection.execute(select(LIVE.contacts).where(table.member.in_(members_), table.kept))
    return {row.member: row for row in found}


def left_long_ago(connection: Connection, today: date, days: int) -> list[tuple[str, list[str]]]:
    """`(member, teams)` of those whose contact is kept although they left their last team so many days ago or more."""
    served, team = members.LIVE.members, teams.LIVE.teams
    query = select(served.c.member, served.c.team, served.c.stood_down_on, team.c.dissolved_on)
    query = query.join_from(served, team, served.c.team == team.c.team)
    query = query.join(LIVE.contacts, LIVE.contacts.c.member == served.c.member).where(LIVE.contacts.c.kept)
    last: dict[str, tuple[date, set[str]]] = {}
    for row in connection.execute(query):
        ended = min((day for day in (row.stood_down_on, row.dissolved_on) if day is not None), default=date.max)
        before, of = last.get(row.member, (date.min, set()))
        last[row.member] = (max(before, ended), of | {row.team})
    nominated = members.LIVE.nominations.c
    waiting = set(connection.execute(select(nominated.member).where(nominated.pending)).scalars())
    until = today - timedelta(days=days)
    return [(who, sorted(of)) for who, (day, of) in sorted(last.items()) if day <= until and who not in waiting]


# Sealing and opening


@dataclass(frozen=True, slots=True, repr=False)
class Told:
    """What somebody says of a member; its `repr` says nothing."""

    full_name: str
    phone: str = ""
    publish_name: bool = False
    publish_phone: bool = False


def told(full_name: str, phone: str, *, publish_name: bool, publish_phone: bool) -> Told:
    """Name and number brought into one form. Raises `InvalidInput` naming field and rule, never the value."""
    name, number = one_line(full_name), phone_of(phone)
    if not 1 <= len(name) <= MAX_LENGTH or has_invisible(name):
        raise InvalidInput(f"`fullName` phải có từ 1 đến {MAX_LENGTH} ký tự.", field="fullName")
    if number and not _PHONE.fullmatch(number):
        raise InvalidInput("`phone` phải có 10 hoặc 11 số, bắt đầu bằng số 0 hoặc +84.", field="phone")
    return Told(name, number, publish_name, publish_phone and bool(number))


def phone_of(text: str) -> str:
    """`+84 912…` and `0912…` are one number, written 0912…; whatever is no digit or blank stays and shows as wrong."""
    digits = re.sub(r"[\s.\-()]", "", text)
    for prefix in ("+84", "0084"):
        if digits.startswith(prefix):
            return "0" + digits.removeprefix(prefix)
    return digits


def sealed(people_key: bytes, tracker: Tracker, member: str, words: Told, at: str) -> dict[str, str]:
    """Name and number for the registry alone, and what tells them from others under the same command id."""
    said = {
        "full_name": words.full_name,
        "phone": words.phone,
        "publish_name": words.publish_name,
        "publish_phone": words.publish_phone,
        "notice": NOTICE,
    }
    body = orjson.dumps({**said, "informed_at": at})
    closed = sealing.seal_to(people_key, body, f"registry/contact/{member}")
    digest = tracker.digest(member, orjson.dumps(said, option=orjson.OPT_SORT_KEYS))
    return {"letter": sealing.to_base64(closed), "digest": digest}


async def ask_sealed(bus: CommandBus, question: str, team: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Ask the registry about members of a team; `{"refused": …}` or what was sealed. Raises `BusError`, `SealingError`.

    The key lives as long as this one question.
    """
    private = sealing.new_private_key()
    reply_to = sealing.to_base64(sealing.public_half(private))
    reply: dict[str, Any] = await bus.ask("registry", question, {**asked, "team": team, "reply_to": reply_to})
    if "refused" in reply:
        return reply
    opened = sealing.open_sealed([private], sealing.from_base64(reply["sealed"]), f"registry/{question}/{team}")
    found: dict[str, Any] = orjson.loads(opened)
    return found
