"""GraphQL over HTTP, to the letter of its specification: POST and GET, both media types, no batches, no forms.

`application/graphql-response+json` answers say by status whether the document could run; `application/json` answers
are for older clients and always 200 once the request itself was well formed. A browser gets the explorer.
"""

from typing import Any

import orjson
from graphql import GraphQLError
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.context import Context
from gateway.documents import BadDocument, Documents, is_query
from gateway.errors import HTTP_STATUS, GatewayError
from gateway.execution import Runner, told
from gateway.explorer import explorer_page
from gateway.freshness import Freshness
from gateway.limits import MOST_BODY_BYTES
from gateway.parts import GatewayParts
from gateway.schema.root import SCHEMA
from gateway.tokens import Verifier, token_key
from services.kernel.identifiers import new_id
from services.kernel.settings import Mode

RESPONSE, LEGACY = "application/graphql-response+json", "application/json"
AFTER_HEADER = "x-causo-after"


class Malformed(Exception):
    """The request is no GraphQL request; `status` says in HTTP what is wrong with it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class GraphQLEndpoint:
    """An ASGI application for one path."""

    def __init__(self, parts: GatewayParts, verifier: Verifier | None = None) -> None:
        development = parts.settings.mode is Mode.DEVELOPMENT
        self._parts = parts
        self._verifier = verifier or Verifier(token_key(parts.settings))
        self._documents = Documents(SCHEMA, introspection=development)
        self._runner = Runner(SCHEMA, Freshness(parts.database))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        response = await self._respond(request)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        if request.method not in {"GET", "POST"}:
            return Response(status_code=405, headers={"Allow": "GET, POST"})
        if request.method == "GET" and "query" not in request.query_params and _wants_page(request.headers):
            return explorer_page()
        media = _negotiate(request.headers)
        if media is None:
            return Response(status_code=406)
        context = Context(self._parts, None, self._parts.clock(), new_id())
        try:
            body = await self._run(request, context)
        except Exception as error:
            return _failed(error, media, context)
        return _answer(body, 200, media, context)

    async def _run(self, request: Request, context: Context) -> dict[str, Any]:
        text, variables, operation_name = await _asked(request)
        context.viewer = self._verifier.bearer(request.headers.get("authorization", ""), context.now)
        document = self._documents.get(text)
        operation = document.operation(operation_name)
        if request.method == "GET" and not is_query(operation):
            raise Malformed(405, "Mutations need POST.")
        after = request.headers.get(AFTER_HEADER, "")
        result = await self._runner.run(document, operation, variables, context, after)
        body: dict[str, Any] = {"data": result.data}
        if result.errors:
            body["errors"] = [told(error, context.correlation_id) for error in result.errors]
        return body


async def _asked(request: Request) -> tuple[str, dict[str, Any], str | None]:
    """Document, variables and operation name. Raises `Malformed`."""
    if request.method == "GET":
        parameters: Any = {name: request.query_params.get(name) for name in ("query", "operationName")}
        variables = request.query_params.get("variables")
        parameters["variables"] = _json(variables.encode()) if variables else None
    else:
        kind = request.headers.get("content-type", "").split(";")
        if kind[0].strip().lower() != "application/json":
            raise Malformed(415, "Content-Type must be application/json.")
        charset = [part.strip().lower() for part in kind[1:] if part.strip().lower().startswith("charset=")]
        if charset and charset[0].removeprefix("charset=").strip('"') not in {"utf-8", "utf8"}:
            raise Malformed(415, "The charset must be utf-8.")
        parameters = _json(await _body(request))
    if not isinstance(parameters, dict):
        raise Malformed(400, "The body must be one JSON object; batches are not supported.")
    text = parameters.get("query")
    if not isinstance(text, str) or not text:
        raise Malformed(400, "`query` must be a non-empty string.")
    for name, kind_of in (("variables", dict), ("extensions", dict), ("operationName", str)):
        if not isinstance(parameters.get(name), kind_of | None):
            raise Malformed(400, f"`{name}` must be {'a string' if kind_of is str else 'an object'}.")
    return text, parameters.get("variables") or {}, parameters.get("operationName") or None


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BODY_BYTES:
            raise Malformed(413, f"The body must not be larger than {MOST_BODY_BYTES} bytes.")
    return bytes(body)


def _json(text: bytes) -> Any:
    try:
        return orjson.loads(text)
    except (orjson.JSONDecodeError, UnicodeDecodeError):
        raise Malformed(400, "The body is not valid JSON.") from None


def _negotiate(headers: Headers) -> str | None:
    """The media type to answer in; None when the client takes neither."""
    accept = headers.get("accept", "")
    if not accept.strip():
        return LEGACY
    accepted: list[tuple[float, int, str]] = []
    for place, part in enumerate(accept.split(",")):
        kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = next((_weight(p[2:]) for p in parameters if p.startswith("q=")), 1.0)
        for media, wildcards in ((RESPONSE, set()), (LEGACY, {"*/*", "application/*"})):
            if weight > 0 and (kind == media or kind in wildcards):
                accepted.append((-weight, place, media))
    return min(accepted)[2] if accepted else None


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _wants_page(headers: Headers) -> bool:
    return "text/html" in headers.get("accept", "").lower()


def _failed(error: Exception, media: str, context: Context) -> Response:
    """The answer when nothing ran. Older clients get 200 for what is wrong inside a well-formed request."""
    not_run = 400 if media == RESPONSE else 200
    headers: dict[str, str] = {}
    match error:
        case Malformed():
            errors = [{"message": error.message, "extensions": {"code": "BAD_REQUEST"}}]
            status = error.status
            headers = {"Allow": "POST"} if status == 405 else {}
        case BadDocument():
            errors = [told(each, context.correlation_id, error.code) for each in error.errors]
            status = not_run
        case GatewayError():
            errors = [told(GraphQLError("", original_error=error), context.correlation_id)]
            status = HTTP_STATUS.get(error.stable_code, not_run)
            headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
        case _:
            errors = [told(GraphQLError("", original_error=error), context.correlation_id)]
            status = 500
    return _answer({"errors": errors}, status, media, context, headers)


def _answer(
    body: dict[str, Any], status: int, media: str, context: Context, headers: dict[str, str] | None = None
) -> Response:
    all_headers = {"Cache-Control": "no-store", "X-Request-Id": str(context.correlation_id), "Vary": "Accept"}
    content_type = f"{media}; charset=utf-8"
    return Response(orjson.dumps(body), status, all_headers | (headers or {}), media_type=content_type)
