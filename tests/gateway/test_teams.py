"""A team's life through GraphQL: founded, renewed for other hamlets, launched, dissolved; its people, their duties."""

from typing import Any
from uuid import UUID

from gateway.viewer import Role
from tests.gateway.running import HERE, OUTCOME, Running


def do(running: Running, field: str, **told: Any) -> dict[str, Any]:
    """One mutation as the commune's official; enums and dates by their GraphQL types."""
    kinds = {"team": "ID!", "member": "ID!", "hamlets": "[ID!]!", "role": "MemberRole!", "replaces": "ID"}
    days = {name: "Date!" for name in told if name.endswith(("_on", "On", "Date", "To"))}
    types = {name: (kinds | days).get(name, "String!") for name in told}
    head = ", ".join(f"${name}: {kind}" for name, kind in types.items())
    arguments = ", ".join(f"{name}: ${name}" for name in told)
    running.settle()
    return running.do(f"mutation({head}) {{ {field}({arguments}) {OUTCOME} }}", running.here, **told)


def founded(running: Running) -> tuple[str, list[str]]:
    hamlets = [running.hamlet(running.here, name=f"Ấp {number}")["id"] for number in (1, 2)]
    return running.team(running.here, hamlets[0])["id"], hamlets


def read(running: Running, team: str, fields: str, token: str | None = None) -> dict[str, Any]:
    running.settle()
    asked = f"query($t: ID!) {{ team(id: $t) {{ {fields} }} }}"
    found: dict[str, Any] = running.gateway.data(asked, token or running.here, t=team)["team"]
    return found


def test_from_its_renewal_on_a_team_serves_other_hamlets_and_not_before(running: Running) -> None:
    team, (first, second) = founded(running)
    renewed = do(running, "renewTeam", team=team, hamlets=[second], decisionNo="2/QĐ", decisionDate="2026-06-01")
    assert renewed["accepted"], renewed
    days = {
        name: f'{name}: hamlets(asOf: "{day}") {{ id }}'
        for name, day in (("may", "2026-05-31"), ("june", "2026-06-01"))
    }
    found = read(running, team, " ".join(days.values()) + " decisions { kind decisionNo decisionDate }")
    assert (found["may"], found["june"]) == ([{"id": first}], [{"id": second}])
    assert [(d["kind"], d["decisionNo"]) for d in found["decisions"]] == [
        ("established", "12/QĐ-UBND"),
        ("renewed", "2/QĐ"),
    ]
    member = running.gateway.token(Role.TEAM_MEMBER, HERE, served=(UUID(team),))
    household = f"mutation($h: ID!) {{ registerHousehold(hamlet: $h) {OUTCOME} }}"
    assert running.do(household, member, h=first)["code"] == "NOT_FOUND", "no longer theirs"
    assert running.do(household, member, h=second)["accepted"]


def test_a_visit_counts_for_the_team_that_served_the_hamlet_that_day(running: Running) -> None:
    hamlet, team, household = running.founded()
    elsewhere = running.hamlet(running.here, name="Ấp Khác")["id"]
    renewed = do(running, "renewTeam", team=team, hamlets=[elsewhere], decisionNo="2/QĐ", decisionDate="2026-11-01")
    assert renewed["accepted"], renewed
    running.settle()
    record = f"mutation($v: VisitInput!) {{ recordVisit(visit: $v) {OUTCOME} }}"
    told = {"household": household, "hamlet": hamlet, "team": team, "mode": "home", "outcome": "informed"}
    october = running.do(record, running.here, v={**told, "visitedOn": "2026-10-31"})
    november = running.do(record, running.here, v={**told, "visitedOn": "2026-11-01"})
    assert october["accepted"], october
    assert (november["code"], november["field"]) == ("TEAM_NOT_SERVING", "team")


def test_people_are_put_forward_appointed_given_duties_and_replaced(running: Running) -> None:
    team, _ = founded(running)
    put = do(running, "nominateMember", team=team, organisation="Đoàn Thanh niên", nominatedOn="2026-01-05")
    assert put["accepted"], put
    pending = "nominations { member organisation nominatedOn }"
    assert [n["member"] for n in read(running, team, pending)["nominations"]] == [put["id"]]
    told = {"organisation": "Đoàn Thanh niên", "appointedOn": "2026-01-10"}
    leader = do(running, "appointMember", team=team, role="LEADER", member=put["id"], termTo="2028-12-31", **told)
    assert leader["accepted"], leader
    assert read(running, team, pending)["nominations"] == []
    duty = do(running, "assignDuty", team=team, member=put["id"], duty="Hướng dẫn VNeID", assignedOn="2026-02-01")
    assert duty["accepted"], duty
    members = "members(past: true) { nodes { id role duty termTo stoodDownOn } }"
    (node,) = read(running, team, members)["members"]["nodes"]
    assert (node["duty"], node["termTo"]) == ("Hướng dẫn VNeID", "2028-12-31")
    told["appointedOn"] = "2026-05-01"
    again = do(running, "appointMember", team=team, role="LEADER", replaces=put["id"], **told)
    assert again["accepted"], again
    nodes = {node["id"]: node["stoodDownOn"] for node in read(running, team, members)["members"]["nodes"]}
    assert nodes == {put["id"]: "2026-05-01", again["id"]: None}


def test_a_launched_team_is_dissolved_and_then_nothing_more_is_decided(running: Running) -> None:
    team, _ = founded(running)
    assert do(running, "launchTeam", team=team, launchedOn="2025-09-01")["accepted"]
    assert do(running, "dissolveTeam", team=team, decisionNo="9/QĐ", decisionDate="2026-11-01")["accepted"]
    found = read(running, team, "launchedOn dissolvedOn hamlets { id } compliance { verdict }")
    assert found == {"launchedOn": "2025-09-01", "dissolvedOn": "2026-11-01", "hamlets": [], "compliance": []}
    refused = do(running, "launchTeam", team=team, launchedOn="2026-01-01")
    assert (refused["code"], refused["field"]) == ("TEAM_DISSOLVED", "team")


def test_a_commune_has_a_team_of_its_own(running: Running) -> None:
    document = f"""mutation {{ establishTeam(commune: "31843", name: "Tổ cấp xã", level: COMMUNE,
        decisionNo: "1/QĐ", decisionDate: "2025-10-09", signer: "Chủ tịch Ủy ban nhân dân xã") {OUTCOME} }}"""
    team = running.do(document, running.here)
    assert team["accepted"], team
    found = read(running, team["id"], "level hamlets { id } decisions { signer }")
    signed = [{"signer": "Chủ tịch Ủy ban nhân dân xã"}]
    assert found == {"level": "commune", "hamlets": [], "decisions": signed}


def test_teams_of_others_are_not_there(running: Running) -> None:
    team, _ = founded(running)
    running.settle()
    document = f'mutation($t: ID!) {{ launchTeam(team: $t, launchedOn: "2026-01-01") {OUTCOME} }}'
    assert running.do(document, running.there, t=team)["code"] == "NOT_FOUND"
    assert running.do(document, running.gateway.token(Role.TEAM_LEADER, HERE), t=team)["code"] == "FORBIDDEN"
