"""The command bus over nameko RPC: asyncio on the outside, AMQP below, every wait bounded.

One connection, made at the first call and made anew after it was lost; calls in flight then fail at once. A call ends
within its timeout, whatever the broker does: the message expires on the broker and its deadline travels along, so that
a call given up on does not run later. It may still have run: repeat it with the same command id.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar
from uuid import uuid4

import aio_pika
import orjson
from aio_pika.abc import AbstractIncomingMessage

from services.kernel.bus import Answer, BusError, Payload, ServiceUnavailable, UnknownQuestion
from services.kernel.log import Head, Page
from services.kernel.message import Recorded
from services.kernel.messaging import rpc
from services.kernel.messaging.crowd import CouldNotAnswer, Crowd

CONNECT_SECONDS = 5.0
HEARTBEAT_SECONDS = 10
_GOODBYE_SECONDS = 2.0
_TOO_LONG = 0.9
"""Of the time a call may take: a link that was silent for so long and then lets a call down is given up."""
T = TypeVar("T")


class RpcCommandBus:
    """Implements `CommandBus`. Belongs to one event loop."""

    def __init__(self, amqp_url: str, *, timeout_seconds: float = 5.0, name: str = "causo rpc") -> None:
        self._url = amqp_url
        self._timeout = timeout_seconds
        self._name = name
        self._link: _Link | None = None
        self._linking = asyncio.Lock()
        self._closed = False
        self._crowds: dict[str, Crowd] = {}

    async def execute(self, service: str, command: str, payload: Payload) -> Answer:
        """Run one command, in one call with others that are due. Raises `ServiceUnavailable`."""
        crowd = self._crowds.get(service)
        if crowd is None:
            crowd = self._crowds[service] = Crowd(partial(self._send, service), self._timeout)
        return await crowd.execute(command, payload)

    async def execute_many(self, service: str, commands: Sequence[tuple[str, Payload]]) -> list[Answer]:
        """Run up to 500 commands, answers in the same order. Raises `ServiceUnavailable`."""
        return await self._send(service, commands, self._timeout)

    async def _send(self, service: str, commands: Sequence[tuple[str, Payload]], seconds: float) -> list[Answer]:
        listed = [(name, dict(payload)) for name, payload in commands]
        if len(listed) == 1:
            return [_answer(await self.call(service, "execute", *listed[0], timeout_seconds=seconds))]
        return [_answer(one) for one in await self.call(service, "execute_many", listed, timeout_seconds=seconds)]

    async def ask(self, service: str, question: str, payload: Payload) -> Any:
        """Ask a service. Raises `ServiceUnavailable`, `UnknownQuestion`."""
        return await self.call(service, "ask", question, dict(payload))

    async def call(self, service: str, method: str, *args: Any, timeout_seconds: float | None = None) -> Any:
        """Call any nameko method with positional arguments. Raises `BusError`."""
        seconds = timeout_seconds or self._timeout
        link = None
        try:
            async with asyncio.timeout(seconds):
                link = await self._linked()
                reply = await link.call(service, method, args, seconds)
        except TimeoutError:
            if link is not None and link.silent_for() >= _TOO_LONG * self._timeout:
                link.retire()
            raise ServiceUnavailable(f"{service} did not answer within {seconds:g} s") from None
        except aio_pika.exceptions.PublishError:
            raise ServiceUnavailable(f"{service} has never been started on this broker") from None
        except (aio_pika.exceptions.AMQPError, OSError, RuntimeError) as error:
            raise ServiceUnavailable(f"the broker cannot be reached ({type(error).__name__})") from None
        fault = reply.get("error")
        if fault is None:
            return reply.get("result")
        kind = str(fault.get("exc_type"))
        if kind == rpc.UNKNOWN_QUESTION:
            raise UnknownQuestion(f"{service} answers no such question")
        if kind in rpc.CALLERS_FAULT:
            raise BusError(f"{service}.{method}: {kind}")
        raise CouldNotAnswer(f"{service} could not answer ({kind})")

    async def close(self) -> None:
        """Close the connection; calls in flight fail, and no more are made."""
        self._closed = True
        link, self._link = self._link, None
        if link is not None:
            await link.close()

    async def _linked(self) -> "_Link":
        async with self._linking:
            if self._closed:
                raise RuntimeError("closed")
            if self._link is None or self._link.lost:
                self._link = await _Link.open(self._url, self._name)
            return self._link


class _Link:
    """One connection with its reply queue and the calls that wait for an answer."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._goodbye: asyncio.Task[None] | None = None
        self.lost = False
        self._heard_at = asyncio.get_running_loop().time()

    def silent_for(self) -> float:
        """Seconds since the last reply, or since it was opened."""
        return asyncio.get_running_loop().time() - self._heard_at

    @classmethod
    async def open(cls, url: str, name: str) -> "_Link":
        connection = aio_pika.Connection(
            aio_pika.connection.make_url(url, heartbeat=HEARTBEAT_SECONDS), client_properties={"connection_name": name}
        )
        link = cls(connection)
        try:
            # Inside: one that never came up must be closed too, or its destructor tries, on whatever thread it runs.
            await connection.connect(timeout=CONNECT_SECONDS)
            connection.close_callbacks.add(link._on_close)
            channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
            channel.close_callbacks.add(link._on_close)
            link._exchange = await channel.declare_exchange(rpc.EXCHANGE, "topic", durable=True)
            queue = await channel.declare_queue(f"rpc.reply-{uuid4()}", exclusive=True, auto_delete=True)
            link._reply_to = queue.name
            await queue.bind(link._exchange, routing_key=queue.name)
            await queue.consume(link._on_reply, no_ack=True)
        except BaseException:
            await link.close()
            raise
        return link

    _exchange: Any
    _reply_to: str

    async def call(self, service: str, method: str, args: tuple[Any, ...], seconds: float) -> dict[str, Any]:
        call_id = str(uuid4())
        message = aio_pika.Message(
            rpc.request_body(args),
            content_type="application/json",
            content_encoding="utf-8",
            correlation_id=call_id,
            reply_to=self._reply_to,
            expiration=seconds,
            headers={rpc.DEADLINE_HEADER: rpc.deadline_in(seconds), rpc.CALL_STACK_HEADER: [f"{self._reply_to}.0"]},
        )
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[call_id] = future
        try:
            await self._exchange.publish(message, routing_key=f"{service}.{method}", mandatory=True)
            return await future
        finally:
            self._waiting.pop(call_id, None)
            self._leave_if_done()

    async def _on_reply(self, message: AbstractIncomingMessage) -> None:
        self._heard_at = asyncio.get_running_loop().time()
        future = self._waiting.get(message.correlation_id or "")
        if future is None or future.done():
            return
        try:
            body = orjson.loads(message.body)
        except orjson.JSONDecodeError:
            body = {"error": {"exc_type": "UndecodableReply"}}
        future.set_result(body)

    def retire(self) -> None:
        """Take no new calls: nothing was heard for a whole call, and one-way loss takes heartbeats long to notice."""
        self.lost = True
        self._leave_if_done()

    def _leave_if_done(self) -> None:
        if self.lost and not self._waiting and self._goodbye is None:
            self._goodbye = asyncio.get_running_loop().create_task(self.close())

    def _on_close(self, *_: object) -> None:
        self._fail_calls()
        self._leave_if_done()  # also when nobody was calling: an object not closed here would say goodbye as garbage

    def _fail_calls(self) -> None:
        self.lost = True
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(ConnectionError("the connection was lost"))

    async def close(self) -> None:
        self._fail_calls()
        with suppress(Exception):
            async with asyncio.timeout(_GOODBYE_SECONDS):
                await self._connection.close()
        closed = self._connection._closed
        if not closed.done():  # no goodbye was possible; its destructor would try again, on whatever thread it runs
            closed.set_result(True)


