"""`causo` as a process of its own, forked from one that has loaded the code: the same, but for the loading.

Loading takes most of a second each time. How a command starts from nothing is left to tests that start it as a person
would.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from deploy.__main__ import main

LOADED = ["deploy.cli", "deploy.operating", "deploy.status", "deploy.connecting", "gateway.app", "gateway.projections"]
LOADED += [f"services.{name}.service" for name in ("registry", "visits", "reporting", "feedback")]
_forking = get_context("forkserver")
_forking.set_forkserver_preload(LOADED)


def run(
    arguments: Sequence[str], environment: Mapping[str, str], folder: Path, timeout: float
) -> subprocess.CompletedProcess[str]:
    """`python -m deploy ARGUMENTS` in exactly this environment. Raises `subprocess.TimeoutExpired`."""
    with TemporaryDirectory() as home:
        output, errors = Path(home) / "stdout", Path(home) / "stderr"
        process = _forking.Process(target=_causo, args=(list(arguments), dict(environment), folder, output, errors))
        process.start()
        process.join(timeout)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(list(arguments), timeout)
        code = process.exitcode
        process.close()
        return subprocess.CompletedProcess(list(arguments), code, output.read_text(), errors.read_text())


def _causo(arguments: list[str], environment: dict[str, str], folder: Path, output: Path, errors: Path) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["causo", *arguments]
    for number, file in ((1, output), (2, errors)):
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(descriptor, number)
        os.close(descriptor)
    main()
