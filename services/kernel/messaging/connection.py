"""Connections to RabbitMQ on which nothing waits for ever.

py-amqp waits without limit for answers, and closing politely can hang like any other wait. So every socket operation
gets a time limit here, and a connection in doubt is abandoned by closing its socket.
"""

import socket
from contextlib import suppress
from typing import Any

import amqp
from kombu.connection import Connection

CONNECT_SECONDS = 5.0
SOCKET_SECONDS = 10.0
"""No single read or write may take longer."""
HEARTBEAT_SECONDS = 10
"""The peer is given up after two of these without a byte from it."""
USER_TIMEOUT_MS = 5_000
"""Written data that the peer's kernel has not acknowledged for this long breaks the connection."""

CONNECTION_ERRORS = (
    *amqp.Connection.connection_errors,
    *amqp.Connection.channel_errors,
    amqp.AMQPError,
)
"""Everything py-amqp raises when the other side, the network or a channel fails."""


def connect(url: str, name: str) -> amqp.Connection:
    """An open connection, shown to operators as `name`. Raises one of `CONNECTION_ERRORS`."""
    options = {
        "client_properties": {"connection_name": name},
        "socket_settings": {
            socket.TCP_USER_TIMEOUT: USER_TIMEOUT_MS,
            socket.TCP_NODELAY: 1,
        },
    }
    untyped: Any = Connection
    template = untyped(
        url,
        connect_timeout=CONNECT_SECONDS,
        heartbeat=HEARTBEAT_SECONDS,
        transport_options=options,
    )
    made: list[amqp.Connection] = []

    def remember(**arguments: Any) -> amqp.Connection:
        made.append(amqp.Connection(**arguments))
        return made[-1]

    transport = template.transport
    transport.Connection = remember
    try:
        connection = transport.establish_connection()
    except BaseException:
        # A broker that is only starting accepts and then falls silent; nobody else would close that socket.
        for half_open in made:
            abandon(half_open)
        raise
    connection.transport.sock.settimeout(SOCKET_SECONDS)
    return connection


def abandon(connection: amqp.Connection | None) -> None:
    """Close the socket and forget the connection, whatever the other side does."""
    if connection is None:
        return
    transport: Any = connection._transport
    sock = getattr(transport, "sock", None)
    if sock is not None:
        with suppress(OSError):
            sock.settimeout(0)
            sock.close()
        transport.sock = None
    with suppress(Exception):
        connection.collect()


def close_soon(connection: amqp.Connection | None, seconds: float = 1.0) -> None:
    """Say goodbye, which spares the broker a warning, but wait only so long for the answer."""
    if connection is None:
        return
    with suppress(Exception):
        connection.transport.sock.settimeout(seconds)
        connection.close()
    abandon(connection)


def server_version(connection: amqp.Connection) -> tuple[int, int]:
    """Major and minor version of the broker; (0, 0) when it does not say."""
    parts = str(connection.server_properties.get("version", "0.0")).split(".")
    with suppress(ValueError, IndexError):
        return int(parts[0]), int(parts[1])
    return (0, 0)
