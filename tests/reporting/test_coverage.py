"""Counting the households of one hamlet."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from services.kernel.identifiers import derived_id
from services.kernel.testing import given
from services.reporting.coverage import COVERAGE, CountHousehold, CountVisit, CoverageCounted, days_of, quarter_of
from services.reporting.plans import Term

AT = datetime(2026, 10, 8, 5, 0, tzinfo=UTC)
PLAN = Term(plan="CM-2026-20", since=date(2026, 1, 16), until=date(2030, 12, 31))
HAMLET = derived_id("test", "hamlet")
FIRST, SECOND = (derived_id("test", "household", n) for n in range(2))
MORNING, EVENING = (derived_id("test", "visit", n) for n in range(2))
OCTOBER, SEPTEMBER, NEW_YEAR = date(2026, 10, 1), date(2026, 9, 30), date(2026, 1, 15)


def count_household(household: UUID = FIRST, *, on: date = OCTOBER, plan: Term | None = PLAN) -> CountHousehold:
    return CountHousehold(actor="test", at=AT, hamlet=HAMLET, household=household, registered_on=on, plan=plan)


def count_visit(
    visit: UUID, revision: int, on: date | None, *, household: UUID = FIRST, plan: Term | None = PLAN
) -> CountVisit:
    return CountVisit(
        actor="test",
        at=AT,
        hamlet=HAMLET,
        visit=visit,
        revision=revision,
        household=household,
        guided_on=on,
        plan=plan,
    )


def registered(household: UUID, *, households: int = 1, guided: int = 0, since: int = 0) -> CoverageCounted:
    return CoverageCounted(
        hamlet=HAMLET,
        plan=PLAN.plan,
        quarter="2026-Q4",
        households=households,
        guided_in_quarter=guided,
        guided_since_plan=since,
        household=household,
    )


def visited(
    visit: UUID,
    revision: int,
    on: date | None,
    *,
    quarter: str,
    guided: int,
    since: int,
    household: UUID = FIRST,
) -> CoverageCounted:
    return CoverageCounted(
        hamlet=HAMLET,
        plan=PLAN.plan,
        quarter=quarter,
        households=0,
        guided_in_quarter=guided,
        guided_since_plan=since,
        household=household,
        visit=visit,
        revision=revision,
        guided_on=on,
    )


ONE_VISIT = visited(MORNING, 1, OCTOBER, quarter="2026-Q4", guided=1, since=1)
TWO_VISITS = visited(EVENING, 1, OCTOBER, quarter="2026-Q4", guided=1, since=1)


def test_a_registered_household_is_counted_once() -> None:
    given(COVERAGE).when(count_household()).then(registered(FIRST))
    given(COVERAGE, registered(FIRST)).when(count_household()).then()
    given(COVERAGE, registered(FIRST)).when(count_household(SECOND)).then(registered(SECOND, households=2))


def test_a_guided_visit_counts_its_household() -> None:
    given(COVERAGE).when(count_visit(MORNING, 1, OCTOBER)).then(ONE_VISIT)


def test_a_second_visit_is_remembered_but_counts_no_household_more() -> None:
    given(COVERAGE, ONE_VISIT).when(count_visit(EVENING, 1, OCTOBER)).then(TWO_VISITS)


def test_another_household_counts_one_more() -> None:
    expected = visited(EVENING, 1, OCTOBER, quarter="2026-Q4", guided=2, since=2, household=SECOND)
    given(COVERAGE, ONE_VISIT).when(count_visit(EVENING, 1, OCTOBER, household=SECOND)).then(expected)


def test_a_visit_that_guided_nobody_counts_for_nothing() -> None:
    given(COVERAGE).when(count_visit(MORNING, 1, None)).then()


def test_the_household_counts_until_its_last_visit_is_gone() -> None:
    without_morning = visited(MORNING, 2, None, quarter="2026-Q4", guided=1, since=1)
    without_both = visited(EVENING, 2, None, quarter="2026-Q4", guided=0, since=0)
    given(COVERAGE, ONE_VISIT, TWO_VISITS).when(count_visit(MORNING, 2, None)).then(without_morning)
    given(COVERAGE, ONE_VISIT, TWO_VISITS, without_morning).when(count_visit(EVENING, 2, None)).then(without_both)


def test_a_visit_moved_to_another_quarter_tells_both_quarters() -> None:
    given(COVERAGE, ONE_VISIT).when(count_visit(MORNING, 2, SEPTEMBER)).then(
        visited(MORNING, 2, SEPTEMBER, quarter="2026-Q3", guided=1, since=1),
        visited(MORNING, 2, SEPTEMBER, quarter="2026-Q4", guided=0, since=1),
    )


def test_a_visit_moved_to_another_household_keeps_the_number() -> None:
    expected = visited(MORNING, 2, OCTOBER, quarter="2026-Q4", guided=1, since=1, household=SECOND)
    given(COVERAGE, ONE_VISIT).when(count_visit(MORNING, 2, OCTOBER, household=SECOND)).then(expected)


def test_a_visit_that_left_the_hamlet_is_told_with_the_household_it_counted_for() -> None:
    expected = visited(MORNING, 2, None, quarter="2026-Q4", guided=0, since=0, household=FIRST)
    given(COVERAGE, ONE_VISIT).when(count_visit(MORNING, 2, None, household=SECOND)).then(expected)


def test_a_correction_of_other_things_is_no_event() -> None:
    given(COVERAGE, ONE_VISIT).when(count_visit(MORNING, 2, OCTOBER)).then()


def test_what_is_told_again_or_late_changes_nothing() -> None:
    gone = visited(MORNING, 2, None, quarter="2026-Q4", guided=0, since=0)
    given(COVERAGE, ONE_VISIT, gone).when(count_visit(MORNING, 1, OCTOBER)).then()
    given(COVERAGE, ONE_VISIT, gone).when(count_visit(MORNING, 2, None)).then()


def test_a_visit_that_comes_back_counts_again() -> None:
    gone = visited(MORNING, 2, None, quarter="2026-Q4", guided=0, since=0)
    back = visited(MORNING, 3, OCTOBER, quarter="2026-Q4", guided=1, since=1)
    given(COVERAGE, ONE_VISIT, gone).when(count_visit(MORNING, 3, OCTOBER)).then(back)


def test_a_day_before_the_plan_counts_in_its_quarter_only() -> None:
    expected = visited(MORNING, 1, NEW_YEAR, quarter="2026-Q1", guided=1, since=0)
    given(COVERAGE).when(count_visit(MORNING, 1, NEW_YEAR)).then(expected)
    first_day = visited(MORNING, 1, PLAN.since, quarter="2026-Q1", guided=1, since=1)
    given(COVERAGE).when(count_visit(MORNING, 1, PLAN.since)).then(first_day)


def test_without_a_plan_the_cumulative_figure_is_not_known() -> None:
    expected = ONE_VISIT.model_copy(update={"plan": None, "guided_since_plan": None})
    given(COVERAGE).when(count_visit(MORNING, 1, OCTOBER, plan=None)).then(expected)


def test_quarters_are_those_of_the_calendar() -> None:
    days = [date(2026, 1, 1), date(2026, 3, 31), date(2026, 4, 1), date(2026, 12, 31)]
    assert [quarter_of(day) for day in days] == ["2026-Q1", "2026-Q1", "2026-Q2", "2026-Q4"]
    for quarter in ("2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4"):
        first, last = days_of(quarter)
        assert quarter_of(first) == quarter_of(last) == quarter
        assert quarter_of(first - timedelta(days=1)) != quarter != quarter_of(last + timedelta(days=1))
