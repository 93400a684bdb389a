"""Read models: tables that answer one question, filled from events, disposable at any time.

A projection is one file: its tables, `apply`, and the queries that read it. It is built with a table suffix so that a
rebuild can fill a second copy beside the live one. It must give the same rows whatever the batch edges are, and when
it follows several sources it must not care how they interleave.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from sqlalchemy import Connection, MetaData

from services.kernel.message import Event, Recorded

E_co = TypeVar("E_co", bound=Event, covariant=True)


@dataclass(frozen=True, slots=True)
class Delivered(Generic[E_co]):
    """One event of a source, decoded as the consumer's own view of it."""

    source: str
    event: E_co
    recorded: Recorded


class Projection(ABC):
    """A read model. `views` maps each source service to the union of events (own tolerant views) it reads.

    `streams` are the categories of streams a reader can wait for: how far it has come in each of them is noted.
    """

    name: ClassVar[str]
    views: ClassVar[Mapping[str, Any]]
    streams: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, suffix: str = "") -> None:
        self.suffix = suffix
        self.metadata = MetaData()
        self.define()

    @abstractmethod
    def define(self) -> None:
        """Create the `Table` objects on `self.metadata`, every table and index name ending in `self.suffix`."""

    @abstractmethod
    def apply(self, connection: Connection, events: Sequence[Delivered[Any]]) -> None:
        """Write a batch, in order, inside the caller's transaction. Must not talk to anything but `connection`."""
