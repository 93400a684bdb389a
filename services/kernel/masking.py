"""Masking: what people must never give away is taken out of their texts before anything is stored.

Identity card numbers (12 digits), payment card numbers, one-time codes and passwords (domain E5; Law 91/2025/QH15 and
Decree 356/2025 count them as sensitive). Phone numbers stay: the number a swindler called from is what the police need.
A masked text says so in its place. Erring is cheap in one direction only, so doubtful cases are masked.
"""

import re
import unicodedata

HIDDEN = "[đã che]"

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_RUN = re.compile(r"(?<!\d)\d(?:[ .\-]?\d){11,18}(?!\d)")
_GROUPS = re.compile(r"[ .\-]")
_WORD_BEFORE = r"(?<![^\W\d_])"
_ONE_TIME = re.compile(
    _WORD_BEFORE
    + r"(otp|m[ãa] *(?:otp|pin|x[áa]c *(?:th[ựu]c|nh[ậa]n|minh))|pin|លេខកូដ)"
    + r"([^\d\n]{0,25}?)(\d(?:[ .\-]?\d){3,7})(?!\d)",
    re.IGNORECASE,
)
_PASSWORD = re.compile(
    _WORD_BEFORE
    + r"(m[ậa]t *(?:kh[ẩa]u|m[ãa])|passcode|password|pass|mk|pwd?|pw|លេខសម្ងាត់)"
    + r"((?: *(?:c[ủu]a *)?(?:t[ôo]i|em|m[ìi]nh|con|ch[áa]u|vneid|zalo|dvc|app))?)"
    + r"( *(?:[:=]| l[àa](?= |:)|is(?= )) *:? *| +)([^\s,;]{4,})",
    re.IGNORECASE,
)


def mask(text: str) -> str:
    """`text` without identity and card numbers, one-time codes and passwords; NFC, invisible characters removed."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFC", text))
    text = _PASSWORD.sub(_hide_password, text)
    text = _ONE_TIME.sub(lambda found: f"{found[1]}{found[2]}{HIDDEN}", text)
    return _RUN.sub(_hide_number, text)


def _hide_number(found: re.Match[str]) -> str:
    groups = _GROUPS.split(found[0])
    digits = "".join(groups)
    if len(groups) == 1:
        hide = len(digits) in (12, 16, 19) or _luhn(digits)
    else:
        # Dossier numbers mix group lengths (12.44-250701-0012); people write card and identity numbers in equal groups.
        equal = len({len(group) for group in groups[:-1]}) == 1 and 3 <= len(groups[0]) <= 6
        hide = (len(digits) in (12, 16, 19) and equal) or (len(digits) >= 13 and _luhn(digits))
    return HIDDEN if hide else found[0]


def _luhn(digits: str) -> bool:
    if len(digits) < 13:
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 * (value > 9)
    return total % 10 == 0


def _hide_password(found: re.Match[str]) -> str:
    word, whose, link, secret = found.groups()
    told = bool(re.search("[:=]", link))
    stated = bool(link.strip()) and secret.isascii() and len(secret) >= 6
    looks_secret = any(c.isdigit() for c in secret) and any(not c.isdigit() for c in secret)
    numeric = secret.isdigit() and 4 <= len(secret) <= 8
    return f"{word}{whose}{link}{HIDDEN}" if told or stated or looks_secret or numeric else found[0]
