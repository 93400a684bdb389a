"""A community digital team (Tổ công nghệ số cộng đồng): founded by a decision, renewed, launched, dissolved.

A hamlet team serves hamlets of one commune, a commune team all of it, an enterprise team its workers. Members are
opaque ids with a role and the organisation they come from; who they are is nobody's business here. How many members a
team must have, and who leads it, differs by plan: it is judged by the profile in force (`policy.py`), not refused here.

Refusals: TEAM_EXISTS, TEAM_UNKNOWN, TEAM_DISSOLVED, NO_HAMLET, HAMLETS_NOT_EXPECTED, HAMLET_TWICE, HAMLET_UNKNOWN,
HAMLET_ENDED, HAMLET_OF_OTHER_COMMUNE, COMMUNE_UNKNOWN, COMMUNE_ENDED, TEAM_OF_OTHER_COMMUNE, ENTERPRISE_MISSING,
ENTERPRISE_UNKNOWN, ENTERPRISE_OF_OTHER_COMMUNE, SUCCESSOR_UNKNOWN, SUCCESSOR_IS_SELF, SUCCESSOR_DISSOLVED,
DECISION_IN_FUTURE, DECISION_BEFORE_TEAM, TEAM_LAUNCHED, DAY_IN_FUTURE, DAY_BEFORE_TEAM, MEMBER_TWICE, LEADER_TAKEN,
APPOINTED_IN_FUTURE, APPOINTED_BEFORE_TEAM, MEMBER_UNKNOWN, TERM_REVERSED, NOMINATED_ALREADY, STOOD_DOWN_IN_FUTURE,
STOOD_DOWN_BEFORE_APPOINTED.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Annotated, TypeAlias, assert_never
from uuid import UUID

from pydantic import ConfigDict, Field

from services.kernel.clock import business_date
from services.kernel.decider import Aggregate, Lookup, Refused
from services.kernel.message import Command
from services.registry.enterprise import ENTERPRISE, Enterprise
from services.registry.hamlet import HAMLET, Hamlet, commune_of
from services.registry.plan_rules import Organisation, TeamLevel
from services.registry.team_events import (
    DutyAssigned,
    MemberAppointed,
    MemberNominated,
    MemberStoodDown,
    Role,
    Team,
    TeamDissolved,
    TeamEstablished,
    TeamEvent,
    TeamLaunched,
    TeamRenewed,
    evolve,
    without,
)
from services.registry.team_place import became, communes_of
from services.registry.unit import carried
from services.registry.wording import Wording

Hamlets: TypeAlias = Annotated[tuple[UUID, ...], Field(max_length=100)]

# Commands


class EstablishTeam(Command, name="establish_team"):
    """Establish a team by decision of the commune's chair, or of the enterprise (domain.md A1 rows 6, 7)."""

    model_config = ConfigDict(serialize_by_alias=True)

    team: UUID
    commune: UUID
    title: Wording = Field(alias="name")
    level: TeamLevel = "hamlet"
    hamlets: Hamlets = ()
    decision_no: Wording
    decision_date: date
    signer: Wording | None = None
    enterprise: UUID | None = None


class RenewTeam(Command, name="renew_team"):
    """Renew a team: a new decision, maybe other hamlets from its day on (domain.md A1 row 18).

    `commune` is the one whose decision it is, where its hamlets went to another; None: the one it belongs to.
    """

    team: UUID
    hamlets: Hamlets = ()
    decision_no: Wording
    decision_date: date
    signer: Wording | None = None
    commune: UUID | None = None


class LaunchTeam(Command, name="launch_team"):
    """Say that a team was presented to the people (003 §III.3)."""

    team: UUID
    launched_on: date


class DissolveTeam(Command, name="dissolve_team"):
    """Dissolve a team."""

    team: UUID
    decision_no: Wording
    decision_date: date
    signer: Wording | None = None
    successor: UUID | None = None


class NominateMember(Command, name="nominate_member"):
    """Put somebody forward for a team."""

    team: UUID
    member: UUID
    organisation: Wording
    organisation_kind: Organisation | None = None
    nominated_on: date


