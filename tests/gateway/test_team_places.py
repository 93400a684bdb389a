"""Where teams lie on a day, asked of the read models of both databases."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, true

from gateway import teams
from gateway.compliance import GRAVE, out_of_order
from gateway.launches import progress_of
from gateway.paging import Slice
from gateway.projections import PROJECTIONS
from gateway.reorganisation_impact import Touched
from gateway.rosters import snapshot
from gateway.structures import Asked
from gateway.team_places import communes_of, decided_on, ever_in, home_units, teams_counts, teams_pages
from gateway.teams_to_reform import to_reform
from gateway.unit_tree import ever_held
from gateway.viewer import Role, Scope, Viewer
from tests.gateway.test_read_models import rows, take_in
from tests.gateway.world import World, unit_id

PROVINCE = unit_id("current", "province", "96")
BEFORE, DAY, LATER = date(2026, 8, 31), date(2026, 9, 1), date(2026, 9, 20)
SCOPE = Scope(Viewer("somebody", Role.PROVINCE_OFFICIAL, (str(PROVINCE),)), DAY)


def add(world: World, kind: str, about: UUID, event: str, **more: Any) -> None:
    told = {name: str(value) if isinstance(value, UUID) else value for name, value in more.items()}
    world.log.add("registry", f"{kind}-{about}", event, **{kind: str(about)}, **told)


def renewed(world: World, team: UUID, day: str, *hamlets: UUID, commune: UUID | None = None) -> None:
    told = {"hamlets": [str(one) for one in hamlets], "decision_no": day, "decision_date": day, "signer": None}
    add(world, "team", team, "team.renewed", **told, commune=commune)


def merged(world: World, gone: UUID, into: UUID) -> None:
    add(world, "hamlet", gone, "hamlet.ended", valid_to="2026-08-31")
    add(world, "hamlet", gone, "hamlet.succeeded", successor=into, part=False, on="2026-09-01")


@pytest.fixture
def land(world: World) -> World:
    """Two communes; of the first two hamlets go to the second on a day, one as it is and one merged into another."""
    world.unit("current", "96", "Tỉnh Cà Mau", "province", "Tỉnh", None, valid_from="2025-07-01")
    here, there = (
        world.unit("current", code, f"Xã {code}", "commune", "Xã", PROVINCE, valid_from="2025-07-01")
        for code in ("31843", "31849")
    )
    world.known("current", "2025-07-01")
    stays, goes, ends = (world.hamlet(f"Ấp {number}", here) for number in range(3))
    goal = world.hamlet("Ấp Đích", there)
    for name, hamlets in (("Ở lại", (stays,)), ("Đi", (goes,)), ("Nhập", (ends,)), ("Hai nơi", (stays, goes))):
        world.member(world.team(name, here, *hamlets), 0)
    world.team("Đích", there, goal)
    add(world, "hamlet", goes, "hamlet.transferred", commune=there, on="2026-09-01")
    merged(world, ends, goal)
    world.catch_up()
    return world


HERE, THERE = unit_id("current", "commune", "31843"), unit_id("current", "commune", "31849")


def ask(world: World, question: Any, *arguments: Any) -> Any:
    with world.database.read() as connection:
        return question(connection, *arguments)


def names(world: World, unit: UUID, day: date) -> list[str]:
    page = ask(world, teams_pages, [str(unit)], day, true(), Slice(20)).get(str(unit))
    counted = ask(world, teams_counts, [str(unit)], day, true()).get(str(unit), 0)
    found = [] if page is None else [row.name for row in page.rows]
    assert len(found) == counted
    return found


def seen(world: World, unit: UUID, day: date) -> set[str]:
    """By an official of the unit."""
    visible = ever_in(select(ever_held([str(unit)], day).c.unit), day)
    with world.database.read() as connection:
        return set(connection.execute(select(teams.LIVE.teams.c.name).where(visible)).scalars())


def team(world: World, name: str) -> str:
    with world.database.read() as connection:
        found: str = connection.execute(
            select(teams.LIVE.teams.c.team).where(teams.LIVE.teams.c.name == name)
        ).scalar_one()
    return found


def test_a_team_lies_where_its_hamlets_lie_on_the_day(land: World) -> None:
    assert names(land, HERE, BEFORE) == ["Đi", "Hai nơi", "Nhập", "Ở lại"]
    assert names(land, THERE, BEFORE) == ["Đích"]
    assert names(land, HERE, DAY) == ["Hai nơi", "Ở lại"]
    assert names(land, THERE, DAY) == ["Đi", "Đích", "Hai nơi", "Nhập"]
    assert names(land, PROVINCE, DAY) == ["Đi", "Đích", "Hai nơi", "Nhập", "Ở lại"], "each once"
    both = ask(land, communes_of, [team(land, "Hai nơi")], DAY)
    assert both == {team(land, "Hai nơi"): {str(HERE): 1, str(THERE): 1}}
    homes = ask(land, home_units, [team(land, name) for name in ("Đi", "Hai nơi", "Nhập")], DAY)
    assert [homes[team(land, name)].unit for name in ("Đi", "Hai nơi", "Nhập")] == [str(THERE), str(HERE), str(THERE)]


def test_its_officials_of_before_see_its_past_and_those_of_now_see_it(land: World) -> None:
    assert seen(land, HERE, DAY) == {"Đi", "Hai nơi", "Nhập", "Ở lại"}
    assert seen(land, THERE, BEFORE) == {"Đích"}
    assert seen(land, THERE, DAY) == {"Đi", "Đích", "Hai nơi", "Nhập"}


def test_a_renewal_carries_a_team_over_however_its_events_are_batched(land: World) -> None:
    goes, one = land.hamlet("Ấp 1", HERE), UUID(team(land, "Đi"))
    renewed(land, one, "2026-09-10", goes, commune=THERE)
    renewed(land, one, "2026-09-15", goes)
    renewed(land, one, "2026-09-18", goes, commune=HERE)
    renewed(land, one, "2026-09-18", goes, commune=THERE)
    decision = {"decision_no": "9", "decision_date": "2026-09-25", "signer": None, "successor": None}
    add(land, "team", one, "team.dissolved", **decision)
    land.catch_up()
    days = {day: ask(land, decided_on, [str(one)], date(2026, 9, day))[str(one)] for day in (9, 10, 17, 18)}
    assert days == {9: str(HERE), 10: str(THERE), 17: str(THERE), 18: str(THERE)}
    assert "Đi" in names(land, THERE, date(2026, 10, 1)), "what it served when it was dissolved says where it lay"
    whole = rows(land, teams.Teams)
    for sizes in ([1], [2, 3], [5, 1]):
        with land.database.write() as connection:
            for read_model in PROJECTIONS:
                read_model().metadata.drop_all(connection)
                read_model().metadata.create_all(connection)
            connection.exec_driver_sql("DELETE FROM cursors")
            connection.exec_driver_sql("DELETE FROM applied_versions")
        take_in(land, sizes)
        assert rows(land, teams.Teams) == whole, sizes


def test_figures_of_a_commune_are_of_the_teams_that_lie_in_it(land: World) -> None:
    def counted(day: date) -> dict[str, int]:
        found = ask(land, progress_of, [str(HERE), str(THERE)], day, day, "original", SCOPE)
        return {one: each.teams for one, each in found.items()}

    assert counted(BEFORE) == {str(HERE): 4, str(THERE): 1}
    assert counted(DAY) == {str(HERE): 2, str(THERE): 4}
    assert len(ask(land, snapshot, str(THERE), BEFORE).teams) == 1
    assert len(ask(land, snapshot, str(THERE), DAY).teams) == 4
    there = Asked(str(THERE), DAY, DAY)
    assert ask(land, out_of_order, there.units, DAY, true(), GRAVE, Slice(20)).rows == []


def test_what_is_proposed_is_paged_and_the_larger_stays(land: World) -> None:
    first = ask(land, to_reform, str(PROVINCE), DAY, true(), Slice(2))
    rest = ask(land, to_reform, str(PROVINCE), DAY, true(), Slice(2, first.cursors[-1]))
    assert (first.has_next, rest.has_next) == (True, False)
    found = {row.team.name: row for row in (*first.rows, *rest.rows)}
    assert {name: row.reason for name, row in found.items()} == {
        "Đi": "Ấp 1 nay thuộc Xã 31849",
        "Hai nơi": "Ấp 1 nay thuộc Xã 31849",
        "Nhập": "Ấp 2 không còn",
        "Đích": "Ấp 2 đã nhập vào Ấp Đích",
    }
    assert found["Nhập"].takes_over == [team(land, "Đích")], "it has a member, the other none"
    assert (found["Đích"].dissolve_into, found["Đích"].proposed) == (team(land, "Nhập"), ())
    assert ask(land, to_reform, str(PROVINCE), BEFORE, true(), Slice(20)).rows == []


def test_what_a_change_would_touch_is_counted_and_listed(land: World) -> None:
    goes = land.hamlet("Ấp 1", HERE)
    household = land.household(goes, 1)
    land.case(HERE, 1)
    land.catch_up()
    scope = Scope(Viewer("somebody", Role.PROVINCE_OFFICIAL, (str(PROVINCE),)), BEFORE)
    split = {"do": "split", "place": "unit", "unit": str(HERE), "into": [str(THERE)], "seat": None}
    touched = Touched([split], DAY, BEFORE)
    found = ask(land, touched.impact)
    assert (found.units, found.hamlets, len(found.teams), found.members) == (1, 3, 4, 4)
    assert (found.households, found.open_cases) == (1, 1)
    first = ask(land, touched.members_page, scope, Slice(3))
    rest = ask(land, touched.members_page, scope, Slice(3, first.cursors[-1]))
    assert (len(first.rows), len(rest.rows), rest.has_next) == (3, 1, False)
    assert ask(land, touched.members_count, scope) == 4
    (home,) = ask(land, touched.households_page, scope, Slice(3)).rows
    assert (home.household, ask(land, touched.households_count, scope)) == (str(household), 1)
    assert ask(land, touched.cases_count, scope) == len(ask(land, touched.cases_page, scope, Slice(3)).rows) == 1
    body = Scope(Viewer("other", Role.BODY_HANDLER, (str(PROVINCE),), body="VNPT"), BEFORE)
    assert ask(land, touched.cases_count, body) == 0, "the count stays, the ids are not theirs"
    assert found.open_cases == 1
    assert [warned.code for warned in found.warnings] == ["CHOICE_NEEDED"] * 3 + ["WEIGHT_NOT_STATED"]
