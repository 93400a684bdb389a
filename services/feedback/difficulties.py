"""The catalogue of difficulties and of the bodies that receive them; data, not code (`data/*.csv`).

The Khmer labels await native review and are marked so in the file. `sla` names a deadline class (S0 the most urgent).
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias, cast

Severity: TypeAlias = Literal["S0", "S1", "S2", "S3"]

_DATA = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class Difficulty:
    """One row: `first_body` receives the case, `owner_bodies` can solve it for good."""

    code: str
    vi: str
    first_body: str
    owner_bodies: tuple[str, ...]
    sla: Severity


@cache
def difficulties() -> Mapping[str, Difficulty]:
    """The shipped difficulties by code; the file is read once."""
    return {
        row["code"]: Difficulty(
            row["code"],
            row["vi"],
            row["first_body"],
            tuple(row["owner_bodies"].split()),
            cast("Severity", row["sla"]),
        )
        for row in _rows("difficulties.csv")
    }


@cache
def bodies() -> Mapping[str, str]:
    """Names of the bodies that receive cases, by code."""
    return {row["code"]: row["vi"] for row in _rows("bodies.csv")}


def _rows(file_name: str) -> list[dict[str, str]]:
    with (_DATA / file_name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
