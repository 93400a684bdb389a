"""Vietnamese text as people look for it and as dictionaries sort it, the same on every database.

`fold` is for finding: no marks, no case, đ as d. `sort_key` is for ordering and cursors: letters first (a ă â b c d đ
…), then tones (ngang, huyền, hỏi, ngã, sắc, nặng: the order of CLDR's Vietnamese collation), then case. Numbers inside
names sort by value, so that Phường 2 comes before Phường 10.
"""

import unicodedata
from itertools import groupby

_ALPHABET = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_RANK = {letter: rank for rank, letter in enumerate(_ALPHABET, start=0x30)}
_TONES = {"\u0300": 2, "\u0309": 3, "\u0303": 4, "\u0301": 5, "\u0323": 6}
_NUMBER = 0x10
_OTHER = 0x60
_GAP = 0x02
"""Spaces and punctuation sort before everything, so a shorter name comes before its longer kin."""


def fold(text: str) -> str:
    """Lower-case letters and digits without marks, words parted by one space: 'Tổ ấp Đường Cày' → 'to ap duong cay'."""
    bare = unicodedata.normalize("NFD", unicodedata.normalize("NFC", text).casefold().replace("đ", "d"))
    kept = (c for c in bare if unicodedata.category(c) != "Mn")
    return " ".join("".join(c if c.isalnum() else " " for c in kept).split())


def sort_key(text: str) -> bytes:
    """Bytes that compare as the texts sort. Not reversible; never empty."""
    letters, tones, cases = bytearray(), bytearray(), bytearray()
    for is_number, run in groupby(unicodedata.normalize("NFC", text.strip()), key=_is_digit):
        part = "".join(run)
        if is_number:
            digits = part.lstrip("0")[:200]
            letters += bytes([_NUMBER, 1 + len(digits)]) + digits.encode()
            continue
        for character in part:
            letter, tone = _apart(character.lower())
            letters += _letter(letter)
            tones.append(tone)
            cases.append(2 if character.isupper() else 1)
    return bytes(letters) + b"\0" + bytes(tones) + b"\0" + bytes(cases)


def _is_digit(character: str) -> bool:
    return character.isascii() and character.isdigit()


def _apart(character: str) -> tuple[str, int]:
    """The letter without its tone (ê stays ê), and the tone's rank."""
    tone, kept = 1, []
    for mark in unicodedata.normalize("NFD", character):
        tone = max(tone, _TONES.get(mark, 1))
        if mark not in _TONES:
            kept.append(mark)
    return unicodedata.normalize("NFC", "".join(kept)), tone


def _letter(letter: str) -> bytes:
    if letter in _RANK:
        return bytes([_RANK[letter]])
    if not letter.isalnum():
        return bytes([_GAP])
    return bytes([_OTHER]) + ord(letter[0]).to_bytes(3)
