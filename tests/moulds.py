"""Databases as the system's own start leaves them, made once a session and given to one test after the other.

Preparing one takes half a second, of which a suite of thousands of tests is made. SQLite's are copied; a PostgreSQL
database is emptied down to what it held when it was new, which takes a tenth of dropping it and copying another.
"""

import shutil
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url

from deploy import system
from services.kernel.database import Database
from services.kernel.migrate import migrate

SHAPE = """SELECT count(*), sum(hashtext(format('%s.%s.%s.%s', c.relname, a.attname, a.atttypid, a.attnotnull))::bigint)
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped"""
"""Says whether a test left tables, columns or indexes otherwise than it found them."""
OTHERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> %s"


def prepare(name: str, database: Database) -> None:
    """A service's database or the gateway's; `kernel` is the kernel's tables alone."""
    if name == "kernel":
        migrate(database)
    else:
        system.prepare_database(system.consumer(name), database)


@dataclass
class Cast:
    """One prepared PostgreSQL database."""

    url: str
    tables: frozenset[str] = frozenset()
    shape: tuple[object, ...] = ()
    reset: bytes = b""

    def keep(self) -> None:
        """Remember how it is now."""
        with self._connection() as connection:
            self.tables, self.shape = _named(connection, "tables"), _shape(connection)
            connection.execute("CREATE SCHEMA kept")
            for table in self.tables:
                connection.execute(f"CREATE TABLE kept.{table} AS TABLE public.{table}".encode())
            sequences = _named(connection, "sequences")
        lines = ["SET session_replication_role = replica"]  # neither keys nor triggers
        lines += [f"DELETE FROM {table}; INSERT INTO {table} TABLE kept.{table}" for table in sorted(self.tables)]
        lines += [f"ALTER SEQUENCE {sequence} RESTART" for sequence in sequences]
        self.reset = "; ".join(lines).encode()

    def restore(self) -> bool:
        """Put back what was kept; False when it cannot be used any more."""
        with self._connection() as connection:
            connection.execute(OTHERS, [connection.info.backend_pid])
            for table in _named(connection, "tables") - self.tables:
                connection.execute(f"DROP TABLE {table} CASCADE".encode())
            if _shape(connection) != self.shape:
                return False
            connection.execute(self.reset)
        return True

    def _connection(self) -> psycopg.Connection[tuple[object, ...]]:
        url = make_url(self.url).set(drivername="postgresql").render_as_string(hide_password=False)
        return psycopg.connect(url, autocommit=True)


def _named(connection: psycopg.Connection[tuple[object, ...]], kind: str) -> frozenset[str]:
    """Names of all tables or sequences, quoted."""
    query = f"SELECT quote_ident({kind[:-1]}name::text) FROM pg_{kind} WHERE schemaname = 'public'"
    return frozenset(str(name) for (name,) in connection.execute(query.encode()))


def _shape(connection: psycopg.Connection[tuple[object, ...]]) -> tuple[object, ...]:
    return connection.execute(SHAPE).fetchone() or ()


@dataclass
class Moulds:
    """A session's prepared databases. `new_database` makes an empty one in PostgreSQL."""

    folder: Path
    new_database: Callable[[], str]
    _files: dict[str, Path] = field(default_factory=dict)
    _free: dict[str, list[Cast]] = field(default_factory=lambda: defaultdict(list))

    def copy(self, name: str, file: Path) -> str:
        """The URL of a prepared SQLite database at `file`."""
        if name not in self._files:
            mould = self.folder / f"{name}.db"
            database = Database(f"sqlite:///{mould}")
            prepare(name, database)
            database.close()
            self._files[name] = mould
        shutil.copy(self._files[name], file)
        return f"sqlite:///{file}"

    def take(self, name: str) -> Cast:
        """A prepared PostgreSQL database nobody uses."""
        if self._free[name]:
            return self._free[name].pop()
        cast = Cast(self.new_database())
        database = Database(cast.url)
        prepare(name, database)
        database.close()
        cast.keep()
        return cast

    def give_back(self, name: str, cast: Cast) -> None:
        """Put it back as it was."""
        if cast.restore():
            self._free[name].append(cast)
