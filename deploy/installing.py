"""What the first start brings in: the real map, and demo data that says it is demo data.

Everything goes over the command bus with ids derived from the data, so a start that was killed halfway is simply done
again. A mark in `var/` spares later starts the looking.
"""

import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from deploy.connecting import ExecuteMany
from deploy.demo import demo_commands
from deploy.progress import progress
from services.kernel.bus import Answer, Payload
from services.registry.import_map import COURSES, DIGITAL_SERVICES, PROFILES, REORGANISATIONS, plan_import

SETTLE_SECONDS = 600.0
Step = tuple[str, list[tuple[str, Payload]]]


class InstallationRefused(RuntimeError):
    """A service refused what comes with the project; the message says what."""


def install(execute_many: ExecuteMany, settled: Callable[[], bool], var_dir: Path, today: date, *, demo: bool) -> None:
    """Bring in what is not there yet. Raises `InstallationRefused`."""
    _once(var_dir / "map.installed", "bản đồ hành chính", _map_steps, execute_many, settled)
    if demo:
        _once(var_dir / "demo.installed", "dữ liệu mẫu", lambda: _demo_steps(today), execute_many, settled)


def _once(
    mark: Path, title: str, steps: Callable[[], list[Step]], execute_many: ExecuteMany, settled: Callable[[], bool]
) -> None:
    if mark.exists():
        return
    todo = steps()
    total, done, service = sum(len(commands) for _, commands in todo), 0, ""
    with progress(title) as show:
        for owner, commands in todo:
            if owner != service:
                # Another service may have to know of what was said before: it refuses what it has not heard of.
                _settle(settled)
                service = owner
            _accept(execute_many(owner, commands))
            done += len(commands)
            show(done, total)
        _settle(settled)
    mark.write_text(f"{total}\n")


def _map_steps() -> list[Step]:
    plan = plan_import(profiles=PROFILES, reorganisations=REORGANISATIONS, services=DIGITAL_SERVICES, courses=COURSES)
    if plan.faults:
        raise InstallationRefused(str(plan.faults[0]))
    return [("registry", batch) for batch in plan.batches()]


def _demo_steps(today: date) -> list[Step]:
    return [(step.service, step.commands) for step in demo_commands(today)]


def _accept(answers: list[Answer]) -> None:
    for answer in answers:
        if not answer.accepted:
            raise InstallationRefused(f"{answer.code}: {answer.message}")


def _settle(settled: Callable[[], bool]) -> None:
    until = time.monotonic() + SETTLE_SECONDS
    while not settled():
        if time.monotonic() > until:
            raise InstallationRefused("the followers do not catch up; see the log")
        time.sleep(0.05)
