"""Words as people write them, brought into one form: NFC, one line, single spaces."""

import re
import unicodedata

MAX_LENGTH = 200
"""Characters a name, number or title may have."""
_BLANKS = re.compile(r"\s+")


def one_line(text: str) -> str:
    """`text` in NFC, outer blanks removed, inner ones single."""
    return _BLANKS.sub(" ", unicodedata.normalize("NFC", text)).strip()


def has_invisible(text: str) -> bool:
    """True when `text` holds control or unassigned characters, or half a surrogate pair."""
    return not text.isprintable() and any(unicodedata.category(c) in ("Cc", "Cn", "Cs", "Co") for c in text)
