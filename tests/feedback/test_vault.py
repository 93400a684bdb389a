"""The vault: locked, erased for good, restored without bringing anybody back."""

from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import delete, func, insert, select, update

from services.feedback.vault import VAULT, Keys, Vault, Vaults, keys_from_settings, letters, persons
from services.kernel import sealing
from services.kernel.clock import to_text
from services.kernel.database import Database
from services.kernel.erasures import Journal, JournalMissing
from services.kernel.identifiers import new_id
from services.kernel.settings import Mode, Settings
from tests.feedback.conftest import NOW

TEXT = "Tôi không vào được VNeID".encode()


def test_what_was_put_is_read_and_lies_there_locked(vault: Vault, database: Database) -> None:
    case = new_id()
    vault.put(case, {"text": TEXT, "contact": b"0912345678"})
    assert vault.read(case, ["text", "contact", "answer"]) == {"text": TEXT, "contact": b"0912345678"}
    with database.read() as connection:
        stored = [row.locked for row in connection.execute(select(letters))]
    assert stored
    assert not any(TEXT in locked or b"0912345678" in locked for locked in stored)


def test_what_came_first_stays(vault: Vault) -> None:
    case = new_id()
    vault.put(case, {"text": TEXT})
    vault.put(case, {"text": b"other"})
    assert vault.read(case, ["text"]) == {"text": TEXT}


def test_an_answer_is_added_to_a_known_person_only(vault: Vault, database: Database) -> None:
    known, unknown = new_id(), new_id()
    vault.put(known, {"text": TEXT})
    vault.add(known, "answer/1", b"words")
    vault.add(unknown, "answer/1", b"words")
    assert vault.read(known, ["answer/1"]) == {"answer/1": b"words"}
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(persons)).scalar() == 1


def test_after_an_erasure_even_a_copy_of_the_ciphertext_does_not_open(
    vault: Vault, database: Database, keys: Keys
) -> None:
    erased, kept = new_id(), new_id()
    vault.put(erased, {"text": TEXT})
    vault.put(kept, {"text": TEXT})
    with database.read() as connection:
        copied = connection.execute(select(letters).where(letters.c.case_id == str(erased))).one()
    vault.erase(erased, NOW)
    assert vault.read(erased, ["text"]) == {}
    assert vault.read(kept, ["text"]) == {"text": TEXT}
    with database.write() as connection:
        connection.execute(insert(letters).values(copied._asdict()))
        rows = connection.execute(select(persons.c.wrapped_key)).scalars().all()
    assert len(rows) == 2, "the count of persons stays"
    assert vault.read(erased, ["text"]) == {}
    for wrapped in filter(None, rows):
        key = sealing.unlock(keys.master[0], wrapped, str(kept), "key")
        with pytest.raises(sealing.Unreadable):
            sealing.unlock(key, copied.locked, str(erased), "text")


def test_nothing_is_stored_for_an_erased_person_any_more(vault: Vault) -> None:
    case = new_id()
    vault.put(case, {"text": TEXT})
    vault.erase(case, NOW)
    vault.put(case, {"text": TEXT})
    vault.add(case, "answer/1", b"words")
    assert vault.read(case, ["text", "answer/1"]) == {}


def test_a_restored_backup_has_its_erasures_replayed_before_it_serves(
    vault: Vault, database: Database, keys: Keys
) -> None:
    case, later = new_id(), new_id()
    vault.put(case, {"text": TEXT})
    with database.read() as connection:
        person = connection.execute(select(persons)).one()
        letter = connection.execute(select(letters)).one()
    vault.erase(case, NOW)
    vault.put(later, {"text": TEXT})
    vault.erase(later, NOW)
    with database.write() as connection:
        connection.execute(update(persons).where(persons.c.case_id == str(case)).values(person._asdict()))
        connection.execute(delete(persons).where(persons.c.case_id == str(later)))
        connection.execute(insert(letters).values(letter._asdict()))
    restored = Vault(database, keys)
    assert restored.read(case, ["text"]) == {}
    restored.put(later, {"text": TEXT})
    assert restored.read(later, ["text"]) == {}, "the backup was older than the person, too"


def test_an_older_copy_put_back_under_a_running_vault_brings_nobody_back(
    vault: Vault, database: Database, keys: Keys
) -> None:
    erased, unknown, kept = new_id(), new_id(), new_id()
    vault.put(erased, {"text": TEXT})
    vault.put(kept, {"text": TEXT})
    with database.read() as connection:
        copy = {table: [row._asdict() for row in connection.execute(select(table))] for table in VAULT.sorted_tables}
    vault.put(unknown, {"text": TEXT})
    vault.erase(erased, NOW)
    vault.erase(unknown, NOW)

    def put_back() -> None:
        with database.write() as connection:
            for table, rows in copy.items():
                connection.execute(delete(table))
                connection.execute(insert(table), rows)

    put_back()
    assert vault.read(erased, ["text"]) == {}
    put_back()
    vault.put(unknown, {"text": TEXT})
    assert vault.read(unknown, ["text"]) == {}
    put_back()
    vault.add(erased, "answer/1", b"words")
    assert vault.read(erased, ["answer/1"]) == {}
    assert vault.read(kept, ["text"]) == {"text": TEXT}


def test_an_erasure_another_process_only_wrote_down_is_carried_out(vault: Vault, keys: Keys) -> None:
    asked, other = new_id(), new_id()
    vault.put(asked, {"text": TEXT})
    vault.put(other, {"text": TEXT})
    Journal(keys.journal).append(str(asked), to_text(NOW))  # and there it died
    vault.erase(other, NOW)
    assert vault.read(asked, ["text"]) == {}


def test_a_master_key_may_be_rotated(vault: Vault, database: Database, keys: Keys) -> None:
    case = new_id()
    vault.put(case, {"text": TEXT})
    rotated = Vault(database, Keys((sealing.new_key(), *keys.master), keys.private, keys.journal))
    assert rotated.read(case, ["text"]) == {"text": TEXT}
    with pytest.raises(sealing.Unreadable):
        Vault(database, Keys((sealing.new_key(),), keys.private, keys.journal)).read(case, ["text"])


def test_a_letter_moved_to_another_row_does_not_open(vault: Vault, database: Database) -> None:
    case = new_id()
    vault.put(case, {"text": TEXT})
    with database.write() as connection:
        connection.execute(update(letters).values(field="contact"))
    with pytest.raises(sealing.Unreadable):
        vault.read(case, ["contact"])


def test_production_brings_its_own_keys(tmp_path: Path) -> None:
    settings = Settings.model_construct(mode=Mode.PRODUCTION, var_dir=tmp_path)
    with pytest.raises(sealing.KeyMissing, match="CAUSO_MASTER_KEY"):
        keys_from_settings(settings)


def test_production_says_where_erasures_are_remembered(keys: Keys) -> None:
    settings = Settings.model_construct(
        mode=Mode.PRODUCTION,
        master_key=SecretStr(sealing.to_base64(keys.master[0])),
        intake_private_key=SecretStr(sealing.to_base64(keys.private[0])),
    )
    with pytest.raises(JournalMissing, match="CAUSO_ERASURE_JOURNAL is required in production mode"):
        keys_from_settings(settings)
    assert keys_from_settings(settings.model_copy(update={"erasure_journal": keys.journal})) == keys


def test_the_edge_does_not_start_where_no_erasure_could_be_written(keys: Keys, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        Vaults(lambda: replace(keys, journal=tmp_path / "file" / "erasures.journal")).check()
