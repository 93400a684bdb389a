"""`causo run` as a process: first start, later starts, Ctrl-C, kill -9, what it refuses, and tokens for it."""

import re
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.journeys.conftest import Installed, at
from tests.journeys.people import Official, Resident, Slip
from tests.journeys.systems import ROOT, DistributedRun, EmbeddedRun, eventually
from tests.journeys.test_difficulty import LISTED

PROMISED_READY_SECONDS = 15.0
BUSY = 4
"""A machine that does other things may take so many times as long as was promised for a quiet one."""
ME = "{ me { role units { code } } }"
HAMLETS = """query ($page: String) { unit(code: "32248") { hamlets(first: 100, after: $page) {
    nodes { id } pageInfo { hasNextPage endCursor } } } }"""


def test_the_first_start_shows_its_progress_its_addresses_and_tokens_that_work(
    installed: Installed, embedded: EmbeddedRun
) -> None:
    said = (installed.var / "run.log").read_text()
    assert "bản đồ hành chính" in said and re.search(r"(\d+)/\1", said)
    shown = [line.split()[0] for line in said.splitlines() if line.startswith("  http://127.0.0.1:")]
    assert [address.rpartition("/")[2] for address in shown] == ["", "phan-anh", "tra-cuu", "graphql"]
    for role, code in (("province_official", "96"), ("commune_official", "32002")):
        token = next(line for line in said.splitlines() if line.startswith(f"{role} {code}: ")).split(": ")[1]
        me = Official(embedded.url, token).data(ME)["me"]
        assert me == {"role": role, "units": [{"code": code}]}
    assert "Traceback" not in said


def test_ctrl_c_ends_it_cleanly_and_it_is_soon_ready_again(installed: Installed, installed_copy: EmbeddedRun) -> None:
    assert installed.exit_code == 0
    assert installed_copy.start() < BUSY * PROMISED_READY_SECONDS
    assert installed_copy.interrupt() == 0
    assert "Traceback" not in installed_copy.log.read_text()


def test_a_second_run_on_the_same_files_or_the_same_port_is_refused(
    embedded: EmbeddedRun, installed_copy: EmbeddedRun
) -> None:
    same_files = embedded.causo("run", CAUSO_PORT=str(installed_copy.settings.port))
    same_port = installed_copy.causo("run", "--no-demo", CAUSO_PORT=str(embedded.settings.port))
    assert (same_files.returncode, same_port.returncode) == (1, 1)
    assert same_files.stderr == f"causo: another run already uses {embedded.settings.var_dir}\n"
    assert same_port.stderr.splitlines()[-1].startswith("causo: cannot listen on 127.0.0.1:")
    assert "CAUSO_PORT" in same_port.stderr
    assert "Traceback" not in same_files.stderr + same_port.stderr
    assert embedded.answers()


@dataclass
class Acknowledged:
    """What was answered before the process died."""

    reports: list[tuple[Resident, Slip]] = field(default_factory=list)
    hamlets: list[dict[str, Any]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def residents(self, url: str) -> None:
        """Report, one after the other, until nobody answers."""
        with suppress(httpx2.TransportError):
            while not self.over.is_set():
                resident = Resident(url)
                self.reports.append((resident, resident.report("dat mui", "Xã Đất Mũi", call=False)))

    def officials(self, official: Official) -> None:
        """Register hamlets likewise."""
        named = {"commune": "32248", "kind": "Ấp", "validFrom": "2025-07-01"}
        with suppress(httpx2.TransportError):
            while not self.over.is_set():
                self.hamlets.append(official.tell("registerHamlet", name=f"Ấp {len(self.hamlets)}", **named))


def hamlets(official: Official, after: str) -> set[str]:
    """All of the commune: many are registered while two residents fill in five forms."""
    found: set[str] = set()
    page: dict[str, Any] = {"hasNextPage": True, "endCursor": None}
    while page["hasNextPage"]:
        shown = official.data(HAMLETS, after, page=page["endCursor"])["unit"]["hamlets"]
        found |= {each["id"] for each in shown["nodes"]}
        page = shown["pageInfo"]
    return found


def test_a_kill_in_the_middle_of_work_loses_nothing_that_was_acknowledged(installed_copy: EmbeddedRun) -> None:
    done = Acknowledged()
    installed_copy.start()
    official = at(installed_copy)("commune_official", "32248")
    with ThreadPoolExecutor(3) as people:
        working = [people.submit(done.residents, installed_copy.url) for _ in range(2)]
        working.append(people.submit(done.officials, official))
        eventually(lambda: len(done.reports) >= 5 and len(done.hamlets) >= 5, "some are at work")
        installed_copy.kill()
        done.over.set()
        for each in working:
            each.result()

    installed_copy.start()
    told = {resident.told for resident, _ in done.reports}

    def arrived() -> bool:
        return bool(official.data(LISTED)["cases"]["totalCount"] >= len(told))

    eventually(arrived, "every report is a case")
    cases = official.data(LISTED)["cases"]["nodes"]
    assert told <= {official.read_case(case["id"])["text"] for case in cases}
    for resident, slip in done.reports:
        assert resident.look(slip).status_code == 200
    assert all(outcome["accepted"] for outcome in done.hamlets)
    shown = hamlets(official, after=",".join(outcome["token"] for outcome in done.hamlets[-20:]))
    assert {outcome["id"] for outcome in done.hamlets} <= shown
    assert installed_copy.causo("status").returncode == 0


def test_make_token_prints_a_token_and_nothing_else(embedded: EmbeddedRun) -> None:
    command = ["make", "-s", "-o", ".venv/.ready", "token", "ROLE=body_handler", "UNIT=32248", "BODY=TELECOM"]
    printed = subprocess.run(
        command, env=embedded.whole_environment(), cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    token = printed.removesuffix("\n")
    assert not set(token) & set(" \n")
    found = Official(embedded.url, token).data("{ me { role body } }")["me"]
    assert found == {"role": "body_handler", "body": "TELECOM"}


def test_in_production_mode_there_is_no_token(distributed: DistributedRun) -> None:
    told = ["token", "--role", "province_official", "--unit", "96"]
    assert distributed.causo(*told).returncode == 0
    refused = distributed.causo(*told, CAUSO_MODE="production", CAUSO_AMQP_URL="amqp://a:long-and-secret@127.0.0.1/")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "causo: the development issuer does not run in production mode\n"


@pytest.mark.parametrize(
    ("variable", "value", "rule"),
    [
        ("CAUSO_PORT", "hunter2", "should be a valid integer"),
        ("CAUSO_LOG_LEVEL", "hunter2", "should match pattern"),
        ("CAUSO_MODE", "production", "CAUSO_DATABASE_URL is required in production mode"),
    ],
)
def test_a_bad_variable_stops_the_start_with_one_line(tmp_path: Path, variable: str, value: str, rule: str) -> None:
    done = EmbeddedRun(tmp_path).causo("run", **{variable: value})
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("causo: CAUSO_")
    assert rule in done.stderr and "hunter2" not in done.stderr
