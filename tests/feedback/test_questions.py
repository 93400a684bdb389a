"""A resident's words through the whole service: into the vault, read in scope, answered, erased."""

from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from sqlalchemy import select

from services.feedback.letters import reply_context
from services.feedback.questions import load_case, reading_context
from services.feedback.service import DEFINITION
from services.feedback.vault import Keys
from services.kernel import sealing, store
from services.kernel.database import Database
from services.kernel.identifiers import derived_id, new_id
from services.kernel.runtime import ServiceRuntime
from services.kernel.settings import Settings
from tests.feedback.conftest import COMMUNE, NOW, PROVINCE, sealed_letter

NAME, PHONE, TEXT = "Nguyễn Thị Canary", "0912345678", "Tôi không nhận được mã, gọi điện mãi canary"
CONSENT = {"notice": "2026-11", "at": "2026-11-20T02:00:00Z", "purposes": ["callback"], "channel": "public_form"}


def envelope() -> dict[str, Any]:
    return {"command_id": str(new_id()), "actor": "public-form", "at": NOW.isoformat()}


def submit(runtime: ServiceRuntime, keys: Keys, **letter: Any) -> UUID:
    case = new_id()
    letter = {"text": TEXT, "contact": {"name": NAME, "phone": PHONE}, "consent": CONSENT} | letter
    sealed = sealed_letter(keys, case, **letter)
    body = {"case": str(case), "category": "ACC_L2", "commune": str(COMMUNE), "letter": sealed}
    answer = runtime.execute("submit_feedback", envelope() | body)
    assert answer.accepted, answer
    return case


def read(runtime: ServiceRuntime, case: UUID, **viewer: Any) -> dict[str, Any]:
    key = sealing.new_private_key()
    payload = {
        "case": str(case),
        "viewer": {"sub": "official-1", "role": "commune_official", "units": [str(COMMUNE)]} | viewer,
        "purpose": "handle_case",
        "reply_to": sealing.to_base64(sealing.public_half(key)),
    }
    reply = runtime.ask("read_case", orjson.loads(orjson.dumps(payload)))
    if "sealed" not in reply:
        return dict(reply)
    opened = sealing.open_sealed([key], sealing.from_base64(reply["sealed"]), reading_context("read_case", case))
    return dict(orjson.loads(opened))


def give_answer(runtime: ServiceRuntime, keys: Keys, case: UUID, text: str) -> None:
    public = sealing.public_half(keys.private[0])
    sealed = sealing.seal_to(public, orjson.dumps({"text": text}), reply_context(case))
    answer = runtime.execute("answer_feedback", envelope() | {"case": str(case), "letter": sealing.to_base64(sealed)})
    assert answer.accepted, answer


def ask_answer(runtime: ServiceRuntime, case: UUID) -> tuple[dict[str, Any], str | None]:
    key = sealing.new_private_key()
    asked = {"case": str(case), "reply_to": sealing.to_base64(sealing.public_half(key))}
    reply = runtime.ask("case_answer", asked)
    if reply["sealed"] is None:
        return reply, None
    opened = sealing.open_sealed([key], sealing.from_base64(reply["sealed"]), f"feedback/case_answer/{case}")
    return reply, orjson.loads(opened)["text"]


def stored(database: Database) -> str:
    with database.read() as connection:
        events = connection.execute(select(store.events)).all()
        commands = connection.execute(select(store.commands)).all()
    return "\n".join(map(str, [*events, *commands]))


def test_the_commune_reads_text_and_contact_and_the_reading_is_an_event(runtime: ServiceRuntime, keys: Keys) -> None:
    case = submit(runtime, keys)
    found = read(runtime, case)
    assert found["text"]["text"] == TEXT
    assert found["contact"] == {"name": NAME, "phone": PHONE}
    assert "personal_data.viewed" in stored(runtime.database)


def test_the_keys_are_those_of_the_runtimes_settings_and_may_lie_in_files(
    database: Database, keys: Keys, tmp_path: Path
) -> None:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "causo_master_key").write_text(sealing.to_base64(keys.master[0]) + "\n")
    (secrets / "causo_intake_private_key").write_text(sealing.to_base64(keys.private[0]) + "\n")
    runtime = ServiceRuntime(DEFINITION, database, Settings(_secrets_dir=secrets, var_dir=tmp_path), clock=lambda: NOW)
    runtime.definition.check()
    case = submit(runtime, keys)
    assert read(runtime, case)["text"]["text"] == TEXT
    assert not (tmp_path / "keys").exists()
    runtime.processor.let_go()


def test_the_province_reads_the_text_and_not_the_contact(runtime: ServiceRuntime, keys: Keys) -> None:
    case = submit(runtime, keys)
    found = read(runtime, case, role="province_official", units=[str(PROVINCE)])
    assert found["text"]["text"] == TEXT
    assert "contact" not in found


