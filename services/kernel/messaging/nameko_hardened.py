"""nameko's extensions, hardened; nothing else of the project builds on nameko's own.

What nameko 2.14.1 does by itself, and what happens here instead (numbers as in the list of its defects):

    N1, N3   acknowledges on exceptions and on undecodable messages    replies with the error; rejects to dead letters
    N4       BaseException leaks the worker, deaf after max_workers    converted, answered, acknowledged
    N5       ConnectionResetError on an ack kills the container        survived: the broker redelivers
    N6       closes the connection before its workers are done         the self-ping keeps it open until they are
    N7       one-way loss leaves a deaf zombie, hanging in teardown    silent socket closed first; self-ping, watchdog
    N8       waits for reply confirms without limit, in a pool of 10   one reply link, no confirms, bounded writes
    N12      a call given up on runs later                             deadline checked right before the handler

Exceptions go out and into logs by type only: their text may hold values, and values may be personal.
"""


# mypy: disable-error-code="misc"
# nameko has no types, so its classes are Any to subclass.

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import amqp
import eventlet
import structlog
from eventlet.semaphore import Semaphore
from kombu.entity import Queue as UntypedQueue
from nameko.extensions import DependencyProvider, SharedExtension
from nameko.messaging import QueueConsumer
from nameko.rpc import Rpc, RpcConsumer, get_rpc_exchange

from services.kernel.messaging import rpc
from services.kernel.messaging.beat import Beat
from services.kernel.messaging.connection import CONNECTION_ERRORS, SOCKET_SECONDS, abandon, connect
from services.kernel.messaging.topology import DEAD_CALLS_EXCHANGE, declare_dead_calls
from services.kernel.messaging.wire import FrameReader

PING_SECONDS = 5.0
PING_EXPIRES_MS = 60_000
REPLY_SECONDS = 2.0
"""Longest write of a reply; its caller has others to wait for."""
Queue: Any = UntypedQueue
_log = structlog.get_logger(__name__)


class CallFailed(Exception):
    """Any trouble inside a handler, told to the caller by its type."""


class DeadlinePassed(CallFailed):
    """The caller has given up; nothing was run."""


class ReplyLink(SharedExtension):
    """The second connection of a container: replies and pings go out on it, unconfirmed and bounded."""

    def __init__(self) -> None:
        self._turn = Semaphore()
        self._connection: Any = None
        self.blocked = False

    def reply(self, reply_to: str, correlation_id: str | None, body: bytes) -> None:
        """Send a reply, or give it up: its caller stops waiting by itself and repeats the call."""
        message = amqp.Message(
            body, content_type="application/json", content_encoding="utf-8", correlation_id=correlation_id
        )
        try:
            self.send(rpc.EXCHANGE, reply_to, message)
        except CONNECTION_ERRORS as error:
            _log.warning("reply_lost", error=type(error).__name__)

    def send(self, exchange: str, routing_key: str, message: amqp.Message) -> None:
        """Write one message, on a new connection when the old one is broken. Raises `CONNECTION_ERRORS`."""
        with self._turn:
            for last in (False, True):
                try:
                    self._open()
                    self._channel.basic_publish(message, exchange, routing_key)
                except CONNECTION_ERRORS:
                    self._drop()
                    if last:
                        raise
                else:
                    return

    def keep(self) -> None:
        """Read what came and keep the heartbeat; about once a second. Raises `CONNECTION_ERRORS`."""
        with self._turn:
            try:
                self._open()
                while self._reader.read(0):
                    pass
                self._connection.heartbeat_tick()
            except CONNECTION_ERRORS:
                self._drop()
                raise

    def stop(self) -> None:
        """Close the socket; shared extensions stop last."""
        self._drop()

    def kill(self) -> None:
        """As `stop`."""
        self._drop()

    def _open(self) -> None:
        if self._connection is not None:
            return
        self._connection = connect(self.container.config["AMQP_URI"], f"causo {self.container.service_name}: replies")
        self._connection.on_blocked = lambda _reason: setattr(self, "blocked", True)
        self._connection.on_unblocked = lambda: setattr(self, "blocked", False)
        self._channel = self._connection.channel()
        self._reader = FrameReader(self._connection, 0, lambda _delivery: None)
        self._connection.transport.sock.settimeout(REPLY_SECONDS)

    def _drop(self) -> None:
        connection, self._connection, self.blocked = self._connection, None, False
        abandon(connection)


class HardenedQueueConsumer(QueueConsumer):
    """nameko's consumer, one connection a container."""

    def on_decode_error(self, message: Any, exc: Exception) -> None:
        """N3: keep it for a person."""
        _log.error("undecodable_call", error=type(exc).__name__, service=self.container.service_name)
        self.reject_message(message)

    def reject_message(self, message: Any) -> None:
        """To the dead letters."""
        _settle(message.reject)

    def ack_message(self, message: Any) -> None:
        """N5: with the connection gone the broker redelivers, and commands are safe to repeat."""
        _settle(message.ack)

    def requeue_message(self, message: Any) -> None:
        """As `ack_message`."""
        _settle(message.requeue)

    def get_consumers(self, consumer_cls: Any, channel: Any) -> Any:
        """After each connect: the dead letters first, then nameko's own consumers."""
        declare_dead_calls(channel.connection, self.container.service_name)
        return super().get_consumers(consumer_cls, channel)

    @contextmanager
    def establish_connection(self) -> Iterator[Any]:
        """kombu waits up to 30 s between tries; the promise is to be back within 15."""
        with self.create_connection() as connection:
            connection.ensure_connection(
                self.on_connection_error, None, interval_start=0.2, interval_step=0.5, interval_max=3
            )
            yield connection

    def consume(
        self, limit: int | None = None, timeout: float | None = None, safety_interval: float = 1, **kwargs: Any
    ) -> Iterator[None]:
        """kombu's loop; N7: heartbeats are judged on time, and a connection in doubt loses its socket first."""
        with self.consumer_context(**kwargs) as (connection, _channel, _consumers):
            link = connection.connection
            link.transport.sock.settimeout(SOCKET_SECONDS)
            try:
                while not self.should_stop:
                    self.on_iteration()
                    if self.should_stop:
                        break
                    try:
                        connection.drain_events(timeout=safety_interval)
                    except TimeoutError:
                        pass
                    else:
                        yield
                    link.heartbeat_tick()
            except CONNECTION_ERRORS:
                abandon(link)
                if not self.should_stop:
                    raise


