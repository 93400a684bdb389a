"""The courses that ship: what the plans say members are to learn, each with its section; brought in once."""

from pathlib import Path
from typing import Any

import pytest

from services.kernel.runtime import ServiceRuntime
from services.registry.course import CatalogueCourse
from services.registry.import_map import COURSES, DIGITAL_SERVICES, ImportPlan, plan_import
from services.registry.shipped_courses import course_id
from tests.registry.conftest import NOON
from tests.registry.test_digital_service import proposals


@pytest.fixture(scope="module")
def shipped(provinces: tuple[Path, Path, Path]) -> ImportPlan:
    found = plan_import(*provinces, services=DIGITAL_SERVICES, courses=COURSES)
    assert found.faults == ()
    return found


def courses(plan: ImportPlan) -> list[CatalogueCourse]:
    return [command for command in plan.commands if isinstance(command, CatalogueCourse)]


def test_what_the_plans_teach_ships_with_the_section_that_says_so(shipped: ImportPlan) -> None:
    found = {course.course: course for course in courses(shipped)}
    of_001 = {"POLICY", "VNEID", "CAMAU_G", "SECURITY_SOFTWARE", "DIRECTED_APPS"}
    of_002 = {"ESIGN", "EHEALTH", "PERSONAL_DATA"}
    assert set(found) == {course_id(code) for code in of_001 | of_002}
    for code in of_001 | of_002:
        plan = "220/KH-UBND" if code in of_001 else "Cẩm Giang 06/2026"
        source = found[course_id(code)].source or ""
        assert plan in source and "§III.2a" in source
    subjects = {"POLICY", "DIRECTED_APPS"}
    topics = {topic for course in found.values() for topic in course.topics}
    assert topics - subjects <= set(proposals(shipped)), "a topic is a service of the catalogue"


def test_a_second_import_changes_nothing_not_even_what_an_official_wrote_anew(
    registry: ServiceRuntime, shipped: ImportPlan, provinces: tuple[Path, Path, Path]
) -> None:
    asked: list[tuple[str, dict[str, Any]]] = [(c.name, c.model_dump(mode="json")) for c in courses(shipped)]

    def events() -> int:
        with registry.database.read() as connection:
            count: int = connection.exec_driver_sql("SELECT count(*) FROM events").scalar_one()
        return count

    assert {answer.code for answer in registry.execute_many(asked)} == {""}
    assert events() == 8
    anew = asked[0][1] | {"name": "Luật Chuyển đổi số", "actor": "official", "at": NOON.isoformat()}
    assert registry.execute("catalogue_course", anew).accepted
    assert events() == 9
    later = plan_import(*provinces, courses=COURSES, clock=lambda: NOON)
    again = [(c.name, c.model_dump(mode="json")) for c in courses(later)]
    assert {answer.code for answer in registry.execute_many(again)} == {""}
    assert events() == 9


def test_a_course_told_twice_or_without_its_source_is_a_fault(
    tmp_path: Path, provinces: tuple[Path, Path, Path]
) -> None:
    text, path = COURSES.read_text(encoding="utf-8"), tmp_path / "courses.toml"
    path.write_text(text + text.replace("#", "# "), encoding="utf-8")
    faults = plan_import(*provinces, courses=path).faults
    assert len(faults) == 8
    assert {fault.column.partition(".")[2] for fault in faults} == {"code"}
    path.write_text('[[courses]]\ncode = "A"\nname = "A"\ntopics = ["A"]\nprovider = "A"\n', encoding="utf-8")
    (fault,) = plan_import(*provinces, courses=path).faults
    assert (fault.file, fault.column) == (path.name, "courses.0.source")
    path.write_text("[[courses", encoding="utf-8")
    assert not plan_import(*provinces, courses=path).commands
