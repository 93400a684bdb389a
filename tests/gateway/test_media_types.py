"""What a file is, found in its content."""

import pytest

from gateway.media_types import CutShort, NotAccepted, WrongType, media_type_of
from tests.gateway.media import WHOLE, jpeg, mp3, mp4, pdf, png

KINDS = list(WHOLE)


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_file_is_what_its_content_says(kind: str) -> None:
    assert media_type_of(WHOLE[kind]) == kind


@pytest.mark.parametrize("kind", KINDS)
def test_no_part_of_a_file_passes_for_the_whole(kind: str) -> None:
    whole = WHOLE[kind].removesuffix(b"TAG".ljust(128, b"\0")).rstrip(b"\n")
    for length in range(len(whole)):
        with pytest.raises(NotAccepted):
            media_type_of(whole[:length])


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"MZ\x90\0",
        b"<html><script>alert(1)</script></html>",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"PK\3\4 a document of an office",
        b"GIF89a",
        b" " + pdf(),
        b"\0\0\0\x18ftypheic" + mp4(),
        png() + b"<html>",
        b"ID3\4\0\0" + bytes([0, 0, 0, 10]) + b"\0" * 20 + b"no sound at all",
        bytes([0xFF, 0xFB, 0x90, 0x00]) * 2,
    ],
)
def test_other_kinds_and_what_only_looks_like_one_are_refused(text: bytes) -> None:
    with pytest.raises(NotAccepted):
        media_type_of(text)


def test_damage_in_the_middle_is_seen_where_the_format_can_tell() -> None:
    broken = bytearray(png())
    broken[20] ^= 1
    for damaged in (bytes(broken), jpeg().replace(b"\xff\xda", b"\x00\xda"), mp3().replace(b"\xff\xfb", b"\0\0", 3)):
        with pytest.raises(NotAccepted):
            media_type_of(damaged)
    with pytest.raises(CutShort):
        media_type_of(pdf().replace(b"startxref\n", b"startxref\n99999"))
    with pytest.raises(WrongType):
        media_type_of(b"%PDF-9.9" + pdf())
