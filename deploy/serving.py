"""The gateway's edge under uvicorn, in the main thread: it owns the signals and returns when told to stop."""

import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn

from gateway.app import create_app
from gateway.parts import GatewayParts
from services.kernel.messaging.beat import Beat
from services.kernel.settings import Settings

SWITCH_SECONDS = 0.0005
"""Threads come back from the database all the time; at Python's 5 ms each would wait so long for one that computes."""


class PortTaken(OSError):
    """Somebody else listens there."""


@contextmanager
def claimed(settings: Settings) -> Iterator[socket.socket]:
    """The address to serve at, taken before anything that takes long; nobody is answered yet. Raises `PortTaken`."""
    host, port = settings.host, settings.port
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as address:
        address.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            address.bind((host, port))
        except OSError as error:
            rule = f"cannot listen on {host}:{port} ({error.strerror}); set CAUSO_PORT to another port"
            raise PortTaken(rule) from None
        yield address


def serve(parts: GatewayParts, address: socket.socket, ready: Callable[[], None] = lambda: None) -> None:
    """Serve until SIGINT or SIGTERM; `ready` is called once requests are answered."""
    sys.setswitchinterval(SWITCH_SECONDS)
    config = uvicorn.Config(
        create_app(parts),
        access_log=False,  # addresses and paths of residents stay out of logs
        log_level="warning",
        server_header=False,
        proxy_headers=False,  # a proxy's word is taken only where the gateway is told which proxy
        timeout_graceful_shutdown=10,
    )
    _Server(config, ready, Beat(parts.settings.beat_file)).run(sockets=[address])


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None], beat: Beat) -> None:
        super().__init__(config)
        self._ready = ready
        self._beat = beat

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn would raise the signal again once it has served: `serve` would not return, nobody could tidy up.
        with super().capture_signals():
            yield
            self._captured_signals.clear()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def on_tick(self, counter: int) -> bool:
        # The event loop turns: that is the progress of an edge nobody may be asking anything just now.
        self._beat.touch("serving")
        return await super().on_tick(counter)
