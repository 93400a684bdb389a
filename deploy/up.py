"""`causo up` and `causo down`: the distributed topology on this machine, against given servers or private ones.

The private servers' data live on between runs, in `var/local`; one supervisor a `var` (see `supervision`).
"""

import os
import secrets
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

import typer

from deploy import supervision, system
from deploy.local.homes import lasting_home
from deploy.local.postgres import PostgresServer
from deploy.local.rabbitmq import RabbitServer
from deploy.progress import progress
from deploy.topology import Topology
from services.kernel.settings import Mode, Settings

TEND_SECONDS = 0.5
DOWN_SECONDS = 90


def run_topology(settings: Settings) -> None:
    """Start everything and look after it until SIGINT or SIGTERM.

    Raises `AlreadyRunning`, `BadEnvironment`, `RoleDidNotStart`.
    """
    system.must_differ(settings)
    with ExitStack() as stack:
        stopping = stack.enter_context(_signals())
        stack.enter_context(supervision.alone(settings.var_dir))
        settings = _with_servers(settings, stack)
        supervision.tell(settings.var_dir, settings)
        _prepare(settings)
        if stopping():
            return
        topology = Topology(_environment(settings), settings.var_dir.resolve() / "up")
        stack.callback(topology.stop)
        topology.start()
        topology.await_beats()
        typer.echo(f"http://{settings.host}:{settings.port}/ · logs: {topology.folder / 'logs'} · stop: make down")
        typer.echo("the map, once: .venv/bin/causo import")
        while not stopping():
            for name in topology.tend():
                typer.echo(f"started again: {name}", err=True)
            time.sleep(TEND_SECONDS)
        typer.echo("stopping")


def stop_topology(settings: Settings) -> None:
    """Ask the supervisor to stop and wait until it has. Raises `LookupError` when it does not."""
    until = time.monotonic() + DOWN_SECONDS
    asked = False
    while supervision.is_running(settings.var_dir):
        pid = supervision.pid(settings.var_dir)
        if pid and not asked:
            os.kill(pid, signal.SIGTERM)
            asked = True
        if time.monotonic() > until:
            raise LookupError(f"process {pid} did not stop within {DOWN_SECONDS} s")
        time.sleep(0.2)
    typer.echo("stopped" if asked else "nothing was running")


def _with_servers(settings: Settings, stack: ExitStack) -> Settings:
    """The same settings with URLs of private servers where none were given."""
    found = {}
    if settings.database_url is None:
        typer.echo("starting a private PostgreSQL")
        postgres = PostgresServer(lasting_home(settings.var_dir))
        postgres.start()
        stack.callback(postgres.stop)
        for name in system.DATABASES:
            postgres.ensure_database(name)
        found["database_url"] = postgres.database_url("{service}")
    if settings.amqp_url is None:
        typer.echo("starting a private RabbitMQ")
        home = lasting_home(settings.var_dir)
        rabbit = RabbitServer(home, password=_kept_password(home / "rabbitmq.password"))
        rabbit.start()
        stack.callback(rabbit.stop)
        found["amqp_url"] = rabbit.url
    return settings.model_copy(update=found)


def _kept_password(file: Path) -> str:
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(24))
    return file.read_text()


def _prepare(settings: Settings) -> None:
    consumers = system.consumers()
    with progress("migrate") as step:
        for done, (name, consumer) in enumerate(consumers.items(), start=1):
            database = system.open_database(settings, name, pool_size=2)
            system.prepare_database(consumer, database)
            database.close()
            step(done, len(consumers))


def _environment(settings: Settings) -> dict[str, str]:
    """What the roles must be told beyond our own environment. Secrets they read as we did."""
    told = {"CAUSO_MODE": settings.mode.value, "CAUSO_VAR_DIR": str(settings.var_dir.resolve())}
    for name in ("database_url", "amqp_url"):
        told[f"CAUSO_{name.upper()}"] = getattr(settings, name)
    if settings.mode is Mode.DEVELOPMENT:
        told |= {"CAUSO_HOST": settings.host, "CAUSO_PORT": str(settings.port)}
    return told


@contextmanager
def _signals() -> Iterator[Callable[[], bool]]:
    """A function that says whether somebody asked us to stop."""
    asked = False

    def ask(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        asked = True

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    yield lambda: asked
    for number, handler in before.items():
        signal.signal(number, handler)
