"""A letter belongs to the case that took it: what is refused leaves nothing, what is accepted has its text."""

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import select

from services.feedback.case import FeedbackSubmitted, SubmitFeedback
from services.feedback.questions import load_case
from services.feedback.vault import Keys, Vault, letters
from services.kernel import store
from services.kernel.bus import Answer
from services.kernel.database import Database
from services.kernel.definition import ServiceDefinition
from services.kernel.handling import CommandProcessor
from services.kernel.identifiers import new_id
from services.kernel.runtime import ServiceRuntime
from services.kernel.settings import Settings
from tests.feedback.conftest import COMMUNE, ENDED, NOW, sealed_letter
from tests.feedback.test_questions import CONSENT, envelope, give_answer, read

CONTACT: dict[str, Any] = {"contact": {"name": "Nguyễn Thị Canary", "phone": "0912345678"}, "consent": CONSENT}


def submission(keys: Keys, case: UUID, text: str, *, commune: UUID = COMMUNE, **letter: Any) -> dict[str, Any]:
    body = {"case": str(case), "category": "ACC_L2", "commune": str(commune)}
    return envelope() | body | {"letter": sealed_letter(keys, case, text=text, **letter)}


def send(runtime: ServiceRuntime, payload: dict[str, Any]) -> Answer:
    return runtime.execute("submit_feedback", payload)


def kept(database: Database) -> set[str]:
    """What lies in the vault: parts of letters, each with its case and id."""
    with database.read() as connection:
        return {f"{row.case_id}: {row.field}" for row in connection.execute(select(letters))}


def whole(database: Database, case: UUID, *parts: str) -> set[str]:
    return {f"{case}: {part}/{load_case(database, case).letter}" for part in parts}


def test_a_refused_submission_adds_nothing_to_the_case_that_has_the_id(runtime: ServiceRuntime, keys: Keys) -> None:
    case = new_id()
    assert send(runtime, submission(keys, case, "first")).accepted
    assert send(runtime, submission(keys, case, "second", **CONTACT)).code == "ALREADY_SUBMITTED"
    found = read(runtime, case)
    assert (found["text"]["text"], "contact" in found) == ("first", False)
    assert kept(runtime.database) == whole(runtime.database, case, "text")


def test_a_command_id_used_for_another_text_adds_nothing_either(runtime: ServiceRuntime, keys: Keys) -> None:
    case = new_id()
    first = submission(keys, case, "first")
    other = submission(keys, case, "second", **CONTACT) | {"command_id": first["command_id"], "category": "SCAM"}
    assert send(runtime, first).accepted
    assert send(runtime, other).code == "COMMAND_ID_REUSED"
    assert kept(runtime.database) == whole(runtime.database, case, "text")


@pytest.mark.parametrize(
    ("commune", "code"), [(ENDED, "COMMUNE_ENDED"), (new_id(), "UNKNOWN_COMMUNE")], ids=["ended", "unknown"]
)
def test_a_refused_submission_leaves_no_letter_however_often_it_comes(
    runtime: ServiceRuntime, keys: Keys, commune: UUID, code: str
) -> None:
    refused = submission(keys, new_id(), "words", commune=commune, **CONTACT)
    assert {send(runtime, refused).code for _ in range(2)} == {code}
    assert kept(runtime.database) == set()


def test_a_repeated_submission_finds_its_text_and_leaves_no_second_one(runtime: ServiceRuntime, keys: Keys) -> None:
    case = new_id()
    payload = submission(keys, case, "words", **CONTACT)
    first, second = send(runtime, payload), send(runtime, payload)
    assert first.accepted
    assert second == first
    assert read(runtime, case)["text"]["text"] == "words"
    assert kept(runtime.database) == whole(runtime.database, case, "text", "contact")


def test_a_process_that_dies_before_it_decides_costs_nobody_his_text(
    runtime: ServiceRuntime, definition: ServiceDefinition, keys: Keys
) -> None:
    case = new_id()
    payload = submission(keys, case, "words")
    definition.prepares[SubmitFeedback](runtime.database, SubmitFeedback.model_validate(payload))
    assert send(runtime, payload).accepted
    assert read(runtime, case)["text"]["text"] == "words"