@pytest.mark.parametrize(
    "viewer",
    [
        {"units": [str(derived_id("elsewhere"))]},
        {"units": []},
        {"role": "team_leader"},
        {"role": "team_member"},
        {"role": "body_handler", "body": "BANK"},
        {"role": "body_handler", "body": None},
    ],
    ids=str,
)
def test_nobody_else_reads_and_nothing_is_recorded(runtime: ServiceRuntime, keys: Keys, viewer: dict[str, Any]) -> None:
    case = submit(runtime, keys)
    assert read(runtime, case, **viewer)["refused"]["code"] == "NOT_IN_SCOPE"
    assert "personal_data.viewed" not in stored(runtime.database)


def test_the_body_that_handles_it_reads_it_in_its_units(runtime: ServiceRuntime, keys: Keys) -> None:
    case = submit(runtime, keys)
    found = read(runtime, case, role="body_handler", body="POLICE", units=[str(PROVINCE)])
    assert found["contact"]["phone"] == PHONE


def test_an_unknown_case_looks_like_one_out_of_scope(runtime: ServiceRuntime) -> None:
    assert read(runtime, new_id())["refused"]["code"] == "NOT_IN_SCOPE"


def test_a_malformed_question_names_its_fields_and_no_values(runtime: ServiceRuntime) -> None:
    refused = runtime.ask("read_case", {"case": "canary", "viewer": {"sub": "x", "role": "king"}})["refused"]
    assert refused["code"] == "BAD_QUESTION"
    assert "case" in refused["message"]
    assert "canary" not in refused["message"]
    assert "king" not in refused["message"]


def test_contact_without_consent_is_not_stored(runtime: ServiceRuntime, keys: Keys) -> None:
    case = submit(runtime, keys, consent=None)
    assert "contact" not in read(runtime, case)
    assert load_case(runtime.database, case).has_contact is False


def test_the_resident_reads_the_answer_and_its_secrets_are_masked(runtime: ServiceRuntime, keys: Keys) -> None:
    case = submit(runtime, keys)
    assert ask_answer(runtime, case)[1] is None
    give_answer(runtime, keys, case, "Ông/Bà mang căn cước đến công an xã. Số 079203001234 đã đúng.")
    reply, text = ask_answer(runtime, case)
    assert reply["answered_on"] == "2026-11-20"
    assert text is not None
    assert "079203001234" not in text
    assert text.startswith("Ông/Bà mang căn cước")


def test_no_event_and_no_command_record_holds_what_was_written(runtime: ServiceRuntime, keys: Keys) -> None:
    case = submit(runtime, keys)
    give_answer(runtime, keys, case, "canary trả lời")
    read(runtime, case)
    everything = stored(runtime.database)
    for secret in ("Canary", "canary", PHONE, "Nguyễn"):
        assert secret not in everything


def test_the_same_submission_twice_is_one_case(runtime: ServiceRuntime, keys: Keys) -> None:
    case = new_id()
    body = {"case": str(case), "category": "ACC_L2", "commune": str(COMMUNE)}
    payload = envelope() | body | {"letter": sealed_letter(keys, case, text=TEXT)}
    first, second = (runtime.execute("submit_feedback", payload) for _ in range(2))
    assert first == second
    assert stored(runtime.database).count("feedback.submitted") == 1


def test_the_same_words_sealed_again_are_the_same_submission(runtime: ServiceRuntime, keys: Keys) -> None:
    case = new_id()
    body = {"case": str(case), "category": "ACC_L2", "commune": str(COMMUNE)}
    same = envelope() | body
    first, second = (
        runtime.execute("submit_feedback", same | {"letter": sealed_letter(keys, case, text=TEXT)}) for _ in range(2)
    )
    assert first.accepted
    assert second == first


def test_a_letter_sealed_for_another_case_is_refused(runtime: ServiceRuntime, keys: Keys) -> None:
    body = {"case": str(new_id()), "category": "ACC_L2", "commune": str(COMMUNE)}
    answer = runtime.execute(
        "submit_feedback", envelope() | body | {"letter": sealed_letter(keys, new_id(), text=TEXT)}
    )
    assert answer.code == "LETTER_UNREADABLE"


def test_after_erasure_nothing_is_left_to_read_and_the_count_stays(runtime: ServiceRuntime, keys: Keys) -> None:
    case, other = submit(runtime, keys), submit(runtime, keys)
    give_answer(runtime, keys, case, "trả lời")
    assert runtime.execute("erase_person", envelope() | {"case": str(case)}).accepted
    assert read(runtime, case)["refused"]["code"] == "PERSON_ERASED"
    reply, text = ask_answer(runtime, case)
    assert (reply["erased"], text) == (True, None)
    assert read(runtime, other)["text"]["text"] == TEXT
    assert stored(runtime.database).count("feedback.submitted") == 2