class AppointMember(Command, name="appoint_member"):
    """Appoint a member, once; in the place of `replaces`, who stands down the same day."""

    team: UUID
    member: UUID
    role: Role
    organisation: Wording
    appointed_on: date
    organisation_kind: Organisation | None = None
    same_hamlet: bool | None = None
    part_time: bool | None = None
    term_to: date | None = None
    replaces: UUID | None = None


class StandDownMember(Command, name="stand_down_member"):
    """Let a member go."""

    team: UUID
    member: UUID
    stood_down_on: date


class AssignDuty(Command, name="assign_duty"):
    """Give a member a duty."""

    team: UUID
    member: UUID
    duty: Wording
    assigned_on: date


TeamCommand: TypeAlias = (
    EstablishTeam
    | RenewTeam
    | LaunchTeam
    | DissolveTeam
    | NominateMember
    | AppointMember
    | StandDownMember
    | AssignDuty
)


# Rules


def guard(command: TeamCommand, lookup: Lookup) -> None:
    """The commune and the hamlets must stand, and belong together; so must the enterprise, and who takes over."""
    match command:
        case EstablishTeam():
            _commune_stands(command.commune, command.decision_date, lookup)
            _belong(command.hamlets, command.commune, command.decision_date, lookup)
            if command.enterprise is not None:
                _works_there(command.enterprise, command.commune, command.decision_date, lookup)
        case RenewTeam():
            team: Team | None = lookup.state(TEAM, str(command.team))
            if team is not None:
                _goes_over(command, team, lookup)
                _belong(command.hamlets, command.commune or team.commune, command.decision_date, lookup)
        case DissolveTeam(successor=UUID() as successor):
            _takes_over(successor, lookup)
        case _:
            pass


def _commune_stands(commune: UUID, day: date, lookup: Lookup) -> None:
    # Of its first day nothing is asked: a decision older than the reform is told under the commune of today.
    last_day = commune_of(lookup, commune).last_day
    if last_day is not None and last_day < day:
        rule = "Xã, phường này đã kết thúc trước ngày quyết định; hãy ghi xã, phường mới."
        raise Refused(rule, code="COMMUNE_ENDED", field="commune")


def _belong(hamlets: Iterable[UUID], commune: UUID, day: date, lookup: Lookup) -> None:
    home = carried(lookup, commune, day)
    for hamlet_id in hamlets:
        hamlet: Hamlet | None = lookup.state(HAMLET, str(hamlet_id))
        if hamlet is None:
            raise Refused("Chưa có ấp, khóm này.", code="HAMLET_UNKNOWN", field="hamlets")
        if hamlet.ended_by(day):
            rule = "Ấp, khóm này đã kết thúc trước ngày quyết định; hãy ghi ấp, khóm mới."
            raise Refused(rule, code="HAMLET_ENDED", field="hamlets")
        if carried(lookup, hamlet.commune_on(day), day) != home:
            raise Refused("Ấp, khóm thuộc xã, phường khác.", code="HAMLET_OF_OTHER_COMMUNE", field="hamlets")


def _works_there(enterprise_id: UUID, commune: UUID, day: date, lookup: Lookup) -> None:
    enterprise: Enterprise | None = lookup.state(ENTERPRISE, str(enterprise_id))
    if enterprise is None:
        raise Refused("Chưa có doanh nghiệp này.", code="ENTERPRISE_UNKNOWN", field="enterprise")
    if carried(lookup, commune, day) not in became(lookup, {enterprise.registered.commune}, day):
        rule = "Doanh nghiệp thuộc xã, phường khác."
        raise Refused(rule, code="ENTERPRISE_OF_OTHER_COMMUNE", field="enterprise")


def _goes_over(command: RenewTeam, team: Team, lookup: Lookup) -> None:
    """Another commune renews a team when it holds hamlets of the team's, or the team's commune went into it."""
    if command.commune is None or command.commune == team.commune:
        return
    day = command.decision_date
    _commune_stands(command.commune, day, lookup)
    if command.commune not in {*communes_of(lookup, team, day), carried(lookup, team.commune, day)}:
        raise Refused("Tổ này thuộc xã, phường khác.", code="TEAM_OF_OTHER_COMMUNE", field="commune")


