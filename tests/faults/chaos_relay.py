"""A relay that mangles what it sends: `python -m tests.faults.chaos_relay RATES_FILE TOLL_FILE SERVICE…`.

The rates file holds loss, duplication and reordering (0 to 1) and may change at any time; the toll file says how much
was done so far. Heads are announced as always.
"""

import json
import random
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

from deploy import system
from deploy.environment import read_settings
from deploy.journal import start_logging
from services.kernel.message import Recorded
from services.kernel.messaging.publisher import Publisher
from services.kernel.messaging.topology import Feed
from services.kernel.relay import Relay


class Toll:
    """How much was done to the messages of all services together, in a file. Safe to call from any thread."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def add(self, counts: Counter[str]) -> None:
        """Count it and tell it."""
        with self._lock:
            self._counts += counts
            draft = self._file.with_suffix(".draft")
            draft.write_text(json.dumps(self._counts))
            draft.replace(self._file)


class ChaosPublisher:
    """Loses, doubles, shuffles and delays; what it says about confirms is a lie."""

    def __init__(self, inner: Publisher, rates: Path, toll: Toll) -> None:
        self._inner = inner
        self._rates = rates
        self._toll = toll
        self._late: list[Recorded] = []
        self._chance = random.Random(20)

    def publish(
        self, source: str, epoch: str, batch: Sequence[Recorded], meanwhile: Callable[[], None] = lambda: None
    ) -> None:
        """Send some of it, some twice, some in a later batch, none in order."""
        rates, chance = json.loads(self._rates.read_text()), self._chance
        sent, self._late = self._late, []
        done: Counter[str] = Counter()
        for recorded in batch:
            if chance.random() < rates["loss"]:
                done["lost"] += 1
                continue
            later = chance.random() < rates["reordering"]
            done["delayed"] += later
            (self._late if later else sent).append(recorded)
            if chance.random() < rates["duplication"]:
                done["doubled"] += 1
                sent.append(recorded)
        chance.shuffle(sent)
        if sent:
            self._inner.publish(source, epoch, sent, meanwhile)
        self._toll.add(done)

    def announce(self, source: str, epoch: str, position: int) -> None:
        self._inner.announce(source, epoch, position)

    def close(self) -> None:
        self._inner.close()


def main(rates: str, toll: str, *services: str) -> None:
    """Relay until told to stop."""
    start_logging("INFO")
    settings = read_settings()
    assert settings.amqp_url is not None
    relays = []
    told = Toll(Path(toll))
    for name in services:
        publisher = ChaosPublisher(Publisher(settings.amqp_url, Feed.of(settings)), Path(rates), told)
        relays.append(Relay(name, system.open_database(settings, name, pool_size=4), publisher))
    threads = [threading.Thread(target=relay.run) for relay in relays]

    def stop(_number: int, _frame: FrameType | None) -> None:
        for relay in relays:
            relay.stop()

    signal.signal(signal.SIGTERM, stop)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
