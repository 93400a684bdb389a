"""A follower to be killed: `python -m tests.faults.followers AMQP_URL DATABASE_URL JOURNAL`.

Follows the counting service into `applied`, which keeps the order of application. A raise by 99 makes its handler fail,
one by 98 kills the whole process; each such try is one line of the journal.
"""

import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Column, Connection, DateTime, Identity, Integer, Table, Text, func

from deploy.following import QueueFollower, follow
from deploy.journal import start_logging
from services.kernel.database import Database
from services.kernel.local import LocalEvents
from services.kernel.projection import Delivered, Projection
from services.kernel.subscription import Subscription
from tests.kernel.counter import CounterEvent, CounterRaised

FAILS, KILLS = 99, 98
NAME = "reader.applied"
PAUSES = (0.0, 0.2, 0.5)
"""Instead of 0, 10 and 60 s."""


class Applied(Projection):
    """Each event with the number of its application."""

    name = "applied"
    views: ClassVar[Mapping[str, Any]] = {"counting": CounterEvent}
    journal: ClassVar[Path | None] = None

    def define(self) -> None:
        self.table = Table(
            f"applied{self.suffix}",
            self.metadata,
            Column("turn", BigInteger, Identity(cache=1), primary_key=True),
            Column("position", BigInteger, nullable=False),
            Column("stream", Text, nullable=False),
            Column("version", Integer, nullable=False),
            Column("process", Integer, nullable=False),
            Column("at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
        )

    def apply(self, connection: Connection, events: Sequence[Delivered[CounterEvent]]) -> None:
        for delivered in events:
            event, recorded = delivered.event, delivered.recorded
            if isinstance(event, CounterRaised) and event.by in {FAILS, KILLS} and self.journal is not None:
                with self.journal.open("a") as file:
                    file.write(f"{recorded.position}\n")
                if event.by == KILLS:
                    os.kill(os.getpid(), signal.SIGKILL)
                raise ValueError("poison")
        rows = [
            {"position": d.recorded.position, "stream": d.recorded.stream, "version": d.recorded.version}
            for d in events
        ]
        if rows:
            connection.execute(self.table.insert(), [row | {"process": os.getpid()} for row in rows])


def main(amqp_url: str, database_url: str, journal: str) -> None:
    """Follow until told to stop."""
    start_logging("INFO")
    database = Database(database_url, pool_size=4)
    applied = Applied()
    Applied.journal = Path(journal)
    subscription = Subscription(
        NAME,
        "counting",
        database,
        LocalEvents({"counting": database}),
        CounterEvent,
        apply=applied.apply,
        streams={"counter"},
        backoff=PAUSES,
    )
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    follow([QueueFollower(amqp_url, subscription)], stopping, lambda _state: None)
    database.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
