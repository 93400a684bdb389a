"""FastStream: publishes with confirms (its default) through one publisher, a fixed number in flight, on uvloop."""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvloop  # type: ignore[import-not-found,unused-ignore]
from faststream.rabbit import ExchangeType, RabbitBroker, RabbitExchange  # type: ignore[import-not-found,unused-ignore]


async def publish(given: dict[str, Any], messages: list[Any]) -> float:
    """Messages a second until the last confirm."""
    exchange = RabbitExchange(given["exchange"], type=ExchangeType.TOPIC, durable=True, declare=False)
    broker = RabbitBroker(given["amqp"], logger=None)
    publisher = broker.publisher(exchange=exchange, persist=True, mandatory=True)
    await broker.start()
    waiting = iter(messages)

    async def send(mine: Iterator[Any]) -> None:
        for key, headers, body, message_id in mine:
            await publisher.publish(
                body.encode(),
                routing_key=key,
                headers=headers,
                content_type="application/json",
                message_id=message_id,
            )

    began = time.perf_counter()
    await asyncio.gather(*(send(waiting) for _ in range(given["in_flight"])))
    seconds = time.perf_counter() - began
    await broker.stop()
    return len(messages) / seconds


if __name__ == "__main__":
    asked = json.loads(sys.argv[1])
    print(json.dumps(uvloop.run(publish(asked, json.loads(Path(asked["messages"]).read_text())))))
