"""The national map as commands: CSV files in, a plan out; nothing is written here.

First the units as they stood, then how the map changed: each reorganisation by the operations officials have too.

Every bad row is named. With any bad row the plan is empty, unless the good rows alone were asked for. A command's id is
derived from what the row says, so running an import again asks for nothing new. That one regime ended on 30 June 2025
and the other began a day later stands in the files and nowhere else.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from services.kernel.bus import Payload
from services.kernel.clock import Clock, system_clock
from services.kernel.csv_rows import RowFault
from services.kernel.message import Command
from services.registry.known_rows import declare_maps
from services.registry.profiles import profile_commands
from services.registry.reading import Reading
from services.registry.reform import reform
from services.registry.resolutions import resolution_commands
from services.registry.shipped_courses import course_commands
from services.registry.shipped_services import service_commands
from services.registry.succession_rows import read_successions
from services.registry.unit_rows import register_units

DATA = Path(__file__).parent / "data"
UNITS_CSV = DATA / "admin-units.csv"
SUCCESSIONS_CSV = DATA / "unit-successions.csv"
KNOWN_FROM_CSV = DATA / "map-known-from.csv"
"""The map that comes with the project; `data/README.md` says where from."""
REORGANISATIONS = DATA / "reorganisations"
"""Changes of the map before it; each said in a file of its own."""
PROFILES = DATA / "profiles"
"""The plans that come with it."""
DIGITAL_SERVICES = DATA / "digital-services.toml"
"""And the catalogue of digital services."""
COURSES = DATA / "courses.toml"
"""And the courses they name."""

BATCH = 500
"""Commands a call: what the bus takes at once."""


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What to ask the registry, parents before children; and which rows cannot be used, and why."""

    commands: tuple[Command, ...]
    faults: tuple[RowFault, ...]

    def batches(self, size: int = BATCH, after: int = 0) -> Iterator[list[tuple[str, Payload]]]:
        """The commands as `CommandBus.execute_many` takes them, in order; the first `after` of them left out."""
        for start in range(after, len(self.commands), size):
            chunk = self.commands[start : start + size]
            yield [(command.name, command.model_dump(mode="json")) for command in chunk]


def plan_import(
    units_csv: Path = UNITS_CSV,
    successions_csv: Path = SUCCESSIONS_CSV,
    known_from_csv: Path = KNOWN_FROM_CSV,
    profiles: Path | None = None,
    reorganisations: Path | None = None,
    services: Path | None = None,
    courses: Path | None = None,
    *,
    good_rows_only: bool = False,
    clock: Clock = system_clock,
    pause: Callable[[], None] = lambda: None,
) -> ImportPlan:
    """Read and check the files. Raises nothing: what is wrong with them is in the plan's `faults`.

    It takes seconds, in which `pause` is called every few rows for whoever must let others on.
    """
    reading = Reading(clock(), pause)
    units = register_units(units_csv, reading)
    maps = declare_maps(known_from_csv, units, reading)
    successions = read_successions(successions_csv, units, reading)
    reformed = reform(units, successions, f"{successions_csv.name}, {units_csv.name}", reading)
    more, earlier = resolution_commands(reorganisations, units, reading) if reorganisations is not None else ([], [])
    plans = profile_commands(profiles, units, reading) if profiles is not None else []
    catalogue = service_commands(services, units, reading) if services is not None else []
    taught = course_commands(courses, reading) if courses is not None else []
    files = {path.name: place for place, path in enumerate((units_csv, known_from_csv, successions_csv))}
    faults = tuple(
        sorted(reading.faults, key=lambda fault: (files.get(fault.file, len(files)), fault.file, fault.line))
    )
    changed = (*reformed.units, *more, *earlier, *reformed.reorganisations)
    commands = (*changed, *maps, *plans, *catalogue, *taught) if good_rows_only or not faults else ()
    return ImportPlan(commands, faults)
