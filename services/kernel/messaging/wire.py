"""The two AMQP 0-9-1 exchanges that carry all events, basic.publish and basic.deliver, in bulk.

py-amqp makes one write and one poll for every publish and nine reads for every delivery. Here a whole batch becomes
one block of bytes, and deliveries are cut out of large reads; all else on the connection stays py-amqp's, which also
reads the rest of a message that was begun here: what is left over lies in the transport's own buffer.
"""

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from struct import Struct
from typing import Any

import amqp
from amqp.serialization import decode_properties_basic

_FRAME = Struct(">BHI")
_PUBLISH = Struct(">HHH")
_CONTENT = Struct(">HHQH")
_LONG = Struct(">I")
_DELIVER = b"\x00\x3c\x00\x3c"
_END = b"\xce"
_FRAME_END = 0xCE
_METHOD, _HEADER, _BODY = 1, 2, 3
_CONTENT_TYPE, _HEADERS, _DELIVERY_MODE, _MESSAGE_ID = 0x8000, 0x2000, 0x1000, 0x0080
_MANDATORY, _PERSISTENT = 1, b"\x02"
_READ_BYTES = 262_144


def publish_frames(
    channel: int,
    exchange: str,
    routing_key: str,
    headers: Mapping[str, str],
    body: bytes,
    message_id: str,
    frame_max: int,
    *,
    content_type: str = "application/json",
    mandatory: bool = True,
) -> bytes:
    """One persistent message as the frames of a basic.publish."""
    method = b"".join(
        (
            _PUBLISH.pack(60, 40, 0),
            _short(exchange),
            _short(routing_key),
            b"\x01" if mandatory else b"\x00",
        )
    )
    table = _table(headers)
    properties = b"".join(
        (
            _CONTENT.pack(
                60,
                0,
                len(body),
                _CONTENT_TYPE | _HEADERS | _DELIVERY_MODE | _MESSAGE_ID,
            ),
            _short(content_type),
            _LONG.pack(len(table)),
            table,
            _PERSISTENT,
            _short(message_id),
        )
    )
    parts = [
        _FRAME.pack(_METHOD, channel, len(method)),
        method,
        _END,
        _FRAME.pack(_HEADER, channel, len(properties)),
        properties,
        _END,
    ]
    room = frame_max - 8
    for start in range(0, len(body), room):
        piece = body[start : start + room]
        parts += (_FRAME.pack(_BODY, channel, len(piece)), piece, _END)
    return b"".join(parts)


class _Keys(dict[str, bytes]):
    """Header names as they stand before a text, encoded once."""

    def __missing__(self, key: str) -> bytes:
        found = self[key] = _short(key) + b"S"
        return found


_keys = _Keys()


def _table(headers: Mapping[str, str]) -> bytes:
    pack, keys = _LONG.pack, _keys
    parts: list[bytes] = []
    for key, value in headers.items():
        raw = value.encode()
        parts += (keys[key], pack(len(raw)), raw)
    return b"".join(parts)


def _short(text: str) -> bytes:
    raw = text.encode()
    return bytes((len(raw),)) + raw


@dataclass(slots=True)
class Delivery:
    """A message as it came."""

    consumer_tag: str
    tag: int
    redelivered: bool
    routing_key: str
    properties: dict[str, Any]
    headers: Mapping[str, object]
    body: bytes


def delivery_of(message: amqp.Message) -> Delivery:
    """A message py-amqp received itself, while it waited for something else."""
    info = message.delivery_info
    headers = message.properties.get("application_headers") or {}
    body = message.body if isinstance(message.body, bytes) else str(message.body).encode()
    return Delivery(
        info["consumer_tag"],
        info["delivery_tag"],
        info["redelivered"],
        info["routing_key"],
        message.properties,
        headers,
        body,
    )


