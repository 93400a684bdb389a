"""Reading the environment once, and saying in one line each what is wrong with it: the variable and the rule.

Values are never repeated: a mistyped password must not end up in a log.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import ValidationError

from services.kernel.settings import Settings

DATABASE_EXAMPLE = "postgresql+psycopg://user:password@host:5432/{service}"
AMQP_EXAMPLE = "amqp://user:password@host:5672/vhost"


class BadEnvironment(Exception):
    """The environment cannot be used; the message has one line per variable."""


def read_settings() -> Settings:
    """Settings from variables `CAUSO_*` and from files of those names in `CAUSO_SECRETS_DIR`.

    Raises `BadEnvironment`.
    """
    folder = os.environ.get("CAUSO_SECRETS_DIR")
    if folder and not Path(folder).is_dir():
        raise BadEnvironment("CAUSO_SECRETS_DIR: must be a folder that exists")
    try:
        settings = Settings(_secrets_dir=folder or None)
    except ValidationError as error:
        raise BadEnvironment("\n".join(_lines(error))) from None
    faults = list(_bad_addresses(settings))
    if faults:
        raise BadEnvironment("\n".join(faults))
    return settings


def read_settings_beside() -> Settings:
    """The same for commands that look after what runs: without URLs of its own, those of a running `causo up`."""
    settings = read_settings()
    if not settings.embedded:
        return settings
    from deploy.supervision import servers

    return settings.model_copy(update=servers(settings.var_dir))


def _bad_addresses(settings: Settings) -> Iterator[str]:
    if settings.database_url is not None:
        # Not at the top: a service's process reads its settings before it loads what must be patched first.
        from sqlalchemy.engine import make_url
        from sqlalchemy.exc import ArgumentError

        try:
            url = make_url(settings.database_url)
        except ArgumentError:
            url = None
        if url is None or url.drivername != "postgresql+psycopg":
            yield f"CAUSO_DATABASE_URL: must look like {DATABASE_EXAMPLE}"
    if settings.amqp_url is not None:
        parts = urlsplit(settings.amqp_url)
        if parts.scheme not in ("amqp", "amqps") or not parts.hostname:
            yield f"CAUSO_AMQP_URL: must look like {AMQP_EXAMPLE}"


def _lines(error: ValidationError) -> Iterator[str]:
    for fault in error.errors(include_input=False, include_url=False, include_context=False):
        rule = fault["msg"].removeprefix("Value error, ").removeprefix("Input ")
        if fault["loc"]:
            yield f"CAUSO_{str(fault['loc'][0]).upper()}: {rule}"
        else:
            yield rule
