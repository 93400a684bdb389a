"""A community digital team (Tổ công nghệ số cộng đồng): established by a decision, for hamlets of one commune.

Members are opaque ids with a role and the organisation they come from; who they are is nobody's business here.
How many members a team must have differs by plan (≥ 4 in 220/KH-UBND 2023 §III.1b, ≤ 10 in Kiên Giang 2022 §II.3) and
is not judged here.

Refusals: TEAM_EXISTS, TEAM_UNKNOWN, NO_HAMLET, HAMLET_TWICE, HAMLET_UNKNOWN, HAMLET_OF_OTHER_COMMUNE, COMMUNE_UNKNOWN,
DECISION_IN_FUTURE, MEMBER_TWICE, LEADER_TAKEN, APPOINTED_IN_FUTURE, APPOINTED_BEFORE_TEAM, MEMBER_UNKNOWN,
STOOD_DOWN_IN_FUTURE, STOOD_DOWN_BEFORE_APPOINTED.
"""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal, TypeAlias, assert_never
from uuid import UUID

from pydantic import ConfigDict, Field

from services.kernel.clock import business_date
from services.kernel.decider import Aggregate, Lookup, Refused
from services.kernel.message import Command, Event
from services.registry.hamlet import HAMLET, HamletRegistered, commune_of
from services.registry.plan_rules import Organisation
from services.registry.wording import Wording

Role: TypeAlias = Literal["leader", "deputy", "member"]


# Events


class TeamEstablished(Event, name="team.established"):
    """A decision established the team for these hamlets."""

    model_config = ConfigDict(serialize_by_alias=True)

    team: UUID
    commune: UUID
    title: str = Field(alias="name")
    level: Literal["hamlet"]
    hamlets: tuple[UUID, ...]
    decision_no: str
    decision_date: date


class MemberAppointed(Event, name="member.appointed"):
    """`member` serves in the team from `appointed_on`; `organisation` is where they come from, say Đoàn Thanh niên.

    `organisation_kind` is the same in the plans' words, `same_hamlet` whether they live in a hamlet the team serves;
    None: not said, so that a rule about it cannot be judged.
    """

    team: UUID
    member: UUID
    role: Role
    organisation: str
    appointed_on: date
    organisation_kind: Organisation | None = None
    same_hamlet: bool | None = None


class MemberStoodDown(Event, name="member.stood_down"):
    """`member` no longer serves in the team since `stood_down_on`; they had served since `appointed_on`."""

    team: UUID
    member: UUID
    stood_down_on: date
    appointed_on: date | None = None


TeamEvent: TypeAlias = TeamEstablished | MemberAppointed | MemberStoodDown


# State


@dataclass(frozen=True, slots=True)
class Team:
    """What the rules remember of a team: its founding decision and who serves now."""

    established: TeamEstablished
    serving: dict[UUID, MemberAppointed] = field(default_factory=dict)

    @property
    def has_leader(self) -> bool:
        return any(appointed.role == "leader" for appointed in self.serving.values())


def evolve(team: Team | None, event: TeamEvent) -> Team | None:
    """The team after `event`."""
    if isinstance(event, TeamEstablished):
        return Team(event)
    if team is None:
        return None
    match event:
        case MemberAppointed():
            return replace(team, serving={**team.serving, event.member: event})
        case MemberStoodDown():
            return replace(team, serving={m: a for m, a in team.serving.items() if m != event.member})
        case _:
            assert_never(event)


# Commands


class EstablishTeam(Command, name="establish_team"):
    """Establish a team by decision of the commune's chair (domain.md A1 row 7)."""

    model_config = ConfigDict(serialize_by_alias=True)

    team: UUID
    commune: UUID
    title: Wording = Field(alias="name")
    level: Literal["hamlet"] = "hamlet"
    hamlets: tuple[UUID, ...] = Field(max_length=100)
    decision_no: Wording
    decision_date: date


class AppointMember(Command, name="appoint_member"):
    """Appoint a member, once."""

    team: UUID
    member: UUID
    role: Role
    organisation: Wording
    appointed_on: date
    organisation_kind: Organisation | None = None
    same_hamlet: bool | None = None


class StandDownMember(Command, name="stand_down_member"):
    """Let a member go."""

    team: UUID
    member: UUID
    stood_down_on: date


TeamCommand: TypeAlias = EstablishTeam | AppointMember | StandDownMember


