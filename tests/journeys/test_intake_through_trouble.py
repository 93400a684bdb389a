"""Residents never wait for what lies behind the form: it takes reports while RabbitMQ or the service is away."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.journeys.conftest import at
from tests.journeys.people import Official, Resident, Slip
from tests.journeys.systems import DistributedRun, eventually
from tests.journeys.test_difficulty import HERE, LISTED
from tests.soak import Scale

AT_ONCE_SECONDS = 15.0
"""No figure is promised for a busy machine; the point is that no time-out of anything behind is waited for."""


@pytest.fixture
def official(distributed: DistributedRun) -> Iterator[Official]:
    """Of Xã Đất Mũi; whatever was stopped runs again afterwards."""
    yield at(distributed)("commune_official", HERE)
    distributed.broker.start()
    distributed.broker.rabbitmqctl("set_disk_free_limit", "50MB")
    distributed.topology.restart("feedback")


def cases(official: Official) -> dict[str, Any]:
    """Cases the official sees, by id."""
    return {case["id"]: case for case in official.data(LISTED)["cases"]["nodes"]}


def sent(running: DistributedRun, count: int) -> list[tuple[Resident, Slip]]:
    """So many reports, each answered at once with a slip that opens its status."""
    found = []
    for _ in range(count):
        resident = Resident(running.url)
        slip = resident.report("dat mui", "Xã Đất Mũi")
        assert resident.seconds < AT_ONCE_SECONDS
        assert resident.look(slip).status_code == 200
        found.append((resident, slip))
    return found


def arrive(distributed: DistributedRun, official: Official, before: dict[str, Any], residents: list[Resident]) -> None:
    """Each report comes once, with the resident's words, and can be answered."""

    def fresh() -> list[str]:
        distributed.tend()
        new = [case for case in cases(official) if case not in before]
        return new if len(new) >= len(residents) else []

    new = eventually(fresh, "what was sent meanwhile arrives", 180)
    texts = sorted(official.read_case(case)["text"] for case in new)
    assert texts == sorted(resident.told for resident in residents)


def test_reports_sent_while_the_service_is_down_arrive_later(distributed: DistributedRun, official: Official) -> None:
    before = cases(official)
    distributed.topology.kill("feedback")
    residents = [resident for resident, _ in sent(distributed, 3)]
    assert cases(official) == before
    distributed.topology.restart("feedback")
    arrive(distributed, official, before, residents)


def test_reports_sent_while_rabbitmq_is_stopped_arrive_later(distributed: DistributedRun, official: Official) -> None:
    before = cases(official)
    distributed.broker.stop()
    residents = [resident for resident, _ in sent(distributed, 3)]
    assert official.answer('{ unit(code: "96") { name } }')["data"]["unit"]["name"] == "Tỉnh Cà Mau"
    assert cases(official) == before
    distributed.broker.start()
    arrive(distributed, official, before, residents)


def test_reports_sent_during_a_disk_alarm_of_rabbitmq_arrive_later(
    distributed: DistributedRun, official: Official, scale: Scale
) -> None:
    """Row 23: publishing is blocked then, not refused; nobody at the form may notice."""
    before = cases(official)
    distributed.broker.rabbitmqctl("set_disk_free_limit", "9000GB")
    since = time.monotonic()
    residents: list[Resident] = []
    while len(residents) < 3 or time.monotonic() < since + scale(0, 300):
        residents += [resident for resident, _ in sent(distributed, 1)]
        time.sleep(scale(0, 5))
    assert cases(official) == before
    distributed.broker.rabbitmqctl("set_disk_free_limit", "50MB")
    since = time.monotonic()
    arrive(distributed, official, before, residents)
    took, waits = time.monotonic() - since, sorted(resident.seconds for resident in residents)
    p95 = waits[len(waits) * 95 // 100]
    figure = f"p95 {p95:.2f} s of {len(waits)} reports, all arrived {took:.1f} s after the alarm"
    scale.measured("23, the form", "p95 < 1 s, 0 lost, relay recovers ≤ 60 s", figure)
