"""How soon after its answer a command is visible in a GraphQL query, in the distributed run under steady load.

The topology of `causo up`: every service, relay and follower and the gateway a process, on RabbitMQ and PostgreSQL.
A driver records visits at fixed instants whatever the answers do, and asks for each, the moment its mutation is
answered, for the newest visits of its hamlet, with the mutation's token. Counted is the time from the mutation's answer
to the end of the query whose answer holds that very visit, the query itself included. Slower rates come first: where
the machine cannot keep up, a queue grows for as long as one waits, and the percentile says nothing but that.
"""

import asyncio
import csv
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.http_client import GraphQLClient
from benchmarks.report import Row
from benchmarks.rounds import brief
from benchmarks.stage import ROOT, RunFailed, Stage
from deploy import system
from deploy.connecting import development_token
from deploy.local import processes
from deploy.topology import Topology
from services.kernel.clock import business_date, system_clock
from services.kernel.identifiers import new_id
from services.kernel.settings import Settings
from services.registry.import_map import KNOWN_FROM_CSV, UNITS_CSV

PROVINCE, COMMUNE = "96", "32248"
HAMLETS, HOUSEHOLDS = 20, 200
SINCE = "2025-07-01"
MOST_MILLISECONDS = 200
BEHIND_SECONDS = 3
"""With so many seconds' commands unanswered the system does not keep up, and the run is broken off."""
PATIENCE_SECONDS = 120.0
FIRST, MOST_FIRST = 10, 100
"""Newest visits of the hamlet that a query asks for: at first, and when the one looked for was not among them."""

NEW_HAMLET = (
    "mutation ($name: String!) { done: registerHamlet("
    f'commune: "{COMMUNE}", name: $name, kind: "Ấp", validFrom: "{SINCE}") {{ accepted id token code }} }}'
)
NEW_TEAM = (
    "mutation ($hamlets: [ID!]!) { done: establishTeam("
    f'commune: "{COMMUNE}", name: "Tổ 1", hamlets: $hamlets, decisionNo: "1/QĐ", decisionDate: "2025-08-01")'
    " { accepted id token code } }"
)
NEW_HOUSEHOLD = (
    "mutation ($hamlet: ID!) { done: registerHousehold("
    f'hamlet: $hamlet, registeredOn: "{SINCE}") {{ accepted id token code }} }}'
)
RECORD = "mutation ($visit: VisitInput!) { done: recordVisit(visit: $visit) { accepted id token code } }"
READ = (
    "query ($hamlet: ID!, $token: String!, $first: Int!) {"
    " visits(hamlet: $hamlet, first: $first, afterToken: $token) { nodes { id outcome } } }"
)


def measure(stage: Stage) -> list[Row]:
    """One row a rate: the 99th percentile."""
    seconds, rates = stage.size(40, 10), (20, 50, 100)
    with stage.vhost() as amqp:
        settings = settings_of(stage, amqp, "visible")
        environment = environment_of(settings)
        causo(environment, "migrate")
        topology = Topology(environment, stage.home / "up")
        try:
            stage.say("  starting the topology")
            topology.start()
            topology.await_beats(PATIENCE_SECONDS)
            causo(environment, "import", *_map_of_one_province(stage.home))
            token = _token(settings)
            rows = [_row(stage, settings.port, token, a_second, seconds) for a_second in rates]
        finally:
            topology.stop()
    for name in system.DATABASES:
        stage.drop(name)
    return rows


def _row(stage: Stage, port: int, token: str, a_second: int, seconds: int) -> Row:
    found = stage.ours("benchmarks.visible:drive", port=port, token=token, a_second=a_second, seconds=seconds)
    keeps_up = found["count"] == a_second * seconds
    pace = f"{found['count']:,} commands in {seconds} s" if keeps_up else "falls behind: broken off"
    stage.say(f"  {a_second}/s: p50 {found['p50']:.0f} ms, p99 {found['p99']:.0f} ms; {pace}")
    aimed_at = a_second == 100
    mutations = f"median {brief(found['mutation_p50'])} ms, 99th percentile {brief(found['mutation_p99'])} ms"
    return Row(
        f"command answered, visible in a GraphQL query: 99th percentile, {a_second} commands/s",
        *(found["p99"], None, None, f"< {MOST_MILLISECONDS} ms" if aimed_at else "", "ms"),
        found["p99"] < MOST_MILLISECONDS and keeps_up if aimed_at else None,
        f"median {brief(found['p50'])} ms, longest {brief(found['longest'])} ms, {pace};"
        f" the mutations themselves: {mutations}",
    )


def settings_of(stage: Stage, amqp: str, folder: str) -> Settings:
    """Settings of a distributed run with fresh databases and a folder of its own."""
    for name in system.DATABASES:
        stage.postgres.ensure_database(name)
    var = stage.home / folder
    var.mkdir()
    database = stage.postgres.database_url("{service}")
    return Settings(database_url=database, amqp_url=amqp, var_dir=var, port=processes.free_port())


def environment_of(settings: Settings) -> dict[str, str]:
    """The variables that tell a process of that run where everything is."""
    return {
        "CAUSO_DATABASE_URL": str(settings.database_url),
        "CAUSO_AMQP_URL": str(settings.amqp_url),
        "CAUSO_VAR_DIR": str(settings.var_dir),
        "CAUSO_PORT": str(settings.port),
    }


