"""What happens to a commendation, and what the rules of `commendation.py` remember of it."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Literal, TypeAlias, assert_never
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.kernel.message import Event

Form: TypeAlias = Literal["praise", "annual_award", "proposed_upward"]
"""Praise at a meeting, the annual award, a proposal to the tier above (002 §III.4)."""
Proposer: TypeAlias = Literal["leader", "office"]
Count: TypeAlias = Annotated[int, Field(ge=0, le=10_000_000)]


class Evidence(BaseModel):
    """What was recorded of the team or member in the period, when it was proposed. None: not counted for such."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    visits: Count | None = None
    households_visited: Count | None = None
    """Distinct households."""
    households_guided: Count | None = None
    """Distinct households guided directly (HH-02)."""
    activity_days: Count | None = None
    """Days with at least one visit."""
    members: Count | None = None
    """Of a team: who served on the period's last day."""
    members_trained: Count | None = None
    """Of these: who was trained in the period."""
    trainings_attended: Count | None = None


# Events


class CommendationProposed(Event, name="commendation.proposed"):
    """Somebody proposed to commend the team; or, where `member` is told, that member of it."""

    commendation: UUID
    team: UUID
    member: UUID | None
    form: Form
    period_from: date
    period_to: date
    evidence: Evidence
    proposer: Proposer
    proposed_on: date
    drive: UUID | None = None
    """The emulation drive it belongs to, where it does."""


class CommendationSelected(Event, name="commendation.selected"):
    """The office selected it and submits it to the chair (002 §IV.1)."""

    commendation: UUID
    office: str
    selected_on: date


class CommendationDeclined(Event, name="commendation.declined"):
    """The office did not select it."""

    commendation: UUID
    office: str
    declined_on: date


class CommendationApproved(Event, name="commendation.approved"):
    """A decision approved it. `signer` is the office that signed, never a person's name."""

    commendation: UUID
    decision_no: str
    decision_date: date
    signer: str
    issuing_body: str


class CommendationAwarded(Event, name="commendation.awarded"):
    """It was awarded in public."""

    commendation: UUID
    awarded_on: date


class CommendationRevoked(Event, name="commendation.revoked"):
    """A decision revoked it."""

    commendation: UUID
    decision_no: str
    decision_date: date
    signer: str
    issuing_body: str


CommendationEvent: TypeAlias = (
    CommendationProposed
    | CommendationSelected
    | CommendationDeclined
    | CommendationApproved
    | CommendationAwarded
    | CommendationRevoked
)


# State


@dataclass(frozen=True, slots=True)
class Commendation:
    """How far it has come."""

    proposed: CommendationProposed
    selected: CommendationSelected | None = None
    declined: CommendationDeclined | None = None
    approved: CommendationApproved | None = None
    awarded: CommendationAwarded | None = None
    revoked: CommendationRevoked | None = None


def evolve(commendation: Commendation | None, event: CommendationEvent) -> Commendation | None:
    """The commendation after `event`."""
    if isinstance(event, CommendationProposed):
        return Commendation(event)
    if commendation is None:
        return None
    match event:
        case CommendationSelected():
            return replace(commendation, selected=event)
        case CommendationDeclined():
            return replace(commendation, declined=event)
        case CommendationApproved():
            return replace(commendation, approved=event)
        case CommendationAwarded():
            return replace(commendation, awarded=event)
        case CommendationRevoked():
            return replace(commendation, revoked=event)
        case _:
            assert_never(event)
