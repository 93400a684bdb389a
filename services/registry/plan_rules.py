"""What a plan may demand, as data: the rule, how grave a breach of it is, and where the plan says so.

What a plan does not say has no rule here: *not stated* is neither zero nor allowed nor taken from an older plan
(domain.md A8 (f)). Numbers are counts, hours, days or per cent, as the measure's name says.
"""

from calendar import monthrange
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from operator import eq, ge, gt, le
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from services.registry.wording import Wording

Severity: TypeAlias = Literal["block", "warn", "info"]
TeamLevel: TypeAlias = Literal["hamlet", "commune", "enterprise"]
Tier: TypeAlias = Literal["team", "hamlet", "commune", "district", "department", "province"]
Comparator: TypeAlias = Literal[">=", "<=", ">", "="]
Measure: TypeAlias = Literal[
    "teams_per_hamlet",
    "members",
    "workers",
    "hours_per_activity_day",
    "activity_days_per_week",
    "members_trained_per_year_percent",
    "launched_percent",
]
Organisation: TypeAlias = Literal[
    "hamlet_head",
    "youth_union",
    "women_union",
    "farmers_union",
    "trade_union",
    "fatherland_front",
    "police",
    "commune_cadre",
    "party_member",
    "residents_group",
    "post_telecom",
    "bank",
    "enterprise",
    "education",
    "other",
]
"""Where a member comes from (001 §III.1a, 003 §II.3, 002 §IV.5)."""
Code = Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9_-]{0,39}$")]

MOST_RULES = 100
_COMPARED: Mapping[str, Callable[[float, float], bool]] = {">=": ge, "<=": le, ">": gt, "=": eq}


class Citation(BaseModel):
    """Where it is written: "220/KH-UBND", "III.1b"."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    document: Wording
    section: Wording


class _Rule(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    severity: Severity = "warn"
    citation: Citation
    note: Annotated[str, Field(max_length=500)] = ""
    """What a reader must know: an interpretation, a condition that only a person can judge."""

    @property
    def subject(self) -> tuple[str, ...]:
        """What the rule speaks of."""
        raise NotImplementedError

    def repeats(self, other: "_Rule") -> bool:
        """True when one plan may not state both: they speak of the same thing."""
        return self.subject == other.subject

    def bears_on(self, above: "_Rule") -> bool:
        """True when it speaks of what `above`, of a tier above, speaks of: then it may not loosen that."""
        return self.repeats(above)


class QuantityRule(_Rule):
    """A number that must be reached or kept to, for teams of one level or for all that is measured."""

    kind: Literal["quantity"]
    measure: Measure
    level: TeamLevel | None = None
    comparator: Comparator
    value: Annotated[float, Field(ge=0, le=1_000_000)]

    @property
    def subject(self) -> tuple[str, ...]:
        """What is counted of which teams; a floor and a ceiling for it are two rules, an exact number is both."""
        return (self.kind, self.measure, self.level or "")

    def repeats(self, other: _Rule) -> bool:
        """A floor and a ceiling do not."""
        if not isinstance(other, QuantityRule) or self.subject != other.subject:
            return False
        return bool(self._sides & other._sides)

    def bears_on(self, above: _Rule) -> bool:
        """A rule for all levels bears on one for a level, and the other way round."""
        if not isinstance(above, QuantityRule) or self.measure != above.measure:
            return False
        return self.level == above.level or self.level is None or above.level is None

    @property
    def _sides(self) -> frozenset[str]:
        return frozenset({"<=": {"ceiling"}, "=": {"floor", "ceiling"}}.get(self.comparator, {"floor"}))

    def loosens(self, above: "PlanRule") -> bool:
        """True when on a side of which it speaks it lets pass what `above` does not, or nothing passes both."""
        if not isinstance(above, QuantityRule):
            return True
        if above.comparator == "=":
            return (self.comparator, self.value) != ("=", above.value)
        if self.comparator == "=":
            return not _COMPARED[above.comparator](self.value, above.value)
        if self._sides == above._sides:
            looser = self.value > above.value if self.comparator == "<=" else self.value < above.value
            return looser or (self.value == above.value and (self.comparator, above.comparator) == (">=", ">"))
        floor, ceiling = (above, self) if self.comparator == "<=" else (self, above)
        return not _COMPARED[floor.comparator](ceiling.value, floor.value)


class OfficeRule(_Rule):
    """Who holds an office in teams of a level, and how many hold it."""

    kind: Literal["office"]
    role: Literal["leader", "deputy"]
    level: TeamLevel
    held_by: Organisation
    count: Annotated[int, Field(ge=1, le=10)] = 1
    same_hamlet: bool = False

    @property
    def subject(self) -> tuple[str, ...]:
        """One a role and level."""
        return (self.kind, self.role, self.level)

    def loosens(self, above: "PlanRule") -> bool:
        """Anybody else in the office is another rule, not a tighter one."""
        if not isinstance(above, OfficeRule):
            return True
        same = (self.held_by, self.count) == (above.held_by, above.count)
        return not same or (above.same_hamlet and not self.same_hamlet)


class CompositionRule(_Rule):
    """At least one member from one of these organisations."""

    kind: Literal["composition"]
    level: TeamLevel
    one_of: Annotated[tuple[Organisation, ...], Field(min_length=1, max_length=15)]

    @property
    def subject(self) -> tuple[str, ...]:
        """Each list is a rule of its own."""
        return (self.kind, self.level, *sorted(self.one_of))

    def loosens(self, above: "PlanRule") -> bool:
        """The same list asks the same."""
        return not isinstance(above, CompositionRule)


class OverlapRule(_Rule):
    """Partner staff serve in one team only (003 §III.5, "không trùng chéo")."""

    kind: Literal["overlap"]

    @property
    def subject(self) -> tuple[str, ...]:
        """There is one."""
        return (self.kind,)

    def loosens(self, above: "PlanRule") -> bool:
        """It says the same wherever it stands."""
        return not isinstance(above, OverlapRule)


class OpinionRule(_Rule):
    """The province gives its opinion before a thing is issued (003 §III.1: guidance material)."""

    kind: Literal["opinion"]
    what: Literal["material"]
    tier: Literal["province"]

    @property
    def subject(self) -> tuple[str, ...]:
        """One a thing."""
        return (self.kind, self.what)

    def loosens(self, above: "PlanRule") -> bool:
        """It says the same wherever it stands."""
        return not isinstance(above, OpinionRule)


class LeadRule(_Rule):
    """Which body leads while the plan holds, by a code; of a plan that names none it is not stated.

    A statement rather than a demand: nobody is judged by it, and a lower tier may name its own.
    """

    kind: Literal["lead"]
    body: Code

    @property
    def subject(self) -> tuple[str, ...]:
        """One a body: two may lead together."""
        return (self.kind, self.body)

    def loosens(self, above: "PlanRule") -> bool:
        """It asks nothing."""
        return not isinstance(above, LeadRule)


class DueRule(_Rule):
    """By when a tier hands something on. A day, inclusive or shift that the plan does not state is None."""

    kind: Literal["due"]
    what: Literal["roster", "report", "launch"]
    cadence: Literal["once", "month", "quarter", "half_year", "year", "ad_hoc"]
    tier: Tier
    to: Tier | Literal["office"] | None = None
    on: date | None = None
    """The day, for what is due once."""
    day: Annotated[int, Field(ge=1, le=31)] | None = None
    """The day of the period's last month."""
    inclusive: bool | None = None
    """"Chậm nhất ngày" is, "trước ngày" is not: then the last good day is the one before."""
    shift: Literal["none", "next_working_day", "previous_working_day"] | None = None
    cut_off: Annotated[int, Field(ge=1, le=31)] | None = None

    @property
    def subject(self) -> tuple[str, ...]:
        """One a thing, cadence and tier."""
        return (self.kind, self.what, self.cadence, self.tier)

    def last_day(self, period_end: date) -> date | None:
        """The last day that is in time, before any shift; None where the plan names no day.

        `period_end` is any day of the period's last month; a day that month does not have is its last one.
        """
        due = self.on
        if due is None and self.day is not None:
            due = period_end.replace(day=min(self.day, monthrange(period_end.year, period_end.month)[1]))
        if due is None:
            return None
        return due if self.inclusive or self.inclusive is None else due - timedelta(days=1)

    def loosens(self, above: "PlanRule") -> bool:
        """Later is looser; a day where none is stated is tighter."""
        if not isinstance(above, DueRule):
            return True
        mine, theirs = self.last_day(_SOME_MONTH), above.last_day(_SOME_MONTH)
        return theirs is not None and (mine is None or mine > theirs)


