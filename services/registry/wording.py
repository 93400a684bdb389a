"""Words as people write them, brought into one form: NFC, one line, single spaces, at most 200 characters in a name.

Vietnamese arrives in two encodings that look alike; phones of one maker send the decomposed one (domain.md E21).
"""

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from services.kernel.words import MAX_LENGTH, has_invisible, one_line


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
Passage = Annotated[str, BeforeValidator(_normalised), Field(min_length=1, max_length=2000), AfterValidator(_visible)]
"""What is to be done, or was, in the same form; one that everybody reads is also to pass `public_text.check_public`."""
