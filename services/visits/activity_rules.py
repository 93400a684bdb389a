"""What the plans in force ask of a team's work: hours a day, days a week, a share of households; told by the registry.

A week (Monday to Sunday, Vietnamese days) is judged by what held on its Monday: a plan that begins in the middle of a
week asks for whole weeks from the next one on. A rule is the one of the team's commune or of the nearest unit above
that states it; a commune that went whole into another is bound by what binds that one. What nobody states is not
stated. What is published later begins later: the rules of a week that is over stay what they were.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, ClassVar, TypeAlias
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import CTE, Boolean, Column, Connection, Index, Table, Text, and_, literal, select

from services.kernel.decider import Refused
from services.kernel.message import Event
from services.kernel.projection import Delivered, Projection
from services.kernel.rows import Rows, write_all
from services.kernel.runtime import ServiceRuntime
from services.kernel.spans import Spans

ALWAYS, FOR_EVER = "", "9999-12-31"
MEASURES = frozenset({"hours_per_activity_day", "activity_days_per_week"})
GUIDED = "HH-02"
"""Households guided directly (domain.md C1)."""

# -- what it reads of the registry's events ---------------------------------------------------------------------------


class UnitRegistered(Event, name="unit.registered"):
    """A unit and what it lies under."""

    unit: UUID
    parent: UUID | None = None


class UnitTransferred(Event, name="unit.transferred"):
    """Another parent from a day on."""

    unit: UUID
    parent: UUID
    on: date


class UnitSucceeded(Event, name="unit.succeeded"):
    """Where a unit went, whole or in part."""

    unit: UUID
    successor: UUID
    part: bool
    on: date


class TeamEstablished(Event, name="team.established"):
    """A team of a commune."""

    team: UUID
    commune: UUID
    level: str


class Plan(BaseModel):
    """What visits read of a profile; its rules are of many kinds."""

    code: str
    valid_from: date
    valid_to: date | None = None
    rules: tuple[dict[str, Any], ...] = ()


class PolicyProfilePublished(Event, name="policy_profile.published"):
    """In force from the plan's first day to its last, unless it is replaced before."""

    territory: UUID
    profile: UUID
    plan: Plan


class PolicyProfileSuperseded(Event, name="policy_profile.superseded"):
    """Not in force after `last_day`."""

    profile: UUID
    last_day: date


UnitEvent: TypeAlias = UnitRegistered | UnitTransferred | UnitSucceeded
RuleEvent: TypeAlias = UnitEvent | TeamEstablished | PolicyProfilePublished | PolicyProfileSuperseded


class Citation(BaseModel):
    """Where it is written."""

    model_config = ConfigDict(frozen=True)

    document: str
    section: str


class ActivityRule(BaseModel):
    """A number a team is to reach: hours, days, or percent of the households (`value` None: named without a number).

    `about` is a measure or an indicator, `level` the teams it is for; None: all.
    """

    model_config = ConfigDict(frozen=True)

    about: str
    level: str | None = None
    comparator: str
    value: float | None = None
    by: date | None = None
    severity: str
    citation: Citation


