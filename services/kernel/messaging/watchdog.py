"""The watchdog: a parent that starts a process, looks at its progress from outside, and starts it again.

A process can be alive, connected and deaf. So what counts is its beat file: when that has not changed for
`stale_after`, the child gets SIGTERM, soon after SIGKILL, and is started again. Stale, stopped and started again
together stay under 60 s with the defaults.
"""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from services.kernel.messaging import beat

_POLL_SECONDS = 0.2
_PR_SET_PDEATHSIG = 1
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the watchdog waits, all in seconds."""

    stale_after: float = 30.0
    start_within: float = 60.0
    """For the first beat, e.g. while a database is migrated."""
    kill_after: float = 5.0
    """Between SIGTERM and SIGKILL for a stuck child."""
    stop_within: float = 35.0
    """The same for a child that was asked to stop and may drain."""
    longest_backoff: float = 15.0
    settled_after: float = 60.0
    """A child that ran this long is started again without backoff."""


PATIENCE = Patience()


def watch(argv: Sequence[str], beat_file: Path, patience: Patience = PATIENCE) -> int:
    """Keep `argv` running until told to stop by SIGTERM or SIGINT; gives back its exit status. Main thread only."""
    watchdog = _Watchdog(list(argv), beat_file, patience)
    before = {number: signal.signal(number, watchdog.on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        return watchdog.run()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@dataclass
class _Watchdog:
    argv: list[str]
    beat_file: Path
    patience: Patience
    stopping: int = 0
    """The signal we were stopped with."""
    child: "subprocess.Popen[bytes] | None" = field(default=None)

    def on_signal(self, number: int, _frame: object) -> None:
        self.stopping = number
        self._send(number)

    def run(self) -> int:
        failures = 0
        while True:
            started = time.monotonic()
            status = self._live_once()
            if self.stopping:
                return status if status >= 0 else 128 - status
            failures = 0 if time.monotonic() - started > self.patience.settled_after else failures + 1
            pause = 0.0 if failures == 0 else min(0.25 * 2**failures, self.patience.longest_backoff)
            _log.error("child_ended", argv=self.argv[:3], status=status, again_in_seconds=pause)
            if self._stopped_within(pause):
                return 0

    def _stopped_within(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while not self.stopping and time.monotonic() < until:
            time.sleep(_POLL_SECONDS)
        return self.stopping != 0

    def _live_once(self) -> int:
        """Start the child and see it to its end; its exit status, negative for a signal."""
        self.beat_file.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            self.beat_file.unlink()
        environment = {**os.environ, beat.BEAT_FILE_VARIABLE: str(self.beat_file)}
        # A session of its own: Ctrl-C at a terminal reaches us only, and the child hears of it once, from us.
        self.child = subprocess.Popen(
            self.argv,
            env=environment,
            start_new_session=True,
            preexec_fn=_die_with_parent,  # noqa: PLW1509 - unsafe only beside threads, and there are none here
        )
        if self.stopping:
            self._send(self.stopping)
        last, fresh_at, limit = b"", time.monotonic(), self.patience.start_within
        stopped_at: float | None = None
        while (status := self.child.poll()) is None:
            now = time.monotonic()
            seen = beat.raw(self.beat_file)
            if seen != last:
                last, fresh_at, limit = seen, now, self.patience.stale_after
            if self.stopping:
                stopped_at = stopped_at or now
                if now - stopped_at > self.patience.stop_within:
                    return self._kill(0.0)
            elif now - fresh_at > limit:
                _log.error("child_makes_no_progress", argv=self.argv[:3], seconds=round(now - fresh_at))
                return self._kill(self.patience.kill_after)
            time.sleep(_POLL_SECONDS)
        return status

    def _kill(self, after: float) -> int:
        """SIGTERM, then SIGKILL for the child and all it started."""
        child: Any = self.child
        self._send(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            return int(child.wait(after))
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        return int(child.wait())

    def _send(self, number: int) -> None:
        if self.child is not None and self.child.poll() is None:
            with suppress(ProcessLookupError):
                self.child.send_signal(number)


_libc = ctypes.CDLL(None)


def _die_with_parent() -> None:
    """Runs in the child: an unwatched process must not live on when its watchdog is killed."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
