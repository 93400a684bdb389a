"""Identifiers: UUIDv7, so that keys made later sort later and index pages fill from the right."""

from uuid import NAMESPACE_URL, UUID, uuid5

from uuid_utils import compat


def new_id() -> UUID:
    """A fresh UUIDv7, strictly increasing within one process."""
    return compat.uuid7()


def derived_id(*parts: object) -> UUID:
    """The same id for the same parts, everywhere and always; how a process manager stays idempotent."""
    return uuid5(NAMESPACE_URL, "causo:" + "/".join(str(part) for part in parts))
