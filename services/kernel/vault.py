"""The vault: what people wrote or left of themselves, locked under a key per person, in the tables of one service.

Each person has a key of their own, kept here wrapped by the master key; letters are locked under it with the owner's id
and the field as associated data. Destroying the wrapped key erases the person, in every backup of the letters too.

A backup of this database may be older than an erasure. So each erasure is first written to a journal, a file kept away
from the database and its backups, and the journal is replayed before the vault serves anything. The database says how
much of it has been replayed; each use of the vault looks whether that is all. So what was erased once stays erased,
whatever is restored, and when: under running processes, too.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock, local
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    delete,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from services.kernel import sealing
from services.kernel.clock import to_text
from services.kernel.database import Database
from services.kernel.erasures import Journal


@dataclass(frozen=True)
class VaultTables:
    """The three tables; `owner` is what their service calls the id of whoever a key belongs to."""

    metadata: MetaData
    persons: Table
    letters: Table
    replayed: Table
    owner: str


def vault_tables(owner: str) -> VaultTables:
    """Tables of a vault whose owners stand in the column `owner`; a migration of the service creates them."""
    metadata = MetaData()
    persons = Table(
        "vault_persons",
        metadata,
        Column(owner, Text, primary_key=True),
        Column("wrapped_key", LargeBinary),
        Column("erased_at", Text),
    )
    letters = Table(
        "vault_letters",
        metadata,
        Column(owner, Text, primary_key=True),
        Column("field", Text, primary_key=True),
        Column("locked", LargeBinary, nullable=False),
    )
    replayed = Table(
        "vault_replayed",
        metadata,
        Column("one", Integer, primary_key=True, autoincrement=False),
        # How many bytes of the journal this database has taken in.
        Column("length", BigInteger, nullable=False),
    )
    return VaultTables(metadata, persons, letters, replayed, owner)


@dataclass(frozen=True, slots=True)
class Keys:
    """What opens the vault (`master`, newest first) and the letters sent to it (`private`); the erasures' file."""

    master: tuple[bytes, ...]
    private: tuple[bytes, ...]
    journal: Path


