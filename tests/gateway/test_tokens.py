"""Bearer tokens: forged, stale, misdirected or overlong ones open nothing."""

import base64
import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from pydantic import SecretStr

from gateway.errors import InvalidInput, Unauthenticated
from gateway.tokens import AUDIENCE, ISSUER, TYPE, IssuerRefused, Verifier, issue, resolve, token_key
from gateway.viewer import Role
from services.kernel.sealing import KeyMissing
from services.kernel.settings import Mode, Settings
from tests.gateway.asking import NOW, Gateway
from tests.gateway.world import World, unit_id

KEY = "k" * 32
UNIT = str(unit_id("current", "province", "96"))
GOOD: dict[str, Any] = {
    "iss": ISSUER,
    "aud": AUDIENCE,
    "sub": "somebody",
    "role": "commune_official",
    "units": [UNIT],
    "nbf": int(NOW.timestamp()),
    "exp": int(NOW.timestamp()) + 3600,
}


def signed(claims: dict[str, Any], *, key: str = KEY, algorithm: str = "HS256", kind: str | None = TYPE) -> str:
    header = {"alg": algorithm} | ({} if kind is None else {"typ": kind})
    return jwt.encode(header, claims, OctKey.import_key(key), algorithms=[algorithm])


def test_a_good_token_names_its_viewer() -> None:
    viewer = Verifier(KEY.encode()).viewer(signed(GOOD), NOW)
    assert (viewer.sub, viewer.role, viewer.units, viewer.body, viewer.teams) == (
        "somebody",
        Role.COMMUNE_OFFICIAL,
        (UNIT,),
        None,
        (),
    )


def _unsigned() -> str:
    parts = [{"alg": "none", "typ": TYPE}, GOOD]
    return ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts) + "."


