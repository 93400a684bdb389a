"""`/kiem-tra`: is this somebody of the team? For a resident at the door, by the code the member shows.

Posted only: a code never stands in an address. A made-up code, a code of another day and one of nobody give the same
page after the same work, and all count as guesses. A name is shown only if the member agreed to it.
"""

import structlog
from sqlalchemy.exc import DBAPIError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gateway.contacts import ask_sealed
from gateway.pages.form import Fault
from gateway.pages.needs import Pages, client_address
from gateway.pages.rendering import BadForm, page, read_form, trouble
from gateway.tracking import plain_digits
from gateway.visit_codes import Checked, is_visit_code
from services.kernel import sealing
from services.kernel.bus import BusError

log = structlog.get_logger(__name__)

ROLES = {"leader": "Tổ trưởng", "deputy": "Tổ phó", "member": "Thành viên"}


async def get_check(_: Request) -> Response:
    """Asks for the code."""
    return _form([])


async def post_check(pages: Pages, request: Request) -> Response:
    """Shows the team, or the same answer for every code that is nobody's today."""
    try:
        fields = await read_form(request)
    except BadForm as bad:
        return trouble(bad.status, bad.message)
    typed, code = fields.get("code", "")[:40], plain_digits(fields.get("code", ""))
    if not is_visit_code(code):
        slip = "Mã: cần đúng 12 số. Có thể bà con gõ nhầm một số."
        return _form([Fault("code", slip)], code=typed, status=422)
    address = client_address(request)
    try:
        minute = await run_in_threadpool(pages.guesses.begin, address)
        if minute is None:
            wait = "Có nhiều lần gõ sai từ mạng này. Bà con đợi một phút rồi thử lại."
            return _form([Fault("code", wait)], status=429)
        found = await run_in_threadpool(pages.visits.check, code)
        if not found:
            return page("check.html", {"here": "check", "found": []}, status=404)
        await run_in_threadpool(pages.guesses.was_right, address, minute)
    except DBAPIError as error:
        log.error("check_failed", error=type(error).__name__)
        return _form([Fault("code", "Máy chủ đang bận. Bà con đợi một phút rồi thử lại.")], code=typed, status=503)
    shown = [
        {"checked": each, "role": ROLES.get(each.role, ""), "contact": await _published(pages, each)} for each in found
    ]
    return page("check.html", {"here": "check", "found": shown})


async def _published(pages: Pages, checked: Checked) -> dict[str, str]:
    """Name and number as far as the member agreed; nothing when that cannot be had right now."""
    if not checked.serves:
        return {}
    try:
        found = await ask_sealed(pages.bus, "published_contact", checked.team, {"member": checked.member})
    except (BusError, sealing.SealingError) as error:
        log.warning("contact_not_had", error=type(error).__name__)
        return {}
    return {} if "refused" in found else {name: str(text) for name, text in found.items()}


def _form(faults: list[Fault], *, code: str = "", status: int = 200) -> Response:
    wrong = {fault.field: fault.message for fault in faults}
    return page("ask_code.html", {"here": "check", "faults": faults, "wrong": wrong, "code": code}, status=status)
