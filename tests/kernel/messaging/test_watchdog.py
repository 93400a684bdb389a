"""The watchdog, on processes that end, stand still and refuse to go."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from services.kernel.messaging import beat
from services.kernel.messaging.beat import Beat
from tests.faults.tcp_proxy import TcpProxy
from tests.kernel.messaging.conftest import until

WATCHDOG = """
import json, sys
from pathlib import Path
from services.kernel.messaging.watchdog import Patience, watch
sys.exit(watch(json.loads(sys.argv[1]), Path(sys.argv[2]), Patience(**json.loads(sys.argv[3]))))
"""
CHILD = """
import os, signal, sys, time
from pathlib import Path
from services.kernel.messaging.beat import Beat
home, mode = Path(sys.argv[1]), sys.argv[2]
(home / "started").open("a").write(f"{os.getpid()}\\n")
def leave(*_):
    (home / "told").open("a").write("x")
    if mode != "deaf": sys.exit(7)
signal.signal(signal.SIGTERM, leave)
beat = Beat(Path(os.environ["CAUSO_BEAT_FILE"]))
beat.touch("alive")
if mode == "crash": sys.exit(5)
while True:
    time.sleep(0.1)
    if mode == "good" or (home / "healed").exists(): beat.touch("alive")
"""
QUICK = {"stale_after": 2.0, "kill_after": 1.0, "stop_within": 3.0, "longest_backoff": 0.5}


class Watched:
    """A watchdog process and what it starts."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, mode: str, **patience: float) -> subprocess.Popen[bytes]:
        child = [sys.executable, "-c", CHILD, str(self.home), mode]
        given = json.dumps({**QUICK, **patience})
        self.process = subprocess.Popen(
            [sys.executable, "-c", WATCHDOG, json.dumps(child), str(self.home / "beat"), given]
        )
        return self.process

    @property
    def started(self) -> list[int]:
        """Process ids of the children so far."""
        found = self.home / "started"
        return [int(line) for line in found.read_text().split()] if found.exists() else []

    def told(self) -> bool:
        return (self.home / "told").exists()

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for child in self.started:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)  # a deaf one outlives a watchdog that was killed


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    found = Watched(tmp_path)
    yield found
    found.close()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


def test_a_child_that_ends_is_started_again(watched: Watched) -> None:
    watched.start("crash")
    until(lambda: len(watched.started) >= 3, "three starts")


def test_a_child_killed_is_started_again(watched: Watched) -> None:
    watched.start("good")
    until(lambda: len(watched.started) == 1, "a start")
    os.kill(watched.started[0], signal.SIGKILL)
    until(lambda: len(watched.started) == 2, "another start")


def test_a_child_without_progress_is_told_and_started_again(watched: Watched) -> None:
    watched.start("still")
    until(lambda: len(watched.started) == 2, "another start")
    assert watched.told()


def test_a_child_that_does_not_listen_is_killed(watched: Watched) -> None:
    watched.start("deaf")
    until(lambda: len(watched.started) == 2, "another start")
    assert watched.told()
    assert not alive(watched.started[0])


def test_a_child_that_makes_progress_is_left_alone_and_its_stop_is_ours(watched: Watched) -> None:
    process = watched.start("good")
    beats: set[bytes] = set()

    def beaten_for_longer_than_stale() -> bool:
        beats.add(beat.raw(watched.home / "beat"))
        return len(beats) > 6

    until(beaten_for_longer_than_stale, "beats every half second")
    assert len(watched.started) == 1
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 7
    assert not alive(watched.started[0])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_kills_a_child_that_will_not(watched: Watched, number: signal.Signals) -> None:
    process = watched.start("deaf", stale_after=60.0)
    until(lambda: bool(watched.started) and beat.raw(watched.home / "beat") != b"", "a start")
    process.send_signal(number)
    assert process.wait(timeout=20) != 0
    assert not alive(watched.started[0])


def test_a_child_does_not_outlive_its_watchdog(watched: Watched) -> None:
    process = watched.start("good")
    until(lambda: bool(watched.started) and beat.raw(watched.home / "beat") != b"", "a start")
    process.kill()
    until(lambda: not alive(watched.started[0]), "the child gone")


def test_the_beat_says_state_and_age(tmp_path: Path) -> None:
    file = tmp_path / "beat"
    assert beat.last(file) is None
    assert beat.raw(file) == b""
    writer = Beat(file)
    writer.touch("leading")
    first = beat.raw(file)
    found = beat.last(file)
    assert found is not None
    assert found.state == "leading"
    assert 0 <= found.age < 60
    writer.touch("waiting-for-broker")
    assert beat.raw(file) != first
    file.write_text("nonsense")
    assert beat.last(file) is None
    Beat(None).touch("nowhere")
    Beat(tmp_path / "no such folder" / "beat").touch("lost")


def test_a_watched_edge_behind_a_one_way_blackhole_is_back_within_a_minute(
    amqp_url: str, tmp_path: Path, watched: Watched, new_bus: Callable[[str], Callable[[], bool]]
) -> None:
    # Row 21, with production's own patience; the link loses what the broker sends, for ever for old connections.
    answers = new_bus(amqp_url)
    with TcpProxy.before(amqp_url) as proxy:
        edge = [sys.executable, "-m", "tests.kernel.messaging.edge_process", proxy.url, str(tmp_path / "journal"), "60"]
        watched.process = subprocess.Popen(
            [sys.executable, "-c", WATCHDOG, json.dumps(edge), str(tmp_path / "beat"), "{}"]
        )
        until(answers, "the edge answers", seconds=120)
        until(lambda: beat.raw(tmp_path / "beat") != b"", "its first beat")
        lost_at = proxy.accepted
        proxy.lose("downstream")
        until(lambda: proxy.accepted > lost_at, "started again or reconnected", seconds=60)
        proxy.heal()
        until(answers, "answers again", seconds=60)
        watched.process.send_signal(signal.SIGTERM)
        watched.process.wait(timeout=40)
