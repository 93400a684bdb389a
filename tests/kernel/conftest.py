"""Databases for kernel tests, migrated: the same promises on SQLite and PostgreSQL."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy.engine import URL, make_url

from services.kernel.database import Database
from services.kernel.migrate import migrate
from tests.kernel.driving import Counting


@pytest.fixture(scope="session")
def migrated(new_database: Callable[[str], str]) -> str:
    """Name of a migrated PostgreSQL database that the others are copied from."""
    name = f"kernel_{uuid4().hex[:12]}"
    database = Database(new_database(name))
    migrate(database)
    database.close()
    return name


@pytest.fixture
def postgres(postgres_server: str, migrated: str) -> Iterator[Database]:
    """A migrated PostgreSQL database."""
    name = f"test_{uuid4().hex[:12]}"
    server = make_url(postgres_server)
    administer(server, f'CREATE DATABASE "{name}" TEMPLATE "{migrated}"')
    database = Database(server.set(database=name).render_as_string(hide_password=False), pool_size=16)
    yield database
    database.close()
    administer(server, f'DROP DATABASE "{name}" WITH (FORCE)')


def administer(server: URL, statement: str) -> None:
    url = server.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


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
