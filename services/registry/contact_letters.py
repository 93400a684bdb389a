"""Members' names and numbers on their way into the vault: opened, checked, locked under the member's own key.

As in feedback, this runs before the decision; what a refused command brought is taken back. What is kept already just
so is recognised here and nowhere else: only here are both texts open.
"""

from typing import Annotated, Any
from uuid import UUID

import structlog
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from services.kernel import sealing, store
from services.kernel.database import Database
from services.kernel.decider import Aggregate
from services.kernel.identifiers import new_id
from services.kernel.vault import Vaults
from services.registry.contact import CONTACT, Contact, EraseMemberContact, KeepMemberContact, may_erase, person_of
from services.registry.wording import Wording

log = structlog.get_logger(__name__)


class MemberLetter(BaseModel):
    """What is kept of a member, with the proof of what they were told and agreed to (domain.md E3, E10)."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    full_name: Wording
    phone: Annotated[str, StringConstraints(pattern=r"^(0[1-9][0-9]{8,9})?$")] = ""
    publish_name: bool = False
    publish_phone: bool = False
    notice: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    informed_at: Annotated[str, StringConstraints(max_length=120)] = ""


def contact_context(member: UUID) -> str:
    """What a member's name and number are sealed for."""
    return f"registry/contact/{member}"


def field_of(letter: UUID) -> str:
    """The vault field of a letter."""
    return f"contact/{letter}"


def load(database: Database, aggregate: Aggregate[Any, Any, Any], identity: object) -> Any:
    """The state of one stream as the event store has it now."""
    stream = aggregate.stream_of(identity)
    with database.look() as connection:
        rows = store.load(connection, [stream])[stream]
    return aggregate.fold(aggregate.initial, aggregate.codec.decode_all(rows))


class Stored:
    """The streams as the event store has them now: what a guard asks, before there is a batch to ask."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def state(self, aggregate: Aggregate[Any, Any, Any], identity: str) -> Any:
        """See `Lookup`."""
        return load(self._database, aggregate, identity)

    def query(self, statement: Any, **values: Any) -> list[Any]:
        """See `Lookup`."""
        with self._database.look() as connection:
            return list(connection.execute(statement, values))


class Preparing:
    """The preparations and how they are taken back, bound to the keys."""

    def __init__(self, vaults: Vaults) -> None:
        self._vaults = vaults

    def keeping(self, database: Database, command: KeepMemberContact) -> KeepMemberContact:
        """Move name and number into the vault; what does not open stays in its command and is refused."""
        letter = self._open(command)
        if letter is None:
            return command
        vault, contact = self._vaults.of(database), _contact(database, command.member)
        person, kept = person_of(command.member, contact), contact.letter
        if kept is None or not _same(vault.read(person, [field_of(kept)]).get(field_of(kept)), letter):
            kept = new_id()
            vault.put(person, {field_of(kept): letter.model_dump_json().encode()})
        if contact.superseded is not None:
            vault.remove(person, [field_of(contact.superseded)])
        told = {
            "letter": "",
            "kept": kept,
            "generation": contact.generation,
            "has_phone": bool(letter.phone),
            "publishes_name": letter.publish_name,
            "publishes_phone": letter.publish_phone and bool(letter.phone),
            "notice": letter.notice,
        }
        return command.model_copy(update=told)

    def take_back(self, database: Database, command: KeepMemberContact, contact: Contact) -> None:
        """Delete what this command brought, unless it is what counts."""
        if command.letter or command.kept is None or command.kept in (contact.letter, contact.superseded):
            return
        person = person_of(command.member, Contact(generation=command.generation))
        self._vaults.of(database).remove(person, [field_of(command.kept)])

    def erasing(self, database: Database, command: EraseMemberContact) -> EraseMemberContact:
        """Destroy the key before the event says so, once it is sure that it may be. Raises `Refused`.

        The command says which key that was: nothing is decided as erased under another one. Sent again after it was
        answered it destroys nothing: the member may have been kept anew since.
        """
        with database.look() as connection:
            if store.remembered(connection, [(command.actor, str(command.command_id))]):
                return command
        contact = _contact(database, command.member)
        may_erase(command, contact, Stored(database))
        if contact.letter is None:
            return command.model_copy(update={"destroyed": None})
        self._vaults.of(database).erase(person_of(command.member, contact), command.at)
        return command.model_copy(update={"destroyed": contact.generation})

    def _open(self, command: KeepMemberContact) -> MemberLetter | None:
        if not command.letter:
            return None
        try:
            sealed = sealing.from_base64(command.letter)
            opened = sealing.open_sealed(self._vaults.keys().private, sealed, contact_context(command.member))
            return MemberLetter.model_validate_json(opened)
        except sealing.Unreadable as reason:
            log.error("contact_unreadable", member=str(command.member), reason=str(reason))
        except ValidationError:  # its text would tell what stood there
            log.warning("contact_malformed", member=str(command.member))
        return None


def _contact(database: Database, member: UUID) -> Contact:
    found: Contact = load(database, CONTACT, member)
    return found


def _same(kept: bytes | None, letter: MemberLetter) -> bool:
    """Whether it says what is kept; when somebody was told is no difference."""
    if kept is None:
        return False
    before = MemberLetter.model_validate_json(kept)
    return before.model_copy(update={"informed_at": letter.informed_at}) == letter
