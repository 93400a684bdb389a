"""Every event version ever shipped can still be read, and what is written today is what was promised."""

from pathlib import Path

import orjson
import pytest

from services.kernel.message import Event, read
from services.reporting.examples import EXAMPLES

GOLDEN = Path(__file__).parent.parent / "golden" / "reporting"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_todays_event_is_stored_as_its_golden_file(example: Event) -> None:
    body = (GOLDEN / f"{example.name}.v{example.schema_version}.json").read_text(encoding="utf-8")
    promised, today = orjson.loads(body), orjson.loads(example.model_dump_json())
    assert {key: today.get(key) for key in promised} == promised
    assert read(type(example), example.schema_version, body) == example
