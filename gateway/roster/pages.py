"""Files of office staff over HTTP, for officials with a bearer token and for their own units only.

GET  /roster/{kind}/template.csv          an empty file with its columns
GET  /roster/{kind}.csv?unit=31843        what is recorded, as a file; units with `asOf` as they were on a day
POST /roster/{kind}?mode=preview          what a file would change, and every bad row; nothing is imported
POST /roster/{kind}?mode=apply            import it, if no row is bad
POST /roster/{kind}?mode=apply_good       import the good rows

`kind` is `units` (the province's to send), `hamlets`, `teams` or `members`; the body is the file, `text/csv`, at most
`MOST_FILE_BYTES`. Answers are JSON, errors as GraphQL tells them. A file sent again after an answer that got lost
changes nothing more.
"""

from collections.abc import Awaitable, Callable
from datetime import date
from functools import partial
from typing import Any, TypeVar, cast

import anyio
import anyio.to_thread
import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.commanding import MAY, Order, Outcome, asked, send
from gateway.contacts import sealed
from gateway.context import Context
from gateway.errors import GatewayError, InvalidInput, NotFound, Unauthenticated
from gateway.parts import GatewayParts
from gateway.roster.exporting import export, template
from gateway.roster.files import COLUMNS, Kind
from gateway.roster.importing import COMMANDS, MOST_FAULTS, RosterPlan, batches, plan_roster
from gateway.roster.known import Known
from gateway.roster.reading import Planned
from gateway.schema.inputs import unit_id_of
from gateway.tokens import Verifier, token_key
from gateway.viewer import OFFICIALS
from services.kernel.clock import to_text
from services.kernel.csv_rows import RowFault
from services.kernel.identifiers import new_id

T = TypeVar("T")
log = structlog.get_logger(__name__)

MOST_FILE_BYTES = 8 * 1024 * 1024
"""25,000 members are about 4 MB."""
AT_ONCE = 2
"""Files read at the same time in one process: others wait."""
MODES = frozenset({"preview", "apply", "apply_good"})
STATUS = {
    "UNAUTHENTICATED": 401,
    "FORBIDDEN": 403,
    "NOT_FOUND": 404,
    "TOO_LARGE": 413,
    "NOT_CSV": 415,
    "SERVICE_UNAVAILABLE": 503,
}


def routes(parts: GatewayParts) -> list[Route]:
    """The addresses of the files."""
    edge = _Edge(parts)
    return [
        Route("/roster/{kind}/template.csv", edge.answering(edge.template), methods=["GET"]),
        Route("/roster/{kind}.csv", edge.answering(edge.export), methods=["GET"]),
        Route("/roster/{kind}", edge.answering(edge.take), methods=["POST"], max_body_size=MOST_FILE_BYTES + 1),
    ]


