"""What a file is, found in its content."""

import zlib
from typing import Any

import pytest

from gateway.media_types import MOST_FRAMES, MOST_PARTS, PIECE, CutShort, NotAccepted, WrongType, media_type_of
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


EMPTY_CHUNK = b"\0\0\0\0IDAT" + zlib.crc32(b"IDAT").to_bytes(4, "big")
EMPTY_BOX = b"\0\0\0\x08free"
SCAN_DATA = b"\x12\xff\x00"


class Watched(bytes):
    """A file that counts how often its bytes are asked for."""

    steps = 0

    def __getitem__(self, at: Any) -> Any:
        self.steps += 1
        return super().__getitem__(at)


def chunks(many: int) -> bytes:
    return png().replace(b"\0\0\0\0IEND", EMPTY_CHUNK * many + b"\0\0\0\0IEND")


def test_a_file_of_more_parts_than_any_real_one_is_refused() -> None:
    short = bytes([0xFF, 0xF3, 0x14, 0x00]).ljust(24, b"\0")  # MPEG 2, 8 kbit/s, 24,000 samples a second
    for few, many in (
        (chunks(1000), chunks(MOST_PARTS)),
        (mp4() + EMPTY_BOX * 1000, mp4() + EMPTY_BOX * MOST_PARTS),
        (b"\xff\xd8" + b"\xff\x01" * 1000 + jpeg()[2:], b"\xff\xd8" + b"\xff\x01" * MOST_PARTS + jpeg()[2:]),
        (short * 1000, short * (MOST_FRAMES + 1)),
    ):
        assert media_type_of(few)
        with pytest.raises(WrongType):
            media_type_of(many)


def test_a_picture_s_data_and_padding_are_gone_through_in_few_steps_however_long() -> None:
    for long in (
        jpeg().replace(SCAN_DATA, SCAN_DATA * PIECE),
        jpeg().replace(SCAN_DATA, b"\xff\xd0" * PIECE),
        jpeg().replace(b"\xff\xd9", b"\xff" * PIECE * 2 + b"\xd9"),
        b"\xff\xd8" + b"\xff" * PIECE * 2 + jpeg()[2:],
    ):
        watched = Watched(long)
        assert media_type_of(watched) == "image/jpeg"
        assert watched.steps < 50
        for cut in (long[:-1], long[: PIECE + 1], long[: PIECE * 2]):
            with pytest.raises(CutShort):
                media_type_of(cut)


@pytest.mark.parametrize("shift", range(-3, 4))
def test_a_marker_is_seen_where_two_pieces_meet(shift: int) -> None:
    before = jpeg().index(SCAN_DATA)
    data = b"\x12" * (PIECE + shift)
    whole = jpeg()[:before] + data + b"\xff\xd9"
    assert media_type_of(whole) == "image/jpeg"
    with pytest.raises(CutShort):
        media_type_of(whole[:-1])


def test_a_chunk_of_several_pieces_is_summed_as_one() -> None:
    body = b"IDAT" + bytes(range(256)) * (PIECE // 100)
    chunk = (len(body) - 4).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
    large = png().replace(b"\0\0\0\0IEND", chunk + b"\0\0\0\0IEND")
    assert media_type_of(large) == "image/png"
    damaged = bytearray(large)
    damaged[-100] ^= 1
    with pytest.raises(CutShort):
        media_type_of(bytes(damaged))
