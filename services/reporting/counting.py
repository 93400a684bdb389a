"""Counting: the visits' events become commands to the coverage of each hamlet they touch.

A household is counted in the hamlet it was registered in or moved to, and its visits there with it: after that hamlet
went whole into another one, a visit may name either, and the figures of both together count nobody twice. A corrected
visit that moved touches two hamlets: the one it names and its `previous_hamlet`. Command ids derive from the event and
the hamlet, so an event handled twice counts once. While the registry has not yet told where a hamlet lies, its plan
cannot be known, and while a household of a merged hamlet is not counted yet, neither can its visits: the event waits.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, TypeAlias, assert_never
from uuid import UUID

from sqlalchemy import Connection

from services.kernel.clock import business_date
from services.kernel.identifiers import derived_id
from services.kernel.message import Command, Event, parse_recorded_at
from services.kernel.process_manager import ProcessManager
from services.kernel.projection import Delivered
from services.kernel.subscription import NotYet
from services.reporting.coverage import CountHousehold, CountVisit
from services.reporting.household_coverage import HOUSEHOLD_COVERAGE
from services.reporting.plans import PLANS, InForce, term_of
from services.reporting.territory import TERRITORY

ACTOR = "reporting.counting"


class HouseholdRegistered(Event, name="household.registered"):
    """What reporting reads of the visits' event."""

    household: UUID
    hamlet: UUID
    registered_on: date


class HouseholdMoved(Event, name="household.moved"):
    """What reporting reads of the visits' event."""

    household: UUID
    hamlet: UUID
    previous_hamlet: UUID
    moved_on: date


class VisitRecorded(Event, name="visit.recorded"):
    """What reporting reads of the visits' event; version 1 told `guided` in place of `outcome`."""

    schema_version = 2

    visit: UUID
    household: UUID
    hamlet: UUID
    visited_on: date
    services: tuple[str, ...] = ()
    outcome: str

    @classmethod
    def upcast(cls, data: dict[str, Any], schema_version: int) -> dict[str, Any]:
        """Of version 1 only guided or not is known, which is all that is counted."""
        if schema_version == 1:
            return {**data, "outcome": "guided" if data["guided"] else "informed"}
        return data

    @property
    def guided_on(self) -> date | None:
        """The day it counts for: guided directly in at least one service (HH-02)."""
        return self.visited_on if self.outcome == "guided" and self.services else None


class VisitCorrected(Event, name="visit.corrected"):
    """What reporting reads of the visits' event."""

    visit: UUID
    household: UUID
    hamlet: UUID
    visited_on: date
    services: tuple[str, ...] = ()
    outcome: str
    previous_hamlet: UUID | None = None

    @property
    def guided_on(self) -> date | None:
        """The day it counts for, as in `VisitRecorded`."""
        return self.visited_on if self.outcome == "guided" and self.services else None


class VisitVoided(Event, name="visit.voided"):
    """What reporting reads of the visits' event."""

    visit: UUID
    household: UUID
    hamlet: UUID


Visited: TypeAlias = VisitRecorded | VisitCorrected | VisitVoided
Followed: TypeAlias = HouseholdRegistered | HouseholdMoved | Visited
Touched: TypeAlias = Mapping[UUID, date | None]
"""Hamlets, each with the day on which the visit counts there, if it does."""


