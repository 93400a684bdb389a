"""Rows of read models that hold for spans of days: how a batch of events changes them.

The rows of one thing follow each other by `since` and `until` (not included) and cover all days. Whatever the order in
which changes come, each holds from its day on; a batch costs one question and one statement.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table, select

from services.kernel.rows import Rows


class Spans:
    """The changes of one batch to one table; `key` is the column that says which thing a row is about."""

    def __init__(self, table: Table, key: str, always: Any, for_ever: Any) -> None:
        self._table = table
        self._key = key
        self._span = {"since": always, "until": for_ever}
        self._begun: dict[str, list[dict[str, Any]]] = {}
        self._changes: list[tuple[str, Any, Mapping[str, Any]]] = []

    def begin(self, row: Mapping[str, Any]) -> None:
        """A thing as it is on all days, until something changes it."""
        self._begun[row[self._key]] = [{**row, **self._span}]

    def change(self, identity: str, values: Mapping[str, Any], on: Any = None) -> None:
        """From `on` a thing is otherwise; without a day it is on all days. Of a thing nobody knows nothing happens."""
        self._changes.append((identity, self._span["since"] if on is None else on, values))

    def write(self, connection: Connection) -> None:
        """Send what was gathered."""
        known = {**self._stored(connection), **self._begun}
        for identity, on, values in self._changes:
            if identity in known:
                known[identity] = list(_changed(known[identity], on, values))
        rows = Rows(self._table)
        for mine in known.values():
            for row in mine:
                rows.put(row)
        rows.write(connection)

    def _stored(self, connection: Connection) -> dict[str, list[dict[str, Any]]]:
        asked = sorted({identity for identity, _, _ in self._changes} - self._begun.keys())
        found: dict[str, list[dict[str, Any]]] = {}
        if asked:
            query = select(self._table).where(self._table.c[self._key].in_(asked)).order_by(self._table.c.since)
            for row in connection.execute(query):
                found.setdefault(getattr(row, self._key), []).append(row._asdict())
        return found


def _changed(rows: list[dict[str, Any]], on: Any, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    changed = []
    for row in rows:
        if row["until"] <= on:
            changed.append(row)
        elif row["since"] >= on:
            changed.append({**row, **values})
        else:
            changed += [{**row, "until": on}, {**row, "since": on, **values}]
    return changed
