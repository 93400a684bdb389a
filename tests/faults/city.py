"""A small Cầu Số of real processes on servers of its own, to be killed, cut off, filled up and restored.

Roles run unwatched: what the tests kill, they put back themselves, as a supervisor would.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import amqp

from deploy import status, system
from deploy.local import packages
from deploy.local.postgres import PostgresServer
from deploy.local.rabbitmq import RabbitServer
from deploy.topology import Role, Topology
from services.kernel.messaging import beat
from services.kernel.messaging.connection import abandon, connect
from services.kernel.settings import Settings
from tests.faults.driver import Driver, Load, answered_by
from tests.faults.oracle import differences, expected, shown

if TYPE_CHECKING:
    from services.kernel.database import Database

EDGES = ("registry", "visits", "reporting", "feedback")
RELAYS = ("registry", "visits", "reporting")
FOLLOWERS = ("visits", "reporting", "gateway")
STANDBY = "visits-relay-standby"
PATIENCE_SECONDS = 90.0
"""For what must happen but has no promised bound; a busy machine may take long."""
SLOWEST_A_SECOND = 20
"""Commands: with a third of all messages lost, on two cores that carry everything, it is some 80."""


class City:
    """Servers, roles, a driver, and questions about all of them."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.postgres = PostgresServer(home)
        self.broker = RabbitServer(home)
        self.unexpected: list[str] = []
        """Roles that ended although nobody killed them."""

    def start(self) -> None:
        """Everything up, the province founded."""
        self.postgres.start()
        self.broker.start()
        for name in system.DATABASES:
            self.postgres.ensure_database(name)
        self.settings = Settings(
            database_url=self.postgres.database_url("{service}"), amqp_url=self.broker.url, var_dir=self.home
        )
        self.databases: dict[str, Database] = {
            name: system.open_database(self.settings, name, pool_size=4) for name in system.DATABASES
        }
        for name, consumer in system.consumers().items():
            system.prepare_database(consumer, self.databases[name])
        self.topology = Topology(self.environment(), self.home / "up", watched=False)
        self.topology.start(
            [
                *(Role(name, ("service", name)) for name in EDGES),
                *(Role(f"{name}-relay", ("relay", name)) for name in RELAYS),
                Role(STANDBY, ("relay", "visits")),
                *(Role(f"{name}-follower", ("subscribe", name)) for name in FOLLOWERS),
            ]
        )
        self.topology.await_beats(PATIENCE_SECONDS)
        self.broker.settle()
        self.driver = Driver(self.broker.url)
        self.driver.found_province()

    def stop(self) -> None:
        """Everything down."""
        self.topology.stop()
        self.driver.close()
        for database in self.databases.values():
            database.close()
        self.broker.stop()
        self.postgres.stop()

    def keep_logs(self, folder: Path) -> None:
        """Copy what the roles wrote to where a failed run can be looked into."""
        for log in (self.home / "up" / "logs").glob("*.log"):
            shutil.copy(log, folder / log.name)

    def environment(self, amqp_url: str | None = None) -> dict[str, str]:
        """What a role must be told."""
        return {
            "CAUSO_DATABASE_URL": self.postgres.database_url("{service}"),
            "CAUSO_AMQP_URL": amqp_url or self.broker.url,
            "CAUSO_VAR_DIR": str(self.home),
        }

    def causo(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """An operator's command."""
        return subprocess.run(
            [sys.executable, "-m", "deploy", *arguments],
            env={**os.environ, **self.environment(), "PYTHONUTF8": "1", "COLUMNS": "240"},
            cwd=Path(__file__).parent.parent.parent,
            capture_output=True,
            text=True,
            check=False,
        )

    # -- breaking and mending -----------------------------------------------------------------------------------------

    def kill(self, *names: str) -> None:
        """kill -9 of roles; they are put back at once."""
        for name in names:
            self.topology.kill(name)
        for name in names:
            self.topology.restart(name)

    def retire(self, name: str) -> tuple[Role, int | None]:
        """Stop a role cleanly and do not put it back, `topology.start([role])` does; with its exit status."""
        self.topology.kill(name, signal.SIGTERM)
        retired = self.topology._running.pop(name)
        return retired.role, None if retired.process is None else retired.process.returncode

    def kill_leading_relay(self) -> float:
        """kill -9 of the relay that leads visits; how many seconds until the other one led."""
        self.until(lambda: self._leads("visits-relay") or self._leads(STANDBY), "a relay of visits leads")
        leader, heir = ("visits-relay", STANDBY) if self._leads("visits-relay") else (STANDBY, "visits-relay")
        self.until(lambda: self._beats(heir, "standby"), "a standby")
        self.topology.kill(leader)
        since = time.monotonic()
        self.until(lambda: self._leads(heir), "the standby leads")
        took = time.monotonic() - since
        self.topology.restart(leader)
        return took

    def _leads(self, name: str) -> bool:
        return self._beats(name, "leading") and self.topology.pid(name) != 0

    def _beats(self, name: str, state: str) -> bool:
        last = beat.last(self.topology.beat(name))
        return last is not None and last.state == state and last.age < 3

    def bounce_broker(self) -> None:
        """kill -9 of RabbitMQ, and up again."""
        self.broker.kill()
        self.broker.start()

    def until(
        self, holds: Callable[[], object], what: str, seconds: float = PATIENCE_SECONDS, *, every: float = 0.05
    ) -> float:
        """Wait, looking `every` so many seconds and putting back what ended by itself; how many seconds it took."""
        since = time.monotonic()
        while not holds():
            assert time.monotonic() < since + seconds, f"not within {seconds:g} s: {what}"
            self.unexpected += self.topology.tend()
            time.sleep(every)
        return time.monotonic() - since

    def goes_on(self, load: Load, commands: int) -> None:
        """Commands are answered again, so many."""
        patience = 2 * PATIENCE_SECONDS + commands / SLOWEST_A_SECOND
        self.until(answered_by(load, commands), f"{commands} more commands answered", patience)

    # -- what the world sees ------------------------------------------------------------------------------------------

    def load(self, teams: int = 4, seed: int = 1) -> Load:
        """Teams at work, to be entered with `with`."""
        return Load(self.driver, teams, seed)

    def settled(self) -> bool:
        """Nothing waits for a number, no follower lags, nothing is held."""
        return all(self._settled() for _ in range(2))

    def _settled(self) -> bool:
        waiting = any(log.waiting for log in status.logs(self.databases))
        return not waiting and not any(
            one.lag or one.halted or one.held_events
            for one in status.subscriptions(self.databases)
            if not {one.source, one.subscription.partition(".")[0]} & {"feedback"}  # follows and is followed by nobody
        )

    def settle(self) -> float:
        """Wait until all is told and heard; how many seconds that took."""
        return self.until(self.settled, "all is told and heard", 2 * PATIENCE_SECONDS, every=0.25)

    def agrees(self) -> None:
        """Every read model equals the model computed from the driver's log; nothing is dead, parked or halted."""
        wanted = expected(self.driver.log)
        self.settle()
        found = differences(wanted, shown(self.databases))
        assert not found, "\n".join(found)
        assert self.dead_letters() == {}
        assert list(status.parked(self.databases)) == []

    def dead_letters(self) -> dict[str, int]:
        """Messages in dead-letter queues, by queue. Asked over AMQP: each `rabbitmqctl` starts an Erlang VM."""
        names = [f"rpc-{service}.dead" for service in system.SERVICES]
        names += [queue.dead for queue in system.queues()]
        connection = connect(self.broker.url, "coroner")
        found = {}
        for name in names:
            with suppress(amqp.NotFound):  # what follows or serves feedback does not run here
                found[name] = connection.channel().queue_declare(name, passive=True).message_count
        abandon(connection)
        assert len(found) > len(FOLLOWERS)
        return {name: count for name, count in found.items() if count}

    @contextmanager
    def spying(self, *sources: str, key: str = "*.*") -> Iterator[Callable[[], list[amqp.Message]]]:
        """A durable queue beside the subscriptions' that gets all events of sources; gives what it got so far."""
        queue = "faults.spy"
        connection = connect(self.broker.url, "spy")
        channel = connection.channel()
        channel.queue_declare(queue, durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"})
        for source in sources:
            channel.queue_bind(queue, f"{source}.events", key)
        abandon(connection)
        self.broker.settle()
        got: list[amqp.Message] = []

        def look() -> list[amqp.Message]:
            looking = connect(self.broker.url, "spy")
            with looking.channel() as reading:
                while (message := reading.basic_get(queue, no_ack=True)) is not None:
                    got.append(message)
            abandon(looking)
            return got

        yield look
        connection = connect(self.broker.url, "spy")
        connection.channel().queue_delete(queue)
        abandon(connection)

    def head(self, service: str) -> int:
        """Last position of a service's log."""
        return next(log.head for log in status.logs(self.databases) if log.service == service)

    def rows(self, database: str, statement: str) -> list[Any]:
        """Any question to a database."""
        with self.databases[database].read() as connection:
            return list(connection.exec_driver_sql(statement).all())

    def tool(self, name: str, database: str, *arguments: str) -> None:
        """`pg_dump` or `pg_restore` on one database."""
        url = urlsplit(self.postgres.url)
        subprocess.run(
            [
                str(packages.require_postgres(name)),
                f"--host={url.hostname}",
                f"--port={url.port}",
                "--username=postgres",
                f"--dbname={database}",
                *arguments,
            ],
            check=True,
            env={**os.environ, "PGPASSWORD": self.postgres.password},
        )
