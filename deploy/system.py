"""The whole system by name: which services there are, where their data lies, who follows whom.

The composition roots (`embedded`, `roles`) and the operator's commands are built from this one list. A process imports
only the services it asks for: a relay none, a service its own. With some twenty processes starting at once that counts.
"""

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deploy.environment import DATABASE_EXAMPLE, BadEnvironment
from services.kernel.database import Database
from services.kernel.definition import ServiceDefinition
from services.kernel.process_manager import ProcessManager
from services.kernel.projection import Projection
from services.kernel.settings import Settings
from services.kernel.subscription import EventSource, Subscription, for_process_manager, for_projection

if TYPE_CHECKING:
    from services.kernel.messaging.topology import SubscriptionQueue

SERVICES = ("registry", "visits", "reporting", "feedback")
GATEWAY = "gateway"
DATABASES = (*SERVICES, GATEWAY)


@dataclass(frozen=True)
class Consumer:
    """One database that follows others: a service, or the gateway."""

    name: str
    home: Path
    projections: tuple[type[Projection], ...]
    process_managers: tuple[type[ProcessManager], ...]
    owns_events: bool

    @property
    def follows(self) -> list[tuple[str, str]]:
        """Each of its read models and process managers with each source of it."""
        models = [(model.name, source) for model in self.projections for source in model.views]
        return models + [(manager.name, source) for manager in self.process_managers for source in manager.views]


def definition(service: str) -> ServiceDefinition:
    """What a service is made of: its `DEFINITION`."""
    found: ServiceDefinition = importlib.import_module(f"services.{service}.service").DEFINITION
    return found


def consumer(name: str) -> Consumer:
    """One database of the system: a service's or the gateway's."""
    if name == GATEWAY:
        from gateway import projections

        return Consumer(name, Path(projections.__file__).parent, tuple(projections.PROJECTIONS), (), False)
    made = definition(name)
    return Consumer(name, made.home, made.projections, made.process_managers, True)


def consumers() -> dict[str, Consumer]:
    """Every database of the system, the gateway's last."""
    return {name: consumer(name) for name in DATABASES}


def queues() -> list["SubscriptionQueue"]:
    """Every queue through which the system follows its own events."""
    from services.kernel.messaging.topology import SubscriptionQueue

    return [
        SubscriptionQueue(each.name, part, source) for each in consumers().values() for part, source in each.follows
    ]


def open_database(settings: Settings, name: str, *, pool_size: int = 8) -> Database:
    """The database of a service or of the gateway."""
    if settings.database_url is None:
        return Database(f"sqlite:///{settings.var_dir / name}.db", pool_size=pool_size)
    return Database(settings.database_url.replace("{service}", name), pool_size=pool_size)


def open_databases(settings: Settings, names: Sequence[str], *, pool_size: int = 8) -> dict[str, Database]:
    """Several databases. Raises `BadEnvironment` when they would be one."""
    must_differ(settings)
    return {name: open_database(settings, name, pool_size=pool_size) for name in names}


def must_differ(settings: Settings) -> None:
    """Raises `BadEnvironment` when the URL gives all services one database: they would write each other's tables."""
    if settings.database_url is not None and "{service}" not in settings.database_url.rpartition("@")[2]:
        rule = "must have {service} in the place of the database's name, because all databases are meant here"
        raise BadEnvironment(f"CAUSO_DATABASE_URL: {rule}: {DATABASE_EXAMPLE}")


def prepare_database(consumer: Consumer, database: Database) -> None:
    """Migrations and missing read models; idempotent."""
    from services.kernel.migrate import create_read_models, migrate

    migrate(database, [consumer.home], store=consumer.owns_events)
    create_read_models(database, consumer.projections)


def subscriptions(
    consumer: Consumer,
    database: Database,
    events: EventSource,
    execute_many: Callable[[Sequence[Any]], Sequence[Any]] | None = None,
) -> list[Subscription]:
    """Everything one database follows. Process managers need `execute_many` of their own service."""
    found: list[Subscription] = []
    for projection in consumer.projections:
        found += for_projection(consumer.name, projection(), database, events)
    for manager in consumer.process_managers:
        if execute_many is None:
            raise TypeError(f"{consumer.name}.{manager.name} needs the command processor of its service")
        found += for_process_manager(consumer.name, manager(), database, events, execute_many)
    return found
