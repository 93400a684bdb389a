"""Databases for kernel tests, migrated: the same promises on SQLite and PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.kernel.database import Database
from services.kernel.migrate import migrate
from tests.kernel.driving import Counting


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[Database]:
    """A migrated PostgreSQL database."""
    database = Database(postgres_url, pool_size=16)
    migrate(database)
    yield database
    database.close()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    """A migrated SQLite database."""
    database = Database(f"sqlite:///{tmp_path / 'kernel.db'}")
    migrate(database)
    yield database
    database.close()


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> Database:
    """One after the other."""
    found: Database = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def counting(database: Database) -> Counting:
    """The counting service on either database."""
    return Counting(database)
