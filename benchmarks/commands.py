"""How many commands a second one service takes into PostgreSQL while its relay runs.

Eight threads of one process, each command opening a new stream. Ours: the command processor, with the relay as a
process of its own that numbers and publishes to RabbitMQ (feed and one quorum queue bound) on the same machine.
eventsourcing: `Application.save` of a new aggregate from eight threads, nothing beside it, with and without its table
lock; the goal is about the first, because only then its readers see every event. Bare psycopg: eight
connections in eight threads, each INSERT of an equal row its own transaction, prepared. A run is timed, not counted.
"""

import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from benchmarks.report import Row, compared
from benchmarks.rounds import alternate, brief
from benchmarks.stage import Stage
from benchmarks.workload import COUNTING, REASON, SOURCE, StartCounter
from services.kernel import log as event_log
from services.kernel.clock import system_clock
from services.kernel.database import Database
from services.kernel.handling import CommandProcessor
from services.kernel.identifiers import new_id
from services.kernel.messaging.connection import close_soon, connect
from services.kernel.messaging.publisher import Publisher
from services.kernel.messaging.topology import Feed, SubscriptionQueue, declare_source, declare_subscription
from services.kernel.relay import Notifier, Relay

WRITERS = 8
WARM_UP_SECONDS = 0.5
QUEUE = SubscriptionQueue("gateway", "totals", SOURCE)


def measure(stage: Stage) -> list[Row]:
    """Two rows: against eventsourcing, and against bare psycopg."""
    template = stage.template("store_empty")
    seconds = stage.size(4, 2)
    behind: list[float] = []

    def ours() -> float:
        with stage.database(template) as database, stage.vhost() as amqp:
            declare_topology(amqp)
            with stage.beside("benchmarks.commands:relay", database=database, amqp=amqp) as running:
                answer = stage.ours("benchmarks.commands:write", database=database, seconds=seconds)
                behind.append(running.finish()["seconds_behind"])
        return float(answer["per_second"])

    def peer(script: str, **given: Any) -> Callable[[], float]:
        def run() -> float:
            given.update(seconds=seconds, writers=WRITERS, reason=REASON)
            with stage.database() as database:
                answer = stage.peer(script, database=database, **given)
            return float(answer["per_second"])

        return run

    contestants = {
        "ours": ours,
        "eventsourcing": peer("eventsourcing_commands", functions=False),
        "eventsourcing without lock": peer("eventsourcing_commands", functions=True),
        "psycopg": peer("psycopg_inserts"),
    }
    found = alternate(contestants, stage.rounds, stage.say)
    mine, library, unlocked, bare = found.values()
    how = f"{WRITERS} writers, {seconds} s a run; ours {mine.spread}"
    relayed = f"the relay was {max(behind):.2f} s behind at most when the writers stopped"
    return [
        compared(
            "commands into PostgreSQL, relay running, against eventsourcing",
            *(mine.median, library.median, 4),
            "commands/s",
            f"{how}, eventsourcing {library.spread}; {relayed}. With its server-side functions, which take no lock and"
            f" let readers skip events, eventsourcing gave {brief(unlocked.median)} ({unlocked.spread})",
        ),
        compared(
            "commands into PostgreSQL, relay running, against bare psycopg",
            *(mine.median, bare.median, 0.5),
            "commands/s",
            f"{how}, psycopg {bare.spread}",
        ),
    ]


def declare_topology(amqp: str) -> None:
    """Exchange, feed and one quorum queue, as a relay and a subscription declare them."""
    connection = connect(amqp, "benchmark")
    declare_source(connection, SOURCE, Feed())
    declare_subscription(connection, QUEUE)
    close_soon(connection)


# Our side, each function a process


def write(given: dict[str, Any]) -> dict[str, float]:
    """Eight threads that send one command after the other."""
    database = Database(given["database"])
    notifier = Notifier(database)
    processor = CommandProcessor(database, COUNTING, system_clock, notifier.committed)
    unit = new_id()

    def send() -> None:
        command = StartCounter(actor="benchmark", at=datetime.now(UTC), counter=new_id(), unit=unit, reason=REASON)
        assert processor.execute(command).accepted

    per_second = in_threads(send, WRITERS, given["seconds"])
    cpu = time.process_time() / (per_second * given["seconds"])
    notifier.close()
    database.close()
    return {"per_second": per_second, "cpu_us": cpu * 1e6}


def in_threads(act: Callable[[], None], threads: int, seconds: float) -> float:
    """How often a second `act` came to its end, all threads together, after warming up."""
    counts, failures = [0] * threads, []
    starts = time.perf_counter() + WARM_UP_SECONDS
    ends = starts + seconds

    def run(number: int) -> None:
        count = 0
        try:
            while (now := time.perf_counter()) < ends:
                act()
                count += now >= starts
        except Exception as failure:
            failures.append(failure)
        counts[number] = count

    workers = [threading.Thread(target=run, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if failures:
        raise failures[0]
    return sum(counts) / (time.perf_counter() - starts)


def relay(given: dict[str, Any]) -> dict[str, float]:
    """The relay, until standard input closes; then how long it takes to publish what is left."""
    database = Database(given["database"], pool_size=4)
    runner = Relay(SOURCE, database, Publisher(given["amqp"]))
    thread = threading.Thread(target=runner.run)
    thread.start()
    runner.leading.wait()
    started = time.process_time()
    print("ready", flush=True)
    sys.stdin.read()
    began = time.perf_counter()
    while _waiting(database):
        time.sleep(0.02)
    seconds = time.perf_counter() - began
    runner.stop()
    thread.join()
    return {"seconds_behind": seconds, "cpu_seconds": time.process_time() - started}


def _waiting(database: Database) -> int:
    with database.read() as connection:
        stored = connection.exec_driver_sql("SELECT count(*) FROM events").scalar_one()
        return int(stored) - event_log.published(connection)
