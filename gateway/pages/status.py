"""`/tra-cuu`: where a case stands, for whoever has its code and PIN. Posted only: neither ever stands in an address.

A wrong and an unknown code give the same page after the same work. The answer's words come from the feedback service,
sealed to a key made for this one request.
"""

from typing import Any
from uuid import UUID

import orjson
import structlog
from sqlalchemy.exc import DBAPIError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gateway.intake import Known
from gateway.pages.form import Fault
from gateway.pages.needs import Pages, client_address
from gateway.pages.ports import CaseStatus
from gateway.pages.rendering import BadForm, page, read_form, trouble
from gateway.pages.wording import bodies, difficulty_labels
from gateway.tracking import Tracking, is_code, is_pin, plain_digits
from services.kernel import sealing
from services.kernel.bus import BusError

log = structlog.get_logger(__name__)


async def get_lookup(_: Request) -> Response:
    """Asks for code and PIN."""
    return _lookup([])


async def post_lookup(pages: Pages, request: Request) -> Response:
    """Shows the case, or the same answer for every pair that opens none."""
    try:
        fields = await read_form(request)
    except BadForm as bad:
        return trouble(bad.status, bad.message)
    code, pin = plain_digits(fields.get("code", "")), plain_digits(fields.get("pin", ""))
    faults = _faults(code, pin)
    if faults:
        return _lookup(faults, code=fields.get("code", "")[:40], status=422)
    address = client_address(request)
    try:
        if not await run_in_threadpool(pages.throttle.allows, address):
            wait = "Có nhiều lần gõ sai từ mạng này. Bà con đợi một phút rồi thử lại."
            return _lookup([Fault("code", wait)], status=429)
        known = await run_in_threadpool(pages.intake.find, Tracking(code, pin))
        if known is None:
            await run_in_threadpool(pages.throttle.wrong, address)
            not_found = "Mã và số PIN này không mở được phản ánh nào. Bà con xem lại từng số."
            return _lookup([Fault("code", not_found)], status=404)
        status = await run_in_threadpool(pages.cases.status, known.case)
        place = await run_in_threadpool(pages.places.name, known.commune)
    except DBAPIError as error:
        log.error("lookup_failed", error=type(error).__name__)
        busy = Fault("code", "Máy chủ đang bận. Bà con đợi một phút rồi thử lại.")
        return _lookup([busy], status=503)
    return await _status(pages, known, status, place)


async def _status(pages: Pages, known: Known, status: CaseStatus | None, place: str) -> Response:
    answer, answer_late = None, False
    if status is not None and status.status == "answered" and not status.erased:
        answer = await _answer(pages, known.case)
        answer_late = answer is None
    category = status.category if status else known.category
    return page(
        "status.html",
        {
            "here": "status",
            "known": known,
            "status": status,
            "place": place,
            "difficulty": difficulty_labels().get(category, ""),
            "body": bodies().get(status.body, "") if status else "",
            "answer": answer,
            "answer_late": answer_late,
        },
    )


async def _answer(pages: Pages, case: UUID) -> str | None:
    """The answer's words; None when they cannot be had right now."""
    key = sealing.new_private_key()
    asked = {"case": str(case), "reply_to": sealing.to_base64(sealing.public_half(key))}
    try:
        reply: Any = await pages.bus.ask("feedback", "case_answer", asked)
        if not reply.get("sealed"):
            return None
        sealed = sealing.from_base64(reply["sealed"])
        opened = sealing.open_sealed([key], sealed, f"feedback/case_answer/{case}")
    except (BusError, sealing.SealingError) as error:
        log.warning("answer_not_had", case=str(case), error=type(error).__name__)
        return None
    return str(orjson.loads(opened)["text"])


def _faults(code: str, pin: str) -> list[Fault]:
    """Slips of the finger, told apart by the check digit alone: it says nothing about which codes exist."""
    faults = []
    if not is_code(code):
        faults.append(Fault("code", "Mã: cần đúng 15 số. Có thể bà con gõ nhầm một số."))
    if not is_pin(pin):
        faults.append(Fault("pin", "Số PIN: cần đúng 4 số."))
    return faults


def _lookup(faults: list[Fault], *, code: str = "", status: int = 200) -> Response:
    wrong = {fault.field: fault.message for fault in faults}
    return page("lookup.html", {"here": "status", "faults": faults, "wrong": wrong, "code": code}, status=status)
