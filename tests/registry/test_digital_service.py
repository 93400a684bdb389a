"""The catalogue of digital services: proposed, published, revised, withdrawn; and the one that ships."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.feedback.catalogue import first_codes as feedback_codes
from services.kernel.runtime import ServiceRuntime
from services.kernel.testing import given
from services.registry.digital_service import (
    DIGITAL_SERVICE,
    DigitalServiceProposed,
    DigitalServicePublished,
    DigitalServiceRevised,
    DigitalServiceWithdrawn,
    ProposeDigitalService,
    PublishDigitalService,
    ReviseDigitalService,
    WithdrawDigitalService,
)
from services.registry.examples import EXAMPLES, PROVINCE, SERVICE, SERVICE_FACTS
from services.registry.import_map import DIGITAL_SERVICES, ImportPlan, plan_import
from services.registry.unit import RegisterUnit
from services.visits.catalogue import first_codes as visits_codes
from tests.registry.conftest import NOON, changes_of

(PROPOSED,) = (event for event in EXAMPLES if isinstance(event, DigitalServiceProposed))
(PUBLISHED,) = (event for event in EXAMPLES if isinstance(event, DigitalServicePublished))
(REVISED,) = (event for event in EXAMPLES if isinstance(event, DigitalServiceRevised))
(WITHDRAWN,) = (event for event in EXAMPLES if isinstance(event, DigitalServiceWithdrawn))
TAKEN_BACK = DigitalServiceWithdrawn(service=SERVICE, last_day=None)


def told(command: Any, event: Any, **changes: Any) -> Any:
    """The command that leads to `event`, with some words changed."""
    fields = set(command.model_fields) & set(type(event).model_fields)
    return command.model_validate({"actor": "official", "at": NOON, **event.model_dump(include=fields), **changes})


def test_a_proposal_may_change_and_be_taken_back_until_it_is_published() -> None:
    given(DIGITAL_SERVICE).when(told(ProposeDigitalService, PROPOSED)).then(PROPOSED)
    given(DIGITAL_SERVICE, PROPOSED).when(told(ProposeDigitalService, PROPOSED)).then()
    better = PROPOSED.model_copy(update={"facts": SERVICE_FACTS.model_copy(update={"hotline": "19001234"})})
    given(DIGITAL_SERVICE, PROPOSED).when(told(ProposeDigitalService, better)).then(better)
    given(DIGITAL_SERVICE, PROPOSED).when(told(WithdrawDigitalService, TAKEN_BACK)).then(TAKEN_BACK)
    again = given(DIGITAL_SERVICE, PROPOSED, TAKEN_BACK)
    again.when(told(PublishDigitalService, PUBLISHED)).refused("SERVICE_UNKNOWN", field="service")
    again.when(told(ProposeDigitalService, PROPOSED)).then(PROPOSED)
    given(DIGITAL_SERVICE).when(told(WithdrawDigitalService, TAKEN_BACK)).refused("SERVICE_UNKNOWN")


def test_what_was_proposed_is_published_once_as_it_was_proposed() -> None:
    given(DIGITAL_SERVICE).when(told(PublishDigitalService, PUBLISHED)).refused("SERVICE_UNKNOWN", field="service")
    given(DIGITAL_SERVICE, PROPOSED).when(told(PublishDigitalService, PUBLISHED)).then(PUBLISHED)
    there = given(DIGITAL_SERVICE, PROPOSED, PUBLISHED)
    there.when(told(PublishDigitalService, PUBLISHED)).then()
    there.when(told(PublishDigitalService, PUBLISHED, valid_from=None)).refused("SERVICE_PUBLISHED")
    there.when(told(ProposeDigitalService, PROPOSED)).then()
    there.when(told(ProposeDigitalService, PROPOSED, territory=None)).refused("SERVICE_PUBLISHED", field="service")
    there.when(told(WithdrawDigitalService, TAKEN_BACK)).refused("SERVICE_PUBLISHED", field="last_day")


def test_what_is_published_is_revised_from_a_day_on_and_never_backwards() -> None:
    given(DIGITAL_SERVICE, PROPOSED).when(told(ReviseDigitalService, REVISED)).refused("SERVICE_NOT_PUBLISHED")
    there = given(DIGITAL_SERVICE, PROPOSED, PUBLISHED)
    there.when(told(ReviseDigitalService, REVISED)).then(REVISED)
    early = told(ReviseDigitalService, REVISED, revised_on=date(2025, 12, 31))
    there.when(early).refused("DAYS_REVERSED", field="revised_on")
    then = given(DIGITAL_SERVICE, PROPOSED, PUBLISHED, REVISED)
    then.when(told(ReviseDigitalService, REVISED)).then()
    other = {"facts": SERVICE_FACTS.model_dump(), "revised_on": date(2026, 5, 31)}
    then.when(told(ReviseDigitalService, REVISED, **other)).refused("REVISED_OUT_OF_ORDER", field="revised_on")


def test_a_service_ends_with_a_day_that_may_be_corrected_and_does_not_come_back() -> None:
    there = given(DIGITAL_SERVICE, PROPOSED, PUBLISHED)
    there.when(told(WithdrawDigitalService, WITHDRAWN)).then(WITHDRAWN)
    there.when(told(WithdrawDigitalService, WITHDRAWN, last_day=date(2025, 1, 1))).refused("DAYS_REVERSED")
    given(DIGITAL_SERVICE).when(told(WithdrawDigitalService, WITHDRAWN)).refused("SERVICE_UNKNOWN")
    gone = given(DIGITAL_SERVICE, PROPOSED, PUBLISHED, WITHDRAWN)
    gone.when(told(WithdrawDigitalService, WITHDRAWN)).then()
    sooner = DigitalServiceWithdrawn(service=SERVICE, last_day=date(2028, 12, 31))
    gone.when(told(WithdrawDigitalService, sooner)).then(sooner)
    gone.when(told(ReviseDigitalService, REVISED)).refused("SERVICE_WITHDRAWN", field="service")
    gone.when(told(ProposeDigitalService, PROPOSED, territory=None)).refused("SERVICE_PUBLISHED")


@pytest.mark.parametrize(
    ("hotline", "accepted"),
    [("1022", True), ("18001096", True), ("02903831888", True), ("0912345678", False), ("+84912345678", False)],
)
def test_a_hotline_is_a_body_s_number_and_no_mobile_one(hotline: str, accepted: bool, registry: ServiceRuntime) -> None:
    facts = SERVICE_FACTS.model_dump(mode="json") | {"hotline": hotline}
    answer = registry.execute(
        "propose_digital_service", {"actor": "official", "at": NOON.isoformat(), "service": SERVICE, "facts": facts}
    )
    assert (answer.accepted, answer.field) == ((True, "") if accepted else (False, "facts.hotline"))


def test_a_service_is_of_a_place_on_the_map(registry: ServiceRuntime) -> None:
    told = {"service": SERVICE, "facts": SERVICE_FACTS.model_dump(mode="json"), "territory": str(PROVINCE)}
    answer = registry.execute("propose_digital_service", {"actor": "official", "at": NOON.isoformat(), **told})
    assert (answer.code, answer.field) == ("TERRITORY_UNKNOWN", "territory")


# -- the catalogue that ships -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped(provinces: tuple[Path, Path, Path]) -> ImportPlan:
    found = plan_import(*provinces, services=DIGITAL_SERVICES)
    assert found.faults == ()
    return found


def proposals(plan: ImportPlan) -> dict[str, ProposeDigitalService]:
    return {c.service: c for c in plan.commands if isinstance(c, ProposeDigitalService)}


def test_every_service_of_the_plans_ships_and_production_and_trade_too(shipped: ImportPlan) -> None:
    found = proposals(shipped)
    assert set(found) == visits_codes() | {"PROD_TECH"}, (
        "what phones knew from the first release stays in the catalogue"
    )
    assert visits_codes() == feedback_codes()
    assert len(found) == 27
    assert {c.service for c in shipped.commands if isinstance(c, PublishDigitalService)} == set(found)
    assert all(each.facts.source for each in found.values())


def test_no_hotline_owner_or_day_is_invented(shipped: ImportPlan) -> None:
    found = proposals(shipped)
    assert {each.facts.hotline for each in found.values()} == {None}
    assert found["SURVEY"].facts.owner is None
    assert found["VNEID_L2"].facts.owner == "Công an"
    assert {code for code, each in found.items() if each.territory is not None} == {"CAMAU_G"}
    assert {c.valid_from for c in shipped.commands if isinstance(c, PublishDigitalService)} == {None}


def test_a_second_import_changes_nothing(
    registry: ServiceRuntime, shipped: ImportPlan, provinces: tuple[Path, Path, Path]
) -> None:
    map_of_one = [c for c in changes_of(shipped) if isinstance(c, RegisterUnit) and c.unit == PROVINCE]
    catalogue = [c for c in shipped.commands if not isinstance(c, RegisterUnit) and "digital_service" in c.name]
    assert len(map_of_one) == 1

    def bring_in(commands: list[Any]) -> int:
        asked: list[tuple[str, dict[str, Any]]] = [(c.name, c.model_dump(mode="json")) for c in commands]
        assert {answer.code for answer in registry.execute_many(asked)} == {""}
        with registry.database.read() as connection:
            count: int = connection.exec_driver_sql("SELECT count(*) FROM events").scalar_one()
        return count

    commands = [*map_of_one, *catalogue]
    assert bring_in(commands) == bring_in(commands) == 1 + 2 * 27
    anew = plan_import(*provinces, services=DIGITAL_SERVICES, clock=lambda: NOON)
    assert [c.command_id for c in anew.commands if c.name in {o.name for o in catalogue}] == [
        c.command_id for c in catalogue
    ]


def test_a_later_release_may_revise_and_withdraw_a_service_and_names_its_faults(
    tmp_path: Path, provinces: tuple[Path, Path, Path]
) -> None:
    text = DIGITAL_SERVICES.read_text(encoding="utf-8")
    last = tomllib.loads(text)["services"][-1]["code"]
    more = 'last_day = 2027-12-31\n[[services.revised]]\nrevised_on = 2027-01-01\nname = "A"\nname_en = "B"\n'
    path = tmp_path / "digital-services.toml"
    path.write_text(text + more + 'group = "digital_economy"\n', encoding="utf-8")
    plan = plan_import(*provinces, services=path)
    assert plan.faults == ()
    *_, revise, withdraw = plan.commands
    assert isinstance(revise, ReviseDigitalService) and isinstance(withdraw, WithdrawDigitalService)
    assert (revise.service, revise.revised_on, withdraw.last_day) == (last, date(2027, 1, 1), date(2027, 12, 31))
    path.write_text(text + more, encoding="utf-8")
    (fault,) = plan_import(*provinces, services=path).faults
    assert (fault.file, fault.column.endswith("revised.0.group")) == (path.name, True)
    path.write_text(text + text, encoding="utf-8")
    assert {fault.column.partition(".")[2] for fault in plan_import(*provinces, services=path).faults} == {"code"}
    path.write_text("[[services", encoding="utf-8")
    assert not plan_import(*provinces, services=path).commands
