"""The two ways to run, started as an operator starts them; what a test asks of either is the same."""

import csv
import os
import shutil
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import httpx2

from deploy import system
from deploy.connecting import development_token
from deploy.local import packages, processes
from deploy.local.postgres import PostgresServer
from deploy.local.rabbitmq import RabbitServer
from deploy.topology import Topology
from services.kernel.settings import Settings
from services.registry.import_map import PROFILES, REORGANISATIONS, SUCCESSIONS_CSV, UNITS_CSV

ROOT = Path(__file__).parent.parent.parent
PATIENCE_SECONDS = 90.0
"""For what must happen but has no promised bound; a busy machine may take long."""
FIRST_START_SECONDS = 420.0
"""The whole map is imported; a quiet machine needs less than one."""
PROVINCES = {("legacy", "95"), ("legacy", "96"), ("current", "96"), ("current", "91")}
"""Of the distributed run's map: what became Cà Mau, Cà Mau, and An Giang, which has no plan."""
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For requests over plain HTTP: each would else load every certificate authority there is, for 25 ms."""
T = TypeVar("T")


def eventually(look: Callable[[], T], what: str, seconds: float = PATIENCE_SECONDS) -> T:
    """What `look` gives once it is something. Fails with `what`."""
    until = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < until, f"not within {seconds:g} s: {what}"
        time.sleep(0.05)
    return found


class Running:
    """What both ways to run have in common: an address, tokens, the command, and places where data may lie."""

    home: Path
    """Everything this system writes lies below."""
    settings: Settings

    @property
    def url(self) -> str:
        """Where the gateway listens."""
        return f"http://127.0.0.1:{self.settings.port}"

    @cache  # noqa: B019  a session has two systems and a dozen viewers
    def token(self, role: str, *units: str, body: str | None = None) -> str:
        """What `causo token` prints."""
        return development_token(self.settings, role, units, body)

    def environment(self) -> dict[str, str]:
        """Variables for `causo` beside this system."""
        return {"CAUSO_VAR_DIR": str(self.settings.var_dir), "CAUSO_PORT": str(self.settings.port)}

    def whole_environment(self) -> dict[str, str]:
        """The same with what is not ours; nothing of what a developer has set for his own runs."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CAUSO_")}
        return kept | {"PYTHONUTF8": "1", "COLUMNS": "200"} | self.environment()

    def causo(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """An operator's command, run to its end."""
        return subprocess.run(
            [sys.executable, "-m", "deploy", *arguments],
            env=self.whole_environment() | variables,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

    def answers(self) -> bool:
        """The gateway is ready."""
        try:
            return httpx2.get(f"{self.url}/ready", verify=NO_TLS).status_code == 200
        except httpx2.TransportError:
            return False

    def everything_kept(self) -> Iterator[tuple[str, bytes]]:
        """Every file below `home`, and whatever else this system keeps, as (name, content)."""
        for file in sorted(self.home.rglob("*")):
            if file.is_file():
                yield str(file.relative_to(self.home)), file.read_bytes()


class EmbeddedRun(Running):
    """`causo run` as a process."""

    def __init__(self, var: Path) -> None:
        self.home = var
        self.settings = Settings(var_dir=var, port=processes.free_port())
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """What it printed and logged, of all its starts."""
        return self.home / "run.log"

    def start(self, seconds: float = PATIENCE_SECONDS) -> float:
        """Start it and return when it serves; how many seconds that took."""
        since = time.monotonic()
        self.home.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                processes.dying_with_us([sys.executable, "-m", "deploy", "run", "--no-demo"], signal.SIGTERM),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=self.whole_environment(),
                cwd=ROOT,
            )
        eventually(lambda: self.answers() or self._ended(), "`causo run` serves", seconds)
        assert not self._ended(), self.log.read_text()[-2000:]
        return time.monotonic() - since

    def _ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def interrupt(self, seconds: float = PATIENCE_SECONDS) -> int:
        """Ctrl-C; gives the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(seconds)

    def stop(self) -> None:
        """Make sure that it does not run."""
        if self.process is not None:
            processes.end(self.process, signal.SIGTERM)


class DistributedRun(Running):
    """Every role a process of its own, unwatched: what a test kills, it puts back itself."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.postgres = PostgresServer(home)
        self.broker = RabbitServer(home)

    def start(self) -> None:
        """Start the servers and every role; bring in Cà Mau's map with the command."""
        self.postgres.start()
        self.broker.start()
        for name in system.DATABASES:
            self.postgres.ensure_database(name)
        self.settings = Settings(
            database_url=self.postgres.database_url("{service}"),
            amqp_url=self.broker.url,
            var_dir=self.home / "var",
            port=processes.free_port(),
        )
        self.topology = Topology(self.environment(), self.home / "up", watched=False)
        migrated = self.causo("migrate")
        assert migrated.returncode == 0, migrated.stderr
        self.topology.start()
        self.topology.await_beats(PATIENCE_SECONDS)
        units, successions = _map_of_ca_mau(self.home)
        files = ["--units", str(units), "--successions", str(successions), "--reorganisations", str(REORGANISATIONS)]
        files += ["--profiles", str(_plans_of_ca_mau(self.home))]
        imported = self.causo("import", *files)
        assert imported.returncode == 0, imported.stdout + imported.stderr
        self.broker.settle()

    def environment(self) -> dict[str, str]:
        """See `Running`."""
        urls = {"CAUSO_DATABASE_URL": str(self.settings.database_url), "CAUSO_AMQP_URL": str(self.settings.amqp_url)}
        return super().environment() | urls

    def tend(self) -> None:
        """Put back what ended, as a supervisor would."""
        self.topology.tend()

    def stop(self) -> None:
        """Everything down."""
        self.topology.stop()
        self.broker.stop()
        self.postgres.stop()

    def everything_kept(self) -> Iterator[tuple[str, bytes]]:
        """Also every database as `pg_dump` writes it: in its files, long values are compressed."""
        yield from super().everything_kept()
        for name in system.DATABASES:
            command = [str(packages.require_postgres("pg_dump")), "--host=127.0.0.1", f"--port={self.postgres.port}"]
            dump = subprocess.run(
                [*command, "--username=postgres", name],
                env={**os.environ, "PGPASSWORD": self.postgres.password},
                capture_output=True,
                check=True,
            )
            yield f"pg_dump {name}", dump.stdout


def _map_of_ca_mau(home: Path) -> tuple[Path, Path]:
    """The rows of the real map that make up Cà Mau, before and after the reform, and An Giang of today."""
    units, kept = _rows(UNITS_CSV), []
    known: set[tuple[str, str]] = set()
    for level in ("province", "district", "commune"):
        for unit in units:
            above = unit["code"] if level == "province" else unit["parent_code"]
            ours = (unit["regime"], above) in (PROVINCES if level == "province" else known)
            if unit["level"] == level and ours:
                kept.append(unit)
        known |= {(unit["regime"], unit["code"]) for unit in kept}
    gone = [
        row for row in _rows(SUCCESSIONS_CSV)
        if {("legacy", row["legacy_code"]), ("current", row["current_code"])} <= known
    ]  # fmt: skip
    return _written(home / "units.csv", kept), _written(home / "successions.csv", gone)


def _plans_of_ca_mau(home: Path) -> Path:
    """A folder with the plans of both Cà Mau."""
    (home / "profiles").mkdir()
    for plan in PROFILES.glob("CM-*.toml"):
        shutil.copy(plan, home / "profiles")
    return home / "profiles"


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def _written(file: Path, rows: list[dict[str, Any]]) -> Path:
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return file
