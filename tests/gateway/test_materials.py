"""Guidance materials from the file to the resident's hand, through the routes and the GraphQL schema."""

from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from starlette.testclient import TestClient

from gateway.app import create_app
from gateway.file_store import FileStore, TooLarge
from gateway.media_types import CutShort, NotAccepted, WrongType
from gateway.parts import GatewayParts
from gateway.viewer import Role
from tests.gateway.asking import NOW, Gateway
from tests.gateway.media import WHOLE, mp4, pdf, png
from tests.gateway.running import HERE, OUTCOME, PROVINCE, Running
from tests.gateway.test_policies import draft as draft_plan, plan as a_plan, publish as publish_plan

DRAFT = f"""mutation($f: String!, $m: ID, $l: String!, $u: String!, $t: String!) {{ draftMaterial(
    unit: $u, material: $m, name: "Kích hoạt VNeID / mức 2", topic: $t, language: $l, issuer: "Sở KH&CN", file: $f)
    {OUTCOME} }}"""
OPINION = f"""mutation($m: ID!, $y: Boolean!) {{ giveMaterialOpinion(material: $m, favourable: $y,
    document: "15/UBND", givenOn: "2026-11-02") {OUTCOME} }}"""
APPROVE = f'mutation($m: ID!) {{ approveMaterial(material: $m, approvedOn: "2026-11-03") {OUTCOME} }}'
PUBLISH = f"""mutation($m: ID!, $r: ID, $d: Date!) {{ publishMaterial(material: $m, replaces: $r, publishedOn: $d)
    {OUTCOME} }}"""
WITHDRAW = f'mutation($m: ID!) {{ withdrawMaterial(material: $m, withdrawnOn: "2026-11-10") {OUTCOME} }}'


def do(running: Running, document: str, token: str | None = None, **told: Any) -> dict[str, Any]:
    running.settle()
    return running.do(document, token or running.province, **told)


def upload(running: Running, content: bytes, token: str | None = None) -> Any:
    headers = {"Authorization": f"Bearer {token or running.province}", "Content-Type": "image/png"}
    return running.gateway.client.post("/tai-lieu", content=content, headers=headers)


def drafted(running: Running, content: bytes, language: str = "vi", topic: str = "VNEID_L2") -> str:
    file = upload(running, content).json()["file"]
    outcome = do(running, DRAFT, f=file, l=language, u="96", t=topic)
    assert outcome["accepted"], outcome
    return str(outcome["id"])


def published(running: Running, content: bytes, day: str = "2026-11-04", **told: Any) -> str:
    material = drafted(running, content)
    assert do(running, OPINION, m=material, y=True)["accepted"]
    assert do(running, APPROVE, m=material)["accepted"]
    outcome = do(running, PUBLISH, m=material, d=day, **told)
    assert outcome["accepted"], outcome
    running.settle()
    return material


def fetch(running: Running, content: bytes, token: str | None = None, **headers: str) -> Any:
    running.settle()
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return running.gateway.client.get(f"/tai-lieu/{sha256(content).hexdigest()}", headers=headers)


# -- the material ------------------------------------------------------------------------------------------------------


