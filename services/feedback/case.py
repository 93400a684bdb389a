"""A case: one difficulty of one resident, from submission to answer.

Nothing a resident wrote ever reaches this file: the letter that comes sealed inside a command is moved into the vault
before the decision (`letters`), so that state, events and what follows them hold codes, places and dates only.

Errors:

    Refused
    ├── NoSuchCase           "NO_SUCH_CASE"
    ├── AlreadySubmitted     "ALREADY_SUBMITTED"    the case id was used; what came first stands
    ├── AlreadyAnswered      "ALREADY_ANSWERED"
    ├── PersonErased         "PERSON_ERASED"        the key is destroyed, there is nobody left to answer
    ├── UnknownCategory      "UNKNOWN_CATEGORY"
    ├── UnknownService       "UNKNOWN_SERVICE"
    ├── UnknownCommune       "UNKNOWN_COMMUNE"
    ├── CommuneEnded         "COMMUNE_ENDED"        merged or renamed before the day of the report
    └── LetterUnreadable     "LETTER_UNREADABLE"    the sealed letter did not open; nothing was stored
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Literal, TypeAlias, assert_never
from uuid import UUID

from pydantic import Field

from services.feedback.catalogue import is_known
from services.feedback.difficulties import Severity, difficulties
from services.feedback.territory import TERRITORY
from services.kernel.clock import business_date
from services.kernel.decider import Aggregate, Lookup, NotKnownHere, Refused
from services.kernel.message import Command, Event

Channel: TypeAlias = Literal["public_form", "official"]
Purpose: TypeAlias = Literal["handle_case", "call_back", "supervise"]

# ── Events ────────────────────────────────────────────────────────────────────────────────────────────────────────────


class FeedbackSubmitted(Event, name="feedback.submitted"):
    """A difficulty was reported. `body` is the code of the first responsible body, `severity` its deadline class.

    The words lie locked in the vault as letter `letter`; None for reports from before letters had ids.
    """

    case: UUID
    letter: UUID | None = None
    category: str
    service: str | None = None
    commune: UUID
    body: str
    severity: Severity
    channel: Channel
    has_contact: bool
    submitted_on: date


class FeedbackAnswered(Event, name="feedback.answered"):
    """The body answered; the words lie sealed in the vault as answer `letter`."""

    case: UUID
    answered_on: date
    kind: Literal["answer"] = "answer"
    letter: UUID


class PersonErased(Event, name="person.erased"):
    """The reporter's key is destroyed: text, contact and answer can never be read again. The count stays."""

    case: UUID


class PersonalDataViewed(Event, name="personal_data.viewed"):
    """An official read what the reporter wrote (domain E8). `viewer` is an opaque id."""

    case: UUID
    viewer: str
    purpose: Purpose


CaseEvent: TypeAlias = FeedbackSubmitted | FeedbackAnswered | PersonErased | PersonalDataViewed

# ── State ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Case:
    """What the rules need to know. `commune` and `body` are None until it is submitted."""

    letter: UUID | None = None
    commune: UUID | None = None
    body: str | None = None
    category: str | None = None
    has_contact: bool = False
    answer: UUID | None = None
    answered_on: date | None = None
    erased: bool = False


def evolve(state: Case, event: CaseEvent) -> Case:
    """The case after `event`."""
    match event:
        case FeedbackSubmitted():
            return replace(
                state,
                letter=event.letter,
                commune=event.commune,
                body=event.body,
                category=event.category,
                has_contact=event.has_contact,
            )
        case FeedbackAnswered():
            return replace(state, answer=event.letter, answered_on=event.answered_on)
        case PersonErased():
            return replace(state, erased=True)
        case PersonalDataViewed():
            return state
        case _:
            assert_never(event)


# ── Commands ──────────────────────────────────────────────────────────────────────────────────────────────────────────


Kept: TypeAlias = Annotated[UUID | None, Field(exclude=True)]
"""The id under which the vault has the letter, once it is moved there. What a caller puts here is written over."""


class SubmitFeedback(Command, name="submit_feedback"):
    """Report a difficulty. `letter` is base64 of what the resident wrote, sealed to this service for this case.

    `digest` is the sender's, keyed: it tells other words under the same command id.
    """

    sealed = frozenset({"letter"})

    case: UUID
    category: str = Field(max_length=40)
    service: str | None = Field(default=None, max_length=40)
    commune: UUID
    channel: Channel = "public_form"
    has_contact: bool = False
    letter: str = Field(min_length=1, max_length=100_000)
    digest: str = Field(default="", max_length=64)
    kept: Kept = None


class AnswerFeedback(Command, name="answer_feedback"):
    """Answer the reporter. `letter` is base64 of the words, sealed to this service for this case; `digest` as above."""

    sealed = frozenset({"letter"})

    case: UUID
    letter: str = Field(min_length=1, max_length=100_000)
    digest: str = Field(default="", max_length=64)
    kept: Kept = None


