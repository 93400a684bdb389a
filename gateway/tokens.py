"""Bearer tokens: JWT signed with HS256, checked against fixed algorithm, type, issuer, audience and lifetime.

The development issuer lives here too. It makes demo tokens for whoever can read the key, so it refuses in production,
where tokens come from the operator's own sign-on, signed with `CAUSO_TOKEN_KEY`.

Errors:

    Unauthenticated   (see `errors`) the token is missing, forged, expired or malformed; never said which
    IssuerRefused     the development issuer was asked in production mode, or for more than it may give
"""

from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import Connection, select

from gateway import teams, units
from gateway.errors import InvalidInput, Unauthenticated
from gateway.team_places import lying_in
from gateway.unit_tree import belonging
from gateway.viewer import TEAM_ROLES, Role, Viewer
from services.kernel.clock import business_date
from services.kernel.identifiers import derived_id
from services.kernel.sealing import KeyMissing, keys_from
from services.kernel.settings import Mode, Settings

ISSUER, AUDIENCE, TYPE = "causo", "causo-gateway", "causo+jwt"
ALGORITHMS = ["HS256"]
LONGEST = timedelta(hours=12)
LEEWAY_SECONDS = 60
MOST_CHARACTERS = 4096
MOST_KNOWN = 4096
SHORTEST_KEY = 32


class IssuerRefused(Exception):
    """No demo token for this."""


class Claims(BaseModel):
    """What a token says, after its signature held."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    sub: str = Field(min_length=1, max_length=200)
    role: Role
    units: tuple[UUID, ...] = Field(max_length=50)
    body: str | None = Field(default=None, pattern=r"^[A-Z][A-Z0-9_]{0,39}$")
    teams: tuple[UUID, ...] = Field(default=(), max_length=20)
    nbf: int
    exp: int


def token_key(settings: Settings) -> bytes:
    """The signing key; in development made once under `var/keys`. Raises `KeyMissing`."""
    if settings.token_key is None:
        home = settings.var_dir / "keys"
        return keys_from(None, variable="CAUSO_TOKEN_KEY", file=home / "token.key", mode=settings.mode)[0]
    key = settings.token_key.get_secret_value().encode()
    if len(key) < SHORTEST_KEY:
        raise KeyMissing(f"CAUSO_TOKEN_KEY must have at least {SHORTEST_KEY} characters")
    return key


def issue(
    settings: Settings,
    now: datetime,
    role: Role,
    held: Sequence[str | UUID],
    *,
    body: str | None = None,
    served: Sequence[str | UUID] = (),
    subject: str = "",
    lifetime: timedelta = LONGEST,
) -> str:
    """A demo token for a viewer holding these unit ids (and serving in these teams).

    Raises `IssuerRefused`, for claims too with which every request would refuse the token.
    """
    if settings.mode is Mode.PRODUCTION:
        raise IssuerRefused("the development issuer does not run in production mode")
    if not timedelta(0) < lifetime <= LONGEST:
        raise IssuerRefused("a token lives longer than 0 and at most 12 hours")
    starts = int(now.timestamp())
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": subject or str(derived_id("demo-viewer", role, *sorted(map(str, held)), body, *map(str, served))),
        "role": str(role),
        "units": [str(unit) for unit in held],
        "teams": [str(team) for team in served],
        "body": body,
        "iat": starts,
        "nbf": starts,
        "exp": starts + int(lifetime.total_seconds()),
    }
    try:
        Claims.model_validate(claims)
    except ValidationError as error:
        fault = error.errors(include_input=False, include_url=False)[0]
        asked = str(fault["loc"][0]).removesuffix("s").upper()
        raise IssuerRefused(f"{asked}: {fault['msg'].removeprefix('String ')}") from None
    header = {"alg": ALGORITHMS[0], "typ": TYPE}
    return jwt.encode(header, claims, OctKey.import_key(token_key(settings)), algorithms=ALGORITHMS)


class Verifier:
    """Turns bearer tokens into viewers. Built once: it holds the key."""

    def __init__(self, key: bytes) -> None:
        self._key = OctKey.import_key(key)
        self._known: OrderedDict[str, tuple[Viewer, int, int]] = OrderedDict()
        """Viewers of tokens found good, with the seconds between which each is good."""

    def bearer(self, authorization: str, now: datetime) -> Viewer | None:
        """Who an Authorization header names; nobody for an empty one. Raises `Unauthenticated`."""
        kind, _, token = authorization.partition(" ")
        if not kind:
            return None
        if kind.lower() != "bearer":
            raise Unauthenticated
        return self.viewer(token.strip(), now)

    def viewer(self, token: str, now: datetime) -> Viewer:
        """Who bears this token. Raises `Unauthenticated`."""
        known = self._known.get(token)
        if known is not None and known[1] - LEEWAY_SECONDS <= now.timestamp() < known[2] + LEEWAY_SECONDS:
            return known[0]
        claims = self._claims(token, now)
        held = tuple(str(unit) for unit in claims.units)
        found = Viewer(claims.sub, claims.role, held, claims.body, tuple(str(team) for team in claims.teams))
        self._known[token] = (found, claims.nbf, claims.exp)
        while len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
        return found

    def _claims(self, token: str, now: datetime) -> Claims:
        if len(token) > MOST_CHARACTERS:
            raise Unauthenticated
        try:
            decoded = jwt.decode(token, self._key, algorithms=ALGORITHMS)
            if decoded.header.get("typ") != TYPE:
                raise Unauthenticated
            registry = jwt.JWTClaimsRegistry(
                now=int(now.timestamp()),
                leeway=LEEWAY_SECONDS,
                iss={"essential": True, "value": ISSUER},
                aud={"essential": True, "value": AUDIENCE},
                exp={"essential": True},
                nbf={"essential": True},
            )
            registry.validate(decoded.claims)
            claims = Claims.model_validate(decoded.claims)
        except (JoseError, ValidationError, ValueError, TypeError, KeyError):
            raise Unauthenticated from None
        if claims.exp - claims.nbf > LONGEST.total_seconds():
            raise Unauthenticated
        return claims


def resolve(connection: Connection, role: Role, unit: str, now: datetime) -> tuple[list[str], list[str]]:
    """`(units, teams)` for what `make token` calls UNIT. Raises `InvalidInput`.

    Two digits are a province of today, five a commune; team roles get the first team there, or the one whose id it is.
    """
    if role in TEAM_ROLES:
        table = teams.LIVE.teams.c
        query = select(table.team, table.commune).order_by(table.sort_key, table.team).limit(1)
        if _is_uuid(unit):
            found = connection.execute(query.where(table.team == unit.lower())).one_or_none()
        else:
            day = business_date(now)
            there = lying_in(belonging([_unit(connection, unit, now)], day), day)
            found = connection.execute(query.where(there)).one_or_none()
        if found is None:
            raise InvalidInput("Không có Tổ nào ở UNIT này.", field="UNIT")
        return [found.commune], [found.team]
    return [_unit(connection, unit, now)], []


def _unit(connection: Connection, code: str, now: datetime) -> str:
    found = units.unit_by_code(connection, code, business_date(now))
    if found is None:
        raise InvalidInput("UNIT phải là mã tỉnh (2 số) hoặc mã xã, phường (5 số) hiện hành.", field="UNIT")
    return found.unit


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
