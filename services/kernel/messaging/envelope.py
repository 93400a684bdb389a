"""Events as CloudEvents 1.0 in the RabbitMQ binary binding: attributes in `ce-` headers, the JSON body as it is stored.

The headers are built and read here, without the CloudEvents SDK, whose object costs more per message than all the rest
of publishing; a test holds both ends equal to the SDK's `to_binary` and `from_binary`.

Errors:

    Undecodable    a message this subscription can never read; the text names header and rule, never a value
"""

from collections.abc import Mapping

import orjson

from services.kernel.message import Recorded
from services.kernel.messaging.transport import HeadAnnounced, Incoming, IncomingEvent

CONTENT_TYPE = "application/json"
HEAD_TYPE = "causo.head"
SPEC_VERSION = "1.0"


class Undecodable(ValueError):
    """Not one of our messages, or a broken one."""


def source_uri(source: str) -> str:
    """The CloudEvents `source` of a service."""
    return f"/causo/{source}"


def headers_of(source: str, epoch: str, recorded: Recorded) -> dict[str, str]:
    """The `ce-` headers of one event."""
    headers = {
        "ce-specversion": SPEC_VERSION,
        "ce-id": recorded.id,
        "ce-source": source_uri(source),
        "ce-type": recorded.name,
        "ce-time": recorded.recorded_at,
        "ce-stream": recorded.stream,
        "ce-streamversion": str(recorded.version),
        "ce-position": str(recorded.position),
        "ce-epoch": epoch,
        "ce-schemaversion": str(recorded.schema_version),
    }
    if recorded.correlation_id:
        headers["ce-correlationid"] = recorded.correlation_id
    if recorded.cause:
        headers["ce-causationid"] = recorded.cause
    return headers


def head_headers(source: str, epoch: str, head: int) -> dict[str, str]:
    """The `ce-` headers of a head announcement; its id says what it says, so that repeats are the same message."""
    return {
        "ce-specversion": SPEC_VERSION,
        "ce-id": f"{epoch}-{head}",
        "ce-source": source_uri(source),
        "ce-type": HEAD_TYPE,
        "ce-epoch": epoch,
        "ce-position": str(head),
    }


def head_body(epoch: str, head: int) -> bytes:
    """The JSON body of a head announcement."""
    return orjson.dumps({"epoch": epoch, "position": head})


def decode(
    source: str,
    headers: Mapping[str, object],
    body: bytes,
    content_type: str | None,
    content_encoding: str | None = None,
    redelivered: bool = False,
) -> Incoming:
    """The event or announcement in a message of `source`. Raises `Undecodable`."""
    if content_type != CONTENT_TYPE and (content_type or "").partition(";")[0].strip() != CONTENT_TYPE:
        raise Undecodable("content type is not application/json")
    if content_encoding and content_encoding.lower() != "utf-8":
        raise Undecodable("content encoding is not utf-8")
    try:
        data = orjson.loads(body)
        text = body.decode()
    except (orjson.JSONDecodeError, UnicodeDecodeError):
        raise Undecodable("body is not JSON") from None
    if type(data) is not dict:
        raise Undecodable("body is not a JSON object")
    if headers.get("ce-specversion") != SPEC_VERSION:
        raise Undecodable("ce-specversion: 1.0 expected")
    if headers.get("ce-source") != source_uri(source):
        raise Undecodable("ce-source: another service's message")
    name = _text(headers, "ce-type")
    epoch = _text(headers, "ce-epoch")
    if name == HEAD_TYPE:
        return HeadAnnounced(source, epoch, _number(headers, "ce-position", 0))
    recorded = Recorded(
        position=_number(headers, "ce-position", 1),
        id=_text(headers, "ce-id"),
        stream=_text(headers, "ce-stream"),
        version=_number(headers, "ce-streamversion", 0),
        name=name,
        schema_version=_number(headers, "ce-schemaversion", 1),
        data=text,
        recorded_at=_text(headers, "ce-time"),
        correlation_id=_optional(headers, "ce-correlationid"),
        cause=_optional(headers, "ce-causationid"),
    )
    return IncomingEvent(source, epoch, recorded, redelivered)


def _text(headers: Mapping[str, object], name: str) -> str:
    value = headers.get(name)
    if type(value) is not str or not value:
        raise Undecodable(f"{name}: text expected")
    return value


def _optional(headers: Mapping[str, object], name: str) -> str:
    value = headers.get(name, "")
    if type(value) is not str:
        raise Undecodable(f"{name}: text expected")
    return value


def _number(headers: Mapping[str, object], name: str, least: int) -> int:
    value = headers.get(name)
    # isdecimal alone would admit other scripts' digits, which int() reads but no one else does.
    if type(value) is not str or not (value.isascii() and value.isdecimal()) or len(value) > 18:
        raise Undecodable(f"{name}: whole number as text expected")
    number = int(value)
    if number < least:
        raise Undecodable(f"{name}: at least {least} expected")
    return number
