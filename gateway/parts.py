"""What the gateway is built from; the composition roots fill it."""

from dataclasses import dataclass

from services.kernel.bus import CommandBus
from services.kernel.clock import Clock, system_clock
from services.kernel.database import Database
from services.kernel.settings import Settings


@dataclass(frozen=True)
class GatewayParts:
    """Own database, the way to the services, settings, clock."""

    settings: Settings
    database: Database
    bus: CommandBus
    clock: Clock = system_clock
