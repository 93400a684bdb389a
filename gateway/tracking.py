"""Tracking codes: 15 digits any accent can dictate, the last a check digit, and a PIN of 4; 59.8 bits together.

Nothing stores them. Both are derived from the submission's random id with the gateway's own key, so a form sent twice
shows the same code; what is kept is a keyed hash of code and PIN together, by which the case is found again.
"""

import hmac
import re
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

CODE_DIGITS = 15
PIN_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Tracking:
    """What the resident keeps. `str(code)` never goes into a URL, a log or a database."""

    code: str
    pin: str

    @property
    def spaced(self) -> str:
        """`12345 67890 12345`, as it is read aloud."""
        return " ".join(self.code[at : at + 5] for at in range(0, CODE_DIGITS, 5))

    def __repr__(self) -> str:
        return "Tracking(…)"


class Tracker:
    """Makes and recognises codes with one secret key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, submission: UUID) -> Tracking:
        """The code and PIN of this submission, the same each time."""
        body = self._number("code", str(submission), CODE_DIGITS - 1)
        return Tracking(body + check_digit(body), self._number("pin", str(submission), PIN_DIGITS))

    def fingerprint(self, tracking: Tracking) -> str:
        """What is stored to find the case again; useless without the key."""
        return self._digest("lookup", tracking.code + tracking.pin).hex()

    def bucket(self, *parts: str) -> str:
        """An opaque name for a counter, so that no address of anybody is stored."""
        return self._digest("bucket", "/".join(parts)).hex()[:32]

    def digest(self, case: str, words: bytes) -> str:
        """Tells the same words from others, for one case, to nobody who has not the key."""
        return self._digest(f"words/{case}", words.hex()).hex()

    def number(self, purpose: str, text: str, digits: int) -> str:
        """So many digits, the same for the same text; for what is told by a code of another kind."""
        return self._number(f"number/{purpose}", text, digits)

    def _number(self, purpose: str, text: str, digits: int) -> str:
        return str(int.from_bytes(self._digest(purpose, text)) % 10**digits).zfill(digits)

    def _digest(self, purpose: str, text: str) -> bytes:
        return hmac.digest(self._key, f"causo/{purpose}/{text}".encode(), sha256)


def check_digit(digits: str) -> str:
    """ISO 7064 MOD 11,10: finds every single wrong digit and nearly every swap of neighbours."""
    product = 10
    for digit in digits:
        product = ((product + int(digit)) % 10 or 10) * 2 % 11
    return str((11 - product) % 10)


def plain_digits(text: str) -> str:
    """Digits of what was typed, in whatever script and spacing; anything else is kept, so that it shows as wrong."""
    kept = re.sub(r"[\s.\-]", "", text)
    return "".join(str(int(c)) if c.isdecimal() else c for c in kept)


def is_code(digits: str) -> bool:
    """True for 15 digits with a right check digit."""
    return (
        len(digits) == CODE_DIGITS and digits.isascii() and digits.isdigit() and check_digit(digits[:-1]) == digits[-1]
    )


def is_pin(digits: str) -> bool:
    """True for 4 digits."""
    return len(digits) == PIN_DIGITS and digits.isascii() and digits.isdigit()
