"""Databases for kernel tests, migrated: the same promises on SQLite and PostgreSQL."""

from collections.abc import Callable, Iterator

import pytest

from services.kernel.database import Database
from tests.kernel.driving import Counting


@pytest.fixture
def postgres(prepared: Callable[[str, str], str]) -> Iterator[Database]:
    """A migrated PostgreSQL database."""
    database = Database(prepared("postgresql", "kernel"), pool_size=16)
    yield database
    database.close()


@pytest.fixture
def sqlite(prepared: Callable[[str, str], str]) -> Iterator[Database]:
    """A migrated SQLite database."""
    database = Database(prepared("sqlite", "kernel"))
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
