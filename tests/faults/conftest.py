"""What the fault tests share: how long they run, and one city of real processes that heals between them."""

import logging
from collections.abc import Generator, Iterator

import pytest

from deploy.local.homes import passing_home
from tests.conftest import LOGS
from tests.faults.city import City
from tests.faults.soak import Scale

_outcomes: dict[str, str] = {}
# Each refused connection of the driver, many a second while a broker is down, would bury a failure's report.
logging.getLogger("aiormq.connection").setLevel(logging.CRITICAL)


@pytest.fixture(scope="session")
def scale() -> Iterator[Scale]:
    """`scale(short, long)`; a soak run leaves its report when the session ends."""
    found = Scale()
    yield found
    if found.soak:
        found.report(_outcomes)


@pytest.fixture(scope="session")
def city() -> Iterator[City]:
    """The running system. A test leaves it settled, agreeing with the driver's log."""
    with passing_home(keep_logs_in=LOGS / "faults") as home:
        found = City(home)
        found.start()
        yield found
        found.stop()
        (LOGS / "faults").mkdir(parents=True, exist_ok=True)
        found.keep_logs(LOGS / "faults")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call" or report.failed:
        _outcomes[item.nodeid] = report.outcome
    return report