class ErasePerson(Command, name="erase_person"):
    """Destroy the reporter's key (domain E7)."""

    case: UUID


class ViewPersonalData(Command, name="view_personal_data"):
    """Record that `viewer` reads text or contact; asked before anything is shown."""

    case: UUID
    viewer: str = Field(min_length=1, max_length=200)
    purpose: Purpose


CaseCommand: TypeAlias = SubmitFeedback | AnswerFeedback | ErasePerson | ViewPersonalData

# ── Rules ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


class NoSuchCase(Refused):
    """No case of this id was submitted."""

    code = "NO_SUCH_CASE"


class AlreadySubmitted(Refused):
    """The id is taken."""

    code = "ALREADY_SUBMITTED"


class AlreadyAnswered(Refused):
    """It has its answer."""

    code = "ALREADY_ANSWERED"


class PersonErasedAlready(Refused):
    """Nothing personal is left."""

    code = "PERSON_ERASED"


class UnknownCategory(Refused):
    """Not in the catalogue of difficulties."""

    code = "UNKNOWN_CATEGORY"


class UnknownService(NotKnownHere):
    """The registry has told us of no such service (yet)."""

    code = "UNKNOWN_SERVICE"


class UnknownCommune(NotKnownHere):
    """The registry has told us of no such commune (yet)."""

    code = "UNKNOWN_COMMUNE"


class CommuneEnded(Refused):
    """The commune no longer existed on that day."""

    code = "COMMUNE_ENDED"


class LetterUnreadable(Refused):
    """The sealed letter did not open."""

    code = "LETTER_UNREADABLE"


def decide(command: CaseCommand, state: Case) -> Sequence[CaseEvent]:
    """What follows from `command`."""
    match command:
        case SubmitFeedback():
            return _submit(command, state)
        case AnswerFeedback():
            _must_be_open(state)
            letter = _moved(command)
            if state.answer is not None:
                raise AlreadyAnswered("Phản ánh này đã có trả lời.", field="case")
            today = business_date(command.at)
            return [FeedbackAnswered(case=command.case, answered_on=today, letter=letter)]
        case ErasePerson():
            _must_exist(state)
            return [] if state.erased else [PersonErased(case=command.case)]
        case ViewPersonalData():
            _must_be_open(state)
            return [PersonalDataViewed(case=command.case, viewer=command.viewer, purpose=command.purpose)]
        case _:
            assert_never(command)


def _submit(command: SubmitFeedback, state: Case) -> Sequence[CaseEvent]:
    if state.commune is not None:
        raise AlreadySubmitted("Phản ánh này đã được gửi rồi.", field="case")
    difficulty = difficulties().get(command.category)
    if difficulty is None:
        raise UnknownCategory("Loại khó khăn không có trong danh mục.", field="category")
    letter = _moved(command)
    return [
        FeedbackSubmitted(
            case=command.case,
            letter=letter,
            category=difficulty.code,
            service=command.service,
            commune=command.commune,
            body=difficulty.first_body,
            severity=difficulty.sla,
            channel=command.channel,
            has_contact=command.has_contact,
            submitted_on=business_date(command.at),
        )
    ]


def _must_exist(state: Case) -> None:
    if state.commune is None:
        raise NoSuchCase("Không có phản ánh này.", field="case")


def _must_be_open(state: Case) -> None:
    _must_exist(state)
    if state.erased:
        raise PersonErasedAlready("Thông tin của người phản ánh đã được xóa.", field="case")


def _moved(command: SubmitFeedback | AnswerFeedback) -> UUID:
    """Where the vault has the letter; one still in the command is one it could not take over."""
    if command.letter or command.kept is None:
        raise LetterUnreadable("Không mở được nội dung đã niêm phong.", field="letter")
    return command.kept


def guard(command: CaseCommand, lookup: Lookup) -> None:
    """A report names a commune the registry has told us of, in being on the day of the report; and a known service."""
    if not isinstance(command, SubmitFeedback):
        return
    if command.service is not None and not is_known(command.service, lookup):
        raise UnknownService("Dịch vụ không có trong danh mục.", field="service")
    found = lookup.query(TERRITORY.commune, unit=str(command.commune))
    if not found:
        raise UnknownCommune("Chưa có xã, phường này trong danh bạ.", field="commune")
    if found[0].valid_to is not None and date.fromisoformat(found[0].valid_to) < business_date(command.at):
        raise CommuneEnded("Xã, phường này đã sáp nhập. Hãy chọn tên mới.", field="commune")


CASE: Aggregate[Case, CaseCommand, CaseEvent] = Aggregate(
    category="case",
    events=CaseEvent,
    commands=CaseCommand,
    initial=Case(),
    evolve=evolve,
    decide=decide,
    identity=lambda command: command.case,
    guard=guard,
    opens=frozenset({SubmitFeedback}),
)
