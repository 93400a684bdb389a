"""Real servers for every test that asks: started at first use, once a session, gone with it.

| fixture             | what a test gets                                                                       |
|---------------------|----------------------------------------------------------------------------------------|
| `postgres_server`   | administrator's URL (session)                                                          |
| `postgres_url`      | a fresh database, dropped after the test                                               |
| `prepared`          | `prepared("sqlite", "registry")`: a database as the service's start leaves it          |
| `postgres_template` | URL with `{service}` for which every service and the gateway have a fresh database     |
| `amqp_server`       | the session's RabbitMQ: `url`, `rabbitmqctl()`, … Do not kill it: others use it        |
| `amqp_url`          | a fresh vhost                                                                          |
| `own_broker`        | a RabbitMQ of the test's own, to kill, stop and start as it likes                      |
| `own_postgres`      | a PostgreSQL of the test's own, likewise                                               |
| `chromium`          | path of the browser                                                                    |
| `free_port`         | a port on 127.0.0.1                                                                    |
| `scale`             | `scale(3, 10)`: 3 in `make test`, 10 in `make soak`; takes the figures of the report    |

`CAUSO_TEST_DATABASE_URL` (an administrator's) and `CAUSO_TEST_AMQP_URL` (a vhost of the tests' own: what the system
declares there is deleted before each test) replace the shared servers; the tests that kill always take private ones.
What cannot be started fails the test with a sentence of what to do; nothing is skipped.
"""

import gc
import os
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from sqlalchemy.engine import URL, make_url
from xdist.scheduler.loadscope import LoadScopeScheduling

from deploy import system
from deploy.local import packages, processes
from deploy.local.homes import passing_home
from deploy.local.postgres import PostgresServer
from deploy.local.rabbitmq import RabbitServer
from services.kernel.messaging.connection import connect
from services.kernel.messaging.rpc import queue_of
from services.kernel.messaging.topology import exchange_of, feed_of
from tests.moulds import Cast, Moulds
from tests.soak import Scale

DATABASES = ("registry", "visits", "reporting", "feedback", "gateway")
# What a developer has set for his own runs must not decide a test.
for variable in [name for name in os.environ if name.startswith("CAUSO_")]:
    if not variable.startswith(("CAUSO_TEST_", "CAUSO_SOAK")):
        del os.environ[variable]

# What is loaded and collected lives as long as the session: looking through it for garbage, over and over, made up a
# fifth of what the tests computed.
gc.set_threshold(200_000, 20, 50)

TOGETHER = {
    "faults": ("faults/",),
    "journeys": ("journeys/",),
    "messaging": ("kernel/messaging/",),
    "map": (
        *("gateway/pages/test_readings", "gateway/test_execution", "gateway/test_http", "gateway/test_limits"),
        *("gateway/test_map_queries", "gateway/test_materials", "gateway/test_roster_units", "gateway/test_tokens"),
        "gateway/test_units",
    ),
}
"""Tests that share a running system, or the whole map in a database: all of a group go to the same worker. Elsewhere a
file stays together.

The longest come first, in this order. xdist's own groups are no way to say it: they need a pytest before 9.
"""


def _group_of(nodeid: str) -> str:
    place = nodeid.partition("::")[0].removeprefix("tests/")
    return next((group for group, places in TOGETHER.items() if place.startswith(places)), place)


