"""Finding a commune by any name it has or had: without marks, by its old name, by its district or province.

What was split over several communes gives each of them, marked as a part, so that the person chooses.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, literal, select

from gateway.units import COLUMNS, LIVE, Unit, in_force, told_on, unit_from
from gateway.vietnamese import fold

LIMIT = 20
_MAX_WORDS = 8


@dataclass(frozen=True, slots=True)
class Found:
    """A commune of today, why it was found (`formerly`: the old name that matched), and whether only in `part`."""

    unit: Unit
    province: str
    formerly: str | None = None
    part: bool = False


def find_communes(connection: Connection, text: str, as_of: date, *, limit: int = LIMIT) -> list[Found]:
    """Communes that stand on `as_of` and match every word of `text`; best first. Empty text finds nothing."""
    words = fold(text[:200]).split()[:_MAX_WORDS]
    if not words:
        return []
    found: dict[str, tuple[tuple[Any, ...], Found]] = {}
    for formerly, rows in ((False, _current(connection, words, as_of)), (True, _former(connection, words, as_of))):
        for row in rows:
            hit = Found(
                unit_from(row, as_of), row.province or "", row.old_name if formerly else None, formerly and row.part
            )
            rank = (_rank(row.matched, words), formerly, formerly and not row.seat, row.sort_key)
            if row.unit not in found or rank < found[row.unit][0]:
                found[row.unit] = (rank, hit)
    return [hit for _, hit in sorted(found.values(), key=lambda ranked: ranked[0])][:limit]


def _rank(matched: str, words: list[str]) -> int:
    """0: the name itself; 1: the name without its kind; 2: begins so; 3: all words in the name; 4: also elsewhere."""
    wanted = " ".join(words)
    bare = matched.split(" ", 1)[-1]
    if matched == wanted:
        return 0
    if wanted in (bare, bare.split(" ", 1)[-1]):
        return 1
    if matched.startswith(wanted) or bare.startswith(wanted):
        return 2
    return 3 if all(word in matched.split() for word in words) else 4


def _current(connection: Connection, words: list[str], as_of: date) -> Any:
    units = LIVE.units
    above, province = (_above(units, "search_text", as_of, tiers) for tiers in (1, 2))
    names = (_above(units, "name", as_of, tiers) for tiers in (2, 1))
    query = (
        select(*COLUMNS, units.c.sort_key, units.c.search_text.label("matched"))
        .add_columns(func.coalesce(*names).label("province"))
        .where(units.c.level == "commune", in_force(as_of))
        .where(*_all_words(_joined(units.c.search_text, above, province), words))
        .order_by(func.length(units.c.search_text), units.c.sort_key)
        .limit(10 * LIMIT)
    )
    return connection.execute(query)


def _former(connection: Connection, words: list[str], as_of: date) -> Any:
    """Communes of today through a unit of the past that matches, itself or with its district and province of then."""
    units, old, gone = LIVE.units, LIVE.units.alias("old"), LIVE.successions
    above, province = (_above(old, "search_text", gone.c.on_day, tiers) for tiers in (1, 2))
    query = (
        select(*COLUMNS, units.c.sort_key, old.c.search_text.label("matched"), old.c.name.label("old_name"))
        .add_columns(gone.c.part, gone.c.seat, _above(units, "name", as_of, 1).label("province"))
        .join(gone, gone.c.successor == units.c.unit)
        .join(old, old.c.unit == gone.c.unit)
        .where(units.c.level == "commune", in_force(as_of))
        .where(*_all_words(_joined(old.c.search_text, above, province), words))
        .order_by(func.length(old.c.search_text), units.c.sort_key)
        .limit(10 * LIMIT)
    )
    return connection.execute(query)


def _above(of: Any, column: str, day: Any, tiers: int) -> Any:
    """A column of the unit one or two tiers above a unit on a day.

    A look-up a row, not a join: before the table is analysed a plan may compare every unit with every other.
    """
    parent, grandparent = LIVE.units.alias(f"{of.name}_parent"), LIVE.units.alias(f"{of.name}_grandparent")
    found = parent if tiers == 1 else grandparent
    query = select(found.c[column]).where(parent.c.unit == of.c.parent, told_on(day, parent))
    if tiers > 1:
        query = query.where(grandparent.c.unit == parent.c.parent, told_on(day, grandparent))
    return query.correlate(of, LIVE.successions).scalar_subquery()


def _joined(*texts: Any) -> Any:
    # A space before each, so that a word is found from its beginning and "an" does not find "Hoan".
    whole: Any = literal("")
    for text in texts:
        whole = whole + literal(" ") + func.coalesce(text, "")
    return whole


def _all_words(haystack: Any, words: list[str]) -> list[Any]:
    return [haystack.contains(f" {word}", autoescape=True) for word in words]
