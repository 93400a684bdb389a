"""The policy of a territory: the plans that hold there, each a dated profile of rules, drafted and then published.

One stream a territory, so that no two profiles hold there on one day. What replaces a profile begins today at the
earliest. No closed quarter is judged anew: where a profile held on one of its days, of the territory or of a unit above
or below it, none is entered for that day any more. A territory over which nothing held may still enter its plan with
the plan's own past days: nothing had been judged there. Lower tiers may tighten what the tiers above demand, and add to
it; they may not loosen it.

Refusals: TERRITORY_UNKNOWN, TERRITORY_NOT_IN_FORCE, PROFILE_UNKNOWN, PROFILE_PUBLISHED, PROFILE_SPAN_REVERSED,
PROFILE_OVERLAPS, SUPERSEDES_THE_PAST, DECISION_MISSING, DECISION_IN_FUTURE, RULE_TWICE, RULE_LOOSENED,
PROFILE_NOT_IN_FORCE, ENDS_IN_THE_PAST.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Annotated, TypeAlias, assert_never
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from services.kernel import store
from services.kernel.clock import business_date
from services.kernel.decider import Aggregate, Lookup, Refused
from services.kernel.identifiers import derived_id
from services.kernel.message import Command, Event
from services.registry.plan_rules import MOST_RULES, Code, PlanRule, TeamLevel, Tier
from services.registry.unit import UNIT, Unit, carried
from services.registry.wording import Wording


def profile_id(code: str) -> UUID:
    """The stable id of a profile that ships with the project, by its code."""
    return derived_id("policy-profile", code)


class Plan(BaseModel):
    """What a profile says. `valid_to` is its last day; None while the plan names none."""

    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True)

    code: Code
    title: Wording = Field(alias="name")
    issuer: Wording
    document: Wording | None = None
    """Number and sign, such as 220/KH-UBND; None while unsigned."""
    issued_on: date | None = None
    valid_from: date
    valid_to: date | None = None
    tiers: tuple[Tier, ...]
    team_levels: tuple[TeamLevel, ...]
    rules: Annotated[tuple[PlanRule, ...], Field(max_length=MOST_RULES)]


# Events


class PolicyProfileDrafted(Event, name="policy_profile.drafted"):
    """A profile was written down, or written anew; it judges nothing yet."""

    territory: UUID
    profile: UUID
    plan: Plan


class PolicyProfilePublished(Event, name="policy_profile.published"):
    """The profile holds in `territory` from `plan.valid_from` to `plan.valid_to`, unless superseded before."""

    territory: UUID
    profile: UUID
    plan: Plan


class PolicyProfileSuperseded(Event, name="policy_profile.superseded"):
    """The profile holds no longer after `last_day`; `by` is what took its place, None when nothing did."""

    territory: UUID
    profile: UUID
    last_day: date
    by: UUID | None


PolicyEvent: TypeAlias = PolicyProfileDrafted | PolicyProfilePublished | PolicyProfileSuperseded


# State


@dataclass(frozen=True, slots=True)
class Published:
    """A profile that holds from `plan.valid_from` to `last_day`."""

    plan: Plan
    last_day: date | None

    def holds(self, on: date) -> bool:
        """True on its first and last day and between."""
        return self.held(on, on)

    def held(self, first: date, last: date) -> bool:
        """True when it held on a day between these, both included."""
        return self.plan.valid_from <= last and (self.last_day is None or first <= self.last_day)


@dataclass(frozen=True, slots=True)
class Policy:
    """What the rules remember of a territory's profiles."""

    drafts: dict[UUID, Plan] = field(default_factory=dict)
    published: dict[UUID, Published] = field(default_factory=dict)

    def on(self, day: date) -> Published | None:
        """The profile that holds that day."""
        return next((each for each in self.published.values() if each.holds(day)), None)

    def held(self, first: date, last: date) -> bool:
        """True when a profile held on a day between these, both included."""
        return any(each.held(first, last) for each in self.published.values())


def evolve(policy: Policy, event: PolicyEvent) -> Policy:
    """The policy after `event`."""
    match event:
        case PolicyProfileDrafted():
            return replace(policy, drafts={**policy.drafts, event.profile: event.plan})
        case PolicyProfilePublished():
            drafts = {profile: plan for profile, plan in policy.drafts.items() if profile != event.profile}
            now = Published(event.plan, event.plan.valid_to)
            return Policy(drafts, {**policy.published, event.profile: now})
        case PolicyProfileSuperseded():
            was = policy.published.get(event.profile)
            if was is None:
                return policy
            return replace(policy, published={**policy.published, event.profile: replace(was, last_day=event.last_day)})
        case _:
            assert_never(event)


# Commands


class DraftPolicyProfile(Command, name="draft_policy_profile"):
    """Write a profile down, or write a draft anew."""

    territory: UUID
    profile: UUID
    plan: Plan


