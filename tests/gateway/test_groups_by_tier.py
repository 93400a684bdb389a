"""Messaging groups of a tier below a unit, and who has none; on both databases."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from gateway.viewer import Role
from services.kernel.identifiers import derived_id
from tests.gateway.places import HERE, PROVINCE, THERE, ask, found_the_map, here, province, say, team, there
from tests.gateway.world import World

GROUPS = """query($u: String!, $t: GroupTier!, $d: Date, $n: Int, $a: String) { messagingGroupsByTier(
    unit: $u, tier: $t, asOf: $d, first: $n, after: $a) { totalCount pageInfo { endCursor }
    nodes { link hamlet { name } team { name } unit { name } } } }"""
WITHOUT = """query($u: String!, $d: Date) { unitsWithoutGroup(unit: $u, level: COMMUNE, asOf: $d) {
    totalCount nodes { code } } teamsWithoutGroup(unit: $u, asOf: $d) { totalCount nodes { name } } }"""


@pytest.fixture
def teams(world: World) -> tuple[UUID, UUID]:
    """A team of each commune with a hamlet; groups of the first commune, both hamlets, one team and the province."""
    found_the_map(world)
    hamlets = world.hamlet("Ấp 10", HERE), world.hamlet("Ấp 2", THERE)
    one, other = team(world, "Tổ 1", HERE, hamlets[0]), team(world, "Tổ kia", THERE, hamlets[1])
    for place, about in (
        ("hamlet", hamlets[0]),
        ("hamlet", hamlets[1]),
        ("team", one),
        ("unit", HERE),
        ("unit", PROVINCE),
    ):
        linked(world, place, about)
    return one, other


def linked(world: World, place: str, about: UUID) -> UUID:
    group = derived_id("group", about)
    facts = {"place": place, "about": about, "app": "zalo", "link": "https://zalo.me/g/x", "linked_on": "2026-02-01"}
    say(world, group, "messaging_group.linked", group=group, **facts)
    return group


@pytest.mark.usefixtures("teams")
def test_groups_of_a_tier_are_listed_by_their_place_as_far_as_one_may_see(world: World, tmp_path: Path) -> None:
    def places(asker: Any, tier: str, unit: str = "96", **more: Any) -> list[str]:
        found = asker(world, tmp_path, GROUPS, u=unit, t=tier, **more)
        return [(node["hamlet"] or node["team"] or node["unit"])["name"] for node in found["nodes"]]

    assert places(province, "HAMLET") == ["Ấp 2", "Ấp 10"]
    assert places(province, "HAMLET", "31843") == ["Ấp 10"]
    assert places(here, "HAMLET") == ["Ấp 10"]
    assert places(province, "TEAM") == ["Tổ 1"]
    assert places(there, "TEAM") == []
    assert places(province, "COMMUNE") == ["Xã Hồng Dân"]
    assert places(province, "PROVINCE") == ["Tỉnh Cà Mau"]
    assert places(here, "PROVINCE") == [], "a commune does not hold the province"
    assert places(province, "DISTRICT") == []
    assert places(province, "HAMLET", d="2026-01-31") == []
    first = province(world, tmp_path, GROUPS, u="96", t="HAMLET", n=1)
    assert first["totalCount"] == 2
    assert places(province, "HAMLET", n=1, a=first["pageInfo"]["endCursor"]) == ["Ấp 10"]
    own = ask(world, tmp_path, GROUPS, HERE, role=Role.TEAM_MEMBER, served=(derived_id("team", "Tổ 1", HERE),), **_TEAM)
    assert own["messagingGroupsByTier"]["totalCount"] == 1


_TEAM = {"u": "96", "t": "TEAM"}


@pytest.mark.usefixtures("teams")
def test_communes_and_teams_without_a_group_are_listed(world: World, tmp_path: Path) -> None:
    def without(*held: UUID, role: Role = Role.PROVINCE_OFFICIAL, **told: Any) -> tuple[list[str], list[str]]:
        found = ask(world, tmp_path, WITHOUT, *held, role=role, **told)
        units, of_teams = found["unitsWithoutGroup"], found["teamsWithoutGroup"]
        assert (units["totalCount"], of_teams["totalCount"]) == (len(units["nodes"]), len(of_teams["nodes"]))
        return [unit["code"] for unit in units["nodes"]], [team["name"] for team in of_teams["nodes"]]

    assert without(u="96") == (["31849"], ["Tổ kia"])
    assert without(u="31843") == ([], [])
    assert without(u="31849") == (["31849"], ["Tổ kia"])
    assert without(u="96", d="2026-01-31") == (["31843", "31849"], ["Tổ 1", "Tổ kia"])
    assert without(HERE, role=Role.COMMUNE_OFFICIAL, u="96") == ([], [])
    gone = derived_id("group", HERE)
    say(world, gone, "messaging_group.unlinked", group=gone, unlinked_on="2026-05-01")
    assert without(u="96")[0] == ["31843", "31849"]