def test_the_province_gives_its_opinion_first_and_only_then_is_a_material_handed_out(running: Running) -> None:
    asks = {"kind": "opinion", "what": "material", "tier": "province", "section": "III.1"}
    plan = draft_plan(running, running.province, plan=a_plan(rules=[asks]))["id"]
    assert publish_plan(running, running.province, plan)["accepted"]
    material = drafted(running, pdf())
    assert do(running, APPROVE, m=material)["code"] == "OPINION_MISSING"
    assert do(running, PUBLISH, m=material, d="2026-11-04")["code"] == "OPINION_MISSING"
    assert do(running, OPINION, m=material, y=False)["accepted"]
    assert do(running, APPROVE, m=material)["code"] == "OPINION_UNFAVOURABLE"
    assert do(running, OPINION, m=material, y=True)["accepted"]
    assert do(running, PUBLISH, m=material, d="2026-11-04")["code"] == "MATERIAL_NOT_APPROVED"
    assert do(running, APPROVE, running.here, m=material)["code"] == "FORBIDDEN"
    assert do(running, APPROVE, m=material)["accepted"]
    assert fetch(running, pdf()).status_code == 404
    assert do(running, PUBLISH, m=material, d="2026-11-21")["code"] == "DAY_IN_FUTURE"
    assert do(running, PUBLISH, m=material, d="2026-11-04")["accepted"]
    assert fetch(running, pdf()).content == pdf()
    asked = """{ materials(topic: "VNEID_L2", language: "vi", unit: "31843") { totalCount nodes { name topic language
        issuer unit { code } service { code } mediaType size status opinion opinionDocument opinionOn approvedOn
        publishedOn withdrawnOn link replaces { id } } } }"""
    found = running.gateway.data(asked, running.gateway.token(Role.TEAM_LEADER, HERE))["materials"]
    assert found == {
        "totalCount": 1,
        "nodes": [
            {
                "name": "Kích hoạt VNeID / mức 2",
                "topic": "VNEID_L2",
                "language": "vi",
                "issuer": "Sở KH&CN",
                "unit": {"code": "96"},
                "service": None,
                "mediaType": "application/pdf",
                "size": len(pdf()),
                "status": "PUBLISHED",
                "opinion": "FAVOURABLE",
                "opinionDocument": "15/UBND",
                "opinionOn": "2026-11-02",
                "approvedOn": "2026-11-03",
                "publishedOn": "2026-11-04",
                "withdrawnOn": None,
                "link": f"/tai-lieu/{sha256(pdf()).hexdigest()}",
                "replaces": None,
            }
        ],
    }
    assert running.gateway.code("{ materials { totalCount } }") == "UNAUTHENTICATED"


def test_where_no_plan_asks_for_it_a_material_is_handed_out_without_an_opinion(running: Running) -> None:
    material = drafted(running, pdf())
    assert do(running, APPROVE, m=material)["accepted"]
    assert do(running, PUBLISH, m=material, d="2026-11-04")["accepted"]
    assert fetch(running, pdf()).content == pdf()


def test_a_newer_version_takes_the_old_one_s_place_in_one_step(running: Running) -> None:
    old = published(running, pdf("bản một"))
    khmer = drafted(running, pdf("bản Khmer"), language="km")
    assert do(running, OPINION, m=khmer, y=True)["accepted"]
    assert do(running, APPROVE, m=khmer)["accepted"]
    wrong = do(running, PUBLISH, m=khmer, r=old, d="2026-11-05")
    assert (wrong["code"], wrong["field"]) == ("REPLACES_ANOTHER_SUBJECT", "replaces")
    new = published(running, pdf("bản hai"), "2026-11-05", r=old)
    asked = "query($m: ID!) { material(id: $m) { status withdrawnOn replaces { id } replacedBy { id } } }"
    assert running.gateway.data(asked, running.here, m=old)["material"] == {
        "status": "WITHDRAWN",
        "withdrawnOn": "2026-11-05",
        "replaces": None,
        "replacedBy": {"id": new},
    }
    assert running.gateway.data(asked, running.here, m=new)["material"]["replaces"] == {"id": old}
    assert running.gateway.data(asked, running.province, m=khmer)["material"]["status"] == "APPROVED"
    gone = fetch(running, pdf("bản một"))
    assert (gone.status_code, gone.headers["cache-control"]) == (410, "no-store")
    assert fetch(running, pdf("bản hai")).status_code == 200


def test_a_draft_is_seen_by_officials_of_its_unit_only(running: Running) -> None:
    material = drafted(running, pdf())
    asked = "query($m: ID!) { material(id: $m) { status } }"
    running.settle()
    assert running.gateway.code(asked, running.here, m=material) == "NOT_FOUND"
    assert running.gateway.data(asked, running.province, m=material)["material"] == {"status": "DRAFTED"}
    seen = fetch(running, pdf(), running.province)
    assert (seen.content, seen.headers["cache-control"]) == (pdf(), "private, no-store")
    assert [fetch(running, pdf(), who).status_code for who in (None, running.here)] == [404, 404]
    assert fetch(running, pdf(), "forged").status_code == 401
    file = upload(running, png(), running.here).json()["file"]
    assert do(running, DRAFT, running.here, f=file, l="vi", u="96", t="X")["code"] == "NOT_FOUND"
    assert do(running, DRAFT, running.there, f=file, l="vi", u="31849", t="X", m=material)["code"] == "NOT_FOUND"
    assert do(running, DRAFT, running.here, f=file, l="vi", u="31843", t="X")["accepted"]
    assert do(running, WITHDRAW, m=material)["code"] == "MATERIAL_NOT_PUBLISHED"


