"""Money for teams: the rules in force, what was allocated under them, and how far each allocation is settled.

Amounts are whole đồng, beyond 32 bits. A rule's amount that no decision states is null, never nought.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, TypeAlias, assert_never
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Date,
    Index,
    Integer,
    Table,
    and_,
    case,
    func,
    or_,
    select,
)

from gateway import teams
from gateway.paging import Page, Slice, page_of
from gateway.rows import Identifier, ReadModel
from gateway.team_places import ever_in
from gateway.unit_tree import ever_held
from gateway.units import ancestors, homes_of
from services.kernel.message import Event
from services.kernel.projection import Delivered
from services.kernel.rows import Rows, write_all

# What it reads of the registry's events


class FundingRuleSet(Event, name="funding_rule.set"):
    """A decision laid down what is paid."""

    rule: UUID
    territory: UUID
    source: str
    decision_no: str
    decision_date: date
    issuing_body: str
    section: str | None
    paid_by: str
    amount: int | None
    valid_from: date
    valid_to: date | None


class FundingRuleEnded(Event, name="funding_rule.ended"):
    """It holds no longer after `last_day`."""

    rule: UUID
    last_day: date


class FundingAllocated(Event, name="funding.allocated"):
    """Money is meant for a team or unit."""

    allocation: UUID
    rule: UUID
    payee: str
    about: UUID
    period_from: date
    period_to: date
    quantity: int | None
    amount: int
    decision_no: str
    decision_date: date


class FundingAppraised(Event, name="funding.appraised"):
    """What of it may be spent; the later holds."""

    allocation: UUID
    office: str
    result: str
    amount: int
    appraised_on: date


class FundingAdvanced(Event, name="funding.advanced"):
    """Paid in advance."""

    allocation: UUID
    voucher: str
    amount: int
    advanced_on: date


class FundingSettled(Event, name="funding.settled"):
    """Truly spent."""

    allocation: UUID
    voucher: str
    amount: int
    settled_on: date


class FundingReturned(Event, name="funding.returned"):
    """Came back."""

    allocation: UUID
    voucher: str
    amount: int
    returned_on: date


FundingEvent: TypeAlias = (
    FundingRuleSet
    | FundingRuleEnded
    | FundingAllocated
    | FundingAppraised
    | FundingAdvanced
    | FundingSettled
    | FundingReturned
)


class Funding(ReadModel):
    """Tables of rules, allocations and payments."""

    name = "funding"
    views: ClassVar[Mapping[str, Any]] = {"registry": FundingEvent}
    streams: ClassVar[frozenset[str]] = frozenset({"funding_rule", "funding"})

    def define(self) -> None:
        self.rules = Table(
            f"funding_rules{self.suffix}",
            self.metadata,
            Column("rule", Identifier, primary_key=True),
            Column("territory", Identifier, nullable=False),
            Column("source", Identifier, nullable=False),
            Column("decision_no", Identifier, nullable=False),
            Column("decision_date", Date, nullable=False),
            Column("issuing_body", Identifier, nullable=False),
            Column("section", Identifier),
            Column("paid_by", Identifier, nullable=False),
            Column("amount", BigInteger),
            Column("valid_from", Identifier, nullable=False),
            Column("last_day", Identifier),
        )
        Index(f"funding_rules_territory{self.suffix}", self.rules.c.territory, self.rules.c.valid_from)
        self.allocations = Table(
            f"funding_allocations{self.suffix}",
            self.metadata,
            Column("allocation", Identifier, primary_key=True),
            Column("rule", Identifier, nullable=False),
            Column("payee", Identifier, nullable=False),
            Column("about", Identifier, nullable=False),
            Column("period_from", Identifier, nullable=False),
            Column("period_to", Identifier, nullable=False),
            Column("quantity", Integer),
            Column("amount", BigInteger, nullable=False),
            Column("decision_no", Identifier, nullable=False),
            Column("decision_date", Date, nullable=False),
            Column("status", Identifier, nullable=False),
            Column("office", Identifier),
            Column("result", Identifier),
            Column("appraised", BigInteger),
            Column("appraised_on", Date),
            Column("settled", BigInteger),
            Column("settled_on", Date),
        )
        allocations = self.allocations.c
        Index(f"funding_allocations_about{self.suffix}", allocations.about, allocations.period_from)
        Index(f"funding_allocations_period{self.suffix}", allocations.period_from, allocations.allocation)
        self.payments = Table(
            f"funding_payments{self.suffix}",
            self.metadata,
            Column("allocation", Identifier, primary_key=True),
            Column("voucher", Identifier, primary_key=True),
            Column("kind", Identifier, nullable=False),
            Column("amount", BigInteger, nullable=False),
            Column("paid_on", Date, nullable=False),
        )

    def apply(self, connection: Connection, events: Sequence[Delivered[FundingEvent]]) -> None:
        rules, allocations, payments = Rows(self.rules), Rows(self.allocations), Rows(self.payments)
        for delivered in events:
            match delivered.event:
                case FundingRuleSet() as told:
                    row = told.model_dump(mode="json", exclude={"valid_to", "decision_date"})
                    row["last_day"] = None if told.valid_to is None else told.valid_to.isoformat()
                    rules.put(row | {"decision_date": told.decision_date})
                case FundingRuleEnded() as ended:
                    rules.change((str(ended.rule),), {"last_day": ended.last_day.isoformat()})
                case FundingAllocated() as allocated:
                    row = allocated.model_dump(mode="json", exclude={"decision_date"}) | _NOT_YET
                    allocations.put(row | {"decision_date": allocated.decision_date})
                case FundingAppraised() as appraised:
                    changed = {"office": appraised.office, "result": appraised.result, "appraised": appraised.amount}
                    changed["status"] = "rejected" if appraised.result == "rejected" else "appraised"
                    allocations.change((str(appraised.allocation),), changed | {"appraised_on": appraised.appraised_on})
                case FundingAdvanced() as paid:
                    payments.put(_payment(paid, "advance", paid.advanced_on))
                    allocations.change((str(paid.allocation),), {"status": "advanced"})
                case FundingSettled() as settled:
                    payments.put(_payment(settled, "settlement", settled.settled_on))
                    changed = {"status": "settled", "settled": settled.amount, "settled_on": settled.settled_on}
                    allocations.change((str(settled.allocation),), changed)
                case FundingReturned() as back:
                    payments.put(_payment(back, "return", back.returned_on))
                    allocations.change((str(back.allocation),), {"status": "returned"})
                case _:
                    assert_never(delivered.event)
        write_all(connection, rules, allocations, payments)


_NOT_YET: dict[str, Any] = {
    "status": "allocated",
    "office": None,
    "result": None,
    "appraised": None,
    "appraised_on": None,
    "settled": None,
    "settled_on": None,
}


def _payment(event: FundingAdvanced | FundingSettled | FundingReturned, kind: str, day: date) -> dict[str, Any]:
    told = {"allocation": str(event.allocation), "voucher": event.voucher}
    return told | {"kind": kind, "amount": event.amount, "paid_on": day}


LIVE = Funding()
"""The tables readers see."""


# Questions on rules; what a decision lays down is everybody's who has a token


def rules_for(connection: Connection, unit: str, day: date) -> ColumnElement[bool]:
    """Rules of a unit and of the tiers above it; of one that went whole into another by then, those of that one."""
    home = homes_of(connection, [unit], day)[unit]
    return LIVE.rules.c.territory.in_([home, *ancestors(connection, [home], day).get(home, [])])


def holding(day: date) -> ColumnElement[bool]:
    """Rules that hold on a day."""
    rules, on = LIVE.rules.c, day.isoformat()
    return and_(rules.valid_from <= on, or_(rules.last_day.is_(None), rules.last_day >= on))


def rules_page(connection: Connection, those: Sequence[ColumnElement[bool]], wanted: Slice) -> Page:
    """Rules, the latest first."""
    rules = LIVE.rules.c
    query = select(LIVE.rules).where(*those)
    return page_of(connection, query, [rules.valid_from, rules.rule], wanted, descending=True)


def rules_count(connection: Connection, those: Sequence[ColumnElement[bool]]) -> int:
    """How many there are."""
    return connection.execute(select(func.count()).select_from(LIVE.rules).where(*those)).scalar_one()


def rules_by_id(connection: Connection, ids: Sequence[str]) -> dict[str, Any]:
    """Rules, ended ones too."""
    return {row.rule: row for row in connection.execute(select(LIVE.rules).where(LIVE.rules.c.rule.in_(ids)))}


# Questions on allocations; `visible` is the viewer's scope as a condition on `funding_allocations`


def seen(of_teams: ColumnElement[bool], of_units: ColumnElement[bool]) -> ColumnElement[bool]:
    """The scope of allocations from those of teams and of units, each a condition on `about`."""
    payee = LIVE.allocations.c.payee
    return or_(and_(payee == "team", of_teams), and_(payee == "unit", of_units))


def below_or_at(unit: str, today: date) -> ColumnElement[bool]:
    """Allocations to a unit, to what lies below it or preceded it, and to the teams there."""
    about, here = LIVE.allocations.c.about, select(ever_held([unit], today, "asked_about").c.unit)
    return or_(about.in_(here), about.in_(select(teams.LIVE.teams.c.team).where(ever_in(here, today))))


def allocations_page(
    connection: Connection, visible: ColumnElement[bool], those: Sequence[ColumnElement[bool]], wanted: Slice
) -> Page:
    """Allocations, the latest period first."""
    table = LIVE.allocations.c
    query = select(LIVE.allocations).where(visible, *those)
    return page_of(connection, query, [table.period_from, table.allocation], wanted, descending=True)


def allocations_count(
    connection: Connection, visible: ColumnElement[bool], those: Sequence[ColumnElement[bool]]
) -> int:
    """How many there are."""
    return connection.execute(select(func.count()).select_from(LIVE.allocations).where(visible, *those)).scalar_one()


def allocation_by_id(connection: Connection, allocation: str, visible: ColumnElement[bool]) -> Any | None:
    """The allocation, if the viewer may see it."""
    query = select(LIVE.allocations).where(LIVE.allocations.c.allocation == allocation, visible)
    return connection.execute(query).one_or_none()


def payments_of(connection: Connection, allocations: Sequence[str]) -> dict[str, list[Any]]:
    """What was paid, settled and returned of each allocation, by day."""
    payments = LIVE.payments.c
    query = select(LIVE.payments).where(payments.allocation.in_(allocations))
    found: dict[str, list[Any]] = {}
    for row in connection.execute(query.order_by(payments.paid_on, payments.voucher)):
        found.setdefault(row.allocation, []).append(row)
    return found


def overlapping(connection: Connection, rule: str, about: str, first: date, last: date, besides: str) -> Any | None:
    """Another allocation of the same rule to the same payee for some of the same days, unless it was rejected."""
    table = LIVE.allocations.c
    query = select(LIVE.allocations).where(
        table.rule == rule,
        table.about == about,
        table.allocation != besides,
        table.status != "rejected",
        table.period_from <= last.isoformat(),
        table.period_to >= first.isoformat(),
    )
    return connection.execute(query.limit(1)).one_or_none()


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums in đồng over some allocations."""

    allocations: int
    allocated: int
    appraised: int
    advanced: int
    settled: int
    returned: int


def totals(connection: Connection, visible: ColumnElement[bool], those: Sequence[ColumnElement[bool]]) -> Totals:
    """What was allocated, found right, advanced, settled and returned. Rejected ones add to `allocated` only."""
    table, payments = LIVE.allocations.c, LIVE.payments.c
    sums = select(func.count(), _sum(table.amount), _sum(table.appraised), _sum(table.settled)).where(visible, *those)
    number, allocated, appraised, settled = connection.execute(sums).one()
    of = select(table.allocation).where(visible, *those)
    advances = case((payments.kind == "advance", payments.amount))
    returns = case((payments.kind == "return", payments.amount))
    advanced, returned = connection.execute(
        select(_sum(advances), _sum(returns)).where(payments.allocation.in_(of))
    ).one()
    return Totals(number, *map(int, (allocated, appraised, advanced, settled, returned)))


def _sum(amount: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.coalesce(func.sum(amount), 0)
