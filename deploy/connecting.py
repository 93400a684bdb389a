"""The ways an operator's command reaches the system: its bus and its logs, embedded or distributed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, TypeAlias

from sqlalchemy import select

from deploy import system
from services.kernel.bus import Answer, Payload
from services.kernel.clock import system_clock
from services.kernel.settings import Settings

if TYPE_CHECKING:
    from gateway.contacts import Told
    from gateway.file_store import Swept
    from gateway.roster.importing import RosterPlan
    from services.kernel.database import Database
    from services.kernel.log import Head
    from services.kernel.subscription import EventSource

PAGE = 1000
BATCH_SECONDS = 60.0
"""For a whole batch: an operator's import may wait longer than a person at a form."""

UNUSED_FOR = timedelta(days=1)
"""A file is left so long for somebody to draft a material with it."""
CATCH_UP_SECONDS = 10.0

ROSTER_ACTOR = "causo-import-teams"
"""Always the same: command ids are scoped by actor."""

ExecuteMany: TypeAlias = Callable[[str, Sequence[tuple[str, Payload]]], list[Answer]]
"""`(service, commands) -> answers`, at most 500 commands."""


@contextmanager
def open_bus(settings: Settings) -> Iterator[ExecuteMany]:
    """Commands from outside an event loop: by RPC when RabbitMQ is configured, directly on the databases otherwise."""
    if settings.amqp_url is not None:
        from services.kernel.messaging.rpc_client import LoopThread, RpcCommandBus

        thread = LoopThread("operator")
        bus = RpcCommandBus(settings.amqp_url, timeout_seconds=BATCH_SECONDS, name="causo operator")
        try:
            yield lambda service, commands: thread.run(lambda: bus.execute_many(service, commands))
        finally:
            thread.run(bus.close)
            thread.close()
        return
    from services.kernel.runtime import ServiceRuntime

    databases = system.open_databases(settings, system.SERVICES)
    for name, database in databases.items():
        system.prepare_database(system.consumer(name), database)
    runtimes = {name: ServiceRuntime(system.definition(name), databases[name], settings) for name in databases}
    try:
        yield lambda service, commands: runtimes[service].execute_many(commands)
    finally:
        for database in databases.values():
            database.close()


@contextmanager
def open_events(settings: Settings) -> "Iterator[EventSource]":
    """The logs of all services: asked over RPC when RabbitMQ is configured, read directly otherwise."""
    if settings.amqp_url is not None:
        from services.kernel.messaging.rpc_client import RpcEventSource

        remote = RpcEventSource(settings.amqp_url, timeout_seconds=BATCH_SECONDS, name="causo operator")
        try:
            yield remote
        finally:
            remote.close()
        return
    from services.kernel.local import LocalEvents

    databases = system.open_databases(settings, system.SERVICES)
    try:
        yield LocalEvents(databases)
    finally:
        for database in databases.values():
            database.close()


def development_token(settings: Settings, role: str, held: Sequence[str], body: str | None) -> str:
    """A development token for codes of units (or, for team roles, of a commune). Raises `LookupError`."""
    from gateway import tokens
    from gateway.errors import InvalidInput, MapNotKnown
    from gateway.viewer import Role

    if role not in set(Role):
        raise LookupError(f"ROLE must be one of: {', '.join(Role)}")
    now = system_clock()
    database = system.open_database(settings, system.GATEWAY, pool_size=1)
    units: list[str] = []
    teams: list[str] = []
    try:
        system.prepare_database(system.consumer(system.GATEWAY), database)
        with database.read() as connection:
            for code in held:
                more_units, more_teams = tokens.resolve(connection, Role(role), code, now)
                units += more_units
                teams += more_teams
        return tokens.issue(settings, now, Role(role), units, body=body, served=teams)
    except MapNotKnown:
        raise LookupError("the map has not been imported yet: start it once (make run), or: causo import") from None
    except (InvalidInput, tokens.IssuerRefused) as refusal:
        raise LookupError(str(refusal)) from None
    finally:
        database.close()


