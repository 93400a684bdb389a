"""The roster of teams on its way up: a commune submits it, each tier above consolidates what it was sent.

Which tier owes one, to whom and by when is the plan's rule (001 §III.1d: commune, district, department), so a plan with
a district and one without are the same code. A roster is a snapshot: team ids, counts, the day they were taken, and a
hash of who served. One stream a plan, tier and unit; told again with other content it is the next version. Being late
is no reason to refuse: who was late is a question, not a rule.

Refusals: PROFILE_UNKNOWN, ROSTER_NOT_DUE, UNIT_UNKNOWN, UNIT_OF_OTHER_TIER, OUTSIDE_TERRITORY, UNIT_NOT_IN_FORCE,
TEAM_UNKNOWN, TEAM_OF_OTHER_COMMUNE, TEAM_TWICE, DAY_IN_FUTURE, CUT_OFF_AFTER_SUBMISSION, SUBMITTED_BEFORE_PLAN,
SUBMITTED_OUT_OF_ORDER, NOTHING_TO_CONSOLIDATE, ROSTER_UNKNOWN, ROSTER_TWICE, ROSTER_OF_OTHER_TIER, ROSTER_CHANGED,
CONSOLIDATED_BEFORE_SUBMITTED.
"""

from datetime import date
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, TypeAlias, assert_never
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.kernel.clock import business_date
from services.kernel.decider import Aggregate, Lookup, Refused
from services.kernel.identifiers import derived_id
from services.kernel.message import Command, Event
from services.registry.plan_rules import DueRule
from services.registry.policy import POLICY, Plan, Policy
from services.registry.team import TEAM
from services.registry.unit import UNIT, Level, Unit, carried, lies_within

if TYPE_CHECKING:
    from services.registry.team_events import Team

Tier: TypeAlias = Literal["commune", "district", "department", "province"]
LEVEL_OF: dict[Tier, Level] = {
    "commune": "commune",
    "district": "district",
    "department": "province",
    "province": "province",
}
"""A department is the province's: its roster is the province's roster."""
Count: TypeAlias = Annotated[int, Field(ge=0, le=1_000_000)]
Digest: TypeAlias = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


def roster_id(profile: UUID, tier: str, unit: UUID) -> UUID:
    """The stable id of what a unit owes under a plan."""
    return derived_id("roster", profile, tier, unit)


class RosterTeam(BaseModel):
    """A team as it was on the cut-off day."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    team: UUID
    members: Count
    has_leader: bool


class RosterPart(BaseModel):
    """A roster of the tier below, in the version that was taken in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    roster: UUID
    unit: UUID
    version: Annotated[int, Field(ge=1)]
    teams: Count
    members: Count
    content_hash: Digest


# Events


class RosterSubmitted(Event, name="roster.submitted"):
    """A commune handed its roster on. `content_hash` is SHA-256 over who served in which team on `cut_off`."""

    roster: UUID
    territory: UUID
    profile: UUID
    tier: Tier
    unit: UUID
    version: int
    teams: tuple[RosterTeam, ...]
    team_count: int
    member_count: int
    content_hash: str
    cut_off: date
    submitted_on: date


class RosterConsolidated(Event, name="roster.consolidated"):
    """A tier consolidated the rosters it was sent and handed them on; `parts` says which, in which version."""

    roster: UUID
    territory: UUID
    profile: UUID
    tier: Tier
    unit: UUID
    version: int
    parts: tuple[RosterPart, ...]
    team_count: int
    member_count: int
    content_hash: str
    submitted_on: date


RosterEvent: TypeAlias = RosterSubmitted | RosterConsolidated

# State: the last version is all there is to remember


def evolve(_roster: RosterEvent | None, event: RosterEvent) -> RosterEvent | None:
    """The roster after `event`."""
    return event


# Commands


