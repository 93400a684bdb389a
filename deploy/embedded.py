"""The embedded run: every service, relay and subscription in one process, on SQLite files under `var/`.

The same domain, kernel, projection and gateway code as the distributed run; only the bus and the hand-over differ.
"""

import fcntl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy import system
from services.kernel.clock import Clock, system_clock
from services.kernel.local import LocalBus, LocalEvents, LocalFollower, LocalPublisher
from services.kernel.relay import Relay
from services.kernel.runtime import ServiceRuntime
from services.kernel.settings import Settings


class AlreadyRunning(RuntimeError):
    """Another process holds these files."""


class Embedded:
    """The running parts. `start` begins relaying and following; `stop` ends both, in order."""

    def __init__(self, settings: Settings, clock: Clock = system_clock) -> None:
        self.settings = settings
        self.consumers = system.consumers()
        self.databases = system.open_databases(settings, list(self.consumers))
        for name, consumer in self.consumers.items():
            system.prepare_database(consumer, self.databases[name])
        self.events = LocalEvents(self.databases)
        self._relays: dict[str, Relay] = {}
        self.runtimes = {
            name: ServiceRuntime(
                system.definition(name), self.databases[name], settings, clock=clock, committed=self._waker(name)
            )
            for name in system.SERVICES
        }
        self.followers = [self._follower(name) for name in self.consumers]
        publisher = LocalPublisher(self.followers)
        for name in system.SERVICES:
            self._relays[name] = Relay(name, self.databases[name], publisher)
        self.bus = LocalBus(self.runtimes)
        self._threads = [
            threading.Thread(target=relay.run, name=f"relay-{name}", daemon=True)
            for name, relay in self._relays.items()
        ]

    def _waker(self, name: str) -> Callable[[], None]:
        def wake() -> None:
            relay = self._relays.get(name)
            if relay is not None:
                relay.wake()

        return wake

    def _follower(self, name: str) -> LocalFollower:
        runtime = self.runtimes.get(name)
        execute_many = runtime.processor.execute_many if runtime else None
        consumer, database = self.consumers[name], self.databases[name]
        return LocalFollower(name, system.subscriptions(consumer, database, self.events, execute_many))

    def start(self) -> None:
        """Begin relaying and following."""
        for thread in self._threads:
            thread.start()
        for follower in self.followers:
            follower.start()

    def stop(self) -> None:
        """Stop followers, then relays; everything accepted is on disk already."""
        for follower in self.followers:
            follower.stop()
        for relay in self._relays.values():
            relay.stop()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout=10)
        for database in self.databases.values():
            database.close()

    def settled(self) -> bool:
        """True when every follower has taken in everything committed so far, process managers' commands included."""
        for follower in self.followers:
            for subscription in follower.subscriptions:
                cursor = subscription.cursor()
                if (cursor.position if cursor else 0) < self._committed(subscription.source):
                    return False
        return True

    def _committed(self, source: str) -> int:
        with self.databases[source].read() as connection:
            return int(connection.exec_driver_sql("SELECT count(*) FROM events").scalar_one())


@contextmanager
def only_one(var_dir: Path) -> Iterator[None]:
    """Hold the data directory: two embedded runs on the same files would be two writers. Raises `AlreadyRunning`."""
    var_dir.mkdir(parents=True, exist_ok=True)
    with (var_dir / "lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise AlreadyRunning(f"another run already uses {var_dir}") from None
        yield
