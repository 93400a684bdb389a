"""Tracking codes: the same each time, no slip of a finger unnoticed, nothing told by what is stored."""

from uuid import UUID

from hypothesis import given, strategies as st

from gateway.tracking import Tracker, Tracking, check_digit, is_code, is_pin, plain_digits
from services.kernel import sealing

TRACKER = Tracker(b"k" * 32)


@given(st.uuids())
def test_a_submission_always_has_the_same_code_and_it_is_well_formed(submission: UUID) -> None:
    tracking = TRACKER.of(submission)
    assert tracking == TRACKER.of(submission)
    assert is_code(tracking.code)
    assert is_pin(tracking.pin)
    assert plain_digits(tracking.spaced) == tracking.code


@given(st.text("0123456789", min_size=14, max_size=14), st.integers(0, 14), st.integers(1, 9))
def test_every_single_wrong_digit_is_noticed(body: str, place: int, step: int) -> None:
    code = body + check_digit(body)
    wrong = code[:place] + str((int(code[place]) + step) % 10) + code[place + 1 :]
    assert is_code(code)
    assert not is_code(wrong)


def test_another_key_makes_other_codes() -> None:
    submission = UUID(int=1)
    assert Tracker(sealing.new_key()).of(submission) != TRACKER.of(submission)


def test_digits_are_read_in_any_spacing_and_script() -> None:
    assert plain_digits(" 123-45 678.90\t១២៣ ") == "1234567890123"
    assert not is_code(plain_digits("12345 67890 1234x"))


def test_code_and_pin_do_not_show_in_a_traceback() -> None:
    assert repr(Tracking("123456789012345", "6789")) == "Tracking(…)"


def test_the_fingerprint_depends_on_both() -> None:
    one = TRACKER.fingerprint(Tracking("123456789012345", "6789"))
    assert one != TRACKER.fingerprint(Tracking("123456789012345", "6788"))
    assert "12345" not in one
