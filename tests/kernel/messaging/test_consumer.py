"""The queue consumer on a real broker: nothing lost, nothing acknowledged early, and it heals by itself."""

import pickle
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import amqp
import pytest

from deploy.local.rabbitmq import RabbitServer
from services.kernel.message import Recorded
from services.kernel.messaging import topology
from services.kernel.messaging.consumer import QueueConsumer
from services.kernel.messaging.envelope import headers_of
from services.kernel.messaging.publisher import Publisher
from services.kernel.messaging.topology import SubscriptionQueue
from services.kernel.messaging.transport import BrokerUnavailable, HeadAnnounced
from tests.faults.tcp_proxy import Direction, TcpProxy
from tests.kernel.messaging.conftest import Admin, Inbox, running, until
from tests.kernel.messaging.examples import recorded
from tests.soak import Scale

QUEUE = SubscriptionQueue("gateway", "coverage", "registry")
OTHER = SubscriptionQueue("gateway", "coverage", "visits")
BATCH = [recorded(position) for position in range(1, 1201)]


@pytest.fixture(autouse=True)
def subscribed(request: pytest.FixtureRequest) -> None:
    """Both queues exist from the start, so that nothing sent is lost."""
    used = {"amqp_url", "poor_url"} & set(request.fixturenames)
    if not used:
        return
    url = request.getfixturevalue(used.pop())
    with closing(Admin(url)) as admin:
        for queue in (QUEUE, OTHER):
            topology.declare_subscription(admin.connection, queue)


def test_events_and_announcements_arrive_in_order_in_batches(
    amqp_url: str, admin: Admin, publisher: Publisher, inbox: Inbox
) -> None:
    publisher.publish("registry", "e1", BATCH)
    publisher.announce("registry", "e1", 1200)
    with running(QueueConsumer(amqp_url, [QUEUE], inbox)):
        until(lambda: bool(inbox.heads), "the announced head")
        assert inbox.events == BATCH
        assert inbox.heads == [HeadAnnounced("registry", "e1", 1200)]
        assert max(map(len, inbox.batches)) >= 100
        until(lambda: unsettled(admin) == 0, "everything acknowledged")


def unsettled(admin: Admin) -> int:
    """Messages left if all consumers went away."""
    return admin.ready(QUEUE.name)


def test_one_consumer_follows_two_sources(amqp_url: str, publisher: Publisher, inbox: Inbox) -> None:
    with running(QueueConsumer(amqp_url, [QUEUE, OTHER], inbox)):
        publisher.announce("registry", "e1", 0)
        publisher.announce("visits", "e2", 0)
        until(lambda: len(inbox.heads) == 2, "both sources")
        assert {(head.source, head.epoch) for head in inbox.heads} == {("registry", "e1"), ("visits", "e2")}


def test_nothing_is_acknowledged_before_it_is_durable(
    amqp_url: str, admin: Admin, publisher: Publisher, inbox: Inbox
) -> None:
    inbox.failing = RuntimeError("the database is down")
    with running(QueueConsumer(amqp_url, [QUEUE], inbox)):
        publisher.publish("registry", "e1", BATCH[:20])
        until(lambda: inbox.failures >= 3, "three tries")
    assert inbox.batches == []
    inbox.failing = None
    with running(QueueConsumer(amqp_url, [QUEUE], inbox)):
        until(lambda: inbox.positions == list(range(1, 21)), "all twenty again")
        assert all(item.redelivered for batch in inbox.batches for item in batch if hasattr(item, "redelivered"))


def test_a_failed_batch_is_tried_again_before_anything_newer(amqp_url: str, publisher: Publisher, inbox: Inbox) -> None:
    inbox.failing = RuntimeError("the database is down")
    with running(QueueConsumer(amqp_url, [QUEUE], inbox)):
        publisher.announce("registry", "e1", 0)
        until(lambda: inbox.failures >= 1, "a failure")
        publisher.publish("registry", "e1", BATCH)
        until(lambda: inbox.failures >= 3, "more failures")
        inbox.failing = None
        until(lambda: len(inbox.positions) >= 1200, "everything")
        assert inbox.positions == list(range(1, 1201))


