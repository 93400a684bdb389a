"""What is asked of priority areas, partners, tasks and launches, put to both databases."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import true

from gateway import launches, partners, priority_areas, tasks
from gateway.launches import Progress
from gateway.paging import Slice
from gateway.viewer import Role, Viewer, scope_of
from services.kernel.identifiers import derived_id
from tests.gateway.test_read_models import told
from tests.gateway.world import World, unit_id

DAY, SPRING = date(2026, 11, 20), date(2026, 2, 1)
EVERYBODY = true()
PROVINCE = unit_id("current", "province", "96")
HONG_DAN, NINH_QUOI = (unit_id("current", "commune", code) for code in ("31843", "31849"))
OLD_HONG_DAN = unit_id("legacy", "commune", "31843")
SCOPE = scope_of(Viewer("test", Role.PROVINCE_OFFICIAL, (str(PROVINCE),)), DAY)


def ask(world: World, question: Any, *arguments: Any) -> Any:
    with world.database.read() as connection:
        return question(connection, *arguments)


def designated(world: World, about: UUID, place: str, kind: str, since: str, until: str | None = None) -> str:
    area = str(derived_id("priority_area", about, kind))
    facts = {"place": place, "about": str(about), "kind": kind, "issuing_body": "Ủy ban nhân dân tỉnh"}
    decision = {"decision_no": "5/QĐ", "decision_date": "2025-01-01", "valid_from": since}
    world.log.add("registry", f"priority_area-{area}", "priority_area.designated", area=area, **facts, **decision)
    if until is not None:
        span = {"valid_from": since, "last_day": until}
        world.log.add("registry", f"priority_area-{area}", "priority_area.ended", area=area, **span)
    return area


def test_areas_of_a_unit_are_paged_and_covered_each_hamlet_once(world: World) -> None:
    told(world)
    hamlet = derived_id("hamlet", "Ấp Một", HONG_DAN)
    # The old commune went whole into the one of today, and its designation with it.
    old = designated(world, OLD_HONG_DAN, "commune", "rural", "2025-01-01")
    designated(world, HONG_DAN, "commune", "remote", "2025-08-01", "2026-01-31")
    again = designated(world, HONG_DAN, "commune", "remote", "2026-06-01")
    one = designated(world, hamlet, "hamlet", "hardship", "2026-02-01")
    designated(world, NINH_QUOI, "commune", "remote", "2026-12-01")
    world.catch_up()

    def asked(unit: UUID, day: date, after: str | None = None) -> tuple[list[str], str]:
        within = [priority_areas.in_force(day), priority_areas.within(str(unit), day)]
        page = ask(world, priority_areas.areas_page, Slice(2, after), EVERYBODY, within)
        return [row.area for row in page.rows], page.cursors[-1] if page.cursors else ""

    first, cursor = asked(PROVINCE, DAY)
    assert first == [again, one]
    assert asked(PROVINCE, DAY, cursor)[0] == [old]
    assert asked(HONG_DAN, DAY)[0] == first
    assert asked(NINH_QUOI, DAY)[0] == []
    assert asked(HONG_DAN, date(2026, 3, 1))[0] == [one, old], "ended, and not designated again yet"
    found = ask(world, priority_areas.coverage_by_kind, str(PROVINCE), DAY, "2026-Q4", SCOPE)
    hamlets = {
        kind: (figures.hamlets, figures.households, figures.guided_in_quarter) for kind, figures in found.items()
    }
    assert hamlets == {"": (2, 7, 2), "remote": (2, 7, 2), "hardship": (1, 7, 2)}
    assert ask(world, priority_areas.coverage_by_kind, str(NINH_QUOI), DAY, "2026-Q4", SCOPE) == {}
    assert ask(world, priority_areas.area_by_id, again).valid_from == "2026-06-01", "the last designation"


def test_partners_of_a_place_are_those_of_its_tiers_and_of_what_went_into_them(world: World) -> None:
    told(world)
    for name, unit in (("Viettel", OLD_HONG_DAN), ("Agribank", PROVINCE), ("VNPT", NINH_QUOI)):
        partner = str(derived_id("partner", name))
        facts = {"organisation": name, "kind": "enterprise", "fields": ["DVCQG", "VNEID_L2"], "agreement_no": None}
        engaged = {"partner": partner, "territory": str(unit), **facts, "engaged_on": "2025-01-01"}
        world.log.add("registry", f"partner-{partner}", "partner.engaged", **engaged)
    world.catch_up()

    def names(unit: UUID, day: date, *more: Any) -> list[str]:
        within = [partners.in_force(day), ask(world, partners.of_place, str(unit), day), *more]
        page = ask(world, partners.partners_page, within, Slice(10))
        assert ask(world, partners.partners_count, within) == len(page.rows)
        return [row.organisation for row in page.rows]

    assert names(HONG_DAN, SPRING) == ["Agribank", "Viettel"]
    assert names(PROVINCE, SPRING) == ["Agribank", "Viettel", "VNPT"]
    assert names(OLD_HONG_DAN, SPRING) == ["Agribank", "Viettel"], "asked for by what it was"
    assert names(OLD_HONG_DAN, date(2025, 6, 30)) == ["Viettel"]
    assert names(HONG_DAN, SPRING, partners.in_field("DVCQG")) == ["Agribank", "Viettel"]
    assert names(HONG_DAN, SPRING, partners.in_field("VNEID")) == names(HONG_DAN, SPRING, partners.in_field("%")) == []
    against = ask(world, partners.overlap_of, str(HONG_DAN), "enterprise", "FPT", SPRING)
    assert against is None, "no plan says so"


def test_tasks_are_ordered_by_their_due_day_and_counted_alike(world: World) -> None:
    told(world)
    team = derived_id("team", "Tổ Một", HONG_DAN)
    due = ((team, "team", "2026-11-19"), (HONG_DAN, "unit", "2026-11-20"), (PROVINCE, "unit", None))
    for about, assignee, day in due:
        task = str(derived_id("task", about))
        facts: dict[str, str | None] = {
            "authority": str(PROVINCE),
            "issuer": "Sở",
            "assignee": assignee,
            "about": str(about),
            "owner": "Tổ",
        }
        facts |= {"content": "Cài VNeID", "paper_no": None, "issued_on": "2026-10-01", "due_on": day}
        world.log.add("registry", f"task-{task}", "task.issued", task=task, **facts)
    world.catch_up()

    def asked(unit: UUID, *more: Any, first: int = 10, after: str | None = None) -> tuple[list[str], list[str]]:
        within = [tasks.of_unit(str(unit), DAY), *more]
        page = ask(world, tasks.tasks_page, EVERYBODY, within, Slice(first, after))
        return [row.about for row in page.rows], page.cursors

    whole = [str(about) for about, *_ in due]
    assert asked(PROVINCE)[0] == whole
    first, cursors = asked(PROVINCE, first=2)
    assert first + asked(PROVINCE, after=cursors[-1])[0] == whole
    assert asked(HONG_DAN)[0] == whole[:2]
    assert asked(PROVINCE, tasks.overdue(DAY))[0] == whole[:1]
    assert asked(PROVINCE, tasks.not_overdue(DAY))[0] == whole[1:]
    assert ask(world, tasks.tasks_count, EVERYBODY, [tasks.of_unit(str(PROVINCE), DAY)]) == 3


def test_launches_are_counted_for_many_units_at_once(world: World) -> None:
    told(world)
    team = derived_id("team", "Tổ Một", HONG_DAN)
    world.log.add("registry", f"team-{team}", "team.launched", team=str(team), launched_on="2026-03-10")
    world.catch_up()
    roots = [str(PROVINCE), str(HONG_DAN), str(NINH_QUOI), str(OLD_HONG_DAN)]

    def counted(day: date) -> dict[str, Progress]:
        found: dict[str, Progress] = ask(world, launches.progress_of, roots, day, day, "original", SCOPE)
        return found

    found = counted(date(2026, 3, 10))
    assert {root: (one.teams, one.launched) for root, one in found.items() if one.teams} == dict(
        zip(roots, ((2, 1), (1, 1), (1, 0)), strict=False)
    )
    assert [(found[root].hamlets, found[root].hamlets_launched) for root in roots[:3]] == [(4, 2), (2, 2), (2, 0)]
    before = counted(date(2026, 3, 9))[roots[0]]
    assert (before.teams, before.launched, before.hamlets_launched) == (2, 0, 0)
    assert counted(date(2025, 6, 30)) == {}
