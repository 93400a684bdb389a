"""Moving from the embedded run to the distributed one: every table, every position, the same epoch.

The embedded system must be stopped; the target databases must be fresh. Each database is one transaction: it arrives
whole or not at all, and an interrupted transfer is simply run again.
"""

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Connection, MetaData, Table, func, select

from deploy import system
from services.kernel import log as event_log
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
            for table, rows in _copy(origin, goal):
                progress(f"{name}.{table}", rows)
                copied += rows
        finally:
            origin.close()
            goal.close()
    return copied


def _copy(origin: Database, goal: Database) -> Iterator[tuple[str, int]]:
    with origin.read() as reading, goal.write() as writing:
        tables = _reflect(reading)
        goal_tables = _reflect(writing)
        writing.exec_driver_sql("SET LOCAL statement_timeout = 0")
        for name in {"events", "cursors"} & set(goal_tables):
            if writing.execute(select(func.count()).select_from(goal_tables[name])).scalar_one():
                raise TargetNotEmpty(f"{goal.url.database}.{name} has rows; transfer into fresh databases only")
        for name, table in tables.items():
            yield name, _copy_table(reading, writing, table, goal_tables[name])
        if "events" not in tables:
            return
        writing.exec_driver_sql(
            "SELECT setval(pg_get_serial_sequence('events', 'ordinal'), (SELECT coalesce(max(ordinal), 0) + 1"
            " FROM events), false)"
        )
        event_log.adopt_history(writing)


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
