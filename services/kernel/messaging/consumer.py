"""The queue consumer: batches from a subscription's queues, acknowledged only after they are durable on our side.

It heals itself: it reconnects with backoff, declares its queues and bindings again every few seconds (a deleted binding
loses what is published meanwhile; the announced head tells, and the gap is fetched), and starts over when the broker
cancels it. A batch that fails is kept and tried again while heartbeats go on; it can only be overtaken by nothing,
because nothing newer is handed on before. What no one can ever decode goes to the dead-letter queue at once.
"""

import random
import signal
import time
from collections.abc import Sequence
from typing import Any

import amqp
import structlog

from services.kernel.messaging.connection import (
    CONNECTION_ERRORS,
    abandon,
    close_soon,
    connect,
)
from services.kernel.messaging.envelope import Undecodable, decode
from services.kernel.messaging.topology import (
    SubscriptionQueue,
    TopologyConflict,
    declare_subscription,
)
from services.kernel.messaging.transport import Incoming, OnBatch, OnBeat, no_beat
from services.kernel.messaging.wire import Delivery, FrameReader, delivery_of
from services.kernel.subscription import GATHER_SECONDS

PREFETCH = 500
TICK_SECONDS = 0.5
REDECLARE_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 5.0
_log = structlog.get_logger(__name__)


class QueueConsumer:
    """Follows one or more subscription queues. `run` in one thread; `stop` from any, or from a signal handler."""

    def __init__(
        self,
        amqp_url: str,
        queues: Sequence[SubscriptionQueue],
        on_batch: OnBatch,
        *,
        prefetch: int = PREFETCH,
        gather_seconds: float = GATHER_SECONDS,
        redeclare_seconds: float = REDECLARE_SECONDS,
        beat: OnBeat = no_beat,
        name: str = "causo subscription",
    ) -> None:
        self._url = amqp_url
        self._queues = list(queues)
        self._on_batch = on_batch
        self._prefetch = prefetch
        self._gather_seconds = gather_seconds
        self._redeclare_seconds = redeclare_seconds
        self._beat = beat
        self._name = name
        self._stopping = False

    def stop(self) -> None:
        """Finish the batch at hand, then return from `run`."""
        self._stopping = True

    def stop_on_signals(self) -> None:
        """Have SIGTERM and SIGINT stop this consumer; main thread only."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stop())

    def run(self) -> None:
        """Consume until stopped. Raises nothing of the broker's; only `stop` ends it."""
        failures = 0
        while not self._stopping:
            session = _Session(self)
            try:
                session.open()
                failures = 0
                session.consume()
            except (*CONNECTION_ERRORS, TopologyConflict) as error:
                failures += 1
                detail = str(error) if isinstance(error, TopologyConflict) else type(error).__name__
                _log.warning(
                    "consumer_lost_broker",
                    queues=[q.name for q in self._queues],
                    error=detail,
                )
                # Refused, reset, cancelled: we are awake and it is not us. A watchdog must not restart us for that.
                self._beat("waiting-for-broker")
            finally:
                session.close(politely=self._stopping)
            if failures:
                _pause(self, min(0.1 * 2**failures, LONGEST_PAUSE_SECONDS))


def _pause(consumer: QueueConsumer, seconds: float) -> None:
    until = time.monotonic() + seconds * random.uniform(0.5, 1.0)
    while not consumer._stopping and time.monotonic() < until:
        time.sleep(0.05)