class Vault:
    """The vault in one database, its journal already replayed."""

    def __init__(self, database: Database, keys: Keys, tables: VaultTables) -> None:
        self._database = database
        self._keys = keys
        self._owner = tables.owner
        self._persons, self._letters, self._replayed = tables.persons, tables.letters, tables.replayed
        self._journal = Journal(keys.journal)
        self._shared = local()
        self._replay(whole=True)

    @contextmanager
    def together(self) -> Iterator[None]:
        """One transaction for all that this thread puts and removes meanwhile: many letters, one flush to disk.

        Nobody may be erased in it: an erasure is written down before the database hears of it.
        """
        self._keep_up()
        with self._database.write() as connection:
            self._shared.connection = connection
            try:
                yield
            finally:
                self._shared.connection = None

    def put(self, owner: UUID, fields: Mapping[str, bytes]) -> None:
        """Store letters of a person, made known with them: a field already there stays, an erased one gets nothing."""
        self._keep_up()
        with self._writing() as connection:
            key = self._key(connection, owner) or self._make_key(connection, owner)
            self._lock_in(connection, owner, key, fields)

    def add(self, owner: UUID, field: str, text: bytes) -> None:
        """Store one more letter of a person the vault knows; nothing for an unknown or erased one."""
        self._keep_up()
        with self._database.write() as connection:
            self._lock_in(connection, owner, self._key(connection, owner), {field: text})

    def remove(self, owner: UUID, fields: Sequence[str]) -> None:
        """Delete letters. The person's key stays: others may be about to be locked under it."""
        with self._writing() as connection:
            connection.execute(
                delete(self._letters).where(
                    self._letters.c[self._owner] == str(owner), self._letters.c.field.in_(fields)
                )
            )

    def read(self, owner: UUID, fields: Sequence[str]) -> dict[str, bytes]:
        """The letters there are among `fields`; none of an erased person. Raises `sealing.Unreadable` if altered."""
        self._keep_up()
        with self._database.read() as connection:
            key = self._key(connection, owner)
            if key is None:
                return {}
            wanted = select(self._letters.c.field, self._letters.c.locked)
            wanted = wanted.where(self._letters.c[self._owner] == str(owner), self._letters.c.field.in_(fields))
            found = connection.execute(wanted).all()
        return {row.field: sealing.unlock(key, row.locked, str(owner), row.field) for row in found}

    def erase(self, owner: UUID, at: datetime) -> None:
        """Destroy the person's key: journal first, so that no restore can undo it. Unknown or erased: nothing."""
        with self._database.read() as connection:
            if self._key(connection, owner) is None:
                return
        self._journal.append(str(owner), to_text(at))
        self._replay()

    def _lock_in(self, connection: Connection, owner: UUID, key: bytes | None, fields: Mapping[str, bytes]) -> None:
        if key is None:
            return
        rows = [
            {self._owner: str(owner), "field": field, "locked": sealing.lock(key, text, str(owner), field)}
            for field, text in fields.items()
        ]
        if rows:
            connection.execute(self._insert(self._letters), rows)

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        shared: Connection | None = getattr(self._shared, "connection", None)
        if shared is not None:
            yield shared
            return
        with self._database.write() as connection:
            yield connection

    def _keep_up(self) -> None:
        """Replay what this database lacks: it may have been restored a moment ago."""
        if getattr(self._shared, "connection", None) is not None:
            return
        with self._database.look() as connection:
            length = connection.execute(select(self._replayed.c.length)).scalar()
        if length != self._journal.length():
            self._replay()

    def _replay(self, *, whole: bool = False) -> None:
        """Destroy the keys of those the journal names from where this database stands, or of all it names."""
        with self._database.write() as connection:
            connection.execute(self._insert(self._replayed), {"one": 1, "length": 0})
            start = connection.execute(select(self._replayed.c.length).with_for_update()).scalar_one()
            erasures, length = self._journal.since(0 if whole else start)
            if whole:
                gone = select(self._persons.c[self._owner]).where(self._persons.c.wrapped_key.is_(None))
                done = set(connection.execute(gone).scalars())
                erasures = [erasure for erasure in erasures if erasure[0] not in done]
            self._destroy(connection, erasures)
            connection.execute(update(self._replayed).values(length=length))
        if erasures and not self._database.is_postgres:
            with self._database.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def _destroy(self, connection: Connection, erasures: Sequence[tuple[str, str]]) -> None:
        if not self._database.is_postgres:
            connection.exec_driver_sql("PRAGMA secure_delete=ON")
        for owner, at in erasures:
            connection.execute(self._insert(self._persons), {self._owner: owner, "erased_at": at})
            connection.execute(
                update(self._persons)
                .where(self._persons.c[self._owner] == owner, self._persons.c.wrapped_key.is_not(None))
                .values(wrapped_key=None, erased_at=at)
            )
            connection.execute(delete(self._letters).where(self._letters.c[self._owner] == owner))

    def _key(self, connection: Connection, owner: UUID) -> bytes | None:
        wrapped = connection.execute(
            select(self._persons.c.wrapped_key).where(self._persons.c[self._owner] == str(owner))
        ).scalar()
        if wrapped is None:
            return None
        for master in self._keys.master:
            try:
                return sealing.unlock(master, wrapped, str(owner), "key")
            except sealing.Unreadable:
                continue
        raise sealing.Unreadable("no master key opens this person's key")

    def _make_key(self, connection: Connection, owner: UUID) -> bytes | None:
        """A new person's key; whoever inserts first has made it, and an erased person keeps none."""
        wrapped = sealing.lock(self._keys.master[0], sealing.new_key(), str(owner), "key")
        connection.execute(self._insert(self._persons), {self._owner: str(owner), "wrapped_key": wrapped})
        return self._key(connection, owner)

    def _insert(self, table: Table) -> postgresql.Insert | sqlite.Insert:
        if self._database.is_postgres:
            return postgresql.insert(table).on_conflict_do_nothing()
        return sqlite.insert(table).on_conflict_do_nothing()


class Vaults:
    """Opens each database's vault once; keys are asked for at the first use, never at import."""

    def __init__(self, keys: Callable[[], Keys], tables: VaultTables) -> None:
        self._asked = keys
        self._tables = tables
        self._lock = Lock()
        self._opened: dict[Database, Vault] = {}

    def keys(self) -> Keys:
        """The keys in force."""
        return self._asked()

    def check(self) -> None:
        """Raises when a key is missing or an erasure could not be written down."""
        Journal(self.keys().journal).open()

    def of(self, database: Database) -> Vault:
        """The vault of `database`, its erasures replayed."""
        with self._lock:
            if database not in self._opened:
                self._opened[database] = Vault(database, self.keys(), self._tables)
            return self._opened[database]
