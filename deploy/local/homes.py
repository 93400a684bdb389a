"""Where private servers live: a passing home for a test run or a benchmark, a lasting one for `make up`.

A passing home lies on a disk (/var/tmp; /tmp is often memory, where fsync means nothing), carries its owner's process
id, and is swept by the next run when its owner is gone. Its logs are kept.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import gettempdir, mkdtemp

DISK = Path("/var/tmp")  # noqa: S108 - only ever the parent of a folder made by mkdtemp
PREFIX = "causo-private-"


@contextmanager
def passing_home(keep_logs_in: Path | None = None) -> Iterator[Path]:
    """A directory for servers that end with this process; `*.log` files of it go to `keep_logs_in` in the end."""
    place = DISK if os.access(DISK, os.W_OK) else Path(gettempdir())
    _sweep(place)
    home = Path(mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=place))
    home.chmod(0o711)
    try:
        yield home
    finally:
        if keep_logs_in is not None:
            keep_logs_in.mkdir(parents=True, exist_ok=True)
            for log in home.rglob("*.log"):
                if home in (log.parent, log.parent.parent):
                    name = "-".join(log.relative_to(home).parts)
                    shutil.copy(log, keep_logs_in / name)
        shutil.rmtree(home, ignore_errors=True)


def _sweep(place: Path) -> None:
    for left in place.glob(f"{PREFIX}*-*"):
        owner = left.name.removeprefix(PREFIX).split("-")[0]
        if owner.isdigit() and not Path(f"/proc/{owner}").exists():
            shutil.rmtree(left, ignore_errors=True)


def lasting_home(var_dir: Path) -> Path:
    """`<var_dir>/local`; as root, when other users cannot pass its parents (a clone in /root), one under /var/lib."""
    home = var_dir.resolve() / "local"
    if os.geteuid() == 0 and not all(_passable(parent) for parent in home.parents if parent.exists()):
        home = Path("/var/lib") / f"causo-{sha256(str(home).encode()).hexdigest()[:8]}"
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o711)
    return home


def _passable(directory: Path) -> bool:
    return bool(directory.stat().st_mode & 0o001)
