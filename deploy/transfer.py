"""Moving from the embedded run to the distributed one: every table, every position, the same epoch.

The embedded system must be stopped; the target databases must be fresh. Each database is one transaction: it arrives
whole or not at all, and an interrupted transfer is simply run again: what has arrived is left as it is.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, MetaData, Table, func, select

from deploy import system
from services.kernel import log as event_log
from services.kernel.consumption import cursors
from services.kernel.database import Database
from services.kernel.settings import Settings

PAGE = 1000
_NOT_OURS = {"alembic_version", "sqlite_sequence"}


class TargetNotEmpty(RuntimeError):
    """The target already has a history of its own."""


def transfer(
    source: Settings, target: Settings, progress: Callable[[str, int], None] = lambda table, rows: None
) -> int:
    """Copy everything from the SQLite files of `source` into the databases of `target`; returns the rows copied.

    `progress` hears `(database.table, rows)`. Raises `TargetNotEmpty`, `BadEnvironment`.
    """
    system.must_differ(target)
    copied = 0
    for name, consumer in system.consumers().items():
        origin, goal = system.open_database(source, name), system.open_database(target, name)
        try:
            system.prepare_database(consumer, origin)
            system.prepare_database(consumer, goal)
            copied += _copy(name, origin, goal, progress)
        finally:
            origin.close()
            goal.close()
    return copied


def _copy(service: str, origin: Database, goal: Database, progress: Callable[[str, int], None]) -> int:
    with origin.read() as reading, goal.write() as writing:
        writing.exec_driver_sql("SET LOCAL statement_timeout = 0")
        goal_tables = _reflect(writing)
        # What only the origin has, a killed rebuild left there.
        tables = {name: table for name, table in _reflect(reading).items() if name in goal_tables}
        there = _counts(writing, goal_tables)
        if any(there.values()):
            if there == _counts(reading, tables) and _places(writing, goal_tables) == _places(reading, tables):
                return 0  # it arrived, whole, before the transfer was interrupted
            raise TargetNotEmpty(f"{goal.url.database} has rows of its own; transfer into fresh databases only")
        copied = 0
        for name, table in tables.items():
            rows = _copy_table(reading, writing, table, goal_tables[name])
            progress(f"{service}.{name}", rows)
            copied += rows
        if "events" in tables:
            writing.exec_driver_sql(
                "SELECT setval(pg_get_serial_sequence('events', 'ordinal'), (SELECT coalesce(max(ordinal), 0) + 1"
                " FROM events), false)"
            )
            event_log.adopt_history(writing)
        return copied


def _counts(connection: Connection, tables: Mapping[str, Table]) -> dict[str, int]:
    counting = select(func.count())
    return {name: connection.execute(counting.select_from(table)).scalar_one() for name, table in tables.items()}


def _places(connection: Connection, tables: Mapping[str, Table]) -> set[tuple[Any, ...]]:
    """The epoch of its own history, and where it stands in those it follows."""
    asked = [select(cursors.c.subscription, cursors.c.source, cursors.c.epoch, cursors.c.position)]
    asked += [select(event_log.history.c.epoch)] if "history" in tables else []
    return {tuple(row) for each in asked for row in connection.execute(each)}


def _reflect(connection: Connection) -> dict[str, Table]:
    metadata = MetaData()
    metadata.reflect(connection)
    return {table.name: table for table in metadata.sorted_tables if table.name not in _NOT_OURS}


def _copy_table(reading: Connection, writing: Connection, origin: Table, goal: Table) -> int:
    rows = 0
    found = reading.execute(select(origin).execution_options(yield_per=PAGE))
    for page in found.mappings().partitions(PAGE):
        values: list[dict[str, Any]] = [dict(row) for row in page]
        writing.execute(goal.insert(), values)
        rows += len(values)
    return rows
