"""Guidance material: drafted, seen by the province, approved, published, replaced or withdrawn (003 §III.1).

The department drafts what teams hand on by month, quarter and year. Where the plan in force asks for it, the People's
Committee of the province gives its opinion before it is issued; elsewhere an opinion may be recorded, and one that is
unfavourable counts. A draft written anew is another draft: opinion and approval of the old one are gone. A new version
is a material of its own that takes the old one's place in the same append. The file itself lies at the gateway; what is
told here is its digest, so that what was approved is what is handed out.

Refusals: MATERIAL_UNKNOWN, MATERIAL_PUBLISHED, MATERIAL_NOT_PUBLISHED, MATERIAL_WITHDRAWN, MATERIAL_APPROVED,
MATERIAL_NOT_APPROVED, OPINION_MISSING, OPINION_UNFAVOURABLE, DAY_IN_FUTURE, DAYS_OUT_OF_ORDER, UNIT_UNKNOWN,
SERVICE_UNKNOWN, REPLACES_ITSELF, REPLACES_ANOTHER_SUBJECT.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Literal, TypeAlias, assert_never
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.kernel.clock import business_date
from services.kernel.decider import Aggregate, Lookup, Refused
from services.kernel.message import Command, Event
from services.registry.digital_service import ServiceCode, check_published
from services.registry.plan_rules import Code, OpinionRule
from services.registry.policy import plans_over
from services.registry.unit import UNIT
from services.registry.wording import Wording

MediaType: TypeAlias = Literal["application/pdf", "image/png", "image/jpeg", "audio/mpeg", "video/mp4"]
Language: TypeAlias = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]
"""ISO 639: vi, km, en."""


class MaterialFile(BaseModel):
    """The file by its content: digest in hexadecimal, size in bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    media_type: MediaType
    size: int = Field(ge=1)


class MaterialFacts(BaseModel):
    """What is told of a material. `topic` is a code as courses and campaigns have it, `issuer` an organisation."""

    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True)

    title: Wording = Field(alias="name")
    topic: Code
    service: ServiceCode | None = None
    language: Language
    issuer: Wording
    file: MaterialFile


# Events


class MaterialDrafted(Event, name="material.drafted"):
    """A material is written, or written anew; nobody hands it out yet."""

    material: UUID
    unit: UUID
    facts: MaterialFacts


class MaterialOpinionGiven(Event, name="material.opinion_given"):
    """The province said in `document` whether it may be issued."""

    material: UUID
    favourable: bool
    document: str
    given_on: date


class MaterialApproved(Event, name="material.approved"):
    """The department approved it."""

    material: UUID
    approved_on: date


class MaterialPublished(Event, name="material.published"):
    """It is handed out from that day on, in the place of `replaces` if that is not None."""

    material: UUID
    published_on: date
    replaces: UUID | None


class MaterialWithdrawn(Event, name="material.withdrawn"):
    """It is handed out no more; `replaced_by` is the newer version, None when there is none."""

    material: UUID
    withdrawn_on: date
    replaced_by: UUID | None


MaterialEvent: TypeAlias = (
    MaterialDrafted | MaterialOpinionGiven | MaterialApproved | MaterialPublished | MaterialWithdrawn
)


# State


@dataclass(frozen=True, slots=True)
class Material:
    """What the rules remember of a material."""

    drafted: MaterialDrafted
    opinion: MaterialOpinionGiven | None = None
    approved: MaterialApproved | None = None
    published: MaterialPublished | None = None
    withdrawn: MaterialWithdrawn | None = None


def evolve(material: Material | None, event: MaterialEvent) -> Material | None:
    """The material after `event`."""
    if isinstance(event, MaterialDrafted):
        return Material(event)
    if material is None:
        return None
    match event:
        case MaterialOpinionGiven():
            return replace(material, opinion=event)
        case MaterialApproved():
            return replace(material, approved=event)
        case MaterialPublished():
            return replace(material, published=event)
        case MaterialWithdrawn():
            return replace(material, withdrawn=event)
        case _:
            assert_never(event)


# Commands


class DraftMaterial(Command, name="draft_material"):
    """Write a material, or write it anew while it is not published."""

    material: UUID
    unit: UUID
    facts: MaterialFacts


class GiveMaterialOpinion(Command, name="give_material_opinion"):
    """Say what the province said; until it is approved the later opinion holds, after that the first one."""

    material: UUID
    favourable: bool
    document: Wording
    given_on: date


