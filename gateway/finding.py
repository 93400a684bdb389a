"""Finding rows by words, without marks: a table's folded column holds what `vietnamese.fold` makes of its texts."""

from typing import Any

from sqlalchemy import ColumnElement, literal

from gateway.vietnamese import fold

_MOST_CHARACTERS, _MOST_WORDS = 200, 8


def words_of(text: str | None) -> list[str]:
    """The words looked for: at most eight, folded. None and "" look for nothing and leave nothing out."""
    return fold((text or "")[:_MOST_CHARACTERS]).split()[:_MOST_WORDS]


def begins_a_word(folded: ColumnElement[str], word: str) -> ColumnElement[bool]:
    """`word` begins a word of the column, so that "an" does not find "Hoan"."""
    found: ColumnElement[bool] = (literal(" ") + folded).contains(f" {word}", autoescape=True)
    return found


def mentions(folded: ColumnElement[Any], text: str | None) -> list[ColumnElement[bool]]:
    """Every word of `text` begins a word of the column; marks and case do not matter."""
    return [begins_a_word(folded, word) for word in words_of(text)]
