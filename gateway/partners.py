"""Partners: which firms, banks and operators are engaged for a place on a day, and where two of one kind meet.

Two of one kind in one place are a matter for a warning only where a plan in force says so (không trùng chéo, 003
§III.5); where none does, nothing overlaps. Organisations are told apart by how people call them, with or without marks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, TypeAlias, assert_never
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Index,
    LargeBinary,
    Table,
    and_,
    func,
    literal,
    or_,
    select,
)

from gateway import policies, units
from gateway.paging import Page, Slice, page_of
from gateway.rows import Identifier, ReadModel
from gateway.unit_tree import belonging
from gateway.vietnamese import fold, sort_key
from services.kernel.message import Event
from services.kernel.projection import Delivered
from services.kernel.rows import Rows

# What it reads of the registry's events


class PartnerEngaged(Event, name="partner.engaged"):
    """An organisation is engaged for a territory and fields from a day on."""

    partner: UUID
    territory: UUID
    organisation: str
    kind: str
    fields: tuple[str, ...]
    agreement_no: str | None
    engaged_on: date


class PartnerEnded(Event, name="partner.ended"):
    """The last day of an engagement."""

    partner: UUID
    last_day: date


PartnerEvent: TypeAlias = PartnerEngaged | PartnerEnded


class Partners(ReadModel):
    """The table of partners, past ones included; ISO days, `fields` with single spaces between."""

    name = "partners"
    views: ClassVar[Mapping[str, Any]] = {"registry": PartnerEvent}
    streams: ClassVar[frozenset[str]] = frozenset({"partner"})

    def define(self) -> None:
        self.partners = Table(
            f"partners{self.suffix}",
            self.metadata,
            Column("partner", Identifier, primary_key=True),
            Column("territory", Identifier, nullable=False),
            Column("organisation", Identifier, nullable=False),
            Column("kind", Identifier, nullable=False),
            Column("fields", Identifier, nullable=False),
            Column("agreement_no", Identifier),
            Column("engaged_on", Identifier, nullable=False),
            Column("last_day", Identifier),
            Column("search_text", Identifier, nullable=False),
            Column("sort_key", LargeBinary, nullable=False),
        )
        Index(f"partners_territory{self.suffix}", self.partners.c.territory)

    def apply(self, connection: Connection, events: Sequence[Delivered[PartnerEvent]]) -> None:
        partners = Rows(self.partners)
        for delivered in events:
            match delivered.event:
                case PartnerEngaged() as engaged:
                    row = engaged.model_dump(mode="json") | {"fields": " ".join(engaged.fields), "last_day": None}
                    partners.put(
                        row | {"search_text": fold(engaged.organisation), "sort_key": sort_key(engaged.organisation)}
                    )
                case PartnerEnded() as ended:
                    partners.change((str(ended.partner),), {"last_day": ended.last_day.isoformat()})
                case _:
                    assert_never(delivered.event)
        partners.write(connection)


LIVE = Partners()
"""The table readers see."""


# Questions


def in_force(day: date) -> ColumnElement[bool]:
    """Partners engaged on a day."""
    return and_(LIVE.partners.c.engaged_on <= day.isoformat(), not_ended_before(day))


def not_ended_before(day: date) -> ColumnElement[bool]:
    """Engaged on that day or a later one."""
    return or_(LIVE.partners.c.last_day.is_(None), LIVE.partners.c.last_day >= day.isoformat())


def of_place(connection: Connection, unit: str, day: date) -> ColumnElement[bool]:
    """Partners of a unit: engaged for it, for what is above it or for what belongs to it on a day."""
    territory = LIVE.partners.c.territory
    home = units.homes_of(connection, [unit], day)[unit]
    below = select(belonging([home], day).c.unit)
    return or_(territory.in_(_covering(connection, home, day)), territory.in_(below))


def _covering(connection: Connection, unit: str, day: date) -> list[str]:
    """The unit, what is above it, and what went into these as a whole by that day."""
    went, found = units.LIVE.successions.c, [unit, *units.ancestors(connection, [unit], day).get(unit, [])]
    came = found
    while came:
        whole = select(went.unit).where(went.successor.in_(came), went.part.is_(False), went.on_day <= day)
        came = [gone for gone in connection.execute(whole).scalars() if gone not in found]
        found = [*found, *came]
    return found


def in_field(code: str) -> ColumnElement[bool]:
    """Partners engaged for a field."""
    return (literal(" ") + LIVE.partners.c.fields + literal(" ")).contains(f" {code} ", autoescape=True)


def partners_page(connection: Connection, within: Sequence[ColumnElement[bool]], wanted: Slice) -> Page:
    """Partners by name."""
    partners = LIVE.partners.c
    return page_of(connection, select(LIVE.partners).where(*within), [partners.sort_key, partners.partner], wanted)


def partners_count(connection: Connection, within: Sequence[ColumnElement[bool]]) -> int:
    """How many there are."""
    return connection.execute(select(func.count()).select_from(LIVE.partners).where(*within)).scalar_one()


def partner_by_id(connection: Connection, partner: str) -> Any | None:
    """The partner of this id."""
    return connection.execute(select(LIVE.partners).where(LIVE.partners.c.partner == partner)).one_or_none()


@dataclass(frozen=True, slots=True)
class Overlap:
    """Others of one kind for a place that a partner covers too, and the rule against it with its profile."""

    organisations: tuple[str, ...]
    rule: Mapping[str, Any]
    profile: Any


def overlap_of(connection: Connection, territory: str, kind: str, organisation: str, day: date) -> Overlap | None:
    """What stands against engaging an organisation for a territory from a day on; None where no plan minds.

    The plans of that day count: those of the smaller of the two territories, which both cover.
    """
    partners = LIVE.partners.c
    same = select(LIVE.partners).where(partners.kind == kind, of_place(connection, territory, day))
    found = connection.execute(same.where(not_ended_before(day)).order_by(partners.sort_key)).all()
    others = [row for row in found if fold(row.organisation) != fold(organisation)]
    plans = policies.profiles_in_force(connection, sorted({territory, *(row.territory for row in others)}), day)
    against = {place: policies.stated(held, "overlap") for place, held in plans.items()}
    minded = [(row, against[territory] or against[row.territory]) for row in others]
    stated = [(row, rule) for row, rule in minded if rule is not None]
    if not stated:
        return None
    return Overlap(tuple(dict.fromkeys(row.organisation for row, _ in stated)), *stated[0][1])
