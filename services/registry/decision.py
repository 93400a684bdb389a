"""One decision on many teams, with its attached roster (danh sách kèm theo): all of it is recorded, or nothing.

A commune's chair signs one decision for all teams of the commune (001 §III.1a, 003 §II.3; 002: UBND xã itself). It
establishes some, renews others (kiện toàn) and says which were launched; each act is decided by the team's own rules
(`team.py`), in the order given, as the acts before it leave things. A decision is known by its issuing unit, year and
number: no number is given twice in a year.

Refusals, beside those of `team.py`: DECISION_EXISTS, DECISION_IN_FUTURE, NO_TEAM, TEAM_TWICE, UNIT_NOT_COMMUNE,
TEAM_OF_OTHER_COMMUNE.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.kernel.clock import business_date
from services.kernel.decider import Aggregate, Lookup, Refused
from services.kernel.identifiers import derived_id
from services.kernel.message import Command, Event
from services.registry.plan_rules import Organisation, TeamLevel
from services.registry.team import (
    TEAM,
    AppointMember,
    EstablishTeam,
    Hamlets,
    LaunchTeam,
    RenewTeam,
    StandDownMember,
)
from services.registry.team_events import Role, Team
from services.registry.team_place import communes_of
from services.registry.unit import UNIT, Unit
from services.registry.wording import Wording

MOST_TEAMS = 200
MOST_MEMBERS = 100
"""Of one team, in one decision."""


def decision_id(unit: UUID, year: int, number: str) -> UUID:
    """The id of the decision that a unit issued under this number in a year; capitals do not matter."""
    return derived_id("team_decision", unit, year, number.casefold())


# What a decision says of one team


class Listed(BaseModel):
    """Somebody on the attached list: serves from the decision's day on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    member: UUID
    role: Role
    organisation: Wording
    organisation_kind: Organisation | None = None
    same_hamlet: bool | None = None
    part_time: bool | None = None
    term_to: date | None = None


Roster: TypeAlias = Annotated[tuple[Listed, ...], Field(max_length=MOST_MEMBERS)]


class Establishment(BaseModel):
    """A team is established with these members."""

    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True)

    act: Literal["establish"] = "establish"
    team: UUID
    title: Wording = Field(alias="name")
    level: TeamLevel = "hamlet"
    hamlets: Hamlets = ()
    enterprise: UUID | None = None
    appoints: Roster = ()


class Renewal(BaseModel):
    """A team is renewed: it serves these hamlets, these members leave, these join."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    act: Literal["renew"] = "renew"
    team: UUID
    hamlets: Hamlets = ()
    stands_down: Annotated[tuple[UUID, ...], Field(max_length=MOST_MEMBERS)] = ()
    appoints: Roster = ()


class Launch(BaseModel):
    """A team was presented to the people, on the decision's day unless another is said."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    act: Literal["launch"] = "launch"
    team: UUID
    launched_on: date | None = None


Act: TypeAlias = Annotated[Establishment | Renewal | Launch, Field(discriminator="act")]


# Events


class TeamDecisionIssued(Event, name="team_decision.issued"):
    """A unit decided on these teams; what became of each stands in the events of the team, of the same cause."""

    decision: UUID
    unit: UUID
    decision_no: str
    decision_date: date
    signer: str | None = None
    acts: tuple[Act, ...]


# State: what was issued is all there is to remember


def evolve(_issued: TeamDecisionIssued | None, event: TeamDecisionIssued) -> TeamDecisionIssued | None:
    """The decision after `event`."""
    return event


# Commands


class DecideOnTeams(Command, name="decide_on_teams"):
    """Issue a decision on many teams. `signer` is the office that signed, never a person's name."""

    unit: UUID
    decision_no: Wording
    decision_date: date
    signer: Wording | None = None
    acts: Annotated[tuple[Act, ...], Field(max_length=MOST_TEAMS)]

    @property
    def decision(self) -> UUID:
        """The id of the decision: unit, year and number make it."""
        return decision_id(self.unit, self.decision_date.year, self.decision_no)