class FrameReader:
    """Reads a connection in large pieces; the deliveries of one channel are cut out of them, the rest is py-amqp's."""

    def __init__(
        self,
        connection: amqp.Connection,
        channel: int,
        deliver: Callable[[Delivery], None],
    ) -> None:
        self._connection = connection
        self._channel = channel
        self._deliver = deliver

    def read(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds for bytes and handle them; False when none came. Raises on a lost connection.

        No handler called from here may itself wait for the broker: what it waits for may already lie in our hands.
        """
        transport: Any = self._connection._transport
        sock = getattr(transport, "sock", None)
        if sock is None:
            raise OSError("the connection is closed")
        usual = sock.gettimeout()
        sock.settimeout(timeout)
        try:
            received = sock.recv(_READ_BYTES)
        except (TimeoutError, BlockingIOError, ssl.SSLWantReadError):
            return False
        finally:
            sock.settimeout(usual)
        if not received:
            raise OSError("the broker closed the connection")
        data = transport._read_buffer + received
        transport._read_buffer = b""
        used = self._cut(data)
        transport._read_buffer = data[used:]
        return True

    def _cut(self, data: bytes) -> int:
        """Handle all complete frames; returns how many bytes were used."""
        offset, length = 0, len(data)
        while length - offset >= 8:
            kind, channel, size = _FRAME.unpack_from(data, offset)
            end = offset + 7 + size
            if end >= length:
                break
            if kind == _METHOD and channel == self._channel and data[offset + 7 : offset + 11] == _DELIVER:
                used = self._cut_delivery(data, offset + 11, end)
                if used == 0:
                    break
                if used > 0:
                    offset = used
                    continue
            if data[end] != _FRAME_END:
                raise amqp.UnexpectedFrame("frame without its end mark")
            offset = end + 1
            self._connection.on_inbound_frame((kind, channel, data[end - size : end]))
        return offset

    def _cut_delivery(self, data: bytes, offset: int, end: int) -> int:
        """The offset after a whole delivery; 0 when more bytes are needed, -1 when py-amqp must put it together."""
        length = len(data)
        header = end + 1
        if length - header < 8:
            return 0
        kind, channel, size = _FRAME.unpack_from(data, header)
        if kind != _HEADER or channel != self._channel:
            return -1
        content = header + 7
        position = content + size + 1
        if position > length:
            return 0
        body_size = int.from_bytes(data[content + 4 : content + 12], "big")
        body, position = self._cut_body(data, position, body_size)
        if position <= 0:
            return position
        tag_end = offset + 1 + data[offset]
        consumer_tag = data[offset + 1 : tag_end].decode()
        tag = int.from_bytes(data[tag_end : tag_end + 8], "big")
        redelivered = data[tag_end + 8] & 1 == 1
        key = tag_end + 9 + 1 + data[tag_end + 9]
        routing_key = data[key + 1 : key + 1 + data[key]].decode()
        properties, headers = _properties(data, content + 12)
        self._connection.bytes_recv += 1
        self._deliver(Delivery(consumer_tag, tag, redelivered, routing_key, properties, headers, body))
        return position

    def _cut_body(self, data: bytes, position: int, size: int) -> tuple[bytes, int]:
        length, pieces, missing = len(data), [], size
        while missing:
            if length - position < 8:
                return b"", 0
            kind, channel, piece = _FRAME.unpack_from(data, position)
            if kind != _BODY or channel != self._channel:
                return b"", -1
            start = position + 7
            position = start + piece + 1
            if position > length:
                return b"", 0
            pieces.append(data[start : start + piece])
            missing -= piece
        return (pieces[0] if len(pieces) == 1 else b"".join(pieces)), position


_ONLY_OURS = _CONTENT_TYPE | _HEADERS | _DELIVERY_MODE | _MESSAGE_ID


def _properties(data: bytes, offset: int) -> tuple[dict[str, Any], Mapping[str, object]]:
    flags = int.from_bytes(data[offset : offset + 2], "big")
    if flags == _ONLY_OURS:
        start = offset + 3
        stop = start + data[offset + 2]
        headers = _text_table(data, stop)
        if headers is not None:
            return {"content_type": data[start:stop].decode()}, headers
    properties, _ = decode_properties_basic(data, offset)
    return properties, properties.get("application_headers") or {}


def _text_table(data: bytes, offset: int) -> dict[str, object] | None:
    """A header table that holds nothing but text, or None."""
    end = offset + 4 + int.from_bytes(data[offset : offset + 4], "big")
    offset += 4
    table: dict[str, object] = {}
    unpack = _LONG.unpack_from
    while offset < end:
        stop = offset + 1 + data[offset]
        if data[stop] != 0x53:  # "S": long string
            return None
        start = stop + 5
        after = start + unpack(data, stop + 1)[0]
        table[data[offset + 1 : stop].decode()] = data[start:after].decode()
        offset = after
    return table
