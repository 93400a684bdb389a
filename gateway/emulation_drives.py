"""Emulation drives: who vies where and when, and with what result."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, TypeAlias, assert_never
from uuid import UUID

from pydantic import Field
from sqlalchemy import Column, ColumnElement, Connection, Index, Table, Text, and_, func, or_, select

from gateway.paging import Page, Slice, page_of
from gateway.rows import Identifier, ReadModel
from services.kernel.message import Event
from services.kernel.projection import Delivered
from services.kernel.rows import Rows

# What it reads of the registry's events


class EmulationDriveLaunched(Event, name="emulation_drive.launched"):
    """Somebody launched a drive in a territory."""

    drive: UUID
    unit: UUID
    title: str = Field(alias="name")
    launcher: str
    organiser: str
    first_day: date
    last_day: date


class EmulationDriveClosed(Event, name="emulation_drive.closed"):
    """It was summed up."""

    drive: UUID
    result: str
    closed_on: date


EmulationDriveEvent: TypeAlias = EmulationDriveLaunched | EmulationDriveClosed


class EmulationDrives(ReadModel):
    """The table of drives."""

    name = "emulation_drives"
    views: ClassVar[Mapping[str, Any]] = {"registry": EmulationDriveEvent}
    streams: ClassVar[frozenset[str]] = frozenset({"emulation_drive"})

    def define(self) -> None:
        self.drives = Table(
            f"emulation_drives{self.suffix}",
            self.metadata,
            Column("drive", Identifier, primary_key=True),
            Column("unit", Identifier, nullable=False),
            Column("name", Text, nullable=False),
            Column("launcher", Identifier, nullable=False),
            Column("organiser", Text, nullable=False),
            Column("first_day", Identifier, nullable=False),
            Column("last_day", Identifier, nullable=False),
            Column("result", Text),
            Column("closed_on", Identifier),
        )
        """ISO days."""
        Index(f"emulation_drives_first_day{self.suffix}", self.drives.c.first_day, self.drives.c.drive)

    def apply(self, connection: Connection, events: Sequence[Delivered[EmulationDriveEvent]]) -> None:
        drives = Rows(self.drives)
        for delivered in events:
            match delivered.event:
                case EmulationDriveLaunched() as launched:
                    row = launched.model_dump(mode="json", exclude={"title"}) | {"name": launched.title}
                    drives.put(row | {"result": None, "closed_on": None})
                case EmulationDriveClosed() as closed:
                    told = {"result": closed.result, "closed_on": closed.closed_on.isoformat()}
                    drives.change((str(closed.drive),), told)
                case _:
                    assert_never(delivered.event)
        drives.write(connection)


LIVE = EmulationDrives()
"""The table readers see."""


# Questions


def drives_page(connection: Connection, within: Sequence[ColumnElement[bool]], wanted: Slice) -> Page:
    """Drives, the latest begun first."""
    drives = LIVE.drives.c
    query = select(LIVE.drives).where(*within)
    return page_of(connection, query, [drives.first_day, drives.drive], wanted, descending=True)


def drives_count(connection: Connection, within: Sequence[ColumnElement[bool]]) -> int:
    """How many there are."""
    return connection.execute(select(func.count()).select_from(LIVE.drives).where(*within)).scalar_one()


def drives_by_id(connection: Connection, ids: Sequence[str]) -> dict[str, Any]:
    """Drives by id."""
    rows = connection.execute(select(LIVE.drives).where(LIVE.drives.c.drive.in_(ids)))
    return {row.drive: row for row in rows}


def running_on(day: date) -> ColumnElement[bool]:
    """The day lies in its period, and it was not summed up before."""
    drives, text = LIVE.drives.c, day.isoformat()
    still = or_(drives.closed_on.is_(None), drives.closed_on >= text)
    return and_(drives.first_day <= text, drives.last_day >= text, still)
