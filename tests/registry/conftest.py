"""A registry of the test's own: the real one, on a fresh SQLite file."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.kernel.database import Database
from services.kernel.migrate import migrate
from services.kernel.runtime import ServiceRuntime
from services.kernel.settings import Settings
from services.registry.service import DEFINITION

NOON = datetime(2026, 10, 6, 5, 0, tzinfo=UTC)
"""Noon in Vietnam on 6 October 2026."""


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[ServiceRuntime]:
    database = Database(f"sqlite:///{tmp_path / 'registry.db'}")
    migrate(database, [DEFINITION.home])
    yield ServiceRuntime(DEFINITION, database, Settings(), clock=lambda: NOON)
    database.close()
