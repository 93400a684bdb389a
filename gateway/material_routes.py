"""`/tai-lieu`: officials send files up, everybody fetches those of published materials.

POST takes the file itself as the body, with a bearer token; what it is is found in its content. GET serves by digest:
while a material with that file is published to everybody, else to officials of its unit, who must see a draft before
they approve it. The address holds the digest, so caches may keep the file for good, also once it is withdrawn: then it
is no longer given out from here. A browser saves it and never shows it as a page of ours.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import anyio.to_thread
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from gateway import materials
from gateway.commanding import MAY
from gateway.errors import Forbidden, GatewayError, Unauthenticated
from gateway.file_store import TooLarge
from gateway.media_types import EXTENSIONS, CutShort, NotAccepted, WrongType
from gateway.pages.rendering import trouble
from gateway.parts import GatewayParts
from gateway.tokens import Verifier
from gateway.viewer import Viewer, scope_of
from services.kernel.clock import business_date

log = structlog.get_logger(__name__)

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}
PUBLIC = "public, max-age=31536000, immutable"
PRIVATE = "private, no-store"
_STATUS: dict[type[NotAccepted], int] = {TooLarge: 413, WrongType: 415, CutShort: 400}
_NO_LIMIT = 2**62
"""The application's limit on bodies is not this route's: the store has its own, and says so in our words."""


@dataclass(frozen=True)
class _Materials:
    parts: GatewayParts
    verifier: Verifier

    async def upload(self, request: Request) -> Response:
        """Take one file: 201 with its digest, type and size; the same file again is the same answer."""
        try:
            viewer = self._viewer(request)
            if viewer is None:
                raise Unauthenticated
            if viewer.role not in MAY["draft_material"]:
                raise Forbidden
            stored = await self.parts.files.take(_whole(request), _announced(request))
        except GatewayError as error:
            status = 401 if isinstance(error, Unauthenticated) else 403
            return _refused(status, error.stable_code, error.message)
        except NotAccepted as error:
            log.info("file_not_accepted", code=error.code)
            return _refused(_STATUS[type(error)], error.code, error.message)
        told = {"file": stored.sha256, "mediaType": stored.media_type, "size": stored.size}
        return JSONResponse(told, 201, {"Location": f"/tai-lieu/{stored.sha256}", "Cache-Control": PRIVATE})

    async def download(self, request: Request) -> Response:
        """The file of this digest, in parts if so asked."""
        digest = request.path_params["digest"]
        path = await anyio.to_thread.run_sync(self.parts.files.path, digest)
        try:
            viewer = self._viewer(request)
        except Unauthenticated as error:
            return _refused(401, error.stable_code, error.message)
        if path is None:
            return _nowhere()
        public, seen = await anyio.to_thread.run_sync(self._of_file, digest, viewer)
        if public is not None:
            return _file(request, path, public, PUBLIC)
        if seen is None:
            return _nowhere()
        if seen.status == "withdrawn" and viewer is None:
            return trouble(410, "Tài liệu này đã được thu hồi. Bà con hỏi Tổ công nghệ số cộng đồng để lấy bản mới.")
        return _file(request, path, seen, PRIVATE)

    def _of_file(self, digest: str, viewer: Viewer | None) -> tuple[Any | None, Any | None]:
        """The published material that has the file; else one that may be spoken of to this viewer."""
        with self.parts.database.look() as connection:
            found = materials.materials_of_file(connection, digest)
            if found and found[0].status == "published":
                return found[0], None
            if viewer is None:
                return None, next((row for row in found if row.status == "withdrawn"), None)
            scope = scope_of(viewer, business_date(self.parts.clock()))
            mine = scope.communes(materials.LIVE.materials.c.unit)
            return None, next(iter(materials.materials_of_file(connection, digest, mine)), None)

    def _viewer(self, request: Request) -> Viewer | None:
        """Who asks; None when nobody says. Raises `Unauthenticated`."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if not kind:
            return None
        if kind.lower() != "bearer":
            raise Unauthenticated
        return self.verifier.viewer(token.strip(), self.parts.clock())


def routes(parts: GatewayParts, verifier: Verifier) -> list[Route]:
    """`POST /tai-lieu` and `GET /tai-lieu/{digest}`."""
    made = _Materials(parts, verifier)
    return [
        Route("/tai-lieu", made.upload, methods=["POST"], max_body_size=_NO_LIMIT),
        Route("/tai-lieu/{digest}", made.download, methods=["GET"]),
    ]


async def _whole(request: Request) -> AsyncIterator[bytes]:
    """The body; a sender who hangs up has sent part of a file."""
    try:
        async for chunk in request.stream():
            yield chunk
    except ClientDisconnect:
        raise CutShort from None


def _announced(request: Request) -> int | None:
    length = request.headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() else None


def _file(request: Request, path: Any, material: Any, caching: str) -> Response:
    tag = f'"{material.sha256}"'
    headers = {**HEADERS, "Cache-Control": caching, "ETag": tag}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    name = f"{material.name.replace('/', '-')}.{EXTENSIONS[material.media_type]}"
    return FileResponse(path, headers=headers, media_type=material.media_type, filename=name)


def _refused(status: int, code: str, message: str) -> Response:
    headers = {"Cache-Control": PRIVATE} | ({"WWW-Authenticate": "Bearer"} if status == 401 else {})
    return JSONResponse({"code": code, "message": message}, status, headers)


def _nowhere() -> Response:
    return trouble(404, "Không có tài liệu này.")
