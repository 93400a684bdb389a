"""Worlds for the gateway's tests, each on SQLite and on PostgreSQL."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.kernel.database import Database
from tests.gateway.asking import Gateway
from tests.gateway.world import World

BOTH = ["sqlite", "postgresql"]


@pytest.fixture(params=BOTH)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """An empty world of one test's own."""
    url = f"sqlite:///{tmp_path / 'gateway.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    database = Database(url)
    yield World(database)
    database.close()


@pytest.fixture(scope="session", params=BOTH)
def real_world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The whole real map, shared: tests may add to it, but only what others do not count."""
    url = f"sqlite:///{tmp_path_factory.mktemp('map') / 'gateway.db'}"
    if request.param == "postgresql":
        new_database: Callable[[str], str] = request.getfixturevalue("new_database")
        url = new_database("test_gateway_map")
    database = Database(url)
    world = World(database)
    world.real_map()
    world.catch_up()
    yield world
    database.close()


@pytest.fixture
def gateway(real_world: World, tmp_path: Path) -> Iterator[Gateway]:
    """A gateway over the real map; no services behind it."""
    made = Gateway(real_world.database, tmp_path)
    yield made
    made.client.close()
