"""One example of every event visits publish: for contract tests, golden files, documentation and seeds."""

from datetime import date
from uuid import UUID

from services.kernel.message import Event
from services.visits.household import HouseholdMoved, HouseholdRegistered
from services.visits.visit import VisitCorrected, VisitRecorded, VisitVoided

HAMLET = UUID("019a0000-0000-7000-8000-000000000001")
TEAM = UUID("019a0000-0000-7000-8000-000000000002")
MEMBER = UUID("019a0000-0000-7000-8000-000000000003")
HOUSEHOLD = UUID("019a0000-0000-7000-8000-000000000004")
VISIT = UUID("019a0000-0000-7000-8000-000000000005")
PREVIOUS_HAMLET = UUID("019a0000-0000-7000-8000-000000000006")

HOUSEHOLD_REGISTERED = HouseholdRegistered(household=HOUSEHOLD, hamlet=HAMLET, registered_on=date(2026, 10, 5))
HOUSEHOLD_MOVED = HouseholdMoved(
    household=HOUSEHOLD, hamlet=HAMLET, previous_hamlet=PREVIOUS_HAMLET, moved_on=date(2026, 10, 5)
)
VISIT_RECORDED = VisitRecorded(
    visit=VISIT,
    household=HOUSEHOLD,
    hamlet=HAMLET,
    team=TEAM,
    member=MEMBER,
    visited_on=date(2026, 10, 6),
    mode="home",
    services=("DVCQG", "VNEID_L2"),
    outcome="guided",
)
VISIT_CORRECTED = VisitCorrected(
    visit=VISIT,
    household=HOUSEHOLD,
    hamlet=HAMLET,
    team=TEAM,
    member=MEMBER,
    visited_on=date(2026, 10, 7),
    mode="home",
    services=("VNEID_L2",),
    outcome="guided",
    reason="wrong_household",
    previous_hamlet=PREVIOUS_HAMLET,
)
VISIT_VOIDED = VisitVoided(visit=VISIT, household=HOUSEHOLD, hamlet=HAMLET, team=TEAM, reason="duplicate")

EXAMPLES: tuple[Event, ...] = (
    HOUSEHOLD_REGISTERED,
    HOUSEHOLD_MOVED,
    VISIT_RECORDED,
    VISIT_CORRECTED,
    VISIT_VOIDED,
)
