"""Rows 9, 10 and 27: kills and outages between a command, its event and its message."""

import random
import threading
import time
from functools import partial

import pytest

from deploy import status, system
from services.kernel.bus import ServiceUnavailable
from services.kernel.identifiers import new_id
from services.kernel.runtime import ServiceRuntime
from tests.faults.city import City
from tests.faults.driver import COMMUNES, hamlet_command, whole_command
from tests.soak import Scale


def test_state_and_message_exist_together_or_not_at_all(city: City, scale: Scale) -> None:
    """Row 9: the edge is killed 0–200 ms after each request."""
    kills = scale(3, 200)
    chance = random.Random(9)
    city.settle()
    before = city.head("registry")
    with city.spying("registry") as spied:
        for _ in range(kills):
            asking = threading.Thread(target=city.driver.found_hamlets, args=(1,))
            asking.start()
            time.sleep(chance.uniform(0, 0.2))
            city.kill("registry")
            city.until(partial(_over, asking), "the request is answered", 150)
        city.settle()
        told = {(m.headers["ce-stream"], int(m.headers["ce-streamversion"])) for m in spied()}
    log = "SELECT e.stream, e.version FROM log l JOIN events e USING (ordinal)"
    stored = {tuple(row) for row in city.rows("registry", f"{log} WHERE l.position > {before}")}
    assert told - stored == set(), "a message without its state"
    assert stored - told == set(), "state without its message"
    assert len(stored) == 2 * kills
    city.agrees()
    scale.measured("9", "0 ghosts, 0 orphans over 200 kills", f"0 and 0 over {kills} kills, {len(stored)} events")


def _over(thread: threading.Thread) -> bool:
    return not thread.is_alive()


def test_a_backlog_of_a_broker_outage_drains_in_time_and_in_order(city: City, scale: Scale) -> None:
    """Row 10."""
    size, outage = scale(2_000, 10_000), scale(0, 300)
    city.settle()
    before = city.head("registry")
    with city.spying("registry") as spied:
        city.broker.kill()
        down = time.monotonic()
        # No RPC without a broker: the commands come in as they do from the intake's own process, directly.
        runtime = ServiceRuntime(system.definition("registry"), city.databases["registry"], city.settings)
        commands = [whole_command(*hamlet_command(str(new_id()), str(COMMUNES[n % 2]))) for n in range(size)]
        for first in range(0, size, 500):
            some = commands[first : first + 500]
            city.driver.note("registry", some, runtime.execute_many(some))
        runtime.processor.let_go()
        while time.monotonic() < down + outage:
            time.sleep(1)
        city.broker.start()
        took = city.until(lambda: _drained(city, before + size), "the backlog is read everywhere", 120, every=0.25)
        positions = list(dict.fromkeys(int(m.headers["ce-position"]) for m in spied()))
        assert positions == list(range(before + 1, before + size + 1))
    city.agrees()
    scale.measured("10", "10,000 backlog ≤ 120 s, order kept", f"{size:,} in {took:.1f} s, in order, outage {outage} s")


def _drained(city: City, head: int) -> bool:
    following = [one for one in status.subscriptions(city.databases) if one.source == "registry"]
    followers = [one for one in following if not one.subscription.startswith("feedback.")]  # not started here
    published = next(log.published for log in status.logs(city.databases) if log.service == "registry")
    return published >= head and all(one.position >= head for one in followers)


def test_a_call_given_up_on_is_told_in_time_and_never_runs(city: City, scale: Scale) -> None:
    """Row 27: the service is down, the caller gives up, the service comes back."""
    longest = 0.0
    for _ in range(scale(3, 20)):
        hamlet = str(new_id())
        city.topology.kill("registry")
        since = time.monotonic()
        command, payload = whole_command(*hamlet_command(hamlet, str(COMMUNES[0])))
        with pytest.raises(ServiceUnavailable):
            city.driver.ask("registry", "execute", command, payload, seconds=scale(0.5, 4.5))
        longest = max(longest, time.monotonic() - since)
        city.topology.restart("registry")
        city.driver.found_hamlets(1)
        assert city.rows("registry", f"SELECT 1 FROM events WHERE stream = 'hamlet-{hamlet}'") == []
    assert longest <= 5
    city.agrees()
    scale.measured("27", "answer ≤ 5 s, 0 late writes", f"at most {longest:.1f} s, 0 late writes")


def test_a_disk_alarm_of_the_broker_hangs_nobody_and_relaying_resumes(city: City, scale: Scale) -> None:
    """Row 23, below the form (whose intake needs no broker): calls fail in time, what is accepted is safe."""
    size, alarm = scale(500, 5_000), scale(0, 300)
    city.settle()
    city.broker.rabbitmqctl("set_disk_free_limit", "9000GB")
    since = time.monotonic()
    try:
        runtime = ServiceRuntime(system.definition("registry"), city.databases["registry"], city.settings)
        commands = [whole_command(*hamlet_command(str(new_id()), str(COMMUNES[n % 2]))) for n in range(size)]
        for first in range(0, size, 500):
            some = commands[first : first + 500]
            city.driver.note("registry", some, runtime.execute_many(some))
        runtime.processor.let_go()
        longest = 0.0
        while not longest or time.monotonic() < since + alarm:
            asked = time.monotonic()
            with pytest.raises(ServiceUnavailable):
                city.driver.ask("registry", "head", seconds=2)
            longest = max(longest, time.monotonic() - asked)
    finally:
        city.broker.rabbitmqctl("set_disk_free_limit", "50MB")
    took = city.until(partial(_drained, city, city.head("registry")), "relaying has resumed", 60, every=0.25)
    assert longest <= 5
    city.agrees()
    figure = f"calls failed within {longest:.1f} s, {size:,} accepted, 0 lost, relay recovered after {took:.1f} s"
    scale.measured("23", "nobody hangs, 0 lost, relay recovers ≤ 60 s", figure)