class _Together(LoadScopeScheduling):  # type: ignore[misc]  # published without types
    def _split_scope(self, nodeid: str) -> str:
        return _group_of(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Which worker runs what, when the tests run in several."""
    return _Together(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that take longest begin first, so that no worker is left with them in the end."""
    order = {group: place for place, group in enumerate(TOGETHER)}
    items.sort(key=lambda item: order.get(_group_of(item.nodeid), len(order)))


def pytest_collection_finish() -> None:
    """From here on only what tests leave behind can be garbage."""
    gc.collect()
    gc.freeze()


LOGS = Path(__file__).parent.parent / "var" / "test-logs"
_outcomes: dict[str, str] = {}


@pytest.fixture(scope="session")
def private_home() -> Iterator[Path]:
    """The directory under which the session's private servers live."""
    with passing_home(keep_logs_in=LOGS) as home:
        yield home


@pytest.fixture(scope="session")
def postgres_server(private_home: Path) -> Iterator[str]:
    """Administrator's URL of the session's PostgreSQL, `postgresql+psycopg://…/postgres`."""
    given = os.environ.get("CAUSO_TEST_DATABASE_URL")
    if given:
        yield _text(make_url(given).set(drivername="postgresql+psycopg"))
        return
    # What tests do to this one is kill processes, which loses nothing the system took; the power stays on. A DROP
    # DATABASE takes a tenth of the time. Those that test durability itself bring servers of their own.
    server = PostgresServer(private_home, {"fsync": "off"})
    server.start()
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
def new_database(postgres_server: str) -> Iterator[Callable[[str], str]]:
    """`new_database(name)` makes an empty database of exactly that name and gives its URL; all go in the end."""
    made: list[str] = []

    def make(name: str) -> str:
        _administer(postgres_server, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        made.append(name)
        return _text(make_url(postgres_server).set(database=name))

    yield make
    for name in made:
        _drop(postgres_server, name)


@pytest.fixture
def postgres_url(postgres_server: str, new_database: Callable[[str], str]) -> Iterator[str]:
    """A fresh, empty database for one test."""
    name = f"test_{uuid4().hex[:12]}"
    yield new_database(name)
    _drop(postgres_server, name)


@pytest.fixture
def postgres_template(postgres_server: str, new_database: Callable[[str], str]) -> Iterator[str]:
    """A URL with `{service}` in its database name, as `CAUSO_DATABASE_URL` takes it, all databases fresh."""
    run = f"test_{uuid4().hex[:12]}"
    for service in DATABASES:
        new_database(f"{run}_{service}")
    server = _text(make_url(postgres_server).set(database="DATABASE"))
    yield server.replace("/DATABASE", f"/{run}_{{service}}")
    for service in DATABASES:
        _drop(postgres_server, f"{run}_{service}")


@pytest.fixture(scope="session")
def moulds(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Moulds:
    """The session's prepared databases; PostgreSQL is started when one of its is asked for."""

    def new_database() -> str:
        make: Callable[[str], str] = request.getfixturevalue("new_database")
        return make(f"mould_{uuid4().hex[:12]}")

    return Moulds(tmp_path_factory.mktemp("moulds"), new_database)


@pytest.fixture
def prepared(moulds: Moulds, tmp_path: Path) -> Iterator[Callable[[str, str], str]]:
    """`prepared("sqlite", "registry")`: URL of a database of the test's own, as the registry's start leaves it."""
    taken: list[tuple[str, Cast]] = []

    def make(dialect: str, name: str) -> str:
        if dialect == "sqlite":
            return moulds.copy(name, tmp_path / f"{name}.db")
        taken.append((name, moulds.take(name)))
        return taken[-1][1].url

    yield make
    for name, cast in taken:
        moulds.give_back(name, cast)


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL of this test's own: `kill()`, `stop()` and `start()` are allowed."""
    with passing_home(keep_logs_in=LOGS / "own") as home:
        server = PostgresServer(home)
        server.start()
        yield server
        server.stop()


@pytest.fixture(scope="session")
def amqp_server(private_home: Path) -> Iterator[RabbitServer]:
    """The session's private RabbitMQ, shared: never kill it, take `own_broker` for that."""
    server = RabbitServer(private_home)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def vhosts(request: pytest.FixtureRequest) -> Iterator[str]:
    """URLs of vhosts nobody has used, one after the other; made in batches because each call costs a second."""

    def endless() -> Iterator[str]:
        given = os.environ.get("CAUSO_TEST_AMQP_URL")
        while given:
            _empty(given)
            yield given
        server: RabbitServer = request.getfixturevalue("amqp_server")
        while True:
            batch = [f"test-{uuid4().hex[:12]}" for _ in range(16)]
            server.add_vhosts(*batch)
            yield from map(server.vhost_url, batch)

    return endless()


@pytest.fixture
def amqp_url(vhosts: Iterator[str]) -> str:
    """A fresh vhost for one test."""
    return next(vhosts)


@pytest.fixture
def own_broker() -> Iterator[RabbitServer]:
    """A RabbitMQ of this test's own: `kill()`, `stop()`, `start()` and `rabbitmqctl()` are allowed."""
    with passing_home(keep_logs_in=LOGS / "own") as home:
        server = RabbitServer(home)
        server.start()
        yield server
        server.stop()


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser, installed when missing."""
    return packages.require_chromium()


@pytest.fixture
def free_port() -> int:
    """A port on 127.0.0.1 nobody listens on."""
    return processes.free_port()


@pytest.fixture(scope="session")
def scale() -> Iterator[Scale]:
    """How long a fault test runs; a soak run leaves its report when the session ends."""
    found = Scale()
    yield found
    if found.soak:
        found.report(_outcomes)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember for the report how each test ended."""
    report = yield
    if report.when == "call" or report.failed:
        _outcomes[item.nodeid] = report.outcome
    return report


def _empty(amqp_url: str) -> None:
    """Delete what the system declares, so that a test on a given vhost finds it as on a fresh one."""
    connection = connect(amqp_url, "tests")
    with connection.channel() as channel:
        for name in (
            *(name for queue in system.queues() for name in (queue.name, queue.dead)),
            *(name for service in system.SERVICES for name in (feed_of(service), queue_of(service))),
        ):
            channel.queue_delete(name)
        for service in system.SERVICES:
            channel.exchange_delete(exchange_of(service))
    connection.close()


def _text(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def _drop(server: str, name: str) -> None:
    _administer(server, sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _administer(server: str, statement: sql.Composed) -> None:
    with psycopg.connect(_text(make_url(server).set(drivername="postgresql")), autocommit=True) as connection:
        connection.execute(statement)
