"""The vault of feedback: what residents wrote and what they were answered; each case is a person of its own."""

from collections.abc import Callable

from services.kernel import sealing, vault
from services.kernel.database import Database
from services.kernel.erasures import journal_from
from services.kernel.settings import Settings
from services.kernel.vault import Keys, vault_tables

TABLES = vault_tables("case_id")
VAULT = TABLES.metadata
persons, letters, replayed = TABLES.persons, TABLES.letters, TABLES.replayed


def keys_from_settings(settings: Settings) -> Keys:
    """What the settings name; in development made under `var`. Raises `sealing.KeyMissing`, `JournalMissing`."""
    home = settings.var_dir / "keys"
    master = sealing.keys_from(
        settings.master_key, variable="CAUSO_MASTER_KEY", file=home / "master.key", mode=settings.mode
    )
    private = sealing.keys_from(
        settings.intake_private_key, variable="CAUSO_INTAKE_PRIVATE_KEY", file=home / "intake.key", mode=settings.mode
    )
    return Keys(tuple(master), tuple(private), journal_from(settings))


class Vault(vault.Vault):
    """The vault in one database, its journal already replayed."""

    def __init__(self, database: Database, keys: Keys) -> None:
        super().__init__(database, keys, TABLES)


class Vaults(vault.Vaults):
    """Opens each database's vault once."""

    def __init__(self, keys: Callable[[], Keys]) -> None:
        super().__init__(keys, TABLES)


__all__ = ["TABLES", "VAULT", "Keys", "Vault", "Vaults", "keys_from_settings", "letters", "persons", "replayed"]
