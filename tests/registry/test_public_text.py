"""Texts for everybody: a person's numbers are refused, what a plan or a place is called by passes."""

import pytest

from services.kernel.decider import Refused
from services.registry.public_text import check_public


@pytest.mark.parametrize(
    "text",
    [
        "Gọi 0912345678 để được hướng dẫn",
        "Gọi 0912 345 678.",
        "Gọi +84 912-345-678",
        "Gọi 84.912.345.678",
        "Gọi 0912\u200b345678",
        "Máy bàn (0290) 383 1234",
        "CCCD 096085001234 làm mẫu",
        "Thẻ 9704 1234 5678 9012 làm mẫu",
        "Dùng mật khẩu: Matkhau1 cho cả Tổ",
        "Mã OTP của bà là 482913",
        "Thư về to.cong-nghe@example.vn",
    ],
)
def test_what_belongs_to_one_person_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refused:
        check_public(text, "done")
    assert (refused.value.stable_code, refused.value.field) == ("PRIVATE_NUMBER", "done")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Tổng đài 1022, 18001096 và 19001234",
        "Từ 01/03/2026 đến 10/10/2026 có 1.250 lượt người, 12.500.000 đồng",
        "Quyết định 1252/NQ-UBTVQH15 ngày 24/10/2024",
        "Hướng dẫn bà con đặt mật khẩu khó đoán và không đọc mã OTP cho ai",
        "Dạy 84 hộ, 20 buổi, 05 ấp",
    ],
)
def test_what_belongs_to_nobody_passes(text: str) -> None:
    check_public(text, "done")
