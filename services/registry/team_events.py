"""What happens to a team and its members, and what the rules of `team.py` remember of it."""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal, TypeAlias, TypeVar, assert_never
from uuid import UUID

from pydantic import ConfigDict, Field

from services.kernel.message import Event
from services.registry.plan_rules import Organisation, TeamLevel

T = TypeVar("T")
Role: TypeAlias = Literal["leader", "deputy", "member"]


# Events


class TeamEstablished(Event, name="team.established"):
    """A decision established the team for these hamlets. `signer` is the office that signed, never a person's name."""

    model_config = ConfigDict(serialize_by_alias=True)

    team: UUID
    commune: UUID
    title: str = Field(alias="name")
    level: TeamLevel
    hamlets: tuple[UUID, ...]
    decision_no: str
    decision_date: date
    signer: str | None = None
    enterprise: UUID | None = None


class TeamRenewed(Event, name="team.renewed"):
    """A decision renewed the team (kiện toàn): from its day on it serves these hamlets.

    `commune` is the one it belongs to from that day on; None: the one it belonged to.
    """

    team: UUID
    hamlets: tuple[UUID, ...]
    decision_no: str
    decision_date: date
    signer: str | None
    commune: UUID | None = None


class TeamLaunched(Event, name="team.launched"):
    """The team was presented to the people (ra mắt, công bố)."""

    team: UUID
    launched_on: date


class TeamDissolved(Event, name="team.dissolved"):
    """A decision dissolved the team; from `decision_date` on nobody serves in it. `successor` took over, if any did."""

    team: UUID
    decision_no: str
    decision_date: date
    signer: str | None
    successor: UUID | None


class MemberNominated(Event, name="member.nominated"):
    """An organisation put somebody forward (002 §IV.5, 003 §III.8); nobody serves by that alone."""

    team: UUID
    member: UUID
    organisation: str
    organisation_kind: Organisation | None
    nominated_on: date


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
    part_time: bool | None = None
    term_to: date | None = None
    """Last day of the term; None: open."""


class MemberStoodDown(Event, name="member.stood_down"):
    """`member` no longer serves in the team since `stood_down_on`; they had served since `appointed_on`."""

    team: UUID
    member: UUID
    stood_down_on: date
    appointed_on: date | None = None


class DutyAssigned(Event, name="duty.assigned"):
    """A member has this duty from `assigned_on`, in place of the one before (002 §III.1: rõ người, rõ việc)."""

    team: UUID
    member: UUID
    duty: str
    assigned_on: date


TeamEvent: TypeAlias = (
    TeamEstablished
    | TeamRenewed
    | TeamLaunched
    | TeamDissolved
    | MemberNominated
    | MemberAppointed
    | MemberStoodDown
    | DutyAssigned
)


# State


@dataclass(frozen=True, slots=True)
class Team:
    """What the rules remember of a team: its decisions and who serves now."""

    established: TeamEstablished
    decided_on: date
    """The day of its last decision."""
    commune: UUID
    """The one that decision put it under."""
    hamlets: tuple[UUID, ...] = ()
    launched: bool = False
    dissolved: bool = False
    serving: dict[UUID, MemberAppointed] = field(default_factory=dict)
    served: frozenset[UUID] = frozenset()
    """Who stood down, or served when it was dissolved."""
    nominated: frozenset[UUID] = frozenset()
    duties: dict[UUID, str] = field(default_factory=dict)

    @property
    def has_leader(self) -> bool:
        return any(appointed.role == "leader" for appointed in self.serving.values())


def evolve(team: Team | None, event: TeamEvent) -> Team | None:
    """The team after `event`."""
    if isinstance(event, TeamEstablished):
        return Team(event, event.decision_date, event.commune, event.hamlets)
    if team is None:
        return None
    match event:
        case TeamRenewed():
            renewed = replace(team, decided_on=event.decision_date, hamlets=event.hamlets)
            return replace(renewed, commune=event.commune or team.commune)
        case TeamLaunched():
            return replace(team, launched=True)
        case TeamDissolved():
            gone = replace(team, dissolved=True, serving={}, served=team.served | team.serving.keys())
            return replace(gone, decided_on=event.decision_date, nominated=frozenset())
        case MemberNominated():
            return replace(team, nominated=team.nominated | {event.member})
        case MemberAppointed():
            serving = {**team.serving, event.member: event}
            return replace(team, serving=serving, nominated=team.nominated - {event.member})
        case MemberStoodDown():
            left = replace(team, serving=without(team.serving, event.member), served=team.served | {event.member})
            return replace(left, duties=without(team.duties, event.member))
        case DutyAssigned():
            return replace(team, duties={**team.duties, event.member: event.duty})
        case _:
            assert_never(event)


def without(held: dict[UUID, T], member: UUID) -> dict[UUID, T]:
    """The same but for one member."""
    return {each: value for each, value in held.items() if each != member}
