"""Enterprises through GraphQL: which of them should have a team by the plan in force, and have none."""

from typing import Any

from tests.gateway.running import OUTCOME, Running
from tests.gateway.test_policies import draft, plan, publish

ABOVE_300 = {
    "kind": "quantity",
    "measure": "workers",
    "level": "enterprise",
    "comparator": ">",
    "value": 300,
    "section": "II.3",
}


def register(running: Running, name: str, workers: int, **more: Any) -> dict[str, Any]:
    document = f"""mutation($n: String!, $w: Int!, $m: Boolean) {{ registerEnterprise(
        commune: "31843", name: $n, workers: $w, manyFromElsewhere: $m, countedOn: "2026-02-01") {OUTCOME} }}"""
    return running.do(document, running.here, n=name, w=workers, **more)


def without_team(running: Running, token: str, day: str | None = None) -> list[str]:
    running.settle()
    document = (
        """query($d: Date) { enterprisesWithoutTeam(unit: "96", asOf: $d) { nodes { name workers(asOf: $d) } } }"""
    )
    found = running.gateway.data(document, token, d=day)["enterprisesWithoutTeam"]["nodes"]
    return [node["name"] for node in found]


def test_who_is_above_the_plan_s_number_and_has_no_team_is_listed(running: Running) -> None:
    large, exact, local = (
        register(running, "Công ty A", 301),
        register(running, "Công ty B", 300),
        register(running, "Công ty C", 900, m=False),
    )
    assert all(each["accepted"] for each in (large, exact, local)), (large, exact, local)
    assert without_team(running, running.province) == [], "no plan, no demand"
    profile = draft(running, running.province, plan=plan(rules=[ABOVE_300]))["id"]
    assert publish(running, running.province, profile)["accepted"]
    assert without_team(running, running.province) == ["Công ty A"]
    assert without_team(running, running.province, "2026-01-31") == [], "nobody had counted yet"
    assert without_team(running, running.there) == []
    count = f"""mutation($e: ID!) {{ countEnterprise(enterprise: $e, workers: 301, manyFromElsewhere: true,
        countedOn: "2026-10-01") {OUTCOME} }}"""
    assert running.do(count, running.there, e=exact["id"])["code"] == "NOT_FOUND"
    assert running.do(count, running.here, e=exact["id"])["accepted"]
    assert without_team(running, running.province) == ["Công ty A", "Công ty B"]
    assert without_team(running, running.province, "2026-09-30") == ["Công ty A"]
    founded = f"""mutation($e: ID!) {{ establishTeam(commune: "31843", name: "Tổ Công ty A", level: ENTERPRISE,
        enterprise: $e, decisionNo: "1/QĐ", decisionDate: "2026-11-01") {OUTCOME} }}"""
    assert running.do(founded, running.here, e=large["id"])["accepted"]
    assert without_team(running, running.province) == ["Công ty B"]
    assert without_team(running, running.province, "2026-10-31") == ["Công ty A", "Công ty B"]
    unknown = running.do(founded, running.here, e=profile)
    assert (unknown["code"], unknown["field"]) == ("ENTERPRISE_UNKNOWN", "enterprise")