def test_a_material_is_of_a_file_that_was_sent(running: Running) -> None:
    for file in ("0" * 64, "../../keys/token.key", ""):
        outcome = do(running, DRAFT, f=file, l="vi", u="96", t="X")
        assert (outcome["code"], outcome["field"]) == ("FILE_UNKNOWN", "file")


def test_a_file_that_was_damaged_on_the_disk_is_not_taken_for_a_material(running: Running) -> None:
    file = upload(running, png()).json()["file"]
    path = running.gateway.parts.files.path(file)
    assert path is not None
    path.write_bytes(png()[:-5])
    assert do(running, DRAFT, f=file, l="vi", u="96", t="X")["code"] == "FILE_UNKNOWN"
    upload(running, png())
    outcome = do(running, DRAFT, f=file, l="vi", u="96", t="X")
    assert outcome["accepted"], "sent again it is whole again"
    asked = "query($m: ID!) { material(id: $m) { status } }"
    own = running.gateway.data(asked, running.province, outcome["token"], m=outcome["id"])
    assert own["material"] == {"status": "DRAFTED"}, "one reads what one has just written"


# -- the file ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", WHOLE)
def test_a_file_is_known_by_its_content_and_sent_twice_is_one(running: Running, kind: str) -> None:
    content = WHOLE[kind]
    first, second = upload(running, content), upload(running, content)
    assert first.status_code == second.status_code == 201
    told = {"file": sha256(content).hexdigest(), "mediaType": kind, "size": len(content)}
    assert first.json() == second.json() == told
    assert first.headers["location"] == f"/tai-lieu/{told['file']}"
    published(running, content)
    served = fetch(running, content)
    assert (served.content, served.headers["content-type"]) == (content, kind)


