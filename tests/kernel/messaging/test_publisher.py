"""The publisher on a real broker: durable, in order, or an error within its bound."""

import json
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from deploy.local.rabbitmq import RabbitServer
from services.kernel.messaging import topology
from services.kernel.messaging.publisher import Publisher
from services.kernel.messaging.topology import SubscriptionQueue
from services.kernel.messaging.transport import BrokerBlocked, BrokerStalled, BrokerUnavailable, Unroutable
from tests.faults.tcp_proxy import Direction, TcpProxy
from tests.kernel.messaging.conftest import Admin
from tests.kernel.messaging.examples import recorded

NewPublisher = Callable[..., Publisher]
QUEUE = SubscriptionQueue("gateway", "coverage", "registry")
BATCH = [recorded(position) for position in range(1, 2501)]


def positions(messages: list[Any]) -> list[int]:
    return [int(message.properties["application_headers"]["ce-position"]) for message in messages]


def test_a_batch_is_on_every_bound_queue_in_order(amqp_url: str, admin: Admin, new_publisher: NewPublisher) -> None:
    topology.declare_subscription(admin.connection, QUEUE)
    new_publisher(amqp_url).publish("registry", "e1", BATCH)
    found = admin.take(QUEUE.name, 2500)
    assert positions(found) == list(range(1, 2501))
    assert found[0].body == BATCH[0].data.encode()
    assert found[0].properties["message_id"] == BATCH[0].id
    assert found[0].properties["delivery_mode"] == 2
    assert found[0].delivery_info["routing_key"] == "unit.registered"


def test_the_head_is_announced_to_subscriptions_and_stays_out_of_the_feed(
    amqp_url: str, admin: Admin, new_publisher: NewPublisher
) -> None:
    topology.declare_subscription(admin.connection, QUEUE)
    publisher = new_publisher(amqp_url)
    publisher.announce("registry", "e1", 7)
    publisher.publish("registry", "e1", BATCH[:1])
    head, event = admin.take(QUEUE.name, 2)
    assert (head.delivery_info["routing_key"], json.loads(head.body)) == ("head", {"epoch": "e1", "position": 7})
    assert head.properties["application_headers"]["ce-type"] == "causo.head"
    assert positions([event]) == [1]
    assert [m.delivery_info["routing_key"] for m in admin.take("registry.feed", 1)] == ["unit.registered"]


def test_a_message_larger_than_a_frame_arrives_whole(amqp_url: str, admin: Admin, new_publisher: NewPublisher) -> None:
    topology.declare_subscription(admin.connection, QUEUE)
    large = recorded(1, data=json.dumps({"unit": "đ" * 200_000}, ensure_ascii=False))
    new_publisher(amqp_url).publish("registry", "e1", [large])
    assert admin.take(QUEUE.name, 1)[0].body.decode() == large.data


def test_a_lost_binding_of_the_feed_is_noticed_and_the_batch_sent_again_in_order(
    amqp_url: str, admin: Admin, new_publisher: NewPublisher
) -> None:
    publisher = new_publisher(amqp_url)
    publisher.publish("registry", "e1", BATCH[:3])
    admin.channel().queue_unbind("registry.feed", "registry.events", topology.FEED_BINDING)
    meanwhile: list[bool] = []
    publisher.publish("registry", "e1", BATCH[3:10], lambda: meanwhile.append(True))
    assert positions(admin.take("registry.feed", 10)) == list(range(1, 11))
    assert meanwhile == [True], "once, though it was sent twice"


def test_what_no_queue_takes_raises(
    amqp_url: str, monkeypatch: pytest.MonkeyPatch, new_publisher: NewPublisher
) -> None:
    monkeypatch.setattr(topology, "FEED_BINDING", "nobody.listens")
    publisher = new_publisher(amqp_url)
    with pytest.raises(Unroutable):
        publisher.publish("registry", "e1", BATCH[:3])
    monkeypatch.undo()
    publisher.publish("registry", "e1", BATCH[:3])


def test_a_deleted_exchange_is_an_error_and_healed_by_the_next_try(
    amqp_url: str, admin: Admin, new_publisher: NewPublisher
) -> None:
    publisher = new_publisher(amqp_url)
    publisher.publish("registry", "e1", BATCH[:3])
    admin.channel().exchange_delete("registry.events")
    with pytest.raises(BrokerUnavailable):
        publisher.publish("registry", "e1", BATCH[3:6])
    publisher.publish("registry", "e1", BATCH[3:6])
    assert positions(admin.take("registry.feed", 6)) == list(range(1, 7))


def test_nobody_at_the_port_is_an_error_at_once(new_publisher: NewPublisher) -> None:
    with pytest.raises(BrokerUnavailable):
        new_publisher("amqp://guest:guest@127.0.0.1:9/").publish("registry", "e1", BATCH[:1])


@pytest.mark.parametrize("direction", ["upstream", "downstream"])
def test_a_link_that_loses_one_way_raises_instead_of_hanging(
    amqp_url: str, direction: Direction, admin: Admin, new_publisher: NewPublisher
) -> None:
    with TcpProxy.before(amqp_url) as proxy:
        publisher = new_publisher(proxy.url, stall_seconds=1.0)
        publisher.publish("registry", "e1", BATCH[:3])
        proxy.lose(direction)
        with pytest.raises(BrokerStalled):
            publisher.publish("registry", "e1", BATCH[3:6])
        proxy.heal()
        publisher.publish("registry", "e1", BATCH[3:6])
    assert list(dict.fromkeys(positions(admin.take("registry.feed", 6)))) == list(range(1, 7))


def test_a_reset_in_the_middle_is_an_error_and_the_next_try_connects_anew(
    amqp_url: str, new_publisher: NewPublisher
) -> None:
    with TcpProxy.before(amqp_url) as proxy:
        publisher = new_publisher(proxy.url)
        publisher.publish("registry", "e1", BATCH[:3])
        proxy.lose("downstream")
        proxy.reset_soon(0.5)
        with pytest.raises(BrokerUnavailable):
            publisher.publish("registry", "e1", BATCH[3:6])
        proxy.heal()
        publisher.publish("registry", "e1", BATCH[3:6])


def test_a_disk_alarm_is_reported_and_relaying_goes_on_after_it(
    poor_broker: RabbitServer, poor_url: str, new_publisher: NewPublisher
) -> None:
    publisher = new_publisher(poor_url)
    publisher.publish("registry", "e1", BATCH[:3])
    poor_broker.rabbitmqctl("set_disk_free_limit", "9000GB")
    for _ in range(3):
        with pytest.raises(BrokerBlocked):
            publisher.publish("registry", "e1", BATCH[3:6])
    poor_broker.rabbitmqctl("set_disk_free_limit", "50MB")
    publisher.publish("registry", "e1", BATCH[3:6])
    with closing(Admin(poor_url)) as admin:
        found = positions(admin.take("registry.feed", 6))
    assert list(dict.fromkeys(found)) == list(range(1, 7))
    assert len(found) <= 9, "an alarm may cost one repetition, not one for each try"
