"""The registry at the size of the country: its reform, a tree on a day, all teams judged, an office's roster, memory.

The whole map and its reform are imported into the distributed run, and 100,000 hamlets registered by command. Teams and
members are written into the gateway's read model as its subscription would have left them. The roster is imported as an
office does it, with names, beside a running `causo run`, whose first start brought in the whole reform before.
"""

import csv
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event, select, text

from benchmarks.report import Row, limited
from benchmarks.rounds import brief
from benchmarks.stage import ROOT, RunFailed, Stage
from benchmarks.visible import PATIENCE_SECONDS, causo, environment_of, settings_of
from deploy import system
from deploy.connecting import open_bus
from deploy.local import processes
from deploy.topology import Topology, roles
from gateway import compliance, teams
from gateway.roster.files import COLUMNS, CONTACT
from gateway.unit_tree import whole_trees
from services.kernel.database import Database
from services.kernel.identifiers import derived_id
from services.registry.import_map import UNITS_CSV
from services.registry.unit import unit_id

PROVINCE = unit_id("current", "province", "96")
HAMLETS, HAMLETS_HERE, TEAMS, MEMBERS = 100_000, 1_000, 74_422, 25_000
PLAN = "KG-2022"
SERVING = 8
"""Members of each team that is judged; members of each team of the roster."""
SINCE, TODAY = date(2025, 7, 1), date(2026, 11, 20)
MOST_MILLISECONDS, MOST_JUDGING_SECONDS, MOST_ROSTER_SECONDS, MOST_MEGABYTES = 20, 60, 60, 300
MOST_REFORM_SECONDS = 60
ROLES = ("registry", "registry-relay", "gateway-follower")


def measure(stage: Stage) -> list[Row]:
    """Five rows: memory, the tree, judging, the reform, the roster."""
    hamlets, asked = stage.size(HAMLETS, 5_000), stage.size(TEAMS, 3_000)
    with stage.vhost() as amqp:
        settings = settings_of(stage, amqp, "registry")
        environment = environment_of(settings)
        causo(environment, "migrate")
        topology = Topology(environment, stage.home / "registry-up", watched=False)
        try:
            topology.start([role for role in roles() if role.name in ROLES])
            topology.await_beats(PATIENCE_SECONDS)
            stage.say("  importing the whole map")
            causo(environment, "import")
            stage.say(f"  registering {hamlets:,} hamlets")
            with open_bus(settings) as execute_many:
                for batch in _batches(_new_hamlets(hamlets), 500):
                    answers = execute_many("registry", batch)
                    if not all(answer.accepted for answer in answers):
                        raise RunFailed(f"a hamlet was refused: {next(a for a in answers if not a.accepted)}")
            gateway = stage.postgres.database_url("gateway")
            _await(gateway, hamlets)
            peak = _peak_megabytes(topology.pid("registry"))
        finally:
            topology.stop()
        stage.say(f"  memory {peak:.0f} MB")
        said = f"{hamlets:,} hamlets and the national map registered through it"
        rows = [limited("registry process with the national map: memory", peak, MOST_MEGABYTES, "MB", f"peak; {said}")]
        rows.append(_tree(stage, gateway))
        rows.append(_judging(stage, gateway, asked))
    for name in system.DATABASES:
        stage.drop(name)
    rows += _embedded(stage, stage.size(MEMBERS, 1_000))
    return rows


def _batches(commands: Iterator[tuple[str, dict[str, Any]]], size: int) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    batch = []
    for command in commands:
        batch.append(command)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _communes() -> list[tuple[str, bool]]:
    """Ids of today's communes, and whether each lies in Cà Mau."""
    with UNITS_CSV.open(encoding="utf-8", newline="") as opened:
        rows = [r for r in csv.DictReader(opened) if (r["regime"], r["level"]) == ("current", "commune")]
    return [(str(unit_id("current", "commune", row["code"])), row["parent_code"] == "96") for row in rows]


