"""The tiers of administrative units, a data file: any number of them, each under any of a higher rank.

Hamlets lie below the lowest tier and are none themselves.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).parent / "tiers.toml"


@dataclass(frozen=True, slots=True)
class Tier:
    """One tier; `tiers.toml` says what each field means."""

    code: str
    rank: int
    word: str
    digits: int
    alone: bool


@cache
def tiers() -> tuple[Tier, ...]:
    """All of them, from the highest down."""
    said = tomllib.loads(FILE.read_text(encoding="utf-8"))["tiers"]
    return tuple(sorted((Tier(**tier) for tier in said), key=lambda tier: tier.rank))


def tier(code: str) -> Tier:
    """The tier of this code. Raises `ValueError`, which names those there are."""
    for each in tiers():
        if each.code == code:
            return each
    raise ValueError(f"phải là một trong: {', '.join(each.code for each in tiers())}")


def above(code: str) -> tuple[Tier, ...]:
    """The tiers of a higher rank, from the highest down."""
    return tuple(each for each in tiers() if each.rank < tier(code).rank)


def of_digits(digits: int, among: tuple[Tier, ...]) -> Tier | None:
    """The lowest of some tiers whose codes have so many digits."""
    return next((each for each in reversed(among) if each.digits == digits), None)


def lowest() -> Tier:
    """The tier hamlets lie in."""
    return tiers()[-1]
