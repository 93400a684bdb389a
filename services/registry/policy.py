"""The policy of a territory: the plans that hold there, each a dated profile of rules, drafted and then published.

One stream a territory, so that no two profiles hold there on one day. A profile judges from its first day on and is
judged by nothing older; what replaces it begins today at the earliest, so that no closed period is judged anew. Lower
tiers may tighten what the tiers above demand, and add to it; they may not loosen it.

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

from services.kernel.clock import business_date
from services.kernel.decider import Aggregate, Lookup, Refused
from services.kernel.identifiers import derived_id
from services.kernel.message import Command, Event
from services.registry.plan_rules import MOST_RULES, Code, PlanRule, TeamLevel, Tier
from services.registry.unit import UNIT, Unit
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
        return self.plan.valid_from <= on and (self.last_day is None or on <= self.last_day)


@dataclass(frozen=True, slots=True)
class Policy:
    """What the rules remember of a territory's profiles."""

    drafts: dict[UUID, Plan] = field(default_factory=dict)
    published: dict[UUID, Published] = field(default_factory=dict)

    def on(self, day: date) -> Published | None:
        """The profile that holds that day."""
        return next((each for each in self.published.values() if each.holds(day)), None)


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
    """The territory must stand while the profile holds, and what holds above it must not be loosened."""
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
    for above in _above(territory, first, lookup):
        held = above.on(first)
        if held is not None:
            _tightens(plan, held.plan)


def _above(unit: Unit, day: date, lookup: Lookup) -> Iterator[Policy]:
    while (parent := unit.parent_on(day)) is not None:
        yield lookup.state(POLICY, str(parent))
        found: Unit | None = lookup.state(UNIT, str(parent))
        if found is None:
            return
        unit = found


def _tightens(plan: Plan, above: Plan) -> None:
    demanded = {rule.subject: rule for rule in above.rules}
    for place, rule in enumerate(plan.rules):
        over = demanded.get(rule.subject)
        if over is not None and rule.loosens(over):
            where = f"{over.citation.document}, {over.citation.section}"
            raise Refused(f"Quy định cấp trên chặt hơn: {where}.", code="RULE_LOOSENED", field=f"plan.rules.{place}")


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
    seen = set()
    for place, rule in enumerate(plan.rules):
        if rule.subject in seen:
            raise Refused("Hai quy định nói về cùng một việc.", code="RULE_TWICE", field=f"plan.rules.{place}")
        seen.add(rule.subject)
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
