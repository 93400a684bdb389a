"""Every event version ever shipped can still be read, and what is written today is what was promised."""

from pathlib import Path

import orjson
import pytest

from services.kernel.message import Event, read
from services.visits.examples import EXAMPLES, VISIT_RECORDED
from services.visits.visit import VisitRecorded

GOLDEN = Path(__file__).parent.parent / "golden" / "visits"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_todays_event_is_stored_as_its_golden_file(example: Event) -> None:
    body = (GOLDEN / f"{example.name}.v{example.schema_version}.json").read_text(encoding="utf-8")
    assert orjson.loads(example.model_dump_json()) == orjson.loads(body)
    assert read(type(example), example.schema_version, body) == example


def test_version_1_of_a_visit_reads_as_todays() -> None:
    body = (GOLDEN / "visit.recorded.v1.json").read_text(encoding="utf-8")
    assert read(VisitRecorded, 1, body) == VISIT_RECORDED


def test_a_reader_ignores_fields_of_the_future() -> None:
    body = {**orjson.loads(VISIT_RECORDED.model_dump_json()), "weather": "rain"}
    assert read(VisitRecorded, 2, orjson.dumps(body).decode()) == VISIT_RECORDED
