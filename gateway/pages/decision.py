"""`/decisions/…`: a decision on many teams with its attached list, on A4 as Decree 30/2020 lays it out (Annex I).

GET  /decisions/{id}      as it was issued
POST /decisions/draft     a plan not issued yet: `TeamDecisionInput` as JSON, with the names the paper is to bear

For officials with a bearer token, of their own units. The page is a draft for the clerk in either case: number and day
stay blank until they are known, the place of signature and seal always. What is posted for a draft is put on the paper
and kept nowhere. Names on an issued one are asked of the registry, and each reading is recorded there.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, TypeAlias

import orjson
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway import decisions, teams, units
from gateway.commanding import asked
from gateway.context import Context
from gateway.decision_plans import planned
from gateway.errors import GatewayError, InvalidInput, NotFound
from gateway.limits import MOST_BODY_BYTES
from gateway.pages.rendering import asset_name, page, trouble
from gateway.parts import GatewayParts
from gateway.schema.contact_commands import names_of
from gateway.schema.decisions import may_decide
from gateway.schema.inputs import id_of, unit_id_of
from gateway.tokens import Verifier, token_key
from gateway.viewer import OFFICIALS
from services.kernel.identifiers import new_id

ROLES = {"leader": "Tổ trưởng", "deputy": "Tổ phó", "member": "Thành viên"}
_Respond: TypeAlias = Callable[[Request, Context], Awaitable[Response]]
STATUS = {"UNAUTHENTICATED": 401, "FORBIDDEN": 403, "NOT_FOUND": 404, "TOO_LARGE": 413}


@dataclass(frozen=True, slots=True)
class ListedLine:
    """One line of the attached list."""

    member: str
    name: str
    role: str
    organisation: str


@dataclass(frozen=True, slots=True)
class TeamSheet:
    """One team on the attached list; `leaving` counts those who leave it."""

    team: str
    act: str
    title: str
    hamlets: tuple[str, ...]
    lines: tuple[ListedLine, ...]
    leaving: int = 0


@dataclass(frozen=True, slots=True)
class DecisionSheet:
    """What is put on the paper."""

    draft: bool
    commune: str
    province: str
    number: str | None
    day: date | None
    signer: str | None
    teams: tuple[TeamSheet, ...]
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What it is about, in one line."""
        words = {"establish": "thành lập", "renew": "kiện toàn", "launch": "công bố ra mắt"}
        done = [words[act] for act in words if self.counts.get(act)]
        return f"Về việc {', '.join(done)} Tổ công nghệ số cộng đồng"

    @property
    def place(self) -> str:
        """The commune's own name, without xã or phường."""
        return self.commune.partition(" ")[2] if self.commune.startswith(("Xã ", "Phường ")) else self.commune

    @property
    def commune_inside(self) -> str:
        """The commune within a sentence: xã, phường in small letters."""
        return self.commune[:1].lower() + self.commune[1:]

    @property
    def listed(self) -> bool:
        """Whether there is a list to attach."""
        return any(sheet.act != "launch" for sheet in self.teams)


def routes(parts: GatewayParts) -> list[Route]:
    """The addresses of printed decisions."""
    verifier = Verifier(token_key(parts.settings))

    def answering(respond: _Respond) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            context = Context(parts, None, parts.clock(), new_id())
            try:
                context.viewer = verifier.bearer(request.headers.get("authorization", ""), context.now)
                context.require(*OFFICIALS)
                return await respond(request, context)
            except GatewayError as error:
                return trouble(STATUS.get(error.stable_code, 400), error.message)

        return answer

    return [
        Route("/decisions/draft", answering(_draft), methods=["POST"]),
        Route("/decisions/{id}", answering(_issued), methods=["GET"]),
    ]


async def _issued(request: Request, context: Context) -> Response:
    decision = id_of(request.path_params["id"], "id")

    def read(connection: Connection) -> DecisionSheet:
        found = decisions.decision_by_id(connection, decision, context.scope.decisions)
        if found is None:
            raise NotFound
        day = date.fromisoformat(found.decision_date)
        acts = decisions.acts_of(found)
        return _sheet(
            connection, context, found.unit, found.decision_no, day, found.signer, acts, draft=False, names={}
        )

    sheet = await asked(context, read)
    return _page(replace(sheet, teams=tuple([await _named(context, team) for team in sheet.teams])))


async def _named(context: Context, sheet: TeamSheet) -> TeamSheet:
    """The sheet with the names of those who serve still, as far as they are kept and the viewer may see them."""
    wanted = [line.member for line in sheet.lines]
    found = await names_of(context, sheet.team, wanted, "roster") if wanted else {}
    names = {} if "refused" in found else {member: each.get("full_name", "") for member, each in found.items()}
    return replace(sheet, lines=tuple(replace(line, name=names.get(line.member, "")) for line in sheet.lines))


async def _draft(request: Request, context: Context) -> Response:
    plan = planned(await _json(request))

    def read(connection: Connection) -> DecisionSheet:
        unit = unit_id_of(connection, plan.unit, context.today)
        if not may_decide(context, connection, unit, plan):
            raise NotFound
        acts, names = plan.acts("draft"), plan.names("draft")
        number, day, signer = plan.decision_no, plan.decision_date, plan.signer
        return _sheet(connection, context, unit, number, day, signer, acts, draft=True, names=names)

    return _page(await asked(context, read))


async def _json(request: Request) -> Any:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BODY_BYTES:
            raise GatewayError("Nội dung gửi lên dài quá.", code="TOO_LARGE")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise InvalidInput("Nội dung gửi lên phải là JSON.") from None


def _sheet(
    connection: Connection,
    context: Context,
    unit: str,
    number: str | None,
    day: date | None,
    signer: str | None,
    acts: Sequence[Mapping[str, Any]],
    *,
    draft: bool,
    names: Mapping[str, str],
) -> DecisionSheet:
    here = units.units_by_id(connection, [unit], context.today)[unit]
    above = units.units_by_id(
        connection, units.ancestors(connection, [unit], context.today).get(unit, [])[-1:], context.today
    )
    known = teams.teams_by_id(connection, sorted({act["team"] for act in acts}), context.scope.teams)
    told = {hamlet for act in acts for hamlet in act.get("hamlets") or ()}
    hamlets = units.hamlets_by_id(connection, sorted(told), context.today)
    titles = {act["team"]: act["name"] for act in acts if act["act"] == "establish"}
    sheets = []
    counts = dict.fromkeys(("establish", "renew", "launch"), 0)
    for act in acts:
        counts[act["act"]] += 1
        lines = tuple(
            ListedLine(listed["member"], names.get(listed["member"], ""), ROLES[listed["role"]], listed["organisation"])
            for listed in act.get("appoints") or ()
        )
        title = titles.get(act["team"]) or (known[act["team"]].name if act["team"] in known else "")
        served = tuple(hamlets[each].name for each in act.get("hamlets") or () if each in hamlets)
        sheets.append(TeamSheet(act["team"], act["act"], title, served, lines, len(act.get("stands_down") or ())))
    province = next((each.name for each in above.values()), "")
    return DecisionSheet(draft, here.name, province, number, day, signer, tuple(sheets), counts)


def _page(sheet: DecisionSheet) -> Response:
    return page("decision.html", {"sheet": sheet, "print_style": asset_name("decision.css")})
