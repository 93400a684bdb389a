"""What an append costs with a long history stored, against a short one.

Two databases, the same process and one caller, in turns: fifty commands here, fifty there. Half of the commands open a
stream, half add to a stream of ten events chosen at random among all, which must be loaded first. The cost of a run is
the mean of the two kinds' medians: a neighbour who falls into one turn decides nothing, and a median of both kinds
together would lie in the gap between them.
"""

import random
import time
from datetime import UTC, datetime
from statistics import mean, median
from typing import Any

from benchmarks.history import STREAM_LENGTH, counter_of, write_history
from benchmarks.report import Row
from benchmarks.rounds import Figures, brief
from benchmarks.stage import Stage
from benchmarks.workload import COUNTING, REASON, RaiseCounter, StartCounter
from services.kernel.clock import system_clock
from services.kernel.database import Database
from services.kernel.handling import CommandProcessor
from services.kernel.identifiers import new_id
from services.kernel.message import Command

SMALL = 10_000
TURN = 50
MOST = 1.2
KINDS = ("opens", "adds")


def long_history(stage: Stage) -> tuple[str, int]:
    """The database with the long history, made at first use, and how many events it holds."""
    count = stage.size(1_000_000, 100_000) * stage.scale
    stage.say(f"  a history of {count:,} events")
    return stage.template(f"store_{count}", lambda database: write_history(database, count, numbered=True)), count


def measure(stage: Stage) -> list[Row]:
    """One row: the ratio of two costs."""
    large, count = long_history(stage)
    small = stage.template("store_small", lambda database: write_history(database, SMALL, numbered=True))
    databases = {str(SMALL): stage.postgres.database_url(small), str(count): stage.postgres.database_url(large)}
    turns = stage.size(20, 6)
    runs: dict[str, list[dict[str, float]]] = {size: [] for size in databases}
    for number in range(1, stage.rounds + 1):
        found = stage.ours("benchmarks.append:take_turns", databases=databases, turns=turns)
        for size, costs in found.items():
            runs[size].append(costs)
        told = (f"{int(size):,} {brief(mean(costs.values()))} µs" for size, costs in found.items())
        stage.say(f"  round {number}: " + ", ".join(told))
    few, many = runs[str(SMALL)], runs[str(count)]
    # Of each round first: both sides of a round saw the same machine.
    kinds = {kind: median(b[kind] / a[kind] for a, b in zip(few, many, strict=True)) for kind in KINDS}
    short, long = (Figures(tuple(mean(costs.values()) for costs in side)) for side in (few, many))
    ratio = median(b / a for a, b in zip(short.runs, long.runs, strict=True))
    return [
        Row(
            f"append with {count:,} events stored, against {SMALL:,}",
            *(long.median, short.median, ratio, f"≤ {MOST}×", "µs", ratio <= MOST),
            f"{2 * turns * TURN:,} commands a run; opening a stream {kinds['opens']:.2f}×, adding to one loaded first"
            f" {kinds['adds']:.2f}×; long {long.spread}, short {short.spread}",
        )
    ]


# In a process of its own


def take_turns(given: dict[str, Any]) -> dict[str, dict[str, float]]:
    """The median cost of a command by database and kind, in µs."""
    sides = {size: _Side(url, int(size)) for size, url in given["databases"].items()}
    for side in sides.values():
        side.turn()  # connections, prepared statements
        side.forget()
    for _ in range(given["turns"]):
        for side in sides.values():
            side.turn()
    for side in sides.values():
        side.database.close()
    return {size: {kind: median(side.costs[kind]) * 1e6 for kind in KINDS} for size, side in sides.items()}


class _Side:
    def __init__(self, url: str, size: int) -> None:
        self.database = Database(url)
        self.processor = CommandProcessor(self.database, COUNTING, system_clock)
        self.forget()
        self._streams = size // STREAM_LENGTH

    def forget(self) -> None:
        self.costs: dict[str, list[float]] = {kind: [] for kind in KINDS}

    def turn(self) -> None:
        for number in range(TURN):
            kind = KINDS[number % 2]
            command = self._command(opens=kind == "opens")
            began = time.perf_counter()
            answer = self.processor.execute(command)
            self.costs[kind].append(time.perf_counter() - began)
            assert answer.accepted, answer.code

    def _command(self, *, opens: bool) -> Command:
        now = datetime.now(UTC)
        if opens:
            return StartCounter(actor="benchmark", at=now, counter=new_id(), unit=new_id(), reason=REASON)
        counter = counter_of(random.randrange(self._streams))
        return RaiseCounter(actor="benchmark", at=now, counter=counter, by=1, reason=REASON)
