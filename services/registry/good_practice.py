"""A good practice (cách làm hay, mô hình) of a team or unit: proposed by an office, shared with everybody, withdrawn.

Plans ask that what works be spread in time (002 §III.3, IV.4; 003 §III.1). Until it is shared a proposal may be written
anew, as long as it is of the same place and team; what is shared stays as it is or is withdrawn. Texts are public, and
no number of a person may stand in them; a name must not either, but only a reader can see that. What was proposed stays
in the log even when it is never shared.

Refusals: GOOD_PRACTICE_UNKNOWN, GOOD_PRACTICE_OF_OTHERS, GOOD_PRACTICE_SHARED, GOOD_PRACTICE_WITHDRAWN, PRIVATE_NUMBER,
UNIT_UNKNOWN, TEAM_UNKNOWN, MATERIAL_UNKNOWN, MATERIAL_NOT_PUBLISHED, DAY_IN_FUTURE, DAYS_OUT_OF_ORDER.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, TypeAlias, assert_never
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.kernel.clock import business_date
from services.kernel.decider import Aggregate, Lookup, Refused
from services.kernel.message import Command, Event
from services.registry.material import MATERIAL
from services.registry.plan_rules import Code
from services.registry.public_text import check_public
from services.registry.team import TEAM
from services.registry.unit import UNIT
from services.registry.wording import Passage, Wording

if TYPE_CHECKING:
    from services.registry.material import Material


class PracticeFacts(BaseModel):
    """What is told of it. `topic` is a code as courses and campaigns have it, `material` something published on it."""

    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True)

    title: Wording = Field(alias="name")
    done: Passage
    """What was done and what came of it."""
    topic: Code
    material: UUID | None = None


# Events


class GoodPracticeProposed(Event, name="good_practice.proposed"):
    """An office wrote down what was done in `unit`, or wrote it anew; by `team` where it is told."""

    practice: UUID
    unit: UUID
    team: UUID | None
    facts: PracticeFacts
    proposed_on: date


class GoodPracticeShared(Event, name="good_practice.shared"):
    """Everybody may read it from that day on."""

    practice: UUID
    shared_on: date


class GoodPracticeWithdrawn(Event, name="good_practice.withdrawn"):
    """It is shared no more, or will not be."""

    practice: UUID
    withdrawn_on: date


GoodPracticeEvent: TypeAlias = GoodPracticeProposed | GoodPracticeShared | GoodPracticeWithdrawn


# State


@dataclass(frozen=True, slots=True)
class GoodPractice:
    """What the rules remember of a good practice."""

    proposed: GoodPracticeProposed
    shared: GoodPracticeShared | None = None
    withdrawn: GoodPracticeWithdrawn | None = None


def evolve(practice: GoodPractice | None, event: GoodPracticeEvent) -> GoodPractice | None:
    """The good practice after `event`."""
    if isinstance(event, GoodPracticeProposed):
        return GoodPractice(event)
    if practice is None:
        return None
    match event:
        case GoodPracticeShared():
            return replace(practice, shared=event)
        case GoodPracticeWithdrawn():
            return replace(practice, withdrawn=event)
        case _:
            assert_never(event)


# Commands


class ProposeGoodPractice(Command, name="propose_good_practice"):
    """Write down a good practice, or write it anew while it is not shared."""

    practice: UUID
    unit: UUID
    team: UUID | None = None
    facts: PracticeFacts
    proposed_on: date


class ShareGoodPractice(Command, name="share_good_practice"):
    """Give it to everybody."""

    practice: UUID
    shared_on: date


class WithdrawGoodPractice(Command, name="withdraw_good_practice"):
    """Take it back, or drop the proposal."""

    practice: UUID
    withdrawn_on: date


GoodPracticeCommand: TypeAlias = ProposeGoodPractice | ShareGoodPractice | WithdrawGoodPractice


# Rules


def guard(command: GoodPracticeCommand, lookup: Lookup) -> None:
    """Unit and team are there, the material is handed out when it is proposed."""
    if not isinstance(command, ProposeGoodPractice):
        return
    if lookup.state(UNIT, str(command.unit)) is None:
        raise Refused("Chưa có đơn vị này trên bản đồ.", code="UNIT_UNKNOWN", field="unit")
    if command.team is not None and lookup.state(TEAM, str(command.team)) is None:
        raise Refused("Chưa có Tổ này.", code="TEAM_UNKNOWN", field="team")
    if command.facts.material is not None:
        material: Material | None = lookup.state(MATERIAL, str(command.facts.material))
        if material is None:
            raise Refused("Chưa có tài liệu này.", code="MATERIAL_UNKNOWN", field="material")
        if material.published is None or material.withdrawn is not None:
            rule = "Tài liệu kèm theo phải đang được ban hành."
            raise Refused(rule, code="MATERIAL_NOT_PUBLISHED", field="material")


def decide(command: GoodPracticeCommand, practice: GoodPractice | None) -> list[GoodPracticeEvent]:
    """Proposed, shared, withdrawn; no step dated before the one before it, nothing after the last."""
    today = business_date(command.at)
    if isinstance(command, ProposeGoodPractice):
        return _propose(command, practice, today)
    if practice is None:
        raise Refused("Chưa có cách làm hay này.", code="GOOD_PRACTICE_UNKNOWN", field="practice")
    match command:
        case ShareGoodPractice():
            shared = GoodPracticeShared(practice=command.practice, shared_on=command.shared_on)
            if practice.shared == shared:
                return []
            _still_proposed(practice)
            _follows(command.shared_on, "shared_on", practice.proposed.proposed_on, today)
            return [shared]
        case WithdrawGoodPractice():
            gone = GoodPracticeWithdrawn(practice=command.practice, withdrawn_on=command.withdrawn_on)
            if practice.withdrawn == gone:
                return []
            _not_withdrawn(practice)
            before = practice.proposed.proposed_on if practice.shared is None else practice.shared.shared_on
            _follows(command.withdrawn_on, "withdrawn_on", before, today)
            return [gone]
        case _:
            assert_never(command)


def _propose(command: ProposeGoodPractice, practice: GoodPractice | None, today: date) -> list[GoodPracticeEvent]:
    event = GoodPracticeProposed(
        practice=command.practice,
        unit=command.unit,
        team=command.team,
        facts=command.facts,
        proposed_on=command.proposed_on,
    )
    if practice is not None:
        if practice.proposed == event:
            return []
        _still_proposed(practice)
        if (practice.proposed.unit, practice.proposed.team) != (event.unit, event.team):
            rule = "Cách làm hay này là của nơi khác; hãy đề xuất một cách làm mới."
            raise Refused(rule, code="GOOD_PRACTICE_OF_OTHERS", field="practice")
    check_public(command.facts.title, "name")
    check_public(command.facts.done, "done")
    _follows(command.proposed_on, "proposed_on", None, today)
    return [event]


def _still_proposed(practice: GoodPractice) -> None:
    _not_withdrawn(practice)
    if practice.shared is not None:
        raise Refused("Cách làm hay này đã được chia sẻ.", code="GOOD_PRACTICE_SHARED", field="practice")


def _not_withdrawn(practice: GoodPractice) -> None:
    if practice.withdrawn is not None:
        raise Refused("Cách làm hay này đã được rút.", code="GOOD_PRACTICE_WITHDRAWN", field="practice")


def _follows(day: date, field: str, before: date | None, today: date) -> None:
    if day > today:
        raise Refused("Ngày không được ở tương lai.", code="DAY_IN_FUTURE", field=field)
    if before is not None and day < before:
        raise Refused("Ngày không được trước ngày của bước trước.", code="DAYS_OUT_OF_ORDER", field=field)


GOOD_PRACTICE: Aggregate[GoodPractice | None, GoodPracticeCommand, GoodPracticeEvent] = Aggregate(
    category="good_practice",
    events=GoodPracticeEvent,
    commands=GoodPracticeCommand,
    initial=None,
    evolve=evolve,
    decide=decide,
    identity=lambda command: command.practice,
    guard=guard,
    opens=frozenset({ProposeGoodPractice}),
)
