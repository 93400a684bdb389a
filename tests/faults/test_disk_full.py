"""Row 24: a full disk under the database is an error told to the caller, never a false success, and passes."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from deploy import system
from deploy.local.homes import passing_home
from deploy.local.postgres import PostgresServer
from deploy.topology import Role, Topology
from services.kernel.bus import ServiceUnavailable
from services.kernel.clock import system_clock, to_text
from services.kernel.database import Database
from services.kernel.identifiers import new_id
from services.kernel.messaging.rpc_client import LoopThread, RpcCommandBus
from services.kernel.settings import Settings
from tests.conftest import LOGS
from tests.gateway.pages.browsing import codes, count, send
from tests.gateway.pages.conftest import opened_site
from tests.kernel.driving import until
from tests.soak import Scale

MEGABYTES = 120


@contextmanager
def small_disk(place: Path) -> Iterator[Path]:
    """A file system of `MEGABYTES`, in memory."""
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m,mode=0755", "tmpfs", str(place)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.fail(f"This test needs a small file system: run it as root. {mounted.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_is_told_loses_nothing_and_passes(amqp_url: str, scale: Scale) -> None:
    with passing_home(keep_logs_in=LOGS / "disk") as home, small_disk(home / "small") as disk:
        disk.chmod(0o711)
        server = PostgresServer(disk, settings={"max_wal_size": "32MB", "min_wal_size": "32MB"})
        server.start()
        for name in system.DATABASES:
            server.ensure_database(name)
        settings = Settings(database_url=server.database_url("{service}"), amqp_url=amqp_url, var_dir=home)
        registry = system.open_database(settings, "registry", pool_size=2)
        system.prepare_database(system.consumer("registry"), registry)
        environment = {
            "CAUSO_DATABASE_URL": server.database_url("{service}"),
            "CAUSO_AMQP_URL": amqp_url,
            "CAUSO_VAR_DIR": str(home),
        }
        topology = Topology(environment, home / "up", watched=False)
        form = ExitStack()
        urls = [server.database_url(name) for name in ("gateway", "feedback")]
        for name, url in zip(("gateway", "feedback"), urls, strict=True):
            database = Database(url)
            system.prepare_database(system.consumer(name), database)
            database.close()
        site = form.enter_context(opened_site(urls, home))
        thread = LoopThread("driver")
        bus = RpcCommandBus(amqp_url)
        acknowledged: list[str] = []
        refused = 0

        def register() -> bool:
            """One command, with much to store; whether it was acknowledged."""
            nonlocal refused
            code = f"{len(acknowledged) + refused:05d}"
            fields: dict[str, Any] = {"regime": "current", "code": code, "name": "Ấp " + "a" * 150, "level": "province"}
            fields |= {"kind": "Tỉnh", "lat": 9.1, "lon": 105.2}
            payload = {"command_id": str(new_id()), "actor": "driver", "at": to_text(system_clock()), **fields}
            try:
                answer = thread.run(lambda: bus.execute("registry", "register_unit", payload))
            except ServiceUnavailable:
                refused += 1
                return False
            assert answer.accepted, answer
            acknowledged.append(answer.stream)
            return True

        try:
            topology.start([Role("registry", ("service", "registry")), Role("registry-relay", ("relay", "registry"))])
            topology.await_beats(90)
            until(register, "a first command", seconds=30)
            ballast = disk / "ballast"
            _fill(ballast)
            for _ in range(3):
                while register():
                    pass
            assert refused >= 3
            taken = []
            while (page := send(site)).status_code == 200:  # what is freed inside the files is used up first
                taken.append(codes(page.text))
            assert page.status_code == 503
            assert "chưa nhận được" in page.text
            assert server.pid, "the server lives on"
            ballast.unlink()
            since = refused
            # Row 24: resumes within 30 s.
            until(register, "commands are taken again", seconds=30)
            tries = refused - since
            with registry.read() as connection:
                stored = [row[0] for row in connection.exec_driver_sql("SELECT stream FROM events")]
            assert set(acknowledged) <= set(stored), "an acknowledged command is missing"
            assert len(stored) == len(set(stored))
            until(lambda: _numbered(registry) == len(stored), "the relay goes on", seconds=30)
            taken.append(codes(send(site).text))
            assert count(site) == len(taken)
        finally:
            form.close()
            thread.run(bus.close)
            thread.close()
            topology.stop()
            registry.close()
            server.stop()
    told = f"{refused - tries} commands told unavailable, the form 503"
    found = f"{told}, 0 of {len(acknowledged)} acknowledged lost, taken again after {tries} tries"
    scale.measured("24", "clean error, 0 false success, resumes ≤ 30 s", found)


def _fill(ballast: Path) -> None:
    """Leave no byte."""
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 4096):
            with suppress(OSError):
                while file.write(bytes(size)) == size:
                    pass


def _numbered(database: Database) -> int:
    with database.read() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM log").scalar_one())