def undecodable() -> list[amqp.Message]:
    """One of each kind."""
    good = headers_of("registry", "e1", BATCH[0])
    json = {"content_type": "application/json", "application_headers": good, "delivery_mode": 2}
    return [
        amqp.Message(b"{broken", **json),
        amqp.Message(b"{}", **{**json, "application_headers": {**good, "ce-position": "seven"}}),
        amqp.Message(b"{}", **{**json, "application_headers": {}}),
        amqp.Message(b"{}", **{**json, "content_type": "application/cloudevents+json"}),
        amqp.Message(pickle.dumps({}), **{**json, "content_type": "application/x-python-serialize"}),
        amqp.Message(b"\x80\x81", **{**json, "content_encoding": "binary"}),
    ]


def test_the_undecodable_goes_to_dead_letters_and_the_rest_goes_on(
    amqp_url: str, admin: Admin, publisher: Publisher, inbox: Inbox, scale: Scale
) -> None:
    channel: Any = admin.channel()
    publisher.publish("registry", "e1", BATCH[:1])
    for message in undecodable():
        channel.basic_publish(message, "registry.events", "unit.registered")
    publisher.publish("registry", "e1", BATCH[1:2])
    for message in undecodable():
        channel.basic_publish(message, "registry.events", "unit.registered")
    with running(QueueConsumer(amqp_url, [QUEUE], inbox)):
        until(lambda: inbox.positions == [1, 2], "the good ones")
        until(lambda: admin.ready(QUEUE.dead) == 12, "all others dead-lettered")
        publisher.publish("registry", "e1", BATCH[2:3])
        until(lambda: inbox.positions == [1, 2, 3], "more good ones")
    dead = admin.take(QUEUE.dead, 12)
    assert sorted(m.body for m in dead) == sorted(m.body for m in undecodable() * 2)
    assert admin.ready(QUEUE.name) == 0
    scale.measured("14, events", "100 % in dead letters", f"{len(dead)} of 12, {len(undecodable())} kinds")


def test_a_deleted_binding_heals(amqp_url: str, admin: Admin, publisher: Publisher, inbox: Inbox) -> None:
    with running(QueueConsumer(amqp_url, [QUEUE], inbox, redeclare_seconds=0.5)):
        publisher.publish("registry", "e1", BATCH[:1])
        until(lambda: inbox.positions == [1], "the first event")
        admin.channel().queue_unbind(QUEUE.name, "registry.events", "#")

        def announced() -> bool:
            publisher.announce("registry", "e1", 1)
            return bool(inbox.heads)

        until(announced, "an announcement through the new binding", seconds=15)


def test_a_deleted_queue_is_declared_and_consumed_again(
    amqp_url: str, admin: Admin, publisher: Publisher, inbox: Inbox
) -> None:
    with running(QueueConsumer(amqp_url, [QUEUE], inbox)):
        publisher.announce("registry", "e1", 1)
        until(lambda: len(inbox.heads) == 1, "an announcement")
        admin.channel().queue_delete(QUEUE.name)

        def announced() -> bool:
            publisher.announce("registry", "e1", 2)
            return HeadAnnounced("registry", "e1", 2) in inbox.heads

        until(announced, "an announcement through the new queue", seconds=15)


def test_a_second_consumer_stands_by_and_takes_over(
    amqp_url: str, admin: Admin, publisher: Publisher, inbox: Inbox
) -> None:
    standby = Inbox()
    second = QueueConsumer(amqp_url, [QUEUE], standby)
    with running(QueueConsumer(amqp_url, [QUEUE], inbox)):
        publisher.announce("registry", "e1", 1)
        until(lambda: bool(inbox.heads), "the first consumer active")
        with running(second):
            publisher.publish("registry", "e1", BATCH[:600])
            until(lambda: inbox.positions == list(range(1, 601)), "the first consumer alone")
            assert standby.batches == []
    with running(QueueConsumer(amqp_url, [QUEUE], standby)):
        publisher.publish("registry", "e1", BATCH[600:])
        until(lambda: standby.positions == list(range(601, 1201)), "the other one")


def test_a_broker_killed_and_back_loses_nothing(
    poor_broker: RabbitServer, poor_url: str, inbox: Inbox, new_publisher: Callable[..., Publisher]
) -> None:
    publisher = new_publisher(poor_url)
    with running(QueueConsumer(poor_url, [QUEUE], inbox)):
        sent = 0
        publisher.announce("registry", "e1", 0)
        until(lambda: bool(inbox.heads), "a consumer")
        poor_broker.settle()
        for kill in range(3):
            while sent < (kill + 1) * 400:
                sent += publish_somehow(publisher, BATCH[sent : sent + 50])
                if sent == kill * 400 + 200:
                    poor_broker.kill()
                    with pytest.raises(BrokerUnavailable):
                        publisher.publish("registry", "e1", BATCH[sent : sent + 50])
                    poor_broker.start()
        # The consumer reconnects by itself within 15 s of the broker's return (row 22).
        until(lambda: inbox.distinct == list(range(1, 1201)), "every confirmed event", seconds=15)


