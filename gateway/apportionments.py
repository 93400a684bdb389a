"""By which shares the figures of a divided unit or hamlet go to its parts, as somebody stated with a source."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import Column, Connection, Date, Table

from gateway.rows import Identifier, ReadModel
from services.kernel.message import Event
from services.kernel.projection import Delivered
from services.kernel.rows import Rows, write_all

# What it reads of the registry's events


class Share(BaseModel):
    """What went into one part."""

    successor: UUID
    share: Decimal


class SharesStated(Event, name="apportionment.stated"):
    """By which shares a divided place went into its parts."""

    about: UUID
    place: Literal["unit", "hamlet"]
    on: date
    shares: tuple[Share, ...]
    basis: str
    source: str
    stated_on: date


class Apportionments(ReadModel):
    """Shares as stated last, and who said so."""

    name = "apportionments"
    views: ClassVar[Mapping[str, Any]] = {"registry": SharesStated}
    streams: ClassVar[frozenset[str]] = frozenset({"apportionment"})

    def define(self) -> None:
        self.stated = Table(
            f"apportionments{self.suffix}",
            self.metadata,
            Column("about", Identifier, primary_key=True),
            Column("place", Identifier, nullable=False),
            Column("on_day", Date, nullable=False),
            Column("basis", Identifier, nullable=False),
            Column("source", Identifier, nullable=False),
            Column("stated_on", Date, nullable=False),
        )
        self.shares = Table(
            f"apportionment_shares{self.suffix}",
            self.metadata,
            Column("about", Identifier, primary_key=True),
            Column("on_day", Date, primary_key=True),
            Column("successor", Identifier, primary_key=True),
            Column("share", Identifier, nullable=False),
        )
        """Those of an earlier division stay; the same division stated anew has the same parts."""

    def apply(self, connection: Connection, events: Sequence[Delivered[SharesStated]]) -> None:
        stated, shares = Rows(self.stated), Rows(self.shares)
        for delivered in events:
            event = delivered.event
            told = event.model_dump(include={"place", "basis", "source", "stated_on"})
            stated.put({"about": str(event.about), "on_day": event.on, **told})
            for each in event.shares:
                part = {"about": str(event.about), "on_day": event.on, "successor": str(each.successor)}
                shares.put({**part, "share": str(each.share)})
        write_all(connection, stated, shares)


LIVE = Apportionments()
"""The tables readers see."""
