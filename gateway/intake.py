"""The intake: a resident's report is durable here, sealed, before its code is shown, then forwarded until it is in.

What the resident wrote is masked, sealed to the feedback service's public key and only then written; the gateway cannot
open it again. Rows hold the case's id, a keyed hash of its code, and codes of difficulty, service and place. When the
service has it, the sealed letter is deleted here.

Nothing is given up: no answer means trying again with the same command id; a refusal (the service may not know the
commune yet) means trying again with a new one, later and later, and a line in the log that says so each time.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import structlog
from sqlalchemy import Boolean, Column, Index, Integer, MetaData, Table, Text, select, update
from sqlalchemy.dialects import postgresql, sqlite

from gateway.tracking import Tracker, Tracking
from services.kernel import sealing
from services.kernel.bus import Answer, CommandBus, Payload, ServiceUnavailable
from services.kernel.clock import Clock, from_text, to_text
from services.kernel.database import Database
from services.kernel.identifiers import derived_id
from services.kernel.masking import mask
from services.kernel.settings import Settings

log = structlog.get_logger(__name__)

INTAKE = MetaData()

intake = Table(
    "intake",
    INTAKE,
    Column("submission", Text, primary_key=True),
    Column("case_id", Text, nullable=False, unique=True),
    Column("code_hash", Text, nullable=False, unique=True),
    Column("category", Text, nullable=False),
    Column("service", Text),
    Column("commune", Text, nullable=False),
    Column("has_contact", Boolean, nullable=False),
    Column("letter", Text),
    Column("created_at", Text, nullable=False),
    Column("forwarded_at", Text),
    Column("next_attempt_at", Text),
    Column("attempts", Integer, nullable=False),
    Column("refusals", Integer, nullable=False),
    Column("refused_code", Text, nullable=False),
    Index("intake_waiting", "next_attempt_at"),
)

ACTOR = "public-form"
NOTICE = "2026-11"
"""Version of the privacy notice shown; raise it with every change of its words (domain E3)."""
LEASE = timedelta(seconds=30)
"""How long a replica has a claimed row to itself: longer than any call to the service may take."""
LONGEST_WAIT = timedelta(seconds=15)
LONGEST_WAIT_AFTER_REFUSAL = timedelta(hours=1)


@dataclass(frozen=True, slots=True, repr=False)
class Contact:
    """How to reach the reporter; only ever made with consent."""

    name: str
    phone: str


@dataclass(frozen=True, slots=True, repr=False)
class Submission:
    """A valid report. `submission` is the random id of the form it was written in."""

    submission: UUID
    category: str
    service: str | None
    commune: UUID
    text: str
    language: str
    contact: Contact | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the resident takes home. `repeated`: this form had been sent before, and what came first stands."""

    case: UUID
    tracking: Tracking
    received_at: datetime
    repeated: bool
    masked: bool


@dataclass(frozen=True, slots=True)
class Known:
    """A case found by code and PIN: what the intake itself knows of it."""

    case: UUID
    category: str
    commune: UUID
    received_at: datetime


