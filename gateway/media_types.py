"""What a file is, by its content and never by its name: PDF, PNG, JPEG, MP3, MP4, each whole to its end.

Every check walks the file's own structure (chunks, segments, frames, boxes), so that an upload that broke off is told
from one of another kind. Nothing is decoded, and nothing is promised about what a viewer makes of it.

Errors:

    NotAccepted
    ├── WrongType   FILE_TYPE        none of the kinds
    └── CutShort    FILE_CUT_SHORT   begins as one of them and does not end as it should
"""

import re
import struct
import zlib
from collections.abc import Callable
from typing import ClassVar, Protocol


class Content(Protocol):
    """Bytes that need not be in memory: `bytes`, or a mapped file."""

    def __len__(self) -> int: ...

    def __getitem__(self, at: slice, /) -> bytes: ...

    def find(self, sub: bytes, start: int = ..., end: int = ..., /) -> int: ...


class NotAccepted(Exception):
    """The file cannot be taken; `message` is Vietnamese."""

    code: ClassVar[str] = "FILE_NOT_ACCEPTED"
    message: ClassVar[str] = "Không nhận tệp này."


class WrongType(NotAccepted):
    """None of the kinds that are taken."""

    code = "FILE_TYPE"
    message = "Chỉ nhận tệp PDF, PNG, JPEG, MP3 hoặc MP4; tệp này không phải."


class CutShort(NotAccepted):
    """Part of the file is missing, or damaged."""

    code = "FILE_CUT_SHORT"
    message = "Tệp bị thiếu hoặc hỏng; xin gửi lại."


EXTENSIONS = {
    "application/pdf": "pdf",
    "image/png": "png",
    "image/jpeg": "jpg",
    "audio/mpeg": "mp3",
    "video/mp4": "mp4",
}


def media_type_of(data: Content) -> str:
    """The media type of a whole file. Raises `WrongType`, `CutShort`."""
    for media_type, begins, check in _KINDS:
        if begins(data):
            check(data)
            return media_type
    raise WrongType


# -- PDF ---------------------------------------------------------------------------------------------------------------


def _is_pdf(data: Content) -> bool:
    return re.match(rb"%PDF-[12]\.\d", data[:8]) is not None


def _check_pdf(data: Content) -> None:
    end = data[max(0, len(data) - 2048) :]
    last = re.findall(rb"startxref\s+(\d+)\s+%%EOF", end)
    if not last or int(last[-1]) >= len(data):
        raise CutShort


# -- PNG ---------------------------------------------------------------------------------------------------------------

_PNG = b"\x89PNG\r\n\x1a\n"


def _check_png(data: Content) -> None:
    at, seen = len(_PNG), []
    while at < len(data):
        head = data[at : at + 8]
        if len(head) < 8:
            raise CutShort
        length, kind = struct.unpack(">I4s", head)
        body = data[at + 4 : at + 8 + length]
        checksum = data[at + 8 + length : at + 12 + length]
        if len(checksum) < 4 or zlib.crc32(body) != int.from_bytes(checksum, "big"):
            raise CutShort
        seen.append(kind)
        at += 12 + length
        if kind == b"IEND":
            break
    if not seen or seen[0] != b"IHDR" or b"IDAT" not in seen or seen[-1] != b"IEND":
        raise CutShort
    if at != len(data):
        raise WrongType  # something else rides behind the picture


# -- JPEG --------------------------------------------------------------------------------------------------------------

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_SCAN, _END = 0xDA, 0xD9


def _check_jpeg(data: Content) -> None:
    at, seen = 2, set()
    while True:
        mark = data[at : at + 2]
        if len(mark) < 2 or mark[0] != 0xFF:
            raise CutShort
        kind = mark[1]
        if kind == 0xFF:  # padding
            at += 1
            continue
        seen.add(kind)
        if kind == _END:
            break
        if kind in _ALONE:
            at += 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if length < 2:
            raise CutShort
        at += 2 + length
        if kind == _SCAN:
            at = _after_scan(data, at)
    if _SCAN not in seen or seen.isdisjoint(_FRAMES):
        raise CutShort


