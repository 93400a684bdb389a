"""Which services a report may name: the first codes, and what the registry told of."""

from uuid import UUID

import pytest

from services.feedback.case import SubmitFeedback
from services.feedback.catalogue import CATALOGUE, DigitalServicePublished
from services.feedback.vault import Keys
from services.kernel.bus import Answer
from services.kernel.database import Database
from services.kernel.identifiers import new_id
from services.kernel.message import Recorded
from services.kernel.projection import Delivered
from services.kernel.runtime import ServiceRuntime
from tests.feedback.conftest import COMMUNE, NOW, sealed_letter


@pytest.fixture
def case() -> UUID:
    return new_id()


def report(keys: Keys, case: UUID, service: str) -> SubmitFeedback:
    letter = sealed_letter(keys, case, text="chữ")
    told = {"case": case, "category": "ACC_OTP", "service": service, "commune": COMMUNE, "letter": letter}
    return SubmitFeedback.model_validate({"actor": "test", "at": NOW, **told})


def test_the_first_codes_are_accepted_before_any_catalogue_was_imported(
    runtime: ServiceRuntime, keys: Keys, case: UUID
) -> None:
    assert runtime.processor.execute(report(keys, case, "VNEID_L2")).accepted


def test_a_report_refused_for_a_service_not_heard_of_succeeds_once_it_is(
    runtime: ServiceRuntime, database: Database, keys: Keys, case: UUID
) -> None:
    told = report(keys, case, "NEW_APP")

    def send() -> Answer:
        return runtime.processor.execute(told)

    assert (send().code, send().field) == ("UNKNOWN_SERVICE", "service")
    recorded = Recorded(1, "", "", 1, "digital_service.published", 1, "", "", "", "")
    with database.write() as connection:
        CATALOGUE.apply(connection, [Delivered("registry", DigitalServicePublished(service="NEW_APP"), recorded)] * 2)
    assert send().accepted, "not remembered: the same command comes through"
