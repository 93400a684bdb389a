"""Migrations: any number of times, from anywhere at once, ending in what the code says."""

from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import MetaData, Table, inspect

from services.kernel.consumption import CONSUMPTION
from services.kernel.database import Database
from services.kernel.migrate import create_read_models, is_current, migrate
from services.kernel.store import STORE
from tests.kernel.counter import Totals
from tests.kernel.driving import Counting, at_once


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Database]:
    """Opens the same empty database again and again."""
    if request.param == "sqlite":
        return lambda: Database(f"sqlite:///{tmp_path / 'empty.db'}")
    url: str = request.getfixturevalue("postgres_url")
    return lambda: Database(url)


def names(database: Database) -> set[str]:
    with database.read() as connection:
        return set(inspect(connection).get_table_names())


def test_migrating_is_idempotent(empty: Callable[[], Database]) -> None:
    database = empty()
    assert not is_current(database)
    for _ in range(3):
        migrate(database)
        assert is_current(database)
    database.close()


def test_migrating_again_keeps_what_is_there(counting: Counting) -> None:
    counting.counter(1, 2)
    before = counting.log()
    migrate(counting.database)
    assert counting.log() == before


def test_a_database_that_only_follows_has_no_event_store(empty: Callable[[], Database]) -> None:
    database = empty()
    migrate(database, store=False)
    assert is_current(database, store=False)
    assert names(database) == {*CONSUMPTION.tables, "alembic_version"}
    migrate(database)
    assert names(database) == {*CONSUMPTION.tables, *STORE.tables, "alembic_version"}
    database.close()


def test_processes_that_start_together_migrate_once(empty: Callable[[], Database]) -> None:
    def start(_number: int) -> bool:
        database = empty()
        migrate(database)
        current = is_current(database)
        database.close()
        return current

    assert at_once(4, start) == [True] * 4


def test_the_tables_are_those_of_the_code(database: Database) -> None:
    declared = MetaData()
    for table in (*STORE.tables.values(), *CONSUMPTION.tables.values()):
        table.to_metadata(declared)
    with database.read() as connection:
        # SQLite gives defaults back as they were written, quotes and all: only PostgreSQL's can be compared.
        options = {"compare_type": True, "compare_server_default": database.is_postgres}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, declared) == []


def test_a_difference_would_be_noticed(database: Database) -> None:
    declared = MetaData()
    for table in STORE.tables.values():
        table.to_metadata(declared)
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), declared)


def test_read_models_are_created_when_missing_and_left_when_there(counting: Counting) -> None:
    counter = counting.counter(1)
    counting.follower().catch_up()
    create_read_models(counting.database, [Totals])
    assert counting.read() == {str(counter): (1, 2, 2)}
    with counting.database.write() as connection:
        counting.totals.metadata.drop_all(connection)
    create_read_models(counting.database, [Totals])
    assert counting.read() == {}


def test_a_service_brings_its_own_migrations(database: Database, tmp_path: Path) -> None:
    home = tmp_path / "service"
    (home / "migrations").mkdir(parents=True)
    (home / "migrations" / "0001_vault.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\n"
        'revision = "vault_0001"\ndown_revision = None\nbranch_labels = ("vault",)\ndepends_on = None\n'
        'def upgrade():\n    op.create_table("vault", sa.Column("person", sa.Text, primary_key=True))\n'
    )
    assert not is_current(database, [home])
    migrate(database, [home])
    assert is_current(database, [home])
    found = Table("vault", MetaData())
    assert found.name in names(database)
