"""Row 21: a link that loses one way leaves no deaf process: back within 60 s, by itself or by the watchdog."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from deploy.topology import Role, Topology
from services.kernel.bus import ServiceUnavailable
from services.kernel.messaging import beat
from tests.faults.city import City
from tests.faults.soak import Scale
from tests.faults.tcp_proxy import Direction, TcpProxy

RELAYED = "SELECT published FROM history"
FOLLOWED = "SELECT position FROM cursors WHERE subscription = 'visits.territory'"


class Watched:
    """An edge, a relay and a follower under watchdogs, each on a link of its own."""

    def __init__(self, city: City, stack: ExitStack) -> None:
        self.city = city
        self.proxies = [stack.enter_context(TcpProxy.before(city.broker.url)) for _ in range(3)]
        self.roles = [city.retire(name)[0] for name in ("feedback", "registry-relay", "visits-follower")]
        self.topologies = []
        for role, proxy in zip(self.roles, self.proxies, strict=True):
            topology = Topology(city.environment(proxy.url), city.home / "watched")
            topology.start([role])
            self.topologies.append(topology)
        for topology in self.topologies:
            topology.await_beats(90)

    def put_back(self) -> None:
        for topology in self.topologies:
            topology.stop()
        self.city.topology.start(self.roles)

    def back(self) -> bool:
        """The edge answers, the relay publishes, the follower follows."""
        city = self.city
        head = city.head("registry")
        try:
            city.driver.ask("feedback", "head", seconds=1)
        except ServiceUnavailable:
            return False
        relayed, followed = city.rows("registry", RELAYED), city.rows("visits", FOLLOWED)
        return bool(relayed[0][0] >= head and followed[0][0] >= head)


@pytest.fixture
def watched(city: City) -> Iterator[Watched]:
    with ExitStack() as stack:
        found = Watched(city, stack)
        yield found
        found.put_back()


@pytest.mark.parametrize("direction", ["downstream", "upstream"])
def test_roles_whose_link_loses_one_way_are_back_within_a_minute(
    city: City, watched: Watched, scale: Scale, direction: Direction
) -> None:
    for proxy in watched.proxies:
        proxy.lose(direction)
    until = time.monotonic() + scale(10, 40)
    while time.monotonic() < until:
        city.driver.found_hamlets(1)
        time.sleep(1)
    for proxy in watched.proxies:
        proxy.heal()
    took = city.until(watched.back, "edge, relay and follower are back", seconds=60)
    city.agrees()
    scale.measured("21", "back ≤ 60 s", f"{direction} lost: back after {took:.1f} s")


def test_a_stuck_process_is_restarted_by_the_watchdog_outside_it(city: City, watched: Watched, scale: Scale) -> None:
    """The issue, §1: within 60 s. Stuck is stopped here: alive, connected, and deaf to SIGTERM."""
    for topology, role in zip(watched.topologies, watched.roles, strict=True):
        os.kill(_child(topology, role), signal.SIGSTOP)
    since = time.monotonic()
    for topology, role in zip(watched.topologies, watched.roles, strict=True):
        file = topology.beat(role.name)
        city.until(partial(_differs, file, beat.raw(file)), "beats again", 60)
    city.driver.found_hamlets(1)
    city.until(watched.back, "edge, relay and follower are back", seconds=60)
    took = time.monotonic() - since
    assert took <= 60
    city.agrees()
    scale.measured("issue: stuck process", "restarted within 60 s", f"edge, relay and follower back after {took:.1f} s")


def _differs(file: Path, before: bytes) -> bool:
    return beat.raw(file) not in {before, b""}


def _child(topology: Topology, role: Role) -> int:
    """The role itself, below its watchdog."""
    pid = topology.pid(role.name)
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])
