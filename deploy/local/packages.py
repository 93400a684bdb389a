"""Debian packages the private servers need: found when present, installed with apt when missing and root.

While apt works, a `policy-rc.d` keeps it from starting the packages' own services: we start private ones, and a
machine should not grow listening ports because somebody ran the tests. A policy of the machine's own stays in force.
"""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir

from deploy.local.errors import NotInstalled

POLICY = Path("/usr/sbin/policy-rc.d")


def postgres_program(name: str) -> Path | None:
    """A server program of the newest PostgreSQL here, or nothing."""
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=_version)
    if versions:
        return versions[-1]
    found = shutil.which(name)
    return Path(found) if found else None


def _version(program: Path) -> int:
    version = program.parent.parent.name
    return int(version) if version.isdigit() else 0


def rabbitmq_program(name: str) -> Path | None:
    """A RabbitMQ script, or nothing. Debian's wrapper in /usr/sbin insists on its own user and log: go past it."""
    real = Path("/usr/lib/rabbitmq/bin") / name
    if real.exists():
        return real
    found = shutil.which(name)
    return Path(found) if found else None


def chromium_program() -> Path | None:
    """The browser of the form's tests, or nothing."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    return Path(found) if found else None


def require_postgres(name: str) -> Path:
    """A server program of PostgreSQL, installed if need be. Raises `NotInstalled`."""
    return _require("postgresql", lambda: postgres_program(name))


def require_rabbitmq(name: str) -> Path:
    """A RabbitMQ script, installed if need be. Raises `NotInstalled`."""
    return _require("rabbitmq-server", lambda: rabbitmq_program(name))


def require_chromium() -> Path:
    """The browser, installed if need be. Raises `NotInstalled`."""
    return _require("chromium", chromium_program)


def _require(package: str, find: Callable[[], Path | None]) -> Path:
    found = find()
    if found is None:
        install(package)
        found = find()
    if found is None:
        raise NotInstalled(f"The package {package} is installed, but its programs were not found.")
    return found


def install(*packages: str) -> None:
    """Install Debian packages. Raises `NotInstalled` with what a person should do instead."""
    wanted = " ".join(packages)
    if shutil.which("apt-get") is None:
        raise NotInstalled(f"{wanted} is missing and this is no Debian: install it, with its programs on the PATH.")
    if os.geteuid() != 0:
        raise NotInstalled(f"{wanted} is missing. Run once: sudo apt-get install --no-install-recommends {wanted}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    apt = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"]
    with _one_at_a_time(), _services_held_back():
        for command in ([*apt, "update"], [*apt, "install", "-y", "--no-install-recommends", *packages]):
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                end = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
                raise NotInstalled(f"`{' '.join(command)}` failed; install {wanted} by hand.\n{end}")


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    with (Path(gettempdir()) / "causo-apt.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _services_held_back() -> Iterator[None]:
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\n# 101: action forbidden by policy\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink(missing_ok=True)
