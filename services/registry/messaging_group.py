"""A messaging group (Zalo, Mocha) of a hamlet, a team, a commune or a province (001 §III.3b, 003 §II.2, II.4).

The link is what people join by; who is in the group is nobody's business here. Refusals: GROUP_EXISTS, GROUP_UNKNOWN,
PLACE_UNKNOWN, DAY_IN_FUTURE, LINK_STRANGE.
"""

from datetime import date
from typing import Annotated, Any, Literal, TypeAlias, assert_never
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import Field

from services.kernel.clock import business_date
from services.kernel.decider import Aggregate, Lookup, Refused
from services.kernel.message import Command, Event
from services.registry.hamlet import HAMLET
from services.registry.team import TEAM
from services.registry.unit import UNIT

App: TypeAlias = Literal["zalo", "mocha"]
Place: TypeAlias = Literal["hamlet", "team", "unit"]
HOSTS: dict[str, frozenset[str]] = {
    "zalo": frozenset({"zalo.me", "chat.zalo.me"}),
    "mocha": frozenset({"mocha.com.vn", "www.mocha.com.vn"}),
}
"""Where links of each app lead; any other host may be a trap."""

# Events


class MessagingGroupLinked(Event, name="messaging_group.linked"):
    """People of `about` reach each other in this group."""

    group: UUID
    place: Place
    about: UUID
    app: App
    link: str
    linked_on: date


class MessagingGroupUnlinked(Event, name="messaging_group.unlinked"):
    """The group is no longer used."""

    group: UUID
    unlinked_on: date


GroupEvent: TypeAlias = MessagingGroupLinked | MessagingGroupUnlinked


# State: the group as linked, None before and after


def evolve(_group: MessagingGroupLinked | None, event: GroupEvent) -> MessagingGroupLinked | None:
    """The group after `event`."""
    match event:
        case MessagingGroupLinked():
            return event
        case MessagingGroupUnlinked():
            return None
        case _:
            assert_never(event)


# Commands


class LinkMessagingGroup(Command, name="link_messaging_group"):
    """Say in which group people of a place reach each other."""

    group: UUID
    place: Place
    about: UUID
    app: App
    link: Annotated[str, Field(max_length=300, pattern=r"^https://[!-~]+$")]
    linked_on: date


class UnlinkMessagingGroup(Command, name="unlink_messaging_group"):
    """Say that a group is no longer used."""

    group: UUID
    unlinked_on: date


GroupCommand: TypeAlias = LinkMessagingGroup | UnlinkMessagingGroup


# Rules


def guard(command: GroupCommand, lookup: Lookup) -> None:
    """The hamlet, team or unit must exist."""
    if not isinstance(command, LinkMessagingGroup):
        return
    aggregates: dict[Place, Aggregate[Any, Any, Any]] = {"hamlet": HAMLET, "team": TEAM, "unit": UNIT}
    if lookup.state(aggregates[command.place], str(command.about)) is None:
        raise Refused("Chưa có ấp, khóm, Tổ hoặc đơn vị này.", code="PLACE_UNKNOWN", field="about")


def decide(command: GroupCommand, group: MessagingGroupLinked | None) -> list[GroupEvent]:
    """A link leads to its app and nowhere else."""
    match command:
        case LinkMessagingGroup():
            return _link(command, group)
        case UnlinkMessagingGroup():
            return _unlink(command, group)
        case _:
            assert_never(command)


def _link(command: LinkMessagingGroup, group: MessagingGroupLinked | None) -> list[GroupEvent]:
    if command.linked_on > business_date(command.at):
        raise Refused("Ngày này không được ở tương lai.", code="DAY_IN_FUTURE", field="linked_on")
    if urlsplit(command.link).hostname not in HOSTS[command.app]:
        allowed = ", ".join(sorted(HOSTS[command.app]))
        raise Refused(f"Đường dẫn phải thuộc: {allowed}.", code="LINK_STRANGE", field="link")
    event = MessagingGroupLinked(
        group=command.group,
        place=command.place,
        about=command.about,
        app=command.app,
        link=command.link,
        linked_on=command.linked_on,
    )
    if group is None:
        return [event]
    if group == event:
        return []
    raise Refused("Nhóm này đã được ghi với nội dung khác.", code="GROUP_EXISTS", field="group")


def _unlink(command: UnlinkMessagingGroup, group: MessagingGroupLinked | None) -> list[GroupEvent]:
    if group is None:
        raise Refused("Chưa có nhóm này.", code="GROUP_UNKNOWN", field="group")
    if not group.linked_on <= command.unlinked_on <= business_date(command.at):
        raise Refused("Ngày bỏ phải từ ngày ghi đến hôm nay.", code="DAY_IN_FUTURE", field="unlinked_on")
    return [MessagingGroupUnlinked(group=command.group, unlinked_on=command.unlinked_on)]


MESSAGING_GROUP: Aggregate[MessagingGroupLinked | None, GroupCommand, GroupEvent] = Aggregate(
    category="messaging_group",
    events=GroupEvent,
    commands=GroupCommand,
    initial=None,
    evolve=evolve,
    decide=decide,
    identity=lambda command: command.group,
    guard=guard,
    opens=frozenset({LinkMessagingGroup}),
)