class PublishPolicyProfile(Command, name="publish_policy_profile"):
    """Put a draft in force. Number and day of the decision may come only now."""

    territory: UUID
    profile: UUID
    document: Wording | None = None
    issued_on: date | None = None


class EndPolicyProfile(Command, name="end_policy_profile"):
    """Let a profile end with `last_day`, with nothing in its place."""

    territory: UUID
    profile: UUID
    last_day: date


PolicyCommand: TypeAlias = DraftPolicyProfile | PublishPolicyProfile | EndPolicyProfile


# Rules


def guard(command: PolicyCommand, lookup: Lookup) -> None:
    """The territory must stand on the first day; what is judged stays so, and what holds above must not be loosened."""
    territory: Unit | None = lookup.state(UNIT, str(command.territory))
    if territory is None:
        raise Refused("Chưa có đơn vị này trên bản đồ.", code="TERRITORY_UNKNOWN", field="territory")
    if not isinstance(command, PublishPolicyProfile):
        return
    policy: Policy = lookup.state(POLICY, str(command.territory))
    plan = policy.drafts.get(command.profile)
    if plan is None:
        return  # `decide` says so
    first = first_day(command, plan)
    if not territory.in_force(first):
        raise Refused(
            "Đơn vị không có hiệu lực vào ngày đầu của quy định.", code="TERRITORY_NOT_IN_FORCE", field="territory"
        )
    closed = _quarter_before(business_date(command.at))
    if _was_judged(command.territory, first, min(closed, plan.valid_to or closed), lookup):
        rule = "Quý đã khép đã được xét theo quy định đang có; quy định mới không xét lại."
        raise Refused(rule, code="SUPERSEDES_THE_PAST", field="plan.valid_from")
    for held in plans_over(command.territory, first, lookup):
        _tightens(plan, held)


def plans_over(place: UUID, day: date, lookup: Lookup) -> Iterator[Plan]:
    """The plans that hold for a place on a day: its own first, then those of the tiers above it."""
    for unit, _, _ in _chain(carried(lookup, place, day), day, day, lookup):
        policy: Policy = lookup.state(POLICY, str(unit))
        if (held := policy.on(day)) is not None:
            yield held.plan


