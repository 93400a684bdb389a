"""Counting: the visits' events become commands to the coverage of each hamlet they touch.

A corrected visit that moved touches two hamlets: the one it names and its `previous_hamlet`. Command ids derive from
the event and the hamlet, so an event handled twice counts once. While the registry has not yet told where a hamlet
lies, its plan cannot be known: the event waits.
"""

from collections.abc import Mapping, Sequence
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
from services.reporting.plans import Term, plan_in_force
from services.reporting.territory import TERRITORY

ACTOR = "reporting.counting"


class HouseholdRegistered(Event, name="household.registered"):
    """What reporting reads of the visits' event."""

    household: UUID
    hamlet: UUID
    registered_on: date


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


Followed: TypeAlias = HouseholdRegistered | VisitRecorded | VisitCorrected | VisitVoided


class Counting(ProcessManager):
    """Keeps every hamlet's coverage in step with its visits."""

    name: ClassVar[str] = "counting"
    views: ClassVar[dict[str, Any]] = {"visits": Followed}

    def react(self, connection: Connection, delivered: Sequence[Delivered[Followed]]) -> Sequence[Command]:
        """One command for each hamlet touched. Raises `NotYet` while one of them is not on the map here."""
        touched = [_touched(each.event) for each in delivered]
        days = [business_date(parse_recorded_at(each.recorded)) for each in delivered]
        provinces: dict[date, Mapping[UUID, UUID]] = {}
        for day in dict.fromkeys(days):
            asked = {hamlet for on, hamlets in zip(days, touched, strict=True) if on == day for hamlet in hamlets}
            provinces[day] = TERRITORY.provinces_of(connection, asked, day)
        commands: list[Command] = []
        for each, day, hamlets in zip(delivered, days, touched, strict=True):
            for hamlet, guided_on in hamlets.items():
                commands.append(_command(each, hamlet, guided_on, _plan(provinces[day], day, hamlet)))
        return commands


def _touched(event: Followed) -> dict[UUID, date | None]:
    """The hamlets an event touches, with the day on which the visit counts there, if it does."""
    match event:
        case HouseholdRegistered():
            return {event.hamlet: None}
        case VisitCorrected(previous_hamlet=UUID() as previous) if previous != event.hamlet:
            return {previous: None, event.hamlet: event.guided_on}
        case VisitRecorded() | VisitCorrected():
            return {event.hamlet: event.guided_on}
        case VisitVoided():
            return {event.hamlet: None}
        case _:
            assert_never(event)


def _command(delivered: Delivered[Followed], hamlet: UUID, guided_on: date | None, plan: Term | None) -> Command:
    event, caused_by = delivered.event, _caused_by(delivered, hamlet)
    if isinstance(event, HouseholdRegistered):
        return CountHousehold(
            **caused_by, hamlet=hamlet, household=event.household, registered_on=event.registered_on, plan=plan
        )
    return CountVisit(
        **caused_by,
        hamlet=hamlet,
        visit=event.visit,
        revision=delivered.recorded.version,
        household=event.household,
        guided_on=guided_on,
        plan=plan,
    )


def _caused_by(delivered: Delivered[Any], hamlet: UUID) -> dict[str, Any]:
    recorded = delivered.recorded
    return {
        "command_id": derived_id("counting", recorded.id, hamlet),
        "actor": ACTOR,
        "at": parse_recorded_at(recorded),
        "correlation_id": UUID(recorded.correlation_id),
    }


def _plan(provinces: Mapping[UUID, UUID], day: date, hamlet: UUID) -> Term | None:
    """The plan in force on the day the event was recorded: the same whenever it is handled."""
    province = provinces.get(hamlet)
    if province is None:
        raise NotYet(f"hamlet {hamlet} is not on the map yet")
    plan = plan_in_force(province, day)
    return plan and plan.term