class SubmitRoster(Command, name="submit_roster"):
    """Submit a commune's roster as it was at the end of `cut_off`."""

    sealed: ClassVar[frozenset[str]] = frozenset({"teams", "content_hash"})
    """Counted anew each time it is sent: the same submission sent again stays the same."""

    territory: UUID
    profile: UUID
    tier: Literal["commune"] = "commune"
    unit: UUID
    teams: Annotated[tuple[RosterTeam, ...], Field(max_length=1000)]
    content_hash: Digest
    cut_off: date
    submitted_on: date

    @cached_property
    def roster(self) -> UUID:
        """Its stream."""
        return roster_id(self.profile, self.tier, self.unit)


class ConsolidateRoster(Command, name="consolidate_roster"):
    """Consolidate what was sent to a tier, and hand it on."""

    sealed: ClassVar[frozenset[str]] = frozenset({"parts"})
    """Looked up anew each time it is sent."""

    territory: UUID
    profile: UUID
    tier: Literal["district", "department", "province"]
    unit: UUID
    parts: Annotated[tuple[RosterPart, ...], Field(max_length=1000)]
    submitted_on: date

    @cached_property
    def roster(self) -> UUID:
        """Its stream."""
        return roster_id(self.profile, self.tier, self.unit)


RosterCommand: TypeAlias = SubmitRoster | ConsolidateRoster


# Rules


def guard(command: RosterCommand, lookup: Lookup) -> None:
    """The plan must ask this tier for a roster, and what is handed on must be this unit's own."""
    policy: Policy = lookup.state(POLICY, str(command.territory))
    published = policy.published.get(command.profile)
    if published is None:
        raise Refused("Quy định này chưa được ban hành.", code="PROFILE_UNKNOWN", field="profile")
    if _rule(published.plan, command.tier) is None:
        raise Refused("Kế hoạch không yêu cầu cấp này nộp danh sách.", code="ROSTER_NOT_DUE", field="tier")
    if command.submitted_on < published.plan.valid_from:
        said = "Ngày nộp không được trước ngày kế hoạch có hiệu lực."
        raise Refused(said, code="SUBMITTED_BEFORE_PLAN", field="submitted_on")
    _stands(command, lookup)
    match command:
        case SubmitRoster():
            _own_teams(command, lookup)
        case ConsolidateRoster():
            for part in command.parts:
                _was_sent(part, command, published.plan, lookup)
        case _:
            assert_never(command)


def _rule(plan: Plan, tier: str) -> DueRule | None:
    rules = (rule for rule in plan.rules if isinstance(rule, DueRule))
    return next((rule for rule in rules if rule.what == "roster" and rule.tier == tier), None)


def _stands(command: RosterCommand, lookup: Lookup) -> None:
    unit: Unit | None = lookup.state(UNIT, str(command.unit))
    if unit is None:
        raise Refused("Chưa có đơn vị này trên bản đồ.", code="UNIT_UNKNOWN", field="unit")
    if unit.registered.level != LEVEL_OF[command.tier]:
        raise Refused("Đơn vị không thuộc cấp này.", code="UNIT_OF_OTHER_TIER", field="unit")
    if not unit.in_force(command.submitted_on):
        raise Refused("Đơn vị không có hiệu lực vào ngày nộp.", code="UNIT_NOT_IN_FORCE", field="submitted_on")
    if not lies_within(lookup, command.unit, command.territory, command.submitted_on):
        raise Refused("Đơn vị không thuộc địa bàn của kế hoạch.", code="OUTSIDE_TERRITORY", field="unit")


def _own_teams(command: SubmitRoster, lookup: Lookup) -> None:
    for each in command.teams:
        team: Team | None = lookup.state(TEAM, str(each.team))
        if team is None:
            raise Refused("Chưa có Tổ này.", code="TEAM_UNKNOWN", field="teams")
        if carried(lookup, team.established.commune, command.cut_off) != command.unit:
            raise Refused("Tổ thuộc xã, phường khác.", code="TEAM_OF_OTHER_COMMUNE", field="teams")


