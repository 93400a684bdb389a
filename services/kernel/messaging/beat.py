"""The beat: a small file a process rewrites whenever it makes progress, for a watchdog outside it and for people.

A reader that can wait should look for *change* (`raw`), which needs no clock in common with the writer.
"""

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from services.kernel.clock import from_text, system_clock, to_text

BEAT_FILE_VARIABLE = "CAUSO_BEAT_FILE"
LEAST_SECONDS = 0.5
"""A state that has not changed is written no more often than this."""


class Beat:
    """Writes the beat file; without a path it does nothing. Any thread may touch it."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._state = ""
        self._written_at = float("-inf")
        self._count = 0

    def touch(self, state: str) -> None:
        """There was progress; `state` is one word. Never raises: a full disk must not stop the work."""
        now = time.monotonic()
        if self._path is None or (state == self._state and now - self._written_at < LEAST_SECONDS):
            return
        self._state, self._written_at = state, now
        self._count += 1
        draft = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        with suppress(OSError):
            draft.write_text(f"{to_text(system_clock())} {self._count} {state}\n", encoding="utf-8")
            draft.replace(self._path)


@dataclass(frozen=True, slots=True)
class LastBeat:
    """What a beat file says: the state, and how many seconds ago by the wall clock."""

    state: str
    age: float


def raw(path: Path) -> bytes:
    """The file as it is, empty when there is none; two readings that differ mean progress."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def last(path: Path) -> LastBeat | None:
    """The last beat, or None when there is none that can be read."""
    written, _, rest = raw(path).decode(errors="replace").partition(" ")
    try:
        return LastBeat(rest.partition(" ")[2].strip(), (system_clock() - from_text(written)).total_seconds())
    except ValueError:
        return None
