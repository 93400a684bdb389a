"""What messaging tests share: events to send, queues to watch, consumers in threads."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest

from deploy.local.homes import passing_home
from deploy.local.rabbitmq import RabbitServer
from services.kernel.bus import ServiceUnavailable
from services.kernel.message import Recorded
from services.kernel.messaging.connection import abandon, connect
from services.kernel.messaging.consumer import QueueConsumer
from services.kernel.messaging.publisher import Publisher
from services.kernel.messaging.rpc_client import LoopThread, RpcCommandBus
from services.kernel.messaging.topology import Feed
from services.kernel.messaging.transport import HeadAnnounced, Incoming, IncomingEvent
from tests.conftest import LOGS


def until(holds: Callable[[], bool], what: str, seconds: float = 30) -> None:
    """Wait for a promise to come true, failing with `what` when it does not within its bound."""
    limit = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < limit, f"not within {seconds} s: {what}"
        time.sleep(0.02)


class Inbox:
    """An `on_batch` that remembers; `failing` makes it raise."""

    def __init__(self) -> None:
        self.batches: list[list[Incoming]] = []
        self.failing: Exception | None = None
        self.failures = 0

    def __call__(self, batch: list[Incoming]) -> None:
        if self.failing is not None:
            self.failures += 1
            raise self.failing
        self.batches.append(batch)

    @property
    def events(self) -> list[Recorded]:
        return [i.recorded for batch in self.batches for i in batch if isinstance(i, IncomingEvent)]

    @property
    def positions(self) -> list[int]:
        return [event.position for event in self.events]

    @property
    def distinct(self) -> list[int]:
        """Positions in the order of their first arrival."""
        return list(dict.fromkeys(self.positions))

    @property
    def heads(self) -> list[HeadAnnounced]:
        return [i for batch in self.batches for i in batch if isinstance(i, HeadAnnounced)]


@contextmanager
def running(consumer: QueueConsumer) -> Iterator[threading.Thread]:
    """The consumer in a thread, stopped and joined at the end."""
    thread = threading.Thread(target=consumer.run, daemon=True)
    thread.start()
    try:
        yield thread
    finally:
        consumer.stop()
        thread.join(timeout=20)
        assert not thread.is_alive(), "the consumer did not stop"


class Admin:
    """A plain look at the broker, through its own connection."""

    def __init__(self, url: str) -> None:
        self.connection = connect(url, "test admin")

    def close(self) -> None:
        """Give the connection back."""
        abandon(self.connection)

    def channel(self) -> Any:
        return self.connection.channel()

    def ready(self, queue: str) -> int:
        """Messages in the queue that no consumer holds; quorum queues report this with a delay, streams never."""
        with self.connection.channel() as channel:
            return int(channel.queue_declare(queue, passive=True).message_count)

    def take(self, queue: str, count: int) -> list[Any]:
        """The next `count` messages of the queue, acknowledged; a stream is read from its start."""
        found: list[Any] = []
        with self.connection.channel() as channel:
            channel.basic_qos(0, 100, False)

            def keep(message: Any) -> None:
                found.append(message)
                channel.basic_ack(message.delivery_tag)

            start = {"x-stream-offset": "first"} if queue.endswith(".feed") else None
            tag = channel.basic_consume(queue, callback=keep, arguments=start)
            while len(found) < count:
                self.connection.drain_events(timeout=10)
            channel.basic_cancel(tag)
        return found


@pytest.fixture(scope="package")
def poor_broker() -> Iterator[RabbitServer]:
    """A RabbitMQ that these tests kill, start again and set alarms on; one for all, because starting is slow."""
    with passing_home(keep_logs_in=LOGS / "messaging") as home:
        server = RabbitServer(home)
        server.start()
        yield server
        server.stop()


@pytest.fixture
def poor_url(poor_broker: RabbitServer) -> str:
    """A fresh vhost of the poor broker, which runs."""
    poor_broker.start()
    vhost = f"test-{uuid4().hex[:12]}"
    poor_broker.add_vhosts(vhost)
    return poor_broker.vhost_url(vhost)


@pytest.fixture
def new_publisher() -> Iterator[Callable[..., Publisher]]:
    """`new_publisher(url, …)`; closed at the end."""
    made: list[Publisher] = []

    def make(url: str, **options: Any) -> Publisher:
        made.append(Publisher(url, Feed("1h", 1_000_000), **options))
        return made[-1]

    yield make
    for publisher in made:
        publisher.close()


@pytest.fixture
def publisher(amqp_url: str, new_publisher: Callable[..., Publisher]) -> Publisher:
    """A publisher to the test's vhost."""
    return new_publisher(amqp_url)


@pytest.fixture
def inbox() -> Inbox:
    """Where batches go."""
    return Inbox()


@pytest.fixture
def admin(amqp_url: str) -> Iterator[Admin]:
    """An administrator of the test's vhost."""
    found = Admin(amqp_url)
    yield found
    found.close()


@pytest.fixture
def new_bus() -> Iterator[Callable[[str], Callable[[], bool]]]:
    """`new_bus(url)` gives a function that says whether the edge of `registry` answers."""
    made: list[tuple[LoopThread, RpcCommandBus]] = []

    def make(url: str) -> Callable[[], bool]:
        thread, bus = LoopThread("bus"), RpcCommandBus(url)
        made.append((thread, bus))

        def answers() -> bool:
            try:
                return bool(thread.run(lambda: bus.ask("registry", "echo", {"alive": True})))
            except ServiceUnavailable:
                return False

        return answers

    yield make
    for thread, bus in made:
        thread.run(bus.close)
        thread.close()
