"""Demo data for Cà Mau's 64 communes: hamlets, teams, households and visits, each marked as demo, none of them true.

Nothing is drawn at random: every choice is a digest of what it is about, so the same commands with the same ids come
out on every machine and every day, and running it again, later or after a crash, only adds the visits made since.

The registry's steps come first. Visits refuse hamlets and teams they have not heard of yet: whoever runs the steps must
let the followers settle before the first step of `visits`, or run them again.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import TypeVar
from uuid import UUID

from services.kernel.bus import Payload
from services.kernel.clock import VIETNAM
from services.kernel.identifiers import derived_id
from services.kernel.message import Command
from services.registry.hamlet import RegisterHamlet
from services.registry.import_map import UNITS_CSV
from services.registry.team import AppointMember, EstablishTeam, StandDownMember
from services.registry.team_events import Role
from services.registry.unit import unit_id
from services.visits.household import RegisterHousehold
from services.visits.visit import Mode, Outcome, RecordVisit

ACTOR = "causo-demo"
MARK = "(dữ liệu mẫu)"
PROVINCE = "96"
"""Cà Mau since 1 July 2025."""
START = date(2026, 1, 16)
"""Plan 20/KH-UBND begins; teams were established before it."""
BATCH = 500
VISITED_DAYS = 315
"""How far back visits reach at most: an installation made in 2030 should not start with four years of them."""
ROUND_DAYS = 12
"""A diligent team makes one visit to a hamlet in so many days; others let some of these rounds pass."""
STRIDE = 11
"""From one visited household to the next; shares no factor with any of `HOUSEHOLDS`, so every door is reached."""

HAMLETS = (4, 4, 5, 5, 6, 8)
HOUSEHOLDS = (12, 12, 12, 13, 13, 14, 15, 16, 18, 24)
ORGANISATIONS = (
    "Hội Liên hiệp Phụ nữ",
    "Hội Nông dân",
    "Mặt trận Tổ quốc",
    "Công an xã, phường",
    "Bưu điện",
    "Doanh nghiệp viễn thông",
    "Hội Cựu chiến binh",
)
OUTCOMES: tuple[Outcome, ...] = ("guided",) * 14 + ("informed",) * 3 + ("absent",) * 2 + ("refused",)
MODES: tuple[Mode, ...] = ("home",) * 14 + ("team_point",) * 3 + ("phone", "online", "event")
SERVICES = (
    "VNEID_L2", "VNEID_L2", "VNEID_L2", "DVCQG", "DVCQG", "DVCQG", "VSSID", "VSSID", "EHEALTH", "EHEALTH", "QR_PAY",
    "QR_PAY", "SAFETY", "SAFETY", "EBANK", "EWALLET", "BASIC_IT", "CAMAU_G", "ESIGN", "BDHVS", "ECOM_OTHER",
)  # fmt: skip
"""Codes of the service catalogue (domain.md C2), the commoner ones more than once."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class DemoStep:
    """One call of the bus: up to 500 commands, as (name, payload), for one service."""

    service: str
    commands: list[tuple[str, Payload]]


@dataclass(frozen=True, slots=True)
class _Hamlet:
    """A hamlet of the demo; everything else about it follows from `key`."""

    commune: UUID
    key: str
    number: int
    word: str
    """The local word: ấp in a xã, khóm in a phường."""

    @property
    def hamlet(self) -> UUID:
        return derived_id("demo", "hamlet", self.key)

    @property
    def team(self) -> UUID:
        return derived_id("demo", "team", self.key)

    @property
    def name(self) -> str:
        return f"{self.word} {self.number} {MARK}"

    @property
    def established_on(self) -> date:
        return date(2025, 10, 1) + timedelta(days=_number(80, "established", self.key))

    @property
    def households(self) -> int:
        return _pick(HOUSEHOLDS, "households", self.key)

    @property
    def diligence(self) -> int:
        """Percent of rounds the team really goes out."""
        return 50 + _number(51, "diligence", self.key)

    def member(self, place: int) -> UUID:
        return derived_id("demo", "member", self.key, place)

    def household(self, place: int) -> UUID:
        return derived_id("demo", "household", self.key, place)


def demo_commands(today: date) -> Iterator[DemoStep]:
    """All commands whose day is not after `today` (Vietnamese date), in order of dependence, at most about 15,000."""
    at = datetime.combine(today, time(), VIETNAM)
    hamlets = list(_hamlets())
    yield from _steps("registry", (_register_hamlet(hamlet, at) for hamlet in hamlets))
    yield from _steps("registry", (c for hamlet in hamlets for c in _team(hamlet, today, at)))
    if today >= START:
        yield from _steps("visits", (c for hamlet in hamlets for c in _register_households(hamlet, at)))
        visits = [command for hamlet in hamlets for command in _visits(hamlet, today, at)]
        visits.sort(key=lambda command: command.visited_on)
        yield from _steps("visits", visits)


def _steps(service: str, commands: Iterable[Command]) -> Iterator[DemoStep]:
    told: Iterator[tuple[str, Payload]] = ((command.name, command.model_dump(mode="json")) for command in commands)
    while batch := list(islice(told, BATCH)):
        yield DemoStep(service, batch)