def _takes_over(successor: UUID, lookup: Lookup) -> None:
    # Who is dissolved takes nobody over: thus no chain of successors can run in a circle.
    team: Team | None = lookup.state(TEAM, str(successor))
    if team is None:
        raise Refused("Chưa có Tổ kế tục này.", code="SUCCESSOR_UNKNOWN", field="successor")
    if team.dissolved:
        raise Refused("Tổ kế tục đã giải thể.", code="SUCCESSOR_DISSOLVED", field="successor")


def decide(command: TeamCommand, team: Team | None) -> list[TeamEvent]:
    """A member serves once, a leader alone, and nothing is dated in the future."""
    if isinstance(command, EstablishTeam):
        return _establish(command, team)
    if team is None:
        raise Refused("Chưa có Tổ này.", code="TEAM_UNKNOWN", field="team")
    if team.dissolved:
        raise Refused("Tổ này đã giải thể.", code="TEAM_DISSOLVED", field="team")
    match command:
        case RenewTeam():
            return _renew(command, team)
        case LaunchTeam():
            return _launch(command, team)
        case DissolveTeam():
            return _dissolve(command, team)
        case NominateMember():
            return _nominate(command, team)
        case AppointMember():
            return _appoint(command, team)
        case StandDownMember():
            return [_stood_down(command.member, command.stood_down_on, business_date(command.at), team)]
        case AssignDuty():
            return _assign(command, team)
        case _:
            assert_never(command)


def _establish(command: EstablishTeam, team: Team | None) -> list[TeamEvent]:
    if team is not None:
        raise Refused("Tổ này đã được thành lập.", code="TEAM_EXISTS", field="team")
    _hamlets_fit(command.level, command.hamlets)
    if (command.level == "enterprise") != (command.enterprise is not None):
        rule = "Tổ của doanh nghiệp phải ghi doanh nghiệp, Tổ khác thì không."
        raise Refused(rule, code="ENTERPRISE_MISSING", field="enterprise")
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
            signer=command.signer,
            enterprise=command.enterprise,
        )
    ]


def _hamlets_fit(level: TeamLevel, hamlets: tuple[UUID, ...]) -> None:
    if level == "hamlet" and not hamlets:
        raise Refused("Tổ phải phụ trách ít nhất một ấp, khóm.", code="NO_HAMLET", field="hamlets")
    if level != "hamlet" and hamlets:
        raise Refused("Chỉ Tổ của ấp, khóm mới ghi ấp, khóm.", code="HAMLETS_NOT_EXPECTED", field="hamlets")
    if len(set(hamlets)) < len(hamlets):
        raise Refused("Một ấp, khóm chỉ ghi một lần.", code="HAMLET_TWICE", field="hamlets")


def _renew(command: RenewTeam, team: Team) -> list[TeamEvent]:
    _hamlets_fit(team.established.level, command.hamlets)
    _decision_fits(command, team)
    return [
        TeamRenewed(
            team=command.team,
            hamlets=command.hamlets,
            decision_no=command.decision_no,
            decision_date=command.decision_date,
            signer=command.signer,
            commune=None if command.commune == team.commune else command.commune,
        )
    ]


def _decision_fits(command: RenewTeam | DissolveTeam, team: Team) -> None:
    if command.decision_date > business_date(command.at):
        raise Refused("Quyết định không được đề ngày tương lai.", code="DECISION_IN_FUTURE", field="decision_date")
    if command.decision_date < team.decided_on:
        rule = "Quyết định không được trước quyết định gần nhất về Tổ."
        raise Refused(rule, code="DECISION_BEFORE_TEAM", field="decision_date")


def _launch(command: LaunchTeam, team: Team) -> list[TeamEvent]:
    if team.launched:
        raise Refused("Tổ này đã ra mắt.", code="TEAM_LAUNCHED", field="team")
    _day_fits(command.launched_on, "launched_on", business_date(command.at), team)
    return [TeamLaunched(team=command.team, launched_on=command.launched_on)]


