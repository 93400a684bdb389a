"""Settings: everything the environment decides, in one class, read once at start.

Every field is an environment variable with the prefix `CAUSO_`; secrets may come from files in `CAUSO_SECRETS_DIR`
(one file a field, named in lower case). A bad value stops the start with the variable and the rule, never the value.
"""

from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Mode(StrEnum):
    """How strict to be: demo tokens and generated keys exist in development only."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Settings(BaseSettings):
    """What can be set from outside, with its unit and default."""

    model_config = SettingsConfigDict(env_prefix="CAUSO_", extra="ignore", hide_input_in_errors=True)

    mode: Mode = Mode.DEVELOPMENT
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    var_dir: Path = Path("var")
    """Where the embedded run keeps its databases, keys and beats."""
    database_url: str | None = Field(default=None, repr=False)
    """PostgreSQL for the distributed run, with `{service}` in the place of the database's name:
    `postgresql+psycopg://user:password@host/{service}`. A role of one database may be given that one's own URL without
    it. Unset: SQLite files under `var_dir`."""
    amqp_url: str | None = Field(default=None, repr=False)
    """RabbitMQ, `amqp://user:password@host:5672/vhost`. Unset: events are handed over in-process."""
    token_key: SecretStr | None = None
    """Key (≥ 32 characters) that signs bearer tokens of the development issuer."""
    master_key: SecretStr | None = None
    """Base64 of 32 bytes: wraps the per-person keys in the privacy vault."""
    intake_private_key: SecretStr | None = None
    """Base64 of the feedback service's X25519 private keys, newest first, separated by commas; the gateway only ever
    holds the public half of the newest."""
    intake_public_key: str | None = None
    """Base64 of the X25519 public key the gateway seals to."""
    people_private_key: SecretStr | None = None
    """Base64 of the X25519 private keys of the service that keeps the names and numbers of those who serve, newest
    first, separated by commas."""
    people_public_key: str | None = None
    """Base64 of the X25519 public key the gateway seals those to."""
    contact_retention_days: int | None = Field(default=None, ge=0)
    """Days after somebody left until their name and number are erased (`causo erase-contacts`). Unset: nobody has
    decided, nothing is erased by itself."""
    code_key: SecretStr | None = None
    """Base64 of 32 bytes, the gateway's own: tracking codes and form tokens are derived from it. Never change it."""
    erasure_journal: Path | None = None
    """File that remembers erasures, outside the databases and their backups, shared by all of one service's processes.
    Unset: `erasures.journal` in `var_dir`, in development."""
    trusted_proxies: str = ""
    """Addresses of our own reverse proxies, separated by commas; only they may say for whom they ask. Never `*`."""
    hosts: str = ""
    """Host names the gateway answers to, separated by commas. Unset: this machine's own names in development, any name
    in production, where the proxy in front decides."""
    files_dir: Path | None = None
    """Where the gateway keeps the files officials upload, shared by its replicas. Unset: `files` in `var_dir`."""
    file_most_bytes: int = Field(default=50_000_000, ge=1_000_000, le=1_000_000_000)
    """How large one of them may be."""
    beat_file: Path | None = None
    """Touched whenever the process makes progress; the watchdog outside reads its age."""
    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")
    rpc_timeout_seconds: float = Field(default=5.0, gt=0, le=60)
    announce_seconds: float = Field(default=5.0, gt=0, le=5)
    """How often the relay announces its head; the architecture promises at least every 5 s."""
    feed_max_age: str = Field(default="30D", pattern=r"^\d+[YMDhms]$")
    """Window of the integrators' stream, in RabbitMQ's notation."""
    feed_segment_bytes: int = Field(default=5_000_000, ge=1_000_000, le=500_000_000)

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies_are_named(cls, value: str) -> str:
        if "*" in value:
            raise ValueError("must name the addresses of your own proxies, never *: anybody could say for whom he asks")
        return value

    @model_validator(mode="after")
    def _production_brings_its_own_secrets(self) -> Self:
        if self.mode is Mode.PRODUCTION:
            for name in ("database_url", "amqp_url"):
                value = getattr(self, name)
                if value is None:
                    raise ValueError(f"CAUSO_{name.upper()} is required in production mode")
                if "guest:guest@" in value or ":postgres@" in value:
                    raise ValueError(f"CAUSO_{name.upper()} must not use a default password in production mode")
        return self

    @property
    def embedded(self) -> bool:
        """True when everything runs in one process on SQLite."""
        return self.database_url is None and self.amqp_url is None
