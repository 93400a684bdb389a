"""Migrations: Alembic, one history for the kernel's own tables and one per service, in every service's database.

Read models are not migrated: they are created when missing and rebuilt when their shape changes.
"""

from collections.abc import Sequence
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from services.kernel.database import Database
from services.kernel.projection import Projection

KERNEL_HOME = Path(__file__).parent


def migrate(database: Database, homes: Sequence[Path] = (), *, store: bool = True) -> None:
    """Bring a database to the newest version. `homes` are folders with `migrations/`; `store` adds the event store.

    Idempotent; safe to run from several processes at once on PostgreSQL (the second waits).
    """
    config = _config(homes, store=store)
    with database.write() as connection:
        if database.is_postgres:
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7151003)")
        config.attributes["connection"] = connection
        command.upgrade(config, "heads")


def is_current(database: Database, homes: Sequence[Path] = (), *, store: bool = True) -> bool:
    """True when no migration is missing."""
    heads = set(ScriptDirectory.from_config(_config(homes, store=store)).get_heads())
    with database.read() as connection:
        return set(MigrationContext.configure(connection).get_current_heads()) == heads


def create_read_models(database: Database, projections: Sequence[type[Projection]]) -> None:
    """Create the tables of read models that are not there yet."""
    with database.read() as connection:
        existing = set(inspect(connection).get_table_names())
    for projection_class in projections:
        projection = projection_class()
        if not set(projection.metadata.tables) <= existing:
            with database.write() as connection:
                projection.metadata.create_all(connection)


def _config(homes: Sequence[Path], *, store: bool) -> Config:
    config = Config()
    config.set_main_option("script_location", str(KERNEL_HOME / "migrations"))
    places = [KERNEL_HOME / "migrations" / "consumption", *(home / "migrations" for home in homes)]
    if store:
        places.insert(0, KERNEL_HOME / "migrations" / "store")
    config.set_main_option("version_locations", "\n".join(str(place) for place in places if place.is_dir()))
    config.set_main_option("path_separator", "newline")
    return config
