"""A feed that lost its window is filled again from the log, in order, and subscribers hear nothing of it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from deploy import system
from deploy.connecting import refill_feed
from services.kernel import log
from services.kernel.messaging.connection import connect
from services.kernel.messaging.topology import SubscriptionQueue, declare_subscription
from services.kernel.runtime import ServiceRuntime
from services.kernel.settings import Settings

EVENTS = 25


@pytest.fixture
def settings(amqp_url: str, postgres_template: str, tmp_path: Path) -> Settings:
    """A registry whose log has some events the broker has never seen."""
    settings = Settings(database_url=postgres_template, amqp_url=amqp_url, var_dir=tmp_path)
    database = system.open_database(settings, "registry")
    system.prepare_database(system.consumer("registry"), database)
    runtime = ServiceRuntime(system.definition("registry"), database, settings)
    at = datetime(2026, 1, 16, tzinfo=UTC).isoformat()
    for number in range(EVENTS):
        payload = {
            "command_id": str(uuid4()), "actor": "test", "at": at, "regime": "current",
            "code": f"{number + 10}", "name": f"Tỉnh {number}", "level": "province", "kind": "Tỉnh", "parent": None,
            "valid_from": "2025-07-01", "valid_to": None, "lat": 9.0, "lon": 105.0, "area_km2": None,
        }  # fmt: skip
        answer = runtime.execute("register_unit", payload)
        assert answer.accepted, answer
    log.open_history(database)
    with database.write() as connection:
        assert log.number(connection, 1000) == EVENTS
    database.close()
    return settings


def test_the_feed_is_refilled_in_order_and_subscribers_hear_nothing(settings: Settings, amqp_url: str) -> None:
    connection = connect(amqp_url, "test")
    queue = SubscriptionQueue("visits", "territory", "registry")
    declare_subscription(connection, queue)
    steps: list[tuple[int, int]] = []
    assert refill_feed(settings, "registry", 5, lambda done, total: steps.append((done, total))) == EVENTS - 5
    assert steps == [(EVENTS - 5, EVENTS - 5)]
    channel = connection.channel()
    channel.basic_qos(0, 100, False)
    got: list[Any] = []
    channel.basic_consume("registry.feed", callback=got.append, arguments={"x-stream-offset": "first"})
    while len(got) < EVENTS - 5:
        connection.drain_events(timeout=10)
    positions = [int(message.properties["application_headers"]["ce-position"]) for message in got]
    assert positions == list(range(6, EVENTS + 1))
    assert {message.delivery_info["routing_key"] for message in got} == {"unit.registered"}
    assert connection.channel().queue_declare(queue.name, passive=True).message_count == 0
    connection.close()
