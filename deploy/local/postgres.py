"""A PostgreSQL server of our own, in the foreground, its data in a directory of our own.

Durability is real unless told otherwise: fsync and full commits are on, because what is measured and killed here must
behave like production. Only a password opens it, and only 127.0.0.1 and no socket file lead to it.
"""

import secrets
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from deploy.local import packages, processes
from deploy.local.processes import LOOPBACK

USER = "postgres"
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "fsync": "on",
    "synchronous_commit": "on",
    "max_connections": "300",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    "jit": "off",
    "timezone": "UTC",
    "log_line_prefix": "%m [%p] %d ",
}


@dataclass
class PostgresServer:
    """One private server: `start()` it, use `url`, `stop()` it. `kill()` is a power cut; `start()` again recovers."""

    home: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    port: int = 0
    password: str = field(default="", repr=False)
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Administrator's URL, to the database `postgres`."""
        return self.database_url("postgres")

    def database_url(self, database: str) -> str:
        """URL of one database here; `{service}` may stand in the name."""
        return f"postgresql+psycopg://{USER}:{self.password}@{LOOPBACK}:{self.port}/{database}"

    @property
    def log(self) -> Path:
        """What the server wrote."""
        return self.home / "postgres.log"

    @property
    def pid(self) -> int:
        """The postmaster's process id; 0 when it does not run."""
        return self._process.pid if self._process is not None and self._process.poll() is None else 0

    def start(self, timeout: float = 30) -> None:
        """Start it, on data made at the first start. Raises `LocalServerError`."""
        if self.pid:
            return
        server = packages.require_postgres("postgres")
        self.home.mkdir(parents=True, exist_ok=True)
        data = processes.own_directory(self.home / "postgres", USER)
        if not (data / "PG_VERSION").exists():
            self._initialise(data)
        self.password = self.password or (self.home / "postgres.password").read_text().strip()
        self.port = self.port or processes.free_port()
        options = {**SETTINGS, **self.settings, "port": str(self.port)}
        command = [str(server), "-D", str(data), *(f"--{name}={value}" for name, value in options.items())]
        self._process = processes.spawn(processes.as_user(USER, command, die_with_us=signal.SIGINT), self.log)
        self._wait(timeout)

    def _initialise(self, data: Path) -> None:
        self.password = secrets.token_urlsafe(24)
        processes.own_file(self.home / "postgres.password", self.password, "root")
        handed = processes.own_file(data.parent / "initdb.password", self.password, USER)
        initdb = packages.require_postgres("initdb")
        command = [str(initdb), "-D", str(data), "-U", USER, "--auth=scram-sha-256", f"--pwfile={handed}"]
        command += ["--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions"]
        try:
            processes.run(processes.as_user(USER, command))
        finally:
            handed.unlink()

    def _wait(self, timeout: float) -> None:
        until = time.monotonic() + timeout
        while True:
            try:
                self.connect().close()
                return
            except psycopg.OperationalError:
                if not self.pid or time.monotonic() > until:
                    self.kill()
                    raise processes.did_not_start("PostgreSQL", self.log) from None
                time.sleep(0.05)

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """A connection of the administrator that commits every statement by itself."""
        return psycopg.connect(
            host=LOOPBACK,
            port=self.port,
            user=USER,
            password=self.password,
            dbname=database,
            autocommit=True,
            connect_timeout=5,
        )

    def stop(self) -> None:
        """End it cleanly: connections are closed, data is on disk."""
        processes.end(self._process, signal.SIGINT)
        self._process = None

    def kill(self) -> None:
        """kill -9 of the postmaster; its children notice and end by themselves."""
        processes.end(self._process, signal.SIGKILL)
        self._process = None

    def ensure_database(self, name: str) -> None:
        """Make a database unless it is there."""
        with self.connect() as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
