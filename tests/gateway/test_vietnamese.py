"""Folding and sorting Vietnamese."""

import unicodedata

import pytest

from gateway.vietnamese import fold, sort_key


def test_the_alphabet_is_in_dictionary_order() -> None:
    letters = list("aăâbcdđeêghiklmnoôơpqrstuưvxy")
    assert sorted(set(letters), key=sort_key) == letters


def test_tones_decide_only_after_letters() -> None:
    assert sorted(["mạ", "má", "mã", "mả", "mà", "ma", "mab"], key=sort_key) == [
        *["ma", "mà", "mả", "mã", "má", "mạ"],
        "mab",
    ]
    assert sort_key("Mái Dầm") < sort_key("Mai Đầm")


def test_numbers_sort_by_value() -> None:
    names = ["Phường 1", "Phường 2", "Phường 10", "Phường 010A", "Phường An"]
    assert sorted(set(names), key=sort_key) == names


def test_composed_and_decomposed_text_are_the_same() -> None:
    name = "Xã Đường Hoà"
    assert sort_key(unicodedata.normalize("NFD", name)) == sort_key(name)
    assert fold(unicodedata.normalize("NFD", name)) == fold(name) == "xa duong hoa"


@pytest.mark.parametrize(("text", "folded"), [("ĐẤT MŨI", "dat mui"), ("Phú-Tân  (cũ)", "phu tan cu"), ("Hòa", "hoa")])
def test_folding_leaves_bare_words(text: str, folded: str) -> None:
    assert fold(text) == folded
