"""Read your own writes: a mutation's token names (service, stream, version); a query given it waits until it shows.

Only the read model that shows such streams is waited for. One look-up at a time asks for everybody who waits: when each
asked for himself, a hundred writes a second kept the database and the interpreter busy with asking.
"""

import asyncio
import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import anyio.to_thread
import orjson

from gateway.errors import InvalidInput, NotYetApplied, StreamParked
from gateway.projections import PROJECTIONS
from services.kernel.bus import Answer
from services.kernel.consumption import Place, parked, versions_applied
from services.kernel.database import Database

LONGEST_SECONDS = 5.0
PAUSE_SECONDS = 0.02
"""Between two looks."""
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


@dataclass(eq=False, slots=True)
class _Wait:
    missing: dict[Place, int]
    """The version that each must have reached."""
    over: asyncio.Future[None]

    def look(self, applied: Mapping[Place, int], parked: Collection[Place]) -> bool:
        """True when there is nothing more to wait for."""
        self.missing = {place: version for place, version in self.missing.items() if applied.get(place, 0) < version}
        if self.over.done():
            return True
        if not self.missing:
            self.over.set_result(None)
        elif not self.missing.keys().isdisjoint(parked):
            self.over.set_exception(StreamParked())
        return self.over.done()


class Freshness:
    """Waits until the read models show what was written. Belongs to one event loop."""

    def __init__(self, database: Database, seconds: float = LONGEST_SECONDS) -> None:
        self._database = database
        self._seconds = seconds
        self._waits: list[_Wait] = []
        self._looking: asyncio.Task[None] | None = None

    async def wait(self, tokens: Collection[Written]) -> None:
        """Return once every token shows. Raises `NotYetApplied`, `StreamParked`."""
        missing: dict[Place, int] = {}
        for name in _FOLLOWERS:
            for written in tokens:
                if _follows(name, written):
                    place = (f"gateway.{name}", written.stream)
                    missing[place] = max(written.version, missing.get(place, 0))
        if not missing:
            return
        mine = _Wait(missing, asyncio.get_running_loop().create_future())
        self._waits.append(mine)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            await asyncio.wait_for(mine.over, self._seconds)
        except TimeoutError:
            raise NotYetApplied from None

    async def _look(self) -> None:
        """Look until nobody waits any more."""
        while self._waits:
            waits, self._waits = self._waits, []
            wanted: dict[Place, int] = {}
            for each in waits:
                for place, version in each.missing.items():
                    wanted[place] = max(version, wanted.get(place, 0))
            try:
                applied, parked = await anyio.to_thread.run_sync(_shown, self._database, wanted)
            except Exception as error:
                for each in waits:
                    if not each.over.done():
                        each.over.set_exception(error)
                continue
            self._waits += [each for each in waits if not each.look(applied, parked)]
            if self._waits:
                await asyncio.sleep(PAUSE_SECONDS)


def _follows(name: str, written: Written) -> bool:
    projection = _FOLLOWERS[name]
    category = written.stream.split("-", 1)[0]
    return written.service in projection.views and category in projection.streams


def _shown(database: Database, wanted: Mapping[Place, int]) -> tuple[dict[Place, int], set[Place]]:
    """How far each stream is applied, and which of those that are not far enough are parked."""
    with database.look() as connection:
        found = versions_applied(connection, wanted)
        missing = [place for place, version in wanted.items() if found.get(place, 0) < version]
        return found, parked(connection, missing) if missing else set()
