"""Rows 31 and 32: a read model is rebuilt while it is read and written; nobody notices, and nothing is sent outside."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Self

from sqlalchemy import true

from deploy import system
from gateway.paging import Slice
from gateway.visits import households_count, visits_count, visits_page
from services.kernel.identifiers import new_id
from services.kernel.messaging.envelope import HEAD_TYPE
from services.kernel.runtime import ServiceRuntime
from tests.faults.city import City
from tests.faults.driver import Named, TeamAtWork, day_back, whole_command
from tests.soak import Scale

REBUILT = ("gateway.visits", "gateway.coverage")
WRITERS, READERS = 2, 2


class Busy:
    """Writers that register households one by one and readers of the visit log, until told to stop."""

    def __init__(self, city: City, hamlets: list[str]) -> None:
        self._city, self._hamlets = city, hamlets
        self._over = threading.Event()
        work = [self._write] * WRITERS + [self._read] * READERS
        self._threads = [threading.Thread(target=self._guarded, args=(act,), daemon=True) for act in work]
        self.waits: list[float] = []
        """Seconds until each household was acknowledged."""
        self.reads = 0
        self.failures: list[str] = []
        self.seen_less: list[tuple[int, int]] = []

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(timeout=60)

    def _guarded(self, act: Callable[[], None]) -> None:
        try:
            act()
        except BaseException as error:
            self.failures.append(repr(error))

    def _write(self) -> None:
        chance = random.Random()
        while not self._over.wait(0.02):
            since = time.monotonic()
            answers = self._city.driver.send("visits", household(chance.choice(self._hamlets)))
            self.waits.append(time.monotonic() - since)
            assert answers[0].accepted

    def _read(self) -> None:
        most = 0
        while not self._over.wait(0.01):
            with self._city.databases["gateway"].read() as connection:
                seen = households_count(connection, true(), ()) + visits_count(connection, true(), ())
                page = visits_page(connection, true(), (), Slice(first=5))
            if seen < most or len(page.rows) < 5:
                self.seen_less.append((most, seen))
            most = max(most, seen)
            self.reads += 1

    def waits_of(self, act: Callable[[], object]) -> list[float]:
        """Of what was written while `act` went on."""
        since = len(self.waits)
        act()
        return self.waits[since:]

    def has_written(self, more: int) -> Callable[[], bool]:
        """A condition: so many households more, or a writer or reader has failed."""
        aim = len(self.waits) + more
        return lambda: len(self.waits) >= aim or bool(self.failures)


def p95(waits: list[float]) -> float:
    """Seconds that 95 % of them took at most."""
    return sorted(waits)[len(waits) * 95 // 100]


def household(hamlet: str) -> Named:
    day = day_back(random.randrange(100)).isoformat()
    return "register_household", {"household": str(new_id()), "hamlet": hamlet, "registered_on": day}


def furnish(city: City, count: int) -> list[str]:
    """Hamlets to write to, some visits to read, and so many households more to rebuild."""
    team = TeamAtWork(city.driver, random.Random(31))
    team.round()
    hamlets = [hamlet for _ in range(4) for hamlet in city.driver.found_hamlets(10)[1]]
    city.settle()
    runtime = ServiceRuntime(system.definition("visits"), city.databases["visits"], city.settings)
    for first in range(0, count, 500):
        some = [whole_command(*household(hamlets[n % 40])) for n in range(first, min(count, first + 500))]
        city.driver.note("visits", some, runtime.execute_many(some))
    runtime.processor.let_go()
    return hamlets


def commands(city: City) -> dict[str, int]:
    """How many commands each service remembers, and how many events wait to be numbered."""
    return {f"{name}.{table}": count(city, name, table) for name in system.SERVICES for table in ("commands", "outbox")}


def count(city: City, database: str, table: str) -> int:
    return int(city.rows(database, f"SELECT count(*) FROM {table}")[0][0])


def test_a_rebuild_under_load_is_noticed_by_no_reader_no_writer_and_nobody_outside(city: City, scale: Scale) -> None:
    hamlets = furnish(city, scale(500, 10_000))
    city.settle()
    before, intake = commands(city), count(city, "gateway", "intake")
    rounds, between = scale(1, 4), scale(60, 300)
    quiet: list[float] = []
    meanwhile: list[float] = []
    with city.spying(*system.SERVICES, key="#") as spied:
        with Busy(city, hamlets) as busy:
            for number in range(rounds):
                quiet += busy.waits_of(partial(city.until, busy.has_written(between), "households written"))
                meanwhile += busy.waits_of(partial(rebuild, city, REBUILT[number % len(REBUILT)]))
        city.settle()
        told = Counter(m.headers["ce-source"] for m in spied() if m.headers["ce-type"] != HEAD_TYPE)
    assert busy.failures == []
    assert busy.seen_less == []
    households = len(busy.waits)
    # Each is one command and one event of visits, and through them one of reporting.
    assert told == {"/causo/visits": households, "/causo/reporting": households}
    grown = {name: now - before[name] for name, now in commands(city).items() if now != before[name]}
    assert grown == {"visits.commands": households, "reporting.commands": households}
    assert count(city, "gateway", "intake") == intake
    city.agrees()
    usual, beside = p95(quiet), p95(meanwhile)
    scale.measured(
        "31",
        "0 failed reads, none sees less, same rows, append p95 ≤ 2×",
        f"0 of {busy.reads:,} reads failed or saw less, same rows after {rounds} rebuilds,"
        f" p95 {usual * 1000:.0f} ms before, {beside * 1000:.0f} ms meanwhile",
    )
    scale.measured("32", "nothing sent outside", f"0 messages, 0 commands but those of {households:,} households")
    if scale.soak:
        assert beside <= 2 * usual


def rebuild(city: City, name: str) -> None:
    """As an operator does it."""
    done = city.causo("rebuild", name)
    assert done.returncode == 0, done.stderr
    assert "same rows as before" in done.stdout
