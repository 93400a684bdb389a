"""What an append costs with a long history stored, against a short one.

Two databases, the same process and one caller, in turns: fifty commands here, fifty there. Half of the commands open a
stream, half add to a stream of ten events chosen at random among all, which must be loaded first. Compared are the two
medians of a run, so that a neighbour who falls into one turn decides nothing.
"""

import random
import time
from datetime import UTC, datetime
from statistics import median
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
    runs: dict[str, list[float]] = {size: [] for size in databases}
    for number in range(1, stage.rounds + 1):
        found = stage.ours("benchmarks.append:take_turns", databases=databases, turns=turns)
        for size, cost in found.items():
            runs[size].append(cost)
        stage.say(f"  round {number}: " + ", ".join(f"{int(size):,} {brief(cost)} µs" for size, cost in found.items()))
    short, long = Figures(tuple(runs[str(SMALL)])), Figures(tuple(runs[str(count)]))
    # Of each round first: both sides of a round saw the same machine.
    ratio = median(b / a for a, b in zip(short.runs, long.runs, strict=True))
    return [
        Row(
            f"append with {count:,} events stored, against {SMALL:,}",
            *(long.median, short.median, ratio, f"≤ {MOST}×", "µs", ratio <= MOST),
            f"median command of a run, {2 * turns * TURN:,} commands a run; long {long.spread}, short {short.spread}",
        )
    ]


# In a process of its own


def take_turns(given: dict[str, Any]) -> dict[str, float]:
    """The median cost of a command by database, in µs."""
    sides = {size: _Side(url, int(size)) for size, url in given["databases"].items()}
    for side in sides.values():
        side.turn()  # connections, prepared statements
        side.costs.clear()
    for _ in range(given["turns"]):
        for side in sides.values():
            side.turn()
    for side in sides.values():
        side.database.close()
    return {size: median(side.costs) * 1e6 for size, side in sides.items()}


class _Side:
    def __init__(self, url: str, size: int) -> None:
        self.database = Database(url)
        self.processor = CommandProcessor(self.database, COUNTING, system_clock)
        self.costs: list[float] = []
        self._streams = size // STREAM_LENGTH

    def turn(self) -> None:
        for number in range(TURN):
            command = self._command(opens=number % 2 == 0)
            began = time.perf_counter()
            answer = self.processor.execute(command)
            self.costs.append(time.perf_counter() - began)
            assert answer.accepted, answer.code

    def _command(self, *, opens: bool) -> Command:
        now = datetime.now(UTC)
        if opens:
            return StartCounter(actor="benchmark", at=now, counter=new_id(), unit=new_id(), reason=REASON)
        counter = counter_of(random.randrange(self._streams))
        return RaiseCounter(actor="benchmark", at=now, counter=counter, by=1, reason=REASON)
