"""What was measured, three times: a table on the screen, `results.json` for programs, `results.md` for people."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.machine import Fact
from benchmarks.rounds import brief

HOME = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `ratio` is what `goal` speaks of where there is a peer; else `ours` is."""

    name: str
    ours: float
    peer: float | None
    ratio: float | None
    goal: str
    unit: str
    met: bool | None
    """None where nothing was aimed at."""
    note: str = ""

    def as_json(self) -> dict[str, str | float | None]:
        """The keys programs read."""
        return {
            "name": self.name,
            "ours": _rounded(self.ours),
            "peer": _rounded(self.peer),
            "ratio": _rounded(self.ratio),
            "goal": self.goal,
            "unit": self.unit,
        }


def _rounded(figure: float | None) -> float | None:
    return None if figure is None else float(f"{figure:.4g}")


def compared(name: str, ours: float, peer: float, least: float, unit: str, note: str) -> Row:
    """A row of two speeds: ours must be at least `least` times the peer's."""
    return Row(name, ours, peer, ours / peer, f"≥ {least:g}×", unit, ours / peer >= least, note)


def limited(name: str, ours: float, most: float, unit: str, note: str) -> Row:
    """A row of one figure that must stay below `most`."""
    return Row(name, ours, None, None, f"< {most:g} {unit}".rstrip(), unit, ours < most, note)


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    lines = ["| question | ours | peer | ratio | goal | met |", "|---|---|---|---|---|---|"]
    for row in rows:
        peer = "–" if row.peer is None else f"{brief(row.peer)} {row.unit}"
        ratio = "–" if row.ratio is None else f"{row.ratio:.2f}×"
        met = {None: "–", True: "yes", False: "**no**"}[row.met]
        cells = (row.name, f"{brief(row.ours)} {row.unit}", peer, ratio, row.goal or "–", met)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def write(rows: Sequence[Row], facts: Sequence[Fact], *, quick: bool, where: Path = HOME) -> None:
    """Both files, each replaced whole."""
    (where / "results.json").write_text(
        json.dumps([row.as_json() for row in rows], ensure_ascii=False, indent=2) + "\n"
    )
    parts = ["# Results", ""]
    if quick:
        parts += ["**Small sizes (`BENCH_QUICK=1`): a proof that it runs, not a measurement.**", ""]
    parts += [table(rows), "", "Medians of alternating runs. How each was run, and the lowest and highest run:", ""]
    parts += [f"- **{row.name}**: {row.note}" for row in rows if row.note]
    parts += ["", "| machine | |", "|---|---|", *(f"| {fact.name} | {fact.value} |" for fact in facts), ""]
    (where / "results.md").write_text("\n".join(parts))
