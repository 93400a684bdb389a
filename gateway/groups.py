"""Messaging groups: where people of a hamlet, a team or a unit reach each other, and which hamlets have none."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, TypeAlias, assert_never
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Connection, Index, Select, Table, func, select

from gateway import teams, units
from gateway.paging import Page, Slice, page_of
from gateway.rows import Identifier, ReadModel
from gateway.unit_tree import belonging, below
from services.kernel.message import Event
from services.kernel.projection import Delivered
from services.kernel.rows import Rows

FOR_EVER = "9999-12-31"

# What it reads of the registry's events


class MessagingGroupLinked(Event, name="messaging_group.linked"):
    """A group in use."""

    group: UUID
    place: str
    about: UUID
    app: str
    link: str
    linked_on: date


class MessagingGroupUnlinked(Event, name="messaging_group.unlinked"):
    """A group no longer in use."""

    group: UUID
    unlinked_on: date


GroupEvent: TypeAlias = MessagingGroupLinked | MessagingGroupUnlinked


class Groups(ReadModel):
    """The table of groups, past ones included; ISO days, `until` not included."""

    name = "groups"
    views: ClassVar[Mapping[str, Any]] = {"registry": GroupEvent}
    streams: ClassVar[frozenset[str]] = frozenset({"messaging_group"})

    def define(self) -> None:
        self.groups = Table(
            f"messaging_groups{self.suffix}",
            self.metadata,
            Column("group", Identifier, primary_key=True),
            Column("place", Identifier, nullable=False),
            Column("about", Identifier, nullable=False),
            Column("app", Identifier, nullable=False),
            Column("link", Identifier, nullable=False),
            Column("linked_on", Identifier, nullable=False),
            Column("until", Identifier, nullable=False),
        )
        Index(f"messaging_groups_about{self.suffix}", self.groups.c.about)

    def apply(self, connection: Connection, events: Sequence[Delivered[GroupEvent]]) -> None:
        groups = Rows(self.groups)
        for delivered in events:
            match delivered.event:
                case MessagingGroupLinked() as linked:
                    groups.put(linked.model_dump(mode="json") | {"until": FOR_EVER})
                case MessagingGroupUnlinked() as gone:
                    groups.change((str(gone.group),), {"until": gone.unlinked_on.isoformat()})
                case _:
                    assert_never(delivered.event)
        groups.write(connection)


LIVE = Groups()
"""The table readers see."""


# Questions


def in_use(day: date) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Groups in use on a day."""
    groups = LIVE.groups.c
    return groups.linked_on <= day.isoformat(), groups.until > day.isoformat()


def groups_of(connection: Connection, about: Sequence[str], day: date) -> dict[str, list[Any]]:
    """Rows of the groups in use of each hamlet, team or unit."""
    groups = LIVE.groups.c
    query = select(LIVE.groups).where(groups.about.in_(about), *in_use(day)).order_by(groups.linked_on, groups.group)
    found: dict[str, list[Any]] = {}
    for row in connection.execute(query):
        found.setdefault(row.about, []).append(row)
    return found


def group_by_id(connection: Connection, group: str) -> Any | None:
    """The group."""
    return connection.execute(select(LIVE.groups).where(LIVE.groups.c.group == group)).one_or_none()


TIERS = ("hamlet", "team", "commune", "district", "province")
"""Of what a group is; the last three are units of that level."""


def tier_page(
    connection: Connection, unit: str, tier: str, day: date, visible: ColumnElement[bool], wanted: Slice
) -> Page:
    """Groups of a tier in use on a day, of the unit and what lies below it, by the name of their place.

    `visible` is the viewer's scope as a condition on `about`.
    """
    query, name = _of_tier(unit, tier, day)
    return page_of(connection, query.where(visible), [name, LIVE.groups.c.group], wanted)


def tier_count(connection: Connection, unit: str, tier: str, day: date, visible: ColumnElement[bool]) -> int:
    """How many there are."""
    found = _of_tier(unit, tier, day)[0].where(visible).subquery()
    return connection.execute(select(func.count()).select_from(found)).scalar_one()


def _of_tier(unit: str, tier: str, day: date) -> tuple[Select[Any], ColumnElement[bytes]]:
    """Groups, and the column that sorts their places."""
    groups, here = LIVE.groups.c, select(belonging([unit], day).c.unit)
    query = select(LIVE.groups).where(*in_use(day))
    match tier:
        case "hamlet":
            hamlets = units.LIVE.hamlets
            query = query.join(hamlets, hamlets.c.hamlet == groups.about)
            return query.where(hamlets.c.commune.in_(here), units.told_on(day, hamlets)), hamlets.c.sort_key
        case "team":
            team = teams.LIVE.teams
            query = query.join(team, team.c.team == groups.about)
            return query.where(team.c.commune.in_(here), teams.stands(day)), team.c.sort_key
        case _:
            known = units.LIVE.units
            query = query.join(known, known.c.unit == groups.about)
            standing = (known.c.unit.in_(here), known.c.level == tier, units.told_on(day))
            return query.where(*standing), known.c.sort_key


def has_group(about: ColumnElement[str], day: date) -> ColumnElement[bool]:
    """Whether a group of this hamlet, team or unit is in use on a day."""
    groups = LIVE.groups.c
    return select(groups.group).where(groups.about == about, *in_use(day)).exists()


def units_without_group(unit: str, level: str, day: date) -> Select[Any]:
    """Units of a level that stand on a day, the unit and what lies below it, without a group."""
    known, tree = units.LIVE.units.c, below([unit], day)
    here = select(*units.COLUMNS, known.sort_key).where(known.unit.in_(select(tree.c.unit)), units.in_force(day))
    return here.where(known.level == level, ~has_group(known.unit, day))


def units_without_group_page(
    connection: Connection, unit: str, level: str, day: date, visible: ColumnElement[bool], wanted: Slice
) -> Page:
    """These as far as the viewer may see, by name."""
    known = units.LIVE.units.c
    query = units_without_group(unit, level, day).where(visible)
    return page_of(connection, query, [known.sort_key, known.unit], wanted)


def units_without_group_count(
    connection: Connection, unit: str, level: str, day: date, visible: ColumnElement[bool]
) -> int:
    """How many of them there are."""
    found = units_without_group(unit, level, day).where(visible).subquery()
    return connection.execute(select(func.count()).select_from(found)).scalar_one()


def _without(unit: str, day: date) -> Select[Any]:
    hamlets, tree = units.LIVE.hamlets.c, belonging([unit], day)
    here = select(units.LIVE.hamlets).join(tree, tree.c.unit == hamlets.commune)
    return here.where(units.in_force(day, units.LIVE.hamlets), ~has_group(hamlets.hamlet, day))


def hamlets_without_group_page(
    connection: Connection, unit: str, day: date, visible: ColumnElement[bool], wanted: Slice
) -> Page:
    """Hamlets below a unit without a group, by name."""
    hamlets = units.LIVE.hamlets.c
    return page_of(connection, _without(unit, day).where(visible), [hamlets.sort_key, hamlets.hamlet], wanted)


def hamlets_without_group_count(connection: Connection, unit: str, day: date, visible: ColumnElement[bool]) -> int:
    """How many of them there are."""
    found = _without(unit, day).where(visible).subquery()
    return connection.execute(select(func.count()).select_from(found)).scalar_one()