class ActivityRules(Projection):
    """Published plans by territory with these rules, the units above each other, and the commune of each team."""

    name: ClassVar[str] = "activity_rules"
    views: ClassVar[dict[str, Any]] = {"registry": RuleEvent}

    plans: Table
    units: Table
    teams: Table

    def define(self) -> None:
        self.plans = Table(
            f"activity_plans{self.suffix}",
            self.metadata,
            Column("profile", Text, primary_key=True),
            Column("territory", Text, nullable=False),
            Column("plan", Text, nullable=False),
            Column("since", Text, nullable=False),
            Column("until", Text, nullable=False),
            Column("rules", Text, nullable=False),
            Index(f"activity_plans_territory{self.suffix}", "territory"),
        )
        """ISO days, both included."""
        self.units = Table(
            f"activity_units{self.suffix}",
            self.metadata,
            Column("unit", Text, primary_key=True),
            Column("since", Text, primary_key=True),
            Column("until", Text, nullable=False),
            Column("parent", Text),
            Column("gone", Boolean, nullable=False),
        )
        """ISO days, `until` not included; what is `gone` lies under what it went into."""
        self.teams = Table(
            f"activity_teams{self.suffix}",
            self.metadata,
            Column("team", Text, primary_key=True),
            Column("commune", Text, nullable=False),
            Column("level", Text, nullable=False),
        )

    def apply(self, connection: Connection, events: Sequence[Delivered[RuleEvent]]) -> None:
        plans, teams, units = Rows(self.plans), Rows(self.teams), Spans(self.units, "unit", ALWAYS, FOR_EVER)
        for delivered in events:
            match delivered.event:
                case PolicyProfilePublished(territory=territory, profile=profile, plan=plan):
                    plans.put({"profile": str(profile), "territory": str(territory), **_row(plan)})
                case PolicyProfileSuperseded(profile=profile, last_day=day):
                    plans.change((str(profile),), {"until": day.isoformat()})
                case TeamEstablished(team=team, commune=commune, level=level):
                    teams.put({"team": str(team), "commune": str(commune), "level": level})
                case UnitRegistered(unit=unit, parent=parent):
                    above = None if parent is None else str(parent)
                    units.begin({"unit": str(unit), "parent": above, "gone": False})
                case UnitTransferred(unit=unit, parent=parent, on=on):
                    units.change(str(unit), {"parent": str(parent)}, on.isoformat())
                case UnitSucceeded(unit=unit, successor=heir, part=False, on=on):
                    units.change(str(unit), {"parent": str(heir), "gone": True}, on.isoformat())
                case _:
                    pass
        units.write(connection)
        write_all(connection, plans, teams)

    def in_force(self, connection: Connection, team: UUID, day: date) -> list[tuple[str, ActivityRule]] | None:
        """Each rule for a team on a day with the code of its plan; None when the team is not known (yet)."""
        teams = self.teams.c
        found = connection.execute(select(teams.commune, teams.level).where(teams.team == str(team))).one_or_none()
        if found is None:
            return None
        plans, on = self.plans.c, day.isoformat()
        chain = self._above(found.commune, on)
        held = select(plans.plan, plans.rules).join(chain, chain.c.unit == plans.territory)
        held = held.where(~chain.c.gone, plans.since <= on, plans.until >= on).order_by(chain.c.steps)
        rules: dict[tuple[str, bool], tuple[str, ActivityRule]] = {}
        for row in connection.execute(held):
            for rule in map(ActivityRule.model_validate, orjson.loads(row.rules)):
                if rule.level in (None, found.level):
                    # A floor and a ceiling are two rules; of each the nearest unit's holds.
                    rules.setdefault((rule.about, rule.comparator == "<="), (row.plan, rule))
        return list(rules.values())

    def _above(self, commune: str, on: str) -> CTE:
        """`(unit, gone, steps)`: the commune and the units above it on a day."""
        units = self.units.c
        holds = and_(units.since <= on, units.until > on)
        columns = (units.unit, units.parent, units.gone)
        first = select(*columns, literal(0).label("steps")).where(units.unit == commune, holds)
        chain = first.cte("chain", recursive=True)
        return chain.union_all(select(*columns, chain.c.steps + 1).where(units.unit == chain.c.parent, holds))


def _row(plan: Plan) -> dict[str, str]:
    rules = [
        ActivityRule.model_validate({**rule, "about": about}).model_dump(mode="json")
        for rule in plan.rules
        if (about := rule.get("measure", rule.get("indicator"))) in MEASURES | {GUIDED}
    ]
    return {
        "plan": plan.code,
        "since": plan.valid_from.isoformat(),
        "until": FOR_EVER if plan.valid_to is None else plan.valid_to.isoformat(),
        "rules": orjson.dumps(rules).decode(),
    }


ACTIVITY_RULES = ActivityRules()
"""The live tables."""


class RulesQuestion(BaseModel):
    """What may be asked; `week` is an ISO week such as 2026-W41."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    team: UUID
    week: str = Field(pattern=r"^20\d\d-W[0-5]\d$")

    @property
    def monday(self) -> date:
        """Its first day. Raises `ValueError` for a week the year does not have."""
        return date.fromisocalendar(int(self.week[:4]), int(self.week[-2:]), 1)


def answer_activity_rules(runtime: ServiceRuntime, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The question `activity_rules`: `{"team": id, "week": "2026-W41"}`.

    Answers the week's `first_day` and `last_day` and the `rules` in force, each with its `plan`; what is not stated is
    not among them. Raises `Refused`: INVALID naming the field, UNKNOWN_TEAM.
    """
    try:
        question = RulesQuestion.model_validate(payload)
        monday = question.monday
    except ValidationError as error:
        raise _invalid(".".join(map(str, error.errors()[0]["loc"]))) from None
    except ValueError:
        raise _invalid("week") from None
    with runtime.database.read() as connection:
        found = ACTIVITY_RULES.in_force(connection, question.team, monday)
    if found is None:
        raise Refused("Không có Tổ công nghệ số cộng đồng này.", field="team", code="UNKNOWN_TEAM")
    rules = [{"plan": plan, **rule.model_dump(mode="json")} for plan, rule in found]
    days = {"first_day": monday.isoformat(), "last_day": (monday + timedelta(days=6)).isoformat()}
    return {"team": str(question.team), "week": question.week, **days, "rules": rules}


def _invalid(field: str) -> Refused:
    return Refused(f"Câu hỏi không hợp lệ ở mục {field}.", field=field, code="INVALID")
