"""Small whole files of every kind that is taken, made by hand."""

import struct
import zlib


def pdf(text: str = "xin chào") -> bytes:
    body = f"%PDF-1.7\n% {text}\n1 0 obj\n<< /Type /Catalog >>\nendobj\n".encode()
    return body + f"xref\n0 1\ntrailer\n<< /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n".encode()


def png() -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")


def jpeg() -> bytes:
    def segment(kind: int, body: bytes) -> bytes:
        return bytes([0xFF, kind]) + struct.pack(">H", len(body) + 2) + body

    frame = segment(0xC0, bytes([8, 0, 1, 0, 1, 1, 1, 0x11, 0]))
    scan = segment(0xDA, bytes([1, 1, 0, 0, 63, 0])) + b"\x12\xff\x00\x34\xff\xd0\x56"
    return b"\xff\xd8" + segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0") + frame + scan + b"\xff\xd9"


def mp3() -> bytes:
    tag = b"ID3\4\0\0" + bytes([0, 0, 0, 10]) + b"\0" * 10
    frame = bytes([0xFF, 0xFB, 0x90, 0x00])  # MPEG 1, layer III, 128 kbit/s, 44,100 samples a second
    counted = (frame + b"\0" * 32 + b"Info\0\0\0\1" + struct.pack(">I", 6)).ljust(417, b"\0")
    return tag + counted + frame.ljust(417, b"\0") * 5 + b"TAG".ljust(128, b"\0")


def mp4() -> bytes:
    def box(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body) + 8) + kind + body

    return box(b"ftyp", b"isom\0\0\2\0mp41") + box(b"moov", b"\0" * 16) + box(b"mdat", b"\0" * 32)


WHOLE = {
    "application/pdf": pdf(),
    "image/png": png(),
    "image/jpeg": jpeg(),
    "audio/mpeg": mp3(),
    "video/mp4": mp4(),
}
