"""How many events a second a subscription takes into a PostgreSQL read model.

Ours: the events wait in the subscription's quorum queue; our consumer applies them in batches, each with versions and
cursor in one transaction. eventsourcing: the events wait in its own event store; its ProjectionRunner reads them and
writes the same read model through a PostgresTrackingRecorder, one transaction an event, as its documentation shows.
Both are timed from starting to consume until the last event is committed. Both read models must come out the same.
"""

import time
from collections.abc import Sequence
from threading import Event
from typing import Any

from benchmarks.commands import QUEUE, declare_topology
from benchmarks.history import STREAM_LENGTH, write_history
from benchmarks.report import Row, compared
from benchmarks.rounds import alternate
from benchmarks.stage import Stage
from benchmarks.workload import REASON, SOURCE, Totals
from deploy.following import QueueFollower
from services.kernel import log as event_log
from services.kernel.database import Database
from services.kernel.log import Head, Page
from services.kernel.message import Recorded
from services.kernel.messaging.publisher import Publisher
from services.kernel.subscription import Subscription

EPOCH = "benchmark"


def measure(stage: Stage) -> list[Row]:
    """One row: against eventsourcing's projection."""
    ours_count = stage.size(30_000, 5_000)
    peers_count = stage.size(5_000, 1_000)
    log = stage.template("store_numbered", lambda database: write_history(database, ours_count, numbered=True))
    empty = stage.template("read_models", _create)
    stage.postgres.ensure_database("peers_events")
    peers_log = stage.postgres.database_url("peers_events")
    stage.peer("eventsourcing_history", database=peers_log, count=peers_count, length=STREAM_LENGTH, reason=REASON)

    def ours() -> float:
        with stage.database(empty) as database, stage.vhost() as amqp:
            declare_topology(amqp)
            stage.ours("benchmarks.subscription:fill", database=stage.postgres.database_url(log), amqp=amqp)
            return float(stage.ours("benchmarks.subscription:follow", database=database, amqp=amqp, count=ours_count))

    def peer() -> float:
        with stage.database("peers_events") as database:
            return float(stage.peer("eventsourcing_projection", database=database, count=peers_count))

    found = alternate({"ours": ours, "eventsourcing": peer}, stage.rounds, stage.say)
    mine, library = found["ours"], found["eventsourcing"]
    return [
        compared(
            "subscription into a PostgreSQL read model",
            *(mine.median, library.median, 5),
            "events/s",
            f"{ours_count:,} events a run of ours ({mine.spread}), {peers_count:,} of eventsourcing's"
            f" ({library.spread}), {STREAM_LENGTH} events a row of the read model",
        )
    ]


def _create(database: Database) -> None:
    with database.write() as connection:
        Totals().metadata.create_all(connection)


# Our side, each function a process


def fill(given: dict[str, Any]) -> int:
    """Publish the whole log into the queue, as the relay does; not measured here."""
    database = Database(given["database"], pool_size=1)
    publisher = Publisher(given["amqp"])
    after = 0
    while True:
        with database.read() as connection:
            page = event_log.events_since(connection, after, 1000)
        if not page:
            break
        publisher.publish(SOURCE, EPOCH, page)
        after = page[-1].position
    publisher.close()
    database.close()
    return after


def follow(given: dict[str, Any]) -> float:
    """Events a second from starting to consume until the last one is committed."""
    database = Database(given["database"])
    totals = Totals()
    subscription = _Watched(
        f"{QUEUE.consumer}.{QUEUE.subscription}", SOURCE, database, _NoOwner(), totals.views[SOURCE], apply=totals.apply
    )
    subscription.last = given["count"]
    follower = QueueFollower(given["amqp"], subscription)
    began = time.perf_counter()
    follower.start()
    subscription.all_taken.wait()
    seconds = time.perf_counter() - began
    follower.stop()
    with database.read() as connection:
        applied = connection.exec_driver_sql("SELECT sum(events) FROM totals").scalar_one()
    assert applied == given["count"], f"{applied} of {given['count']} events applied"
    database.close()
    return float(given["count"] / seconds)


class _Watched(Subscription):
    last = 0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.all_taken = Event()

    def receive(self, epoch: str, batch: Sequence[Recorded], *, redelivered: bool = False) -> None:
        super().receive(epoch, batch, redelivered=redelivered)
        if batch[-1].position >= self.last:
            self.all_taken.set()


class _NoOwner:
    """Everything comes through the queue; who asks the owner would measure something else."""

    def head(self, source: str) -> Head:
        return Head(EPOCH, 0)

    def events_since(self, source: str, after: int, limit: int) -> Page:
        raise AssertionError("a gap in the queue")
