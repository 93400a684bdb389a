"""Words as people write them, brought into one form: NFC, one line, single spaces, at most 200 characters.

Vietnamese arrives in two encodings that look alike; phones of one maker send the decomposed one (domain.md E21).
"""

import re
import unicodedata
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

MAX_LENGTH = 200
_BLANKS = re.compile(r"\s+")


def one_line(text: str) -> str:
    """`text` in NFC, outer blanks removed, inner ones single."""
    return _BLANKS.sub(" ", unicodedata.normalize("NFC", text)).strip()


def has_invisible(text: str) -> bool:
    """True when `text` holds control or unassigned characters, or half a surrogate pair."""
    return not text.isprintable() and any(unicodedata.category(c) in ("Cc", "Cn", "Cs", "Co") for c in text)


def _normalised(value: Any) -> Any:
    return one_line(value) if isinstance(value, str) else value


def _visible(text: str) -> str:
    if has_invisible(text):
        raise ValueError("không được chứa ký tự điều khiển")
    return text


Wording = Annotated[
    str, BeforeValidator(_normalised), Field(min_length=1, max_length=MAX_LENGTH), AfterValidator(_visible)
]
"""A name, decision number or citation. Never a person's name: events carry none."""
