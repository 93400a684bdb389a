"""Coverage: how many households were guided directly (HH-02), in a quarter and since the plan began.

Reporting counts per hamlet; rolling up to team, commune and province is a sum over hamlets, each counted once however
many teams serve it. A hamlet not yet counted adds nothing; a rate of nothing is unknown, never 0.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, ClassVar, TypeAlias
from uuid import UUID

from sqlalchemy import Column, Connection, Integer, Select, Table, and_, func, select

from gateway.rows import Identifier, ReadModel
from services.kernel.message import Event
from services.kernel.projection import Delivered
from services.kernel.rows import Rows, write_all

# What it reads of reporting's events


class CoverageCounted(Event, name="coverage.counted"):
    """A hamlet's figures; the newest of a quarter holds."""

    hamlet: UUID
    plan: str | None = None
    quarter: str
    households: int
    guided_in_quarter: int
    guided_since_plan: int | None = None


class CoverageReplanned(Event, name="coverage.replanned"):
    """Another plan holds in a hamlet: what that makes of the figure since the plan began."""

    hamlet: UUID
    plan: str | None
    households: int
    guided_since_plan: int | None


CoverageEvent: TypeAlias = CoverageCounted | CoverageReplanned


class Coverage(ReadModel):
    """Newest figures per hamlet, and per hamlet and quarter."""

    name = "coverage"
    views: ClassVar[Mapping[str, Any]] = {"reporting": CoverageEvent}
    streams: ClassVar[frozenset[str]] = frozenset({"coverage"})

    def define(self) -> None:
        self.hamlets = Table(
            f"coverage_hamlets{self.suffix}",
            self.metadata,
            Column("hamlet", Identifier, primary_key=True),
            Column("plan", Identifier),
            Column("households", Integer, nullable=False),
            Column("guided_since_plan", Integer),
        )
        self.quarters = Table(
            f"coverage_quarters{self.suffix}",
            self.metadata,
            Column("hamlet", Identifier, primary_key=True),
            Column("quarter", Identifier, primary_key=True),
            Column("guided", Integer, nullable=False),
        )

    def apply(self, connection: Connection, events: Sequence[Delivered[CoverageEvent]]) -> None:
        hamlets, quarters = Rows(self.hamlets), Rows(self.quarters)
        for delivered in events:
            counted = delivered.event
            hamlet = str(counted.hamlet)
            hamlets.put(
                {
                    "hamlet": hamlet,
                    "plan": counted.plan,
                    "households": counted.households,
                    "guided_since_plan": counted.guided_since_plan,
                }
            )
            if isinstance(counted, CoverageCounted):
                quarters.put({"hamlet": hamlet, "quarter": counted.quarter, "guided": counted.guided_in_quarter})
        write_all(connection, hamlets, quarters)


LIVE = Coverage()
"""The tables readers see."""


# Questions; `pairs` selects `(member, hamlet)`: which hamlets make up which sum, as far as the viewer may see


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums over some hamlets. Households are distinct households; `guided_since_plan` is None where no plan holds.

    With anything `unshared`, divided without a stated share, nothing is computed.
    """

    quarter: str
    plan: str | None = None
    hamlets: int = 0
    hamlets_counted: int = 0
    households: int | None = 0
    guided_in_quarter: int | None = 0
    guided_since_plan: int | None = None
    unshared: tuple[str, ...] = ()

    @property
    def rate_in_quarter(self) -> str | None:
        """Percent with one decimal as text, None when there is no household to divide by."""
        return _rate(self.guided_in_quarter, self.households)

    @property
    def rate_since_plan(self) -> str | None:
        """Likewise since the plan began."""
        return _rate(self.guided_since_plan, self.households)


def _rate(part: int | None, whole: int | None) -> str | None:
    return None if part is None or whole is None else percent(part, whole)


def percent(part: int, whole: int) -> str | None:
    """`part` of `whole` in percent, half up, as '12.5'."""
    if whole <= 0:
        return None
    tenths = (part * 2000 + whole) // (2 * whole)
    return f"{tenths // 10}.{tenths % 10}"


def last_day_of(quarter: str) -> date:
    """The last day of a quarter such as '2026-Q4'."""
    year, number = int(quarter[:4]), int(quarter[-1])
    return date(year + number // 4, number % 4 * 3 + 1, 1) - timedelta(days=1)


def figures(connection: Connection, pairs: Select[Any], quarter: str) -> dict[str, Figures]:
    """Figures by `member`; a member without hamlets is left out."""
    of, hamlets, quarters = pairs.distinct().subquery("of"), LIVE.hamlets, LIVE.quarters
    plan = hamlets.c.plan
    query = (
        select(
            of.c.member,
            func.min(plan).label("plan"),
            func.max(plan).label("other_plan"),
            func.count().label("hamlets"),
            func.count(hamlets.c.hamlet).label("counted"),
            func.coalesce(func.sum(hamlets.c.households), 0).label("households"),
            func.coalesce(func.sum(quarters.c.guided), 0).label("guided"),
            func.sum(hamlets.c.guided_since_plan).label("since_plan"),
        )
        .outerjoin(hamlets, hamlets.c.hamlet == of.c.hamlet)
        .outerjoin(quarters, and_(quarters.c.hamlet == of.c.hamlet, quarters.c.quarter == quarter))
        .group_by(of.c.member)
    )
    return {
        row.member: Figures(
            quarter=quarter,
            plan=row.plan if row.plan == row.other_plan else None,
            hamlets=row.hamlets,
            hamlets_counted=row.counted,
            households=int(row.households),
            guided_in_quarter=int(row.guided),
            guided_since_plan=None if row.since_plan is None else int(row.since_plan),
        )
        for row in connection.execute(query)
    }


def counts_of(figures: Figures) -> tuple[int, int, int]:
    """What can be shared out of one hamlet's figures."""
    return figures.households or 0, figures.guided_in_quarter or 0, figures.guided_since_plan or 0


def with_counts(figures: Figures, counts: Sequence[int]) -> Figures:
    """The same hamlet's with other counts; what was not known stays so."""
    households, in_quarter, since_plan = counts
    known = None if figures.guided_since_plan is None else since_plan
    return replace(figures, households=households, guided_in_quarter=in_quarter, guided_since_plan=known)


def summed(quarter: str, hamlets: Sequence[Figures], unshared: Sequence[str]) -> Figures:
    """The sum of some hamlets' figures, as `figures` would give it."""
    over, counted = len(hamlets), sum(each.hamlets_counted for each in hamlets)
    if unshared:
        return Figures(quarter, None, over, counted, None, None, None, tuple(unshared))
    households, in_quarter, since_plan = (
        sum(column) for column in zip((0, 0, 0), *map(counts_of, hamlets), strict=True)
    )
    plans = {each.plan for each in hamlets if each.plan is not None}
    known = any(each.guided_since_plan is not None for each in hamlets)
    plan = plans.pop() if len(plans) == 1 else None
    return Figures(quarter, plan, over, counted, households, in_quarter, since_plan if known else None)
