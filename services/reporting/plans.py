"""The plans "since the plan began" refers to; data, not code (`data/plans.csv`).

A plan's rules are judged by date: which plan holds in a province on a day has at most one answer. Cà Mau's plan names
no last day; "đến năm 2030" is read as 31 December 2030.
"""

import csv
from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.kernel.identifiers import derived_id

_FILE = Path(__file__).parent / "data" / "plans.csv"


class Term(BaseModel):
    """A plan's id and the days it holds, both included."""

    model_config = ConfigDict(frozen=True)

    plan: str
    since: date
    until: date

    def holds_on(self, day: date) -> bool:
        """True on every day of the term."""
        return self.since <= day <= self.until


class Plan(Term):
    """One row of the file: whose plan it is (a unit id of the registry) and where it says so."""

    province: UUID
    citation: str

    @property
    def term(self) -> Term:
        """Only the days, for a command to carry."""
        return Term(plan=self.plan, since=self.since, until=self.until)


@cache
def plans() -> Sequence[Plan]:
    """All known plans; the file is read once."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        return tuple(_plan(row) for row in csv.DictReader(file))


def plan_in_force(province: UUID, day: date) -> Plan | None:
    """The province's plan on that day; None means that no plan is known, not that there is none."""
    return next((plan for plan in plans() if plan.province == province and plan.holds_on(day)), None)


def _plan(row: dict[str, str]) -> Plan:
    return Plan(
        plan=row["plan"],
        since=date.fromisoformat(row["from"]),
        until=date.fromisoformat(row["to"]),
        province=derived_id("unit", row["regime"], "province", row["province_code"]),
        citation=row["citation"],
    )
