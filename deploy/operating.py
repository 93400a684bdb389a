"""The operator's commands: look, repair, bring data in. Thin: each opens what it needs, calls one function, prints."""

from pathlib import Path
from typing import Annotated

import typer

from deploy.progress import progress

operating = typer.Typer()

Only = Annotated[str | None, typer.Option(help="One subscription, as `causo status` names it.")]


@operating.command()
def status() -> None:
    """Positions, lags, what is halted, parked or dead. Exit code 1 when something needs a person."""
    from rich.console import Console
    from rich.table import Column, Table

    from deploy import status as looking
    from deploy.environment import read_settings_beside

    console = Console()
    settings = read_settings_beside()
    opened = looking.databases(settings)
    table = Table("service", "head", "waiting", "published", Column("epoch", overflow="fold"), title="Logs")
    for log in looking.logs(opened):
        table.add_row(log.service, f"{log.head:,}", f"{log.waiting:,}", f"{log.published:,}", log.epoch)
    console.print(table)
    counts = ("position", "lag", "retrying", "parked", "state")
    table = Table(Column("subscription", overflow="fold"), "source", *counts, title="Subscriptions")
    trouble = False
    for one in looking.subscriptions(opened):
        trouble = trouble or bool(one.halted or one.parked)
        numbers = (one.position, one.lag, one.retrying, one.parked)
        table.add_row(one.subscription, one.source, *(f"{n:,}" for n in numbers), one.halted or "ok")
    console.print(table)
    for stream in looking.parked(opened):
        console.print(f"parked since {stream.since}: {stream.stream} in {stream.subscription}: {stream.reason}")
    for database in opened.values():
        database.close()
    for dead in looking.dead_letters(settings.amqp_url) if settings.amqp_url else ():
        trouble = True
        console.print(f"dead letters in {dead.queue}: {dead.count:,} that could not be read")
    raise typer.Exit(int(trouble))


@operating.command()
def rebuild(
    names: Annotated[list[str], typer.Argument(help="<database>.<read model>, for example gateway.units; or several")],
    may_differ: Annotated[bool, typer.Option(help="Accept other rows or columns: new code, say.")] = False,
) -> None:
    """Fill read models anew beside the live ones, compare, and swap, one after the other."""
    from deploy import system
    from deploy.connecting import open_events
    from deploy.environment import read_settings_beside
    from services.kernel.rebuild import rebuild as rebuild_read_model

    settings = read_settings_beside()
    known = {f"{c.name}.{p.name}": (c.name, p) for c in system.consumers().values() for p in c.projections}
    if not known.keys() >= set(names):
        raise typer.BadParameter(f"must be one of: {', '.join(known)}")
    with open_events(settings) as events:
        for name in names:
            consumer, chosen = known[name]
            database = system.open_database(settings, consumer)
            with progress(f"rebuild {name}") as step:
                done = rebuild_read_model(consumer, chosen, database, events, may_differ=may_differ, progress=step)
            database.close()
            said = {done.checksum: "same rows as before", None: "another shape than before, as allowed"}
            compared = said.get(done.live_checksum, "rows differ from before, as allowed")
            typer.echo(f"{name}: {done.events:,} events, {done.rows:,} rows, {compared}")


@operating.command(name="start-over")
def start_over(name: Annotated[str, typer.Argument(help="A process manager, such as reporting.counting.")]) -> None:
    """Have a halted process manager read its restored sources again; what it asked for before, it asks for once."""
    from deploy import system
    from deploy.connecting import open_events
    from deploy.environment import read_settings_beside
    from services.kernel.consumption import start_over as read_again

    settings = read_settings_beside()
    managers = {
        f"{c.name}.{m.name}": (c.name, m.views) for c in system.consumers().values() for m in c.process_managers
    }
    if name not in managers:
        raise typer.BadParameter(f"must be one of: {', '.join(managers)}; a read model is rebuilt with causo rebuild")
    consumer, sources = managers[name]
    database = system.open_database(settings, consumer, pool_size=2)
    with open_events(settings) as events, database.write() as connection:
        for source in sources:
            read_again(connection, name, source, events.head(source).epoch)
    database.close()
    typer.echo(f"{name} reads {', '.join(sources)} again from the first event")


