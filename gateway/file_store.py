"""Files as they were sent, each lying under the digest of its content: the same file twice is one file.

A name is never taken from outside: what is asked for must be 64 hexadecimal digits, or it is not there. A file is
written beside its place, checked, forced to the disk and only then moved: no half of one is ever found. All replicas
of the gateway share the folder.

A file nobody made a material of is swept when it was neither sent nor claimed for some time; its time of change says
so. The sweep needs no lock, which a folder on a network may not have: it moves a file aside before it looks at that
time once more, and puts back what was sent or claimed meanwhile.

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
from collections.abc import AsyncIterable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

import anyio
import anyio.to_thread
import structlog

from gateway.media_types import CutShort, NotAccepted, WrongType, media_type_of
from services.kernel.settings import Settings

log = structlog.get_logger(__name__)

AT_ONCE = 2
"""Files checked at the same time in one process: others wait, and hold none of the threads all else needs."""
_DIGEST = re.compile(r"[0-9a-f]{64}")
_ASIDE = ".swept"


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


@dataclass(frozen=True, slots=True)
class Swept:
    """How many files went, or would go, and their bytes together."""

    files: int
    size: int


class FileStore:
    """Files below `home`, none larger than `most_bytes`, as many checked at a time as `checking` lets."""

    def __init__(self, home: Path, most_bytes: int, checking: anyio.CapacityLimiter | None = None) -> None:
        self.home = home
        self.most_bytes = most_bytes
        self._checking = checking or anyio.CapacityLimiter(AT_ONCE)

    def path(self, digest: str) -> Path | None:
        """Where the file of this digest lies; None when it is not there, or when that is no digest."""
        if _DIGEST.fullmatch(digest) is None:
            return None
        path = self._place(digest)
        return path if path.is_file() else None

    def claim(self, digest: str) -> StoredFile | None:
        """What the file of this digest is, for who is about to refer to it: from now on it is not swept for a while.

        None when it is not there, or no longer whole.
        """
        path = self.path(digest)
        try:
            if path is None:
                return None
            os.utime(path)
            return StoredFile(digest, _media_type(path), path.stat().st_size)
        except FileNotFoundError:
            return None
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

    def sweep(self, in_use: Collection[str], before: datetime, *, dry_run: bool = False) -> Swept:
        """Remove files whose digests are not in use, sent and claimed before that instant, and uploads broken off.

        `in_use` must hold what was referred to until then. What is taken away is gone for good.
        """
        moment, found = before.timestamp(), list[int]()
        if not dry_run:
            for aside in self.home.glob(f"??/*{_ASIDE}"):
                _put_back(aside)  # a sweep was broken off
        for path in self._unused(in_use):
            with suppress(FileNotFoundError):  # somebody else was quicker
                told = path.stat()
                if told.st_mtime < moment and (dry_run or _take_away(path, moment)):
                    found.append(told.st_size)
        return Swept(len(found), sum(found))

    def _unused(self, in_use: Collection[str]) -> Iterator[Path]:
        yield from self.home.glob("arriving/*")
        for path in self.home.glob("??/*"):
            if _DIGEST.fullmatch(path.name) and path.name not in in_use:
                yield path

    def _open(self) -> tuple[int, str]:
        arriving = self.home / "arriving"
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
        return self.home / digest[:2] / digest


def files_of(settings: Settings) -> FileStore:
    """The files of an installation."""
    return FileStore(settings.files_dir or settings.var_dir / "files", settings.file_most_bytes)


def _force(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _take_away(path: Path, moment: float) -> bool:
    """False when the file was sent again or claimed in this instant; then it stays."""
    aside = path.with_name(path.name + _ASIDE)
    path.rename(aside)
    if aside.stat().st_mtime >= moment:
        _put_back(aside)
        return False
    aside.unlink()
    return True


def _put_back(aside: Path) -> None:
    with suppress(FileNotFoundError):
        aside.rename(aside.with_suffix(""))


def _drop(arriving: Path) -> None:
    arriving.unlink(missing_ok=True)


def _media_type(path: Path) -> str:
    with path.open("rb") as file:
        if path.stat().st_size == 0:
            raise WrongType  # nothing can be mapped
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return media_type_of(data)