class Intake:
    """The intake table of one gateway database. Thread-safe; every call is one short transaction."""

    def __init__(self, database: Database, tracker: Tracker, public_key: bytes, clock: Clock) -> None:
        self._database = database
        self._tracker = tracker
        self._public_key = public_key
        self._clock = clock

    def accept(self, form: Submission) -> Receipt:
        """Make the report durable and give its code. The same form twice is one case with one code."""
        now = self._clock()
        case = derived_id("case", form.submission)
        tracking = self._tracker.of(form.submission)
        text = mask(form.text)
        row = {
            "submission": str(form.submission),
            "case_id": str(case),
            "code_hash": self._tracker.fingerprint(tracking),
            "category": form.category,
            "service": form.service,
            "commune": str(form.commune),
            "has_contact": form.contact is not None,
            "letter": self._sealed(form, case, text, now),
            "created_at": to_text(now),
            "next_attempt_at": to_text(now),
            "attempts": 0,
            "refusals": 0,
            "refused_code": "",
        }
        insert = postgresql.insert if self._database.is_postgres else sqlite.insert
        with self._database.write() as connection:
            once = insert(intake).values(row).on_conflict_do_nothing(index_elements=["submission"])
            is_new = connection.execute(once.returning(intake.c.submission)).one_or_none() is not None
            received_at = now
            if not is_new:
                first = select(intake.c.created_at).where(intake.c.submission == str(form.submission))
                received_at = from_text(connection.execute(first).scalar_one())
        return Receipt(case, tracking, received_at, not is_new, text != form.text)

    def find(self, tracking: Tracking) -> Known | None:
        """The case of this code and PIN; None alike for a wrong and an unknown one, after the same work."""
        wanted = select(intake.c.case_id, intake.c.category, intake.c.commune, intake.c.created_at)
        wanted = wanted.where(intake.c.code_hash == self._tracker.fingerprint(tracking))
        with self._database.read() as connection:
            row = connection.execute(wanted).one_or_none()
        if row is None:
            return None
        return Known(UUID(row.case_id), row.category, UUID(row.commune), from_text(row.created_at))

    def waiting(self) -> int:
        """How many reports the service has not taken yet."""
        with self._database.read() as connection:
            return len(connection.execute(select(intake.c.submission).where(intake.c.forwarded_at.is_(None))).all())

    def claim(self, limit: int) -> list[Any]:
        """Rows that are due, leased to this caller; other replicas claim others."""
        now = self._clock()
        due = (
            select(intake)
            .where(intake.c.next_attempt_at.is_not(None), intake.c.next_attempt_at <= to_text(now))
            .order_by(intake.c.next_attempt_at)
            .limit(limit)
        )
        with self._database.write() as connection:
            rows = list(connection.execute(due.with_for_update(skip_locked=True)))
            claimed = update(intake).where(intake.c.submission.in_([row.submission for row in rows]))
            connection.execute(claimed.values(attempts=intake.c.attempts + 1, next_attempt_at=to_text(now + LEASE)))
        return rows

    def settle(self, row: Any, answer: Answer | None) -> bool:
        """Write down what became of one claimed row; True when the service has it."""
        now = self._clock()
        if answer is not None and (answer.accepted or answer.code == "ALREADY_SUBMITTED"):
            done = {"forwarded_at": to_text(now), "next_attempt_at": None, "letter": None, "refused_code": ""}
        elif answer is None:
            wait = min(timedelta(seconds=0.5 * 2 ** min(row.attempts, 10)), LONGEST_WAIT)
            done = {"next_attempt_at": to_text(now + wait)}
        else:
            wait = min(timedelta(seconds=2 ** min(row.refusals, 12)), LONGEST_WAIT_AFTER_REFUSAL)
            done = {"next_attempt_at": to_text(now + wait), "refusals": row.refusals + 1, "refused_code": answer.code}
            log.error("intake_refused", case=row.case_id, code=answer.code, refusals=row.refusals + 1)
        mine = update(intake).where(intake.c.submission == row.submission, intake.c.forwarded_at.is_(None))
        with self._database.write() as connection:
            connection.execute(mine.values(done))
        return "forwarded_at" in done

    def _sealed(self, form: Submission, case: UUID, text: str, now: datetime) -> str:
        letter: dict[str, Any] = {"text": text, "language": form.language}
        if form.contact is not None:
            letter["contact"] = {"name": form.contact.name, "phone": form.contact.phone}
            letter["consent"] = {
                "notice": NOTICE,
                "at": to_text(now),
                "purposes": ["callback"],
                "channel": "public_form",
            }
        sealed = sealing.seal_to(self._public_key, orjson.dumps(letter), f"feedback/letter/{case}")
        return sealing.to_base64(sealed)


async def forward_pending(intake_: Intake, bus: CommandBus, *, limit: int = 100) -> int:
    """Hand over what is due, once. Returns how many the service took; raises nothing for trouble on the way."""
    rows = await asyncio.to_thread(intake_.claim, limit)
    if not rows:
        return 0
    answers: list[Answer | None]
    try:
        answers = list(await bus.execute_many("feedback", [("submit_feedback", _payload(row)) for row in rows]))
    except ServiceUnavailable:
        answers = [None] * len(rows)
    settled = [await asyncio.to_thread(intake_.settle, row, answer) for row, answer in zip(rows, answers, strict=True)]
    return sum(settled)


def _payload(row: Any) -> Payload:
    """The command. Its id is the submission's; after a refusal, which is remembered, a new one derived from it."""
    refused = row.refusals
    command_id = row.submission if not refused else str(derived_id("submission", row.submission, refused))
    return {
        "command_id": command_id,
        "actor": ACTOR,
        "at": row.created_at,
        "correlation_id": row.case_id,
        "case": row.case_id,
        "category": row.category,
        "service": row.service,
        "commune": row.commune,
        "channel": "public_form",
        "has_contact": row.has_contact,
        "letter": row.letter,
    }


def tracker_from(settings: Settings) -> Tracker:
    """The tracker with the gateway's key; in development made under `var/keys`. Raises `sealing.KeyMissing`."""
    file = settings.var_dir / "keys" / "code.key"
    key = sealing.keys_from(settings.code_key, variable="CAUSO_CODE_KEY", file=file, mode=settings.mode)
    return Tracker(key[0])


def public_key_from(settings: Settings) -> bytes:
    """The feedback service's public key; in development the public half of the file the service made."""
    return sealing.keys_from(
        settings.intake_public_key,
        variable="CAUSO_INTAKE_PUBLIC_KEY",
        file=settings.var_dir / "keys" / "intake.key",
        mode=settings.mode,
        public=True,
    )[0]


def people_key_from(settings: Settings) -> bytes:
    """The public key of the registry, for members' names; in development the public half of the file it made."""
    return sealing.keys_from(
        settings.people_public_key,
        variable="CAUSO_PEOPLE_PUBLIC_KEY",
        file=settings.var_dir / "keys" / "people.key",
        mode=settings.mode,
        public=True,
    )[0]
