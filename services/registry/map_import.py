"""The import of the map that ships with the project, as far as it has come: what an official asked for and can watch.

The map itself is made by the same commands a person may send; here stands only how many of them were answered. An
import broken off is started again and goes on after the last answer recorded.

Refusals: IMPORT_NOT_STARTED.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias, assert_never

from pydantic import Field

from services.kernel.decider import Aggregate, Refused
from services.kernel.message import Command, Event

Stage: TypeAlias = Literal["units", "reorganisations", "maps", "plans", "services"]
"""What the last command answered was about, in the order they come."""

NATIONAL = "national"
"""The one there is."""


# Events


class MapImportStarted(Event, name="map_import.started"):
    """Somebody asked for the import of this edition of the shipped files."""

    edition: str


class MapImportAdvanced(Event, name="map_import.advanced"):
    """So many of all commands are answered, and so many of these were refused."""

    edition: str
    stage: Stage
    done: int
    total: int
    refused: int


MapImportEvent: TypeAlias = MapImportStarted | MapImportAdvanced


# State


@dataclass(frozen=True, slots=True)
class MapImport:
    """How far it is; `total` is None until the files have been read."""

    edition: str
    done: int = 0
    total: int | None = None
    refused: int = 0

    @property
    def finished(self) -> bool:
        """Every command has been answered."""
        return self.done == self.total


def evolve(_import: MapImport | None, event: MapImportEvent) -> MapImport:
    """The import after `event`."""
    match event:
        case MapImportStarted():
            return MapImport(event.edition)
        case MapImportAdvanced():
            return MapImport(event.edition, event.done, event.total, event.refused)
        case _:
            assert_never(event)


# Commands


class StartMapImport(Command, name="start_map_import"):
    """Ask for the import of this edition. One under way or done is left alone."""

    edition: str = Field(pattern=r"^[0-9a-f]{64}$")


class AdvanceMapImport(Command, name="advance_map_import"):
    """Say how far it is."""

    edition: str
    stage: Stage
    done: int = Field(ge=0)
    total: int = Field(ge=0)
    refused: int = Field(ge=0)


MapImportCommand: TypeAlias = StartMapImport | AdvanceMapImport


# Rules


def decide(command: MapImportCommand, running: MapImport | None) -> list[MapImportEvent]:
    """Each edition is started once; two processes at it at once do it twice and tell it once."""
    same = running is not None and running.edition == command.edition
    match command:
        case StartMapImport():
            return [] if same else [MapImportStarted(edition=command.edition)]
        case AdvanceMapImport():
            if running is None or not same:
                raise Refused("Chưa bắt đầu nhập bản đồ này.", code="IMPORT_NOT_STARTED", field="edition")
            if running.total is not None and command.done <= running.done:
                return []
            said = command.model_dump(include=set(MapImportAdvanced.model_fields))
            return [MapImportAdvanced.model_validate(said)]
        case _:
            assert_never(command)


MAP_IMPORT: Aggregate[MapImport | None, MapImportCommand, MapImportEvent] = Aggregate(
    category="map_import",
    events=MapImportEvent,
    commands=MapImportCommand,
    initial=None,
    evolve=evolve,
    decide=decide,
    identity=lambda _: NATIONAL,
)
