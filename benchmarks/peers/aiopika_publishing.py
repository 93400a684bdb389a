"""aio-pika: publishes with confirms on one channel, a fixed number in flight, on uvloop.

Its fastest documented form: a plain connection (the robust one does more a message), the exchange got once, as many
tasks as messages may be in flight.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aio_pika
import uvloop  # type: ignore[import-not-found,unused-ignore]


async def publish(given: dict[str, Any], messages: list[Any]) -> float:
    """Messages a second until the last confirm."""
    connection = await aio_pika.connect(given["amqp"])
    channel = await connection.channel(publisher_confirms=True)
    exchange = await channel.get_exchange(given["exchange"], ensure=False)
    waiting = iter(messages)

    async def send(mine: Iterator[Any]) -> None:
        for key, headers, body, message_id in mine:
            message = aio_pika.Message(
                body.encode(),
                headers=headers,
                content_type="application/json",
                delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
                message_id=message_id,
            )
            await exchange.publish(message, routing_key=key, mandatory=True)

    began = time.perf_counter()
    await asyncio.gather(*(send(waiting) for _ in range(given["in_flight"])))
    seconds = time.perf_counter() - began
    await connection.close()
    return len(messages) / seconds


if __name__ == "__main__":
    asked = json.loads(sys.argv[1])
    print(json.dumps(uvloop.run(publish(asked, json.loads(Path(asked["messages"]).read_text())))))
