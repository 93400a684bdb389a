"""Texts that everybody may read, as an office writes them: numbers that belong to one person are refused.

What a resident writes is masked in silence (`services.kernel.masking`); an official is told, and words it anew. Names
of people cannot be recognised: whoever publishes reads the text first.
"""

import re

from services.kernel.decider import Refused
from services.kernel.masking import HIDDEN, mask

_PHONE = re.compile(r"(?<!\d)(?:\+?84[ .\-()]{0,2}|0)[235789](?:[ .\-()]{0,2}\d){8,9}(?!\d)")
"""0912 345 678, +84 (290) 383 1234. Short numbers, 1800 and 1900 are no person's."""
_MAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]")


def check_public(text: str, field: str) -> None:
    """Refuse telephone, identity and card numbers, codes, passwords and mail addresses. Raises `Refused`."""
    seen = mask(text)
    if HIDDEN in seen or _PHONE.search(seen) or _MAIL.search(seen):
        rule = "Nội dung công khai không được có số điện thoại, số giấy tờ, mật khẩu, mã hay địa chỉ thư."
        raise Refused(rule, code="PRIVATE_NUMBER", field=field)
