"""What is asked of services, materials and campaigns, put to both databases."""

from datetime import date
from typing import Any

from sqlalchemy import true

from gateway import campaigns, digital_services, materials
from gateway.paging import Slice
from gateway.unit_tree import around
from services.kernel.identifiers import derived_id
from tests.gateway.test_read_models import told
from tests.gateway.world import World, unit_id

DAY = date(2026, 12, 1)
EVERYBODY = true()
HONG_DAN, NINH_QUOI = (unit_id("current", "commune", code) for code in ("31843", "31849"))
PROVINCE = unit_id("current", "province", "96")


def ask(world: World, question: Any, *arguments: Any) -> Any:
    with world.database.read() as connection:
        return question(connection, *arguments)


def test_services_of_a_day_are_found_and_paged(world: World) -> None:
    told(world)
    world.catch_up()

    def codes(day: date, *within: Any, after: str | None = None) -> tuple[list[str], str]:
        asked = [digital_services.in_force(day), *within]
        page = ask(world, digital_services.services_page, day, EVERYBODY, asked, Slice(1, after))
        return [row.service for row in page.rows], page.cursors[-1] if page.cursors else ""

    first, cursor = codes(DAY)
    second, _ = codes(DAY, after=cursor)
    assert first + second == ["CHO_SO", "DAY_HOC"]
    assert codes(date(2025, 12, 31))[0] == codes(date(2027, 1, 1))[0] == []
    assert codes(DAY, *digital_services.mentions("hoc day ba"))[0] == ["DAY_HOC"]
    assert codes(DAY, *digital_services.mentions("%"))[0] == ["CHO_SO"], "nothing to look for is no condition"
    assert codes(DAY, ask(world, digital_services.serving, str(HONG_DAN), DAY))[0] == ["CHO_SO"]
    counted = ask(world, digital_services.services_count, DAY, EVERYBODY, [digital_services.in_force(DAY)])
    assert counted == 2
    assert ask(world, digital_services.known, date(2026, 3, 1)) == {"CHO_SO": "Hai", "DAY_HOC": "Hai"}
    assert ask(world, digital_services.known, date(2027, 1, 1)) == {"CHO_SO": None, "DAY_HOC": None}


def test_a_place_is_what_is_above_it_and_what_these_came_from(world: World) -> None:
    told(world)
    world.catch_up()
    old = unit_id("legacy", "commune", "31843")
    assert set(ask(world, around, str(HONG_DAN), DAY)) == {str(HONG_DAN), str(PROVINCE), str(old)}
    assert set(ask(world, around, str(old), DAY)) == {str(old), str(HONG_DAN)}


def test_the_published_material_of_a_file_comes_first(world: World) -> None:
    told(world)
    _again(world, published=True)
    world.catch_up()
    found = ask(world, materials.materials_of_file, "1" * 64)
    assert [row.status for row in found] == ["published", "withdrawn"]
    assert ask(world, materials.materials_of_file, "2" * 64) == []


def _again(world: World, *, published: bool) -> None:
    """A third material, for the province itself, with the file of the withdrawn one."""
    material = str(derived_id("material", "third"))
    file = {"sha256": "1" * 64, "media_type": "image/png", "size": 70}
    facts = {"name": "Tờ rơi", "topic": "VNEID_L2", "service": None, "language": "vi", "issuer": "Sở", "file": file}
    stream = f"material-{material}"
    world.log.add("registry", stream, "material.drafted", material=material, unit=str(PROVINCE), facts=facts)
    if published:
        days = {"published_on": "2026-11-30", "replaces": None}
        world.log.add("registry", stream, "material.published", material=material, **days)


def test_readiness_is_filtered_counted_and_paged_alike(world: World) -> None:
    told(world)
    _again(world, published=True)
    course, training = str(derived_id("course", 1)), str(derived_id("training", 1))
    offered = {"course": course, "name": "VNeID", "topics": ["DVCQG", "VNEID_L2"], "provider": "Sở"}
    world.log.add("registry", f"course-{course}", "course.catalogued", **offered)
    planned: dict[str, Any] = {
        "training": training,
        "unit": str(PROVINCE),
        "course": course,
        "name": "Lớp",
        "mode": "online",
    }
    planned |= {"organiser": "Sở", "trainer_organisation": None, "first_day": "2026-11-01", "last_day": "2026-11-01"}
    world.log.add("registry", f"training-{training}", "training.scheduled", **planned)
    team = derived_id("team", "Tổ Một", HONG_DAN)
    # Member 1 of `told` stood down; member 0 serves again.
    present = {"attended": [str(derived_id("member", team, 0))], "missed": []}
    world.log.add(
        "registry", f"training-{training}", "training.held", training=training, held_on="2026-11-01", **present
    )
    world.catch_up()
    campaign = ask(world, campaigns.campaign_by_id, str(derived_id("campaign", 0)))

    def asked(ready: bool | None) -> list[tuple[str, list[str]]]:
        page = ask(world, campaigns.readiness_page, campaign, ready, EVERYBODY, Slice(10))
        assert ask(world, campaigns.readiness_count, campaign, ready, EVERYBODY) == len(page.rows)
        return [(row.team.commune, [code for code, _ in row.reasons]) for row in page.rows]

    there = (str(HONG_DAN), ["MATERIAL_PUBLISHED", "TRAINING_ATTENDED"])
    not_there = (str(NINH_QUOI), ["MATERIAL_PUBLISHED", "TRAINING_NOT_ATTENDED"])
    assert (asked(True), asked(False)) == ([there], [not_there])
    assert sorted(asked(None)) == sorted([there, not_there])
    first = ask(world, campaigns.readiness_page, campaign, None, EVERYBODY, Slice(1))
    second = ask(world, campaigns.readiness_page, campaign, None, EVERYBODY, Slice(1, first.cursors[-1]))
    assert {row.team.commune for row in (*first.rows, *second.rows)} == {str(HONG_DAN), str(NINH_QUOI)}
    assert ask(world, campaigns.campaigns_count, [campaigns.running_on(DAY)]) == 1