def publish_somehow(publisher: Publisher, batch: list[Any]) -> int:
    """As the relay does: again, until it is confirmed."""
    limit = time.monotonic() + 60
    while True:
        try:
            publisher.publish("registry", "e1", batch)
            return len(batch)
        except BrokerUnavailable:
            assert time.monotonic() < limit
            time.sleep(0.1)


@pytest.mark.parametrize("direction", ["upstream", "downstream", "both"])
def test_a_blackhole_heals_without_help(
    amqp_url: str, publisher: Publisher, inbox: Inbox, direction: Direction, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.kernel.messaging.connection.HEARTBEAT_SECONDS", 2)
    with TcpProxy.before(amqp_url) as proxy, running(QueueConsumer(proxy.url, [QUEUE], inbox)):
        publisher.announce("registry", "e1", 0)
        until(lambda: bool(inbox.heads), "a consumer")
        proxy.lose(direction)
        publisher.publish("registry", "e1", BATCH[:100])
        until(lambda: proxy.accepted >= 2, "the consumer gave the silent connection up", seconds=60)
        proxy.heal()
        until(lambda: inbox.distinct == list(range(1, 101)), "all events", seconds=60)


def test_a_link_that_was_cut_is_consumed_through_soon_after_it_is_up(
    amqp_url: str, publisher: Publisher, inbox: Inbox, scale: Scale, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row 20. Pairs of a heartbeat and the length of a cut, both in seconds."""
    for turn, (heartbeat, outage) in enumerate(scale([(1, 4)], [(10, 15), (10, 45), (60, 15), (60, 45)])):
        monkeypatch.setattr("services.kernel.messaging.connection.HEARTBEAT_SECONDS", heartbeat)
        before, during, after = (BATCH[first : first + 100] for first in range(turn * 300, turn * 300 + 300, 100))
        with TcpProxy.before(amqp_url) as proxy, running(QueueConsumer(proxy.url, [QUEUE], inbox)):
            publisher.publish("registry", "e1", before)
            await_all(inbox, before, seconds=30)
            proxy.cut()
            publisher.publish("registry", "e1", during)
            time.sleep(outage)  # its length is what is tested
            assert inbox.distinct[-1] == before[-1].position
            proxy.heal()
            up = time.monotonic()
            publisher.publish("registry", "e1", after)
            await_all(inbox, after, seconds=15)
            found = f"{time.monotonic() - up:.1f} s after a cut of {outage} s, heartbeat {heartbeat} s"
            scale.measured("20", "consuming ≤ 15 s after link up", found)


def await_all(inbox: Inbox, batch: list[Recorded], seconds: float) -> None:
    """Wait for this batch; it and all before it have come, in order."""
    last = batch[-1].position
    until(lambda: inbox.distinct == list(range(1, last + 1)), f"everything up to {last}", seconds)


def test_each_proof_of_progress_beats_and_a_stuck_batch_does_not(
    amqp_url: str, publisher: Publisher, inbox: Inbox
) -> None:
    beats: list[str] = []
    stuck = []

    def on_batch(batch: list[Any]) -> None:
        stuck.append(len(beats))
        time.sleep(1.0)
        stuck.append(len(beats))
        inbox(batch)

    with running(QueueConsumer(amqp_url, [QUEUE], on_batch, beat=beats.append)):
        publisher.announce("registry", "e1", 0)
        until(lambda: bool(inbox.heads), "an announcement")
        assert stuck[0] == stuck[1]
        until(lambda: len(beats) > stuck[1], "a beat after it")
    assert set(beats) == {"consuming"}


def test_while_the_broker_is_away_it_says_so() -> None:
    beats: list[str] = []
    with running(QueueConsumer("amqp://guest:guest@127.0.0.1:9/", [QUEUE], Inbox(), beat=beats.append)):
        until(lambda: len(beats) >= 3, "beats")
    assert set(beats) == {"waiting-for-broker"}
