"""`causo run`: the embedded run with its gateway, its data brought in at the first start."""

import typer

from deploy import system
from deploy.connecting import development_token
from deploy.embedded import Embedded, only_one
from deploy.installing import install
from deploy.serving import claimed, serve
from gateway.parts import GatewayParts
from services.kernel.clock import business_date, system_clock
from services.kernel.settings import Mode, Settings

SERVED = {
    "/": "for residents",
    "/phan-anh": "report a difficulty",
    "/tra-cuu": "where it stands",
    "/graphql": "for officials and programs",
}
SHOWN = (("province_official", "96", None), ("commune_official", "32002", None))


def run_embedded(settings: Settings, *, demo: bool) -> None:
    """Run until SIGINT or SIGTERM. Raises `AlreadyRunning`, `InstallationRefused`, `PortTaken`, `LookupError`."""
    if not settings.embedded:
        raise LookupError("CAUSO_DATABASE_URL and CAUSO_AMQP_URL are for `causo up`; unset them, or use that")
    with only_one(settings.var_dir), claimed(settings) as address:
        embedded = Embedded(settings)
        embedded.start()
        try:
            runtimes, today = embedded.runtimes, business_date(system_clock())
            install(
                lambda name, c: runtimes[name].execute_many(c), embedded.settled, settings.var_dir, today, demo=demo
            )
            parts = GatewayParts(settings, embedded.databases[system.GATEWAY], embedded.bus)
            serve(parts, address, lambda: _greet(settings))
        finally:
            embedded.stop()


def _greet(settings: Settings) -> None:
    address = f"http://{settings.host}:{settings.port}"
    typer.echo("\nCầu Số")
    for path, meaning in SERVED.items():
        typer.echo(f"  {address}{path:<10} {meaning}")
    if settings.mode is Mode.DEVELOPMENT:
        for role, unit, body in SHOWN:
            try:
                typer.echo(f"\n{role} {unit}: {development_token(settings, role, [unit], body)}")
            except LookupError as error:
                typer.echo(f"\n{role} {unit}: {error}")
    typer.echo("\nCtrl-C stops it.")
