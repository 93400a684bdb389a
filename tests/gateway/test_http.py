"""GraphQL over HTTP: what its specification asks, and what browsers must not be able to do."""

from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from gateway.app import create_app
from gateway.parts import GatewayParts
from services.kernel.sealing import KeyMissing, to_base64
from services.kernel.settings import Mode, Settings
from tests.gateway.asking import Gateway

RESPONSE, LEGACY = "application/graphql-response+json", "application/json"
ME = "{ me { sub } }"
MUTATION = 'mutation { voidVisit(id: "x", reason: "other") { accepted } }'


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (RESPONSE, RESPONSE),
        (LEGACY, LEGACY),
        ("*/*", LEGACY),
        ("application/*", LEGACY),
        (f"{LEGACY};q=0.9, {RESPONSE};q=0.8", LEGACY),
        (f"{RESPONSE}; charset=utf-8, {LEGACY};q=0.9", RESPONSE),
        ("", LEGACY),
    ],
)
def test_the_answer_is_in_the_media_type_asked_for(edge: Gateway, accept: str, media: str) -> None:
    answer = edge.client.post("/graphql", json={"query": ME}, headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == f"{media}; charset=utf-8"
    assert answer.json() == {"data": {"me": None}}


@pytest.mark.parametrize("accept", ["text/plain", "image/png", f"{RESPONSE};q=0"])
def test_a_media_type_we_have_not_is_406(edge: Gateway, accept: str) -> None:
    assert edge.client.post("/graphql", json={"query": ME}, headers={"Accept": accept}).status_code == 406


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
def test_only_json_may_be_posted(edge: Gateway, content_type: str) -> None:
    answer = edge.client.post("/graphql", content=b'{"query":"{ me { sub } }"}', headers={"Content-Type": content_type})
    assert answer.status_code == 415


def test_another_charset_is_415(edge: Gateway) -> None:
    headers = {"Content-Type": "application/json; charset=utf-16"}
    assert edge.client.post("/graphql", content=b"{}", headers=headers).status_code == 415
    headers = {"Content-Type": 'application/json; charset="UTF-8"'}
    assert edge.client.post("/graphql", content=b'{"query":"{me{sub}}"}', headers=headers).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b"null",
        b'"{ me { sub } }"',
        b"[]",
        b'[{"query":"{ me { sub } }"}]',
        b"{}",
        b'{"query":null}',
        b'{"query":""}',
        b'{"query":7}',
        b'{"query":["{ me { sub } }"]}',
        b'{"query":"{ me { sub } }","variables":[]}',
        b'{"query":"{ me { sub } }","variables":"{}"}',
        b'{"query":"{ me { sub } }","operationName":7}',
        b'{"query":"{ me { sub } }","extensions":[]}',
    ],
)
def test_a_body_that_is_no_request_is_400(edge: Gateway, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    for accept in (RESPONSE, LEGACY):
        answer = edge.client.post("/graphql", content=body, headers={**headers, "Accept": accept})
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


def test_nulls_for_what_is_optional_are_fine(edge: Gateway) -> None:
    body = {"query": ME, "variables": None, "operationName": None, "extensions": None}
    assert edge.client.post("/graphql", json=body).status_code == 200


@pytest.mark.parametrize("document", ["{", "{ nobody }", "query A { me { sub } } query B { me { sub } }"])
def test_a_document_that_cannot_run_is_400_for_new_clients_and_200_for_old(edge: Gateway, document: str) -> None:
    for accept, status in ((RESPONSE, 400), (LEGACY, 200)):
        answer = edge.client.post("/graphql", json={"query": document}, headers={"Accept": accept})
        assert answer.status_code == status
        assert "data" not in answer.json()
        assert answer.json()["errors"]


def test_an_operation_is_chosen_by_name(edge: Gateway) -> None:
    document = 'query A { me { sub } } query B { unit(code: "96") { name } }'
    answer = edge.client.post("/graphql", json={"query": document, "operationName": "B"})
    assert answer.json() == {"data": {"unit": {"name": "Tỉnh Cà Mau"}}}
    answer = edge.client.post("/graphql", json={"query": document, "operationName": "C"})
    assert answer.json()["errors"][0]["extensions"]["code"] == "OPERATION_NOT_FOUND"


def test_queries_may_come_by_get(edge: Gateway) -> None:
    document = quote("query($c: String!) { unit(code: $c) { name } }")
    variables = quote('{"c":"96"}')
    answer = edge.client.get(f"/graphql?query={document}&variables={variables}", headers={"Accept": LEGACY})
    assert answer.json() == {"data": {"unit": {"name": "Tỉnh Cà Mau"}}}
    assert edge.client.get("/graphql", headers={"Accept": LEGACY}).status_code == 400
    assert edge.client.get(f"/graphql?query={document}&variables=[", headers={"Accept": LEGACY}).status_code == 400


def test_mutations_by_get_are_405(edge: Gateway) -> None:
    answer = edge.client.get(f"/graphql?query={quote(MUTATION)}", headers={"Accept": RESPONSE})
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_405(edge: Gateway, method: str) -> None:
    answer = edge.client.request(method, "/graphql")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, POST"


def test_a_browser_gets_the_explorer_and_all_it_needs(edge: Gateway) -> None:
    page = edge.client.get("/graphql", headers={"Accept": "text/html,*/*;q=0.8"})
    assert page.status_code == 200
    assert "text/html" in page.headers["content-type"]
    policy = page.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "<script>" not in page.text
    assert "//" not in page.text.replace("<!doctype html>", "")
    total = len(page.content)
    for name in ("explorer.js", "explorer.css"):
        asset = edge.client.get(f"/static/{name}")
        assert asset.status_code == 200
        total += len(asset.content)
    assert total <= 10_000
    for name in ("explorer.html", "x", "..%2fapp.py"):
        assert edge.client.get(f"/static/{name}").status_code == 404


def test_an_answer_is_never_stored_and_always_strict(edge: Gateway) -> None:
    headers = edge.client.post("/graphql", json={"query": ME}).headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-request-id"]


def test_an_unknown_host_is_refused_but_probes_pass(edge: Gateway) -> None:
    evil = {"Host": "evil.example"}
    assert edge.client.post("/graphql", json={"query": ME}, headers=evil).status_code == 400
    assert edge.client.get("/live", headers=evil).json() == {"live": True}
    assert edge.client.get("/ready", headers=evil).json() == {"ready": True}


def test_metrics_know_routes_and_no_paths(edge: Gateway) -> None:
    edge.client.post("/graphql", json={"query": ME})
    edge.client.get("/static/secret-7")
    edge.client.get("/nowhere/secret-7")
    text = edge.client.get("/metrics").text
    assert 'causo_http_requests_total{method="POST",route="/graphql",status="200"} 1.0' in text
    assert 'route="/static/{name}",status="404"' in text
    assert 'route="none",status="404"' in text
    assert "secret-7" not in text


def test_what_breaks_inside_is_told_as_an_id_only(edge: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("password=hunter2 at 10.0.0.7")

    monkeypatch.setattr("gateway.units.unit_by_code", broken)
    answer = edge.client.post("/graphql", json={"query": '{ unit(code: "96") { name } }'})
    error = answer.json()["errors"][0]
    assert error["extensions"] == {"code": "INTERNAL", "id": answer.headers["x-request-id"]}
    assert "hunter2" not in answer.text
    assert answer.json()["data"] == {"unit": None}


def test_a_page_that_breaks_says_so_in_vietnamese_and_its_log_nothing_but_the_kind_of_error(
    edge: Gateway, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("password=hunter2 at 10.0.0.7")

    monkeypatch.setattr("gateway.pages.routes.page", broken)
    answer = edge.client.get("/")
    assert answer.status_code == 500
    assert "Máy chủ gặp lỗi." in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    written = "".join(capsys.readouterr()) + caplog.text
    assert "RuntimeError" in written
    assert "hunter2" not in written + answer.text


def test_a_mistyped_address_is_told_in_vietnamese_with_a_way_on(edge: Gateway) -> None:
    answer = edge.client.get("/phan_anh")
    assert answer.status_code == 404
    assert "Không có trang này." in answer.text
    assert 'href="/phan-anh"' in answer.text


def test_the_public_pages_are_served_too(edge: Gateway) -> None:
    for path in ("/", "/phan-anh", "/tra-cuu"):
        assert edge.client.get(path).status_code == 200


def test_in_production_the_schema_is_closed_and_browsers_stay_on_https(edge: Gateway) -> None:
    key = to_base64(b"k" * 32)
    settings = Settings(
        mode=Mode.PRODUCTION,
        database_url="postgresql+psycopg://causo:x@db/{service}",
        amqp_url="amqp://causo:x@mq/",
        token_key=SecretStr("t" * 32),
        code_key=SecretStr(key),
        intake_public_key=key,
        people_public_key=key,
        hosts="causo.example",
    )
    parts = GatewayParts(settings, edge.parts.database, edge.parts.bus, edge.parts.clock)
    client = TestClient(create_app(parts), base_url="https://causo.example")
    answer = client.post("/graphql", json={"query": "{ __schema { types { name } } }"})
    assert answer.json()["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert answer.headers["strict-transport-security"].startswith("max-age=31536000")
    assert client.post("/graphql", json={"query": ME}, headers={"Host": "localhost"}).status_code == 400
    for missing in ("token_key", "code_key", "intake_public_key", "people_public_key"):
        with pytest.raises(KeyMissing):
            create_app(replace(parts, settings=settings.model_copy(update={missing: None})))
    client.close()
