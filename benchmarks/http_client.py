"""A few lines of HTTP/1.1 on kept-alive connections: a driver must not cost more than what it drives."""

import asyncio
from typing import Any

import orjson


class GraphQLClient:
    """Sends GraphQL documents to one server, each on a connection of its own while it lasts."""

    def __init__(self, host: str, port: int, token: str) -> None:
        self._host = host
        self._port = port
        self._head = (
            f"POST /graphql HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\n"
            f"Accept: application/json\r\nAuthorization: Bearer {token}\r\nContent-Length: "
        )
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        """The whole answer, errors included."""
        body = orjson.dumps({"query": document, "variables": variables})
        connection = self._idle.pop() if self._idle else await asyncio.open_connection(self._host, self._port)
        reader, writer = connection
        writer.write(f"{self._head}{len(body)}\r\n\r\n".encode() + body)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        _, _, rest = head.partition(b"content-length:")
        answer = await reader.readexactly(int(rest.split(b"\r\n", 1)[0]))
        self._idle.append(connection)
        found: dict[str, Any] = orjson.loads(answer)
        return found

    def close(self) -> None:
        """Drop every connection."""
        for _, writer in self._idle:
            writer.close()
        self._idle.clear()