@operating.command()
def transfer(
    to: Annotated[str, typer.Option(help="Target databases, with {service} in the place of the name.")],
) -> None:
    """Move the embedded run's data to fresh PostgreSQL databases, every position kept. Stop `causo run` first."""
    from deploy.embedded import only_one
    from deploy.environment import read_settings
    from deploy.transfer import transfer as move

    settings = read_settings()
    if not settings.embedded:
        raise typer.BadParameter("CAUSO_DATABASE_URL must be unset: the source is the embedded run under CAUSO_VAR_DIR")
    if not to.startswith("postgresql+psycopg://") or "{service}" not in to:
        raise typer.BadParameter("must look like postgresql+psycopg://user:password@host/{service}", param_hint="--to")
    with only_one(settings.var_dir), progress("transfer") as step:
        moved = 0

        def count(_table: str, rows: int) -> None:
            nonlocal moved
            moved += rows
            step(moved, moved)

        move(settings, settings.model_copy(update={"database_url": to}), count)
    typer.echo(f"{moved:,} rows moved; start the distributed run there")


@operating.command(name="retry-parked")
def retry_parked(subscription: Only = None, stream: Annotated[str | None, typer.Option()] = None) -> None:
    """Have parked streams tried again, after their cause was mended."""
    from deploy import status as looking
    from deploy.environment import read_settings_beside
    from services.kernel.consumption import release_parked

    released = 0
    for database in looking.databases(read_settings_beside()).values():
        with database.write() as connection:
            released += release_parked(connection, subscription, stream)
        database.close()
    typer.echo(f"{released} parked streams will be tried again")


@operating.command(name="feed-refill")
def feed_refill(
    service: Annotated[str, typer.Argument(help="registry, visits, reporting or feedback")],
    after: Annotated[int, typer.Option(min=0, help="Only events after this position.")] = 0,
) -> None:
    """Send a service's events to its feed again, from the log; who follows it drops what it has."""
    from deploy.connecting import refill_feed
    from deploy.environment import read_settings_beside

    settings = read_settings_beside()
    with progress(f"refill {service}.feed") as step:
        sent = refill_feed(settings, service, after, step)
    typer.echo(f"{sent:,} events sent to {service}.feed")


@operating.command(name="import")
def import_map(
    units: Annotated[Path | None, typer.Option(exists=True, dir_okay=False)] = None,
    successions: Annotated[Path | None, typer.Option(exists=True, dir_okay=False)] = None,
    known_from: Annotated[Path | None, typer.Option(exists=True, dir_okay=False)] = None,
    profiles: Annotated[Path | None, typer.Option(exists=True, file_okay=False)] = None,
    reorganisations: Annotated[Path | None, typer.Option(exists=True, file_okay=False)] = None,
    good_rows: Annotated[bool, typer.Option(help="Import the good rows although others are bad.")] = False,
) -> None:
    """Import map, plans and catalogues; with bad rows nothing is imported, unless told so. Twice changes nothing."""
    from deploy.connecting import open_bus
    from deploy.environment import read_settings_beside
    from services.registry import import_map as importing

    plan = importing.plan_import(
        units or importing.UNITS_CSV,
        successions or importing.SUCCESSIONS_CSV,
        known_from or importing.KNOWN_FROM_CSV,
        importing.PROFILES if units is None else profiles,
        importing.REORGANISATIONS if units is None else reorganisations,
        importing.DIGITAL_SERVICES if units is None else None,
        importing.COURSES if units is None else None,
        good_rows_only=good_rows,
    )
    for fault in plan.faults:
        typer.echo(str(fault), err=True)
    if plan.faults and not good_rows:
        typer.echo(f"{len(plan.faults)} bad rows: nothing imported", err=True)
        raise typer.Exit(1)
    refused = []
    with open_bus(read_settings_beside()) as execute_many, progress("import") as step:
        done = 0
        for batch in plan.batches():
            answers = execute_many("registry", batch)
            refused += [answer for answer in answers if not answer.accepted]
            done += len(batch)
            step(done, len(plan.commands))
    for answer in refused[:20]:
        typer.echo(f"{answer.code}: {answer.message}", err=True)
    typer.echo(f"{done - len(refused):,} of {done:,} accepted")
    raise typer.Exit(int(bool(refused)))


