"""Coverage of one hamlet: how many of its households were guided directly (indicator HH-02, 220/KH-UBND §III.3b).

A household counts once in a quarter and once since the plan began, however often it was visited, and stops counting
when its last guided visit there is corrected away or voided. To know that, the hamlet remembers every visit that ever
counted in it. A visit's `revision` is its version in the visits' stream: what is told again, or late, changes nothing.

A household that moves is counted in its new hamlet from then on; where it was guided, that stays counted.

A team's coverage is the sum over the hamlets it serves: a household lives in one hamlet, so nothing is counted twice.
Only the plan in force when something is counted is counted for; a closed plan is not judged again. When a plan begins
or ends, `coverage.replanned` says what that makes of the figure.

Nothing is refused here: these commands state what has happened.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TypeAlias, assert_never
from uuid import UUID

from services.kernel.decider import Aggregate
from services.kernel.message import Command, Event
from services.reporting.plans import Term

# -- events -----------------------------------------------------------------------------------------------------------


class CoverageCounted(Event, name="coverage.counted"):
    """The hamlet's figures after something counted changed.

    The newest event of a hamlet and quarter is the truth for `guided_in_quarter`, the newest of a hamlet for
    `households`, `plan` and `guided_since_plan` (None: no plan is known, which is not 0). All count distinct
    households; a quarter is Vietnamese calendar time, "2026-Q4".

    What changed: without `visit`, `household` was registered, or `left` for another hamlet; with it, that visit now
    counts for `household` on `guided_on`, or no longer counts in this hamlet when `guided_on` is None.
    """

    hamlet: UUID
    plan: str | None
    quarter: str
    households: int
    guided_in_quarter: int
    guided_since_plan: int | None
    household: UUID
    visit: UUID | None = None
    revision: int | None = None
    guided_on: date | None = None
    left: bool = False


class CoverageReplanned(Event, name="coverage.replanned"):
    """Another plan holds in the hamlet: its households guided since that one began; None and None: no plan is known."""

    hamlet: UUID
    plan: str | None
    households: int
    guided_since_plan: int | None


CoverageEvent: TypeAlias = CoverageCounted | CoverageReplanned

# -- state ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Guidance:
    """What one visit counts for, since its `revision`; `guided_on` None: for nothing."""

    revision: int
    household: UUID
    guided_on: date | None


@dataclass(frozen=True, slots=True)
class Coverage:
    """All households of the hamlet, all visits that ever counted in it, and what follows: when each was guided."""

    households: frozenset[UUID] = frozenset()
    visits: Mapping[UUID, Guidance] = field(default_factory=dict)
    days: Mapping[UUID, tuple[date, ...]] = field(default_factory=dict)
    """Sorted days by household, one entry a visit: counting stays cheap when a hamlet has thousands of visits."""
    told: tuple[str | None, int | None] = (None, None)
    """The plan told last, and the households guided since it began."""

    def guided_between(self, first: date, last: date) -> int:
        """Distinct households guided from `first` to `last`, both included."""
        return sum(bisect_left(days, first) < bisect_right(days, last) for days in self.days.values())

    def with_visit(self, visit: UUID, now: Guidance) -> "Coverage":
        """The hamlet once `visit` counts for `now`, whatever it counted for before."""
        days, before = dict(self.days), self.visits.get(visit)
        if before is not None and before.guided_on is not None:
            place = bisect_left(days[before.household], before.guided_on)
            days[before.household] = days[before.household][:place] + days[before.household][place + 1 :]
        if now.guided_on is not None:
            days[now.household] = tuple(sorted((*days.get(now.household, ()), now.guided_on)))
        return replace(self, visits={**self.visits, visit: now}, days=days)


def quarter_of(day: date) -> str:
    """The quarter a business date lies in: "2026-Q4"."""
    return f"{day.year}-Q{(day.month + 2) // 3}"


def days_of(quarter: str) -> tuple[date, date]:
    """First and last day of a quarter."""
    year, number = int(quarter[:4]), int(quarter[-1])
    after = date(year + number // 4, number % 4 * 3 + 1, 1)
    return date(year, number * 3 - 2, 1), after - timedelta(days=1)


def evolve(state: Coverage, event: CoverageEvent) -> Coverage:
    """The hamlet after `event`; the second event of one change says the same again."""
    state = replace(state, told=(event.plan, event.guided_since_plan))
    if isinstance(event, CoverageReplanned):
        return state
    if event.visit is None:
        if event.left:
            return replace(state, households=state.households - {event.household})
        return replace(state, households=state.households | {event.household})
    return state.with_visit(event.visit, Guidance(event.revision or 0, event.household, event.guided_on))


# -- commands ---------------------------------------------------------------------------------------------------------


class CountHousehold(Command, name="count_household"):
    """A household was registered in the hamlet, or moved there on that day, or `left` it.

    `plan` is the one in force now, if any is known.
    """

    hamlet: UUID
    household: UUID
    registered_on: date
    left: bool = False
    plan: Term | None = None


class CountVisit(Command, name="count_visit"):
    """What a visit counts for in the hamlet, as told last; `guided_on` None: for nothing (any more)."""

    hamlet: UUID
    visit: UUID
    revision: int
    household: UUID
    guided_on: date | None = None
    plan: Term | None = None


class CountUnderPlan(Command, name="count_under_plan"):
    """A plan began or ended: `plan` is the one in force now."""

    hamlet: UUID
    plan: Term | None = None


CoverageCommand: TypeAlias = CountHousehold | CountVisit | CountUnderPlan

# -- rules ------------------------------------------------------------------------------------------------------------


def decide(command: CoverageCommand, state: Coverage) -> Sequence[CoverageEvent]:
    """One event for each quarter whose figure may have changed."""
    match command:
        case CountHousehold():
            return _count_household(command, state)
        case CountVisit():
            return _count_visit(command, state)
        case CountUnderPlan():
            return _count_under_plan(command, state)
        case _:
            assert_never(command)


def _count_household(command: CountHousehold, state: Coverage) -> Sequence[CoverageCounted]:
    if (command.household in state.households) is not command.left:
        return []
    after = replace(state, households=state.households ^ {command.household})
    return [_counted(after, command, quarter_of(command.registered_on))]


def _count_visit(command: CountVisit, state: Coverage) -> Sequence[CoverageCounted]:
    before = state.visits.get(command.visit)
    if before is None:
        if command.guided_on is None:
            return []
    elif command.revision <= before.revision or _counts_alike(before, command):
        return []
    # A visit that moved away names its new household; what it stops counting for here is the old one.
    household = before.household if before is not None and command.guided_on is None else command.household
    now = Guidance(command.revision, household, command.guided_on)
    after = state.with_visit(command.visit, now)
    days = (before and before.guided_on, command.guided_on)
    return [_counted(after, command, quarter) for quarter in sorted({quarter_of(day) for day in days if day})]


def _count_under_plan(command: CountUnderPlan, state: Coverage) -> Sequence[CoverageReplanned]:
    plan, guided = _since_plan(state, command.plan)
    if not (state.households or state.visits) or (plan, guided) == state.told:
        return []
    households = len(state.households)
    return [CoverageReplanned(hamlet=command.hamlet, plan=plan, households=households, guided_since_plan=guided)]


def _since_plan(state: Coverage, plan: Term | None) -> tuple[str | None, int | None]:
    return (None, None) if plan is None else (plan.plan, state.guided_between(plan.since, plan.until))


def _counts_alike(before: Guidance, command: CountVisit) -> bool:
    if before.guided_on is None or command.guided_on is None:
        return before.guided_on is command.guided_on
    return (before.household, before.guided_on) == (command.household, command.guided_on)


def _counted(after: Coverage, command: CountHousehold | CountVisit, quarter: str) -> CoverageCounted:
    visit = command.visit if isinstance(command, CountVisit) else None
    change = after.visits[visit] if visit is not None else None
    plan, since_plan = _since_plan(after, command.plan)
    return CoverageCounted(
        hamlet=command.hamlet,
        plan=plan,
        quarter=quarter,
        households=len(after.households),
        guided_in_quarter=after.guided_between(*days_of(quarter)),
        guided_since_plan=since_plan,
        household=command.household if change is None else change.household,
        visit=visit,
        revision=None if change is None else change.revision,
        guided_on=None if change is None else change.guided_on,
        left=isinstance(command, CountHousehold) and command.left,
    )


COVERAGE: Aggregate[Coverage, CoverageCommand, CoverageEvent] = Aggregate(
    category="coverage",
    events=CoverageEvent,
    commands=CoverageCommand,
    initial=Coverage(),
    evolve=evolve,
    decide=decide,
    identity=lambda command: command.hamlet,
)
