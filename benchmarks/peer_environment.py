"""The peers' own environment: made once under `var/bench-peers`, made anew when the lock changes."""

import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

LOCK = Path(__file__).parent / "peers" / "requirements.lock"


class PeersNotInstalled(RuntimeError):
    """pip could not install what the lock names; the message carries the end of what it said."""


def peers_python(home: Path) -> Path:
    """The interpreter that sees the peers and nothing of ours. Raises `PeersNotInstalled`."""
    python, mark = home / "bin" / "python", home / "locked"
    wanted = sha256(LOCK.read_bytes()).hexdigest()
    if mark.exists() and mark.read_text() == wanted and python.exists():
        return python
    shutil.rmtree(home, ignore_errors=True)
    _run([sys.executable, "-m", "venv", str(home)])
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    _run([*pip, "-r", str(LOCK)])
    mark.write_text(wanted)
    return python


def locked_versions() -> str:
    """The peers proper, with their versions, as the lock has them."""
    names = ("eventsourcing", "faststream", "aio-pika", "psycopg", "uvloop")
    lines = [line.split(" ")[0] for line in LOCK.read_text().splitlines() if "==" in line]
    return ", ".join(line.replace("==", " ") for line in lines if line.split("==")[0] in names)


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise PeersNotInstalled(f"`{' '.join(command)}` failed:\n{(done.stdout + done.stderr)[-2000:]}")