def plan_rosters(settings: Settings, files: Mapping[str, Path]) -> "list[RosterPlan]":
    """What an office's files (by kind: `units`, `hamlets`, …) ask for, in that order, beside what the gateway knows."""
    from gateway.contacts import sealed
    from gateway.intake import people_key_from, tracker_from
    from gateway.roster.files import COLUMNS
    from gateway.roster.importing import plan_roster
    from gateway.roster.known import Known
    from services.kernel.clock import business_date, to_text

    now = system_clock()
    database = system.open_database(settings, system.GATEWAY, pool_size=1)

    def seal(member: str, words: "Told") -> dict[str, str]:
        return sealed(people_key_from(settings), tracker_from(settings), member, words, to_text(now))

    try:
        system.prepare_database(system.consumer(system.GATEWAY), database)
        with database.look() as connection:
            known = Known(connection, business_date(now), lambda _connection, _unit: True)
            return [
                plan_roster(kind, files[kind].read_bytes(), known, ROSTER_ACTOR, now, file=files[kind].name, seal=seal)
                for kind in COLUMNS
                if kind in files
            ]
    finally:
        database.close()


def contacts_to_erase(settings: Settings) -> list[tuple[str, Payload]]:
    """Commands that erase names and numbers of members who left long enough ago. Raises `LookupError`."""
    from gateway.contacts import left_long_ago
    from services.kernel.clock import business_date, to_text
    from services.kernel.identifiers import new_id

    days = settings.contact_retention_days
    if days is None:
        raise LookupError(
            "CAUSO_CONTACT_RETENTION_DAYS is not set: how long contacts are kept is for the office to say"
        )
    now = system_clock()
    database = system.open_database(settings, system.GATEWAY, pool_size=1)
    try:
        system.prepare_database(system.consumer(system.GATEWAY), database)
        with database.look() as connection:
            gone = left_long_ago(connection, business_date(now), days)
    finally:
        database.close()
    envelope = {"actor": "causo-erase-contacts", "at": to_text(now)}
    return [
        (
            "erase_member_contact",
            {"command_id": str(new_id()), "member": member, "reason": "left", "teams": served, **envelope},
        )
        for member, served in gone
    ]


def sweep_files(settings: Settings, *, dry_run: bool) -> "tuple[Path, Swept]":
    """Remove uploaded files that no material has and nobody sent or claimed for a day; says where it looked.

    Raises `LookupError` while the gateway does not know of all materials: it would take theirs.
    """
    from gateway.file_store import files_of
    from gateway.materials import files_in_use

    before = system_clock() - UNUSED_FOR
    database = system.open_database(settings, system.GATEWAY, pool_size=1)
    try:
        system.prepare_database(system.consumer(system.GATEWAY), database)
        with open_events(settings) as events:
            head = events.head("registry")
        until = monotonic() + CATCH_UP_SECONDS
        while not _knows_materials(database, head):
            if monotonic() > until:
                raise LookupError("gateway.materials does not know all of the registry's events: see causo status")
            sleep(0.1)
        with database.look() as connection:
            in_use = files_in_use(connection)
    finally:
        database.close()
    files = files_of(settings)
    return files.home, files.sweep(in_use, before, dry_run=dry_run)


def _knows_materials(database: "Database", head: "Head") -> bool:
    from services.kernel.consumption import cursors, held_streams

    with database.read() as connection:
        here = (cursors.c.subscription == "gateway.materials", cursors.c.source == "registry")
        cursor = connection.execute(select(cursors).where(*here)).one_or_none()
        held = select(held_streams.c.stream).where(held_streams.c.subscription == "gateway.materials")
        if cursor is None or cursor.halted or connection.execute(held.limit(1)).scalar() is not None:
            return False
        return bool(cursor.epoch == head.epoch and cursor.position >= head.position)


def refill_feed(settings: Settings, service: str, after: int, step: Callable[[int, int], None]) -> int:
    """Send a service's numbered events to its feed again; returns how many. Raises `LookupError`."""
    from services.kernel import log
    from services.kernel.messaging.publisher import Publisher
    from services.kernel.messaging.topology import Feed

    if service not in system.SERVICES:
        raise LookupError(f"must be one of: {', '.join(system.SERVICES)}")
    if settings.amqp_url is None:
        raise LookupError("CAUSO_AMQP_URL is required: the embedded run has no feed")
    database = system.open_database(settings, service, pool_size=2)
    publisher = Publisher(settings.amqp_url, Feed.of(settings), name=f"{service} refill")
    try:
        with database.read() as connection:
            head = log.head(connection)
        position = after
        while position < head.position:
            with database.read() as connection:
                page = log.events_since(connection, position, min(PAGE, head.position - position))
            publisher.refill(service, head.epoch, page)
            position = page[-1].position
            step(position - after, head.position - after)
        return max(0, head.position - after)
    finally:
        publisher.close()
        database.close()
