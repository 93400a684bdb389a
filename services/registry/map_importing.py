"""Doing the import of the shipped map within the registry's own process, beside everything else it is asked.

A thread of its own (a greenthread where threads are green) sends the commands in small batches through the processor
everybody uses, so that who comes in between waits for one batch at most. Nothing is kept but events: a process that
dies leaves the import where it was, and whoever asks again has it go on there.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from hashlib import sha256
from itertools import count
from typing import Any

import structlog

from services.kernel import store
from services.kernel.clock import to_text
from services.kernel.identifiers import derived_id
from services.kernel.message import Command
from services.kernel.runtime import ServiceRuntime
from services.registry.import_map import DATA, DIGITAL_SERVICES, PROFILES, REORGANISATIONS, ImportPlan, plan_import
from services.registry.map_import import MAP_IMPORT, NATIONAL, MapImport, Stage
from services.registry.reading import ACTOR

BATCH = 100
"""Reorganisations entail some dozen changes each: so many take less than a second."""
ROWS = 200
"""Rows read between two pauses; to wait at every row takes longer than to read it."""
TOLD_EVERY = 500
"""Commands between two events of progress."""
ATTEMPTS, PAUSE_SECONDS = 5, 2.0
_STAGES: dict[str, Stage] = {"register_unit": "units", "reorganise": "reorganisations", "declare_map": "maps"}

log = structlog.get_logger(__name__)


@cache
def edition() -> str:
    """A digest of the shipped files: other files are another import."""
    files = sorted(path for path in DATA.rglob("*") if path.is_file())
    return sha256(b"".join(sha256(path.read_bytes()).digest() for path in files)).hexdigest()


class Importing:
    """At most one import at a time in this process."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self, runtime: ServiceRuntime, payload: Mapping[str, Any]) -> dict[str, Any]:
        """The question `import_map`: begin or go on (`payload` is the envelope of a command); answers at once."""
        answer = runtime.execute("start_map_import", {**payload, "edition": edition()})
        if answer.accepted:
            with self._mutex:
                if self._thread is None or not self._thread.is_alive():
                    self._thread = threading.Thread(target=_import, args=(runtime,), name="map-import", daemon=True)
                    self._thread.start()
        return asdict(answer)


def _import(runtime: ServiceRuntime) -> None:
    for attempt in range(ATTEMPTS):
        try:
            _go_on(runtime)
        except Exception as error:
            log.warning("map_import_trouble", error=type(error).__name__, attempt=attempt + 1)
            time.sleep(PAUSE_SECONDS)
        else:
            return


def _go_on(runtime: ServiceRuntime) -> None:
    rows = count(1)
    state = _state(runtime)
    if state is None or state.finished:
        return
    plan = plan_import(
        profiles=PROFILES,
        reorganisations=REORGANISATIONS,
        services=DIGITAL_SERVICES,
        clock=runtime.clock,
        pause=lambda: None if next(rows) % ROWS else _yield(),
    )
    if plan.faults:
        log.error("map_import_faulty", fault=str(plan.faults[0]), faults=len(plan.faults))
        return
    done, refused = state.done, state.refused
    _tell(runtime, plan, done, refused)
    for batch in plan.batches(BATCH, done):
        answers = runtime.execute_many(batch)
        done += len(answers)
        refused += sum(not answer.accepted for answer in answers)
        if done % TOLD_EVERY == 0 or done == len(plan.commands):
            _tell(runtime, plan, done, refused)
        _yield()


def _tell(runtime: ServiceRuntime, plan: ImportPlan, done: int, refused: int) -> None:
    total = len(plan.commands)
    said = {"edition": edition(), "done": done, "total": total, "refused": refused}
    told = {**said, "stage": _stage(plan.commands[max(done, 1) - 1])}
    envelope = {"command_id": str(derived_id("map_import", *told.values())), "actor": ACTOR}
    runtime.execute("advance_map_import", {**told, **envelope, "at": to_text(runtime.clock())})


def _stage(command: Command) -> Stage:
    about: Stage = "plans" if "policy" in command.name else "services"
    return _STAGES.get(command.name, about)


def _state(runtime: ServiceRuntime) -> MapImport | None:
    stream = MAP_IMPORT.stream_of(NATIONAL)
    with runtime.database.look() as connection:
        rows = store.load(connection, [stream])[stream]
    return MAP_IMPORT.fold(None, MAP_IMPORT.codec.decode_all(rows))


def _yield() -> None:
    """Let others on: where threads are green nothing else does."""
    time.sleep(0)
