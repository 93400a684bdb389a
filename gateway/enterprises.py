"""Enterprises: how many work in them, and which of them should have a team of their own and have none."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, TypeAlias, assert_never
from uuid import UUID

import orjson
from pydantic import Field
from sqlalchemy import Boolean, Column, ColumnElement, Connection, Index, Integer, LargeBinary, Table, func, or_, select

from gateway import policies, teams
from gateway.paging import Page, Slice, page_of, sifted
from gateway.rows import Identifier, ReadModel
from gateway.unit_tree import belonging
from gateway.vietnamese import fold, sort_key
from services.kernel.message import Event
from services.kernel.projection import Delivered
from services.kernel.rows import Rows, write_all

# What it reads of the registry's events


class EnterpriseRegistered(Event, name="enterprise.registered"):
    """An enterprise and its first count."""

    enterprise: UUID
    commune: UUID
    title: str = Field(alias="name")
    workers: int
    many_from_elsewhere: bool | None
    counted_on: date


class EnterpriseCounted(Event, name="enterprise.counted"):
    """A later count."""

    enterprise: UUID
    workers: int
    many_from_elsewhere: bool | None
    counted_on: date


EnterpriseEvent: TypeAlias = EnterpriseRegistered | EnterpriseCounted


class Enterprises(ReadModel):
    """Tables of enterprises and of their counts."""

    name = "enterprises"
    views: ClassVar[Mapping[str, Any]] = {"registry": EnterpriseEvent}
    streams: ClassVar[frozenset[str]] = frozenset({"enterprise"})

    def define(self) -> None:
        self.enterprises = Table(
            f"enterprises{self.suffix}",
            self.metadata,
            Column("enterprise", Identifier, primary_key=True),
            Column("commune", Identifier, nullable=False),
            Column("name", Identifier, nullable=False),
            Column("search_text", Identifier, nullable=False),
            Column("sort_key", LargeBinary, nullable=False),
        )
        Index(f"enterprises_commune{self.suffix}", self.enterprises.c.commune, self.enterprises.c.sort_key)
        self.counts = Table(
            f"enterprise_counts{self.suffix}",
            self.metadata,
            Column("enterprise", Identifier, primary_key=True),
            Column("counted_on", Identifier, primary_key=True),
            Column("workers", Integer, nullable=False),
            Column("many_from_elsewhere", Boolean),
        )

    def apply(self, connection: Connection, events: Sequence[Delivered[EnterpriseEvent]]) -> None:
        enterprises, counts = Rows(self.enterprises), Rows(self.counts)
        for delivered in events:
            event = delivered.event
            match event:
                case EnterpriseRegistered():
                    row = {"enterprise": str(event.enterprise), "commune": str(event.commune), "name": event.title}
                    enterprises.put(row | {"search_text": fold(event.title), "sort_key": sort_key(event.title)})
                case EnterpriseCounted():
                    pass
                case _:
                    assert_never(event)
            count = event.model_dump(include={"workers", "many_from_elsewhere"})
            counts.put(count | {"enterprise": str(event.enterprise), "counted_on": event.counted_on.isoformat()})
        write_all(connection, enterprises, counts)


LIVE = Enterprises()
"""The tables readers see."""


# Questions; `visible` is the viewer's scope as a condition on `enterprises`


def enterprises_page(
    connection: Connection, within: Sequence[ColumnElement[bool]], visible: ColumnElement[bool], wanted: Slice
) -> Page:
    """Enterprises by name."""
    table = LIVE.enterprises.c
    query = select(LIVE.enterprises).where(visible, *within)
    return page_of(connection, query, [table.sort_key, table.enterprise], wanted)


def enterprises_count(
    connection: Connection, within: Sequence[ColumnElement[bool]], visible: ColumnElement[bool]
) -> int:
    """How many there are."""
    query = select(func.count()).select_from(LIVE.enterprises).where(visible, *within)
    return connection.execute(query).scalar_one()


def known_by(day: date) -> ColumnElement[bool]:
    """Those first counted by a day."""
    counts = LIVE.counts.c
    return LIVE.enterprises.c.enterprise.in_(select(counts.enterprise).where(counts.counted_on <= day.isoformat()))


def counted_on(connection: Connection, enterprises: Sequence[str], day: date) -> dict[str, Any]:
    """The last count of each enterprise up to a day."""
    counts = LIVE.counts.c
    query = select(LIVE.counts).where(counts.enterprise.in_(enterprises), counts.counted_on <= day.isoformat())
    return {row.enterprise: row for row in connection.execute(query.order_by(counts.counted_on))}


def without_team(connection: Connection, unit: str, day: date, visible: ColumnElement[bool], wanted: Slice) -> Page:
    """Enterprises below a unit that by the plan in force should have a team that day and have none.

    Above the number of workers the plan states; one that nobody has judged as to where they come from is among them,
    one judged not to have many from elsewhere is not (003 §II.3).
    """
    table, tree = LIVE.enterprises.c, belonging([unit], day)
    team = teams.LIVE.teams.c
    has_one = select(team.team).where(
        team.enterprise == table.enterprise,
        team.decision_date <= day,
        or_(team.dissolved_on.is_(None), team.dissolved_on > day),
    )
    within = [table.commune.in_(select(tree.c.unit)), ~has_one.exists()]

    def owing(rows: list[Any]) -> list[Any]:
        counts = counted_on(connection, [row.enterprise for row in rows], day)
        limits = _limits(connection, sorted({row.commune for row in rows}), day)
        return [row if _owes(counts.get(row.enterprise), limits.get(row.commune)) else None for row in rows]

    return sifted(lambda part: enterprises_page(connection, within, visible, part), owing, wanted)


def _owes(count: Any | None, limit: float | None) -> bool:
    if count is None or limit is None:
        return False
    return bool(count.workers > limit and count.many_from_elsewhere is not False)


def _limits(connection: Connection, communes: Sequence[str], day: date) -> dict[str, float]:
    """The number of workers above which each commune's plans ask for a team; absent where none states it."""
    found: dict[str, float] = {}
    for commune, profiles in policies.profiles_in_force(connection, communes, day).items():
        stated = [
            rule["value"]
            for profile in profiles
            for rule in orjson.loads(profile.rules)
            if rule["kind"] == "quantity" and rule["measure"] == "workers"
        ]
        if stated:
            found[commune] = min(stated)
    return found