class Counting(ProcessManager):
    """Keeps every hamlet's coverage in step with its visits."""

    name: ClassVar[str] = "counting"
    views: ClassVar[dict[str, Any]] = {"visits": Followed}

    def react(self, connection: Connection, delivered: Sequence[Delivered[Followed]]) -> Sequence[Command]:
        """One command for each hamlet touched. Raises `NotYet` while one of them is not on the map here."""
        families = TERRITORY.families_of(connection, {one for each in delivered for one in _named(each.event)})
        homes = _homes(connection, families, [each.event for each in delivered])
        touched = [_touched(each.event, families, homes) for each in delivered]
        days = [business_date(parse_recorded_at(each.recorded)) for each in delivered]
        plans: dict[date, Mapping[UUID, Sequence[InForce]]] = {}
        for day in dict.fromkeys(days):
            asked = {hamlet for on, hamlets in zip(days, touched, strict=True) if on == day for hamlet in hamlets}
            plans[day] = PLANS.in_force(connection, asked, day)
        commands: list[Command] = []
        for each, day, hamlets in zip(delivered, days, touched, strict=True):
            for hamlet, guided_on in hamlets.items():
                commands.append(_command(each, hamlet, guided_on, plans[day]))
        return commands


def _named(event: Followed) -> Sequence[UUID]:
    previous = getattr(event, "previous_hamlet", None)
    return [event.hamlet] if previous is None else [event.hamlet, previous]


def _homes(
    connection: Connection, families: Mapping[UUID, Collection[UUID]], events: Sequence[Followed]
) -> Mapping[UUID, UUID]:
    """Where the households visited in merged hamlets are counted."""
    visited = {
        event.household
        for event in events
        if isinstance(event, VisitRecorded | VisitCorrected) and event.hamlet in families
    }
    return HOUSEHOLD_COVERAGE.homes_of(connection, visited)


def _touched(event: Followed, families: Mapping[UUID, Collection[UUID]], homes: Mapping[UUID, UUID]) -> Touched:
    """The hamlets an event touches. Nobody remembers for whom a visit counted before: its whole family is asked."""
    match event:
        case HouseholdRegistered():
            return {event.hamlet: None}
        case HouseholdMoved():
            return {event.previous_hamlet: None, event.hamlet: None}
        case VisitRecorded():
            return {_home(event, families, homes): event.guided_on}
        case VisitCorrected() | VisitVoided():
            before = {one: None for named in _named(event) for one in families.get(named, (named,))}
            if isinstance(event, VisitVoided):
                return before
            home = _home(event, families, homes)
            return {**{one: None for one in before if one != home}, home: event.guided_on}
        case _:
            assert_never(event)


def _home(
    event: VisitRecorded | VisitCorrected, families: Mapping[UUID, Collection[UUID]], homes: Mapping[UUID, UUID]
) -> UUID:
    family = families.get(event.hamlet)
    if family is None:
        return event.hamlet
    home = homes.get(event.household)
    if home is None:
        raise NotYet(f"household {event.household} has not been counted yet")
    return home if home in family else event.hamlet


def _command(
    delivered: Delivered[Followed],
    hamlet: UUID,
    guided_on: date | None,
    plans: Mapping[UUID, Sequence[InForce]],
) -> Command:
    event, caused_by = delivered.event, _caused_by(delivered, hamlet)
    if hamlet not in plans:
        raise NotYet(f"hamlet {hamlet} is not on the map yet")
    # The plan in force on the day the event was recorded: the same whenever it is handled.
    about = {**caused_by, "hamlet": hamlet, "household": event.household, "plan": term_of(plans[hamlet])}
    match event:
        case HouseholdRegistered():
            return CountHousehold(**about, registered_on=event.registered_on)
        case HouseholdMoved():
            return CountHousehold(**about, registered_on=event.moved_on, left=hamlet == event.previous_hamlet)
        case VisitRecorded() | VisitCorrected() | VisitVoided():
            revision = delivered.recorded.version
            return CountVisit(**about, visit=event.visit, revision=revision, guided_on=guided_on)
        case _:
            assert_never(event)


def _caused_by(delivered: Delivered[Any], hamlet: UUID) -> dict[str, Any]:
    recorded = delivered.recorded
    return {
        "command_id": derived_id("counting", recorded.id, hamlet),
        "actor": ACTOR,
        "at": parse_recorded_at(recorded),
        "correlation_id": UUID(recorded.correlation_id),
    }
