"""Who serves where: leaders of a hamlet, organisations, skills by team, who is put forward; on both databases."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from gateway.viewer import Role
from services.kernel.identifiers import derived_id
from tests.gateway.asking import Gateway
from tests.gateway.places import HERE, THERE, ask, found_the_map, here, province, say, serve, team, there
from tests.gateway.world import World

LEADER = """query($h: ID!, $d: Date) { hamlet(id: $h) { name teams(asOf: $d) { name leader(asOf: $d) { id role } } }
    teamLeader(hamlet: $h, asOf: $d) { team { name } leader { id } } }"""
BY_KIND = """query($u: String!, $d: Date) { membersByOrganisation(unit: $u, asOf: $d) {
    organisationKind members leaders deputies teams } }"""
SKILLS = """query($u: String!, $d: Date, $n: Int, $a: String) { skillMatrix(unit: $u, asOf: $d, first: $n, after: $a) {
    totalCount pageInfo { endCursor } nodes { team { name } members none basic advanced notAssessed confirmed
    people { member skill assessedOn confirmedOn role } } } }"""
PENDING = """query($u: String, $k: String, $n: Int, $a: String) { pendingNominations(
    unit: $u, organisationKind: $k, first: $n, after: $a) { totalCount pageInfo { endCursor }
    nodes { member team { name } organisationKind nominatedOn } } }"""


@pytest.fixture
def teams(world: World) -> tuple[UUID, UUID, UUID]:
    """Two teams of one commune, which share a hamlet, and one of another."""
    found_the_map(world)
    hamlet, other = world.hamlet("Ấp Một", HERE), world.hamlet("Ấp Hai", THERE)
    return team(world, "Tổ 2", HERE, hamlet), team(world, "Tổ 10", HERE, hamlet), team(world, "Tổ kia", THERE, other)


def stood_down(world: World, team: UUID, member: UUID, day: str, since: str) -> None:
    left = {"team": team, "member": member, "stood_down_on": day, "appointed_on": since}
    say(world, team, "member.stood_down", **left)


def test_a_hamlet_has_the_leaders_its_teams_have_that_day(
    world: World, teams: tuple[UUID, UUID, UUID], tmp_path: Path
) -> None:
    one, _, _ = teams
    hamlet = str(derived_id("hamlet", "Ấp Một", HERE))
    first = serve(world, one, 1, "2026-01-01", role="leader")
    stood_down(world, one, first, "2026-06-01", "2026-01-01")
    second = serve(world, one, 2, "2026-06-01", role="leader")
    serve(world, one, 3, "2026-01-01")

    def led(day: str | None, **asker: Any) -> list[tuple[str, str | None]]:
        found = ask(world, tmp_path, LEADER, h=hamlet, d=day, **asker)
        by_hamlet = [(each["name"], each["leader"] and each["leader"]["id"]) for each in found["hamlet"]["teams"]]
        leaders = [(each["team"]["name"], each["leader"] and each["leader"]["id"]) for each in found["teamLeader"]]
        assert by_hamlet == leaders and found["hamlet"]["name"] == "Ấp Một"
        return leaders

    assert led("2026-05-31") == [("Tổ 2", str(first)), ("Tổ 10", None)]
    assert led(None) == [("Tổ 2", str(second)), ("Tổ 10", None)]
    assert led("2025-12-31") == [("Tổ 2", None), ("Tổ 10", None)]
    assert led("2025-07-31") == []
    assert led(None, role=Role.TEAM_MEMBER, served=(teams[1],)) == [("Tổ 10", None)]
    gateway = Gateway(world.database, tmp_path)
    assert gateway.code('{ hamlet(id: "019a0000-0000-7000-8000-0000000000ff") { name } }') == "NOT_FOUND"
    public = gateway.data("query($h: ID!) { hamlet(id: $h) { name commune { code } } }", h=hamlet)["hamlet"]
    assert public == {"name": "Ấp Một", "commune": {"code": "31843"}}
    teams_of = "query($h: ID!) { hamlet(id: $h) { teams { id } } }"
    assert gateway.code(teams_of, h=hamlet) == "UNAUTHENTICATED", "the map is public, teams are not"


def test_members_are_counted_once_by_the_organisation_they_come_from(
    world: World, teams: tuple[UUID, UUID, UUID], tmp_path: Path
) -> None:
    one, two, other = teams
    serve(world, one, 1, role="leader", organisation_kind="youth_union")
    serve(world, two, 1, organisation_kind="youth_union")
    serve(world, two, 2, role="deputy", organisation_kind="youth_union")
    serve(world, one, 3)
    gone = serve(world, one, 4, organisation_kind="bank")
    stood_down(world, one, gone, "2026-01-01", "2025-08-02")
    serve(world, other, 5, organisation_kind="police")

    def row(kind: str | None, *counts: int) -> dict[str, Any]:
        return {"organisationKind": kind, **dict(zip(("members", "leaders", "deputies", "teams"), counts, strict=True))}

    youth, nobody_said, police = row("youth_union", 2, 1, 1, 2), row(None, 1, 0, 0, 1), row("police", 1, 0, 0, 1)
    assert here(world, tmp_path, BY_KIND, u="31843") == [youth, nobody_said]
    assert province(world, tmp_path, BY_KIND, u="96") == [youth, nobody_said, police]
    assert row("bank", 1, 0, 0, 1) in here(world, tmp_path, BY_KIND, u="31843", d="2025-12-31")
    assert here(world, tmp_path, BY_KIND, u="31843", d="2025-08-01") == []
    assert there(world, tmp_path, BY_KIND, u="96") == [police], "only what the viewer holds"


def test_the_matrix_says_of_each_team_who_masters_what_that_day(
    world: World, teams: tuple[UUID, UUID, UUID], tmp_path: Path
) -> None:
    one, two, _ = teams
    people = [serve(world, one, number, role="leader" if number == 1 else "member") for number in (1, 2, 3, 4)]
    serve(world, two, 1)

    def assessed(number: int, skill: str, day: str, confirmed_on: str | None = None) -> None:
        told = {"member": people[number], "skill": skill, "assessor": "Phòng VH-XH", "assessed_on": day}
        say(world, people[number], "member_skill.assessed", **told)
        if confirmed_on:
            said = {"assessed_on": day, "office": "UBND xã", "confirmed_on": confirmed_on}
            say(world, people[number], "member_skill.confirmed", member=people[number], **said)

    assessed(0, "none", "2026-01-10")
    assessed(0, "basic", "2026-03-10", "2026-04-01")
    assessed(1, "advanced", "2026-02-01")
    assessed(2, "none", "2026-02-01", "2026-02-02")

    def counts(row: dict[str, Any]) -> tuple[Any, ...]:
        names = ("members", "none", "basic", "advanced", "notAssessed", "confirmed")
        return (row["team"]["name"], *(row[name] for name in names))

    found = here(world, tmp_path, SKILLS, u="31843")
    assert [counts(row) for row in found["nodes"]] == [("Tổ 2", 4, 1, 1, 1, 1, 1), ("Tổ 10", 1, 0, 1, 0, 0, 1)]
    assert {each["member"]: each for each in found["nodes"][0]["people"]}[str(people[0])] == {
        "member": str(people[0]),
        "role": "leader",
        "skill": "basic",
        "assessedOn": "2026-03-10",
        "confirmedOn": "2026-04-01",
    }
    early = here(world, tmp_path, SKILLS, u="31843", d="2026-03-31")
    assert counts(early["nodes"][0]) == ("Tổ 2", 4, 1, 1, 1, 1, 0), "not confirmed yet"
    first = here(world, tmp_path, SKILLS, u="31843", n=1)
    rest = here(world, tmp_path, SKILLS, u="31843", n=1, a=first["pageInfo"]["endCursor"])
    assert (first["totalCount"], first["nodes"] + rest["nodes"]) == (2, found["nodes"])
    assert there(world, tmp_path, SKILLS, u="31843")["nodes"] == []
    assert here(world, tmp_path, SKILLS, u="31843", d="2025-07-31")["totalCount"] == 0


def test_who_is_put_forward_is_listed_until_appointed(
    world: World, teams: tuple[UUID, UUID, UUID], tmp_path: Path
) -> None:
    one, two, other = teams
    for place, number, kind in ((two, 1, "youth_union"), (one, 2, "trade_union"), (one, 3, None), (other, 4, None)):
        told = {"team": place, "member": derived_id("member", number), "organisation": "Xã đoàn"}
        day = "2026-01-05"
        say(world, place, "member.nominated", **told, organisation_kind=kind, nominated_on=day)
    serve(world, one, 3)

    def found(**asked: Any) -> list[tuple[str, str | None]]:
        page = here(world, tmp_path, PENDING, **asked)
        return [(node["team"]["name"], node["organisationKind"]) for node in page["nodes"]]

    assert found() == [("Tổ 2", "trade_union"), ("Tổ 10", "youth_union")]
    assert found(k="youth_union") == [("Tổ 10", "youth_union")]
    assert found(u="31849") == []
    assert province(world, tmp_path, PENDING)["totalCount"] == 3
    first = here(world, tmp_path, PENDING, n=1)
    assert first["totalCount"] == 2
    assert found(n=1, a=first["pageInfo"]["endCursor"]) == [("Tổ 10", "youth_union")]
    gone = {"decision_no": "9/QĐ", "decision_date": "2026-03-01", "signer": None, "successor": None}
    say(world, one, "team.dissolved", team=one, **gone)
    assert found() == [("Tổ 10", "youth_union")]
