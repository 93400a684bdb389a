"""A TCP proxy that misbehaves on demand: loses one or both ways without closing, is cut, delays, resets, refuses.

    with TcpProxy.before(amqp_url) as proxy:
        connect(proxy.url); proxy.lose("downstream"); …; proxy.heal()

Loss is a blackhole: bytes are read and thrown away, so the sender's kernel sees them acknowledged, which is the case no
socket option notices. A connection that lost bytes cannot be healed, as in a real network: `heal` lets new ones through
and throws the mutilated ones away by closing them to both sides only if asked (`cut=True`).

A cut is what TCP makes of a link that is down: nothing passes, nobody is told, and what either side sent meanwhile, the
end of a connection it gave up included, comes when the link is up again.
"""

import socket
import struct
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Literal, Self
from urllib.parse import urlsplit, urlunsplit

Direction = Literal["upstream", "downstream", "both"]
"""`upstream`: from the client to the server."""


class TcpProxy:
    """Listens on a loopback port of its own and forwards to `target`. All switches act on open and new connections."""

    def __init__(self, target: tuple[str, int], url: str = "") -> None:
        self._target = target
        self._given = url
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._lost: set[str] = set()
        self._delay = 0.0
        self._refusing = False
        self._up = threading.Event()
        self._up.set()
        self._closed = False
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self.accepted = 0
        """Connections so far."""
        threading.Thread(target=self._accept, daemon=True).start()

    @classmethod
    def before(cls, url: str) -> Self:
        """A proxy before the server of `url`; its own `url` differs in host and port only."""
        parts = urlsplit(url)
        return cls((parts.hostname or "127.0.0.1", parts.port or 5672), url)

    @property
    def url(self) -> str:
        """The given URL, leading through the proxy."""
        parts = urlsplit(self._given)
        user = parts.netloc.rpartition("@")[0]
        netloc = f"{user}@127.0.0.1:{self.port}" if user else f"127.0.0.1:{self.port}"
        return urlunsplit(parts._replace(netloc=netloc))

    def lose(self, direction: Direction) -> None:
        """Throw away what goes this way; nothing is closed."""
        self._lost = {"upstream", "downstream"} if direction == "both" else self._lost | {direction}

    def cut(self) -> None:
        """The link is down, both ways; `heal` brings it up."""
        self._up.clear()

    def delay(self, seconds: float) -> None:
        """Hold every piece back this long, each way."""
        self._delay = seconds

    def refuse(self) -> None:
        """Reset new connections at once."""
        self._refusing = True

    def heal(self, *, cut: bool = False) -> None:
        """Let everything through again; `cut` also closes the connections that may have lost bytes."""
        self._lost = set()
        self._delay = 0.0
        self._refusing = False
        self._up.set()
        if cut:
            self.reset()

    def reset(self) -> None:
        """Reset all open connections, on both sides."""
        with self._lock:
            opened, self._open = self._open, set()
        for sock in opened:
            _reset(sock)

    def reset_soon(self, seconds: float) -> None:
        """`reset` after a while, while the caller does something else."""
        threading.Timer(seconds, self.reset).start()

    def close(self) -> None:
        """Stop listening and reset what is open."""
        self._closed = True
        _close(self._listener)
        self.heal(cut=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _accept(self) -> None:
        while not self._closed:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            if self._refusing:
                _reset(client)
                continue
            try:
                server = socket.create_connection(self._target, timeout=5)
            except OSError:
                _reset(client)
                continue
            server.settimeout(None)
            with self._lock:
                self._open |= {client, server}
            for source, sink, way in ((client, server, "upstream"), (server, client, "downstream")):
                threading.Thread(target=self._pump, args=(source, sink, way), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, way: str) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if self._delay:
                    time.sleep(self._delay)
                self._up.wait()
                if way not in self._lost:
                    sink.sendall(data)
        self._up.wait()
        if way in self._lost:
            return  # a blackhole swallows the end of the connection too
        for sock in (source, sink):
            with self._lock:
                orderly = sock in self._open
                self._open.discard(sock)
            if orderly:
                _close(sock)
            else:
                sock.close()


def _close(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
    with suppress(OSError):
        sock.close()


def _reset(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    # A close waits for the thread that reads; stopping the reading side wakes it and sends nothing.
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RD)
    with suppress(OSError):
        sock.close()
