"""The envelope equals the CloudEvents SDK's, and nothing foreign passes for an event."""

import json
from dataclasses import replace
from datetime import datetime

import pytest
from cloudevents.core.bindings.rabbitmq import RabbitMQMessage, from_binary_event, to_binary_event
from cloudevents.core.v1.event import CloudEvent

from services.kernel.messaging.envelope import Undecodable, decode, head_body, head_headers, headers_of
from services.kernel.messaging.transport import HeadAnnounced, IncomingEvent
from tests.kernel.messaging.examples import recorded

EVENT = recorded(5)
HEADERS = headers_of("registry", "e1", EVENT)


def test_the_sdk_reads_our_message_as_the_same_cloudevent() -> None:
    event = from_binary_event(RabbitMQMessage(HEADERS, "application/json", EVENT.data.encode()))
    assert event.get_id() == EVENT.id
    assert event.get_source() == "/causo/registry"
    assert event.get_type() == EVENT.name
    assert event.get_time() == datetime.fromisoformat(EVENT.recorded_at)
    assert event.get_data() == json.loads(EVENT.data)
    extensions = ("stream", "streamversion", "position", "epoch", "schemaversion", "correlationid", "causationid")
    assert [event.get_extension(name) for name in extensions] == [
        EVENT.stream,
        "1",
        "5",
        "e1",
        "1",
        EVENT.correlation_id,
        EVENT.cause,
    ]


def test_we_read_the_sdk_s_message_as_the_same_event() -> None:
    attributes = {
        "id": EVENT.id,
        "source": "/causo/registry",
        "type": EVENT.name,
        "specversion": "1.0",
        "datacontenttype": "application/json",
        "time": datetime.fromisoformat("2026-11-20T10:00:05.000001+00:00"),
        "stream": EVENT.stream,
        "streamversion": "1",
        "position": "5",
        "epoch": "e1",
        "schemaversion": "1",
        "correlationid": EVENT.correlation_id,
        "causationid": EVENT.cause,
    }
    message = to_binary_event(CloudEvent(attributes, json.loads(EVENT.data)))
    incoming = decode("registry", message.headers, message.body, message.content_type)
    assert isinstance(incoming, IncomingEvent)
    assert json.loads(incoming.recorded.data) == json.loads(EVENT.data)
    assert replace(incoming.recorded, data=EVENT.data) == replace(EVENT, recorded_at="2026-11-20T10:00:05.000001Z")


def test_what_was_sent_is_what_is_read() -> None:
    assert decode("registry", HEADERS, EVENT.data.encode(), "application/json", None, True) == IncomingEvent(
        "registry", "e1", EVENT, True
    )
    bare = replace(EVENT, correlation_id="", cause="")
    sent = headers_of("registry", "e1", bare)
    assert "ce-correlationid" not in sent
    assert decode("registry", sent, b"{}", "application/json; charset=utf-8", "UTF-8") == IncomingEvent(
        "registry", "e1", replace(bare, data="{}")
    )


def test_a_head_announcement_is_read_as_one() -> None:
    sent = head_headers("registry", "e1", 12)
    assert decode("registry", sent, head_body("e1", 12), "application/json") == HeadAnnounced("registry", "e1", 12)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("ce-specversion", "0.3"),
        ("ce-source", "/causo/visits"),
        ("ce-id", ""),
        ("ce-type", None),
        ("ce-stream", 7),
        ("ce-epoch", None),
        ("ce-time", ""),
        ("ce-position", "0"),
        ("ce-position", "-1"),
        ("ce-position", "５"),
        ("ce-position", "1" * 19),
        ("ce-position", 5),
        ("ce-streamversion", "1.0"),
        ("ce-schemaversion", "một"),
        ("ce-correlationid", 5),
    ],
)
def test_a_broken_header_is_named_and_its_value_is_not(header: str, value: object) -> None:
    with pytest.raises(Undecodable, match=header) as fault:
        decode("registry", {**HEADERS, header: value}, b"{}", "application/json")
    if isinstance(value, str) and len(value) > 2 and value != "1.0":
        assert value not in str(fault.value)


@pytest.mark.parametrize(
    ("body", "content_type", "encoding"),
    [
        (b"{", "application/json", None),
        (b"[]", "application/json", None),
        (b"\xff", "application/json", None),
        (b"{}", None, None),
        (b"{}", "application/cloudevents+json", None),
        (b"{}", "application/x-python-serialize", None),
        (b"{}", "application/jsonx", None),
        (b"{}", "application/json", "gzip"),
    ],
)
def test_a_foreign_body_is_undecodable(body: bytes, content_type: str | None, encoding: str | None) -> None:
    with pytest.raises(Undecodable):
        decode("registry", HEADERS, body, content_type, encoding)