def _answer(found: dict[str, Any]) -> Answer:
    return Answer(**found)


class LoopThread:
    """An event loop in a thread of its own, for callers that have none."""

    def __init__(self, name: str) -> None:
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._loop = self._runner.get_loop()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        with self._runner:  # cancels in the end what still says goodbye, and closes the loop
            self._loop.run_forever()

    def run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a coroutine there and wait for it."""
        return asyncio.run_coroutine_threadsafe(work(), self._loop).result()

    def close(self) -> None:
        """Stop the loop and its thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)


class RpcEventSource:
    """The log of other services, for subscriptions that miss something. Synchronous; thread-safe."""

    def __init__(self, amqp_url: str, *, timeout_seconds: float = 5.0, name: str = "causo gap fetching") -> None:
        self._thread = LoopThread(name)
        self._bus = RpcCommandBus(amqp_url, timeout_seconds=timeout_seconds, name=name)

    def head(self, source: str) -> Head:
        """Epoch and last position of `source`. Raises `BusError`."""
        return Head(**self._thread.run(lambda: self._bus.call(source, "head")))

    def events_since(self, source: str, after: int, limit: int) -> Page:
        """A page of the log of `source`. Raises `BusError`."""
        rows = self._thread.run(lambda: self._bus.call(source, "events_since", after, limit))
        # An empty page names no epoch, nor does a service of an older version.
        epoch = rows[0].get("epoch") if rows else None
        events = [Recorded(**{name: row[name] for name in Recorded.__slots__}) for row in rows]
        return Page(epoch or self.head(source).epoch, events)

    def close(self) -> None:
        """Close the connection and the thread."""
        self._thread.run(self._bus.close)
        self._thread.close()
