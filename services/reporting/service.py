"""The reporting service in one value, and the questions it answers to others.

`coverage`: `{"hamlets": [ids]}` (one hamlet, or those a team serves) or `{"unit": id}` (commune, district, province),
and optionally `"quarter": "2026-Q4"`, the current one by default. Answers `quarter`, `hamlets` (how many of them have
been counted), `households`, `guided_in_quarter`, `plan`, `guided_since_plan`, and the `target` in force; null is "not
known", of the target "not stated".

`plans`: `{"unit": id}` (a hamlet's too) and optionally `"day"`, today by default. The plans that bind it that day, its
own first, with their targets and report deadlines; none for a place that is not known.
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from services.kernel.clock import business_date
from services.kernel.decider import Refused
from services.kernel.definition import ServiceDefinition
from services.kernel.runtime import ServiceRuntime
from services.reporting.counting import Counting
from services.reporting.coverage import COVERAGE, quarter_of
from services.reporting.household_coverage import HOUSEHOLD_COVERAGE, HouseholdCoverage
from services.reporting.plans import PLANS, Plans
from services.reporting.replanning import Replanning
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


class PlansQuestion(BaseModel):
    """What may be asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    unit: UUID
    day: date | None = None


Q = TypeVar("Q", CoverageQuestion, PlansQuestion)


def answer_coverage(runtime: ServiceRuntime, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The question `coverage`. Raises `Refused` (INVALID) naming the field at fault."""
    question = _read(CoverageQuestion, payload)
    today = business_date(runtime.clock())
    quarter = question.quarter or quarter_of(today)
    scope = question.hamlets if question.unit is None else question.unit
    with runtime.database.read() as connection:
        figures = HOUSEHOLD_COVERAGE.figures(connection, scope or (), quarter, today)
    target = figures.target and figures.target.model_dump(mode="json")
    return {"quarter": quarter, **asdict(figures), "target": target}


def answer_plans(runtime: ServiceRuntime, payload: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The question `plans`. Raises `Refused` (INVALID) naming the field at fault."""
    question = _read(PlansQuestion, payload)
    day = question.day or business_date(runtime.clock())
    with runtime.database.read() as connection:
        found = PLANS.in_force(connection, [question.unit], day).get(question.unit, [])
    return [plan.model_dump(mode="json") for plan in found]


def _read(question: type[Q], payload: Mapping[str, Any]) -> Q:
    try:
        return question.model_validate(payload)
    except ValidationError as error:
        field = ".".join(map(str, error.errors()[0]["loc"])) or "unit"
        raise Refused(f"Câu hỏi không hợp lệ ở mục {field}.", field=field, code="INVALID") from None


DEFINITION = ServiceDefinition(
    name="reporting",
    home=Path(__file__).parent,
    aggregates=(COVERAGE,),
    projections=(Territory, Plans, HouseholdCoverage),
    process_managers=(Counting, Replanning),
    questions={"coverage": answer_coverage, "plans": answer_plans},
)
