"""Coverage through GraphQL follows the plans that are published: since when households are counted."""

from tests.gateway.running import HERE, OUTCOME, Running
from tests.gateway.test_commands import visit
from tests.gateway.test_policies import draft, plan, publish

RECORD = f"mutation($v: VisitInput!) {{ recordVisit(visit: $v) {OUTCOME} }}"
COVERAGE = '{ coverage(unit: "31843") { plan guidedSincePlan guidedInQuarter } }'


def test_a_plan_that_is_published_changes_since_when_households_are_counted(running: Running) -> None:
    hamlet, team, household = running.founded()
    told = visit(household, hamlet, team, visitedOn="2026-10-05")
    assert running.do(RECORD, running.member(team), v=told)["accepted"]
    running.settle()

    def shown() -> tuple[str | None, int | None, int]:
        found = running.gateway.data(COVERAGE, running.here)["coverage"]
        return found["plan"], found["guidedSincePlan"], found["guidedInQuarter"]

    assert shown() == (None, None, 1), "nobody has published a plan"
    province = draft(running, running.province, plan=plan(code="CM-THU", validFrom="2026-01-16"))
    assert publish(running, running.province, province["id"])["accepted"]
    running.settle()
    assert shown() == ("CM-THU", 1, 1)
    commune = draft(running, running.here, str(HERE), plan=plan(code="XA-THU", validFrom="2026-11-01"))
    assert publish(running, running.here, commune["id"])["accepted"]
    running.settle()
    assert shown() == ("XA-THU", 0, 1), "the commune's own plan began after the visit"
