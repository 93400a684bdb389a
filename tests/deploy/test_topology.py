"""The distributed run on this machine: it starts, survives losing processes, is looked after, and stops cleanly."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy import supervision, system
from deploy.embedded import AlreadyRunning
from deploy.topology import Role, RoleDidNotStart, Topology, roles
from services.kernel.settings import Settings

ROOT = Path(__file__).parent.parent.parent


def eventually(true: Callable[[], bool], seconds: float = 120) -> None:
    """Wait for a fact, not for a time."""
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it did not come true"
        time.sleep(0.05)


@pytest.fixture
def topology(postgres_template: str, amqp_url: str, tmp_path: Path) -> Iterator[Topology]:
    """The registry's service and relay and one follower, watched."""
    settings = Settings(database_url=postgres_template, amqp_url=amqp_url, var_dir=tmp_path)
    for name, consumer in system.consumers().items():
        database = system.open_database(settings, name, pool_size=2)
        system.prepare_database(consumer, database)
        database.close()
    environment = {"CAUSO_DATABASE_URL": postgres_template, "CAUSO_AMQP_URL": amqp_url, "CAUSO_VAR_DIR": str(tmp_path)}
    found = Topology(environment, tmp_path / "up")
    found.start([role for role in roles() if role.name in ("registry", "registry-relay", "visits-follower")])
    yield found
    found.stop()


def test_roles_start_stand_by_are_put_back_and_stop_without_leaving_anybody(topology: Topology) -> None:
    replica = topology.add(Role("registry-relay", ("relay", "registry")), "2")
    topology.await_beats()
    assert topology.pid(replica)
    watchdog = topology.pid("registry-relay")
    topology.kill("registry-relay")
    eventually(lambda: "registry-relay" in topology.tend())
    topology.await_beats()
    assert topology.pid("registry-relay") != watchdog
    left = [topology.pid(name) for name in topology.names()]
    topology.stop()
    assert not [pid for pid in left if Path(f"/proc/{pid}").exists()]
    assert "Traceback" not in "".join(topology.log(name).read_text() for name in topology.names())


def test_a_role_that_cannot_start_says_why(tmp_path: Path) -> None:
    broken = Topology({"CAUSO_PORT": "none"}, tmp_path, watched=False)
    broken.start([Role("gateway", ("gateway",))])
    with pytest.raises(RoleDidNotStart, match="CAUSO_PORT: should be a valid integer"):
        broken.await_beats()
    broken.stop()


def test_one_supervisor_a_folder(tmp_path: Path) -> None:
    with supervision.alone(tmp_path):
        supervision.tell(tmp_path, Settings(amqp_url="amqp://u:p@h/", database_url="postgresql+psycopg://h/{service}"))
        assert supervision.is_running(tmp_path)
        assert supervision.servers(tmp_path)["amqp_url"] == "amqp://u:p@h/"
        assert (tmp_path / "up.env").stat().st_mode & 0o077 == 0
        with pytest.raises(AlreadyRunning), supervision.alone(tmp_path):
            pass
    assert supervision.servers(tmp_path) == {}


def test_up_answers_until_it_is_told_to_go_down(
    postgres_template: str, amqp_url: str, tmp_path: Path, free_port: int
) -> None:
    environment = {
        **os.environ,
        "CAUSO_DATABASE_URL": postgres_template,
        "CAUSO_AMQP_URL": amqp_url,
        "CAUSO_VAR_DIR": str(tmp_path),
        "CAUSO_PORT": str(free_port),
    }
    causo = [sys.executable, "-m", "deploy"]
    log = tmp_path / "up.out"
    with log.open("wb") as output:
        up = subprocess.Popen([*causo, "up"], env=environment, cwd=ROOT, stdout=output, stderr=output)
    try:
        eventually(lambda: "make down" in log.read_text() or up.poll() is not None, 240)
        assert up.poll() is None, log.read_text()
        status = subprocess.run([*causo, "status"], env=environment, cwd=ROOT, capture_output=True, check=False)
        assert status.returncode == 0
        subprocess.run([*causo, "down"], env=environment, cwd=ROOT, check=True)
        assert up.wait(30) == 0
    finally:
        if up.poll() is None:
            up.send_signal(signal.SIGTERM)
            up.wait(60)
