"""Guidance materials: one step after the other, the province's opinion first where a plan asks for it."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from services.kernel.bus import Answer
from services.kernel.identifiers import new_id
from services.kernel.runtime import ServiceRuntime
from services.kernel.testing import given
from services.registry.examples import (
    COMMUNE,
    EXAMPLES,
    MATERIAL_FACTS,
    MATERIAL_ID,
    NEWER_MATERIAL_ID,
    PLAN,
    PROVINCE,
)
from services.registry.material import (
    MATERIAL,
    ApproveMaterial,
    DraftMaterial,
    GiveMaterialOpinion,
    MaterialApproved,
    MaterialDrafted,
    MaterialOpinionGiven,
    MaterialPublished,
    MaterialWithdrawn,
    PublishMaterial,
    WithdrawMaterial,
)
from services.registry.plan_rules import Citation, OpinionRule
from tests.registry.conftest import NOON
from tests.registry.test_learning import told

(DRAFTED,) = (event for event in EXAMPLES if isinstance(event, MaterialDrafted))
(OPINION,) = (event for event in EXAMPLES if isinstance(event, MaterialOpinionGiven))
(APPROVED,) = (event for event in EXAMPLES if isinstance(event, MaterialApproved))
(PUBLISHED,) = (event for event in EXAMPLES if isinstance(event, MaterialPublished))
WITHDRAWN = MaterialWithdrawn(material=MATERIAL_ID, withdrawn_on=date(2026, 9, 1), replaced_by=None)
READY = (DRAFTED, OPINION, APPROVED)
TOMORROW = date(2026, 10, 7)


def test_each_step_is_taken_once_and_told_twice_changes_nothing() -> None:
    steps: list[tuple[Any, Any]] = [
        (DraftMaterial, DRAFTED),
        (GiveMaterialOpinion, OPINION),
        (ApproveMaterial, APPROVED),
        (PublishMaterial, PUBLISHED),
    ]
    history: list[Any] = []
    for command, event in steps:
        given(MATERIAL, *history).when(told(command, event)).then(event)
        history.append(event)
        given(MATERIAL, *history).when(told(command, event)).then()
    gone = WithdrawMaterial(actor="official", at=NOON, material=MATERIAL_ID, withdrawn_on=WITHDRAWN.withdrawn_on)
    given(MATERIAL, *history).when(gone).then(WITHDRAWN)
    given(MATERIAL, *history, WITHDRAWN).when(gone).then()


def test_what_the_province_is_against_is_not_approved_and_what_is_not_approved_not_published() -> None:
    no = OPINION.model_copy(update={"favourable": False})
    given(MATERIAL, DRAFTED, no).when(told(ApproveMaterial, APPROVED)).refused("OPINION_UNFAVOURABLE")
    given(MATERIAL, DRAFTED, no, OPINION).when(told(ApproveMaterial, APPROVED)).then(APPROVED)
    given(MATERIAL, DRAFTED, OPINION).when(told(PublishMaterial, PUBLISHED)).refused("MATERIAL_NOT_APPROVED")


def test_a_draft_written_anew_has_no_opinion_and_no_approval() -> None:
    other = DRAFTED.model_copy(update={"facts": MATERIAL_FACTS.model_copy(update={"language": "km"})})
    given(MATERIAL, *READY).when(told(DraftMaterial, other)).then(other)
    given(MATERIAL, *READY, other).when(told(PublishMaterial, PUBLISHED)).refused("MATERIAL_NOT_APPROVED")
    against = OPINION.model_copy(update={"favourable": False})
    given(MATERIAL, DRAFTED, against, other).when(told(ApproveMaterial, APPROVED)).then(APPROVED)
    given(MATERIAL, *READY, PUBLISHED).when(told(DraftMaterial, other)).refused("MATERIAL_PUBLISHED")


def test_days_follow_each_other_and_none_is_tomorrow() -> None:
    given(MATERIAL, DRAFTED).when(told(GiveMaterialOpinion, OPINION, given_on=TOMORROW)).refused("DAY_IN_FUTURE")
    early = told(ApproveMaterial, APPROVED, approved_on=date(2026, 2, 9))
    given(MATERIAL, DRAFTED, OPINION).when(early).refused("DAYS_OUT_OF_ORDER", field="approved_on")
    early = told(PublishMaterial, PUBLISHED, published_on=date(2026, 2, 11))
    given(MATERIAL, *READY).when(early).refused("DAYS_OUT_OF_ORDER", field="published_on")
    late = told(PublishMaterial, PUBLISHED, published_on=TOMORROW)
    given(MATERIAL, *READY).when(late).refused("DAY_IN_FUTURE", field="published_on")


def test_no_step_is_taken_back_or_taken_too_late() -> None:
    given(MATERIAL).when(told(ApproveMaterial, APPROVED)).refused("MATERIAL_UNKNOWN", field="material")
    no = told(GiveMaterialOpinion, OPINION, favourable=False)
    given(MATERIAL, *READY).when(no).refused("MATERIAL_APPROVED")
    given(MATERIAL, *READY, PUBLISHED).when(no).refused("MATERIAL_PUBLISHED")
    other = told(PublishMaterial, PUBLISHED, published_on=date(2026, 3, 1))
    given(MATERIAL, *READY, PUBLISHED).when(other).refused("MATERIAL_PUBLISHED")
    itself = told(PublishMaterial, PUBLISHED, replaces=MATERIAL_ID)
    given(MATERIAL, *READY).when(itself).refused("REPLACES_ITSELF", field="replaces")
    gone = WithdrawMaterial(actor="official", at=NOON, material=MATERIAL_ID, withdrawn_on=date(2026, 9, 2))
    given(MATERIAL, *READY).when(gone).refused("MATERIAL_NOT_PUBLISHED")
    given(MATERIAL, *READY, PUBLISHED, WITHDRAWN).when(gone).refused("MATERIAL_WITHDRAWN")


# -- in the service ----------------------------------------------------------------------------------------------------


def ask(registry: ServiceRuntime, command: str, **payload: Any) -> Answer:
    return registry.execute(command, {"actor": "official", "at": NOON.isoformat(), **payload})


@pytest.fixture
def mapped(registry: ServiceRuntime) -> ServiceRuntime:
    """A registry with a province on the map."""
    unit = {"regime": "current", "code": "96", "name": "Tỉnh Cà Mau", "level": "province", "kind": "Tỉnh"}
    assert ask(registry, "register_unit", **unit, valid_from="2025-07-01", lat=9.1, lon=105.2).accepted
    return registry


def draft(registry: ServiceRuntime, material: UUID, **facts: Any) -> Answer:
    said = {**MATERIAL_FACTS.model_dump(mode="json"), "service": None, **facts}
    return ask(registry, "draft_material", material=str(material), unit=str(PROVINCE), facts=said)


def make_ready(registry: ServiceRuntime, material: UUID, **facts: Any) -> None:
    assert draft(registry, material, **facts).accepted
    opinion = {"favourable": True, "document": "15/UBND", "given_on": "2026-02-10"}
    assert ask(registry, "give_material_opinion", material=str(material), **opinion).accepted
    assert ask(registry, "approve_material", material=str(material), approved_on="2026-02-12").accepted


def publish(registry: ServiceRuntime, material: UUID, **more: Any) -> Answer:
    return ask(registry, "publish_material", material=str(material), published_on="2026-03-01", **more)


def events(registry: ServiceRuntime) -> list[str]:
    with registry.database.read() as connection:
        return list(connection.exec_driver_sql("SELECT name FROM events ORDER BY ordinal").scalars())


def test_unit_and_service_must_be_known(mapped: ServiceRuntime) -> None:
    said = MATERIAL_FACTS.model_dump(mode="json")
    nowhere = ask(mapped, "draft_material", material=str(MATERIAL_ID), unit=str(COMMUNE), facts=said)
    assert (nowhere.code, nowhere.field) == ("UNIT_UNKNOWN", "unit")
    unknown = draft(mapped, MATERIAL_ID, service="CAMAU_G")
    assert (unknown.code, unknown.field) == ("SERVICE_UNKNOWN", "service")
    service = {"name": "CaMau-G", "name_en": "CaMau-G", "group": "digital_government"}
    assert ask(mapped, "propose_digital_service", service="CAMAU_G", facts=service).accepted
    assert draft(mapped, new_id(), service="CAMAU_G").code == "SERVICE_UNKNOWN", "proposed is not published"
    assert ask(mapped, "publish_digital_service", service="CAMAU_G").accepted
    assert draft(mapped, MATERIAL_ID, service="CAMAU_G").accepted


def test_the_newer_version_is_published_and_the_older_one_withdrawn_or_neither(mapped: ServiceRuntime) -> None:
    make_ready(mapped, MATERIAL_ID)
    make_ready(mapped, NEWER_MATERIAL_ID)
    before = events(mapped)
    refused = publish(mapped, NEWER_MATERIAL_ID, replaces=str(MATERIAL_ID))
    assert (refused.code, refused.field) == ("MATERIAL_NOT_PUBLISHED", "replaces")
    assert events(mapped) == before, "the newer one is not published either"
    assert publish(mapped, MATERIAL_ID).accepted
    assert publish(mapped, NEWER_MATERIAL_ID, replaces=str(MATERIAL_ID)).accepted
    assert events(mapped)[len(before) :] == ["material.published", "material.published", "material.withdrawn"]
    assert publish(mapped, NEWER_MATERIAL_ID, replaces=str(MATERIAL_ID)).accepted
    assert len(events(mapped)) == len(before) + 3, "told again, nothing changes"


def test_a_version_replaces_one_on_the_same_subject_in_the_same_language(mapped: ServiceRuntime) -> None:
    make_ready(mapped, MATERIAL_ID)
    make_ready(mapped, NEWER_MATERIAL_ID, language="km")
    assert publish(mapped, MATERIAL_ID).accepted
    refused = publish(mapped, NEWER_MATERIAL_ID, replaces=str(MATERIAL_ID))
    assert (refused.code, refused.field) == ("REPLACES_ANOTHER_SUBJECT", "replaces")


def test_nothing_is_replaced_but_by_what_is_published(mapped: ServiceRuntime) -> None:
    make_ready(mapped, MATERIAL_ID)
    assert publish(mapped, MATERIAL_ID).accepted
    by = {"replaced_on": "2026-03-02", "replaced_by": str(NEWER_MATERIAL_ID)}
    assert ask(mapped, "replace_material", material=str(MATERIAL_ID), **by).code == "MATERIAL_NOT_PUBLISHED"


# -- the province's opinion --------------------------------------------------------------------------------------------


ASKED = OpinionRule(
    kind="opinion",
    what="material",
    tier="province",
    severity="block",
    citation=Citation(document="KH-2022", section="III.1"),
)


def asks_for_an_opinion(registry: ServiceRuntime, valid_from: str) -> None:
    plan = PLAN.model_copy(update={"rules": (ASKED,)}).model_dump(mode="json") | {"valid_from": valid_from}
    about = {"territory": str(PROVINCE), "profile": str(new_id())}
    assert ask(registry, "draft_policy_profile", **about, plan=plan).accepted
    assert ask(registry, "publish_policy_profile", **about).accepted


def approve(registry: ServiceRuntime, day: str) -> Answer:
    return ask(registry, "approve_material", material=str(MATERIAL_ID), approved_on=day)


def test_where_the_plan_in_force_says_so_the_province_gives_its_opinion_first(mapped: ServiceRuntime) -> None:
    asks_for_an_opinion(mapped, "2026-02-01")
    assert draft(mapped, MATERIAL_ID).accepted
    missing = approve(mapped, "2026-02-12")
    assert (missing.code, missing.field) == ("OPINION_MISSING", "material")
    assert "KH-2022, III.1" in missing.message
    assert publish(mapped, MATERIAL_ID).code == "OPINION_MISSING"
    make_ready(mapped, MATERIAL_ID)
    assert publish(mapped, MATERIAL_ID).accepted


def test_where_no_plan_says_so_none_is_needed_and_one_against_it_counts_all_the_same(mapped: ServiceRuntime) -> None:
    assert draft(mapped, MATERIAL_ID).accepted
    against = {"favourable": False, "document": "15/UBND", "given_on": "2026-02-10"}
    assert ask(mapped, "give_material_opinion", material=str(MATERIAL_ID), **against).accepted
    assert approve(mapped, "2026-02-12").code == "OPINION_UNFAVOURABLE"
    assert draft(mapped, MATERIAL_ID, language="km").accepted
    assert approve(mapped, "2026-02-12").accepted
    assert publish(mapped, MATERIAL_ID).accepted


def test_a_plan_asks_for_an_opinion_from_its_first_day_on_even_of_what_was_approved(mapped: ServiceRuntime) -> None:
    asks_for_an_opinion(mapped, "2026-02-20")
    assert draft(mapped, MATERIAL_ID).accepted
    assert approve(mapped, "2026-02-12").accepted
    assert publish(mapped, MATERIAL_ID).code == "OPINION_MISSING", "issued on 1 March, when the plan held"
    late = {"material": str(MATERIAL_ID), "favourable": True, "document": "15/UBND", "given_on": "2026-02-25"}
    assert ask(mapped, "give_material_opinion", **late).accepted
    assert publish(mapped, MATERIAL_ID).accepted
