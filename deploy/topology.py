"""The distributed run on one machine: every role a process of its own, each under its watchdog.

What `make up` starts and what the distributed tests kill. A role's process is put back when it ends; its log lies in
`<folder>/logs`, its beat in `<folder>/beats`.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy import system
from deploy.local import processes

STOP_SECONDS = 30.0
LONGEST_PAUSE_SECONDS = 10.0
GATEWAY = "gateway"


class RoleDidNotStart(RuntimeError):
    """A role ended at once; the message carries the end of its log."""


@dataclass(frozen=True, slots=True)
class Role:
    """One process: `arguments` are those of the command `causo`."""

    name: str
    arguments: tuple[str, ...]


def roles() -> list[Role]:
    """Every role of the system, services first, the gateway's edge last."""
    found = [Role(name, ("service", name)) for name in system.SERVICES]
    found += [Role(f"{name}-relay", ("relay", name)) for name in system.SERVICES]
    for name, consumer in system.consumers().items():
        if consumer.projections or consumer.process_managers:
            found.append(Role(f"{name}-follower", ("subscribe", name)))
    return [*found, Role(GATEWAY, ("gateway",))]


@dataclass
class _Running:
    role: Role
    process: subprocess.Popen[bytes] | None = None
    ended: int = 0
    again_at: float = 0.0


@dataclass
class Topology:
    """Processes of some roles in one environment. Not thread-safe: start and tend it from the main thread."""

    environment: Mapping[str, str]
    """Variables `CAUSO_*` of the roles; the rest comes from our own environment."""
    folder: Path
    watched: bool = True
    """Run each role under `causo watch`; a test that kills roles itself may do without."""
    _running: dict[str, _Running] = field(default_factory=dict, repr=False)

    def start(self, wanted: Sequence[Role] | None = None) -> None:
        """Start roles, all of them unless named."""
        for place in ("logs", "beats"):
            (self.folder / place).mkdir(parents=True, exist_ok=True)
        for role in roles() if wanted is None else wanted:
            self._running[role.name] = running = _Running(role)
            self._spawn(running)

    def add(self, role: Role, replica: str) -> str:
        """Start one more process of a role; returns the name it is known by here."""
        name = f"{role.name}-{replica}"
        self.start([Role(name, role.arguments)])
        return name

    def tend(self) -> list[str]:
        """Start again what ended, later each time it ends; returns the names of what was started."""
        started = []
        for name, running in self._running.items():
            if running.process is None or running.process.poll() is None:
                continue
            now = time.monotonic()
            if not running.again_at:
                running.ended += 1
                running.again_at = now + min(0.2 * 2**running.ended, LONGEST_PAUSE_SECONDS)
            elif now >= running.again_at:
                running.again_at = 0.0
                self._spawn(running)
                started.append(name)
        return started

    def pid(self, name: str) -> int:
        """Process id of what was started for a role (its watchdog, when watched); 0 when it ended."""
        process = self._running[name].process
        return process.pid if process is not None and process.poll() is None else 0

    def names(self) -> list[str]:
        """Every process by name."""
        return list(self._running)

    def log(self, name: str) -> Path:
        """What a role wrote."""
        return self.folder / "logs" / f"{name}.log"

    def beat(self, name: str) -> Path:
        """The file a role touches whenever it makes progress; it exists once the role works."""
        return self.folder / "beats" / name

    def await_beats(self, seconds: float = 60.0) -> None:
        """Return when every role has made progress since its start. Raises `RoleDidNotStart`."""
        until = time.monotonic() + seconds
        waiting = self.names()
        while waiting := [name for name in waiting if not self.beat(name).exists()]:
            for name in waiting:
                if time.monotonic() > until or not self.pid(name):
                    raise RoleDidNotStart(f"{name} did not start. The end of its log:\n{self._end_of_log(name)}")
            time.sleep(0.1)

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to a role's process and, when it is to die, wait until it has."""
        process = self._running[name].process
        if process is not None and process.poll() is None:
            process.send_signal(how)
            if how in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT):
                process.wait(STOP_SECONDS)

    def restart(self, name: str) -> None:
        """Start a role that ended, at once."""
        running = self._running[name]
        if running.process is None or running.process.poll() is not None:
            running.again_at = 0.0
            self._spawn(running)

    def stop(self) -> None:
        """End everything cleanly: first the edges that take work, then those that carry it on."""
        order = sorted(self._running.values(), key=lambda running: running.role.name.endswith(("-relay", "-follower")))
        for running in order:
            if running.process is not None and running.process.poll() is None:
                running.process.terminate()
        until = time.monotonic() + STOP_SECONDS
        for running in order:
            if running.process is not None:
                try:
                    running.process.wait(max(0.1, until - time.monotonic()))
                except subprocess.TimeoutExpired:
                    running.process.kill()
                    running.process.wait()

    def _spawn(self, running: _Running) -> None:
        name = running.role.name
        self.beat(name).unlink(missing_ok=True)
        causo = [sys.executable, "-m", "deploy"]
        command = [*causo, *running.role.arguments]
        if self.watched:
            command = [*causo, "watch", "--", *command]
        environment = {**os.environ, **self.environment, "CAUSO_BEAT_FILE": str(self.beat(name)), "PYTHONUTF8": "1"}
        with self.log(name).open("ab") as output:
            running.process = subprocess.Popen(
                processes.dying_with_us(command, signal.SIGTERM),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment,
                cwd=Path(__file__).parent.parent,
                start_new_session=True,
            )

    def _end_of_log(self, name: str) -> str:
        return self.log(name).read_text(errors="replace")[-2000:] if self.log(name).exists() else ""
