"""Read your own writes: a mutation's token names (service, stream, version); a query given it waits until it shows.

Only the read model that shows such streams is waited for. The wait is bounded and costs one indexed look-up each time;
nobody sleeps on a guess.
"""

import binascii
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass

import anyio
import anyio.to_thread
import orjson

from gateway.errors import InvalidInput, NotYetApplied, StreamParked
from gateway.projections import PROJECTIONS
from services.kernel.bus import Answer
from services.kernel.database import Database
from services.kernel.subscription import applied_version, is_parked

LONGEST_SECONDS = 5.0
PAUSES = (0.005, 0.01, 0.02, 0.05)
"""Seconds between looks; the last one repeats."""
MOST_TOKENS = 20
_FOLLOWERS = {projection.name: projection for projection in PROJECTIONS}


@dataclass(frozen=True, slots=True)
class Written:
    """A place in a stream that some reader wants to see applied."""

    service: str
    stream: str
    version: int


def token(service: str, answer: Answer) -> str:
    """The opaque token of an accepted command."""
    return urlsafe_b64encode(orjson.dumps([service, answer.stream, answer.version])).decode().rstrip("=")


def read_token(text: str) -> Written:
    """The inverse of `token`. Raises `InvalidInput`."""
    try:
        service, stream, version = orjson.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if isinstance(service, str) and isinstance(stream, str) and type(version) is int and "\0" not in stream:
            return Written(service, stream, version)
    except (ValueError, TypeError, binascii.Error):
        pass
    raise InvalidInput("`after` phải là mã do hệ thống trả lại khi ghi.", field="after")


def read_tokens(texts: Sequence[str]) -> list[Written]:
    """Several, from the `after` arguments and the header (commas between). Raises `InvalidInput`."""
    parts = [part.strip() for text in texts for part in text.split(",") if part.strip()]
    if len(parts) > MOST_TOKENS:
        raise InvalidInput(f"Tối đa {MOST_TOKENS} mã `after` một lần.", field="after")
    return [read_token(part) for part in parts]


async def wait(
    database: Database,
    tokens: Collection[Written],
    *,
    seconds: float = LONGEST_SECONDS,
    pause: Callable[[float], Awaitable[None]] = anyio.sleep,
) -> None:
    """Return once every token shows. Raises `NotYetApplied`, `StreamParked`."""
    pending = [(name, written) for name in _FOLLOWERS for written in tokens if _follows(name, written)]
    if not pending:
        return
    deadline = time.monotonic() + seconds
    looks = 0
    while pending := await anyio.to_thread.run_sync(_still_missing, database, pending):
        if time.monotonic() >= deadline:
            raise NotYetApplied
        await pause(PAUSES[min(looks, len(PAUSES) - 1)])
        looks += 1


def _follows(name: str, written: Written) -> bool:
    projection = _FOLLOWERS[name]
    category = written.stream.split("-", 1)[0]
    return written.service in projection.views and category in projection.streams


def _still_missing(database: Database, pending: Sequence[tuple[str, Written]]) -> list[tuple[str, Written]]:
    missing = []
    with database.read() as connection:
        for name, written in pending:
            subscription = f"gateway.{name}"
            if applied_version(connection, subscription, written.stream) >= written.version:
                continue
            if is_parked(connection, subscription, written.stream):
                raise StreamParked
            missing.append((name, written))
    return missing
