"""What holds for every answer: known host names only, headers that keep browsers strict, nothing of our insides."""

from collections.abc import Collection

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.kernel.settings import Mode, Settings

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
log = structlog.get_logger(__name__)

HSTS = "max-age=31536000; includeSubDomains"
PROBED = frozenset({"/live", "/ready", "/metrics"})
"""Asked by machines under whatever address they know us by."""


def allowed_hosts(settings: Settings) -> frozenset[str]:
    """Names we answer to; empty means any. In production nothing builds an address from the Host header."""
    named = {name.strip().lower() for name in settings.hosts.split(",") if name.strip()}
    if named:
        return frozenset(named)
    if settings.mode is Mode.PRODUCTION or settings.host in {"0.0.0.0", "::"}:  # noqa: S104  compared, not bound
        return frozenset()
    return frozenset({"localhost", "127.0.0.1", "::1", settings.host.lower()})


class Guarded:
    """ASGI middleware. `hosts` empty lets every host name pass; `broken` answers what nobody foresaw."""

    def __init__(self, app: ASGIApp, hosts: Collection[str], https_only: bool, broken: ASGIApp) -> None:
        self._app = app
        self._hosts = hosts
        self._broken = broken
        self._headers = HEADERS | ({"Strict-Transport-Security": HSTS} if https_only else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        begun = False

        async def strict(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        if self._hosts and scope["path"] not in PROBED and host_of(Headers(scope=scope)) not in self._hosts:
            await PlainTextResponse("Unknown host.", 400)(scope, receive, strict)
            return
        try:
            await self._app(scope, receive, strict)
        except Exception as error:
            # The server would log the error's text, and with it whatever it was about.
            log.error("request_failed", error=type(error).__name__)
            if not begun:
                await self._broken(scope, receive, strict)


def host_of(headers: Headers) -> str:
    """The host name asked for, without its port."""
    host = headers.get("host", "").lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if ":" in host else host
