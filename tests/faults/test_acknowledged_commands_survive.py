"""Row 1: an acknowledged command survives kill -9 of every PostgreSQL process."""

import os
import signal
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy.exc import DBAPIError

from deploy.local.postgres import PostgresServer
from services.kernel.clock import system_clock
from services.kernel.database import Database
from services.kernel.handling import CommandProcessor
from services.kernel.identifiers import new_id
from services.kernel.migrate import migrate
from tests.kernel.counter import COUNTING
from tests.kernel.driving import start, until
from tests.soak import Scale

if TYPE_CHECKING:
    from uuid import UUID

WRITERS = 8


def test_no_acknowledged_command_is_lost_when_every_database_process_is_killed(
    own_postgres: PostgresServer, scale: Scale
) -> None:
    own_postgres.ensure_database("counting")
    database = Database(own_postgres.database_url("counting"), pool_size=WRITERS)
    migrate(database)
    acknowledged: list[list[UUID]] = [[] for _ in range(WRITERS)]
    over = threading.Event()
    # A processor for each pair of writers: commits are shared, and several are under way at the moment of the kill.
    processors = [CommandProcessor(database, COUNTING, system_clock) for _ in range(WRITERS // 2)]

    def write(writer: int) -> None:
        while not over.is_set():
            counter, command_id = new_id(), new_id()
            while not over.is_set():
                with suppress(DBAPIError, psycopg.Error):
                    assert processors[writer // 2].execute(start(counter, command_id)).accepted
                    acknowledged[writer].append(counter)
                    break
                time.sleep(0.05)

    def reach(aim: int) -> None:
        until(lambda: sum(map(len, acknowledged)) >= aim, f"{aim} commands acknowledged", seconds=900)

    writers = [threading.Thread(target=write, args=(n,), daemon=True) for n in range(WRITERS)]
    for writer in writers:
        writer.start()
    kills, each = 3, scale(1500, 35_000)
    try:
        for kill in range(kills):
            reach((kill + 1) * each)
            _kill_all(own_postgres)
            own_postgres.start()
        reach(sum(map(len, acknowledged)) + each // 4)
    finally:
        over.set()
        for writer in writers:
            writer.join(timeout=60)
    with database.read() as connection:
        stored = [row[0] for row in connection.exec_driver_sql("SELECT stream FROM events")]
    told = {f"counter-{counter}" for mine in acknowledged for counter in mine}
    assert told - set(stored) == set()
    assert len(stored) == len(set(stored)), "a repeated command happened twice"
    database.close()
    scale.measured("1", "0 lost of ≥ 100,000 over ≥ 3 kills", f"0 lost of {len(told):,} over {kills} kills")


def _kill_all(server: PostgresServer) -> None:
    """SIGKILL to the postmaster and all its children at once: no process of it can finish anything."""
    for pid in [*_children(server.pid), server.pid]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    server.kill()


def _children(pid: int) -> Sequence[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in found]
