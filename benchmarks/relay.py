"""How many events a second the relay brings from PostgreSQL to RabbitMQ, every one confirmed.

Ours numbers, reads, publishes and notes what is confirmed; events wait in the outbox when it begins. FastStream and
aio-pika only publish: the same messages (headers, body, id, persistent, mandatory) from memory, 200 in flight, on
uvloop. Same exchange, same feed and quorum queue bound, a fresh vhost for every run.
"""

import json
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.commands import declare_topology
from benchmarks.history import write_history
from benchmarks.report import Row, compared
from benchmarks.rounds import alternate
from benchmarks.stage import Stage
from benchmarks.workload import SOURCE
from services.kernel import log as event_log
from services.kernel.database import Database
from services.kernel.message import Recorded
from services.kernel.messaging import envelope
from services.kernel.messaging.publisher import Publisher
from services.kernel.messaging.topology import exchange_of
from services.kernel.relay import Relay

IN_FLIGHT = 200


def measure(stage: Stage) -> list[Row]:
    """Two rows: against FastStream, and against aio-pika."""
    count = stage.size(20_000, 5_000)
    template = stage.template("store_waiting", lambda database: write_history(database, count, numbered=False))
    messages = stage.home / "messages.json"
    _write_messages(stage, template, count, messages)

    def ours() -> float:
        with stage.database(template) as database, stage.vhost() as amqp:
            declare_topology(amqp)
            return float(stage.ours("benchmarks.relay:publish", database=database, amqp=amqp, count=count))

    def peer(script: str) -> Callable[[], float]:
        def run() -> float:
            with stage.vhost() as amqp:
                declare_topology(amqp)
                given = {"amqp": amqp, "exchange": exchange_of(SOURCE), "messages": str(messages)}
                return float(stage.peer(script, **given, in_flight=IN_FLIGHT))

        return run

    contestants = {"ours": ours, "FastStream": peer("faststream_publishing"), "aio-pika": peer("aiopika_publishing")}
    found = alternate(contestants, stage.rounds, stage.say)
    mine = found["ours"]
    how = f"{count:,} events a run; ours {mine.spread}"
    return [
        compared(
            f"relay from PostgreSQL to RabbitMQ, against {name} only publishing",
            *(mine.median, found[name].median, least),
            "events/s",
            f"{how}, {name} {found[name].spread}",
        )
        for name, least in (("FastStream", 2), ("aio-pika", 1.2))
    ]


def _write_messages(stage: Stage, template: str, count: int, path: Path) -> None:
    """What our relay would send, for the peers to send: `[routing key, headers, body, id]`."""
    with stage.database(template) as url:
        database = Database(url, pg_options="-c timezone=UTC")
        with database.write() as connection:
            event_log.number(connection, count)
        with database.read() as connection:
            events = event_log.events_since(connection, 0, count)
        database.close()
    path.write_text(json.dumps([_message(recorded) for recorded in events], ensure_ascii=False))


def _message(recorded: Recorded) -> tuple[str, dict[str, str], str, str]:
    return recorded.name, envelope.headers_of(SOURCE, "benchmark", recorded), recorded.data, recorded.id


# Our side, in a process of its own


def publish(given: dict[str, Any]) -> float:
    """Events a second, from the moment the relay leads until the last one is confirmed."""
    database = Database(given["database"], pool_size=4)
    publisher = _Counting(given["amqp"], given["count"])
    runner = Relay(SOURCE, database, publisher)
    thread = threading.Thread(target=runner.run)
    thread.start()
    runner.leading.wait()
    began = time.perf_counter()
    publisher.all_confirmed.wait()
    seconds = publisher.ended - began
    runner.stop()
    thread.join()
    database.close()
    return float(given["count"] / seconds)


class _Counting(Publisher):
    def __init__(self, amqp: str, count: int) -> None:
        super().__init__(amqp)
        self._left = count
        self.ended = 0.0
        self.all_confirmed = threading.Event()

    def publish(
        self, source: str, epoch: str, batch: Sequence[Recorded], meanwhile: Callable[[], None] = lambda: None
    ) -> None:
        super().publish(source, epoch, batch, meanwhile)
        self._left -= len(batch)
        if self._left <= 0:
            self.ended = time.perf_counter()
            self.all_confirmed.set()
