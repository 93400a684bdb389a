"""Programs of others hear of everything: a plain nameko service that is there, and one that reads the feeds later."""

import json
import os
import signal
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deploy.local import processes
from tests.golden import NAMES
from tests.journeys.conftest import at
from tests.journeys.people import Word
from tests.journeys.systems import DistributedRun, eventually
from tests.journeys.test_difficulty import ANSWER, HERE, reported
from tests.journeys.test_team_at_work import RECORD, founded, today
from tests.kernel.messaging.test_plain_nameko import plain_environment

__all__ = ["plain_environment"]  # the colleague's fixture, used by its name

HERE_LIES = Path(__file__).parent
SERVICES = ("registry", "visits", "reporting", "feedback")
HEARD = len(NAMES.read_text(encoding="utf-8").split())
"""Kinds of events there are; the plain listener has a handler for each."""
EVERYDAY = {
    *("unit.registered", "unit.succeeded", "unit.ended", "reorganisation.decided", "map.declared"),
    *("hamlet.registered", "team.established", "member.appointed", "member.stood_down"),
    *("household.registered", "visit.recorded", "visit.corrected", "visit.voided", "coverage.counted"),
    *("feedback.submitted", "feedback.answered", "person.erased", "personal_data.viewed"),
}
"""Kinds that a busy day brings at least."""
PROVINCE_GONE = {
    "--units": """regime,code,name,level,type,parent_code,valid_from,valid_to,lat,lon,area_km2
legacy,02,Tỉnh Hà Giang,province,Tỉnh,,,2025-06-30,22.8,104.98,
current,08,Tỉnh Tuyên Quang,province,Tỉnh,,2025-07-01,,21.82,105.21,
""",
    "--successions": """level,legacy_code,current_code,kind,is_default
province,02,08,whole,1
""",
    "--known-from": """regime,province_code,known_from,known_to,source
legacy,02,2025-06-30,2025-06-30,hiện trạng đến hết ngày 30/6/2025
""",
}
"""Two provinces which the map of the shared run does not have yet, as the files of `causo import`."""


@dataclass(frozen=True)
class Event:
    """One message of a feed."""

    position: int
    name: str
    headers: Mapping[str, Any]
    body: Any


@pytest.fixture
def received(distributed: DistributedRun, plain_environment: Path, tmp_path: Path) -> Iterator[Path]:
    """Where the plain listener, whose queues are bound, writes what it hears."""
    file = tmp_path / "received"
    file.touch()
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [plain_environment / "bin" / "nameko", "run", "--broker", distributed.broker.url, "plain_listener"],
            cwd=HERE_LIES,
            env={"PATH": os.environ["PATH"], "RECEIVED_FILE": str(file), "PYTHONWARNINGS": "ignore"},
            stdout=log,
            stderr=log,
        )
    try:
        eventually(lambda: consumers(distributed) == HEARD, "the plain listener consumes")
        yield file
    finally:
        processes.end(process, signal.SIGTERM)


def consumers(running: DistributedRun) -> int:
    """Queues of the plain listener that it consumes from."""
    listed = running.broker.rabbitmqctl("list_queues", "name", "consumers", "--no-table-headers")
    return sum(1 for line in listed.splitlines() if "plain_listener" in line and line.split()[-1] != "0")


def replayed(running: DistributedRun, service: str, head: int) -> list[Event]:
    """The feed of a service from its first message until position `head`."""
    found: list[Event] = []
    connection = running.broker.connect()
    channel = connection.channel()
    channel.basic_qos(0, 200, False)

    def take(message: Any) -> None:
        headers = message.headers
        found.append(Event(int(headers["ce-position"]), headers["ce-type"], headers, json.loads(message.body)))
        channel.basic_ack(message.delivery_tag)

    channel.basic_consume(f"{service}.feed", callback=take, arguments={"x-stream-offset": "first"})
    while not found or found[-1].position < head:
        connection.drain_events(timeout=60)
    connection.close()
    return found


