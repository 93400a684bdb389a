"""Files as they were sent, each lying under the digest of its content: the same file twice is one file.

A name is never taken from outside: what is asked for must be 64 hexadecimal digits, or it is not there. A file is
written beside its place, checked, forced to the disk and only then moved: no half of one is ever found. All replicas
of the gateway share the folder.

Errors:

    NotAccepted (see `media_types`)
    ├── TooLarge    FILE_TOO_LARGE
    ├── CutShort    FILE_CUT_SHORT   fewer bytes came than were announced
    └── WrongType   FILE_TYPE
"""

import mmap
import os
import re
import tempfile
from collections.abc import AsyncIterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

import anyio
import anyio.to_thread
import structlog

from gateway.media_types import CutShort, NotAccepted, WrongType, media_type_of

log = structlog.get_logger(__name__)

AT_ONCE = 2
"""Files checked at the same time in one process: others wait, and hold none of the threads all else needs."""
_DIGEST = re.compile(r"[0-9a-f]{64}")


class TooLarge(NotAccepted):
    """More bytes than one file may have."""

    code = "FILE_TOO_LARGE"
    message = "Tệp lớn quá mức cho phép."


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that is there: digest in hexadecimal, size in bytes."""

    sha256: str
    media_type: str
    size: int


class FileStore:
    """Files below `home`, none larger than `most_bytes`, as many checked at a time as `checking` lets."""

    def __init__(self, home: Path, most_bytes: int, checking: anyio.CapacityLimiter | None = None) -> None:
        self._home = home
        self.most_bytes = most_bytes
        self._checking = checking or anyio.CapacityLimiter(AT_ONCE)

    def path(self, digest: str) -> Path | None:
        """Where the file of this digest lies; None when it is not there, or when that is no digest."""
        if _DIGEST.fullmatch(digest) is None:
            return None
        path = self._place(digest)
        return path if path.is_file() else None

    def describe(self, digest: str) -> StoredFile | None:
        """What the file of this digest is; None when it is not there, or no longer whole."""
        path = self.path(digest)
        try:
            return None if path is None else StoredFile(digest, _media_type(path), path.stat().st_size)
        except NotAccepted as error:
            log.error("file_damaged", file=digest, code=error.code)
            return None

    async def take(self, chunks: AsyncIterable[bytes], announced: int | None) -> StoredFile:
        """Store what comes, `announced` bytes if the sender said so. Raises `NotAccepted`; then nothing is left."""
        if announced is not None and announced > self.most_bytes:
            raise TooLarge
        handle, name = await anyio.to_thread.run_sync(self._open)
        arriving = Path(name)
        digest, size = sha256(), 0
        try:
            with os.fdopen(handle, "wb") as file:
                async for chunk in chunks:
                    size += len(chunk)
                    if size > self.most_bytes:
                        raise TooLarge
                    digest.update(chunk)
                    await anyio.to_thread.run_sync(file.write, chunk)
                if announced is not None and size != announced:
                    raise CutShort
                await anyio.to_thread.run_sync(_force, file)
            media_type = await anyio.to_thread.run_sync(_media_type, arriving, limiter=self._checking)
            await anyio.to_thread.run_sync(self._keep, arriving, digest.hexdigest())
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(_drop, arriving)
        return StoredFile(digest.hexdigest(), media_type, size)

    def _open(self) -> tuple[int, str]:
        arriving = self._home / "arriving"
        arriving.mkdir(parents=True, exist_ok=True)
        return tempfile.mkstemp(dir=arriving)

    def _keep(self, arriving: Path, digest: str) -> None:
        place = self._place(digest)
        place.parent.mkdir(parents=True, exist_ok=True)
        arriving.replace(place)
        folder = os.open(place.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _place(self, digest: str) -> Path:
        return self._home / digest[:2] / digest


def _force(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _drop(arriving: Path) -> None:
    arriving.unlink(missing_ok=True)


def _media_type(path: Path) -> str:
    with path.open("rb") as file:
        if path.stat().st_size == 0:
            raise WrongType  # nothing can be mapped
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return media_type_of(data)
