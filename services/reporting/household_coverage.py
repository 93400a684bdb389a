"""Households guided directly: how many in a hamlet, a team's hamlets, a commune, a province.

Read from reporting's own coverage.counted. Roll-ups are sums: every household lives in exactly one hamlet.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Integer,
    Table,
    Text,
    and_,
    func,
    select,
)

from services.kernel.projection import Delivered, Projection
from services.kernel.rows import Rows, write_all
from services.reporting.coverage import CoverageCounted
from services.reporting.territory import TERRITORY

Scope = Collection[UUID] | UUID
"""Some hamlets (one, or those a team serves), or the unit under which they lie."""


@dataclass(frozen=True, slots=True)
class CoverageFigures:
    """Sums over `hamlets` hamlets that have been counted; None is "not known", never 0.

    Under two plans at once (hamlets of two provinces) there is no one "since the plan began".
    """

    hamlets: int
    households: int | None
    guided_in_quarter: int | None
    plan: str | None
    guided_since_plan: int | None


class HouseholdCoverage(Projection):
    """Newest figures by hamlet, by hamlet and quarter, by hamlet and plan."""

    name: ClassVar[str] = "household_coverage"
    views: ClassVar[dict[str, Any]] = {"reporting": CoverageCounted}

    hamlets: Table
    quarters: Table
    plans: Table

    def define(self) -> None:
        self.hamlets = Table(
            f"household_coverage_hamlets{self.suffix}",
            self.metadata,
            Column("hamlet", Text, primary_key=True),
            Column("households", Integer, nullable=False),
        )
        self.quarters = Table(
            f"household_coverage_quarters{self.suffix}",
            self.metadata,
            Column("hamlet", Text, primary_key=True),
            Column("quarter", Text, primary_key=True),
            Column("guided", Integer, nullable=False),
        )
        self.plans = Table(
            f"household_coverage_plans{self.suffix}",
            self.metadata,
            Column("hamlet", Text, primary_key=True),
            Column("plan", Text, primary_key=True),
            Column("guided", Integer, nullable=False),
        )

    def apply(self, connection: Connection, events: Sequence[Delivered[CoverageCounted]]) -> None:
        hamlets, quarters, plans = Rows(self.hamlets), Rows(self.quarters), Rows(self.plans)
        for delivered in events:
            event = delivered.event
            hamlet = str(event.hamlet)
            hamlets.put({"hamlet": hamlet, "households": event.households})
            quarters.put({"hamlet": hamlet, "quarter": event.quarter, "guided": event.guided_in_quarter})
            if event.plan is not None and event.guided_since_plan is not None:
                plans.put({"hamlet": hamlet, "plan": event.plan, "guided": event.guided_since_plan})
        write_all(connection, hamlets, quarters, plans)

    def figures(
        self, connection: Connection, scope: Scope, quarter: str, plans: Collection[str], day: date
    ) -> CoverageFigures:
        """The sums for `scope` as of `day`; `plans` are those in force, of which each hamlet has at most one."""
        row = connection.execute(
            select(
                func.count().label("hamlets"),
                func.sum(self.hamlets.c.households).label("households"),
                func.sum(func.coalesce(self.quarters.c.guided, 0)).label("in_quarter"),
                func.min(self.plans.c.plan).label("plan"),
                func.max(self.plans.c.plan).label("other_plan"),
                func.sum(self.plans.c.guided).label("since_plan"),
            )
            .select_from(self.hamlets)
            .outerjoin(
                self.quarters,
                and_(self.quarters.c.hamlet == self.hamlets.c.hamlet, self.quarters.c.quarter == quarter),
            )
            .outerjoin(
                self.plans,
                and_(self.plans.c.hamlet == self.hamlets.c.hamlet, self.plans.c.plan.in_(plans)),
            )
            .where(self._within(scope, day))
        ).one()
        plan, since_plan = (row.plan, row.since_plan) if row.plan == row.other_plan else (None, None)
        return CoverageFigures(row.hamlets, row.households, row.in_quarter, plan, since_plan)

    def _within(self, scope: Scope, day: date) -> ColumnElement[bool]:
        if isinstance(scope, UUID):
            return self.hamlets.c.hamlet.in_(TERRITORY.hamlets_under(scope, day))
        return self.hamlets.c.hamlet.in_([str(hamlet) for hamlet in scope])


HOUSEHOLD_COVERAGE = HouseholdCoverage()
"""The live tables."""
