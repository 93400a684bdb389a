"""Finding a commune by any name it has or had: without marks, by its old name, by its district or province.

What was split over several communes gives each of them, marked as a part, so that the person chooses.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, literal, select

from gateway.units import COLUMNS, LIVE, Unit, in_force, told_on, unit_from, unknown_on
from gateway.vietnamese import fold
from services.kernel.tiers import lowest, tiers

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
    hits = [hit for _, hit in sorted(found.values(), key=lambda ranked: ranked[0])][:limit]
    unknown = unknown_on(connection, [hit.unit.unit for hit in hits], as_of)
    return [hit for hit in hits if hit.unit.unit not in unknown]


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
    query = (
        select(*COLUMNS, units.c.sort_key, units.c.search_text.label("matched"))
        .add_columns(_province(units, as_of))
        .where(units.c.level == lowest().code, in_force(as_of))
        .where(*_all_words(_joined(units.c.search_text, *_all_above(units, "search_text", as_of)), words))
        .order_by(func.length(units.c.search_text), units.c.sort_key)
        .limit(10 * LIMIT)
    )
    return connection.execute(query)


def _former(connection: Connection, words: list[str], as_of: date) -> Any:
    """Communes of today through a unit of the past that matches, itself or with what lay above it then."""
    units, old, gone = LIVE.units, LIVE.units.alias("old"), LIVE.successions
    query = (
        select(*COLUMNS, units.c.sort_key, old.c.search_text.label("matched"), old.c.name.label("old_name"))
        .add_columns(gone.c.part, gone.c.seat, _province(units, as_of))
        .join(gone, gone.c.successor == units.c.unit)
        .join(old, old.c.unit == gone.c.unit)
        .where(units.c.level == lowest().code, in_force(as_of))
        .where(*_all_words(_joined(old.c.search_text, *_all_above(old, "search_text", gone.c.on_day)), words))
        .order_by(func.length(old.c.search_text), units.c.sort_key)
        .limit(10 * LIMIT)
    )
    return connection.execute(query)


def _province(of: Any, day: date) -> Any:
    """The name of the province a unit lies in; of a unit without one, that of the highest above it."""
    provinces, names = _all_above(of, "name", day, "province"), _all_above(of, "name", day)
    return func.coalesce(*provinces, *reversed(names)).label("province")


def _all_above(of: Any, column: str, day: Any, level: str | None = None) -> list[Any]:
    """A column of each unit above a unit on a day, nearest first: as many as there are tiers above the lowest."""
    return [_above(of, column, day, steps, level) for steps in range(1, len(tiers()))]


def _above(of: Any, column: str, day: Any, steps: int, level: str | None) -> Any:
    """A column of the unit so many steps above a unit on a day, if there is one (of that level).

    A look-up a row, not a join: before the table is analysed a plan may compare every unit with every other.
    """
    chain = [LIVE.units.alias(f"{of.name}_above_{step}") for step in range(1, steps + 1)]
    query = select(chain[-1].c[column])
    for below, each in zip([of, *chain], chain, strict=False):
        query = query.where(each.c.unit == below.c.parent, told_on(day, each))
    if level is not None:
        query = query.where(chain[-1].c.level == level)
    return query.correlate(of, LIVE.successions).scalar_subquery()


def _joined(*texts: Any) -> Any:
    # A space before each, so that a word is found from its beginning and "an" does not find "Hoan".
    whole: Any = literal("")
    for text in texts:
        whole = whole + literal(" ") + func.coalesce(text, "")
    return whole


def _all_words(haystack: Any, words: list[str]) -> list[Any]:
    return [haystack.contains(f" {word}", autoescape=True) for word in words]
