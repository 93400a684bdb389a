"""The journal of erasures: who was erased, in a file kept away from the database and its backups.

One line an erasure, `<owner> <instant>`. Any number of processes may share the file: each appends under its lock, in
one write, and returns when the line is on the disk. What a full disk cut short names nobody, the next line starts anew.

Errors:

    JournalMissing   production does not say where it lies
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from errno import ENOSPC
from pathlib import Path

from services.kernel.settings import Mode, Settings


class JournalMissing(LookupError):
    """The journal must be configured and is not."""


def journal_from(settings: Settings, prefix: str = "") -> Path:
    """Where the journal lies; in development under `var`. Raises `JournalMissing`.

    Each database has a journal of its own; `prefix` tells the files apart where one process runs several services.
    """
    if settings.erasure_journal is None and settings.mode is Mode.PRODUCTION:
        rule = "a file that outlives containers, outside the databases and their backups"
        raise JournalMissing(f"CAUSO_ERASURE_JOURNAL is required in production mode: {rule}")
    journal = settings.erasure_journal or settings.var_dir / "erasures.journal"
    return journal.with_name(prefix + journal.name)


class Journal:
    """The file at `path`, made at the first use."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def open(self) -> None:
        """Make sure that an erasure could be written. Raises `OSError`."""
        with self._opened(fcntl.LOCK_EX):
            pass

    def append(self, owner: str, at: str) -> None:
        """Add an erasure and return when it is durable. Raises `OSError`."""
        with self._opened(fcntl.LOCK_EX) as descriptor:
            end = os.fstat(descriptor).st_size
            cut = end > 0 and os.pread(descriptor, 1, end - 1) != b"\n"
            line = b"\n" * cut + f"{owner} {at}\n".encode()
            if os.write(descriptor, line) < len(line):
                raise OSError(ENOSPC, os.strerror(ENOSPC), str(self._path))
            os.fsync(descriptor)

    def since(self, start: int) -> tuple[Sequence[tuple[str, str]], int]:
        """The erasures `(owner, instant)` after the first `start` bytes, and how long the journal is now.

        A journal shorter than `start` is another one: all of it is given.
        """
        with self._opened(fcntl.LOCK_SH) as descriptor:
            length = os.fstat(descriptor).st_size
            start = start if start <= length else 0
            found = os.pread(descriptor, length - start, start).decode()
        lines = (line.split() for line in found.splitlines())
        return [(line[0], line[1]) for line in lines if len(line) == 2], length

    def length(self) -> int:
        """How long it is, in bytes; 0 before the first use."""
        try:
            return self._path.stat().st_size
        except FileNotFoundError:
            return 0

    @contextmanager
    def _opened(self, lock: int) -> Iterator[int]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(descriptor, lock)
            if os.fstat(descriptor).st_size == 0:
                _keep_name(self._path)
            yield descriptor
        finally:
            os.close(descriptor)


def _keep_name(file: Path) -> None:
    """A new file's name is in its folder, which is flushed by itself."""
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