BAD = {
    "another key": signed(GOOD, key="x" * 32),
    "another algorithm": signed(GOOD, key=KEY * 2, algorithm="HS512"),
    "no algorithm": _unsigned(),
    "another type": signed(GOOD, kind="JWT"),
    "no type": signed(GOOD, kind=None),
    "another issuer": signed(GOOD | {"iss": "elsewhere"}),
    "another audience": signed(GOOD | {"aud": "elsewhere"}),
    "expired": signed(GOOD | {"exp": int(NOW.timestamp()) - 61, "nbf": int(NOW.timestamp()) - 3600}),
    "not yet": signed(GOOD | {"nbf": int(NOW.timestamp()) + 120}),
    "too long a life": signed(GOOD | {"exp": int(NOW.timestamp()) + 13 * 3600}),
    "no end": signed({k: v for k, v in GOOD.items() if k != "exp"}),
    "no beginning": signed({k: v for k, v in GOOD.items() if k != "nbf"}),
    "no role": signed({k: v for k, v in GOOD.items() if k != "role"}),
    "unknown role": signed(GOOD | {"role": "admin"}),
    "codes for units": signed(GOOD | {"units": ["96"]}),
    "too many units": signed(GOOD | {"units": [UNIT] * 51}),
    "nobody": signed(GOOD | {"sub": ""}),
    "strange body": signed(GOOD | {"body": "x' OR 1=1"}),
    "strange exp": signed(GOOD | {"exp": "never"}),
    "altered": signed(GOOD)[:-4] + "AAAA",
    "cut": signed(GOOD)[:40],
    "empty": "",
    "words": "let me in",
    "endless": "a" * 5000,
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_token_opens_nothing(name: str) -> None:
    with pytest.raises(Unauthenticated):
        Verifier(KEY.encode()).viewer(BAD[name], NOW)


def test_over_http_a_bad_token_is_401_and_says_no_more(edge: Gateway) -> None:
    for value in ("Bearer nonsense", "Basic dXNlcg==", "Bearer"):
        answer = edge.client.post("/graphql", json={"query": "{ me { sub } }"}, headers={"Authorization": value})
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.json()["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}


def test_the_development_issuer_refuses_in_production_and_for_long_lives() -> None:
    production = Settings(
        mode=Mode.PRODUCTION,
        database_url="postgresql+psycopg://causo:x@db/{service}",
        amqp_url="amqp://causo:x@mq/",
        token_key=SecretStr(KEY),
    )
    with pytest.raises(IssuerRefused):
        issue(production, NOW, Role.PROVINCE_OFFICIAL, [UNIT])
    with pytest.raises(IssuerRefused):
        issue(Settings(token_key=SecretStr(KEY)), NOW, Role.PROVINCE_OFFICIAL, [UNIT], lifetime=timedelta(hours=13))
    with pytest.raises(KeyMissing):
        token_key(production.model_copy(update={"token_key": None}))
    with pytest.raises(KeyMissing):
        token_key(Settings(token_key=SecretStr("short")))


@pytest.mark.parametrize(
    ("asked", "rule"),
    [
        ({"body": "telecom"}, r"BODY: should match pattern '\^\[A-Z\]\[A-Z0-9_\]\{0,39\}\$'"),
        ({"body": ""}, "BODY: should match pattern"),
        ({"held": [UNIT] * 51}, "UNIT: Tuple should have at most 50 items"),
        ({"held": ["96"]}, "UNIT: Input should be a valid UUID"),
    ],
    ids=["small letters", "nothing", "too many units", "codes"],
)
def test_the_development_issuer_gives_no_token_that_would_open_nothing(asked: dict[str, Any], rule: str) -> None:
    with pytest.raises(IssuerRefused, match=rule):
        issue(Settings(token_key=SecretStr(KEY)), NOW, Role.BODY_HANDLER, asked.pop("held", [UNIT]), **asked)


def test_a_development_key_is_made_once(tmp_path: Path) -> None:
    settings = Settings(var_dir=tmp_path)
    token = issue(settings, NOW, Role.BODY_HANDLER, [UNIT], body="POLICE")
    assert Verifier(token_key(Settings(var_dir=tmp_path))).viewer(token, NOW).body == "POLICE"


def test_units_are_named_by_todays_codes(real_world: World) -> None:
    with real_world.database.read() as connection:
        assert resolve(connection, Role.PROVINCE_OFFICIAL, "96", NOW) == ([UNIT], [])
        for unknown in ("95", "964", "00", "", "Cà Mau"):
            with pytest.raises(InvalidInput):
                resolve(connection, Role.COMMUNE_OFFICIAL, unknown, NOW)


def test_a_team_is_named_by_its_id_or_its_commune_or_its_province(world: World) -> None:
    province = world.unit("current", "01", "Tỉnh Một", "province", "Tỉnh", None, valid_from="2025-07-01")
    world.unit("current", "02", "Tỉnh Hai", "province", "Tỉnh", None, valid_from="2025-07-01")
    commune = world.unit("current", "00001", "Xã Một", "commune", "Xã", province, valid_from="2025-07-01")
    world.known("current", "2025-07-01")
    second, first = world.team("Tổ 2", commune), world.team("Tổ 1", commune)
    world.catch_up()
    with world.database.read() as connection:
        assert resolve(connection, Role.TEAM_MEMBER, "00001", NOW) == ([str(commune)], [str(first)])
        assert resolve(connection, Role.TEAM_MEMBER, "01", NOW) == ([str(commune)], [str(first)])
        assert resolve(connection, Role.TEAM_LEADER, str(second), NOW) == ([str(commune)], [str(second)])
        for nothing in (str(uuid4()), "02"):
            with pytest.raises(InvalidInput):
                resolve(connection, Role.TEAM_LEADER, nothing, NOW)


def test_me_says_who_i_am(edge: Gateway) -> None:
    token = edge.token(Role.PROVINCE_OFFICIAL, unit_id("current", "province", "96"))
    me = edge.data("{ me { role body units { name } teams { id } } }", token)["me"]
    assert me == {"role": "province_official", "body": None, "units": [{"name": "Tỉnh Cà Mau"}], "teams": []}
