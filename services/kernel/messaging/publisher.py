"""The publisher: a relay's batch becomes durable on the broker, in order, or an error within a bounded time.

Confirms are pipelined. Every message is mandatory; a returned one comes before its confirm and is matched by its id.
After a refusal everything from the first refused message on is sent again, so that each queue still holds the batch in
order (a cursor drops what it has seen). A new connection is proven with a probe first: a broker in alarm accepts
connections, reads the first publishes and then falls silent, and each try would leave duplicates in its buffers.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeAlias

import amqp
import structlog

from services.kernel.message import Recorded
from services.kernel.messaging import envelope, topology
from services.kernel.messaging.connection import (
    CONNECTION_ERRORS,
    abandon,
    connect,
)
from services.kernel.messaging.transport import (
    BrokerBlocked,
    BrokerStalled,
    BrokerUnavailable,
    Unroutable,
)
from services.kernel.messaging.wire import FrameReader, publish_frames
from services.kernel.relay import PublishFailed

STALL_SECONDS = 10.0
"""Longest silence while confirms are due."""
REDECLARE_SECONDS = 5.0
"""How often announcing also declares exchange and feed again: a lost binding of the feed returns nothing."""
CHUNK = 64
WINDOW = 4096
"""Messages written at once, and messages allowed to be unconfirmed."""
ROUNDS = 3


_Message: TypeAlias = tuple[str, dict[str, str], bytes, str]
"""Routing key, headers, body, id."""


def _messages(source: str, epoch: str, events: Iterable[Recorded]) -> Iterator[_Message]:
    """Made as they are sent: the broker is at work on the first while the last are written."""
    return ((r.name, envelope.headers_of(source, epoch, r), r.data.encode(), r.id) for r in events)


def _nothing() -> None:
    """For whoever has nothing else to do."""


_log = structlog.get_logger(__name__)


class Publisher:
    """Publishes a service's events to RabbitMQ. Not thread-safe; one a relay."""

    def __init__(
        self,
        amqp_url: str,
        feed: topology.Feed | None = None,
        *,
        name: str = "causo relay",
        stall_seconds: float = STALL_SECONDS,
    ) -> None:
        self._url = amqp_url
        self._feed = feed or topology.Feed()
        self._name = name
        self._stall_seconds = stall_seconds
        self._connection: Any = None
        self._declared: dict[str, float] = {}

    def publish(
        self, source: str, epoch: str, batch: Sequence[Recorded], meanwhile: Callable[[], None] = _nothing
    ) -> None:
        """Send in order; when it returns, the broker has all of it durably. Raises `PublishFailed`."""
        try:
            self._open(source)
            self._publish(source, epoch, list(batch), meanwhile)
        except CONNECTION_ERRORS as error:
            raise self._lost(error) from error
        except PublishFailed:
            self.close()
            raise

    def announce(self, source: str, epoch: str, head: int) -> None:
        """Tell subscribers how far the log has come; nobody need be listening. Raises `PublishFailed`."""
        try:
            self._open(source)
            if time.monotonic() - self._declared[source] >= REDECLARE_SECONDS:
                self._declare(source)
            headers = envelope.head_headers(source, epoch, head)
            body = envelope.head_body(epoch, head)
            self._send(
                topology.exchange_of(source),
                [(topology.HEAD_KEY, headers, body, headers["ce-id"])],
                False,
            )
        except CONNECTION_ERRORS as error:
            raise self._lost(error) from error
        except PublishFailed:
            self.close()
            raise

    def refill(self, source: str, epoch: str, batch: Sequence[Recorded]) -> None:
        """Send events to the feed alone, not to subscribers, with the keys they first had. Raises `PublishFailed`."""
        try:
            self._open(source)
            exchange = topology.declare_refill(self._connection, source)
            self._send(exchange, _messages(source, epoch, batch), mandatory=True)
            if self._returned or self._nacked:
                raise PublishFailed(f"the feed refused {len(self._returned | self._nacked)} events")
        except CONNECTION_ERRORS as error:
            raise self._lost(error) from error
        except PublishFailed:
            self.close()
            raise

    def close(self) -> None:
        """Close the socket; nothing is waited for."""
        abandon(self._connection)
        self._connection = None

    def _lost(self, error: BaseException) -> BrokerUnavailable:
        blocked = self._connection is not None and self._blocked
        self.close()
        if blocked:
            return BrokerBlocked("the broker's alarm is on")
        return BrokerUnavailable(f"{type(error).__name__} on the way to the broker")

    # -- connection -----------------------------------------------------------------------------------------------

    def _open(self, source: str) -> None:
        if self._connection is not None:
            # An idle connection may have died unnoticed: look before anything is sent that would have to be repeated.
            try:
                self._drain()
                self._connection.heartbeat_tick()
            except CONNECTION_ERRORS:
                self.close()
        if self._connection is None:
            self._connect()
        if self._blocked:
            raise BrokerBlocked("the broker's alarm is on")
        if source not in self._declared:
            self._declare(source)

    def _connect(self) -> None:
        self._blocked = False
        self._tag = 0
        self._unconfirmed: dict[int, str] = {}
        self._nacked: set[str] = set()
        self._returned: set[str] = set()
        self._declared.clear()
        self._connection = connect(self._url, self._name)
        self._connection.on_blocked = self._on_blocked
        self._connection.on_unblocked = self._on_unblocked
        self._channel = self._connection.channel()
        self._channel.events["basic_ack"].add(self._on_ack)
        self._channel.events["basic_nack"].add(self._on_nack)
        self._channel.events["basic_return"].add(self._on_return)
        self._channel.confirm_select()
        self._reader = FrameReader(self._connection, 0, lambda delivery: None)
        self._send("", [("causo.probe", {}, b"{}", "probe")], mandatory=False)

    def _declare(self, source: str) -> None:
        topology.declare_source(self._connection, source, self._feed)
        self._declared[source] = time.monotonic()

    # -- sending --------------------------------------------------------------------------------------------------

    def _publish(self, source: str, epoch: str, batch: list[Recorded], meanwhile: Callable[[], None]) -> None:
        declared_again = False
        for _ in range(ROUNDS):
            self._send(topology.exchange_of(source), _messages(source, epoch, batch), True, meanwhile)
            meanwhile = _nothing  # once, however often we send
            refused = self._returned | self._nacked
            if not refused:
                return
            first = next((i for i, recorded in enumerate(batch) if recorded.id in refused), 0)
            _log.warning(
                "publish_refused",
                source=source,
                returned=len(self._returned),
                nacked=len(self._nacked),
            )
            batch = batch[first:]
            if self._returned:
                if declared_again:
                    raise Unroutable(f"{len(self._returned)} events found no queue at {topology.exchange_of(source)}")
                self._declare(source)
                declared_again = True
        raise PublishFailed(f"the broker refused {len(self._nacked)} events {ROUNDS} times")

    def _send(
        self,
        exchange: str,
        messages: Iterable[_Message],
        mandatory: bool,
        meanwhile: Callable[[], None] = _nothing,
    ) -> None:
        """Write everything, then wait for every confirm. Raises `BrokerBlocked` and `BrokerStalled`."""
        connection, channel = self._connection, int(self._channel.channel_id)
        self._returned.clear()
        self._nacked.clear()
        left = iter(messages)
        while chunk := list(islice(left, CHUNK)):
            frames = []
            for key, headers, body, message_id in chunk:
                frames.append(
                    publish_frames(
                        channel,
                        exchange,
                        key,
                        headers,
                        body,
                        message_id,
                        connection.frame_max,
                        mandatory=mandatory,
                    )
                )
                self._tag += 1
                self._unconfirmed[self._tag] = message_id
            connection.transport.write(b"".join(frames))
            connection.bytes_sent += 1
            self._drain()
            self._await_confirms(WINDOW - CHUNK)
        meanwhile()
        self._await_confirms(0)

    def _await_confirms(self, allowed: int) -> None:
        progress, left = time.monotonic(), len(self._unconfirmed)
        while len(self._unconfirmed) > allowed:
            if self._blocked:
                raise BrokerBlocked("the broker's alarm is on")
            self._reader.read(0.5)
            if len(self._unconfirmed) != left:
                progress, left = time.monotonic(), len(self._unconfirmed)
            elif time.monotonic() - progress > self._stall_seconds:
                raise BrokerStalled(f"{left} confirms overdue for {self._stall_seconds:g} s")

    def _drain(self) -> None:
        while self._reader.read(0):
            pass

    # -- what the broker says -------------------------------------------------------------------------------------

    def _on_ack(self, tag: int, multiple: bool) -> None:
        self._settle(tag, multiple)

    def _on_nack(self, tag: int, multiple: bool) -> None:
        self._nacked.update(self._settle(tag, multiple))

    def _settle(self, tag: int, multiple: bool) -> list[str]:
        if not multiple:
            found = self._unconfirmed.pop(tag, None)
            return [] if found is None else [found]
        settled = []
        for waiting in self._unconfirmed:
            if waiting > tag:
                break
            settled.append(waiting)
        return [self._unconfirmed.pop(waiting) for waiting in settled]

    def _on_return(self, error: Exception, exchange: str, routing_key: str, message: amqp.Message) -> None:
        self._returned.add(message.properties.get("message_id", ""))

    def _on_blocked(self, reason: str) -> None:
        self._blocked = True

    def _on_unblocked(self) -> None:
        self._blocked = False