def _quarter_before(today: date) -> date:
    """The last day of the last quarter that is over."""
    return date(today.year, (today.month - 1) // 3 * 3 + 1, 1) - timedelta(days=1)


_PUBLISHED = select(store.events.c.stream).where(store.events.c.name == PolicyProfilePublished.name).distinct()


def _was_judged(territory: UUID, first: date, last: date, lookup: Lookup) -> bool:
    """Whether a profile of a unit above or below held in the territory between these days; its own, `decide` knows."""
    if first > last:
        return False
    for above, since, until in _chain(territory, first, last, lookup):
        policy: Policy = lookup.state(POLICY, str(above))
        if above != territory and policy.held(since, until):
            return True
    for row in lookup.query(_PUBLISHED):  # all events are looked through: rare enough, a past plan is entered once
        place = UUID(row.stream.removeprefix(f"{POLICY.category}-"))
        policy = lookup.state(POLICY, str(place))
        if place == territory or not policy.held(first, last):
            continue
        chain = _chain(place, first, last, lookup)
        if any(above == territory and policy.held(since, until) for above, since, until in chain):
            return True
    return False


def _chain(place: UUID, first: date, last: date, lookup: Lookup) -> Iterator[tuple[UUID, date, date]]:
    """A unit and those above it between two days, each with the days it stood and lay over the place."""
    unit: Unit | None = lookup.state(UNIT, str(place))
    if unit is None:
        return
    first, last = max(first, unit.registered.valid_from or first), min(last, unit.last_day or last)
    if first > last:
        return
    yield place, first, last
    ends = (*(on - timedelta(days=1) for on, _ in unit.parents), last)
    for (on, parent), end in zip(((first, unit.registered.parent), *unit.parents), ends, strict=True):
        since, until = max(first, on), min(last, end)
        if parent is not None and since <= until:
            yield from _chain(parent, since, until, lookup)


def _tightens(plan: Plan, above: Plan) -> None:
    for place, rule in enumerate(plan.rules):
        for over in above.rules:
            if rule.bears_on(over) and rule.loosens(over):
                where = f"{over.citation.document}, {over.citation.section}"
                said = f"Quy định cấp trên chặt hơn: {where}."
                raise Refused(said, code="RULE_LOOSENED", field=f"plan.rules.{place}")


def decide(command: PolicyCommand, policy: Policy) -> list[PolicyEvent]:
    """Drafts may change, what is published never does; one profile holds at a time."""
    match command:
        case DraftPolicyProfile():
            return _draft(command, policy)
        case PublishPolicyProfile():
            return _publish(command, policy)
        case EndPolicyProfile():
            return _end(command, policy)
        case _:
            assert_never(command)


def _draft(command: DraftPolicyProfile, policy: Policy) -> list[PolicyEvent]:
    plan = command.plan
    if command.profile in policy.published:
        if policy.published[command.profile].plan == plan:
            return []  # told again just so
        raise Refused("Quy định này đã ban hành, không sửa được.", code="PROFILE_PUBLISHED", field="profile")
    if plan.valid_to is not None and plan.valid_to < plan.valid_from:
        raise Refused("Ngày cuối phải từ ngày đầu trở đi.", code="PROFILE_SPAN_REVERSED", field="plan.valid_to")
    for place, rule in enumerate(plan.rules):
        if any(rule.repeats(other) for other in plan.rules[:place]):
            raise Refused("Hai quy định nói về cùng một việc.", code="RULE_TWICE", field=f"plan.rules.{place}")
    if policy.drafts.get(command.profile) == plan:
        return []
    return [PolicyProfileDrafted(territory=command.territory, profile=command.profile, plan=plan)]


def _publish(command: PublishPolicyProfile, policy: Policy) -> list[PolicyEvent]:
    if command.profile in policy.published:
        raise Refused("Quy định này đã được ban hành.", code="PROFILE_PUBLISHED", field="profile")
    draft = policy.drafts.get(command.profile)
    if draft is None:
        raise Refused("Chưa có dự thảo này.", code="PROFILE_UNKNOWN", field="profile")
    plan = _signed(command, draft)
    today, first = business_date(command.at), plan.valid_from
    events: list[PolicyEvent] = []
    for profile, other in policy.published.items():
        if other.last_day is not None and other.last_day < first:
            continue
        if other.plan.valid_from >= first:
            if plan.valid_to is None or other.plan.valid_from <= plan.valid_to:
                raise Refused(
                    "Thời gian này đã có quy định khác của đơn vị.", code="PROFILE_OVERLAPS", field="plan.valid_from"
                )
            continue
        if first < today:
            raise Refused(
                "Không thay quy định cho thời gian đã qua.", code="SUPERSEDES_THE_PAST", field="plan.valid_from"
            )
        last_day = first - timedelta(days=1)
        events.append(
            PolicyProfileSuperseded(territory=command.territory, profile=profile, last_day=last_day, by=command.profile)
        )
    return [*events, PolicyProfilePublished(territory=command.territory, profile=command.profile, plan=plan)]


def _signed(command: PublishPolicyProfile, draft: Plan) -> Plan:
    """The plan with its decision: it binds nobody before it was signed. Of a plan long over the day may be unknown."""
    today = business_date(command.at)
    document, issued_on = command.document or draft.document, command.issued_on or draft.issued_on
    is_over = draft.valid_to is not None and draft.valid_to < today
    if document is None or (issued_on is None and not is_over):
        missing = "document" if document is None else "issued_on"
        raise Refused("Quy định ban hành phải có số và ngày ký.", code="DECISION_MISSING", field=missing)
    if issued_on is not None and issued_on > today:
        raise Refused("Ngày ký không được ở tương lai.", code="DECISION_IN_FUTURE", field="issued_on")
    first = first_day(command, draft)
    if draft.valid_to is not None and draft.valid_to < first:
        raise Refused("Quy định ký sau ngày cuối của nó.", code="PROFILE_SPAN_REVERSED", field="issued_on")
    return draft.model_copy(update={"document": document, "issued_on": issued_on, "valid_from": first})


def first_day(command: PublishPolicyProfile, draft: Plan) -> date:
    """From when the plan would hold."""
    issued_on = command.issued_on or draft.issued_on
    return draft.valid_from if issued_on is None else max(draft.valid_from, issued_on)


def _end(command: EndPolicyProfile, policy: Policy) -> list[PolicyEvent]:
    held = policy.published.get(command.profile)
    if held is None:
        raise Refused("Quy định này chưa được ban hành.", code="PROFILE_UNKNOWN", field="profile")
    if held.last_day == command.last_day:
        return []
    if not held.holds(command.last_day):
        raise Refused("Quy định không có hiệu lực vào ngày này.", code="PROFILE_NOT_IN_FORCE", field="last_day")
    if command.last_day < business_date(command.at) - timedelta(days=1):
        raise Refused("Không chấm dứt quy định cho thời gian đã qua.", code="ENDS_IN_THE_PAST", field="last_day")
    return [
        PolicyProfileSuperseded(
            territory=command.territory, profile=command.profile, last_day=command.last_day, by=None
        )
    ]


POLICY: Aggregate[Policy, PolicyCommand, PolicyEvent] = Aggregate(
    category="policy",
    events=PolicyEvent,
    commands=PolicyCommand,
    initial=Policy(),
    evolve=evolve,
    decide=decide,
    identity=lambda command: command.territory,
    guard=guard,
)
