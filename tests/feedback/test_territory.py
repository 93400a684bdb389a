"""What feedback knows of the map, and what it refuses by it."""

from uuid import UUID

import pytest

from services.feedback.case import CASE, SubmitFeedback
from services.feedback.territory import TERRITORY, UnitRegistered
from services.feedback.vault import Keys
from services.kernel.database import Database
from services.kernel.identifiers import new_id
from services.kernel.message import Recorded
from services.kernel.projection import Delivered
from services.kernel.runtime import ServiceRuntime
from tests.feedback.conftest import COMMUNE, ENDED, NOW, PROVINCE, sealed_letter


def test_the_chain_of_a_commune_ends_at_its_province(database: Database) -> None:
    with database.read() as connection:
        assert TERRITORY.chain(connection, COMMUNE) == [str(COMMUNE), str(PROVINCE)]


def test_the_registry_may_tell_the_same_unit_twice(database: Database) -> None:
    unit = new_id()
    recorded = Recorded(1, "", "", 1, "unit.registered", 1, "", "", "", "")
    told = [Delivered("registry", UnitRegistered(unit=unit, level="commune", parent=PROVINCE), recorded)] * 2
    with database.write() as connection:
        TERRITORY.apply(connection, told)
        TERRITORY.apply(connection, told)
    with database.read() as connection:
        assert connection.execute(TERRITORY.commune, {"unit": str(unit)}).all() == [(None,)]


@pytest.mark.parametrize(
    ("commune", "code"),
    [(new_id(), "UNKNOWN_COMMUNE"), (PROVINCE, "UNKNOWN_COMMUNE"), (ENDED, "COMMUNE_ENDED")],
    ids=["unknown", "a province", "merged away"],
)
def test_a_report_names_a_commune_of_today(runtime: ServiceRuntime, keys: Keys, commune: UUID, code: str) -> None:
    case = new_id()
    answer = runtime.processor.execute(
        SubmitFeedback(
            actor="test",
            at=NOW,
            case=case,
            category="SCAM",
            commune=commune,
            letter=sealed_letter(keys, case, text="chữ"),
        )
    )
    assert (answer.accepted, answer.code, answer.field) == (False, code, "commune")
    assert CASE.stream_of(case) == f"case-{case}"