def _after_scan(data: Content, at: int) -> int:
    """Where the marker after the picture's data stands."""
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 >= len(data):
            raise CutShort
        kind = data[at + 1 : at + 2][0]
        if kind not in {0x00, 0xFF} and kind not in _ALONE:
            return at
        at += 1 if kind == 0xFF else 2


# -- MP3 ---------------------------------------------------------------------------------------------------------------

_BITRATES = {
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""Layer III, in kbit/s, of MPEG 1 and of MPEG 2 and 2.5."""
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
"""Samples a second by the version's two bits."""
_FEWEST_FRAMES = 4
_MOST_PADDING = 4096


def _is_mp3(data: Content) -> bool:
    return data[:3] == b"ID3" or _frame_length(data[:4]) > 0


def _check_mp3(data: Content) -> None:
    at = 0
    if data[:3] == b"ID3":
        size = data[6:10]
        if len(size) < 4 or any(byte & 0x80 for byte in size):
            raise WrongType
        at = 10 + (size[0] << 21 | size[1] << 14 | size[2] << 7 | size[3])
        at += 10 if data[5:6][0] & 0x10 else 0
        if at >= len(data):
            raise CutShort
        padded = data[at : at + _MOST_PADDING]
        at += len(padded) - len(padded.lstrip(b"\0"))
    frames, counted = 0, _frames_counted(data, at)
    while (length := _frame_length(data[at : at + 4])) > 0:
        frames, at = frames + 1, at + length
    if at > len(data) or frames < counted:
        raise CutShort
    if frames < _FEWEST_FRAMES:
        raise WrongType
    rest = data[at : at + 8]
    if rest.strip(b"\0") and not rest.startswith((b"TAG", b"APETAGEX", b"LYRICSBE", b"ID3")):
        raise CutShort


def _frames_counted(data: Content, at: int) -> int:
    """How many frames the encoder says there are; 0 when it does not: then a cut between two frames is not seen."""
    first = data[at : at + 64]
    found = re.search(rb"(?:Xing|Info)\0\0\0[\x01\x03\x05\x07\x09\x0b\x0d\x0f](.{4})", first, re.DOTALL)
    return int.from_bytes(found[1], "big") if found else 0


def _frame_length(head: bytes) -> int:
    """Bytes of the Layer III frame that begins so; 0 when none does."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return 0
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    bitrate, rate, padding = head[2] >> 4, head[2] >> 2 & 3, head[2] >> 1 & 1
    if version == 1 or layer != 1 or bitrate in {0, 15} or rate == 3:
        return 0
    samples, table = (144, _BITRATES[1]) if version == 3 else (72, _BITRATES[2])
    return samples * 1000 * table[bitrate] // _RATES[version][rate] + padding


# -- MP4 ---------------------------------------------------------------------------------------------------------------

_BRANDS = re.compile(rb"isom|iso[2-9a-c]|mp4[12]|avc1|M4[AV] |MSNV|dash|3gp\w|3g2\w|f4v ", re.ASCII)


def _is_mp4(data: Content) -> bool:
    return data[4:8] == b"ftyp" and _BRANDS.fullmatch(data[8:12]) is not None


def _check_mp4(data: Content) -> None:
    at, seen = 0, set()
    while at < len(data):
        head = data[at : at + 16]
        if len(head) < 8:
            raise CutShort
        size, kind = struct.unpack(">I4s", head[:8])
        if size == 1 and len(head) == 16:
            size = int.from_bytes(head[8:16], "big")
        elif size == 0:  # to the end of the file
            size = len(data) - at
        if size < 8 or at + size > len(data):
            raise CutShort
        seen.add(kind)
        at += size
    if not {b"moov", b"mdat"} <= seen:
        raise CutShort


_KINDS: tuple[tuple[str, Callable[[Content], bool], Callable[[Content], None]], ...] = (
    ("application/pdf", _is_pdf, _check_pdf),
    ("image/png", lambda data: data[: len(_PNG)] == _PNG, _check_png),
    ("image/jpeg", lambda data: data[:3] == b"\xff\xd8\xff", _check_jpeg),
    ("video/mp4", _is_mp4, _check_mp4),
    ("audio/mpeg", _is_mp3, _check_mp3),
)