def causo(environment: dict[str, str], *arguments: str) -> None:
    """An operator's command. Raises `RunFailed`."""
    command = [sys.executable, "-m", "deploy", *arguments]
    told = {**os.environ, **environment}
    done = subprocess.run(command, env=told, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RunFailed(f"causo {arguments[0]} failed:\n{(done.stdout + done.stderr)[-2000:]}")


def _map_of_one_province(home: Path) -> list[str]:
    """Arguments for `causo import`: Cà Mau as it is today."""
    rows = _rows(UNITS_CSV)
    kept = [r for r in rows if r["regime"] == "current" and PROVINCE in (r["code"], r["parent_code"])]
    units = _written(home / "units.csv", list(rows[0]), kept)
    successions = _written(home / "no-successions.csv", ["level", "legacy_code", "current_code", "kind", "is_default"])
    known_from = [row for row in _rows(KNOWN_FROM_CSV) if row["regime"] == "current"]
    known = _written(home / "known.csv", list(known_from[0]), known_from)
    return ["--units", str(units), "--successions", str(successions), "--known-from", str(known)]


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def _written(file: Path, columns: Sequence[str], rows: Sequence[dict[str, str]] = ()) -> Path:
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, columns)
        writer.writeheader()
        writer.writerows(rows)
    return file


def _token(settings: Settings) -> str:
    """A commune official's, as soon as the gateway's read model knows the commune."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return development_token(settings, "commune_official", [COMMUNE], None)
        except LookupError:
            if time.monotonic() > until:
                raise
            time.sleep(0.5)


# The driver, in a process of its own


def drive(given: dict[str, Any]) -> dict[str, float]:
    """Milliseconds from a mutation's answer to the answer that shows it."""
    return asyncio.run(_Driver(given).run())


class _Driver:
    def __init__(self, given: dict[str, Any]) -> None:
        self._client = GraphQLClient(processes.LOOPBACK, given["port"], given["token"])
        self._a_second = given["a_second"]
        self._seconds = given["seconds"]
        self._team = ""
        self._households: list[tuple[str, str]] = []
        self._today = business_date(system_clock()).isoformat()
        self._mutations: list[float] = []
        self._waits: list[float] = []

    async def run(self) -> dict[str, float]:
        hamlets = [await self._done(NEW_HAMLET, name=f"Ấp {number + 1}") for number in range(HAMLETS)]
        self._team = await self._done(NEW_TEAM, hamlets=hamlets)
        for _ in range(HOUSEHOLDS // HAMLETS):
            made = await asyncio.gather(*(self._done(NEW_HOUSEHOLD, hamlet=hamlet) for hamlet in hamlets))
            self._households += zip(hamlets, made, strict=True)
        for start in range(0, HOUSEHOLDS, HAMLETS):  # warms up every process
            await asyncio.gather(*(self._one(*household) for household in self._households[start : start + HAMLETS]))
        self._mutations.clear()
        self._waits.clear()
        await self._at_a_fixed_rate()
        self._client.close()
        waits, mutations = sorted(self._waits), sorted(self._mutations)
        return {
            "count": len(waits),
            "p50": _percentile(waits, 50),
            "p99": _percentile(waits, 99),
            "longest": waits[-1] * 1000,
            "mutation_p50": _percentile(mutations, 50),
            "mutation_p99": _percentile(mutations, 99),
        }

    async def _at_a_fixed_rate(self) -> None:
        started = time.perf_counter()
        tasks = []
        for number in range(self._a_second * self._seconds):
            if number - len(self._waits) > BEHIND_SECONDS * self._a_second:
                break
            await asyncio.sleep(started + number / self._a_second - time.perf_counter())
            tasks.append(asyncio.create_task(self._one(*self._households[number % HOUSEHOLDS])))
        await asyncio.gather(*tasks)

    async def _one(self, hamlet: str, household: str) -> None:
        made = str(new_id())
        visit: dict[str, Any] = {
            "visit": made,
            "commandId": made,
            "household": household,
            "hamlet": hamlet,
            "team": self._team,
        }
        visit |= {"visitedOn": self._today, "mode": "home", "services": ["VNEID_L2"], "outcome": "guided"}
        asked = time.perf_counter()
        outcome = await self._tell(RECORD, visit=visit)
        answered = time.perf_counter()
        assert outcome["accepted"], outcome
        first = FIRST
        while not await self._shows(hamlet, made, outcome["token"], first):
            first = MOST_FIRST  # newer ones may have pushed it off the page
        self._mutations.append(answered - asked)
        self._waits.append(time.perf_counter() - answered)

    async def _shows(self, hamlet: str, visit: str, token: str, first: int) -> bool:
        answer = await self._client.ask(READ, hamlet=hamlet, token=token, first=first)
        if "errors" in answer:
            assert answer["errors"][0]["extensions"]["code"] == "NOT_YET_APPLIED", answer
            return False
        return any(node["id"] == visit for node in answer["data"]["visits"]["nodes"])

    async def _done(self, document: str, **variables: Any) -> str:
        """Tell until gateway and service have heard of what the command is about; the id of what was made."""
        until = time.monotonic() + PATIENCE_SECONDS
        while not (outcome := await self._tell(document, **variables))["accepted"]:
            assert outcome["code"] == "NOT_FOUND" or outcome["code"].startswith("UNKNOWN_"), outcome
            assert time.monotonic() < until, outcome
            await asyncio.sleep(0.2)
        return str(outcome["id"])

    async def _tell(self, document: str, **variables: Any) -> Any:
        """The outcome; told again, with the same ids, while the way to the service is jammed."""
        while "errors" in (answer := await self._client.ask(document, **variables)):
            assert answer["errors"][0]["extensions"]["code"] == "SERVICE_UNAVAILABLE", answer
            await asyncio.sleep(0.2)
        return answer["data"]["done"]


def _percentile(ordered: Sequence[float], percent: int) -> float:
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] * 1000
