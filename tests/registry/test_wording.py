"""Words as people write them."""

import unicodedata

from hypothesis import given as for_all, strategies as some
from pydantic import TypeAdapter

from services.kernel.words import one_line
from services.registry.wording import Wording

WORDING = TypeAdapter[str](Wording)


@for_all(some.text())
def test_bringing_a_text_into_one_form_twice_changes_nothing_more(text: str) -> None:
    assert one_line(one_line(text)) == one_line(text)


@for_all(some.text(alphabet="aăâđeêioôơuưyAĂÂĐ ấếồợữỳ", min_size=1).filter(str.strip))
def test_composed_and_decomposed_letters_come_out_the_same(text: str) -> None:
    assert WORDING.validate_python(unicodedata.normalize("NFD", text)) == WORDING.validate_python(text)


def test_two_hundred_letters_are_counted_as_people_see_them() -> None:
    letters = "ấ" * 200
    assert WORDING.validate_python(unicodedata.normalize("NFD", letters)) == letters
