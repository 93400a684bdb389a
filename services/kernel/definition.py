"""A service in one value: what its `service.py` says and every role (edge, relay, subscription) is run from."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import MetaData

from services.kernel.database import Database
from services.kernel.decider import Aggregate
from services.kernel.message import Command
from services.kernel.process_manager import ProcessManager
from services.kernel.projection import Projection

if TYPE_CHECKING:
    from services.kernel.settings import Settings

Question: TypeAlias = Callable[[Any, Mapping[str, Any]], Any]
"""`(ServiceRuntime, JSON payload) -> JSON answer`."""
Prepare: TypeAlias = Callable[[Database, Any], Any]
"""`(database, command) -> command`: I/O before the decision, idempotent, e.g. moving personal data into the vault."""
TakeBack: TypeAlias = Callable[[Database, Any, Any], None]
"""`(database, command, state) -> None`: undoes a preparation unless `state`, the stream's now, says that it counts."""


@dataclass(frozen=True)
class ServiceDefinition:
    """Everything the kernel must know to run a service."""

    name: str
    home: Path
    """The service's folder; `migrations/` lies in it."""
    aggregates: tuple[Aggregate[Any, Any, Any], ...] = ()
    projections: tuple[type[Projection], ...] = ()
    process_managers: tuple[type[ProcessManager], ...] = ()
    questions: Mapping[str, Question] = field(default_factory=dict)
    prepares: Mapping[type[Command], Prepare] = field(default_factory=dict)
    together: Mapping[type[Command], Callable[[Database], AbstractContextManager[object]]] = field(default_factory=dict)
    """Around the preparations of several such commands handled at once: one transaction for all, say."""
    takes_back: Mapping[type[Command], TakeBack] = field(default_factory=dict)
    """Asked about a prepared command that was refused or had been decided before. What fails here is left lying."""
    tables: MetaData | None = None
    """Durable tables of its own beside the event store (the vault, say)."""
    configured: "Callable[[Settings], ServiceDefinition] | None" = None
    """The same with what it takes from the settings of its process (keys, say). None: nothing."""
    check: Callable[[], object] = lambda: None
    """Raises when the edge, which alone decides and answers, lacks something; followers and relays may do without."""
