"""eventsourcing: `Application.save` of new aggregates from several threads.

Settings as its documentation has them for speed: a connection a thread, none opened in passing, no pre-ping. By default
every save locks the table, so that no reader can skip an event. With `functions`, the setting of its own published
speed runs (`POSTGRES_ENABLE_DB_FUNCTIONS`), a save is one server-side function without that lock: faster, and in a
trial a reader beside eight writers skipped 41 of 5,586 events. The first keeps the promise ours keeps.
"""

import json
import sys
import threading
import time
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from eventsourcing.application import Application  # type: ignore[import-not-found,unused-ignore]
from eventsourcing.domain import Aggregate, event  # type: ignore[import-not-found,unused-ignore]

WARM_UP_SECONDS = 0.5


class Counter(Aggregate):  # type: ignore[misc,unused-ignore]
    """The same event as ours: counter, unit, reason."""

    @event("Started")  # type: ignore[untyped-decorator,unused-ignore]
    def __init__(self, unit: UUID, reason: str) -> None:
        self.unit = unit
        self.reason = reason
        self.total = 0

    @event("Raised")  # type: ignore[untyped-decorator,unused-ignore]
    def raised(self, by: int, reason: str) -> None:
        """Add to the counter."""
        self.total += by


class Counting(Application[UUID]):  # type: ignore[misc,unused-ignore]
    """Nothing but the library's own."""


def settings(database: str, connections: int, *, functions: bool = False) -> dict[str, str]:
    """The library's environment for one database."""
    url = urlsplit(database)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": url.path.lstrip("/"),
        "POSTGRES_HOST": str(url.hostname),
        "POSTGRES_PORT": str(url.port),
        "POSTGRES_USER": str(url.username),
        "POSTGRES_PASSWORD": str(url.password),
        "POSTGRES_POOL_SIZE": str(connections),
        "POSTGRES_MAX_OVERFLOW": "0",
        "POSTGRES_PRE_PING": "n",
        "POSTGRES_ENABLE_DB_FUNCTIONS": "y" if functions else "n",
    }


def main(given: dict[str, Any]) -> dict[str, float]:
    """Commands a second, all threads together."""
    app = Counting(env=settings(given["database"], given["writers"], functions=given["functions"]))
    unit, counts = uuid4(), [0] * given["writers"]
    starts = time.perf_counter() + WARM_UP_SECONDS
    ends = starts + given["seconds"]

    def run(number: int) -> None:
        count = 0
        while (now := time.perf_counter()) < ends:
            app.save(Counter(unit=unit, reason=given["reason"]))
            count += now >= starts
        counts[number] = count

    workers = [threading.Thread(target=run, args=(number,)) for number in range(given["writers"])]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    per_second = sum(counts) / (time.perf_counter() - starts)
    app.close()
    return {"per_second": per_second}


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))