class _Session:
    """One connection of a consumer, from opening to trouble."""

    def __init__(self, consumer: QueueConsumer) -> None:
        self._owner = consumer
        self._connection: Any = None
        self._arrived: list[Delivery] = []
        self._cancelled = False
        self._received = 0

    def open(self) -> None:
        owner = self._owner
        self._connection = connect(owner._url, owner._name)
        self._declare()
        self._channel = self._connection.channel()
        self._channel.basic_qos(0, owner._prefetch, False)
        self._reader = FrameReader(self._connection, int(self._channel.channel_id), self._arrived.append)
        self._sources: dict[str, SubscriptionQueue] = {}
        for queue in owner._queues:
            tag = self._channel.basic_consume(
                queue.name,
                consumer_tag=f"{queue.name}-{id(self)}",
                callback=lambda message: self._arrived.append(delivery_of(message)),
                on_cancel=self._on_cancel,
            )
            self._sources[str(tag)] = queue
        owner._beat("consuming")

    def close(self, *, politely: bool) -> None:
        connection, self._connection = self._connection, None
        if politely:
            close_soon(connection)
        else:
            abandon(connection)

    def consume(self) -> None:
        """Hand on batches until stopped. Raises `CONNECTION_ERRORS`."""
        owner = self._owner
        tick_at = first_at = 0.0
        while not owner._stopping:
            if self._cancelled:
                raise amqp.ConsumerCancelled("the broker cancelled us: the queue is gone")
            if time.monotonic() >= tick_at:
                self._tick()
                tick_at = time.monotonic() + TICK_SECONDS
            if not self._arrived:
                self._reader.read(TICK_SECONDS)
                first_at = time.monotonic()
                continue
            # A batch is handed on when its first message is old enough, or nothing came for a quarter of that time.
            came = self._reader.read(owner._gather_seconds / 4)
            if not came or len(self._arrived) >= owner._prefetch or time.monotonic() - first_at > owner._gather_seconds:
                self._hand_on()

    def _hand_on(self) -> None:
        arrived = self._arrived[:]
        self._arrived.clear()
        batch, last = self._decode(arrived)
        if batch:
            if not self._deliver(batch):
                return
            # Never a rejected tag: looking for it the broker would take all that is unacknowledged with it.
            self._channel.basic_ack(last, multiple=True)
        self._owner._beat("consuming")

    def _decode(self, arrived: list[Delivery]) -> tuple[list[Incoming], int]:
        batch, last = [], 0
        for delivery in arrived:
            queue = self._sources[delivery.consumer_tag]
            properties = delivery.properties
            try:
                batch.append(
                    decode(
                        queue.source,
                        delivery.headers,
                        delivery.body,
                        properties.get("content_type"),
                        properties.get("content_encoding"),
                        delivery.redelivered,
                    )
                )
                last = delivery.tag
            except Undecodable as fault:
                _log.error(
                    "undecodable_message",
                    queue=queue.name,
                    reason=str(fault),
                    dead_letters=queue.dead,
                )
                self._channel.basic_reject(delivery.tag, requeue=False)
        return batch, last

    def _deliver(self, batch: list[Incoming]) -> bool:
        """Have the batch made durable, however often that must be tried; False when stopped before it succeeded."""
        failures = 0
        while True:
            try:
                self._owner._on_batch(batch)
                return True
            except Exception as error:  # whatever it was, the batch is not durable: keep it
                failures += 1
                _log.warning(
                    "batch_failed",
                    consumer=self._owner._name,
                    size=len(batch),
                    tries=failures,
                    error=type(error).__name__,
                )
            resume = time.monotonic() + min(0.1 * 2**failures, LONGEST_PAUSE_SECONDS)
            while time.monotonic() < resume:
                if self._owner._stopping:
                    return False
                self._tick(beat="retrying")
                self._reader.read(0.1)

    def _tick(self, beat: str = "consuming") -> None:
        # What came while we were busy counts as life; only after it has been read may its absence be judged.
        self._reader.read(0)
        self._connection.heartbeat_tick()
        if self._connection.bytes_recv != self._received:
            self._received = self._connection.bytes_recv
            self._owner._beat(beat)
        if time.monotonic() - self._declared_at >= self._owner._redeclare_seconds:
            self._declare()

    def _declare(self) -> None:
        for queue in self._owner._queues:
            declare_subscription(self._connection, queue)
        self._declared_at = time.monotonic()

    def _on_cancel(self, tag: str) -> None:
        self._cancelled = True
