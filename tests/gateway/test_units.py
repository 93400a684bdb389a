"""The map, whole and real, on both databases."""

from datetime import date

import pytest
from sqlalchemy import select

from gateway.errors import MapNotKnown
from gateway.paging import Slice
from gateway.search import find_communes
from gateway.unit_tree import children_counts, children_pages, descendants_counts, ever_held, predecessors, successors
from gateway.units import LIVE, homes_by_id, homes_of, unit_by_code
from tests.gateway.world import World, unit_id

BEFORE, AFTER = date(2025, 6, 30), date(2025, 7, 1)


def test_ca_mau_has_64_communes_after_and_9_districts_with_100_communes_before(real_world: World) -> None:
    with real_world.database.read() as connection:
        now, before = unit_by_code(connection, "96", AFTER), unit_by_code(connection, "96", BEFORE)
        assert now is not None
        assert before is not None
        assert children_counts(connection, [now.unit], AFTER) == {now.unit: 64}
        assert children_counts(connection, [before.unit], BEFORE) == {before.unit: 9}
        assert descendants_counts(connection, [before.unit], BEFORE, "commune") == {before.unit: 100}
        assert before.unit == str(unit_id("legacy", "province", "96"))


def test_a_day_before_the_map_is_known_is_refused_province_by_province(real_world: World) -> None:
    with real_world.database.read() as connection:
        assert unit_by_code(connection, "96", date(2023, 8, 31)) is not None
        for code, day in (("96", date(2023, 8, 30)), ("95", date(2025, 6, 29)), ("00001", date(2020, 1, 1))):
            with pytest.raises(MapNotKnown):
                unit_by_code(connection, code, day)
        with pytest.raises(MapNotKnown):
            unit_by_code(connection, "no-such-code", date(1999, 1, 1))
        assert unit_by_code(connection, "no-such-code", AFTER) is None
        assert unit_by_code(connection, "95", AFTER) is None


def test_succession_is_told_from_both_ends(real_world: World) -> None:
    old = str(unit_id("legacy", "province", "95"))
    new = str(unit_id("current", "province", "96"))
    with real_world.database.read() as connection:
        assert [s.unit.unit for s in successors(connection, [old])[old]] == [new]
        came_from = predecessors(connection, [new])[new]
        assert {s.unit.code for s in came_from} == {"95", "96"}
        assert all(s.unit.as_of == BEFORE for s in came_from)


def test_a_split_commune_names_every_part_and_where_the_seat_went(real_world: World) -> None:
    with real_world.database.read() as connection:
        found = find_communes(connection, "Tắc Vân", AFTER)
        split = unit_by_code(connection, "32029", BEFORE)
        assert split is not None
        parts = successors(connection, [split.unit])[split.unit]
    assert len(parts) > 1
    assert all(p.part for p in parts)
    assert [p.seat for p in parts] == [True] + [False] * (len(parts) - 1)
    assert {p.unit.unit for p in parts} <= {f.unit.unit for f in found}


def test_what_went_whole_is_found_in_its_successor_and_what_was_divided_in_itself(real_world: World) -> None:
    legacy, went = LIVE.units.c, LIVE.successions.c
    with real_world.database.read() as connection:
        old = list(
            connection.execute(
                select(legacy.unit).where(legacy.regime == "legacy", legacy.level == "commune")
            ).scalars()
        )
        whole = {r.unit: r.successor for r in connection.execute(select(LIVE.successions).where(went.part.is_(False)))}
        assert homes_of(connection, old, BEFORE) == {one: one for one in old}
        assert homes_of(connection, old, AFTER) == {one: whole.get(one, one) for one in old}
        split = next(one for one in old if one not in whole)
        gone = next(one for one in old if one in whole)
        then, now = (homes_by_id(connection, [gone, split, gone], day) for day in (BEFORE, AFTER))
    assert {one: unit.unit for one, unit in then.items()} == {gone: gone, split: split}
    assert {one: (unit.unit, unit.as_of) for one, unit in now.items()} == {
        gone: (whole[gone], AFTER),
        split: (split, AFTER),
    }


def test_children_come_in_pages_that_neither_skip_nor_repeat(real_world: World) -> None:
    province = str(unit_id("current", "province", "96"))
    seen: list[str] = []
    after = None
    with real_world.database.read() as connection:
        while True:
            page = children_pages(connection, [province], AFTER, Slice(10, after))[province]
            seen += [row.name for row in page.rows]
            if not page.has_next:
                break
            after = page.cursors[-1]
    assert len(seen) == len(set(seen)) == 64


def test_who_holds_new_ca_mau_holds_the_past_of_ca_mau_and_bac_lieu_and_nothing_else(real_world: World) -> None:
    with real_world.database.read() as connection:
        held = set(
            connection.execute(select(ever_held([str(unit_id("current", "province", "96"))], AFTER).c.unit)).scalars()
        )
    assert {str(unit_id("legacy", "province", code)) for code in ("95", "96")} <= held
    assert len(held) == 1 + 64 + 2 + (9 + 7) + (100 + 64)


@pytest.mark.parametrize("text", ["xã tân lộc", "TAN LOC", "tan  lộc cà mau"])
def test_a_commune_is_found_without_marks_and_with_its_province(real_world: World, text: str) -> None:
    with real_world.database.read() as connection:
        found = find_communes(connection, text, AFTER)
    assert any(f.unit.name == "Xã Tân Lộc" and f.province == "Tỉnh Cà Mau" for f in found)


def test_an_old_name_leads_to_todays_commune(real_world: World) -> None:
    with real_world.database.read() as connection:
        old = unit_by_code(connection, "32029", BEFORE)
        assert old is not None
        found = find_communes(connection, f"{old.name} ca mau", AFTER)
    assert [f for f in found if f.formerly == old.name and f.part]


@pytest.mark.parametrize("text", ["", "  ", "%", "__", "'; --", "\u0000"])
def test_nothing_to_look_for_finds_nothing(real_world: World, text: str) -> None:
    with real_world.database.read() as connection:
        assert find_communes(connection, text, AFTER) == []
