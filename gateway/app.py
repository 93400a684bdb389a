"""The gateway as one ASGI application: GraphQL, the public pages, health and metrics.

Nothing here reads the environment or a clock; `create_app` gets its parts. The intake's forwarder runs as long as the
application does.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import anyio
import anyio.to_thread
import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from gateway import explorer
from gateway.forwarding import Forwarder
from gateway.graphql import GraphQLEndpoint
from gateway.guarding import Guarded, allowed_hosts
from gateway.intake import Intake
from gateway.limits import MOST_BODY_BYTES
from gateway.material_routes import routes as material_routes
from gateway.metrics import Measured, Metrics
from gateway.pages.decision import routes as decision_routes
from gateway.pages.needs import Pages
from gateway.pages.readings import CaseStatusesReading, PlacesReading, ServicesReading, VisitsReading
from gateway.pages.rendering import trouble
from gateway.pages.routes import routes as page_routes
from gateway.parts import GatewayParts
from gateway.roster.pages import routes as roster_routes
from gateway.throttle import Throttle
from gateway.tokens import Verifier, token_key
from services.kernel.database import Database
from services.kernel.settings import Mode

log = structlog.get_logger(__name__)

READY_SECONDS = 2.0
BROKEN = trouble(500, "Máy chủ gặp lỗi. Bà con đợi ít phút rồi thử lại.")


def create_app(parts: GatewayParts) -> Starlette:
    """Put the gateway together. Raises `sealing.KeyMissing` when production lacks a key."""
    settings, metrics = parts.settings, Metrics()
    tracker, _ = parts.tracker, parts.people_key
    intake = Intake(parts.database, tracker, parts.feedback_key, parts.clock)
    throttle = Throttle(parts.database, tracker, parts.clock)
    forwarder = Forwarder(intake, parts.bus, throttle)
    pages = Pages(
        intake=intake,
        throttle=throttle,
        forwarder=forwarder,
        places=PlacesReading(parts.database, parts.clock),
        cases=CaseStatusesReading(parts.database),
        visits=VisitsReading(parts.database, tracker, parts.clock),
        bus=parts.bus,
        form_key=tracker.bucket("form tokens").encode(),
        clock=parts.clock,
        services=ServicesReading(parts.database, parts.clock),
    )
    verifier = Verifier(token_key(settings))
    routes = [
        Route("/graphql", GraphQLEndpoint(parts, verifier)),  # asked most, found first
        *page_routes(pages),
        *material_routes(parts, verifier),
        *roster_routes(parts),
        *decision_routes(parts),
        *explorer.routes(),
        Route("/live", live),
        Route("/ready", ready(parts.database)),
        Route("/metrics", metrics.page),
    ]
    production = settings.mode is Mode.PRODUCTION
    middleware = [
        Middleware(Measured, metrics=metrics),
        Middleware(Guarded, hosts=allowed_hosts(settings), https_only=production, broken=BROKEN),
    ]
    proxies = [proxy.strip() for proxy in settings.trusted_proxies.split(",") if proxy.strip()]
    if proxies:
        middleware.insert(0, Middleware(ProxyHeadersMiddleware, trusted_hosts=proxies))
    return Starlette(
        routes=routes,
        middleware=middleware,
        exception_handlers={404: nowhere},
        lifespan=_lifespan(forwarder, parts),
        max_body_size=2 * MOST_BODY_BYTES,
    )


def _lifespan(forwarder: Forwarder, parts: GatewayParts) -> Callable[[Starlette], Any]:
    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        forwarding = asyncio.create_task(forwarder.run(), name="intake forwarder")
        try:
            yield
        finally:
            forwarding.cancel()
            with suppress(asyncio.CancelledError):
                await forwarding
            close = getattr(parts.bus, "close", None)
            if close is not None:
                await close()

    return lifespan


async def nowhere(_: Request, __: Exception) -> Response:
    """Somebody mistyped an address."""
    return trouble(404, "Không có trang này.")


async def live(_: Request) -> Response:
    """The event loop turns."""
    return JSONResponse({"live": True})


def ready(database: Database) -> Callable[[Request], Awaitable[Response]]:
    """The database answers, in time."""

    async def respond(_: Request) -> Response:
        try:
            with anyio.fail_after(READY_SECONDS):
                await anyio.to_thread.run_sync(_touch, database, abandon_on_cancel=True)
        except (TimeoutError, SQLAlchemyError) as error:
            log.warning("not_ready", error=type(error).__name__)
            return JSONResponse({"ready": False, "waiting_for": "database"}, 503)
        return JSONResponse({"ready": True})

    return respond


def _touch(database: Database) -> None:
    with database.read() as connection:
        connection.execute(text("SELECT 1 FROM map_units LIMIT 1"))
