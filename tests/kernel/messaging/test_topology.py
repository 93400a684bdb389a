"""The topology, declared on a real broker."""

import pytest

from services.kernel.messaging import topology
from services.kernel.messaging.topology import Feed, SubscriptionQueue
from tests.kernel.messaging.conftest import Admin

FEED = Feed("1h", 1_000_000)
QUEUE = SubscriptionQueue("gateway", "coverage", "registry")


def test_everything_may_be_declared_again(admin: Admin) -> None:
    for _ in range(2):
        topology.declare_source(admin.connection, "registry", FEED)
        topology.declare_subscription(admin.connection, QUEUE)
    assert (QUEUE.name, QUEUE.dead) == ("gateway.coverage.registry", "gateway.coverage.registry.dead")


def test_another_feed_window_does_not_stop_a_relay(admin: Admin) -> None:
    topology.declare_source(admin.connection, "registry", FEED)
    topology.declare_source(admin.connection, "registry", Feed("2h", 2_000_000))


def test_a_queue_with_other_arguments_is_named(admin: Admin) -> None:
    with admin.connection.channel() as channel:
        channel.queue_declare(QUEUE.name, durable=True, auto_delete=False)
    with pytest.raises(topology.TopologyConflict, match=QUEUE.name):
        topology.declare_subscription(admin.connection, QUEUE)
