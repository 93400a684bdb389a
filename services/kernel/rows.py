"""Rows of read models: how a batch of events writes them.

A batch is folded in memory to the last state of each row, then written with few statements; the result does not depend
on where the batch was cut.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from sqlalchemy import Connection, Table, bindparam
from sqlalchemy.dialects import postgresql, sqlite

Key: TypeAlias = tuple[Any, ...]


class Rows:
    """The changes of one batch to one table."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._key = [column.name for column in table.primary_key.columns]
        self._whole: dict[Key, dict[str, Any]] = {}
        self._partial: dict[Key, dict[str, Any]] = {}

    def put(self, row: Mapping[str, Any]) -> None:
        """The row as it is from now on, all columns named."""
        key = tuple(row[name] for name in self._key)
        self._whole[key] = dict(row)
        self._partial.pop(key, None)

    def change(self, key: Key, values: Mapping[str, Any]) -> None:
        """Some columns of a row that exists; without the row nothing happens."""
        known = self._whole.get(key)
        (self._partial.setdefault(key, {}) if known is None else known).update(values)

    def write(self, connection: Connection) -> None:
        """Send what was gathered, and gather anew."""
        if self._whole:
            connection.execute(_upsert(self._table, connection.dialect.name), list(self._whole.values()))
        for columns, changes in self._by_columns().items():
            statement = (
                self._table.update()
                .where(*(self._table.c[name] == bindparam(f"key_{name}") for name in self._key))
                .values({name: bindparam(f"new_{name}") for name in columns})
            )
            connection.execute(statement, changes)
        self._whole, self._partial = {}, {}

    def _by_columns(self) -> dict[tuple[str, ...], list[dict[str, Any]]]:
        grouped: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        for key, values in self._partial.items():
            parameters = {f"key_{name}": part for name, part in zip(self._key, key, strict=True)}
            parameters |= {f"new_{name}": value for name, value in values.items()}
            grouped.setdefault(tuple(values), []).append(parameters)
        return grouped


@lru_cache(maxsize=256)
def _upsert(table: Table, dialect: str) -> Any:
    """Written with every batch: built once."""
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = insert(table)
    key = [column.name for column in table.primary_key.columns]
    rest = [column.name for column in table.columns if column.name not in key]
    if not rest:
        return statement.on_conflict_do_nothing(index_elements=key)
    return statement.on_conflict_do_update(index_elements=key, set_={name: statement.excluded[name] for name in rest})


def write_all(connection: Connection, *changes: Rows) -> None:
    """Write several tables' changes in the order given."""
    for rows in changes:
        rows.write(connection)
