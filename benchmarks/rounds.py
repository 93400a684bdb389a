"""Alternating runs: ours, peer, ours, peer …, so that a machine that slows down slows both."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import TypeAlias

Contestant: TypeAlias = Callable[[], float]
"""One run; returns its figure."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What the runs of one side gave."""

    runs: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle run, which one disturbed run cannot move."""
        return median(self.runs)

    @property
    def spread(self) -> str:
        """Lowest to highest."""
        return f"{brief(min(self.runs))}–{brief(max(self.runs))}"


def alternate(contestants: Mapping[str, Contestant], rounds: int, say: Callable[[str], None]) -> dict[str, Figures]:
    """Run every contestant once a round, in the given order, `rounds` times."""
    runs: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(1, rounds + 1):
        for name, run in contestants.items():
            runs[name].append(run())
        say(f"  round {number}: " + ", ".join(f"{name} {brief(found[-1])}" for name, found in runs.items()))
    return {name: Figures(tuple(found)) for name, found in runs.items()}


def brief(figure: float) -> str:
    """A figure as a person reads it: three digits that count."""
    if abs(figure) >= 100:
        return f"{figure:,.0f}"
    return f"{figure:.3g}"