def _was_sent(part: RosterPart, command: ConsolidateRoster, plan: Plan, lookup: Lookup) -> None:
    """The part is what that unit sent to this tier, in its last version."""
    sent: RosterEvent | None = lookup.state(ROSTER, str(part.roster))
    if sent is None or sent.profile != command.profile:
        raise Refused("Danh sách này chưa được nộp.", code="ROSTER_UNKNOWN", field="parts")
    rule = _rule(plan, sent.tier)
    below = lies_within(lookup, sent.unit, command.unit, command.submitted_on)
    if rule is None or rule.to != command.tier or not below:
        raise Refused("Danh sách này không nộp cho đơn vị này.", code="ROSTER_OF_OTHER_TIER", field="parts")
    if part != _as_part(sent):
        raise Refused("Danh sách này vừa được nộp lại.", code="ROSTER_CHANGED", field="parts")
    if sent.submitted_on > command.submitted_on:
        said = "Ngày tổng hợp không được trước ngày nộp của các danh sách."
        raise Refused(said, code="CONSOLIDATED_BEFORE_SUBMITTED", field="submitted_on")


def _as_part(sent: RosterEvent) -> RosterPart:
    return RosterPart(
        roster=sent.roster,
        unit=sent.unit,
        version=sent.version,
        teams=sent.team_count,
        members=sent.member_count,
        content_hash=sent.content_hash,
    )


def decide(command: RosterCommand, roster: RosterEvent | None) -> list[RosterEvent]:
    """Nothing lies in the future; what changed since the last version is the next one."""
    today = business_date(command.at)
    if command.submitted_on > today:
        raise Refused("Ngày nộp không được ở tương lai.", code="DAY_IN_FUTURE", field="submitted_on")
    event = _submitted(command, roster) if isinstance(command, SubmitRoster) else _consolidated(command, roster)
    if roster is not None:
        if event.model_copy(update={"version": roster.version}) == roster:
            return []
        if command.submitted_on < roster.submitted_on:
            said = "Đã có danh sách nộp ngày sau."
            raise Refused(said, code="SUBMITTED_OUT_OF_ORDER", field="submitted_on")
    return [event]


def _submitted(command: SubmitRoster, roster: RosterEvent | None) -> RosterSubmitted:
    if command.cut_off > command.submitted_on:
        said = "Ngày chốt danh sách không được sau ngày nộp."
        raise Refused(said, code="CUT_OFF_AFTER_SUBMISSION", field="cut_off")
    if len({each.team for each in command.teams}) < len(command.teams):
        raise Refused("Một Tổ chỉ ghi một lần.", code="TEAM_TWICE", field="teams")
    return RosterSubmitted(
        roster=command.roster,
        territory=command.territory,
        profile=command.profile,
        tier=command.tier,
        unit=command.unit,
        version=_next(roster),
        teams=command.teams,
        team_count=len(command.teams),
        member_count=sum(each.members for each in command.teams),
        content_hash=command.content_hash,
        cut_off=command.cut_off,
        submitted_on=command.submitted_on,
    )


def _consolidated(command: ConsolidateRoster, roster: RosterEvent | None) -> RosterConsolidated:
    if not command.parts:
        raise Refused("Chưa có danh sách nào để tổng hợp.", code="NOTHING_TO_CONSOLIDATE", field="parts")
    if len({part.roster for part in command.parts}) < len(command.parts):
        raise Refused("Một danh sách chỉ tổng hợp một lần.", code="ROSTER_TWICE", field="parts")
    parts = tuple(sorted(command.parts, key=lambda part: part.roster))
    told = "".join(f"{part.roster} {part.version} {part.content_hash}\n" for part in parts)
    return RosterConsolidated(
        roster=command.roster,
        territory=command.territory,
        profile=command.profile,
        tier=command.tier,
        unit=command.unit,
        version=_next(roster),
        parts=parts,
        team_count=sum(part.teams for part in parts),
        member_count=sum(part.members for part in parts),
        content_hash=sha256(told.encode()).hexdigest(),
        submitted_on=command.submitted_on,
    )


def _next(roster: RosterEvent | None) -> int:
    return 1 if roster is None else roster.version + 1


ROSTER: Aggregate[RosterEvent | None, RosterCommand, RosterEvent] = Aggregate(
    category="roster",
    events=RosterEvent,
    commands=RosterCommand,
    initial=None,
    evolve=evolve,
    decide=decide,
    identity=lambda command: command.roster,
    guard=guard,
)