def a_larger_map(running: DistributedRun, folder: Path) -> None:
    """Two provinces more, one of which went into the other."""
    given = []
    for option, rows in PROVINCE_GONE.items():
        file = folder / f"{option[2:]}.csv"
        file.write_text(rows, encoding="utf-8")
        given += [option, str(file)]
    imported = running.causo("import", *given)
    assert imported.returncode == 0, imported.stdout + imported.stderr


def a_busy_day(running: DistributedRun, folder: Path) -> None:
    """Every kind of event there is."""
    a_larger_map(running, folder)
    someone = at(running)
    team = founded(someone, households=(2, 1))
    seats = {"team": team.id, "organisation": "Hội Nông dân", "appointedOn": today().isoformat()}
    member = team.official.done("appointMember", role=Word("LEADER"), **seats)
    gone = {"team": team.id, "member": member["id"], "stoodDownOn": today().isoformat()}
    team.official.done("standDownMember", member["token"], **gone)
    visits = [team.visit(household) for household in team.households for _ in range(20)]
    outcomes = team.leader.data(RECORD, visits=visits)["recordVisits"]
    assert all(outcome["accepted"] for outcome in outcomes)
    better = {name: value for name, value in visits[0].items() if name not in ("visit", "commandId")}
    token = outcomes[0]["token"]
    better |= {"services": ["DVCQG"]}
    team.leader.done("correctVisit", token, id=visits[0]["visit"], visit=better, reason="wrong_service")
    team.leader.done("voidVisit", outcomes[1]["token"], id=visits[1]["visit"], reason="duplicate")
    official = someone("commune_official", HERE)
    _, _, case = reported(running, official)
    assert official.read_case(case)["accepted"]
    official.done("answerFeedback", case=case, text=ANSWER)
    official.done("erasePerson", case=case)


def heads(running: DistributedRun) -> dict[str, int]:
    """Last position of every service's log, once nothing is on its way any more."""

    def rested() -> dict[str, int] | None:
        status = running.causo("status")
        assert status.returncode == 0, status.stdout + status.stderr
        logs = {row[0]: row for row in rows(status.stdout) if len(row) == 5}
        subscriptions = [row for row in rows(status.stdout) if len(row) == 7]
        assert len(logs) == len(SERVICES) and len(subscriptions) >= len(SERVICES)
        # waiting for a number, not yet published, not yet followed
        numbered = all(row[2] == "0" and row[1] == row[3] for row in logs.values())
        followed = all(row[3] == "0" for row in subscriptions)
        return {name: int(row[1]) for name, row in logs.items()} if numbered and followed else None

    return eventually(rested, "nothing is on its way") or {}


def rows(table: str) -> list[list[str]]:
    """Cells of a table of `causo status`."""
    found = [[cell.strip().replace(",", "") for cell in line.split("│")[1:-1]] for line in table.splitlines()]
    return [cells for cells in found if cells]


def test_a_plain_subscriber_and_a_replay_see_every_event_in_order(
    distributed: DistributedRun, received: Path, tmp_path: Path
) -> None:
    before = heads(distributed)
    a_busy_day(distributed, tmp_path)
    after = heads(distributed)
    feeds = {service: replayed(distributed, service, after[service]) for service in SERVICES}
    told: dict[str, list[Any]] = defaultdict(list)
    for service, feed in feeds.items():
        fresh = list({event.position: event for event in feed}.values())
        assert [event.position for event in fresh] == list(range(1, after[service] + 1))
        assert len({event.headers["ce-epoch"] for event in fresh}) == 1
        assert len({event.headers["ce-id"] for event in fresh}) == len(fresh)
        for event in fresh[before[service] :]:
            told[event.name].append(event.body)
    assert set(told) >= EVERYDAY
    assert len(told["visit.recorded"]) == 60

    expected = sum(len(bodies) for bodies in told.values())
    eventually(lambda: len(received.read_text().splitlines()) >= expected, f"{expected} events heard")
    heard: dict[str, list[Any]] = defaultdict(list)
    for line in received.read_text(encoding="utf-8").splitlines():
        name, body = json.loads(line)
        heard[name].append(body)
    assert heard == told
