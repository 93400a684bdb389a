"""How long a fault test runs, and the dated report of a soak run."""

import os
import platform
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
ROOT = Path(__file__).parent.parent
REPORTS = ROOT / "docs" / "soak"


@dataclass
class Scale:
    """`scale(3, 10)` is 3 in `make test` and 10 in `make soak`; `measured` notes a figure for the report."""

    soak: bool = field(default_factory=lambda: bool(os.environ.get("CAUSO_SOAK")))
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    rows: list[tuple[str, str, str]] = field(default_factory=list)

    def __call__(self, short: T, long: T) -> T:
        return long if self.soak else short

    def measured(self, row: str, demanded: str, figure: str) -> None:
        """Note what was found for a row of the promises. Shown with `-s`, and kept by a soak run."""
        self.rows.append((row, demanded, figure))
        print(f"row {row}: demanded {demanded}; measured {figure}")  # noqa: T201 - the figure is the point

    def report(self, outcomes: dict[str, str]) -> Path:
        """Write the report of this run; returns where it lies."""
        REPORTS.mkdir(parents=True, exist_ok=True)
        path = REPORTS / f"{self.started:%Y-%m-%d-%H%M}.md"
        took = (datetime.now(UTC) - self.started).total_seconds() / 60
        counts = ", ".join(f"{list(outcomes.values()).count(kind)} {kind}" for kind in sorted(set(outcomes.values())))
        lines = [
            f"# Soak run of {self.started:%Y-%m-%d %H:%M} UTC",
            "",
            f"`make soak`, commit {_commit()}, {took:.0f} minutes; tests: {counts or 'none'}.",
            "",
            f"Machine: {_machine()}",
            "",
            "| row | demanded | measured |",
            "|---|---|---|",
            *(f"| {row} | {demanded} | {figure} |" for row, demanded, figure in self.rows),
            "",
        ]
        if failed := [f"- {name}" for name, kind in outcomes.items() if kind == "failed"]:
            lines += ["Failed:", "", *failed, ""]
        path.write_text("\n".join(lines), encoding="utf-8")
        return path


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0))
    system = f"{platform.system()} {platform.release().split('-')[0]}"
    return f"{cores} cores {platform.machine()}, {memory:.0f} GB memory, {system}, Python {platform.python_version()}"


def _commit() -> str:
    asked = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() or "unknown"
