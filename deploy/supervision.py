"""One supervisor a `var` folder, and how other commands find it.

The supervisor holds the lock on `up.lock` for as long as it lives; `up.pid` and `up.env` (the servers it uses) mean
something only while that lock is held, so no stranger is ever signalled and no old address is ever used.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.embedded import AlreadyRunning
from services.kernel.settings import Settings


@contextmanager
def alone(var_dir: Path) -> Iterator[None]:
    """Be the one supervisor. Raises `AlreadyRunning`."""
    var_dir.mkdir(parents=True, exist_ok=True)
    with (var_dir / "up.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise AlreadyRunning(f"it runs already; stop it with `make down` ({var_dir})") from None
        (var_dir / "up.pid").write_text(str(os.getpid()))
        try:
            yield
        finally:
            for name in ("up.pid", "up.env"):
                (var_dir / name).unlink(missing_ok=True)


def tell(var_dir: Path, settings: Settings) -> None:
    """Note which servers are used, for our eyes only: the addresses carry passwords."""
    file = var_dir / "up.env"
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        json.dump({"database_url": settings.database_url, "amqp_url": settings.amqp_url}, opened)


def servers(var_dir: Path) -> dict[str, str]:
    """The servers of the running supervisor; empty when none runs or its file is not ours to read."""
    try:
        return dict(json.loads((var_dir / "up.env").read_text())) if is_running(var_dir) else {}
    except (OSError, ValueError):
        return {}


def pid(var_dir: Path) -> int:
    """The supervisor's process id; 0 when there is none."""
    try:
        return int((var_dir / "up.pid").read_text())
    except (OSError, ValueError):
        return 0


def is_running(var_dir: Path) -> bool:
    """True while a supervisor holds the lock."""
    file = var_dir / "up.lock"
    if not file.exists():
        return False
    with file.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        return False
