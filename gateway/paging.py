"""Keyset pages: `first` rows after a cursor, for one list or for many lists of the same shape at once.

A cursor is the sort key of its row, so a page costs the same wherever it starts and rows that come or go in between
shift nothing. All order columns run in one direction and end in a unique one.
"""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, LargeBinary, Select, func, literal, select, tuple_

from gateway.errors import InvalidInput

MAX_FIRST = 100
DEFAULT_FIRST = 20
AT_ONCE = 500
"""Rows looked at together when most of them may be left out."""


@dataclass(frozen=True, slots=True)
class Page:
    """Rows with their cursors, and whether more follow."""

    rows: list[Any] = field(default_factory=list)
    cursors: list[str] = field(default_factory=list)
    has_next: bool = False


@dataclass(frozen=True, slots=True)
class Slice:
    """Which page is asked for."""

    first: int = DEFAULT_FIRST
    after: str | None = None


def slice_of(first: int | None, after: str | None) -> Slice:
    """Checked arguments of a connection field. Raises `InvalidInput`."""
    size = DEFAULT_FIRST if first is None else first
    if not 1 <= size <= MAX_FIRST:
        raise InvalidInput(f"`first` phải từ 1 đến {MAX_FIRST}.", field="first")
    return Slice(size, after or None)


def page_by_group(
    connection: Connection,
    query: Select[Any],
    group: ColumnElement[Any],
    order: Sequence[ColumnElement[Any]],
    wanted: Slice,
    *,
    descending: bool = False,
) -> dict[Any, Page]:
    """One page for each value of `group`; groups without rows are left out. Raises `InvalidInput` for a bad cursor."""
    query = _after(query, order, wanted, descending)
    number = func.row_number().over(partition_by=group, order_by=[c.desc() if descending else c for c in order])
    keys = [column.label(f"_k{index}") for index, column in enumerate(order)]
    inner = query.add_columns(group.label("_group"), *keys, number.label("_number")).subquery()
    rows = connection.execute(select(inner).where(inner.c._number <= wanted.first + 1).order_by(inner.c._number))
    gathered: dict[Any, list[Any]] = {}
    for row in rows:
        gathered.setdefault(row._group, []).append(row)
    return {key: _page(found, len(order), wanted.first) for key, found in gathered.items()}


def page_of(
    connection: Connection,
    query: Select[Any],
    order: Sequence[ColumnElement[Any]],
    wanted: Slice,
    *,
    descending: bool = False,
) -> Page:
    """One page of one list."""
    query = _after(query, order, wanted, descending)
    keys = [column.label(f"_k{index}") for index, column in enumerate(order)]
    ordered = query.add_columns(*keys).order_by(*(c.desc() if descending else c for c in order))
    return _page(list(connection.execute(ordered.limit(wanted.first + 1))), len(order), wanted.first)


def sifted(ask: Callable[[Slice], Page], make: Callable[[list[Any]], Sequence[Any]], wanted: Slice) -> Page:
    """A page of what `make` makes of rows; it answers None for those it leaves out. As many are asked as it takes."""
    rows: list[Any] = []
    cursors: list[str] = []
    after = wanted.after
    while True:
        page = ask(Slice(AT_ONCE, after))
        for made, cursor in zip(make(page.rows), page.cursors, strict=True):
            if made is None:
                continue
            if len(rows) == wanted.first:
                return Page(rows, cursors, has_next=True)
            rows.append(made)
            cursors.append(cursor)
        if not page.has_next:
            return Page(rows, cursors)
        after = page.cursors[-1]


def _after(query: Select[Any], order: Sequence[ColumnElement[Any]], wanted: Slice, descending: bool) -> Select[Any]:
    if wanted.after is None:
        return query
    values = _read(wanted, order)
    there = tuple_(*(literal(value, column.type) for value, column in zip(values, order, strict=True)))
    return query.where(tuple_(*order) < there if descending else tuple_(*order) > there)


def _page(rows: list[Any], keys: int, first: int) -> Page:
    shown = rows[:first]
    return Page(
        shown, [_cursor([getattr(row, f"_k{index}") for index in range(keys)]) for row in shown], len(rows) > first
    )


def _cursor(values: Sequence[Any]) -> str:
    parts = [f"b{bytes(v).hex()}" if isinstance(v, bytes | memoryview) else f"t{v}" for v in values]
    return urlsafe_b64encode(orjson.dumps(parts)).decode().rstrip("=")


def _read(wanted: Slice, order: Sequence[ColumnElement[Any]]) -> list[Any]:
    after = wanted.after or ""
    try:
        parts = orjson.loads(urlsafe_b64decode(after + "=" * (-len(after) % 4)))
        values = [bytes.fromhex(part[1:]) if part[0] == "b" else str(part[1:]) for part in parts]
    except (ValueError, TypeError, IndexError, KeyError, binascii.Error):
        raise _bad_cursor() from None
    kinds = [isinstance(column.type, LargeBinary) for column in order]
    if [isinstance(value, bytes) for value in values] != kinds or any("\0" in v for v in values if isinstance(v, str)):
        raise _bad_cursor()
    return values


def _bad_cursor() -> InvalidInput:
    return InvalidInput("`after` phải là con trỏ lấy từ lần hỏi trước.", field="after")
