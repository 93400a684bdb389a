"""The form's rules: from what was typed to a `Submission`, or to errors that name field and rule in plain words.

Nothing is refused for how a name or a place is spelled; only what is needed is read, all other fields are dropped.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from gateway.intake import Contact, Submission
from gateway.pages.ports import CommuneMatch, Places
from gateway.pages.wording import LANGUAGES, tiles
from gateway.vietnamese import fold

MAX_TEXT = 2000
MAX_PLACE = 100
MAX_NAME = 80
_PHONE = re.compile(r"0[1-9]\d{8,9}")
_SHOWN = 8
"""Places offered at once; more means: type a little more."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to put right: the id of the input, and what to do."""

    field: str
    message: str


@dataclass(slots=True, repr=False)
class Draft:
    """What was typed, kept as typed, so that no answer is ever lost."""

    tile: str = ""
    kinds: dict[str, str] = field(default_factory=dict)
    app: str = ""
    place: str = ""
    searched: str = ""
    commune: str = ""
    text: str = ""
    call: str = "no"
    name: str = ""
    phone: str = ""
    consent: bool = False
    language: str = "vi"
    website: str = ""
    matches: list[CommuneMatch] = field(default_factory=list)
    too_many: bool = False


def read_draft(fields: Mapping[str, str]) -> Draft:
    """The draft from posted fields."""
    return Draft(
        tile=_line(fields.get("tile", "")),
        kinds={name: _line(fields.get(f"kind_{name}", "")) for name in tiles()},
        app=_line(fields.get("app", "")),
        place=_line(fields.get("place", "")),
        searched=_line(fields.get("searched", "")),
        commune=_line(fields.get("commune", "")),
        text=_lines(fields.get("text", "")),
        call="yes" if fields.get("call") == "yes" else "no",
        name=_line(fields.get("name", "")),
        phone=_line(fields.get("phone", "")),
        consent=fields.get("consent") == "yes",
        language=fields.get("language", "vi"),
        website=fields.get("website", ""),
    )


def look_up(draft: Draft, places: Places) -> None:
    """Fill in the places the typed name may mean. A place chosen earlier stays while the name stays."""
    if draft.place != draft.searched:
        draft.commune = ""
    draft.searched = draft.place
    found = list(places.find(draft.place[:MAX_PLACE])) if draft.place else []
    draft.too_many = len(found) > _SHOWN
    draft.matches = found[:_SHOWN]
    chosen = next((match for match in found if str(match.unit) == draft.commune), None)
    if chosen is None:
        draft.commune = ""
    elif chosen not in draft.matches:
        draft.matches.append(chosen)
    if not draft.commune and len(found) == 1 and not found[0].part:
        draft.commune = str(found[0].unit)


def check(draft: Draft, offered: Mapping[str, str]) -> list[Fault]:
    """Everything to put right, in the order of the page. Call `look_up` first; `offered` are the apps to choose."""
    faults = [
        *_check_difficulty(draft, offered),
        *_check_place(draft),
        *_check_text(draft),
        *(_check_contact(draft) if draft.call == "yes" else []),
    ]
    if draft.language not in LANGUAGES:
        faults.append(Fault("language-vi", "Ngôn ngữ: hãy chọn một thứ tiếng trong danh sách."))
    if draft.website:
        faults.append(Fault("website", "Ô cuối trang: xin để trống ô này."))
    return faults


def submission_of(draft: Draft, form_id: UUID) -> Submission:
    """The report of a draft without faults. Contact goes only with consent (domain E1)."""
    codes = tiles()[draft.tile].codes
    kind = draft.kinds.get(draft.tile, "")
    agreed = draft.call == "yes" and draft.consent
    return Submission(
        submission=form_id,
        category=kind if kind in codes else codes[0],
        service=draft.app or None,
        commune=UUID(draft.commune),
        text=draft.text,
        language=draft.language,
        contact=Contact(draft.name, phone_of(draft.phone)) if agreed else None,
    )


def phone_of(text: str) -> str:
    """`+84 912…` and `0912…` are one number, written 0912…; anything else comes back as its digits."""
    digits = "".join(str(int(c)) for c in text if c.isdecimal())
    if digits.startswith("0084"):
        digits = digits[2:]
    return "0" + digits[2:] if digits.startswith("84") and len(digits) > 10 else digits


def _check_difficulty(draft: Draft, offered: Mapping[str, str]) -> list[Fault]:
    faults = []
    if draft.tile not in tiles():
        faults.append(Fault("tile-signin", "Khó khăn: hãy chọn một ô, hoặc chọn “Không có trong này”."))
    if draft.app and draft.app not in offered:
        faults.append(Fault("app", "Ứng dụng: hãy chọn trong danh sách, hoặc chọn “Không rõ”."))
    return faults


def _check_place(draft: Draft) -> list[Fault]:
    if not draft.place:
        return [Fault("place", "Nơi ở: hãy gõ tên xã hoặc phường.")]
    if len(draft.place) > MAX_PLACE:
        return [Fault("place", f"Nơi ở: tên dài nhất {MAX_PLACE} chữ.")]
    if not draft.matches:
        return [Fault("place", "Nơi ở: chưa thấy tên này. Thử gõ tên cũ, hoặc thêm tên tỉnh.")]
    if not draft.commune:
        return [Fault("commune-0", "Nơi ở: hãy chọn đúng xã, phường trong danh sách vừa tìm.")]
    return []


def _check_text(draft: Draft) -> list[Fault]:
    if not fold(draft.text):
        return [Fault("text", "Kể lại: hãy viết vài chữ về chuyện đã xảy ra.")]
    if len(draft.text) > MAX_TEXT:
        more = len(draft.text) - MAX_TEXT
        return [Fault("text", f"Kể lại: dài nhất {MAX_TEXT} chữ, đang thừa {more} chữ.")]
    return []


def _check_contact(draft: Draft) -> list[Fault]:
    faults = []
    if not _PHONE.fullmatch(phone_of(draft.phone)):
        faults.append(Fault("phone", "Số điện thoại: cần 10 số, bắt đầu bằng số 0."))
    if len(draft.name) > MAX_NAME:
        faults.append(Fault("name", f"Tên: dài nhất {MAX_NAME} chữ."))
    if not draft.consent:
        faults.append(Fault("consent", "Đồng ý: hãy đánh dấu để được gọi lại, hoặc chọn “Không”."))
    return faults


def _line(text: str) -> str:
    return " ".join(_lines(text).split())


def _lines(text: str) -> str:
    """NFC, line ends as one character, nothing invisible but spaces and line ends."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs", "Co", "Cn")).strip()