class ApproveMaterial(Command, name="approve_material"):
    """Approve a material, after a favourable opinion where the plan asks for one."""

    material: UUID
    approved_on: date


class PublishMaterial(Command, name="publish_material"):
    """Hand it out; `replaces` is the version that goes out of use with it."""

    material: UUID
    published_on: date
    replaces: UUID | None = None


class ReplaceMaterial(Command, name="replace_material"):
    """Take a version out of use for a newer one; entailed by publishing that."""

    material: UUID
    replaced_on: date
    replaced_by: UUID


class WithdrawMaterial(Command, name="withdraw_material"):
    """Hand it out no more."""

    material: UUID
    withdrawn_on: date


MaterialCommand: TypeAlias = (
    DraftMaterial | GiveMaterialOpinion | ApproveMaterial | PublishMaterial | ReplaceMaterial | WithdrawMaterial
)


def entails(command: MaterialCommand) -> Sequence[Command]:
    """A new version takes the old one's place, or neither happens."""
    if not isinstance(command, PublishMaterial) or command.replaces is None:
        return ()
    envelope = command.model_dump(include={"command_id", "actor", "at", "correlation_id"})
    days = {"replaced_on": command.published_on, "replaced_by": command.material}
    return (ReplaceMaterial(material=command.replaces, **days, **envelope),)


# Rules


def guard(command: MaterialCommand, lookup: Lookup) -> None:
    """Unit and service are known, a new version is about what the old one is about, the plan's opinion is there."""
    if isinstance(command, DraftMaterial):
        if lookup.state(UNIT, str(command.unit)) is None:
            raise Refused("Chưa có đơn vị này trên bản đồ.", code="UNIT_UNKNOWN", field="unit")
        check_published(command.facts.service, lookup)
    if isinstance(command, ReplaceMaterial):
        newer: Material | None = lookup.state(MATERIAL, str(command.replaced_by))
        older: Material | None = lookup.state(MATERIAL, str(command.material))
        if newer is None or newer.published is None:
            raise Refused("Bản mới chưa được ban hành.", code="MATERIAL_NOT_PUBLISHED", field="replaced_by")
        if older is not None and _subject(older) != _subject(newer):
            rule = "Bản mới phải cùng đơn vị, chuyên đề, dịch vụ và ngôn ngữ với bản cũ."
            raise Refused(rule, code="REPLACES_ANOTHER_SUBJECT", field="replaces")
    if isinstance(command, ApproveMaterial):
        _opinion_is_there(command.material, command.approved_on, lookup)
    if isinstance(command, PublishMaterial):
        _opinion_is_there(command.material, command.published_on, lookup)


def _opinion_is_there(about: UUID, day: date, lookup: Lookup) -> None:
    material: Material | None = lookup.state(MATERIAL, str(about))
    if material is None or material.opinion is not None or material.published is not None:
        return  # `decide` says what is wrong with it, if anything
    for plan in plans_over(material.drafted.unit, day, lookup):
        asked = next((each for each in plan.rules if isinstance(each, OpinionRule)), None)
        if asked is not None:
            where = f"{asked.citation.document}, {asked.citation.section}"
            rule = f"Ủy ban nhân dân tỉnh phải cho ý kiến trước khi ban hành ({where})."
            raise Refused(rule, code="OPINION_MISSING", field="material")


def _subject(material: Material) -> tuple[object, ...]:
    facts = material.drafted.facts
    return material.drafted.unit, facts.topic, facts.service, facts.language


def decide(command: MaterialCommand, material: Material | None) -> list[MaterialEvent]:
    """One step after the other, each with a day that is not before the last one's and not tomorrow."""
    if isinstance(command, DraftMaterial):
        return _draft(command, material)
    if material is None:
        field = "replaces" if isinstance(command, ReplaceMaterial) else "material"
        raise Refused("Chưa có tài liệu này.", code="MATERIAL_UNKNOWN", field=field)
    match command:
        case GiveMaterialOpinion():
            return _give_opinion(command, material)
        case ApproveMaterial():
            return _approve(command, material)
        case PublishMaterial():
            return _publish(command, material)
        case ReplaceMaterial():
            gone = MaterialWithdrawn(
                material=command.material, withdrawn_on=command.replaced_on, replaced_by=command.replaced_by
            )
            return _end(gone, material, command, "replaces")
        case WithdrawMaterial():
            gone = MaterialWithdrawn(material=command.material, withdrawn_on=command.withdrawn_on, replaced_by=None)
            return _end(gone, material, command, "material")
        case _:
            assert_never(command)


