"""Envelopes and locks open for whom they are meant, and for nobody else."""

import stat
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st
from pydantic import SecretStr

from services.kernel import sealing
from services.kernel.settings import Mode


@given(st.binary(max_size=2000), st.text(max_size=50))
@settings(max_examples=50, deadline=None)
def test_what_is_sealed_to_a_key_opens_with_its_private_half(plaintext: bytes, context: str) -> None:
    private = sealing.new_private_key()
    sealed = sealing.seal_to(sealing.public_half(private), plaintext, context)
    assert sealing.open_sealed([private], sealed, context) == plaintext


def test_an_envelope_is_different_each_time_and_hides_its_text() -> None:
    public = sealing.public_half(sealing.new_private_key())
    one, two = (sealing.seal_to(public, b"bi mat cua ba con", "c") for _ in range(2))
    assert one != two
    assert b"bi mat" not in one


def test_another_key_another_context_or_a_changed_byte_does_not_open_it() -> None:
    private = sealing.new_private_key()
    sealed = sealing.seal_to(sealing.public_half(private), b"text", "case/1")
    changed = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for keys, envelope, context in (
        ([sealing.new_private_key()], sealed, "case/1"),
        ([private], sealed, "case/2"),
        ([private], changed, "case/1"),
        ([private], b"", "case/1"),
        ([private], sealed[:4], "case/1"),
        ([], sealed, "case/1"),
    ):
        with pytest.raises(sealing.Unreadable):
            sealing.open_sealed(keys, envelope, context)


def test_after_a_rotation_old_envelopes_open_until_the_old_key_is_dropped() -> None:
    old, new = sealing.new_private_key(), sealing.new_private_key()
    sealed = sealing.seal_to(sealing.public_half(old), b"text", "c")
    assert sealing.open_sealed([new, old], sealed, "c") == b"text"
    with pytest.raises(sealing.Unreadable):
        sealing.open_sealed([new], sealed, "c")


def test_a_locked_text_opens_only_for_the_row_it_was_locked_for() -> None:
    key = sealing.new_key()
    locked = sealing.lock(key, b"text", "case-1", "text")
    assert sealing.unlock(key, locked, "case-1", "text") == b"text"
    for wrong_key, about in (
        (key, ("case-2", "text")),
        (key, ("case-1", "answer")),
        (sealing.new_key(), ("case-1", "text")),
    ):
        with pytest.raises(sealing.Unreadable):
            sealing.unlock(wrong_key, locked, *about)
    with pytest.raises(sealing.Unreadable):
        sealing.unlock(key, b"short", "case-1", "text")


def test_the_parts_of_associated_data_do_not_run_into_each_other() -> None:
    key = sealing.new_key()
    locked = sealing.lock(key, b"text", "ab", "c")
    with pytest.raises(sealing.Unreadable):
        sealing.unlock(key, locked, "a", "bc")


def test_development_makes_a_key_once_and_keeps_it_to_its_owner(tmp_path: Path) -> None:
    file = tmp_path / "keys" / "master.key"
    first = sealing.keys_from(None, variable="CAUSO_MASTER_KEY", file=file, mode=Mode.DEVELOPMENT)
    second = sealing.keys_from(None, variable="CAUSO_MASTER_KEY", file=file, mode=Mode.DEVELOPMENT)
    assert first == second
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]


def test_development_gives_the_public_half_of_the_same_file(tmp_path: Path) -> None:
    file = tmp_path / "intake.key"
    private = sealing.keys_from(None, variable="X", file=file, mode=Mode.DEVELOPMENT)
    public = sealing.keys_from(None, variable="Y", file=file, mode=Mode.DEVELOPMENT, public=True)
    assert public == [sealing.public_half(private[0])]


def test_production_refuses_to_make_keys(tmp_path: Path) -> None:
    with pytest.raises(sealing.KeyMissing, match="CAUSO_MASTER_KEY"):
        sealing.keys_from(None, variable="CAUSO_MASTER_KEY", file=tmp_path / "k", mode=Mode.PRODUCTION)
    assert not (tmp_path / "k").exists()


def test_a_malformed_key_is_named_by_its_variable_and_never_shown(
    tmp_path: Path,
) -> None:
    for value in ("not base64!", "c2hvcnQ="):
        with pytest.raises(sealing.KeyMissing) as failure:
            sealing.keys_from(
                SecretStr(value),
                variable="CAUSO_MASTER_KEY",
                file=tmp_path / "k",
                mode=Mode.PRODUCTION,
            )
        assert "CAUSO_MASTER_KEY" in str(failure.value)
        assert value not in str(failure.value)


def test_a_setting_may_hold_several_keys_newest_first(tmp_path: Path) -> None:
    keys = [sealing.new_key(), sealing.new_key()]
    text = ",".join(sealing.to_base64(key) for key in keys)
    assert sealing.keys_from(SecretStr(text), variable="X", file=tmp_path / "k", mode=Mode.PRODUCTION) == keys
