"""Loss, duplication, reordering, a lost binding: deliveries are hints, the log is the truth."""

import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from deploy import status
from services.kernel import log as event_log
from services.kernel.message import Recorded
from services.kernel.messaging.connection import abandon, connect
from services.kernel.messaging.publisher import Publisher
from tests.faults.city import RELAYS, STANDBY, City
from tests.faults.driver import TeamAtWork
from tests.soak import Scale


class Chaos:
    """The process that relays visits and reporting in place of the honest ones."""

    def __init__(self, city: City, folder: Path) -> None:
        self._rates, self._toll = folder / "rates", folder / "toll"
        self.rates(loss=0.3, duplication=0.3, reordering=0.3)
        command = [sys.executable, "-m", "tests.faults.chaos_relay", str(self._rates), str(self._toll)]
        with (folder / "log").open("ab") as output:
            self.process = subprocess.Popen(
                [*command, "visits", "reporting"],
                env={**os.environ, **city.environment()},
                stdout=output,
                stderr=output,
            )

    def rates(self, *, loss: float, duplication: float, reordering: float) -> None:
        draft = self._rates.with_suffix(".draft")
        draft.write_text(json.dumps({"loss": loss, "duplication": duplication, "reordering": reordering}))
        draft.replace(self._rates)

    def toll(self) -> Counter[str]:
        return Counter(json.loads(self._toll.read_text()) if self._toll.exists() else {})


@pytest.fixture
def chaos(city: City, tmp_path: Path) -> Iterator[Chaos]:
    roles = [city.retire(name)[0] for name in ("visits-relay", STANDBY, "reporting-relay")]
    found = Chaos(city, tmp_path)
    yield found
    found.process.terminate()
    found.process.wait(timeout=30)
    city.topology.start(roles)


def test_a_third_lost_a_third_twice_a_third_late_and_read_models_are_right(
    city: City, chaos: Chaos, scale: Scale
) -> None:
    """The issue's fault test; then the last message of a source is dropped and healed by the announced head."""
    with city.load(seed=2) as load:
        city.goes_on(load, scale(300, 20_000))
    city.agrees()
    toll = chaos.toll()
    assert min(toll[kind] for kind in ("lost", "doubled", "delayed")) > 20
    found = ", ".join(f"{count:,} {kind}" for kind, count in sorted(toll.items()))
    scale.measured("issue: 30 % loss, duplication and reordering", "read models equal the driver's log", found)

    chaos.rates(loss=1, duplication=0, reordering=0)
    lost = chaos.toll()["lost"]
    TeamAtWork(city.driver, random.Random(3)).round()
    took = city.settle()
    assert chaos.toll()["lost"] > lost
    city.agrees()
    scale.measured("issue: last message dropped", "healed by the announced head", f"read after {took:.1f} s")


def test_a_deleted_binding_is_declared_again_and_the_read_model_complete(city: City, scale: Scale) -> None:
    """Row 28. The follower stands still until something was published that its queue can no longer get."""
    healings = []
    with city.load(teams=2, seed=4) as load:
        for _ in range(scale(3, 20)):
            follower = city.topology.pid("gateway-follower")
            os.kill(follower, signal.SIGSTOP)
            try:
                connection = connect(city.broker.url, "saboteur")
                connection.channel().queue_unbind("gateway.visits.visits", "visits.events", "#")
                abandon(connection)
                unbound_at = city.head("visits")
                city.goes_on(load, 10)
                city.until(partial(_published, city, unbound_at + 3), "events go past the queue")
            finally:
                os.kill(follower, signal.SIGCONT)
            head = city.head("visits")
            healings.append(city.until(partial(_read, city, head), "what was not delivered is read"))
    city.agrees()
    assert max(healings) <= 15
    scale.measured("28", "binding deleted under load: complete within 15 s", f"at most {max(healings):.1f} s")


def _published(city: City, position: int) -> bool:
    return any(log.service == "visits" and log.published >= position for log in status.logs(city.databases))


def _log(city: City, service: str) -> list[Recorded]:
    with city.databases[service].read() as connection:
        return event_log.events_since(connection, 0, 1_000_000)


def _read(city: City, position: int) -> bool:
    of = "subscription = 'gateway.visits' AND source = 'visits'"
    return bool(city.rows("gateway", f"SELECT position FROM cursors WHERE {of}")[0][0] >= position)


def test_every_event_three_times_more_changes_nothing_however_old_it_is(city: City, scale: Scale) -> None:
    """Rows 11 and 12: what is known of the past is one position, so the first event is skipped as the last one is."""
    if not city.driver.log[3:]:
        TeamAtWork(city.driver, random.Random(5)).round()
    city.settle()
    publisher = Publisher(city.broker.url)
    repeated = 0
    for log in status.logs(city.databases):
        events = _log(city, log.service) if log.service in RELAYS else []
        for again in (events, events[::-1], events) if events else ():
            publisher.publish(log.service, log.epoch, again)
            repeated += len(again)
    publisher.close()
    # A queue gives what is in it in order: once this is read, all of the above was read before.
    for seed in (6, 7):
        TeamAtWork(city.driver, random.Random(seed)).round()
    city.agrees()
    figure = f"{repeated:,} sent again, 0 differences"
    scale.measured("11, 12", "read models equal with each event ×3, however old", figure)