# Rules


def guard(command: DecideOnTeams, lookup: Lookup) -> None:
    """A commune decides, on the teams that lie in it on the decision's day, or in units that had gone into it."""
    unit: Unit | None = lookup.state(UNIT, str(command.unit))
    if unit is None or unit.registered.level != "commune":
        raise Refused("Chỉ xã, phường ra quyết định về Tổ.", code="UNIT_NOT_COMMUNE", field="unit")
    established = {act.team for act in command.acts if isinstance(act, Establishment)}
    for act in command.acts:
        if act.team in established:
            continue
        team: Team | None = lookup.state(TEAM, str(act.team))
        if team is not None and command.unit not in communes_of(lookup, team, command.decision_date):
            raise Refused("Tổ này thuộc xã, phường khác.", code="TEAM_OF_OTHER_COMMUNE", field="acts")


def decide(command: DecideOnTeams, issued: TeamDecisionIssued | None) -> list[TeamDecisionIssued]:
    """One number, one decision; each team is named once for each thing that is decided about it."""
    if issued is not None:
        rule = "Số quyết định này đã được ghi trong năm."
        raise Refused(rule, code="DECISION_EXISTS", field="decision_no")
    if command.decision_date > business_date(command.at):
        raise Refused("Quyết định không được đề ngày tương lai.", code="DECISION_IN_FUTURE", field="decision_date")
    if not command.acts:
        raise Refused("Quyết định phải nêu ít nhất một Tổ.", code="NO_TEAM", field="acts")
    named = [(act.team, act.act == "launch") for act in command.acts]
    if len(set(named)) < len(named):
        raise Refused("Một Tổ chỉ được nêu một lần.", code="TEAM_TWICE", field="acts")
    return [
        TeamDecisionIssued(
            decision=command.decision,
            unit=command.unit,
            decision_no=command.decision_no,
            decision_date=command.decision_date,
            signer=command.signer,
            acts=command.acts,
        )
    ]


def entails(command: DecideOnTeams) -> Sequence[Command]:
    """What the decision asks of each team, in its order."""
    return [asked for act in command.acts for asked in _asked(command, act)]


def _asked(command: DecideOnTeams, act: Establishment | Renewal | Launch) -> Iterator[Command]:
    envelope = {name: getattr(command, name) for name in ("command_id", "actor", "at", "correlation_id")}
    decided = {name: getattr(command, name) for name in ("decision_no", "decision_date", "signer")}
    match act:
        case Establishment():
            yield EstablishTeam(
                team=act.team,
                commune=command.unit,
                name=act.title,
                level=act.level,
                hamlets=act.hamlets,
                enterprise=act.enterprise,
                **decided,
                **envelope,
            )
        case Renewal():
            yield RenewTeam(team=act.team, hamlets=act.hamlets, commune=command.unit, **decided, **envelope)
            for member in act.stands_down:
                day = command.decision_date
                yield StandDownMember(team=act.team, member=member, stood_down_on=day, **envelope)
        case Launch():
            yield LaunchTeam(team=act.team, launched_on=act.launched_on or command.decision_date, **envelope)
    for listed in getattr(act, "appoints", ()):
        told: dict[str, Any] = listed.model_dump()
        yield AppointMember(team=act.team, appointed_on=command.decision_date, **told, **envelope)


TEAM_DECISION: Aggregate[TeamDecisionIssued | None, DecideOnTeams, TeamDecisionIssued] = Aggregate(
    category="team_decision",
    events=TeamDecisionIssued,
    commands=DecideOnTeams,
    initial=None,
    evolve=evolve,
    decide=decide,
    identity=lambda command: command.decision,
    guard=guard,
    opens=frozenset({DecideOnTeams}),
    entails=entails,
)
