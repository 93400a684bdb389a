"""The public pages over a real intake and a real feedback service, in one process, on both databases."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

import pytest
from sqlalchemy import Table, insert
from starlette.applications import Starlette
from starlette.testclient import TestClient

from gateway.forwarding import Forwarder
from gateway.intake import Intake
from gateway.pages.needs import Pages
from gateway.pages.ports import CaseStatus, CommuneMatch
from gateway.pages.routes import routes
from gateway.throttle import Throttle
from gateway.tracking import Tracker
from gateway.visit_codes import Checked
from services.feedback.questions import load_case
from services.feedback.service import define
from services.feedback.territory import TERRITORY
from services.feedback.vault import Keys
from services.kernel import sealing
from services.kernel.bus import Answer, Payload, ServiceUnavailable
from services.kernel.clock import business_date
from services.kernel.database import Database
from services.kernel.identifiers import derived_id, new_id
from services.kernel.local import LocalBus
from services.kernel.runtime import ServiceRuntime
from services.kernel.settings import Settings

HONG_DAN = derived_id("unit", "current", "commune", "31843")
NINH_QUOI = derived_id("unit", "current", "commune", "31849")


@dataclass
class Clock:
    """A clock that stands still until it is told to go on."""

    now: datetime = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def go(self, **step: float) -> None:
        """Go on by so much."""
        self.now += timedelta(**step)


@dataclass
class Bus:
    """The local bus, which can be cut: then nothing gets through, or the answers are lost on the way back."""

    inner: LocalBus
    cut: bool = False
    deaf: bool = False
    sent: list[tuple[str, Payload]] = field(default_factory=list)

    async def execute(self, service: str, command: str, payload: Payload) -> Answer:
        return (await self.execute_many(service, [(command, payload)]))[0]

    async def execute_many(self, service: str, commands: Sequence[tuple[str, Payload]]) -> list[Answer]:
        if self.cut:
            raise ServiceUnavailable("cut")
        self.sent += commands
        answers = await self.inner.execute_many(service, commands)
        if self.deaf:
            raise ServiceUnavailable("deaf")
        return answers

    async def ask(self, service: str, question: str, payload: Payload) -> Any:
        if self.cut:
            raise ServiceUnavailable("cut")
        return await self.inner.ask(service, question, payload)


class Map:
    """A map of two communes, one of them found by an old name that was split."""

    communes: ClassVar = {
        HONG_DAN: CommuneMatch(HONG_DAN, "Xã Hồng Dân", "Tỉnh Cà Mau"),
        NINH_QUOI: CommuneMatch(NINH_QUOI, "Xã Ninh Quới", "Tỉnh Cà Mau", "Xã Ninh Hòa", part=True),
    }

    def find(self, text: str) -> Sequence[CommuneMatch]:
        if "hong dan" in text.casefold() or "hồng dân" in text.casefold():
            return [self.communes[HONG_DAN]]
        if "ninh" in text.casefold():
            old = CommuneMatch(HONG_DAN, "Xã Hồng Dân", "Tỉnh Cà Mau", "Xã Ninh Hòa", part=True)
            return [self.communes[NINH_QUOI], old]
        return []

    def commune(self, unit: UUID) -> CommuneMatch | None:
        return self.communes.get(unit)

    def name(self, unit: UUID) -> str:
        return self.communes[unit].name if unit in self.communes else ""


class Visits:
    """Somebody who left a team yesterday, known by one code."""

    code = "123456789014"

    def check(self, code: str) -> Sequence[Checked]:
        one = Checked(str(new_id()), str(new_id()), "Tổ ấp Nội Ô", "Xã Hồng Dân", "leader", serves=False)
        return [one] if code == self.code else []


@dataclass
class Site:
    """Everything behind the pages, and a browser in front."""

    database: Database
    runtime: ServiceRuntime
    keys: Keys
    intake: Intake
    throttle: Throttle
    bus: Bus
    clock: Clock
    pages: Pages
    app: Starlette
    browser: TestClient
    territory: Table = TERRITORY.units


@dataclass
class Cases:
    """The cases' read model, from the service itself."""

    database: Database
    clock: Clock

    def status(self, case: UUID) -> CaseStatus | None:
        found = load_case(self.database, case)
        if found.commune is None or found.body is None or found.category is None:
            return None
        state = "answered" if found.answer else "received"
        day = business_date(self.clock())
        return CaseStatus(found.category, found.body, state, day, found.answered_on, found.erased)


def make_site(database: Database, feedback: Database, folder: Path) -> Site:
    """A site over two prepared databases."""
    clock = Clock()
    keys = Keys((sealing.new_key(),), (sealing.new_private_key(),), folder / "erasures.journal")
    definition = define(lambda: keys)
    with feedback.write() as connection:
        known = [{"unit": str(unit), "level": "commune"} for unit in Map.communes]
        connection.execute(insert(TERRITORY.units), known)
    runtime = ServiceRuntime(definition, feedback, Settings(), clock=clock)
    bus = Bus(LocalBus({"feedback": runtime}))
    tracker = Tracker(sealing.new_key())
    intake = Intake(database, tracker, sealing.public_half(keys.private[0]), clock)
    throttle = Throttle(database, tracker, clock)
    forwarder = Forwarder(intake, bus, throttle)
    pages = Pages(intake, throttle, forwarder, Map(), Cases(feedback, clock), Visits(), bus, sealing.new_key(), clock)
    app = Starlette(routes=routes(pages))
    browser = TestClient(app, headers={"accept-language": "vi"})
    return Site(database, runtime, keys, intake, throttle, bus, clock, pages, app, browser)


@contextmanager
def opened_site(urls: Sequence[str], folder: Path) -> Iterator[Site]:
    """A site over two prepared databases, closed in the end."""
    gateway, feedback = map(Database, urls)
    site = make_site(gateway, feedback, folder)
    yield site
    site.runtime.processor.let_go()
    gateway.close()
    feedback.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def site(request: pytest.FixtureRequest, prepared: Callable[[str, str], str], tmp_path: Path) -> Iterator[Site]:
    """The site on SQLite and, its gateway and service apart, on PostgreSQL."""
    with opened_site([prepared(request.param, name) for name in ("gateway", "feedback")], tmp_path) as site:
        yield site
