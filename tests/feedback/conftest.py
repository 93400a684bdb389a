"""The feedback service in one process on both databases, with keys of its own and a clock that stands still."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import orjson
import pytest
from sqlalchemy import insert

from services.feedback.letters import letter_context
from services.feedback.service import define
from services.feedback.territory import FOR_EVER, TERRITORY
from services.feedback.vault import Keys, Vault
from services.kernel import sealing
from services.kernel.database import Database
from services.kernel.definition import ServiceDefinition
from services.kernel.identifiers import derived_id
from services.kernel.runtime import ServiceRuntime
from services.kernel.settings import Settings

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
PROVINCE = derived_id("unit", "current", "province", "96")
COMMUNE = derived_id("unit", "current", "commune", "31843")
ENDED = derived_id("unit", "legacy", "commune", "31843")


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    """Fresh keys and an empty journal."""
    return Keys((sealing.new_key(),), (sealing.new_private_key(),), tmp_path / "erasures.journal")


@pytest.fixture
def definition(keys: Keys) -> ServiceDefinition:
    """The service with these keys."""
    return define(lambda: keys)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, prepared: Callable[[str, str], str]) -> Iterator[Database]:
    """A migrated database that knows one province, one commune of today and one of the past."""
    database = Database(prepared(request.param, "feedback"))
    units: list[dict[str, str | None]] = [
        {"unit": str(PROVINCE), "level": "province", "valid_to": None},
        {"unit": str(COMMUNE), "level": "commune", "valid_to": None},
        {"unit": str(ENDED), "level": "commune", "valid_to": date(2025, 6, 30).isoformat()},
    ]
    charge = {"unit": str(COMMUNE), "above": str(PROVINCE), "since": "", "until": FOR_EVER, "parent": True}
    with database.write() as connection:
        connection.execute(insert(TERRITORY.units), units)
        connection.execute(insert(TERRITORY.charges), [charge])
    yield database
    database.close()


@pytest.fixture
def runtime(definition: ServiceDefinition, database: Database) -> Iterator[ServiceRuntime]:
    """The running service."""
    runtime = ServiceRuntime(definition, database, Settings(), clock=lambda: NOW)
    yield runtime
    runtime.processor.let_go()


@pytest.fixture
def vault(database: Database, keys: Keys) -> Vault:
    """The vault, opened by itself."""
    return Vault(database, keys)


def sealed_letter(keys: Keys, case: UUID, **letter: object) -> str:
    """What the gateway's intake makes of a resident's words."""
    public = sealing.public_half(keys.private[0])
    return sealing.to_base64(sealing.seal_to(public, orjson.dumps(letter), letter_context(case)))
