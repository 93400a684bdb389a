"""The reporting service in one value, and the question it answers to others.

`coverage`: `{"hamlets": [ids]}` (one hamlet, or those a team serves) or `{"unit": id}` (commune, district, province),
and optionally `"quarter": "2026-Q4"`, the current one by default. Answers `quarter`, `hamlets` (how many of them have
been counted), `households`, `guided_in_quarter`, `plan`, `guided_since_plan`; null is "not known".
"""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from services.kernel.clock import business_date
from services.kernel.decider import Refused
from services.kernel.definition import ServiceDefinition
from services.kernel.runtime import ServiceRuntime
from services.reporting.counting import Counting
from services.reporting.coverage import COVERAGE, quarter_of
from services.reporting.household_coverage import HOUSEHOLD_COVERAGE, HouseholdCoverage
from services.reporting.plans import plans
from services.reporting.territory import Territory


class CoverageQuestion(BaseModel):
    """What may be asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hamlets: tuple[UUID, ...] | None = Field(default=None, max_length=1000)
    unit: UUID | None = None
    quarter: str | None = Field(default=None, pattern=r"^20\d\d-Q[1-4]$")

    @model_validator(mode="after")
    def _one_place(self) -> "CoverageQuestion":
        if (self.hamlets is None) == (self.unit is None):
            raise ValueError("exactly one of hamlets and unit")
        return self


def answer_coverage(runtime: ServiceRuntime, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The question `coverage`. Raises `Refused` (INVALID) naming the field at fault."""
    try:
        question = CoverageQuestion.model_validate(payload)
    except ValidationError as error:
        field = ".".join(map(str, error.errors()[0]["loc"])) or "unit"
        raise Refused(f"Câu hỏi không hợp lệ ở mục {field}.", field=field, code="INVALID") from None
    today = business_date(runtime.clock())
    quarter = question.quarter or quarter_of(today)
    in_force = [plan.plan for plan in plans() if plan.holds_on(today)]
    scope = question.hamlets if question.unit is None else question.unit
    with runtime.database.read() as connection:
        figures = HOUSEHOLD_COVERAGE.figures(connection, scope or (), quarter, in_force, today)
    return {"quarter": quarter, **asdict(figures)}


DEFINITION = ServiceDefinition(
    name="reporting",
    home=Path(__file__).parent,
    aggregates=(COVERAGE,),
    projections=(Territory, HouseholdCoverage),
    process_managers=(Counting,),
    questions={"coverage": answer_coverage},
)