def _draft(command: DraftMaterial, material: Material | None) -> list[MaterialEvent]:
    event = MaterialDrafted(material=command.material, unit=command.unit, facts=command.facts)
    if material is not None:
        if material.drafted == event:
            return []
        _must_not_be_published(material)
    return [event]


def _give_opinion(command: GiveMaterialOpinion, material: Material) -> list[MaterialEvent]:
    event = MaterialOpinionGiven(
        material=command.material,
        favourable=command.favourable,
        document=command.document,
        given_on=command.given_on,
    )
    if material.opinion == event:
        return []
    _must_not_be_published(material)
    if material.approved is not None and material.opinion is not None:  # without one, a later plan may ask for it
        raise Refused("Tài liệu này đã được duyệt.", code="MATERIAL_APPROVED", field="material")
    _in_order(None, command.given_on, command, "given_on")
    return [event]


def _approve(command: ApproveMaterial, material: Material) -> list[MaterialEvent]:
    event = MaterialApproved(material=command.material, approved_on=command.approved_on)
    if material.approved == event:
        return []
    if material.approved is not None:
        raise Refused("Tài liệu này đã được duyệt.", code="MATERIAL_APPROVED", field="material")
    _must_not_be_opposed(material)
    opinion = material.opinion
    _in_order(None if opinion is None else opinion.given_on, command.approved_on, command, "approved_on")
    return [event]


def _publish(command: PublishMaterial, material: Material) -> list[MaterialEvent]:
    event = MaterialPublished(material=command.material, published_on=command.published_on, replaces=command.replaces)
    if material.published == event:
        return []
    _must_not_be_published(material)
    _must_not_be_opposed(material)
    if material.approved is None:
        raise Refused("Tài liệu này chưa được duyệt.", code="MATERIAL_NOT_APPROVED", field="material")
    if command.replaces == command.material:
        raise Refused("Tài liệu không thay cho chính nó.", code="REPLACES_ITSELF", field="replaces")
    _in_order(material.approved.approved_on, command.published_on, command, "published_on")
    return [event]


def _end(
    event: MaterialWithdrawn, material: Material, command: ReplaceMaterial | WithdrawMaterial, field: str
) -> list[MaterialEvent]:
    if material.withdrawn == event:
        return []
    if material.published is None:
        raise Refused("Tài liệu này chưa được ban hành.", code="MATERIAL_NOT_PUBLISHED", field=field)
    if material.withdrawn is not None:
        raise Refused("Tài liệu này đã thu hồi.", code="MATERIAL_WITHDRAWN", field=field)
    day = "published_on" if isinstance(command, ReplaceMaterial) else "withdrawn_on"
    _in_order(material.published.published_on, event.withdrawn_on, command, day)
    return [event]


def _must_not_be_published(material: Material) -> None:
    if material.published is not None:
        rule = "Tài liệu này đã ban hành; bản mới là một tài liệu khác thay cho nó."
        raise Refused(rule, code="MATERIAL_PUBLISHED", field="material")


def _must_not_be_opposed(material: Material) -> None:
    if material.opinion is not None and not material.opinion.favourable:
        rule = "Ủy ban nhân dân tỉnh chưa đồng ý; hãy sửa và xin ý kiến lại."
        raise Refused(rule, code="OPINION_UNFAVOURABLE", field="material")


def _in_order(before: date | None, day: date, command: MaterialCommand, field: str) -> None:
    if day > business_date(command.at):
        raise Refused("Ngày không được ở tương lai.", code="DAY_IN_FUTURE", field=field)
    if before is not None and day < before:
        raise Refused("Ngày không được trước ngày của bước trước.", code="DAYS_OUT_OF_ORDER", field=field)


MATERIAL: Aggregate[Material | None, MaterialCommand, MaterialEvent] = Aggregate(
    category="material",
    events=MaterialEvent,
    commands=MaterialCommand,
    initial=None,
    evolve=evolve,
    decide=decide,
    identity=lambda command: command.material,
    guard=guard,
    opens=frozenset({DraftMaterial}),
    entails=entails,
)