def test_an_answer_of_the_database_that_was_lost_costs_nobody_his_text(
    runtime: ServiceRuntime, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide = CommandProcessor._decide_batch
    trouble = psycopg.OperationalError if runtime.database.is_postgres else sqlite3.OperationalError
    lost: list[Any] = []

    def lose_one(*arguments: Any) -> Any:
        decided = decide(*arguments)
        if not lost:
            lost.append(decided)
            raise trouble("the connection was lost")
        return decided

    monkeypatch.setattr(CommandProcessor, "_decide_batch", lose_one)
    case = new_id()
    assert send(runtime, submission(keys, case, "words")).accepted
    assert lost
    assert read(runtime, case)["text"]["text"] == "words"
    assert kept(runtime.database) == whole(runtime.database, case, "text")


def test_of_two_submissions_at_once_the_accepted_one_keeps_its_own_letter(
    runtime: ServiceRuntime, definition: ServiceDefinition, keys: Keys
) -> None:
    case = new_id()
    quick = submission(keys, case, "quick")
    prepare = definition.prepares[SubmitFeedback]

    def overtaken(database: Database, command: SubmitFeedback) -> Any:
        prepared = prepare(database, command)
        if command.letter:
            assert send(runtime, quick).accepted
        return prepared

    slow = replace(definition, prepares={SubmitFeedback: overtaken})
    other = ServiceRuntime(slow, runtime.database, Settings(), clock=lambda: NOW)
    assert send(other, submission(keys, case, "slow", **CONTACT)).code == "ALREADY_SUBMITTED"
    found = read(runtime, case)
    assert (found["text"]["text"], "contact" in found) == ("quick", False)
    assert kept(runtime.database) == whole(runtime.database, case, "text")
    other.processor.let_go()


def test_an_answer_that_comes_too_late_leaves_nothing(runtime: ServiceRuntime, keys: Keys) -> None:
    case = new_id()
    assert send(runtime, submission(keys, case, "words")).accepted
    give_answer(runtime, keys, case, "first")
    before = kept(runtime.database)
    with pytest.raises(AssertionError, match="ALREADY_ANSWERED"):
        give_answer(runtime, keys, case, "second")
    assert kept(runtime.database) == before
    assert read(runtime, case)["answer"]["text"] == "first"


def test_what_a_caller_says_about_the_vault_is_not_heard(runtime: ServiceRuntime, keys: Keys) -> None:
    case = new_id()
    first = submission(keys, case, "words")
    assert send(runtime, first).accepted
    mine = str(load_case(runtime.database, case).letter)
    assert send(runtime, first | {"kept": str(new_id())}).accepted, "it is no part of what was asked"
    unreadable = submission(keys, case, "x") | {"letter": "AAAA", "kept": mine, "category": "SCAM"}
    assert not send(runtime, unreadable).accepted
    assert read(runtime, case)["text"]["text"] == "words"


def test_a_letter_from_before_letters_had_ids_is_read(
    runtime: ServiceRuntime, vault: Vault, append_event: Callable[[FeedbackSubmitted], None]
) -> None:
    case = new_id()
    vault.put(case, {"text": b'{"text":"words"}', "contact": b'{"phone":"0912345678"}'})
    append_event(
        FeedbackSubmitted(
            case=case,
            category="ACC_L2",
            commune=COMMUNE,
            body="POLICE",
            severity="S2",
            channel="public_form",
            has_contact=True,
            submitted_on=NOW.date(),
        )
    )
    found = read(runtime, case)
    assert (found["text"]["text"], found["contact"]["phone"]) == ("words", "0912345678")


@pytest.fixture
def append_event(database: Database) -> Callable[[FeedbackSubmitted], None]:
    """Put an event into the store as it was stored then."""

    def append(event: FeedbackSubmitted) -> None:
        stream, body = f"case-{event.case}", event.model_dump_json(exclude={"letter"})
        stored = store.NewEvent(0, stream, 1, str(new_id()), event.name, 1, body, str(new_id()), str(new_id()), "test")
        with database.write() as connection:
            store.append(connection, store.Batch({stream: 0}, [], [stored], NOW.isoformat()))

    return append
