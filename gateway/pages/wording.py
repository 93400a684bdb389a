"""Everyday words for catalogue codes: tiles, difficulties, apps and bodies; data, not code (`data/*.csv`)."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_DATA = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class Tile:
    """One picture tile: what it says, and the difficulties behind it, the likeliest first."""

    name: str
    label: str
    hint: str
    difficulties: tuple[tuple[str, str], ...]

    @property
    def codes(self) -> tuple[str, ...]:
        """Catalogue codes behind the tile; the first is meant when nothing closer is chosen."""
        return tuple(code for code, _ in self.difficulties)


@cache
def tiles() -> Mapping[str, Tile]:
    """The tiles in the order shown."""
    found: dict[str, Tile] = {}
    for row in _rows("tiles.csv"):
        before = found.get(row["tile"])
        pair = (row["code"], row["label"])
        found[row["tile"]] = (
            Tile(before.name, before.label, before.hint, (*before.difficulties, pair))
            if before
            else Tile(row["tile"], row["tile_label"], row["tile_hint"], (pair,))
        )
    return found


@cache
def difficulty_labels() -> Mapping[str, str]:
    """What each difficulty is called, by catalogue code."""
    return {row["code"]: row["label"] for row in _rows("tiles.csv")}


@cache
def apps() -> Mapping[str, str]:
    """Everyday names of the apps a resident may be asked about, by catalogue code."""
    return {code: label for code, label in _app_rows().items() if label}


@cache
def unasked() -> frozenset[str]:
    """Catalogue codes a resident is not asked about: no app to have trouble with, or one that has another code too."""
    return frozenset(code for code, label in _app_rows().items() if not label)


@cache
def _app_rows() -> Mapping[str, str]:
    return {row["code"]: row["label"] for row in _rows("apps.csv")}


@cache
def bodies() -> Mapping[str, str]:
    """What the bodies that receive cases are called, by code."""
    return {row["code"]: row["label"] for row in _rows("bodies.csv")}


LANGUAGES = {"vi": "Tiếng Việt", "km": "ភាសាខ្មែរ", "en": "English"}


def _rows(name: str) -> list[dict[str, str]]:
    with (_DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