# Rules


def guard(command: TeamCommand, lookup: Lookup) -> None:
    """The commune and the hamlets must exist, and belong together."""
    if not isinstance(command, EstablishTeam):
        return
    commune_of(lookup, command.commune)
    for hamlet_id in command.hamlets:
        hamlet: HamletRegistered | None = lookup.state(HAMLET, str(hamlet_id))
        if hamlet is None:
            raise Refused("Chưa có ấp, khóm này.", code="HAMLET_UNKNOWN", field="hamlets")
        if hamlet.commune != command.commune:
            raise Refused("Ấp, khóm thuộc xã, phường khác.", code="HAMLET_OF_OTHER_COMMUNE", field="hamlets")


def decide(command: TeamCommand, team: Team | None) -> list[TeamEvent]:
    """A member serves once, a leader alone, and nothing is dated in the future."""
    if isinstance(command, EstablishTeam):
        return _establish(command, team)
    if team is None:
        raise Refused("Chưa có Tổ này.", code="TEAM_UNKNOWN", field="team")
    match command:
        case AppointMember():
            return _appoint(command, team)
        case StandDownMember():
            return _stand_down(command, team)
        case _:
            assert_never(command)


def _establish(command: EstablishTeam, team: Team | None) -> list[TeamEvent]:
    if team is not None:
        raise Refused("Tổ này đã được thành lập.", code="TEAM_EXISTS", field="team")
    if not command.hamlets:
        raise Refused("Tổ phải phụ trách ít nhất một ấp, khóm.", code="NO_HAMLET", field="hamlets")
    if len(set(command.hamlets)) < len(command.hamlets):
        raise Refused("Một ấp, khóm chỉ ghi một lần.", code="HAMLET_TWICE", field="hamlets")
    if command.decision_date > business_date(command.at):
        raise Refused("Quyết định không được đề ngày tương lai.", code="DECISION_IN_FUTURE", field="decision_date")
    return [
        TeamEstablished(
            team=command.team,
            commune=command.commune,
            name=command.title,
            level=command.level,
            hamlets=command.hamlets,
            decision_no=command.decision_no,
            decision_date=command.decision_date,
        )
    ]


def _appoint(command: AppointMember, team: Team) -> list[TeamEvent]:
    if command.member in team.serving:
        raise Refused("Người này đang là thành viên của Tổ.", code="MEMBER_TWICE", field="member")
    if command.role == "leader" and team.has_leader:
        raise Refused("Tổ đã có Tổ trưởng.", code="LEADER_TAKEN", field="role")
    if command.appointed_on > business_date(command.at):
        raise Refused("Ngày cử không được ở tương lai.", code="APPOINTED_IN_FUTURE", field="appointed_on")
    if command.appointed_on < team.established.decision_date:
        raise Refused("Ngày cử không được trước ngày thành lập Tổ.", code="APPOINTED_BEFORE_TEAM", field="appointed_on")
    return [
        MemberAppointed(
            team=command.team,
            member=command.member,
            role=command.role,
            organisation=command.organisation,
            appointed_on=command.appointed_on,
            organisation_kind=command.organisation_kind,
            same_hamlet=command.same_hamlet,
        )
    ]


def _stand_down(command: StandDownMember, team: Team) -> list[TeamEvent]:
    appointed = team.serving.get(command.member)
    if appointed is None:
        raise Refused("Người này không phải thành viên của Tổ.", code="MEMBER_UNKNOWN", field="member")
    if command.stood_down_on > business_date(command.at):
        raise Refused("Ngày thôi không được ở tương lai.", code="STOOD_DOWN_IN_FUTURE", field="stood_down_on")
    if command.stood_down_on < appointed.appointed_on:
        raise Refused("Ngày thôi không được trước ngày cử.", code="STOOD_DOWN_BEFORE_APPOINTED", field="stood_down_on")
    return [
        MemberStoodDown(
            team=command.team,
            member=command.member,
            stood_down_on=command.stood_down_on,
            appointed_on=appointed.appointed_on,
        )
    ]


TEAM: Aggregate[Team | None, TeamCommand, TeamEvent] = Aggregate(
    category="team",
    events=TeamEvent,
    commands=TeamCommand,
    initial=None,
    evolve=evolve,
    decide=decide,
    identity=lambda command: command.team,
    guard=guard,
    opens=frozenset({EstablishTeam}),
)
