"""The systems, each started once and gone with the last journey, and who asks them."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pytest

from deploy.local.homes import passing_home
from tests.conftest import LOGS
from tests.journeys.people import Official
from tests.journeys.systems import FIRST_START_SECONDS, DistributedRun, EmbeddedRun, Running, eventually

MAP = '{ unit(code: "96", asOf: "2025-06-30") { descendants(level: COMMUNE) { totalCount } } }'
LAST = '{ unit(code: "32248") { predecessors { part } } }'
As: TypeAlias = Callable[..., Official]


@dataclass(frozen=True)
class Installed:
    """A data folder after the first start, and how the start that made it ended."""

    var: Path
    exit_code: int


@pytest.fixture(scope="package")
def installed() -> Iterator[Installed]:
    """What `causo run` leaves behind when it is stopped after its first start."""
    with passing_home(keep_logs_in=LOGS / "journeys") as home:
        run = EmbeddedRun(home / "installed")
        run.start(FIRST_START_SECONDS)
        yield Installed(run.home, run.interrupt())


@pytest.fixture
def installed_copy(installed: Installed, tmp_path: Path) -> Iterator[EmbeddedRun]:
    """An installation of the test's own, to be started and killed."""
    shutil.copytree(installed.var, tmp_path / "var")
    run = EmbeddedRun(tmp_path / "var")
    yield run
    run.stop()


@pytest.fixture(scope="package")
def embedded(installed: Installed) -> Iterator[EmbeddedRun]:
    """`causo run`, started for the second time."""
    run = EmbeddedRun(installed.var.parent / "running")
    shutil.copytree(installed.var, run.home)
    run.start()
    yield run
    run.stop()


@pytest.fixture(scope="package")
def distributed() -> Iterator[DistributedRun]:
    """The topology of real processes, Cà Mau's map taken in by all of them."""
    with passing_home(keep_logs_in=LOGS / "journeys-distributed") as home:
        run = DistributedRun(home)
        try:
            run.start()
            anybody = Official(run.url)
            eventually(lambda: "errors" not in anybody.answer(MAP), "the map is known")
            eventually(lambda: anybody.data(MAP)["unit"]["descendants"]["totalCount"] == 100, "the old communes")
            eventually(lambda: anybody.data(LAST)["unit"]["predecessors"], "the last successions")
            yield run
        finally:
            run.stop()


@pytest.fixture(scope="package", params=["embedded", "distributed"])
def running(request: pytest.FixtureRequest) -> Running:
    """One after the other, both."""
    found: Running = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def someone(running: Running) -> As:
    """`someone("commune_official", "32002")` at GraphQL; `someone()` is anybody."""
    return at(running)


def at(running: Running) -> As:
    """Viewers of one system."""

    def viewer(role: str = "", *units: str, body: str | None = None) -> Official:
        return Official(running.url, running.token(role, *units, body=body) if role else "")

    return viewer
