"""`python -m benchmarks`: ask every question and write the results; or ask those named and print them only."""

import argparse
import logging
import os
import sys
import time
from importlib import import_module

import structlog

from benchmarks import machine, report
from benchmarks.peer_environment import PeersNotInstalled, locked_versions, peers_python
from benchmarks.report import Row
from benchmarks.stage import ROOT, RunFailed, Stage
from deploy.local.errors import LocalServerError
from deploy.local.homes import passing_home
from deploy.local.postgres import SETTINGS, PostgresServer
from deploy.local.rabbitmq import RabbitServer

QUESTIONS = ("commands", "relay", "subscription", "append", "rebuild", "visible", "registry")
LEAST_ROUNDS = 5


def main() -> int:
    """0 when everything ran, whether or not a goal was met; the table says that."""
    quick = os.environ.get("BENCH_QUICK", "") not in ("", "0")
    given = _arguments(3 if quick else LEAST_ROUNDS)
    # A copied database looks restored to the relay's code, which says so; here it is meant.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    try:
        rows, facts = _run(given.questions or list(QUESTIONS), given.rounds, quick, given.scale)
    except (LocalServerError, PeersNotInstalled, RunFailed) as error:
        print(error, file=sys.stderr)
        return 1
    print("\n" + report.table(rows))
    if not given.questions:
        report.write(rows, facts, quick=quick)
        print("\nWritten: benchmarks/results.json, benchmarks/results.md")
    return 0


def _arguments(rounds: int) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure against named peers.")
    parser.add_argument("questions", nargs="*", metavar="question", help=f"some of: {', '.join(QUESTIONS)}")
    parser.add_argument("--rounds", type=int, default=rounds, help=f"alternating runs (default {rounds})")
    scale = os.environ.get("SCALE") or "1"
    parser.add_argument("--scale", type=int, default=scale, help="millions of events stored (default 1; env SCALE)")
    given = parser.parse_args()
    unknown = sorted(set(given.questions) - set(QUESTIONS))
    if unknown:
        parser.error(f"no such question: {', '.join(unknown)}")
    if given.rounds < 1 or given.scale < 1:
        parser.error("--rounds and --scale are at least 1")
    return given


def _run(questions: list[str], rounds: int, quick: bool, scale: int) -> tuple[list[Row], list[machine.Fact]]:
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"[{time.monotonic() - began:5.0f} s] {text}", flush=True)

    say("the peers' environment")
    peers = peers_python(ROOT / "var" / "bench-peers")
    with passing_home(keep_logs_in=ROOT / "var" / "bench-logs") as home:
        # A second PostgreSQL setting than the tests': checkpoints must not fall into one side's runs by chance.
        postgres = PostgresServer(home, {"max_wal_size": "8GB", "checkpoint_timeout": "30min"})
        rabbitmq = RabbitServer(home, memory="4GB")  # what a run leaves behind must not block the next
        try:
            say("private PostgreSQL and RabbitMQ")
            postgres.start()
            rabbitmq.start()
            facts = _facts(postgres, rabbitmq)
            stage = Stage(home, postgres, rabbitmq, peers, rounds, quick, scale, say)
            rows: list[Row] = []
            for question in questions:
                say(question)
                rows += import_module(f"benchmarks.{question}").measure(stage)
            say("done")
        finally:
            rabbitmq.stop()
            postgres.stop()
    return rows, facts


def _facts(postgres: PostgresServer, rabbitmq: RabbitServer) -> list[machine.Fact]:
    with postgres.connect() as connection:
        version = connection.info.server_version
    broker = rabbitmq.connect()
    broker_version = str(broker.server_properties["version"])
    broker.close()
    settings = {**SETTINGS, **postgres.settings}
    said = ", ".join(f"{name} {settings[name]}" for name in ("fsync", "synchronous_commit", "shared_buffers"))
    return machine.facts(f"{version // 10000}.{version % 10000}", broker_version, locked_versions(), said)


if __name__ == "__main__":
    sys.exit(main())