class _Edge:
    def __init__(self, parts: GatewayParts) -> None:
        self._parts = parts
        self._verifier = Verifier(token_key(parts.settings))
        self._reading = anyio.CapacityLimiter(AT_ONCE)

    def answering(
        self, respond: Callable[[Request, Context, Kind], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """`respond` for an official; refusals in the shape of GraphQL's."""

        async def answer(request: Request) -> Response:
            context = Context(self._parts, None, self._parts.clock(), new_id())
            try:
                context.viewer = self._verifier.bearer(request.headers.get("authorization", ""), context.now)
                context.require(*OFFICIALS)
                kind = request.path_params["kind"]
                if kind not in COLUMNS:
                    raise NotFound
                return await respond(request, context, cast("Kind", kind))
            except GatewayError as error:
                return _refused(error)

        return answer

    async def template(self, _: Request, __: Context, kind: Kind) -> Response:
        return _csv(f"{kind}-mau.csv", template(kind))

    async def export(self, request: Request, context: Context, kind: Kind) -> Response:
        wanted, day = request.query_params.get("unit", ""), _day(request, kind, context.today)
        unit = await asked(context, lambda c: unit_id_of(c, wanted, day))
        found = await asked(context, lambda c: export(c, kind, unit, day, context.scope))
        return _csv(f"{kind}.csv", found)

    async def take(self, request: Request, context: Context, kind: Kind) -> Response:
        context.require(*MAY[COMMANDS[kind]])
        mode = request.query_params.get("mode", "preview")
        if mode not in MODES:
            raise InvalidInput("`mode` phải là preview, apply hoặc apply_good.", field="mode")
        raw = await _file(request)
        plan = await self._in_turn(partial(self._plan, context, kind, raw))
        if mode == "preview" or (plan.faults and mode == "apply"):
            return JSONResponse(_told(plan))
        outcomes: list[tuple[Planned, Outcome]] = []
        for batch in batches(plan.planned):
            orders = [Order(p.command, p.about, p.payload, p.payload["command_id"]) for p in batch]
            outcomes += zip(batch, await send(context, "registry", *orders), strict=True)
        refused = [(planned, outcome) for planned, outcome in outcomes if not outcome.accepted]
        log.info("roster_imported", kind=kind, sent=len(outcomes), refused=len(refused))
        done = {"accepted": len(outcomes) - len(refused), "refused": [_line(*each) for each in refused[:MOST_FAULTS]]}
        return JSONResponse(_told(plan) | {"imported": done})

    def _plan(self, context: Context, kind: Kind, raw: bytes) -> RosterPlan:
        viewer = context.require()
        with self._parts.database.look() as connection:
            known = Known(connection, context.today, context.scope.answers_for)
            return plan_roster(
                kind,
                raw,
                known,
                viewer.sub,
                context.now,
                seal=lambda member, words: sealed(
                    self._parts.people_key, self._parts.tracker, member, words, to_text(context.now)
                ),
                correlation_id=context.correlation_id,
            )

    async def _in_turn(self, work: Callable[[], T]) -> T:
        return await anyio.to_thread.run_sync(work, limiter=self._reading)


def _day(request: Request, kind: Kind, today: date) -> date:
    text = request.query_params.get("asOf")
    if text is None:
        return today
    if kind != "units":
        raise InvalidInput("`asOf` chỉ dùng cho tệp đơn vị hành chính.", field="asOf")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput("`asOf` phải là ngày, dạng 2025-07-01.", field="asOf") from None


async def _file(request: Request) -> bytes:
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind not in {"text/csv", "application/csv", "application/vnd.ms-excel"}:
        raise GatewayError("Nội dung gửi lên phải là tệp CSV (text/csv).", code="NOT_CSV")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_FILE_BYTES:
            most = MOST_FILE_BYTES // 1024 // 1024
            raise GatewayError(f"Tệp lớn quá {most} MB; hãy chia theo xã, phường.", code="TOO_LARGE")
    return bytes(body)


def _told(plan: RosterPlan) -> dict[str, Any]:
    return {
        "rows": plan.rows,
        "changes": plan.changes,
        "unchanged": plan.unchanged,
        "faultCount": len(plan.faults),
        "faults": [_fault(fault) for fault in plan.faults[:MOST_FAULTS]],
        "imported": None,
    }


def _fault(fault: RowFault) -> dict[str, Any]:
    return {"line": fault.line, "column": fault.column, "rule": fault.rule}


def _line(planned: Planned, outcome: Outcome) -> dict[str, Any]:
    return {"line": planned.line, "code": outcome.code, "message": outcome.message, "field": outcome.field}


def _csv(name: str, content: bytes) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type="text/csv", headers=headers)


def _refused(error: GatewayError) -> Response:
    code = error.stable_code
    headers = {"Cache-Control": "no-store"} | ({"WWW-Authenticate": "Bearer"} if code == Unauthenticated.code else {})
    body = {"errors": [{"message": error.message, "extensions": {"code": code, "field": error.field}}]}
    return JSONResponse(body, STATUS.get(code, 400), headers)
