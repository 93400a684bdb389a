"""The driver: sends commands as a phone would, repeats them until answered, and keeps its own log of what was answered.

The log is the oracle of every fault test: what the read models must show is computed from it alone, never from a store.
"""

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Self

from services.kernel.bus import Answer, ServiceUnavailable
from services.kernel.clock import business_date, system_clock, to_text
from services.kernel.identifiers import derived_id, new_id
from services.kernel.messaging.rpc_client import LoopThread, RpcCommandBus

Payload = dict[str, Any]
Named = tuple[str, Payload]
"""A command by name with its fields."""
NOT_YET = frozenset({"UNKNOWN_HAMLET", "UNKNOWN_TEAM", "UNKNOWN_HOUSEHOLD", "NO_SUCH_VISIT"})
"""Refused in passing: the service has not heard of it yet."""
PATIENCE_SECONDS = 120.0
PROVINCE = derived_id("unit", "current", "province", "96")
COMMUNES = tuple(derived_id("unit", "current", "commune", code) for code in ("32002", "32005"))
SERVICES = ("VNEID_L2", "VNEID_UTIL", "DVCQG")
DAYS_BACK = 300
"""Visits lie in this many days before today: in several quarters, some before the plan began."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """One answered command."""

    service: str
    command: str
    payload: Payload
    answer: Answer


class Unanswered(AssertionError):
    """A command stayed without an answer for far longer than any promise allows."""


class Driver:
    """Sends and remembers. Safe to call from any thread."""

    def __init__(self, amqp_url: str) -> None:
        self._thread = LoopThread("driver")
        self._bus = RpcCommandBus(amqp_url, timeout_seconds=5.0, name="driver")
        self._lock = threading.Lock()
        self._log: list[Acknowledged] = []
        self.repeated = 0
        """How often a command had to be sent again."""

    @property
    def log(self) -> list[Acknowledged]:
        """Everything answered so far, in the order the answers came."""
        with self._lock:
            return list(self._log)

    def forget_since(self, length: int, service: str) -> None:
        """What a restored backup of `service` has lost is not acknowledged any more."""
        with self._lock:
            self._log = self._log[:length] + [entry for entry in self._log[length:] if entry.service != service]

    def send(self, service: str, *commands: Named, stop: threading.Event | None = None) -> list[Answer]:
        """Send commands together until all are answered; gives their answers. Raises `Unanswered`."""
        whole = [whole_command(*command) for command in commands]
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                answers = self._thread.run(lambda: self._bus.execute_many(service, whole))
            except ServiceUnavailable as trouble:
                if time.monotonic() > until or (stop is not None and stop.is_set()):
                    raise Unanswered(f"{service}: {trouble}") from None
            else:
                if not any(answer.code in NOT_YET for answer in answers) or time.monotonic() > until:
                    break
            self.repeated += 1
            time.sleep(0.1)
        self.note(service, whole, answers)
        return answers

    def note(self, service: str, commands: Sequence[Named], answers: Sequence[Answer]) -> None:
        """Remember what was answered, however it was sent."""
        with self._lock:
            for (name, payload), answer in zip(commands, answers, strict=True):
                self._log.append(Acknowledged(service, name, payload, answer))

    def ask(self, service: str, method: str, *arguments: Any, seconds: float = 5.0) -> Any:
        """Call a method once. Raises `ServiceUnavailable`."""
        return self._thread.run(lambda: self._bus.call(service, method, *arguments, timeout_seconds=seconds))

    def close(self) -> None:
        """Let go of the connection."""
        self._thread.run(self._bus.close)
        self._thread.close()

    # -- what is sent -------------------------------------------------------------------------------------------------

    def found_province(self) -> None:
        """The province with a plan, and two communes of it."""
        place = {"regime": "current", "valid_from": "2025-07-01", "lat": 9.2, "lon": 105.1}
        units: list[tuple[str, str, str, str, str | None]] = [("96", "Cà Mau", "province", "Tỉnh", None)]
        units += [(code, name, "commune", "Xã", str(PROVINCE)) for code, name in (("32002", "A"), ("32005", "B"))]
        for code, name, level, kind, parent in units:
            fields = {"code": code, "name": name, "level": level, "kind": kind, "parent": parent}
            assert self.send("registry", ("register_unit", place | fields))[0].accepted

    def found_hamlets(self, count: int) -> tuple[str, list[str]]:
        """A team and the hamlets of one commune that it serves."""
        commune = str(random.choice(COMMUNES))
        hamlets = [str(new_id()) for _ in range(count)]
        team = str(new_id())
        answers = self.send(
            "registry",
            *(hamlet_command(hamlet, commune) for hamlet in hamlets),
            (
                "establish_team",
                {"team": team, "commune": commune, "name": f"Tổ {team[-6:]}", "hamlets": hamlets}
                | {"decision_no": "01/QĐ-UBND", "decision_date": "2025-08-01"},
            ),
        )
        assert all(answer.accepted for answer in answers), answers
        return team, hamlets


_SINCE = {"valid_from": "2025-07-01"}


def whole_command(name: str, fields: Payload) -> Named:
    """A command with its id, its actor and its time."""
    return name, {"command_id": str(new_id()), "actor": "driver", "at": to_text(system_clock()), **fields}


def hamlet_command(hamlet: str, commune: str) -> Named:
    """Register a hamlet."""
    fields = {"hamlet": hamlet, "commune": commune, "name": f"Ấp {hamlet[-6:]}", "kind": "Ấp"}
    return "register_hamlet", fields | _SINCE


def day_back(days: int) -> date:
    """A business date so many days ago."""
    return business_date(system_clock()) - timedelta(days=days)


@dataclass
class TeamAtWork:
    """One team that registers households, visits them and puts its mistakes right; one thread at a time."""

    driver: Driver
    chance: random.Random
    team: str = ""
    hamlets: list[str] = field(default_factory=list)
    homes: dict[str, str] = field(default_factory=dict)
    visits: list[str] = field(default_factory=list)
    voided: set[str] = field(default_factory=set)

    def round(self, stop: threading.Event | None = None) -> int:
        """Some households, visits, corrections and a mistake the rules refuse; how many commands were answered."""
        if not self.team or self.chance.random() < 0.05:
            self.team, self.hamlets = self.driver.found_hamlets(3)
            self.homes, self.visits = {}, []
        commands = [self._household(), self._household()]
        commands += [self._visit() for _ in range(5)]
        commands += [self._correction() for _ in range(3)]
        commands += [self._void()] if self.chance.random() < 0.5 else []
        commands += [self._in_the_future()] if self.chance.random() < 0.2 else []
        if self.chance.random() < 0.3:  # one by one: the way of the web
            return sum(len(self.driver.send("visits", command, stop=stop)) for command in commands)
        return len(self.driver.send("visits", *commands, stop=stop))

    def _household(self) -> Named:
        household, hamlet = str(new_id()), self.chance.choice(self.hamlets)
        self.homes[household] = hamlet
        day = day_back(self.chance.randrange(DAYS_BACK))
        return "register_household", {"household": household, "hamlet": hamlet, "registered_on": day.isoformat()}

    def _facts(self) -> Payload:
        household = self.chance.choice(list(self.homes))
        outcome = self.chance.choice(("guided", "guided", "informed", "absent"))
        services = self.chance.sample(SERVICES, self.chance.randint(1, 3)) if outcome == "guided" else []
        return {
            "household": household,
            "hamlet": self.homes[household],
            "team": self.team,
            "visited_on": day_back(self.chance.randrange(DAYS_BACK)).isoformat(),
            "mode": self.chance.choice(("home", "phone")),
            "services": services,
            "outcome": outcome,
        }

    def _visit(self) -> Named:
        self.visits.append(str(new_id()))
        return "record_visit", {"visit": self.visits[-1], **self._facts()}

    def _standing(self) -> str:
        return self.chance.choice([visit for visit in self.visits if visit not in self.voided])

    def _correction(self) -> Named:
        return "correct_visit", {"visit": self._standing(), "reason": "other", **self._facts()}

    def _void(self) -> Named:
        visit = self._standing()
        self.voided.add(visit)
        return "void_visit", {"visit": visit, "reason": "not_made"}

    def _in_the_future(self) -> Named:
        return "record_visit", {"visit": str(new_id()), **self._facts(), "visited_on": "2999-01-01"}


class Load:
    """Teams at work in threads until told to stop; what a thread died of is raised when stopping."""

    def __init__(self, driver: Driver, teams: int, seed: int) -> None:
        self._driver = driver
        self._over = threading.Event()
        self._failures: list[BaseException] = []
        self._counts = [0] * teams
        self._threads = [threading.Thread(target=self._work, args=(n, seed), daemon=True) for n in range(teams)]

    @property
    def answered(self) -> int:
        """Commands answered so far."""
        return sum(self._counts)

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(timeout=PATIENCE_SECONDS + 10)
        if self._failures:
            raise self._failures[0]

    def _work(self, number: int, seed: int) -> None:
        team = TeamAtWork(self._driver, random.Random(seed * 1000 + number))
        try:
            while not self._over.is_set():
                self._counts[number] += team.round()
        except BaseException as error:
            self._failures.append(error)


def answered_by(load: Load, more: int) -> Callable[[], bool]:
    """A condition: so many more commands were answered, or a team has given up."""
    aim = load.answered + more
    return lambda: load.answered >= aim or bool(load._failures)


def codes(answers: Sequence[Answer]) -> set[str]:
    """The codes among the answers, without those of acceptance."""
    return {answer.code for answer in answers if not answer.accepted}
