"""What the fault tests share: one city of real processes that heals between them and is gone with the last of them."""

import logging
from collections.abc import Iterator

import pytest

from deploy.local.homes import passing_home
from tests.conftest import LOGS
from tests.faults.city import City

# Each refused connection of the driver, many a second while a broker is down, would bury a failure's report.
logging.getLogger("aiormq.connection").setLevel(logging.CRITICAL)


@pytest.fixture(scope="package")
def city() -> Iterator[City]:
    """The running system. A test leaves it settled, agreeing with the driver's log."""
    with passing_home(keep_logs_in=LOGS / "faults") as home:
        found = City(home)
        found.start()
        yield found
        found.stop()
        (LOGS / "faults").mkdir(parents=True, exist_ok=True)
        found.keep_logs(LOGS / "faults")
