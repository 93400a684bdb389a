"""One example of every event reporting publishes: for contract tests, golden files, documentation and seeds."""

from datetime import date
from uuid import UUID

from services.kernel.message import Event
from services.reporting.coverage import CoverageCounted, CoverageReplanned

COVERAGE_COUNTED = CoverageCounted(
    hamlet=UUID("019a0000-0000-7000-8000-000000000001"),
    plan="CM-2026-20",
    quarter="2026-Q4",
    households=212,
    guided_in_quarter=38,
    guided_since_plan=131,
    household=UUID("019a0000-0000-7000-8000-000000000004"),
    visit=UUID("019a0000-0000-7000-8000-000000000005"),
    revision=1,
    guided_on=date(2026, 10, 6),
)

COVERAGE_REPLANNED = CoverageReplanned(
    hamlet=UUID("019a0000-0000-7000-8000-000000000001"), plan="XA-2026", households=212, guided_since_plan=12
)

EXAMPLES: tuple[Event, ...] = (COVERAGE_COUNTED, COVERAGE_REPLANNED)
