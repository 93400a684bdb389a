"""How far the import of the map that ships with the project has come."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeAlias, assert_never

from sqlalchemy import Column, Connection, Integer, Table, select

from gateway.rows import Identifier, ReadModel
from services.kernel.message import Event
from services.kernel.projection import Delivered
from services.kernel.rows import Rows

_NATIONAL = "national"

# What it reads of the registry's events


class MapImportStarted(Event, name="map_import.started"):
    """Somebody asked for it."""


class MapImportAdvanced(Event, name="map_import.advanced"):
    """So many of all commands are answered."""

    stage: str
    done: int
    total: int
    refused: int


ImportEvent: TypeAlias = MapImportStarted | MapImportAdvanced


class MapImports(ReadModel):
    """A table of one row."""

    name = "map_import"
    views: ClassVar[Mapping[str, Any]] = {"registry": ImportEvent}
    streams: ClassVar[frozenset[str]] = frozenset({"map_import"})

    def define(self) -> None:
        self.imports = Table(
            f"map_imports{self.suffix}",
            self.metadata,
            Column("map", Identifier, primary_key=True),
            Column("stage", Identifier, nullable=False),
            Column("done", Integer, nullable=False),
            Column("total", Integer),
            Column("refused", Integer, nullable=False),
        )

    def apply(self, connection: Connection, events: Sequence[Delivered[ImportEvent]]) -> None:
        rows = Rows(self.imports)
        for delivered in events:
            match delivered.event:
                case MapImportStarted():
                    rows.put({"map": _NATIONAL, "stage": "reading", "done": 0, "total": None, "refused": 0})
                case MapImportAdvanced() as advanced:
                    rows.put({"map": _NATIONAL, **advanced.model_dump()})
                case _:
                    assert_never(delivered.event)
        rows.write(connection)


LIVE = MapImports()
"""The table readers see."""


def progress(connection: Connection) -> Any | None:
    """The row; None when nobody has asked for the import."""
    return connection.execute(select(LIVE.imports)).one_or_none()