def _day_fits(day: date, field: str, today: date, team: Team) -> None:
    if day > today:
        raise Refused("Ngày này không được ở tương lai.", code="DAY_IN_FUTURE", field=field)
    if day < team.established.decision_date:
        raise Refused("Ngày này không được trước ngày thành lập Tổ.", code="DAY_BEFORE_TEAM", field=field)


def _dissolve(command: DissolveTeam, team: Team) -> list[TeamEvent]:
    _decision_fits(command, team)
    if command.successor == command.team:
        raise Refused("Tổ không thể kế tục chính nó.", code="SUCCESSOR_IS_SELF", field="successor")
    return [
        TeamDissolved(
            team=command.team,
            decision_no=command.decision_no,
            decision_date=command.decision_date,
            signer=command.signer,
            successor=command.successor,
        )
    ]


def _nominate(command: NominateMember, team: Team) -> list[TeamEvent]:
    if command.member in team.serving:
        raise Refused("Người này đang là thành viên của Tổ.", code="MEMBER_TWICE", field="member")
    if command.member in team.nominated:
        raise Refused("Người này đã được đề cử.", code="NOMINATED_ALREADY", field="member")
    _day_fits(command.nominated_on, "nominated_on", business_date(command.at), team)
    return [
        MemberNominated(
            team=command.team,
            member=command.member,
            organisation=command.organisation,
            organisation_kind=command.organisation_kind,
            nominated_on=command.nominated_on,
        )
    ]


def _appoint(command: AppointMember, team: Team) -> list[TeamEvent]:
    today = business_date(command.at)
    events: list[TeamEvent] = []
    if command.replaces is not None:
        events.append(_stood_down(command.replaces, command.appointed_on, today, team, field="replaces"))
        team = replace(team, serving=without(team.serving, command.replaces))
    if command.member in team.serving:
        raise Refused("Người này đang là thành viên của Tổ.", code="MEMBER_TWICE", field="member")
    if command.role == "leader" and team.has_leader:
        raise Refused("Tổ đã có Tổ trưởng.", code="LEADER_TAKEN", field="role")
    if command.appointed_on > today:
        raise Refused("Ngày cử không được ở tương lai.", code="APPOINTED_IN_FUTURE", field="appointed_on")
    if command.appointed_on < team.established.decision_date:
        raise Refused("Ngày cử không được trước ngày thành lập Tổ.", code="APPOINTED_BEFORE_TEAM", field="appointed_on")
    if command.term_to is not None and command.term_to < command.appointed_on:
        raise Refused("Nhiệm kỳ không được hết trước ngày cử.", code="TERM_REVERSED", field="term_to")
    appointed = MemberAppointed.model_validate(
        command.model_dump(exclude={"command_id", "actor", "at", "correlation_id", "replaces"})
    )
    return [*events, appointed]


def _stood_down(member: UUID, day: date, today: date, team: Team, field: str = "member") -> MemberStoodDown:
    appointed = team.serving.get(member)
    if appointed is None:
        raise Refused("Người này không phải thành viên của Tổ.", code="MEMBER_UNKNOWN", field=field)
    if day > today:
        raise Refused("Ngày thôi không được ở tương lai.", code="STOOD_DOWN_IN_FUTURE", field="stood_down_on")
    if day < appointed.appointed_on:
        raise Refused("Ngày thôi không được trước ngày cử.", code="STOOD_DOWN_BEFORE_APPOINTED", field="stood_down_on")
    return MemberStoodDown(team=appointed.team, member=member, stood_down_on=day, appointed_on=appointed.appointed_on)


def _assign(command: AssignDuty, team: Team) -> list[TeamEvent]:
    if command.member not in team.serving:
        raise Refused("Người này không phải thành viên của Tổ.", code="MEMBER_UNKNOWN", field="member")
    if team.duties.get(command.member) == command.duty:
        return []
    _day_fits(command.assigned_on, "assigned_on", business_date(command.at), team)
    return [DutyAssigned(team=command.team, member=command.member, duty=command.duty, assigned_on=command.assigned_on)]


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
