"""The stage: private servers, fresh databases and vhosts for every run, and the processes that run on it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from deploy.local.postgres import PostgresServer
from deploy.local.rabbitmq import RabbitServer
from services.kernel.database import Database
from services.kernel.migrate import migrate

ROOT = Path(__file__).parent.parent
LONGEST_RUN_SECONDS = 3600


class RunFailed(RuntimeError):
    """A measured process ended badly; the message carries the end of its errors."""


@dataclass
class Stage:
    """What a question needs to be answered. `size(full, small)` picks by `quick`."""

    home: Path
    postgres: PostgresServer
    rabbitmq: RabbitServer
    peers: Path
    rounds: int
    quick: bool
    scale: int
    say: Callable[[str], None]
    _templates: set[str] = field(default_factory=set)

    def size(self, full: int, small: int) -> int:
        """How much work: `small` for a quick look."""
        return small if self.quick else full

    # -- databases ------------------------------------------------------------------------------------------------

    def template(self, name: str, fill: Callable[[Database], None] = lambda database: None) -> str:
        """A database with the kernel's tables, filled once, to be copied for each run; returns its name."""
        if name in self._templates:
            return name
        self.postgres.ensure_database(name)
        # Filling is no measured part, so it may take its time.
        database = Database(self.postgres.database_url(name), pool_size=1, pg_options="-c timezone=UTC")
        migrate(database)
        fill(database)
        database.close()
        with self.postgres.connect(name) as connection:
            connection.execute("VACUUM (ANALYZE)")
        self._templates.add(name)
        return name

    @contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """The URL of a fresh copy of `template`, everything before it written to disk; gone afterwards."""
        name = f"run_{uuid4().hex[:12]}"
        with self.postgres.connect() as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
            connection.execute("CHECKPOINT")
        try:
            yield self.postgres.database_url(name)
        finally:
            self.drop(name)

    def drop(self, name: str) -> None:
        """Delete a database, whoever is connected."""
        with self.postgres.connect() as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    # -- vhosts ---------------------------------------------------------------------------------------------------

    @contextmanager
    def vhost(self) -> Iterator[str]:
        """The URL of a vhost without any queue; gone afterwards, with what lay in it."""
        name = f"run-{uuid4().hex[:12]}"
        self.rabbitmq.add_vhosts(name)
        try:
            yield self.rabbitmq.vhost_url(name)
        finally:
            self.rabbitmq.rabbitmqctl("delete_vhost", name)

    # -- processes ------------------------------------------------------------------------------------------------

    def ours(self, target: str, **given: Any) -> Any:
        """Run one of our functions (`module:function`) in a fresh process; its answer. Raises `RunFailed`."""
        return _answer(self._start_ours(target, given), target)

    def peer(self, script: str, **given: Any) -> Any:
        """Run a script of `peers/` in the peers' environment; its answer. Raises `RunFailed`."""
        path = Path(__file__).parent / "peers" / f"{script}.py"
        return _answer(_start([str(self.peers), str(path), json.dumps(given)]), script)

    @contextmanager
    def beside(self, target: str, **given: Any) -> Iterator["Beside"]:
        """One of our functions running beside the measured one: it has said `ready` when the block begins."""
        process = self._start_ours(target, given)
        assert process.stdout is not None
        if process.stdout.readline().strip() != "ready":
            _answer(process, target)
            raise RunFailed(f"{target} ended before it was ready")
        try:
            yield Beside(process, target)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(30)

    def _start_ours(self, target: str, given: dict[str, Any]) -> "subprocess.Popen[str]":
        return _start([sys.executable, "-m", "benchmarks.child", target, json.dumps(given)])


@dataclass(frozen=True)
class Beside:
    """A process that runs beside; `finish` asks for its answer."""

    process: "subprocess.Popen[str]"
    target: str

    def finish(self) -> Any:
        """Close its standard input, which tells it to come to an end, and take its answer."""
        return _answer(self.process, self.target)


def _start(command: list[str]) -> "subprocess.Popen[str]":
    # What a developer has set for his own runs must decide nothing here.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("CAUSO_", "PYTHON"))}
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, cwd=ROOT, env=environment)


def _answer(process: "subprocess.Popen[str]", what: str) -> Any:
    try:
        out, err = process.communicate(timeout=LONGEST_RUN_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise RunFailed(f"{what} took longer than {LONGEST_RUN_SECONDS} s:\n{err[-2000:]}") from None
    if process.returncode != 0:
        raise RunFailed(f"{what} failed:\n{err[-3000:]}")
    return json.loads(out.splitlines()[-1])
