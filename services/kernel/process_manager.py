"""Process managers: foreign events in, own commands out.

A command's id is derived from the event's id, so that an event handled twice asks for the same thing once.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from sqlalchemy import Connection

from services.kernel.message import Command
from services.kernel.projection import Delivered


class ProcessManager(ABC):
    """Reacts to other services' events with commands of its own service. `views` as in `Projection`."""

    name: ClassVar[str]
    views: ClassVar[Mapping[str, Any]]

    @abstractmethod
    def react(self, connection: Connection, delivered: Sequence[Delivered[Any]]) -> Sequence[Command]:
        """The commands these events ask for, in their order. May read, never write, the service's own tables.

        When it raises, the events come again one by one.
        """
