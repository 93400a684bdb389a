"""What is asked of scorecards, good practices and emulation drives, put to both databases."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import true

from gateway import emulation_drives, good_practices, scorecards
from gateway.paging import Slice
from services.kernel.identifiers import derived_id
from tests.gateway.test_questions_of_the_registry import HONG_DAN, NINH_QUOI, PROVINCE, ask
from tests.gateway.test_read_models import told
from tests.gateway.world import World

DAY = date(2026, 12, 1)
EVERYBODY = true()
TEAM = derived_id("team", "Tổ Một", HONG_DAN)


def member(team: UUID, number: int) -> str:
    return str(derived_id("member", team, number))


def evaluated(world: World, number: int, year: int = 2026, team: UUID = TEAM) -> str:
    person = member(TEAM, number)
    evaluation = str(derived_id("member_evaluation", person, year))
    figures = {"duty": None, "trainings_attended": 0, "visits": 0, "activity_days": 0, "team_visits": 0}
    told = {"evaluation": evaluation, "member": person, "team": str(team), "year": year, "grade": "Hoàn thành"}
    more = {"office": "Phòng VH-XH", "evidence": figures, "evaluated_on": "2026-11-16"}
    world.log.add("registry", f"member_evaluation-{evaluation}", "member.evaluated", **told, **more)
    return evaluation


def test_who_served_in_the_year_is_listed_once_counted_filtered_and_paged_alike(world: World) -> None:
    told(world)
    evaluated(world, 0)
    evaluated(world, 2, 2025)
    evaluated(world, 2, team=derived_id("team", "Tổ Một", NINH_QUOI))
    again = {"team": str(TEAM), "member": member(TEAM, 2)}
    left = {"stood_down_on": "2026-05-01", "appointed_on": "2025-08-02"}
    world.log.add("registry", f"team-{TEAM}", "member.stood_down", **again, **left)
    role = {"role": "deputy", "organisation": "Đoàn Thanh niên", "appointed_on": "2026-06-01"}
    world.log.add("registry", f"team-{TEAM}", "member.appointed", **again, **role)
    world.catch_up()

    def asked(year: int, said: bool | None, *within: Any) -> list[Any]:
        page = ask(world, scorecards.scorecards_page, year, EVERYBODY, within, said, None, Slice(100))
        counted = ask(world, scorecards.scorecards_count, year, EVERYBODY, within, said, None)
        assert counted == len(page.rows) == len({(card.team, card.member) for card in page.rows})
        return list(page.rows)

    here = scorecards.below(str(HONG_DAN), DAY)
    # Of three, two stood down on 1 January 2026; one of these serves again as the leader.
    cards = {card.member: card for card in asked(2026, None, here)}
    assert set(cards) == {member(TEAM, 0), member(TEAM, 2)}
    assert (cards[member(TEAM, 0)].role, cards[member(TEAM, 2)].role) == ("leader", "deputy")
    assert (cards[member(TEAM, 0)].evaluation.grade, cards[member(TEAM, 0)].evaluated_elsewhere) == (
        "Hoàn thành",
        False,
    )
    assert (cards[member(TEAM, 2)].evaluation, cards[member(TEAM, 2)].evaluated_elsewhere) == (None, True)
    assert {card.record.team_visits for card in cards.values()} == {3}, "four were made, one of them is voided"
    assert len(asked(2026, None)) == 4
    assert [card.member for card in asked(2026, True)] == [member(TEAM, 0)]
    assert [card.member for card in asked(2026, False, here)] == [member(TEAM, 2)]
    first = ask(world, scorecards.scorecards_page, 2026, EVERYBODY, [here], None, None, Slice(1))
    rest = ask(world, scorecards.scorecards_page, 2026, EVERYBODY, [here], None, None, Slice(1, first.cursors[-1]))
    assert (first.has_next, rest.has_next) == (True, False)
    assert {first.rows[0].member, rest.rows[0].member} == set(cards)
    assert ask(world, scorecards.scorecard_of, 2026, str(TEAM), member(TEAM, 1)) is None
    assert ask(world, scorecards.scorecards_page, 2020, EVERYBODY, [], None, None, Slice(1)).rows == []


def test_practices_are_found_by_place_and_words_and_paged(world: World) -> None:
    told(world)
    for number, (name, unit) in enumerate([("Bàn ở chợ", HONG_DAN), ("Đường dây hỏi đáp", PROVINCE)]):
        practice = str(derived_id("practice", number))
        facts = {"name": name, "done": "100% bà con ghé làm", "topic": "VNEID_L2", "material": None}
        ids = {"practice": practice, "unit": str(unit), "team": str(TEAM) if number == 0 else None}
        stream = f"good_practice-{practice}"
        world.log.add("registry", stream, "good_practice.proposed", **ids, facts=facts, proposed_on="2026-11-10")
        world.log.add("registry", stream, "good_practice.shared", practice=practice, shared_on="2026-11-12")
    world.catch_up()
    shared = good_practices.LIVE.practices.c.status == "shared"

    def names(*within: Any, after: str | None = None, first: int = 10) -> tuple[list[str], list[str]]:
        page = ask(world, good_practices.practices_page, [shared, *within], Slice(first, after))
        return [row.name for row in page.rows], page.cursors

    assert ask(world, good_practices.practices_count, [shared]) == 2, "the example's was withdrawn"
    assert names(*good_practices.mentions("duong day"))[0] == ["Đường dây hỏi đáp"]
    assert names(*good_practices.mentions("an o"))[0] == [], "from the beginning of a word"
    assert names(*good_practices.mentions("BAN O CHO"))[0] == ["Bàn ở chợ"]
    assert names(good_practices.of_place(str(HONG_DAN), DAY))[0] == ["Bàn ở chợ"]
    assert len(names(good_practices.of_place(str(PROVINCE), DAY))[0]) == 2
    one, cursors = names(first=1)
    other, _ = names(first=1, after=cursors[-1])
    assert sorted(one + other) == ["Bàn ở chợ", "Đường dây hỏi đáp"]
    found = ask(world, good_practices.practice_by_id, str(derived_id("practice", 0)))
    assert found.team_name == "Tổ Một"


def test_a_drive_runs_from_its_first_day_to_its_last_or_until_it_is_summed_up(world: World) -> None:
    told(world)
    world.catch_up()

    def running(day: date) -> int:
        counted: int = ask(world, emulation_drives.drives_count, [emulation_drives.running_on(day)])
        page = ask(world, emulation_drives.drives_page, [emulation_drives.running_on(day)], Slice(10))
        assert counted == len(page.rows)
        return counted

    days = [date(2026, 3, 25), date(2026, 3, 26), date(2026, 10, 10), date(2026, 10, 11)]
    assert [running(day) for day in days] == [0, 1, 1, 0]
