"""A few lines of HTTP/1.1 on kept-alive connections: a driver must not cost more than what it drives."""

import asyncio
from typing import Any, TypeAlias

import orjson

Connection: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class GraphQLClient:
    """Sends GraphQL documents to one server, each on a connection of its own while it lasts."""

    def __init__(self, host: str, port: int, token: str) -> None:
        self._host = host
        self._port = port
        self._head = (
            f"POST /graphql HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\n"
            f"Accept: application/json\r\nAuthorization: Bearer {token}\r\nContent-Length: "
        )
        self._idle: list[Connection] = []

    async def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        """The whole answer, errors included. Asks again when the server had closed an idle connection."""
        body = orjson.dumps({"query": document, "variables": variables})
        request = f"{self._head}{len(body)}\r\n\r\n".encode() + body
        while True:
            reused = bool(self._idle)
            connection = self._idle.pop() if reused else await asyncio.open_connection(self._host, self._port)
            try:
                answer = await self._exchange(connection, request)
            except (asyncio.IncompleteReadError, ConnectionError):
                connection[1].close()
                if not reused:
                    raise
                continue
            self._idle.append(connection)
            found: dict[str, Any] = orjson.loads(answer)
            return found

    async def _exchange(self, connection: Connection, request: bytes) -> bytes:
        reader, writer = connection
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        _, _, rest = head.partition(b"content-length:")
        return await reader.readexactly(int(rest.split(b"\r\n", 1)[0]))

    def close(self) -> None:
        """Drop every connection."""
        for _, writer in self._idle:
            writer.close()
        self._idle.clear()
