"""What must never be given away is taken out; what helps stays."""

import pytest

from services.kernel.masking import HIDDEN, mask


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("CCCD của tôi là 079203001234 nhé", "079203001234"),
        ("cccd079203001234", "079203001234"),
        ("số 079 203 001 234 không vào được", "079 203 001 234"),
        ("079.203.001.234", "079.203.001.234"),
        ("079\u200b203\u200b001234", "079203001234"),
        ("thẻ 9704 1500 1234 5678 bị trừ tiền", "9704 1500 1234 5678"),
        ("thẻ 4111111111111111", "4111111111111111"),
        ("amex 378282246310005", "378282246310005"),
        ("mã OTP là 482913", "482913"),
        ("ma otp 482 913 gửi về máy cũ", "482 913"),
        ("Mã xác thực gửi về: 4829", "4829"),
        ("mã PIN 1357", "1357"),
        ("mật khẩu là Hoa@1990", "Hoa@1990"),
        ("mật khẩu VNeID: Hoa1990x", "Hoa1990x"),
        ("mat khau cua toi la hoaphuong", "hoaphuong"),
        ("mk: abc123", "abc123"),
        ("mk 123456 mà không vào được", "123456"),
        ("pass=hoaphuong", "hoaphuong"),
        ("passcode 135790", "135790"),
        ("mật khẩu\u200b: \u200babcd99", "abcd99"),
    ],
)
def test_what_must_never_be_given_away_is_masked(text: str, secret: str) -> None:
    masked = mask(text)
    assert secret not in masked
    assert HIDDEN in masked


@pytest.mark.parametrize(
    "text",
    [
        "Tôi quên mật khẩu VNeID, không vào được",
        "Quên mật khẩu rồi",
        "mật khẩu là gì tôi không nhớ",
        "Không nhận được mã OTP từ hôm qua",
        "OTP gửi về máy cũ",
        "Ông ấy gọi từ số 0912 345 678, bảo là công an",
        "số +84912345678 gọi hoài",
        "Hồ sơ H12.44-250701-0012 bị trả lại",
        "Ngày 12/10/2026 lúc 14:30 bị trừ 1.250.000 đồng",
        "mất 250000 đồng",
    ],
)
def test_what_helps_to_solve_the_case_stays(text: str) -> None:
    assert mask(text) == text


def test_masking_twice_changes_nothing_more() -> None:
    once = mask("mật khẩu: abc123, otp 123456, 079203001234")
    assert mask(once) == once
