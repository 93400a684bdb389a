"""Row 21: no process stays deaf. A link that loses one way, a process that stands still: back within 60 s."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from deploy.topology import Role, Topology
from services.kernel.bus import ServiceUnavailable
from tests.faults.city import City
from tests.faults.tcp_proxy import Direction, TcpProxy
from tests.soak import Scale

STOPPED = "stopped"
Fault = Direction | str
"""What happens to a role: its link loses this way, or its process is `STOPPED`."""
MIXED: list[tuple[Fault, Fault, Fault]] = [("downstream", "upstream", STOPPED)]
ALL: list[tuple[Fault, Fault, Fault]] = [
    *MIXED,
    ("upstream", STOPPED, "downstream"),
    (STOPPED, "downstream", "upstream"),
]


class Watched:
    """A role under its watchdog, on a link of its own."""

    def __init__(self, city: City, name: str, back: Callable[[City], bool], stack: ExitStack) -> None:
        self.name = name
        self.back = partial(back, city)
        self.proxy = stack.enter_context(TcpProxy.before(city.broker.url))
        self.role: Role = city.retire(name)[0]
        self.topology = Topology(city.environment(self.proxy.url), city.home / "watched")
        self.topology.start([self.role])

    def suffer(self, fault: Fault) -> None:
        if fault == STOPPED:
            watchdog = self.topology.pid(self.name)
            child = Path(f"/proc/{watchdog}/task/{watchdog}/children").read_text().split()[0]
            os.kill(int(child), signal.SIGSTOP)
        else:
            self.proxy.lose("upstream" if fault == "upstream" else "downstream")


def edge_answers(city: City) -> bool:
    try:
        city.driver.ask("feedback", "head", seconds=1)
    except ServiceUnavailable:
        return False
    return True


def relay_publishes(city: City) -> bool:
    return bool(city.rows("registry", "SELECT published FROM history")[0][0] >= city.head("registry"))


def follower_follows(city: City) -> bool:
    position = "SELECT position FROM cursors WHERE subscription = 'visits.territory'"
    return bool(city.rows("visits", position)[0][0] >= city.head("registry"))


WATCHED = {"feedback": edge_answers, "registry-relay": relay_publishes, "visits-follower": follower_follows}


@pytest.fixture
def watched(city: City) -> Iterator[list[Watched]]:
    with ExitStack() as stack:
        found = [Watched(city, name, back, stack) for name, back in WATCHED.items()]
        for one in found:
            one.topology.await_beats(90)
        yield found
        for one in found:
            one.topology.stop()
        city.topology.start([one.role for one in found])


def test_edge_relay_and_follower_are_back_within_a_minute(city: City, watched: list[Watched], scale: Scale) -> None:
    """The issue, §1, too: a stuck process is restarted by a watchdog outside it within 60 s."""
    for faults in scale(MIXED, ALL):
        for one, fault in zip(watched, faults, strict=True):
            one.suffer(fault)
        since = time.monotonic()
        lost = since + scale(25, 40)
        while time.monotonic() < lost:
            city.driver.found_hamlets(1)
            time.sleep(1)
        for one in watched:
            one.proxy.heal()
        healed = time.monotonic()
        waiting = dict(zip(watched, faults, strict=True))
        while waiting:
            for one, fault in list(waiting.items()):
                start = since if fault == STOPPED else healed
                took = time.monotonic() - start
                if one.back():
                    del waiting[one]
                    scale.measured("21", "back ≤ 60 s", f"{one.name}, {fault}: back after {took:.0f} s")
                assert took <= 60, f"{one.name}, {fault}"
            time.sleep(0.25)
    city.agrees()
