"""Rebuilding a read model beside the live one.

A second set of tables is filled from the logs while readers and the live subscription go on. At the end both stand at
the same positions, under the live cursors' locks; their checksums are compared and the names swapped in that same
transaction; tables of another shape are only exchanged. Handlers write tables and nothing else, so nothing is sent
outside; an event that fails stops the rebuild. What a killed one left behind, the next one of that name drops.

Errors:

    RebuildRefused   the new rows, or columns, differ from the live ones and nobody said they may; or another is at it
"""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Table, inspect, select, text

from services.kernel.consumption import applied_versions, cursors, held_events, held_streams, note_versions
from services.kernel.database import Database, Taken
from services.kernel.identifiers import new_id
from services.kernel.message import Codec, Recorded
from services.kernel.projection import Delivered, Projection
from services.kernel.subscription import EventSource

PAGE = 1000
LONGEST_READ_SECONDS = 15.0
"""Statements end after 5 s and idle transactions after 10 s."""


class RebuildRefused(Exception):
    """The live tables stay, the new ones are dropped."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild did."""

    events: int
    rows: int
    checksum: str
    live_checksum: str | None
    """None when the live tables had another shape."""


def rebuild(
    consumer: str,
    projection_class: type[Projection],
    database: Database,
    events: EventSource,
    *,
    may_differ: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Rebuilt:
    """Fill, compare, swap. `may_differ` accepts other rows and columns (new code, restored source).

    Raises `RebuildRefused`.
    """
    live = projection_class()
    name = f"{consumer}.{live.name}"
    shadow = projection_class(f"__{new_id().hex[:20]}")
    try:
        with database.alone(f"rebuild-{name}"):
            return _Rebuild(name, live, shadow, database, events, may_differ, progress).run()
    except Taken:
        raise RebuildRefused(f"{name} is being rebuilt already") from None


def _sweep(connection: Connection, name: str, live: Projection) -> None:
    """Drop what killed rebuilds of this read model left behind."""
    there = inspect(connection).get_table_names()
    for table in reversed(live.metadata.sorted_tables):
        for left in there:
            if re.fullmatch(f"{re.escape(table.name)}__[0-9a-f]{{20}}", left):
                connection.execute(text(f'DROP TABLE "{left}"'))
    theirs = applied_versions.c.subscription.startswith(f"{name}__", autoescape=True)
    connection.execute(applied_versions.delete().where(theirs))


class _Rebuild:
    def __init__(
        self,
        name: str,
        live: Projection,
        shadow: Projection,
        database: Database,
        events: EventSource,
        may_differ: bool,
        progress: Callable[[int, int], None],
    ) -> None:
        self.name = name
        self.live = live
        self.shadow = shadow
        self.database = database
        self.events = events
        self.may_differ = may_differ
        self.reshaped = False
        self.progress = progress
        self.reached = dict.fromkeys(live.views, 0)
        self.codecs: dict[str, Codec[Any]] = {source: Codec(union) for source, union in live.views.items()}
        self.heads = {source: events.head(source) for source in live.views}
        self.done = 0

    def run(self) -> Rebuilt:
        with self.database.read() as connection:
            differences = sorted(_differences(connection, self.live))
        if differences and not self.may_differ:
            shape = ", ".join(differences)
            raise RebuildRefused(f"{self.name} has another shape: {shape}; --may-differ puts the new one live")
        self.reshaped = bool(differences)
        with self.database.write() as connection:
            _sweep(connection, self.name, self.live)
            self.live.metadata.create_all(connection)
            self.shadow.metadata.create_all(connection)
        try:
            return self._fill_and_swap()
        finally:
            with self.database.write() as connection:
                self.shadow.metadata.drop_all(connection)
                theirs = applied_versions.c.subscription == self.name + self.shadow.suffix
                connection.execute(applied_versions.delete().where(theirs))

    def _fill_and_swap(self) -> Rebuilt:
        # What a halted (or missing) live cursor knows is worthless: then the owner's head is the aim.
        for _ in range(3):  # the second and third pass only see what came meanwhile
            for source in self.reached:
                self._fill(source, self._aim(source))
        with self.database.write() as connection:
            if self.database.is_postgres:  # what follows looks at every row, however many there are
                for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
                    connection.exec_driver_sql(f"SET LOCAL {limit} = 0")
            with self._levelling(connection) as levelling:
                for source in self.reached:
                    self._lock_and_level(connection, levelling, source)
            ours, rows = checksum(connection, self.shadow)
            theirs = None if self.reshaped else checksum(connection, self.live)[0]
            if ours != theirs and not self.may_differ:
                raise RebuildRefused(f"{self.name}: {ours} rebuilt, {theirs} live")
            if self.database.is_postgres:
                _outwait_readers(connection)
            self._swap(connection)
        return Rebuilt(self.done, rows, ours, theirs)

    def _trusted(self, connection: Connection, source: str, *, lock: bool = False) -> int | None:
        chosen = cursors.select().where(cursors.c.subscription == self.name, cursors.c.source == source)
        row = connection.execute(chosen.with_for_update() if lock else chosen).one_or_none()
        if row is None or row.halted or row.epoch != self.heads[source].epoch:
            return None
        return int(row.position)

    def _aim(self, source: str) -> int:
        with self.database.read() as connection:
            position = self._trusted(connection, source)
        return self.heads[source].position if position is None else position

    def _fill(self, source: str, until: int) -> None:
        total = sum(head.position for head in self.heads.values())
        while self.reached[source] < until:
            after = self.reached[source]
            page = self._page(source, after, until)
            with self.database.write() as connection:
                self._apply(connection, source, page)
            self.progress(self.done, max(total, self.done))

    def _page(self, source: str, after: int, until: int) -> list[Recorded]:
        page = self.events.events_since(source, after, min(PAGE, until - after))
        if page.epoch != self.heads[source].epoch:
            raise RebuildRefused(f"{source} was restored while it was read: rebuild {self.name} again")
        return page.events

    def _apply(self, connection: Connection, source: str, page: list[Recorded]) -> None:
        codec = self.codecs[source]
        self.shadow.apply(
            connection,
            [
                Delivered(source, codec.decode(r.name, r.schema_version, r.data), r)
                for r in page
                if r.name in codec.classes
            ],
        )
        note_versions(connection, self.name + self.shadow.suffix, page, self.shadow.streams)
        self.reached[source] = page[-1].position
        self.done += len(page)

    @contextmanager
    def _levelling(self, holding: Connection) -> Iterator[Connection]:
        # On PostgreSQL the last rows are committed before the swap: a reader's snapshot may be older than the swap,
        # and would look for them in the new tables in vain. SQLite's snapshots hold the names too.
        if self.database.is_postgres:
            with self.database.write() as own:
                yield own
        else:
            yield holding

    def _lock_and_level(self, holding: Connection, levelling: Connection, source: str) -> None:
        """Hold the live cursor still and bring the new tables exactly to it."""
        position = self._trusted(holding, source, lock=True)
        while position is not None and self.reached[source] < position:
            after = self.reached[source]
            self._apply(levelling, source, self._page(source, after, position))

    def _swap(self, connection: Connection) -> None:
        for table in self.live.metadata.sorted_tables:
            new = table.name + self.shadow.suffix
            connection.execute(text(f'ALTER TABLE "{table.name}" RENAME TO "{table.name}__swap"'))
            connection.execute(text(f'ALTER TABLE "{new}" RENAME TO "{table.name}"'))
            connection.execute(text(f'ALTER TABLE "{table.name}__swap" RENAME TO "{new}"'))
        for table in (held_streams, held_events):
            connection.execute(table.delete().where(table.c.subscription == self.name))
        for source, position in self.reached.items():
            key = {"subscription": self.name, "source": source}
            values = {"epoch": self.heads[source].epoch, "position": position, "halted": ""}
            mine = (cursors.c.subscription == self.name, cursors.c.source == source)
            # Updated in place: the live subscription may be waiting for this very row.
            if connection.execute(cursors.update().where(*mine).values(**values)).rowcount == 0:
                connection.execute(cursors.insert().values(**key, **values))
        connection.execute(applied_versions.delete().where(applied_versions.c.subscription == self.name))
        connection.execute(
            applied_versions.update()
            .where(applied_versions.c.subscription == self.name + self.shadow.suffix)
            .values(subscription=self.name)
        )


def _outwait_readers(connection: Connection) -> None:
    """Wait until no transaction is left whose snapshot is older than the last new row. Raises `TimeoutError`."""
    older = _snapshots(connection)
    limit = time.monotonic() + LONGEST_READ_SECONDS
    while older & _snapshots(connection):
        if time.monotonic() > limit:
            raise TimeoutError(f"a reader has been at it for more than {LONGEST_READ_SECONDS} s")
        time.sleep(0.01)


def _snapshots(connection: Connection) -> set[tuple[int, str]]:
    """Transactions with a snapshot, but for those that wait for us: they look again when they go on."""
    connection.exec_driver_sql("SELECT pg_stat_clear_snapshot()")
    rows = connection.exec_driver_sql(
        "SELECT pid, xact_start::text FROM pg_stat_activity WHERE datname = current_database()"
        " AND backend_type = 'client backend' AND backend_xmin IS NOT NULL AND pid <> pg_backend_pid()"
        " AND pg_backend_pid() <> ALL (pg_blocking_pids(pid))"
    )
    return {(row[0], row[1]) for row in rows}


def _differences(connection: Connection, projection: Projection) -> Iterator[str]:
    """Tables and columns which only the database, or only the projection, knows."""
    live = inspect(connection)
    for table in projection.metadata.sorted_tables:
        if not live.has_table(table.name):
            yield f"no table {table.name}"
            continue
        there = {column["name"] for column in live.get_columns(table.name)}
        wanted = set(table.columns.keys())
        yield from (f"{table.name} lacks {name}" for name in wanted - there)
        yield from (f"{table.name} still has {name}" for name in there - wanted)


def checksum(connection: Connection, projection: Projection) -> tuple[str, int]:
    """Digest of all rows in primary-key order, and how many there are; the same on both databases."""
    digest, rows = sha256(), 0
    for table in projection.metadata.sorted_tables:
        digest.update(table.name.removesuffix(projection.suffix).encode() + b"\0")
        for row in connection.execute(_ordered(table)):
            digest.update(repr(tuple(row)).encode())
            rows += 1
    return digest.hexdigest(), rows


def _ordered(table: Table) -> Any:
    return select(table).order_by(*table.primary_key.columns).execution_options(yield_per=PAGE)
