"""What a subscription sets aside: a stream whose event failed, with everything behind it, and when it is tried again.

Also the marks of tries whose outcome nobody lived to see: an event that kills its process must not do so for ever.
"""

import time
from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, Row, Table, exists, select

from services.kernel.clock import Clock, to_text
from services.kernel.consumption import attempts, held_events, held_streams
from services.kernel.message import Recorded

WAIT_SECONDS = 1.0
"""Before an event is tried again which only waits for another one."""


class Holding:
    """What one subscription holds back of one source; every method is part of the caller's transaction."""

    def __init__(self, subscription: str, source: str, clock: Clock, backoff: Sequence[float]) -> None:
        self._key = {"subscription": subscription, "source": source}
        self._clock = clock
        self._backoff = backoff
        # Asked with every batch: built once.
        self._asked = select(held_streams.c.stream).where(*self._mine(held_streams))
        self.any = exists(self._asked)
        """Condition: there is such a stream."""

    def _mine(self, table: Table) -> tuple[Any, Any]:
        return table.c.subscription == self._key["subscription"], table.c.source == self._key["source"]

    # -- streams --------------------------------------------------------------------------------------------------

    def streams(self, connection: Connection) -> set[str]:
        """The streams held."""
        return set(connection.execute(self._asked).scalars())

    def hold(self, connection: Connection, stream: str, reason: str, *, waits: bool, parked: bool) -> None:
        """Set a stream aside: to be tried again, or `parked` until a person says so."""
        connection.execute(
            held_streams.insert().values(
                **self._key,
                stream=stream,
                state="parked" if parked else "retrying",
                attempts=0 if waits else 1,
                next_attempt_at=time.time() + self._backoff[0],
                reason=reason,
                since=to_text(self._clock()),
            )
        )

    def keep(self, connection: Connection, recorded: Recorded) -> None:
        """Set an event of a held stream aside, behind those already there."""
        body = {name: getattr(recorded, name) for name in Recorded.__slots__}
        place = {"position": recorded.position, "stream": recorded.stream}
        connection.execute(held_events.insert().values(**self._key, **place, body=orjson.dumps(body).decode()))

    def due(self, connection: Connection) -> Sequence[Row[str, int]]:
        """`(stream, attempts)` of those to be tried now."""
        return connection.execute(
            select(held_streams.c.stream, held_streams.c.attempts).where(
                *self._mine(held_streams),
                held_streams.c.state == "retrying",
                held_streams.c.next_attempt_at <= time.time(),
            )
        ).all()

    def waiting(self, connection: Connection, stream: str) -> list[Recorded]:
        """The events of a held stream, in order."""
        rows = connection.execute(
            select(held_events.c.body)
            .where(*self._mine(held_events), held_events.c.stream == stream)
            .order_by(held_events.c.position)
        )
        return [Recorded(**orjson.loads(row.body)) for row in rows]

    def release(self, connection: Connection, stream: str) -> None:
        """Let a stream go."""
        for table in (held_events, held_streams):
            connection.execute(table.delete().where(*self._mine(table), table.c.stream == stream))

    def failed(self, connection: Connection, stream: str, tried: int, reason: str, *, waits: bool) -> bool:
        """Note another try; True when it was the last and the stream is parked."""
        tries = tried if waits else tried + 1
        parked = tries > len(self._backoff)
        pause = WAIT_SECONDS if waits else self._backoff[min(tries, len(self._backoff)) - 1]
        connection.execute(
            held_streams.update()
            .where(*self._mine(held_streams), held_streams.c.stream == stream)
            .values(
                state="parked" if parked else "retrying",
                attempts=tries,
                next_attempt_at=time.time() + pause,
                reason=reason,
            )
        )
        return parked

    # -- marks ----------------------------------------------------------------------------------------------------

    def tries(self, connection: Connection, position: int) -> int:
        """How often this event was begun and not brought to an end."""
        asked = select(attempts.c.tries).where(*self._mine(attempts), attempts.c.position == position)
        return connection.execute(asked).scalar_one_or_none() or 0

    def any_tried(self, connection: Connection, first: int, last: int) -> bool:
        """True when a process was killed while it had some of these positions in hand."""
        within = attempts.c.position.between(first, last)
        return connection.execute(select(attempts.c.tries).where(*self._mine(attempts), within)).first() is not None

    def mark(self, connection: Connection, position: int, tries: int) -> None:
        """Remember how often this event was begun; 0 forgets it."""
        connection.execute(attempts.delete().where(*self._mine(attempts), attempts.c.position == position))
        if tries:
            connection.execute(attempts.insert().values(**self._key, position=position, tries=tries))
