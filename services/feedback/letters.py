"""Letters on their way into the vault: opened, minimised, locked under the person's own key, out of the command.

These run before the decision, so that an accepted case always has its text. Each run keeps the letter under an id of
its own, and the event names the one that counts: what a refused or repeated command brought is never anybody's letter,
and is taken back afterwards. A letter that does not open stays in its command, where the decision refuses it. Only a
process that dies in between leaves a letter nobody names, locked like all of that case and erased with them.
"""

from typing import Annotated, Literal, TypeAlias
from uuid import UUID

import structlog
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from services.feedback.case import AnswerFeedback, Case, ErasePerson, SubmitFeedback
from services.feedback.vault import Vaults
from services.kernel import sealing
from services.kernel.database import Database
from services.kernel.identifiers import new_id
from services.kernel.masking import mask

log = structlog.get_logger(__name__)

Part: TypeAlias = Literal["text", "contact", "answer"]
Line = Annotated[str, StringConstraints(max_length=120)]


class Contact(BaseModel):
    """How to reach the reporter; only ever kept with consent."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: Line = ""
    phone: Line = ""


class Consent(BaseModel):
    """Proof of what was agreed to (domain E3)."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    notice: Line
    at: Line
    purposes: tuple[Line, ...]
    channel: Line


class Letter(BaseModel):
    """What a resident wrote; unknown fields are dropped (domain E4)."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    text: Annotated[str, StringConstraints(max_length=5000)]
    language: Literal["vi", "en", "km"] = "vi"
    contact: Contact | None = None
    consent: Consent | None = None


class Reply(BaseModel):
    """What an official answered."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    text: Annotated[str, StringConstraints(min_length=1, max_length=5000)]


def letter_context(case: UUID) -> str:
    """What a resident's letter is sealed for."""
    return f"feedback/letter/{case}"


def reply_context(case: UUID) -> str:
    """What an official's answer is sealed for."""
    return f"feedback/reply/{case}"


def field_of(part: Part, letter: UUID | None) -> str:
    """The vault field of one part of a letter; before letters had ids, a case had one of each."""
    return part if letter is None else f"{part}/{letter}"


class Preparing:
    """The three preparations and how they are taken back, bound to the keys."""

    def __init__(self, vaults: Vaults) -> None:
        self._vaults = vaults

    def submission(self, database: Database, command: SubmitFeedback) -> SubmitFeedback:
        """Move the resident's letter into the vault."""
        if not command.letter:
            return command
        opened = self._open(command.letter, letter_context(command.case))
        if opened is None:
            return command
        try:
            letter = Letter.model_validate_json(opened)
        except ValidationError:
            return command
        agreed = letter.consent is not None and "callback" in letter.consent.purposes
        contact = letter.contact if agreed else None
        kept = new_id()
        text = letter.model_copy(update={"text": mask(letter.text), "contact": None})
        fields = {field_of("text", kept): text.model_dump_json().encode()}
        if contact is not None:
            fields[field_of("contact", kept)] = contact.model_dump_json().encode()
        self._vaults.of(database).put(command.case, fields)
        return command.model_copy(update={"letter": "", "kept": kept, "has_contact": contact is not None})

    def answer(self, database: Database, command: AnswerFeedback) -> AnswerFeedback:
        """Move the official's answer into the vault, under the reporter's key."""
        if not command.letter:
            return command
        opened = self._open(command.letter, reply_context(command.case))
        if opened is None:
            return command
        try:
            reply = Reply.model_validate_json(opened)
        except ValidationError:
            return command
        kept = new_id()
        text = Reply(text=mask(reply.text)).model_dump_json().encode()
        self._vaults.of(database).add(command.case, field_of("answer", kept), text)
        return command.model_copy(update={"letter": "", "kept": kept})

    def take_back(self, database: Database, command: SubmitFeedback | AnswerFeedback, case: Case) -> None:
        """Delete the letter this command brought, unless the case names it as its own."""
        if command.letter or command.kept is None or command.kept in (case.letter, case.answer):
            return
        parts: tuple[Part, ...] = ("text", "contact", "answer")
        self._vaults.of(database).remove(command.case, [field_of(part, command.kept) for part in parts])

    def erasure(self, database: Database, command: ErasePerson) -> ErasePerson:
        """Destroy the key before the event says so: an event must not promise what has not happened."""
        self._vaults.of(database).erase(command.case, command.at)
        return command

    def _open(self, letter: str, context: str) -> bytes | None:
        try:
            return sealing.open_sealed(self._vaults.keys().private, sealing.from_base64(letter), context)
        except sealing.Unreadable as reason:
            log.error("letter_unreadable", context=context, reason=str(reason))
            return None
