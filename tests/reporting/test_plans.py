"""The plans' terms."""

from datetime import date
from itertools import combinations

from services.kernel.identifiers import derived_id
from services.reporting.plans import plan_in_force, plans

CA_MAU = derived_id("unit", "current", "province", "96")


def test_ca_maus_plan_holds_from_its_first_day_to_its_last() -> None:
    days = [date(2026, 1, 15), date(2026, 1, 16), date(2030, 12, 31), date(2031, 1, 1)]
    found = [plan_in_force(CA_MAU, day) for day in days]
    assert [plan and plan.plan for plan in found] == [None, "CM-2026-20", "CM-2026-20", None]


def test_old_ca_mau_is_another_province_and_has_no_known_plan() -> None:
    assert plan_in_force(derived_id("unit", "legacy", "province", "96"), date(2026, 10, 6)) is None


def test_every_plan_says_where_it_stands_and_no_province_has_two_at_once() -> None:
    assert all(plan.citation and plan.since <= plan.until for plan in plans())
    for one, other in combinations(plans(), 2):
        assert one.province != other.province or one.until < other.since or other.until < one.since
