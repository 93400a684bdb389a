"""The pages' questions put to the real map and the real table of cases."""

from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

from gateway.pages.readings import CaseStatusesReading, PlacesReading, ServicesReading
from gateway.pages.wording import apps
from services.kernel.database import Database
from services.kernel.identifiers import derived_id, new_id
from tests.gateway.world import World

HONG_DAN = derived_id("unit", "current", "commune", "31843")


def clock() -> datetime:
    """20 November 2026 in Vietnam."""
    return datetime(2026, 11, 19, 18, 0, tzinfo=UTC)


def test_places_are_found_without_marks_and_by_old_names(real_world: World) -> None:
    places = PlacesReading(real_world.database, clock)
    [first, *_] = places.find("hong dan")
    assert (first.unit, first.name, first.province) == (HONG_DAN, "Xã Hồng Dân", "Tỉnh Cà Mau")
    assert any(match.formerly for match in places.find("ninh hoa hong dan"))
    assert places.find("") == []
    assert places.find("khong co noi nao nhu vay") == []


def test_only_a_commune_of_today_may_be_chosen_but_any_unit_has_a_name(real_world: World) -> None:
    places = PlacesReading(real_world.database, clock)
    chosen = places.commune(HONG_DAN)
    assert chosen is not None
    assert chosen.province == "Tỉnh Cà Mau"
    old = derived_id("unit", "legacy", "commune", "31843")
    assert places.commune(old) is None
    assert places.commune(derived_id("unit", "current", "province", "96")) is None
    assert places.name(old)
    assert places.name(new_id()) == ""


def test_a_case_shows_where_it_stands(world: World) -> None:
    case = derived_id("test", "case")
    cases = CaseStatusesReading(world.database)
    assert cases.status(case) is None
    submitted: dict[str, object] = {
        "case": str(case),
        "category": "SCAM",
        "service": None,
        "commune": str(HONG_DAN),
        "body": "POLICE",
    }
    submitted |= {"severity": "S0", "channel": "public_form", "has_contact": False, "submitted_on": "2026-11-20"}
    world.log.add("feedback", f"case-{case}", "feedback.submitted", **submitted)
    world.catch_up()
    found = cases.status(UUID(str(case)))
    assert found is not None
    assert (found.status, found.body, found.submitted_on) == ("received", "POLICE", date(2026, 11, 20))
    answered = {"case": str(case), "answered_on": "2026-11-22", "kind": "answer", "letter": str(new_id())}
    world.log.add("feedback", f"case-{case}", "feedback.answered", **answered)
    world.catch_up()
    found = cases.status(case)
    assert found is not None
    assert (found.status, found.answered_on, found.erased) == ("answered", date(2026, 11, 22), False)


def publish(world: World, code: str, name: str, **days: str) -> None:
    facts = {"name": name, "name_en": name, "group": "digital_economy", "owner": None, "hotline": None, "source": None}
    told = {"service": code, "facts": facts, "territory": None, "proposer": None, "valid_from": days.get("valid_from")}
    world.log.add("registry", f"digital_service-{code}", "digital_service.published", **told)
    if "last_day" in days:
        gone = {"service": code, "last_day": days["last_day"]}
        world.log.add("registry", f"digital_service-{code}", "digital_service.withdrawn", **gone)


def test_the_form_offers_what_is_in_force_in_everyday_words(world: World) -> None:
    services = ServicesReading(world.database, clock)
    assert services.offered() == apps(), "before the catalogue was imported"
    publish(world, "VNEID_L2", "Định danh điện tử mức 2 (VNeID)")
    publish(world, "DVC_PROV", "Cổng dịch vụ công của tỉnh", last_day="2026-11-19")
    publish(world, "SAFETY", "An toàn trên mạng")
    publish(world, "CHO_SO", "Chợ số", valid_from="2026-11-20", last_day="2026-11-20")
    publish(world, "SOON", "Sắp có", valid_from="2026-11-21")
    world.catch_up()
    rest = {code: label for code, label in apps().items() if code != "DVC_PROV"}
    assert services.offered() == {**rest, "CHO_SO": "Chợ số"}


def test_a_database_that_does_not_answer_costs_the_form_nothing(tmp_path: Path) -> None:
    empty = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    assert ServicesReading(empty, clock).offered() == apps()
    empty.close()
