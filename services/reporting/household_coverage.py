"""Households guided directly: how many in a hamlet, a team's hamlets, a commune, a province.

Read from reporting's own coverage.counted. Roll-ups are sums: every household lives in exactly one hamlet. Since when
"since the plan began" is, is asked when somebody asks: a plan that begins or ends today does so without a new count.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    func,
    select,
)

from services.kernel.projection import Delivered, Projection
from services.kernel.rows import Rows, write_all
from services.reporting.coverage import CoverageCounted
from services.reporting.plans import GUIDED, PLANS, Target, Term, target_of, term_of
from services.reporting.territory import TERRITORY

Scope = Collection[UUID] | UUID
"""Some hamlets (one, or those a team serves), or the unit under which they lie."""


@dataclass(frozen=True, slots=True)
class CoverageFigures:
    """Sums over `hamlets` hamlets that have been counted; None is "not known", never 0.

    Hamlets under different plans (of two provinces) have no one "since the plan began". `target` is what the plans in
    force ask; None: not stated.
    """

    hamlets: int
    households: int | None
    guided_in_quarter: int | None
    plan: str | None
    guided_since_plan: int | None
    target: Target | None = None


class HouseholdCoverage(Projection):
    """Newest figures by hamlet, by hamlet and quarter; what each visit counts for; where each household is counted."""

    name: ClassVar[str] = "household_coverage"
    views: ClassVar[dict[str, Any]] = {"reporting": CoverageCounted}

    hamlets: Table
    quarters: Table
    guided: Table
    homes: Table

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
        self.guided = Table(
            f"household_coverage_guided{self.suffix}",
            self.metadata,
            Column("hamlet", Text, primary_key=True),
            Column("visit", Text, primary_key=True),
            Column("household", Text, nullable=False),
            Column("day", Text),
        )
        """ISO days; no day: the visit counts for nothing there (any more)."""
        self.homes = Table(
            f"household_coverage_homes{self.suffix}",
            self.metadata,
            Column("household", Text, primary_key=True),
            Column("hamlet", Text, nullable=False),
        )

    def apply(self, connection: Connection, events: Sequence[Delivered[CoverageCounted]]) -> None:
        hamlets, quarters = Rows(self.hamlets), Rows(self.quarters)
        guided, homes = Rows(self.guided), Rows(self.homes)
        for delivered in events:
            event = delivered.event
            hamlet, household = str(event.hamlet), str(event.household)
            hamlets.put({"hamlet": hamlet, "households": event.households})
            quarters.put({"hamlet": hamlet, "quarter": event.quarter, "guided": event.guided_in_quarter})
            if event.visit is not None:
                day = None if event.guided_on is None else event.guided_on.isoformat()
                guided.put({"hamlet": hamlet, "visit": str(event.visit), "household": household, "day": day})
            elif not event.left:
                homes.put({"household": household, "hamlet": hamlet})
        write_all(connection, hamlets, quarters, guided, homes)

    def homes_of(self, connection: Connection, households: Collection[UUID]) -> dict[UUID, UUID]:
        """The hamlet each household is counted in, as far as that has come."""
        asked = {"households": [str(household) for household in households]}
        rows = connection.execute(self._homes_asked, asked) if households else ()
        return {UUID(row.household): UUID(row.hamlet) for row in rows}

    @cached_property
    def _homes_asked(self) -> Select[Any]:
        homes = self.homes.c
        return select(self.homes).where(homes.household.in_(bindparam("households", expanding=True)))

    def figures(self, connection: Connection, scope: Scope, quarter: str, day: date) -> CoverageFigures:
        """The sums for `scope` as of `day`: of a unit under the plan that binds it, of hamlets under theirs.

        What went whole into a hamlet by that day is summed with it.
        """
        roots = [scope] if isinstance(scope, UUID) else scope
        row = connection.execute(
            select(
                func.count().label("hamlets"),
                func.sum(self.hamlets.c.households).label("households"),
                func.sum(func.coalesce(self.quarters.c.guided, 0)).label("in_quarter"),
            )
            .select_from(self.hamlets)
            .outerjoin(
                self.quarters,
                and_(self.quarters.c.hamlet == self.hamlets.c.hamlet, self.quarters.c.quarter == quarter),
            )
            .where(self.hamlets.c.hamlet.in_(TERRITORY.hamlets_under(roots, day)))
        ).one()
        if not row.hamlets:
            return CoverageFigures(0, None, None, None, None)
        plans = PLANS.in_force(connection, roots, day)
        term, target = _the_one([(term_of(each), target_of(each, GUIDED)) for each in plans.values()])
        since_plan = None if term is None else self._guided_under(connection, term, roots, day)
        plan = None if term is None else term.plan
        return CoverageFigures(row.hamlets, row.households, row.in_quarter, plan, since_plan, target)

    def _guided_under(self, connection: Connection, term: Term, roots: Collection[UUID], day: date) -> int:
        guided = self.guided.c
        under = guided.day.between(term.since.isoformat(), term.until.isoformat())
        here = select(func.count(guided.household.distinct())).where(
            under, guided.hamlet.in_(TERRITORY.hamlets_under(roots, day))
        )
        return int(connection.execute(here).scalar_one())


def _the_one(found: Sequence[tuple[Term | None, Target | None]]) -> tuple[Term | None, Target | None]:
    return found[0] if found and all(each == found[0] for each in found) else (None, None)


HOUSEHOLD_COVERAGE = HouseholdCoverage()
"""The live tables."""
