"""The command `causo`: run everything, run one role, or look after what runs.

Nothing is imported before it is needed: a role starts with its own parts only. `__main__` comes before this module.
"""

import os
import sys
from typing import Annotated

import typer

from deploy.operating import operating

app = typer.Typer(
    name="causo",
    help="Cầu Số: event-sourced services for community digital teams.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.registered_commands += operating.registered_commands

Service = Annotated[str, typer.Argument(help="registry, visits, reporting or feedback")]
Consumer = Annotated[str, typer.Argument(help="registry, visits, reporting, feedback or gateway")]


@app.command()
def run(demo: Annotated[bool, typer.Option(help="Import the demo data at the first start.")] = True) -> None:
    """Run everything in one process, on SQLite files. Ctrl-C stops it."""
    from deploy.environment import read_settings
    from deploy.running import run_embedded

    run_embedded(read_settings(), demo=demo)


@app.command()
def up() -> None:
    """Run the distributed topology as plain processes, on private servers unless CAUSO_*_URL name some."""
    from deploy.environment import read_settings
    from deploy.up import run_topology

    run_topology(read_settings())


@app.command()
def down() -> None:
    """Stop what `causo up` started."""
    from deploy.environment import read_settings
    from deploy.up import stop_topology

    stop_topology(read_settings())


@app.command()
def service(name: Service) -> None:
    """Run the edge of one service: commands and questions over RabbitMQ."""
    from deploy.environment import read_settings
    from deploy.service_process import run_service

    sys.exit(run_service(read_settings(), _known(name, gateway=False)))


@app.command()
def relay(name: Service) -> None:
    """Number and publish one service's events; one relay leads, the others stand by."""
    from deploy import roles
    from deploy.environment import read_settings

    roles.relay(read_settings(), _known(name, gateway=False))


@app.command()
def subscribe(
    name: Consumer,
    only: Annotated[str | None, typer.Option(help="One read model or process manager by name.")] = None,
) -> None:
    """Keep the read models and process managers of one database up to date."""
    from deploy import roles
    from deploy.environment import read_settings

    roles.subscribe(read_settings(), _known(name), only)


@app.command()
def gateway() -> None:
    """Run the gateway: GraphQL, the public form, the pages."""
    from deploy import roles
    from deploy.environment import read_settings

    roles.gateway(read_settings())


@app.command()
def migrate(name: Annotated[list[str] | None, typer.Argument(help="All databases unless named.")] = None) -> None:
    """Bring databases to the newest version and create missing read models. Running it again changes nothing."""
    from deploy import system
    from deploy.environment import read_settings

    settings = read_settings()
    if not name:
        system.must_differ(settings)
    for wanted in [_known(each) for each in name or []] or system.DATABASES:
        database = system.open_database(settings, wanted, pool_size=2)
        system.prepare_database(system.consumer(wanted), database)
        database.close()
        typer.echo(f"{wanted}: newest version")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def watch(context: typer.Context) -> None:
    """Run a command and start it again when it ends or stops making progress: causo watch -- causo relay visits."""
    from deploy.environment import read_settings
    from services.kernel.messaging.watchdog import watch as keep_running

    settings = read_settings()
    command = context.args[1:] if context.args[:1] == ["--"] else context.args
    if not command:
        raise typer.BadParameter("name a command after --")
    sys.exit(keep_running(command, settings.beat_file or settings.var_dir / "beats" / str(os.getpid())))


def _known(name: str, *, gateway: bool = True) -> str:
    from deploy import system

    names = system.DATABASES if gateway else system.SERVICES
    if name not in names:
        raise typer.BadParameter(f"must be one of: {', '.join(names)}")
    return name


def main() -> None:
    """Run the command; what an operator can put right is said in one line, without a traceback."""
    from deploy.journal import start_logging

    start_logging(os.environ.get("CAUSO_LOG_LEVEL", "INFO"))
    try:
        app()
    except Exception as error:
        from deploy.failures import sentence

        said = sentence(error)
        if said is None:
            raise
        typer.echo(f"causo: {said}", err=True)
        sys.exit(2 if type(error).__name__ == "BadEnvironment" else 1)