def _new_hamlets(count: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """`HAMLETS_HERE` of them in Cà Mau, the others everywhere else."""
    here = [commune for commune, ours in _communes() if ours]
    others = [commune for commune, ours in _communes() if not ours]
    for number in range(count):
        place = here[number % len(here)] if number < HAMLETS_HERE else others[number % len(others)]
        yield (
            "register_hamlet",
            {
                "hamlet": str(derived_id("benchmark", "hamlet", number)),
                "commune": place,
                "name": f"Ấp {number}",
                "kind": "Ấp",
                "valid_from": SINCE.isoformat(),
                "actor": "benchmark",
                "at": "2026-11-01T00:00:00Z",
                "command_id": str(derived_id("benchmark", "command", number)),
            },
        )


def _await(url: str, hamlets: int) -> None:
    """Until the gateway's map has taken everything in."""
    database, until = Database(url, pool_size=1), time.monotonic() + 10 * PATIENCE_SECONDS
    while True:
        with database.look() as connection:
            if connection.execute(text("SELECT count(*) FROM map_hamlets")).scalar_one() >= hamlets:
                break
        if time.monotonic() > until:
            raise RunFailed("the gateway does not come to the end of the map")
        time.sleep(0.5)
    database.close()


def _peak_megabytes(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


# A province's tree


def _tree(stage: Stage, url: str) -> Row:
    found = stage.ours("benchmarks.registry:ask_trees", database=url, asks=stage.size(400, 50))
    stage.say(f"  tree: p95 {found['p95']:.1f} ms, {found['nodes']:,} nodes, {found['statements']} statement")
    return limited(
        "tree of a province on a day: 95th percentile",
        *(found["p95"], MOST_MILLISECONDS, "ms"),
        f"median {brief(found['p50'])} ms; {found['nodes']:,} units and hamlets in {found['statements']} statement,"
        f" any day since the reform, {found['hamlets']:,} hamlets stored",
    )


def ask_trees(given: dict[str, Any]) -> dict[str, Any]:
    """Ask for Cà Mau on one day after the other."""
    database, chance = Database(given["database"], pool_size=1), random.Random(1)
    statements: list[str] = []
    _listen(database.engine, statements)
    took, nodes = [], 0
    for _ in range(given["asks"]):
        day = SINCE + timedelta(days=chance.randrange(500))
        statements.clear()
        began = time.perf_counter()
        with database.look() as connection:
            nodes = len(whole_trees(connection, [str(PROVINCE)], day)[str(PROVINCE)])
        took.append((time.perf_counter() - began) * 1000)
    asked = len(statements)
    with database.look() as connection:
        stored = connection.execute(text("SELECT count(*) FROM map_hamlets")).scalar_one()
    took.sort()
    p50, p95 = (took[int(len(took) * share)] for share in (0.5, 0.95))
    return {"p50": p50, "p95": p95, "nodes": nodes, "statements": asked, "hamlets": stored}


def _listen(engine: Engine, statements: list[str]) -> None:
    event.listen(engine, "before_cursor_execute", lambda _c, _cursor, statement, *_: statements.append(statement))


# All teams judged anew


def _judging(stage: Stage, url: str, count: int) -> Row:
    _fill_teams(url, count)
    found = stage.ours("benchmarks.registry:judge_all", database=url)
    each = f"{SERVING} members each, {found['judgements']:,} judgements, {found['broken']:,} teams out of order"
    stage.say(f"  judged {found['teams']:,} teams in {found['seconds']:.1f} s: {each}")
    return limited(
        f"compliance of {found['teams']:,} teams after a new profile: time",
        *(found["seconds"], MOST_JUDGING_SECONDS, "s"),
        f"one process; {each}",
    )


def _fill_teams(url: str, count: int) -> None:
    """Teams of eight, of every commune; a plan with rules for teams in every province, and the same anew from today."""
    database = Database(url, pool_size=1, pg_options="-c timezone=UTC")
    with database.write() as connection:
        connection.execute(text(_TEAMS), {"count": count})
        connection.execute(text(_PLACES))
        connection.execute(text(_MEMBERS), {"serving": SERVING})
        connection.execute(text("DELETE FROM policy_profiles WHERE code <> :plan"), {"plan": PLAN})
        connection.execute(text(_PLANS), {"plan": PLAN, "eve": TODAY - timedelta(days=1), "today": TODAY})
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM (ANALYZE)"))
    database.close()


_TEAMS = """
INSERT INTO teams (team, commune, name, level, decision_no, decision_date, search_text, sort_key)
SELECT md5('team' || n)::uuid::text, communes.unit, 'Tổ ' || n, 'hamlet', '1/QĐ', '2026-01-20', 'to ' || n,
  decode(md5('' || n), 'hex')
FROM generate_series(0, :count - 1) AS n
JOIN (SELECT unit, row_number() OVER (ORDER BY unit) - 1 AS place, count(*) OVER () AS many
  FROM map_units WHERE level = 'commune' AND regime = 'current' AND until = '9999-12-31') AS communes
  ON communes.place = n % communes.many
"""
_PLACES = """
INSERT INTO team_places (team, since, commune, until, hamlets) SELECT team, '', commune, '9999-12-31', 1 FROM teams
"""
_MEMBERS = """
INSERT INTO members (team, member, appointed_on, role, organisation, organisation_kind, same_hamlet, part_time)
SELECT team, md5(team || n)::uuid::text, '2026-02-01',
  CASE WHEN n = 0 THEN 'leader' WHEN n < 2 THEN 'deputy' ELSE 'member' END, 'Xã đoàn',
  CASE WHEN n = 0 THEN 'hamlet_head' WHEN n % 3 = 0 THEN 'police' WHEN n % 3 = 1 THEN 'youth_union' END, true, true
FROM teams, generate_series(0, :serving - 1) AS n
"""
_PLANS = """
INSERT INTO policy_profiles (profile, territory, status, code, name, issuer, document, issued_on, valid_from, last_day,
  tiers, team_levels, rules, sort_key)
SELECT md5(u.unit || made.since)::uuid::text, u.unit, 'published', p.code || made.since, p.name, p.issuer, p.document,
  p.issued_on, made.since::date, made.last::date, p.tiers, p.team_levels, p.rules, p.sort_key
FROM policy_profiles AS p, map_units AS u,
  (VALUES ('2026-01-01', (:eve)::text), ((:today)::text, NULL)) AS made (since, last)
WHERE p.code = :plan AND u.level = 'province' AND u.regime = 'current' AND u.until = '9999-12-31'
"""


def judge_all(given: dict[str, Any]) -> dict[str, Any]:
    """Every team on the day the new profile begins, a thousand at a time."""
    database = Database(given["database"], pool_size=1)
    with database.look() as connection:
        found = teams.LIVE.teams.c
        wanted = list(connection.execute(select(found.team).order_by(found.commune, found.team)).scalars())
    judged = broken = counted = 0
    began = time.perf_counter()
    for start in range(0, len(wanted), 1000):
        with database.read() as connection:
            each = compliance.judgements(connection, wanted[start : start + 1000], TODAY, found.team.is_not(None))
        judged += len(each)
        counted += sum(len(judgements) for judgements in each.values())
        broken += sum(any(one.verdict == compliance.BROKEN for one in judgements) for judgements in each.values())
    seconds = time.perf_counter() - began
    database.close()
    if judged != len(wanted) or counted < judged:
        raise RunFailed(f"{judged} of {len(wanted)} teams judged, {counted} judgements")
    return {"teams": judged, "seconds": seconds, "judgements": counted, "broken": broken}


# The reform and an office's roster, embedded


def _embedded(stage: Stage, count: int) -> list[Row]:
    home = stage.home / "roster"
    home.mkdir()
    environment = {"CAUSO_VAR_DIR": str(home / "var"), "CAUSO_PORT": str(processes.free_port())}
    stage.say("  starting `causo run`")
    began = time.perf_counter()
    with (home / "run.log").open("wb") as log:
        command = [sys.executable, "-m", "deploy", "run", "--no-demo"]
        running = subprocess.Popen(command, env={**os.environ, **environment}, cwd=ROOT, stdout=log, stderr=log)
    try:
        _until(lambda: b"Ctrl-C" in (home / "run.log").read_bytes() or running.poll() is not None)
        reform = time.perf_counter() - began
        if running.poll() is not None:
            raise RunFailed(f"`causo run` ended: {(home / 'run.log').read_text()[-500:]}")
        stage.say(f"  whole reform in {reform:.1f} s")
        files = _files(home, count)
        causo(environment, "import-teams", "--hamlets", str(files["hamlets"]))
        _settled(environment)
        causo(environment, "import-teams", "--teams", str(files["teams"]))
        _settled(environment)
        began = time.perf_counter()
        causo(environment, "import-teams", "--members", str(files["members"]))
        roster = time.perf_counter() - began
    finally:
        running.send_signal(signal.SIGINT)
        running.wait(60)
    stage.say(f"  roster of {count:,} in {roster:.1f} s")
    return [
        limited(
            "the whole national reform in one import, fresh embedded: time",
            *(reform, MOST_REFORM_SECONDS, "s"),
            "first start of `causo run` until it serves, every read model included",
        ),
        limited(
            f"roster import of {count:,} members with names, embedded: time",
            *(roster, MOST_ROSTER_SECONDS, "s"),
            "`causo import-teams` beside a running `causo run`; each name and number sealed",
        ),
    ]


def _until(true: Any) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not true():
        if time.monotonic() > until:
            raise RunFailed("the embedded run does not get there")
        time.sleep(0.1)


def _settled(environment: dict[str, str]) -> None:
    """Until every read model has taken in everything, which `causo status` says with its exit code."""
    told = {**os.environ, **environment}
    command = [sys.executable, "-m", "deploy", "status"]
    _until(lambda: subprocess.run(command, env=told, cwd=ROOT, capture_output=True, check=False).returncode == 0)


def _files(home: Path, count: int) -> dict[str, Path]:
    """Hamlets, a team each, and its eight members, over the communes of Cà Mau."""
    codes = _codes_of_ca_mau()
    many = -(-count // SERVING)
    places = [(codes[n % len(codes)], f"Ấp {n}") for n in range(many)]
    hamlets = [(code, name, "Ấp", "01/07/2025") for code, name in places]
    founded = [
        (code, f"Tổ {name}", "ấp", name, "12/QĐ-UBND", "01/08/2025", "Chủ tịch Ủy ban nhân dân xã", "")
        for code, name in places
    ]
    members = []
    for n in range(count):
        code, name = places[n // SERVING]
        kind = ("tổ trưởng", "trưởng ấp") if n % SERVING == 0 else ("thành viên", "đoàn thanh niên")
        who = (code, f"Tổ {name}", f"TV-{n}", kind[0], "Ban nhân dân ấp", kind[1], "có", "có", "02/08/2025", "", "")
        members.append((*who, f"Nguyễn Văn {n}", f"09{n:08}", "có", "có", ""))
    return {
        "hamlets": _written(home / "hamlets.csv", COLUMNS["hamlets"], hamlets),
        "teams": _written(home / "teams.csv", COLUMNS["teams"], founded),
        "members": _written(home / "members.csv", (*COLUMNS["members"], *CONTACT), members),
    }


def _codes_of_ca_mau() -> list[str]:
    with UNITS_CSV.open(encoding="utf-8", newline="") as opened:
        return [
            row["code"]
            for row in csv.DictReader(opened)
            if (row["regime"], row["level"], row["parent_code"]) == ("current", "commune", "96")
        ]


def _written(file: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Path:
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(columns)
        writer.writerows(rows)
    return file
