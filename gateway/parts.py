"""What the gateway is built from; the composition roots fill it."""

from dataclasses import dataclass
from functools import cached_property

from gateway.file_store import FileStore, files_of
from gateway.intake import people_key_from, public_key_from, tracker_from
from gateway.tracking import Tracker
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

    @cached_property
    def feedback_key(self) -> bytes:
        """The feedback service's public key: what people write is sealed to it. Raises `sealing.KeyMissing`."""
        return public_key_from(self.settings)

    @cached_property
    def files(self) -> FileStore:
        """The files officials uploaded."""
        return files_of(self.settings)

    @cached_property
    def people_key(self) -> bytes:
        """The registry's public key: members' names and numbers are sealed to it. Raises `sealing.KeyMissing`."""
        return people_key_from(self.settings)

    @cached_property
    def tracker(self) -> Tracker:
        """What makes and recognises codes with the gateway's own key. Raises `sealing.KeyMissing`."""
        return tracker_from(self.settings)
