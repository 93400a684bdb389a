"""The hamlets of the reporting tests, and visits to them as the visits service would publish them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from services.kernel.identifiers import derived_id
from services.kernel.message import Event, Recorded
from services.kernel.projection import Delivered
from services.reporting.counting import Counting, Followed
from services.reporting.coverage import COVERAGE, CountHousehold, CountVisit, Coverage, CoverageCounted
from services.reporting.household_coverage import HouseholdCoverage
from services.reporting.plans import Plan, Plans, PolicyProfilePublished, Term
from services.reporting.territory import HamletRegistered, Territory, UnitRegistered

PLAN = Term(plan="CM-2026-20", since=date(2026, 1, 16), until=date(2030, 12, 31))
RECORDED_AT = datetime(2026, 10, 8, 5, 0, tzinfo=UTC)
TODAY = date(2026, 10, 8)
PROVINCE = derived_id("unit", "current", "province", "96")
COMMUNE, OTHER_COMMUNE = (derived_id("test", "commune", n) for n in range(2))
HAMLETS = tuple(derived_id("test", "hamlet", n) for n in range(3))
COMMUNE_OF = {HAMLETS[0]: COMMUNE, HAMLETS[1]: COMMUNE, HAMLETS[2]: OTHER_COMMUNE}
REGISTRY: list[Event] = [
    UnitRegistered(unit=PROVINCE, level="province", parent=None),
    UnitRegistered(unit=COMMUNE, level="commune", parent=PROVINCE),
    UnitRegistered(unit=OTHER_COMMUNE, level="commune", parent=PROVINCE),
    *(HamletRegistered(hamlet=hamlet, commune=commune) for hamlet, commune in COMMUNE_OF.items()),
]


def published(territory: UUID, plan: Term, *rules: dict[str, Any], open_ended: bool = False) -> PolicyProfilePublished:
    """A plan of a territory as the registry publishes it."""
    last = None if open_ended else plan.until
    said = Plan(code=plan.plan, valid_from=plan.since, valid_to=last, rules=rules)
    return PolicyProfilePublished(territory=territory, profile=derived_id("policy-profile", plan.plan), plan=said)


PUBLISHED = published(PROVINCE, PLAN)


def delivered(source: str, event: Any, *, stream: str = "", version: int = 1, event_id: str = "") -> Delivered[Any]:
    """`event` as a subscription hands it over."""
    at = RECORDED_AT.isoformat()
    correlation_id = str(derived_id("test", "correlation"))
    body = event.model_dump_json()
    recorded = Recorded(
        1, event_id, stream, version, event.name, event.schema_version, body, at, correlation_id, correlation_id
    )
    return Delivered(source, event, recorded)


def told(events: Iterable[Followed]) -> list[Delivered[Followed]]:
    """Events of visits with the versions their streams give them."""
    versions: dict[str, int] = {}
    result = []
    for event in events:
        identity = getattr(event, "visit", event.household)
        stream = f"{event.name.split('.')[0]}-{identity}"
        versions[stream] = versions.get(stream, 0) + 1
        version = versions[stream]
        result.append(delivered("visits", event, stream=stream, version=version, event_id=f"{stream}/{version}"))
    return result


def put_on_the_map(connection: Connection) -> None:
    """Create and fill reporting's territory, with the province's plan."""
    territory, plans = Territory(), Plans()
    for model in (territory, plans, HouseholdCoverage()):
        model.metadata.create_all(connection)
    territory.apply(connection, [delivered("registry", event) for event in REGISTRY])
    plans.apply(connection, [delivered("registry", PUBLISHED)])


@dataclass
class Counted:
    """The coverage aggregates in memory, fed through the process manager; it remembers no command ids on purpose."""

    connection: Connection
    model: HouseholdCoverage | None = None
    """A read model that follows, where visits ask for homes."""
    states: dict[UUID, Coverage] = field(default_factory=dict)
    events: list[CoverageCounted] = field(default_factory=list)

    def follow(self, deliveries: Sequence[Delivered[Followed]]) -> None:
        """React to each delivery and decide what it asks for."""
        for delivery in deliveries:
            for command in Counting().react(self.connection, [delivery]):
                assert isinstance(command, CountHousehold | CountVisit)
                state = self.states.get(command.hamlet, COVERAGE.initial)
                events = COVERAGE.decide(command, state)
                self.states[command.hamlet] = COVERAGE.fold(state, events)
                self.events += [event for event in events if isinstance(event, CoverageCounted)]
                if self.model is not None:
                    self.model.apply(self.connection, [delivered("reporting", event) for event in events])


def guided_households(
    visits: Iterable[tuple[UUID, UUID, date]], first: date, last: date, hamlets: Iterable[UUID]
) -> int:
    """The naive count: distinct households among `(hamlet, household, day)` in some hamlets from `first` to `last`."""
    return len({household for hamlet, household, day in visits if hamlet in set(hamlets) and first <= day <= last})
