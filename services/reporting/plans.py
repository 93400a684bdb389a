"""Which plans hold in a place on a day, and what they ask of coverage and reports: told by the registry.

A place is bound by its own plan and by those of the units above it, its own first; what went whole into another is
bound by what binds that one, and its own plan ended with it. A rule is taken from the first plan that states it; what
none states is not stated, neither zero nor taken from a plan that is over. A plan that is replaced keeps its days.
"""

from collections.abc import Collection, Sequence
from datetime import date
from functools import cached_property
from typing import Any, ClassVar, TypeAlias
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Column, Connection, Index, Select, Table, Text, bindparam, select

from services.kernel.message import Event
from services.kernel.projection import Delivered, Projection
from services.kernel.rows import Rows
from services.reporting.territory import TERRITORY

GUIDED = "HH-02"
"""Households guided directly (domain.md C1)."""
FOR_EVER = date.max.isoformat()


class Term(BaseModel):
    """A plan's code and the days it holds, both included."""

    model_config = ConfigDict(frozen=True)

    plan: str
    since: date
    until: date


class Citation(BaseModel):
    """Where it is written."""

    model_config = ConfigDict(frozen=True)

    document: str
    section: str


class Target(BaseModel):
    """A value an indicator is to reach; without a value the plan names it and gives no number."""

    model_config = ConfigDict(frozen=True)

    indicator: str
    comparator: str
    value: float | None = None
    by: date | None = None
    citation: Citation


class ReportDue(BaseModel):
    """By when a tier hands its report on. What the plan does not state is None; `inclusive` False is "trước ngày"."""

    model_config = ConfigDict(frozen=True)

    cadence: str
    tier: str
    to: str | None = None
    on: date | None = None
    day: int | None = None
    inclusive: bool | None = None
    shift: str | None = None
    cut_off: int | None = None
    citation: Citation


class InForce(BaseModel):
    """A plan as it was in force on the day asked about, in the unit that published it."""

    model_config = ConfigDict(frozen=True)

    profile: UUID
    territory: UUID
    term: Term
    targets: tuple[Target, ...] = ()
    reports: tuple[ReportDue, ...] = ()

    def target(self, indicator: str) -> Target | None:
        """What the plan asks of an indicator; of several steps the one due first."""
        mine = [target for target in self.targets if target.indicator == indicator]
        return min(mine, key=lambda target: target.by or date.max, default=None)


def target_of(plans: Sequence[InForce], indicator: str) -> Target | None:
    """The target in force: of the first plan that states one."""
    return next((target for plan in plans if (target := plan.target(indicator)) is not None), None)


def term_of(plans: Sequence[InForce]) -> Term | None:
    """Since when coverage is counted: the first plan that asks for it, or the nearest when none does; None: no plan."""
    asked = next((plan for plan in plans if plan.target(GUIDED) is not None), None)
    found = asked or next(iter(plans), None)
    return None if found is None else found.term


# -- what it reads of the registry's events ---------------------------------------------------------------------------


class Plan(BaseModel):
    """What reporting reads of a profile; its rules are of many kinds."""

    code: str
    valid_from: date
    valid_to: date | None = None
    rules: tuple[dict[str, Any], ...] = Field(default=())


class PolicyProfilePublished(Event, name="policy_profile.published"):
    """In force from the plan's first day to its last, unless it is replaced before."""

    territory: UUID
    profile: UUID
    plan: Plan


class PolicyProfileSuperseded(Event, name="policy_profile.superseded"):
    """Not in force after `last_day`."""

    territory: UUID
    profile: UUID
    last_day: date


PolicyEvent: TypeAlias = PolicyProfilePublished | PolicyProfileSuperseded


class Plans(Projection):
    """Published plans by territory, with their first and last day and the rules reporting uses."""

    name: ClassVar[str] = "plans"
    views: ClassVar[dict[str, Any]] = {"registry": PolicyEvent}

    published: Table

    def define(self) -> None:
        self.published = Table(
            f"plans_published{self.suffix}",
            self.metadata,
            Column("profile", Text, primary_key=True),
            Column("territory", Text, nullable=False),
            Column("plan", Text, nullable=False),
            Column("since", Text, nullable=False),
            Column("until", Text, nullable=False),
            Column("targets", Text, nullable=False),
            Column("reports", Text, nullable=False),
            Index(f"plans_published_territory{self.suffix}", "territory"),
        )
        """ISO days, both included."""

    def apply(self, connection: Connection, events: Sequence[Delivered[PolicyEvent]]) -> None:
        published = Rows(self.published)
        for delivered in events:
            match delivered.event:
                case PolicyProfilePublished(territory=territory, profile=profile, plan=plan):
                    published.put({"profile": str(profile), "territory": str(territory), **_row(plan)})
                case PolicyProfileSuperseded(profile=profile, last_day=last_day):
                    published.change((str(profile),), {"until": last_day.isoformat()})
        published.write(connection)

    def in_force(self, connection: Connection, places: Collection[UUID], day: date) -> dict[UUID, list[InForce]]:
        """The plans that bind each hamlet or unit on a day, its own first; a place not on the map yet is left out."""
        chains = TERRITORY.chains_of(connection, places, day)
        above = {str(unit) for chain in chains.values() for unit in chain}
        asked = {"territories": sorted(above), "day": day.isoformat()}
        held = {row.territory: _in_force(row) for row in connection.execute(self._held, asked)} if above else {}
        return {place: [held[str(unit)] for unit in chain if str(unit) in held] for place, chain in chains.items()}

    def has_taken(self, connection: Connection, event: PolicyEvent) -> bool:
        """Whether this view has come as far as an event that another follower has in hand."""
        published = self.published.c
        known = select(published.until).where(published.profile == str(event.profile))
        until = connection.execute(known).scalar()
        if isinstance(event, PolicyProfilePublished) or until is None:
            return until is not None
        return bool(until <= event.last_day.isoformat())

    @cached_property
    def _held(self) -> Select[Any]:
        # Asked with every batch of visits: built once.
        published = self.published.c
        day: Any = bindparam("day")
        here = published.territory.in_(bindparam("territories", expanding=True))
        return select(self.published).where(here, published.since <= day, published.until >= day)


def _row(plan: Plan) -> dict[str, str]:
    targets = [Target.model_validate(rule).model_dump(mode="json") for rule in plan.rules if rule["kind"] == "target"]
    reports = [
        ReportDue.model_validate(rule).model_dump(mode="json")
        for rule in plan.rules
        if (rule["kind"], rule.get("what")) == ("due", "report")
    ]
    return {
        "plan": plan.code,
        "since": plan.valid_from.isoformat(),
        "until": FOR_EVER if plan.valid_to is None else plan.valid_to.isoformat(),
        "targets": orjson.dumps(targets).decode(),
        "reports": orjson.dumps(reports).decode(),
    }


def _in_force(row: Any) -> InForce:
    return InForce(
        profile=row.profile,
        territory=row.territory,
        term=Term(plan=row.plan, since=row.since, until=row.until),
        targets=orjson.loads(row.targets),
        reports=orjson.loads(row.reports),
    )


PLANS = Plans()
"""The live table."""
