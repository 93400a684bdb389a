"""The bytes on the wire equal those of py-amqp, both ways."""

from typing import Any
from unittest.mock import Mock

import amqp
import pytest
from amqp import spec
from amqp.method_framing import frame_handler, frame_writer
from amqp.serialization import dumps
from hypothesis import given, settings, strategies as st

from services.kernel.messaging.wire import Delivery, FrameReader, publish_frames

FRAME_MAX = 4096
headers = st.dictionaries(st.text(min_size=1, max_size=30), st.text(max_size=60), max_size=6)
bodies = st.one_of(st.binary(max_size=200), st.integers(0, 20_000).map(lambda n: b"x" * n))


class Peer:
    """Enough of a connection for py-amqp's own framing: it collects what is written and dispatches what is read."""

    frame_max = FRAME_MAX

    def __init__(self, incoming: bytes = b"", piece: int = 1 << 20) -> None:
        self.written = b""
        self.bytes_sent = self.bytes_recv = 0
        self.transport = self._transport = self
        self._read_buffer = b""
        self.sock = self
        self._incoming, self._piece = incoming, piece
        self.methods: list[tuple[int, Any, Any]] = []
        self.on_inbound_frame = frame_handler(self, lambda c, sig, buf, content: self.methods.append((c, sig, content)))

    def write(self, data: bytes) -> None:
        self.written += bytes(data)

    def gettimeout(self) -> None:
        return None

    def settimeout(self, seconds: float | None) -> None:
        pass

    def recv(self, limit: int) -> bytes:
        piece, self._incoming = self._incoming[: self._piece], self._incoming[self._piece :]
        return piece


def by_pyamqp(method: tuple[int, int], arguments: bytes, message: amqp.Message | None, channel: int = 1) -> bytes:
    """The frames py-amqp writes."""
    peer = Peer()
    frame_writer(peer, peer)(1, channel, method, arguments, message)
    return peer.written


def deliver(tag: int, message: amqp.Message, channel: int = 1) -> bytes:
    """The frames of a delivery."""
    arguments = dumps("sLbss", ("consumer", tag, tag % 2 == 0, "registry.events", "unit.registered"))
    return by_pyamqp(spec.Basic.Deliver, arguments, message, channel)


@settings(deadline=None)
@given(headers, bodies, st.booleans(), st.sampled_from(["", "registry.events"]), st.text(max_size=40))
def test_a_publish_is_the_same_bytes_as_py_amqp_s(
    table: dict[str, str], body: bytes, mandatory: bool, exchange: str, key: str
) -> None:
    message = amqp.Message(
        body, content_type="application/json", application_headers=table, delivery_mode=2, message_id="an-id"
    )
    expected = by_pyamqp(spec.Basic.Publish, dumps("Bssbb", (0, exchange, key, mandatory, False)), message, 3)
    ours = publish_frames(3, exchange, key, table, body, "an-id", FRAME_MAX, mandatory=mandatory)
    assert split(ours) == split(expected)


def split(data: bytes) -> list[tuple[int, int, bytes]]:
    """Frames, bodies joined: how a body is cut into frames is free."""
    frames: list[tuple[int, int, bytes]] = []
    while data:
        kind, channel, size = data[0], int.from_bytes(data[1:3], "big"), int.from_bytes(data[3:7], "big")
        payload = data[7 : 7 + size]
        assert data[7 + size] == 0xCE
        if kind == 3 and frames and frames[-1][0] == 3:
            frames[-1] = (3, channel, frames[-1][2] + payload)
        else:
            frames.append((kind, channel, payload))
        assert size <= FRAME_MAX - 8
        data = data[8 + size :]
    return frames


@settings(deadline=None)  # a body cut into single bytes is read again from its start with each
@given(
    st.lists(st.tuples(headers, bodies, st.booleans()), max_size=5),
    st.integers(1, 6000),
    st.lists(st.sampled_from(["heartbeat", "ack", "other channel"]), max_size=3),
)
def test_deliveries_survive_any_cutting_of_the_stream_and_other_frames_between_them(
    messages: list[tuple[dict[str, str], bytes, bool]], piece: int, others: list[str]
) -> None:
    between = {
        "heartbeat": by_pyamqp((0, 0), b"", None, 0)[:0] + b"\x08\x00\x00\x00\x00\x00\x00\xce",
        "ack": by_pyamqp(spec.Basic.Ack, dumps("Lb", (7, True)), None),
        "other channel": deliver(99, amqp.Message(b"theirs"), channel=2),
    }
    data = b""
    for number, (table, body, plain) in enumerate(messages):
        data += b"".join(between[other] for other in others)
        extra = {} if plain else {"correlation_id": "c", "priority": 3}
        data += deliver(number, amqp.Message(body, application_headers=table, content_type="text/x", **extra))
    peer = Peer(data, piece)
    found: list[Delivery] = []
    reader = FrameReader(peer, 1, found.append)
    while peer._incoming:
        assert reader.read(1)
    assert peer._read_buffer == b""
    assert [(d.tag, d.redelivered, d.routing_key, d.body, dict(d.headers)) for d in found] == [
        (number, number % 2 == 0, "unit.registered", body, table) for number, (table, body, _) in enumerate(messages)
    ]
    assert len(peer.methods) == len(messages) * sum(other != "heartbeat" for other in others)


def test_a_closed_connection_is_an_error_not_silence() -> None:
    with pytest.raises(OSError, match="closed"):
        FrameReader(Peer(b""), 1, Mock()).read(1)
