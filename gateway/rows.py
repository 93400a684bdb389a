"""What the gateway's read models have in common."""

from typing import Any, ClassVar

from sqlalchemy import Connection, Select, Text
from sqlalchemy.dialects import postgresql

from services.kernel.projection import Projection

Identifier = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
"""Ids, codes and instants as text that both databases compare byte by byte; a database's own collation would not."""


class ReadModel(Projection):
    """A read model of the gateway. `streams` are the categories of streams it shows: what a reader can wait for."""

    streams: ClassVar[frozenset[str]]


def counted(connection: Connection, query: Select[Any]) -> dict[Any, int]:
    """The `(group, count)` rows of a query as a dict."""
    return {row[0]: row[1] for row in connection.execute(query)}
