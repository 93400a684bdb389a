"""Worlds for the gateway's tests, each on SQLite and on PostgreSQL."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.kernel.database import Database
from tests.gateway.asking import Gateway
from tests.gateway.running import Running
from tests.gateway.world import World
from tests.moulds import prepare

BOTH = ["sqlite", "postgresql"]


@pytest.fixture(params=BOTH)
def world(request: pytest.FixtureRequest, prepared: Callable[[str, str], str]) -> Iterator[World]:
    """An empty world of one test's own."""
    database = Database(prepared(request.param, "gateway"))
    yield World(database)
    database.close()


def _whole_map(url: str) -> Iterator[World]:
    database = Database(url)
    prepare("gateway", database)
    world = World(database)
    world.real_map()
    world.catch_up()
    yield world
    database.close()


@pytest.fixture(scope="session")
def sqlite_map(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The whole real map in SQLite, shared: nobody adds to it."""
    yield from _whole_map(f"sqlite:///{tmp_path_factory.mktemp('map') / 'gateway.db'}")


@pytest.fixture(scope="session")
def postgres_map(new_database: Callable[[str], str]) -> Iterator[World]:
    """The whole real map in PostgreSQL, shared: nobody adds to it."""
    yield from _whole_map(new_database("test_gateway_map"))


@pytest.fixture(params=BOTH)
def real_world(request: pytest.FixtureRequest) -> World:
    """The whole real map, on each database in turn."""
    found: World = request.getfixturevalue("sqlite_map" if request.param == "sqlite" else "postgres_map")
    return found


@pytest.fixture
def gateway(real_world: World, tmp_path: Path) -> Iterator[Gateway]:
    """A gateway over the real map on each database; no services behind it."""
    made = Gateway(real_world.database, tmp_path)
    yield made
    made.client.close()


@pytest.fixture
def edge(sqlite_map: World, tmp_path: Path) -> Iterator[Gateway]:
    """A gateway over the real map, for what has nothing to do with the database."""
    made = Gateway(sqlite_map.database, tmp_path)
    yield made
    made.client.close()


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a system leaves behind that knows its map and nothing else."""
    var = tmp_path_factory.mktemp("founded") / "var"
    Running(var).close()
    return var


@pytest.fixture
def running(founded: Path, tmp_path: Path) -> Iterator[Running]:
    """The whole system, of one test's own."""
    shutil.copytree(founded, tmp_path, dirs_exist_ok=True)
    made = Running(tmp_path)
    yield made
    made.close()