_SOME_MONTH = date(2026, 12, 31)


class YearlyDayRule(_Rule):
    """A day of every year: awards are given on Digital Transformation Day, 10 October."""

    kind: Literal["yearly_day"]
    what: Literal["awards"]
    month: Annotated[int, Field(ge=1, le=12)]
    day: Annotated[int, Field(ge=1, le=31)]

    @property
    def subject(self) -> tuple[str, ...]:
        """One a thing."""
        return (self.kind, self.what)

    def loosens(self, above: "PlanRule") -> bool:
        """Another day is another rule."""
        return not isinstance(above, YearlyDayRule) or (self.month, self.day) != (above.month, above.day)


class TargetRule(_Rule):
    """A value an indicator (domain.md C1) is to reach by a day; None for the value: named without a number."""

    kind: Literal["target"]
    indicator: Code
    comparator: Comparator
    value: Annotated[float, Field(ge=0, le=1_000_000)] | None = None
    unit: Literal["percent", "count"] = "percent"
    by: date | None = None

    @property
    def subject(self) -> tuple[str, ...]:
        """One an indicator and day."""
        return (self.kind, self.indicator, "" if self.by is None else self.by.isoformat())

    def loosens(self, above: "PlanRule") -> bool:
        """Less is looser."""
        if not isinstance(above, TargetRule):
            return True
        if above.value is None:
            return False
        return self.value is None or self.value < above.value


PlanRule: TypeAlias = Annotated[
    QuantityRule
    | OfficeRule
    | CompositionRule
    | OverlapRule
    | OpinionRule
    | LeadRule
    | DueRule
    | YearlyDayRule
    | TargetRule,
    Field(discriminator="kind"),
]