@operating.command(name="import-teams")
def import_teams(
    units: Annotated[Path | None, typer.Option(exists=True, dir_okay=False)] = None,
    hamlets: Annotated[Path | None, typer.Option(exists=True, dir_okay=False)] = None,
    teams: Annotated[Path | None, typer.Option(exists=True, dir_okay=False)] = None,
    members: Annotated[Path | None, typer.Option(exists=True, dir_okay=False)] = None,
    good_rows: Annotated[bool, typer.Option(help="Import the good rows although others are bad.")] = False,
) -> None:
    """Import an office's files: units under those there are, hamlets, teams, members. Twice changes nothing."""
    from deploy.connecting import open_bus, plan_rosters
    from deploy.environment import read_settings_beside

    settings = read_settings_beside()
    given = (("units", units), ("hamlets", hamlets), ("teams", teams), ("members", members))
    plans = plan_rosters(settings, {kind: path for kind, path in given if path is not None})
    faults = [fault for plan in plans for fault in plan.faults]
    for fault in faults:
        typer.echo(str(fault), err=True)
    if faults and not good_rows:
        typer.echo(f"{len(faults)} bad rows: nothing imported", err=True)
        raise typer.Exit(1)
    commands = [(each.command, each.payload) for plan in plans for each in plan.planned]
    refused = []
    with open_bus(settings) as execute_many, progress("import") as step:
        for start in range(0, len(commands), 500):
            answers = execute_many("registry", commands[start : start + 500])
            refused += [answer for answer in answers if not answer.accepted]
            step(min(start + 500, len(commands)), len(commands))
    for answer in refused[:20]:
        typer.echo(f"{answer.code}: {answer.message}", err=True)
    unchanged = sum(plan.unchanged for plan in plans)
    typer.echo(f"{len(commands) - len(refused):,} of {len(commands):,} accepted, {unchanged:,} rows unchanged")
    raise typer.Exit(int(bool(refused)))


@operating.command(name="erase-contacts")
def erase_contacts() -> None:
    """Erase names and numbers of members who left CAUSO_CONTACT_RETENTION_DAYS ago or earlier. Run it once a day."""
    from deploy.connecting import contacts_to_erase, open_bus
    from deploy.environment import read_settings_beside

    settings = read_settings_beside()
    commands = contacts_to_erase(settings)
    erased = 0
    with open_bus(settings) as execute_many:
        for start in range(0, len(commands), 500):
            erased += sum(answer.accepted for answer in execute_many("registry", commands[start : start + 500]))
    typer.echo(f"{erased:,} of {len(commands):,} erased")
    raise typer.Exit(int(erased < len(commands)))


@operating.command(name="sweep-files")
def sweep_files(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how much would go.")] = False,
) -> None:
    """Remove uploaded files that no material has and nobody used for a day. Run it where the gateway's files lie."""
    from deploy.connecting import sweep_files as sweep
    from deploy.environment import read_settings_beside

    home, swept = sweep(read_settings_beside(), dry_run=dry_run)
    done = "would be removed from" if dry_run else "removed from"
    typer.echo(f"{swept.files:,} files, {swept.size / 1_000_000:,.1f} MB {done} {home}")


@operating.command()
def token(
    role: Annotated[str, typer.Option(help="province_official, commune_official, team_leader, …")],
    unit: Annotated[list[str] | None, typer.Option(help="Code of a unit held; may be repeated.")] = None,
    body: Annotated[str | None, typer.Option(help="Code of the responsible body (body_handler).")] = None,
) -> None:
    """Print a development token; refused in production mode."""
    from deploy.connecting import development_token
    from deploy.environment import read_settings_beside

    typer.echo(development_token(read_settings_beside(), role, unit or [], body))


@operating.command()
def epoch(
    service: Annotated[str, typer.Argument(help="registry, visits, reporting or feedback")],
    renew: Annotated[bool, typer.Option(help="Begin a new one: after a restore that was not noticed.")] = False,
) -> None:
    """Show the epoch of a service's log. A new one stops every follower until it is resynchronised."""
    from deploy import system
    from deploy.environment import read_settings_beside
    from services.kernel import log

    if service not in system.SERVICES:
        raise typer.BadParameter(f"must be one of: {', '.join(system.SERVICES)}")
    database = system.open_database(read_settings_beside(), service, pool_size=2)
    if renew:
        with database.write() as connection:
            connection.execute(log.history.update().values(fingerprint="renewed"))
        log.open_history(database)
        typer.echo("new epoch; restart this service's relays")
    with database.read() as connection:
        head = log.head(connection)
    database.close()
    typer.echo(f"{service}: epoch {head.epoch}, head {head.position:,}")
