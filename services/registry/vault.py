"""The vault of the registry: names and telephone numbers of members, outside every event.

A person here is a member until the next erasure: who comes back after one gets a new key, and the old one stays gone.
"""

from services.kernel import sealing
from services.kernel.erasures import journal_from
from services.kernel.settings import Settings
from services.kernel.vault import Keys, vault_tables

TABLES = vault_tables("person")


def keys_from_settings(settings: Settings) -> Keys:
    """What the settings name; in development made under `var`. Raises `sealing.KeyMissing`, `JournalMissing`."""
    home, mode = settings.var_dir / "keys", settings.mode
    master = sealing.keys_from(settings.master_key, variable="CAUSO_MASTER_KEY", file=home / "master.key", mode=mode)
    private = sealing.keys_from(
        settings.people_private_key, variable="CAUSO_PEOPLE_PRIVATE_KEY", file=home / "people.key", mode=mode
    )
    return Keys(tuple(master), tuple(private), journal_from(settings, "registry-"))
