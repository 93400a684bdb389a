"""Starting a server as an unprivileged user of its own, and making sure that it ends when we do.

PostgreSQL refuses to run as root and RabbitMQ should not: as root, `setpriv` changes to the package's user first. The
kernel ends the server when its starter is killed (`--pdeathsig`), so a `kill -9` of the tests leaves nothing behind;
that signal belongs to the starting *thread*, hence only the main thread asks for it.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.local.errors import DidNotStart, LocalServerError

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """A TCP port on 127.0.0.1 nobody listens on now, below the range the kernel hands to outgoing connections.

    Staying below it means that no client's connection can take the port between now and the server's start.
    """
    first, last = 15_000, _first_outgoing_port()
    span = max(last - first, 1_000)
    seed = int.from_bytes(os.urandom(4), "big")
    for step in range(span):
        port = first + (seed + step * 7) % span
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
    raise LocalServerError("No free port on 127.0.0.1.")


def _first_outgoing_port() -> int:
    try:
        return int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except (OSError, ValueError):
        return 32_000


def as_user(user: str, command: Sequence[str], *, die_with_us: signal.Signals | None = None) -> list[str]:
    """The command as it must be run from here: as `user` when we are root, unchanged otherwise."""
    options: list[str] = []
    if os.geteuid() == 0:
        account = pwd.getpwnam(user)
        options = [f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
    return _setpriv(command, options, die_with_us)


def dying_with_us(command: Sequence[str], how: signal.Signals) -> list[str]:
    """The command, arranged to get the signal when we die without having said goodbye."""
    return _setpriv(command, [], how)


def _setpriv(command: Sequence[str], options: list[str], die_with_us: signal.Signals | None) -> list[str]:
    if die_with_us is not None and threading.current_thread() is threading.main_thread():
        options = [*options, f"--pdeathsig={die_with_us.name.removeprefix('SIG')}"]
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        if os.geteuid() == 0:
            raise LocalServerError("setpriv is missing: install util-linux, or run as an ordinary user.")
        return list(command)
    return [setpriv, *options, *command] if options else list(command)


def own_directory(path: Path, user: str) -> Path:
    """Make a directory only `user` (as root) or we (otherwise) may read, and see that the user can reach it."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    if os.geteuid() == 0:
        account = pwd.getpwnam(user)
        os.chown(path, account.pw_uid, account.pw_gid)
        for parent in path.parents:
            if not parent.stat().st_mode & 0o001:
                raise LocalServerError(f"The user {user} cannot enter {parent}; choose a directory all may pass.")
    return path


def own_file(path: Path, text: str, user: str, mode: int = 0o600) -> Path:
    """Write a file only `user` may read, secrets included: it never exists with wider rights."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    if os.geteuid() == 0:
        account = pwd.getpwnam(user)
        os.chown(path, account.pw_uid, account.pw_gid)
    path.chmod(mode)
    return path


def run(command: Sequence[str], *, env: Mapping[str, str] | None = None, timeout: float = 60) -> str:
    """Run to the end and give back what was printed. Raises `LocalServerError` with the end of the output."""
    try:
        done = subprocess.run(
            command, env=env, cwd="/", capture_output=True, text=True, check=False, timeout=timeout, errors="replace"
        )
    except subprocess.TimeoutExpired as late:
        raise LocalServerError(f"{Path(command[0]).name} took longer than {timeout:.0f} s.") from late
    if done.returncode != 0:
        raise LocalServerError(f"`{' '.join(command[-3:])}` failed:\n{(done.stdout + done.stderr)[-1500:]}")
    return done.stdout


def spawn(command: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start a server in a session of its own (Ctrl-C must reach us, not it), its output appended to `log`."""
    with log.open("ab") as output:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=env, cwd="/", start_new_session=True
        )


def end(process: subprocess.Popen[bytes] | None, how: signal.Signals, patience: float = 20) -> None:
    """Ask a process of ours to end; kill it when it does not listen."""
    if process is None or process.poll() is not None:
        return
    process.send_signal(how)
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def did_not_start(what: str, log: Path) -> DidNotStart:
    """The error for a server that ended or stays silent, with the end of its log."""
    text = log.read_text(errors="replace") if log.exists() else ""
    return DidNotStart(f"{what} did not start. The end of {log}:\n{text[-2000:]}")
