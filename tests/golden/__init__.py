"""Golden files: the stored body of every event version ever shipped, and the list of all stored names.

What lies here is only ever added to. `python -m tests.golden` writes what a new event or version still lacks.
"""

from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path

from deploy.system import SERVICES, definition
from services.kernel.message import Event

GOLDEN = Path(__file__).parent
NAMES = GOLDEN / "event-names.txt"


def event_classes() -> Iterator[tuple[str, type[Event]]]:
    """(service, class) of every event any service can store."""
    for service in SERVICES:
        for aggregate in definition(service).aggregates:
            yield from ((service, event_class) for event_class in aggregate.codec.classes.values())


def examples(service: str) -> Sequence[Event]:
    """The examples a service gives of its own events."""
    given: Sequence[Event] = import_module(f"services.{service}.examples").EXAMPLES
    return given


def golden_file(service: str, name: str, schema_version: int) -> Path:
    """Where the body of one event version lies."""
    return GOLDEN / service / f"{name}.v{schema_version}.json"
