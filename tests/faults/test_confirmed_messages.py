"""Row 2: what the broker confirmed survives its kill -9, in every kind of queue we use or others may bind."""

import random
import threading
import time
from contextlib import suppress

from deploy.local.rabbitmq import RabbitServer
from services.kernel.identifiers import new_id
from services.kernel.message import Recorded
from services.kernel.messaging.connection import abandon, connect
from services.kernel.messaging.publisher import Publisher
from services.kernel.messaging.topology import Feed
from services.kernel.relay import PublishFailed
from tests.soak import Scale

KINDS = ("classic", "quorum", "stream")


def event(position: int) -> Recorded:
    return Recorded(
        position, str(new_id()), "counter-1", position, "counter.raised", 1, '{"by":1}',
        "2026-11-20T10:00:00.000000Z", str(new_id()), str(new_id()),
    )  # fmt: skip


def test_no_confirmed_message_is_lost_when_the_broker_is_killed(own_broker: RabbitServer, scale: Scale) -> None:
    kills, events, batch = 3, scale(1_600, 50_000), 100
    chance = random.Random(2)
    publisher = Publisher(own_broker.url, Feed("1h", 1_000_000))
    publisher.announce("counting", "e1", 0)
    connection = connect(own_broker.url, "queues")
    with connection.channel() as channel:
        for kind in KINDS:
            channel.queue_declare(kind, durable=True, auto_delete=False, arguments={"x-queue-type": kind})
            channel.queue_bind(kind, "counting.events", "*.*")
    abandon(connection)
    own_broker.settle()
    confirmed = 0

    def publish() -> bool:
        """One batch; whether it was confirmed."""
        nonlocal confirmed
        try:
            publisher.publish("counting", "e1", [event(confirmed + n + 1) for n in range(batch)])
        except PublishFailed:
            return False
        confirmed += batch
        return True

    def publish_until(position: int) -> None:
        while confirmed < position:
            if not publish():
                time.sleep(0.2)  # up, but its queues are not yet: a relay pauses longer

    for kill in range(kills):
        publish_until(events * (kill + 1) // (kills + 1))
        # From a thread: in the middle of a batch, with messages on their way and confirms due.
        killing = threading.Timer(chance.uniform(0.02, 0.1), own_broker.kill)
        killing.start()
        while publish():
            pass
        killing.join()
        assert not own_broker.pid
        own_broker.start()
    publish_until(events)
    publisher.close()
    wanted = set(range(1, confirmed + 1))
    for kind in KINDS:
        found = _positions(own_broker.url, kind, confirmed)
        assert wanted - found == set(), kind
    figure = f"0 lost of {confirmed:,}, {kills} kills amid a batch, {KINDS}"
    scale.measured("2", "0 lost of ≥ 50,000, 2 kills, each queue type", figure)


def _positions(url: str, queue: str, count: int) -> set[int]:
    """Every position the queue holds, read until all of them were seen or nothing more comes."""
    connection = connect(url, "reader")
    found: set[int] = set()
    channel = connection.channel()
    channel.basic_qos(0, 500, False)

    def keep(message: object) -> None:
        found.add(int(message.headers["ce-position"]))  # type: ignore[attr-defined]
        channel.basic_ack(message.delivery_tag)  # type: ignore[attr-defined]

    arguments = {"x-stream-offset": "first"} if queue == "stream" else None
    channel.basic_consume(queue, callback=keep, arguments=arguments)

    with suppress(TimeoutError):  # silence means that this is all
        while len(found) < count:
            connection.drain_events(timeout=10)
    abandon(connection)
    return found
