"""An unmodified nameko service hears our events, in an environment that has only nameko."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.kernel.messaging.publisher import Publisher
from tests.kernel.messaging.conftest import Admin, until
from tests.kernel.messaging.examples import recorded

PINS = ("nameko==2.14.1", "setuptools<81")
HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def plain_environment() -> Path:
    """A virtual environment with nameko alone; kept between sessions, because making it takes a while."""
    home = Path(tempfile.gettempdir()) / f"causo-plain-nameko-{sys.version_info.major}.{sys.version_info.minor}"
    if not (home / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(home)], check=True, capture_output=True)
        subprocess.run(
            [home / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PINS],
            check=True,
            capture_output=True,
        )
        (home / "complete").touch()
    return home


@pytest.fixture
def received(amqp_url: str, plain_environment: Path, tmp_path: Path) -> Iterator[Path]:
    """Where the plain subscriber, which runs, writes what it receives."""
    file = tmp_path / "received"
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [plain_environment / "bin" / "nameko", "run", "--broker", amqp_url, "plain_subscriber"],
            cwd=HERE,
            env={"PATH": os.environ["PATH"], "RECEIVED_FILE": str(file), "PYTHONWARNINGS": "ignore"},
            stdout=log,
            stderr=log,
        )
        yield file
        process.terminate()
        process.wait(timeout=30)


def test_it_receives_with_event_handler(received: Path, publisher: Publisher, admin: Admin) -> None:
    queue = "evt-registry-unit.registered--plain_subscriber.on_unit_registered"
    until(lambda: queue_exists(admin, queue), "its own queue", seconds=120)
    publisher.announce("registry", "e1", 0)
    publisher.publish("registry", "e1", [recorded(1), recorded(2, name="unit.succeeded"), recorded(3)])
    until(lambda: received.exists() and len(received.read_text().splitlines()) == 2, "two events of that name")
    assert [json.loads(line) for line in received.read_text(encoding="utf-8").splitlines()] == [
        json.loads(recorded(1).data)
    ] * 2


def queue_exists(admin: Admin, queue: str) -> bool:
    try:
        return admin.ready(queue) >= 0
    except admin.connection.channel_errors:
        return False