def test_what_is_served_cannot_act_in_a_browser_and_may_be_kept_for_ever(running: Running) -> None:
    published(running, mp4())
    served = fetch(running, mp4())
    assert served.headers["x-content-type-options"] == "nosniff"
    assert served.headers["content-security-policy"].startswith("default-src 'none'; sandbox;")
    assert served.headers["cache-control"] == "public, max-age=31536000, immutable"
    disposition = served.headers["content-disposition"]
    assert disposition.startswith("attachment; filename*=utf-8''K%C3%ADch%20ho%E1%BA%A1t")
    assert disposition.endswith(".mp4") and "/" not in disposition.partition("''")[2]
    part = fetch(running, mp4(), None, Range="bytes=4-7")
    assert (part.status_code, part.content) == (206, b"ftyp")
    assert part.headers["content-range"] == f"bytes 4-7/{len(mp4())}"
    assert fetch(running, mp4(), None, Range="bytes=9999-").status_code == 416
    same = fetch(running, mp4(), None, **{"If-None-Match": served.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")


def test_only_those_who_may_draft_send_files(running: Running) -> None:
    client = running.gateway.client
    nobody = client.post("/tai-lieu", content=pdf())
    assert (nobody.status_code, nobody.json()["code"]) == (401, "UNAUTHENTICATED")
    assert nobody.headers["www-authenticate"] == "Bearer"
    basic = client.post("/tai-lieu", content=pdf(), headers={"Authorization": "Basic eA=="})
    assert basic.status_code == 401
    leader = upload(running, pdf(), running.gateway.token(Role.TEAM_LEADER, HERE))
    assert (leader.status_code, leader.json()["code"]) == (403, "FORBIDDEN")
    assert upload(running, pdf(), running.gateway.token(Role.BODY_HANDLER, PROVINCE, body="POLICE")).status_code == 201


def test_a_wrong_or_broken_file_is_refused_by_name_and_leaves_nothing(running: Running) -> None:
    html = upload(running, b"<html><script>alert(1)</script></html>")
    assert (html.status_code, html.json()["code"]) == (415, "FILE_TYPE")
    assert upload(running, b"").json()["code"] == "FILE_TYPE"
    short = upload(running, png()[:-5])
    assert (short.status_code, short.json()["code"]) == (400, "FILE_CUT_SHORT")
    assert all(path.is_dir() for path in (running.gateway.settings.var_dir / "files").rglob("*"))


@pytest.mark.parametrize(
    "name", ["..%2f..%2fkeys%2ftoken.key", "%2e%2e", "%2e%2e/keys", "A" * 64, "0" * 63, "0" * 64 + "%0a", "arriving"]
)
def test_no_name_leads_out_of_the_folder(edge: Gateway, name: str) -> None:
    (edge.settings.var_dir / "files").mkdir(exist_ok=True)
    assert edge.client.get(f"/tai-lieu/{name}").status_code in {404, 405}
    assert edge.parts.files.path(name.replace("%2f", "/").replace("%0a", "\n").replace("%2e", ".")) is None


def test_a_file_larger_than_the_setting_is_refused_before_it_is_read(edge: Gateway) -> None:
    settings = edge.settings.model_copy(update={"file_most_bytes": 1_000_000})
    parts = GatewayParts(settings, edge.parts.database, edge.parts.bus, lambda: NOW)
    token = edge.token(Role.PROVINCE_OFFICIAL, PROVINCE)
    headers = {"Authorization": f"Bearer {token}"}
    with TestClient(create_app(parts), base_url="http://localhost") as client:
        large = client.post("/tai-lieu", content=b"x" * 1_000_001, headers=headers)
        assert (large.status_code, large.json()["code"]) == (413, "FILE_TOO_LARGE")
        grown = client.post("/tai-lieu", content=iter([b"x" * 600_000] * 2), headers=headers)
        assert (grown.status_code, grown.json()["code"]) == (413, "FILE_TOO_LARGE"), "announced nothing"
        padded = pdf().replace(b"xin", b"x" * 900_000)
        assert client.post("/tai-lieu", content=padded, headers=headers).status_code == 201, (
            "GraphQL's limit is not ours"
        )


@pytest.mark.parametrize(
    ("chunks", "announced", "error"),
    [
        ([pdf()[:50]], len(pdf()), CutShort),
        ([pdf(), b"more"], len(pdf()), CutShort),
        ([b"x" * 60, b"x" * 60], None, TooLarge),
        ([], 101, TooLarge),
        ([b"x"], 1, WrongType),
    ],
)
def test_what_did_not_come_whole_is_not_kept(
    tmp_path: Path, chunks: list[bytes], announced: int | None, error: type[NotAccepted]
) -> None:
    most = 100 if error is TooLarge else 10_000

    async def coming() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    async def take() -> None:
        with pytest.raises(error):
            await FileStore(tmp_path, most).take(coming(), announced)

    anyio.run(take)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_files_wait_their_turn_to_be_checked(tmp_path: Path) -> None:
    def folders() -> list[str]:
        return [path.parent.name for path in tmp_path.rglob("*") if path.is_file()]

    async def coming() -> AsyncIterator[bytes]:
        yield pdf()

    async def take() -> None:
        checking = anyio.CapacityLimiter(1)
        async with anyio.create_task_group() as group, checking:
            group.start_soon(FileStore(tmp_path, 10_000, checking).take, coming(), None)
            while not checking.statistics().tasks_waiting:
                await anyio.lowlevel.checkpoint()
            assert folders() == ["arriving"]

    anyio.run(take)
    assert len(folders()) == 1
    assert "arriving" not in folders()


def test_a_sender_who_hangs_up_has_sent_part_of_a_file(edge: Gateway) -> None:
    token = edge.token(Role.PROVINCE_OFFICIAL, PROVINCE)
    messages = [
        {"type": "http.request", "body": pdf()[:40], "more_body": True},
        {"type": "http.disconnect"},
    ]
    answered: list[dict[str, Any]] = []

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        answered.append(message)

    headers = [(b"host", b"localhost"), (b"authorization", f"Bearer {token}".encode())]
    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": "/tai-lieu",
        "raw_path": b"/tai-lieu",
        "query_string": b"",
    }
    scope |= {"headers": headers, "http_version": "1.1", "scheme": "http", "server": ("localhost", 80), "client": None}

    async def ask() -> None:
        await create_app(edge.parts)(scope, receive, send)

    anyio.run(ask)
    assert answered[0]["status"] == 400
    assert not [path for path in (edge.settings.var_dir / "files").rglob("*") if path.is_file()]
