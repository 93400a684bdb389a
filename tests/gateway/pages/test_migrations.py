"""What the migrations make is what the code writes to."""

from sqlalchemy import MetaData, inspect

from gateway.intake import INTAKE
from services.feedback.vault import VAULT
from services.kernel.database import Database
from tests.gateway.pages.conftest import Site


def columns(database: Database, metadata: MetaData) -> dict[str, set[tuple[str, bool]]]:
    inspector = inspect(database.engine)
    return {
        name: {(column["name"], bool(column["nullable"])) for column in inspector.get_columns(name)}
        for name in metadata.tables
    }


def declared(metadata: MetaData) -> dict[str, set[tuple[str, bool]]]:
    return {
        name: {(column.name, bool(column.nullable)) for column in table.columns}
        for name, table in metadata.tables.items()
    }


def test_the_intake_and_the_vault_are_migrated_as_declared(site: Site) -> None:
    assert columns(site.database, INTAKE) == declared(INTAKE)
    assert columns(site.runtime.database, VAULT) == declared(VAULT)
