"""What a file is, by its content and never by its name: PDF, PNG, JPEG, MP3, MP4, each whole to its end.

Every check walks the file's own structure (chunks, segments, frames, boxes), so that an upload that broke off is told
from one of another kind. Nothing is decoded, and nothing is promised about what a viewer makes of it. A file of more
parts than any real one has is refused, and bytes are gone through in pieces: no file keeps the others waiting.

Errors:

    NotAccepted
    ├── WrongType   FILE_TYPE        none of the kinds
    └── CutShort    FILE_CUT_SHORT   begins as one of them and does not end as it should
"""

import re
import struct
import zlib
from collections.abc import Callable, Iterator
from mmap import mmap
from typing import ClassVar, TypeAlias

Content: TypeAlias = bytes | mmap
"""Bytes that need not be in memory."""

MOST_PARTS = 100_000
"""Chunks, segments or boxes of one file."""
MOST_FRAMES = 1_000_000
"""Frames of one recording: more than seven hours."""
PIECE = 2**20
"""Bytes gone through at once; in between other threads get their turn."""


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


def _parts() -> Iterator[int]:
    """0, 1, 2 … for the parts of a file. Raises `WrongType` when there are more than any real file has."""
    yield from range(MOST_PARTS)
    raise WrongType


def _search(pattern: re.Pattern[bytes], data: Content, at: int) -> int:
    """Where a pattern of at most two bytes stands from `at` on; -1 when nowhere."""
    for start in range(at, len(data), PIECE):
        found = pattern.search(data, start, min(start + PIECE + 1, len(data)))
        if found is not None:
            return found.start()
    return -1


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
    at, pictured = len(_PNG), False
    for part in _parts():
        head = data[at : at + 8]
        if len(head) < 8:
            raise CutShort
        length, kind = struct.unpack(">I4s", head)
        end = at + 12 + length
        if end > len(data) or _checksum(data, at + 4, end - 4) != int.from_bytes(data[end - 4 : end], "big"):
            raise CutShort
        if (part == 0) != (kind == b"IHDR"):
            raise CutShort
        pictured = pictured or kind == b"IDAT"
        at = end
        if kind == b"IEND":
            break
    if not pictured:
        raise CutShort
    if at != len(data):
        raise WrongType  # something else rides behind the picture


def _checksum(data: Content, start: int, end: int) -> int:
    found = 0
    for at in range(start, end, PIECE):
        found = zlib.crc32(data[at : min(at + PIECE, end)], found)
    return found


# -- JPEG --------------------------------------------------------------------------------------------------------------

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_SCAN, _END = 0xDA, 0xD9


_NO_PADDING = re.compile(rb"[^\xff]")
_MARKER = re.compile(rb"\xff[^\x00\x01\xd0-\xd7\xff]")
"""Within a picture's data: an escaped byte, padding and restarts are none."""


def _check_jpeg(data: Content) -> None:
    at, scanned, framed = 2, False, False
    for _ in _parts():
        if data[at : at + 1] != b"\xff":
            raise CutShort
        at = _search(_NO_PADDING, data, at) - 1
        if at < 0:
            raise CutShort
        kind = data[at + 1 : at + 2][0]
        if kind == _END:
            break
        if kind in _ALONE:
            at += 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if length < 2:
            raise CutShort
        at += 2 + length
        framed = framed or kind in _FRAMES
        if kind == _SCAN:
            scanned, at = True, _search(_MARKER, data, at)
            if at < 0:
                raise CutShort
    if not scanned or not framed:
        raise CutShort


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
        if frames > MOST_FRAMES:
            raise WrongType
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
    at, described, filled = 0, False, False
    for _ in _parts():
        if at == len(data):
            break
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
        described, filled = described or kind == b"moov", filled or kind == b"mdat"
        at += size
    if not described or not filled:
        raise CutShort


_KINDS: tuple[tuple[str, Callable[[Content], bool], Callable[[Content], None]], ...] = (
    ("application/pdf", _is_pdf, _check_pdf),
    ("image/png", lambda data: data[: len(_PNG)] == _PNG, _check_png),
    ("image/jpeg", lambda data: data[:3] == b"\xff\xd8\xff", _check_jpeg),
    ("video/mp4", _is_mp4, _check_mp4),
    ("audio/mpeg", _is_mp3, _check_mp3),
)
