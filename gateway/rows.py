"""What the gateway's read models have in common."""

from collections.abc import Sequence
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, Connection, Select, Text, any_, literal
from sqlalchemy.dialects import postgresql

from services.kernel.projection import Projection

Identifier = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
"""Ids, codes and instants as text that both databases compare byte by byte; a database's own collation would not."""


class ReadModel(Projection):
    """A read model of the gateway; each says which streams it shows."""

    streams: ClassVar[frozenset[str]]


def among(column: ColumnElement[str], values: Sequence[str] | Select[Any]) -> ColumnElement[bool]:
    """`column` is one of these. A list of one, the usual one, needs no statement of its own length each time."""
    if isinstance(values, Select) or len(values) != 1:
        return column.in_(values)
    return column == values[0]


def listed(connection: Connection, column: ColumnElement[str], values: Sequence[str]) -> ColumnElement[bool]:
    """`column` is one of values that may be thousands: on PostgreSQL one parameter, which nobody takes apart."""
    if connection.dialect.name != "postgresql":
        return column.in_(values)
    return column == any_(literal(list(values), postgresql.ARRAY(Text)))


def counted(connection: Connection, query: Select[Any]) -> dict[Any, int]:
    """The `(group, count)` rows of a query as a dict."""
    return {row[0]: row[1] for row in connection.execute(query)}
