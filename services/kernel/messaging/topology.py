"""Exchanges, queues and bindings. Everything may be declared again at any time; nothing here deletes.

    <service>.events     topic exchange, exactly the one nameko's `@event_handler` declares; key = event name
    <service>.feed       stream for those who attach late, bound `*.*`: head announcements (key `head`) stay out
    <consumer>.<subscription>.<source>         quorum queue bound `#`, so that positions arrive contiguous
    causo.dead → <consumer>.<subscription>.<source>.dead    what could not be decoded
    causo.dead.calls → rpc-<service>.dead                   calls that could not be read

Quorum queues have no delivery limit (RabbitMQ 4 would set 20): crashes of one consumer must not push healthy
prefetched messages out. Dead-lettering is at-least-once, which needs `reject-publish`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import amqp
import structlog

from services.kernel.messaging.connection import server_version
from services.kernel.settings import Settings

DEAD_EXCHANGE = "causo.dead"
DEAD_CALLS_EXCHANGE = "causo.dead.calls"
HEAD_KEY = "head"
FEED_BINDING = "*.*"
_log = structlog.get_logger(__name__)


class TopologyConflict(Exception):
    """A queue of that name exists with other arguments; the message says which and what to do."""


@dataclass(frozen=True, slots=True)
class SubscriptionQueue:
    """The queue through which `subscription` of service `consumer` follows `source`."""

    consumer: str
    subscription: str
    source: str

    @property
    def name(self) -> str:
        """Name of the queue."""
        return f"{self.consumer}.{self.subscription}.{self.source}"

    @property
    def dead(self) -> str:
        """Where its undecodable messages wait for a person."""
        return f"{self.name}.dead"


@dataclass(frozen=True, slots=True)
class Feed:
    """The window a feed keeps. Retention deletes whole segments only, so these must be small at low volume."""

    max_age: str = "30D"
    segment_bytes: int = 5_000_000

    @classmethod
    def of(cls, settings: Settings) -> "Feed":
        """The feed as the environment wants it."""
        return cls(settings.feed_max_age, settings.feed_segment_bytes)


def exchange_of(source: str) -> str:
    """The exchange a service publishes to."""
    return f"{source}.events"


def feed_of(source: str) -> str:
    """The stream that keeps a window of a service's events."""
    return f"{source}.feed"


def dead_calls_of(service: str) -> str:
    """Where a service's unreadable calls wait for a person."""
    return f"rpc-{service}.dead"


def declare_source(connection: amqp.Connection, source: str, feed: Feed) -> None:
    """Exchange and feed of a publishing service."""
    arguments = {
        "x-queue-type": "stream",
        "x-max-age": feed.max_age,
        "x-stream-max-segment-size-bytes": feed.segment_bytes,
    }
    try:
        _declare_queue(connection, feed_of(source), arguments)
    except TopologyConflict as conflict:
        # A changed window must not stop the relay: the old stream goes on with the window it was declared with.
        _log.warning("feed_keeps_its_old_window", feed=feed_of(source), hint=str(conflict))
    with connection.channel() as channel:
        _declare_exchange(channel, source)
        channel.queue_bind(feed_of(source), exchange_of(source), FEED_BINDING)


def declare_refill(connection: amqp.Connection, source: str) -> str:
    """The exchange that leads to the feed of a declared source and nowhere else; its name."""
    name = f"{source}.refill"
    with connection.channel() as channel:
        channel.exchange_declare(name, "topic", durable=True, auto_delete=False)
        channel.queue_bind(feed_of(source), name, "#")
    return name


def declare_subscription(connection: amqp.Connection, queue: SubscriptionQueue) -> None:
    """A subscription's queue, its binding and its dead-letter queue. Raises `TopologyConflict`."""
    with connection.channel() as channel:
        _declare_exchange(channel, queue.source)
        channel.exchange_declare(DEAD_EXCHANGE, "direct", durable=True, auto_delete=False)
    _declare_quorum(connection, queue.dead, {"x-queue-type": "quorum"})
    _declare_quorum(
        connection,
        queue.name,
        {
            "x-queue-type": "quorum",
            "x-single-active-consumer": True,
            "x-dead-letter-exchange": DEAD_EXCHANGE,
            "x-dead-letter-routing-key": queue.dead,
            "x-dead-letter-strategy": "at-least-once",
            "x-overflow": "reject-publish",
        },
    )
    with connection.channel() as channel:
        channel.queue_bind(queue.dead, DEAD_EXCHANGE, queue.dead)
        channel.queue_bind(queue.name, exchange_of(queue.source), "#")


def declare_dead_calls(connection: amqp.Connection, service: str) -> None:
    """Where a service's unreadable calls wait. Expired ones come the same way and are let go: nobody waits."""
    queue = dead_calls_of(service)
    _declare_quorum(connection, queue, {"x-queue-type": "quorum"})
    with connection.channel() as channel:
        channel.exchange_declare(DEAD_CALLS_EXCHANGE, "headers", durable=True, auto_delete=False)
        rejected = {
            "x-match": "all-with-x",
            "x-first-death-reason": "rejected",
            "x-first-death-queue": f"rpc-{service}",
        }
        channel.queue_bind(queue, DEAD_CALLS_EXCHANGE, arguments=rejected)


def _declare_exchange(channel: amqp.Channel, source: str) -> None:
    channel.exchange_declare(exchange_of(source), "topic", durable=True, auto_delete=False)


def _declare_quorum(connection: amqp.Connection, name: str, arguments: Mapping[str, Any]) -> None:
    if server_version(connection) < (4, 0):
        _declare_queue(connection, name, arguments)
        return
    try:
        _declare_queue(connection, name, {**arguments, "x-delivery-limit": -1})
    except TopologyConflict:
        # Declared under RabbitMQ 3, which knows no -1: it lives on; a policy must lift the new default of 20.
        _declare_queue(connection, name, arguments)
        _log.warning(
            "queue_has_a_delivery_limit",
            queue=name,
            hint="set a policy with delivery-limit -1",
        )


def _declare_queue(connection: amqp.Connection, name: str, arguments: Mapping[str, Any]) -> None:
    channel = connection.channel()
    try:
        channel.queue_declare(
            name,
            durable=True,
            exclusive=False,
            auto_delete=False,
            arguments=dict(arguments),
        )
        channel.close()
    except amqp.PreconditionFailed as error:
        raise TopologyConflict(f"queue {name!r} exists with other arguments: {error.reply_text}") from None