def _settle(action: Callable[[], None]) -> None:
    try:
        action()
    except CONNECTION_ERRORS as error:
        _log.warning("not_acknowledged", error=type(error).__name__)


class HardenedRpcConsumer(RpcConsumer):
    """The queue `rpc-<service>`, with dead letters for what cannot be read; expired calls are not kept."""

    queue_consumer = HardenedQueueConsumer()
    link = ReplyLink()
    queue: Any

    def setup(self) -> None:
        if self.queue is not None:
            return
        service = self.container.service_name
        name = rpc.queue_of(service)
        self.queue = Queue(
            name,
            exchange=get_rpc_exchange(self.container.config),
            routing_key=f"{service}.*",
            durable=True,
            queue_arguments={"x-dead-letter-exchange": DEAD_CALLS_EXCHANGE, "x-dead-letter-routing-key": name},
        )
        self.queue_consumer.register_provider(self)

    def handle_message(self, body: Any, message: Any) -> None:
        """Hand a call to a worker; nothing raised here may reach the container, which would die of it."""
        try:
            provider = self.get_provider_for_method(message.delivery_info["routing_key"])
            provider.handle_message(body, message)
        except Exception as error:  # a call that cannot be made: tell the caller, or keep it when there is none
            kind = type(error).__name__
            kind = kind if kind in rpc.CALLERS_FAULT else "MalformedRequest"
            if message.properties.get("reply_to"):
                self._reply(message, rpc.error_body(kind))
                self.queue_consumer.ack_message(message)
            else:
                _log.error("malformed_call", error=kind, service=self.container.service_name)
                self.queue_consumer.reject_message(message)

    def handle_result(self, message: Any, result: Any, exc_info: Any) -> tuple[Any, Any]:
        """N1, N8: answer, bounded, then acknowledge."""
        try:
            body = rpc.reply_body(result) if exc_info is None else _error_body(exc_info[1])
        except TypeError:
            body = rpc.error_body("UnserializableValueError")
        if message.properties.get("reply_to"):
            self._reply(message, body)
        self.queue_consumer.ack_message(message)
        return result, exc_info

    def _reply(self, message: Any, body: bytes) -> None:
        properties = message.properties
        self.link.reply(properties["reply_to"], properties.get("correlation_id"), body)


def _error_body(error: BaseException) -> bytes:
    if isinstance(error, DeadlinePassed):
        return rpc.error_body(rpc.LATE)
    return rpc.error_body(str(error) if isinstance(error, CallFailed) else type(error).__name__)


class HardenedRpc(Rpc):
    """`@rpc` with all of the above."""

    rpc_consumer = HardenedRpcConsumer()


class Deadline(DependencyProvider):
    """The deadline of the call a worker is made for; None when the caller sets none."""

    def get_dependency(self, worker_ctx: Any) -> object:
        return worker_ctx.data.get(rpc.DEADLINE)


class Ping(DependencyProvider):
    """Proof that calls still come in: a message to ourselves, sent on one connection, received on the other.

    Its beat stops when the consumer is deaf, the hub stands still or the workers are stuck in non-green code. A broker
    that refuses us or has its alarm on is not our fault: then we beat, or the watchdog would restart us in vain.
    """

    queue_consumer = HardenedQueueConsumer()
    link = ReplyLink()

    def __init__(self, beat: Beat) -> None:
        self._beat = beat
        self._heard = False
        self._stopping = False

    def setup(self) -> None:
        self.queue = Queue(
            f"{self.container.service_name}.ping.{uuid4()}",
            durable=True,
            auto_delete=False,
            queue_arguments={"x-expires": PING_EXPIRES_MS},
        )
        self.queue_consumer.register_provider(self)

    def start(self) -> None:
        self.container.spawn_managed_thread(self._run, identifier="ping")

    def stop(self) -> None:
        """Dependencies stop after the workers, so the consumer's connection lives until all is acknowledged."""
        self._stopping = True
        self.queue_consumer.unregister_provider(self)

    def handle_message(self, body: Any, message: Any) -> None:
        """Our own ping has come all the way round."""
        self.queue_consumer.ack_message(message)
        self._heard = True
        self._beat.touch("serving")

    def _run(self) -> None:
        due = 0.0
        while not self._stopping:
            try:
                self.link.keep()
                if self.link.blocked:
                    self._beat.touch("broker-blocked")
                elif time.monotonic() >= due:
                    self.link.send("", self.queue.name, amqp.Message(b"{}", content_type="application/json"))
                    # Until the queue is declared pings go nowhere.
                    due = time.monotonic() + (PING_SECONDS if self._heard else 0.0)
            except ConnectionRefusedError:
                self._beat.touch("waiting-for-broker")
            except CONNECTION_ERRORS as error:
                _log.warning("ping_failed", error=type(error).__name__)
            eventlet.sleep(1.0)