def _hamlets() -> Iterator[_Hamlet]:
    with UNITS_CSV.open(encoding="utf-8", newline="") as file:
        communes = [row for row in csv.DictReader(file) if (row["regime"], row["parent_code"]) == ("current", PROVINCE)]
    for commune in communes:
        code = commune["code"]
        for number in range(1, 1 + _pick(HAMLETS, "hamlets", code)):
            word = "Khóm" if commune["type"] == "Phường" else "Ấp"
            yield _Hamlet(unit_id("current", "commune", code), f"{code}/{number}", number, word)


# The registry's part


def _register_hamlet(hamlet: _Hamlet, at: datetime) -> Command:
    return RegisterHamlet(
        command_id=derived_id("demo", "register_hamlet", hamlet.key),
        actor=ACTOR,
        at=at,
        hamlet=hamlet.hamlet,
        commune=hamlet.commune,
        name=hamlet.name,
        kind=hamlet.word,
        valid_from=date(2025, 7, 1),
    )


def _team(hamlet: _Hamlet, today: date, at: datetime) -> Iterator[Command]:
    """A team, its leader (the hamlet's head), its deputy (Youth Union) and two to four members."""
    on = hamlet.established_on
    if on > today:
        return
    yield EstablishTeam(
        command_id=derived_id("demo", "establish_team", hamlet.key),
        actor=ACTOR,
        at=at,
        team=hamlet.team,
        commune=hamlet.commune,
        name=f"Tổ CNSCĐ {hamlet.name}",
        hamlets=(hamlet.hamlet,),
        decision_no=f"MẪU-{hamlet.key}/QĐ-UBND",
        decision_date=on,
    )
    yield _appoint(hamlet, 0, "leader", f"Trưởng {hamlet.word.lower()}", on, at)
    yield _appoint(hamlet, 1, "deputy", "Đoàn Thanh niên", on, at)
    size = 2 + _number(3, "members", hamlet.key)
    first = _number(len(ORGANISATIONS), "organisation", hamlet.key)
    for place in range(2, 2 + size):
        yield _appoint(hamlet, place, "member", ORGANISATIONS[(first + place) % len(ORGANISATIONS)], on, at)
    # In one team of twelve somebody made room for somebody else during the year.
    changed_on = START + timedelta(days=30 + _number(180, "changed", hamlet.key))
    if _number(12, "changes", hamlet.key) == 0 and changed_on <= today:
        leaving = 1 + size
        yield StandDownMember(
            command_id=derived_id("demo", "stand_down_member", hamlet.key, leaving),
            actor=ACTOR,
            at=at,
            team=hamlet.team,
            member=hamlet.member(leaving),
            stood_down_on=changed_on,
        )
        yield _appoint(hamlet, 2 + size, "member", ORGANISATIONS[first], changed_on, at)


def _appoint(hamlet: _Hamlet, place: int, role: Role, organisation: str, on: date, at: datetime) -> Command:
    return AppointMember(
        command_id=derived_id("demo", "appoint_member", hamlet.key, place),
        actor=ACTOR,
        at=at,
        team=hamlet.team,
        member=hamlet.member(place),
        role=role,
        organisation=organisation,
        appointed_on=on,
    )


# The visits' part


def _register_households(hamlet: _Hamlet, at: datetime) -> Iterator[Command]:
    for place in range(hamlet.households):
        yield RegisterHousehold(
            command_id=derived_id("demo", "register_household", hamlet.key, place),
            actor=ACTOR,
            at=at,
            household=hamlet.household(place),
            hamlet=hamlet.hamlet,
            registered_on=START,
        )


def _visits(hamlet: _Hamlet, today: date, at: datetime) -> Iterator[RecordVisit]:
    """One visit a round, from door to door; whether it happened, and how it went, depends on the round alone."""
    oldest = max(START, today - timedelta(days=VISITED_DAYS))
    for turn in range((today - START).days // ROUND_DAYS + 1):
        key = f"{hamlet.key}/{turn}"
        visited_on = START + timedelta(days=turn * ROUND_DAYS + _number(ROUND_DAYS, "day", key))
        if oldest <= visited_on <= today and _number(100, "goes", key) < hamlet.diligence:
            yield _visit(hamlet, key, (STRIDE * turn) % hamlet.households, visited_on, at)


def _visit(hamlet: _Hamlet, key: str, household: int, visited_on: date, at: datetime) -> RecordVisit:
    outcome = _pick(OUTCOMES, "outcome", key)
    services = tuple(_pick(SERVICES, "service", n, key) for n in range(1 + _number(3, "services", key)))
    return RecordVisit(
        command_id=derived_id("demo", "record_visit", key),
        actor=ACTOR,
        at=at,
        visit=derived_id("demo", "visit", key),
        household=hamlet.household(household),
        hamlet=hamlet.hamlet,
        team=hamlet.team,
        member=hamlet.member(_number(3, "visitor", key)),
        visited_on=visited_on,
        mode="home" if outcome == "absent" else _pick(MODES, "mode", key),
        services=services if outcome == "guided" else (),
        outcome=outcome,
    )


# Choices


def _number(below: int, *about: object) -> int:
    """A number from 0 to `below` - 1 that is always the same for the same thing, on every version of Python."""
    return derived_id("demo", "choice", *about).int % below


def _pick(choices: Sequence[T], *about: object) -> T:
    return choices[_number(len(choices), *about)]
