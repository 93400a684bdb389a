"""`/phan-anh`: the form, its errors, and the receipt."""

from collections.abc import Mapping

import structlog
from sqlalchemy.exc import DBAPIError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gateway.intake import Receipt, Submission
from gateway.pages.form import Draft, Fault, check, look_up, read_draft, submission_of
from gateway.pages.needs import Pages
from gateway.pages.rendering import BadForm, page, read_form, trouble
from gateway.pages.wording import LANGUAGES, difficulty_labels, tiles

log = structlog.get_logger(__name__)


async def get_form(pages: Pages, request: Request) -> Response:
    """An empty form with an id of its own; `?tile=` chooses a tile beforehand."""
    wanted = request.query_params.get("tile", "")
    draft = Draft(tile=wanted if wanted in tiles() else "")
    return _form(draft, [], pages.new_form(), await run_in_threadpool(pages.services.offered))


async def post_form(pages: Pages, request: Request) -> Response:
    """Look for a place, or send. Whatever goes wrong, the page comes back with every answer in it."""
    try:
        fields = await read_form(request)
    except BadForm as bad:
        return trouble(bad.status, bad.message)
    draft, token = read_draft(fields), fields.get("token", "")
    form_id = pages.form_id(token)
    offered = await run_in_threadpool(pages.services.offered)
    try:
        await run_in_threadpool(look_up, draft, pages.places)
        if fields.get("press") == "find":
            return _form(draft, _place_faults(draft, offered), token if form_id else pages.new_form(), offered)
        faults = check(draft, offered)
        if form_id is None:
            late = Fault("send", "Trang đã mở quá lâu. Bà con xem lại rồi bấm Gửi lần nữa.")
            return _form(draft, [*faults, late], pages.new_form(), offered, status=422)
        if faults:
            return _form(draft, faults, token, offered, status=422)
        submission = submission_of(draft, form_id)
        receipt = await run_in_threadpool(pages.intake.accept, submission)
    except DBAPIError as error:
        log.error("form_not_saved", error=type(error).__name__)
        busy = Fault("send", "Máy chủ đang bận, chưa nhận được. Bà con đợi một phút rồi bấm Gửi lại.")
        return _form(draft, [busy], token if form_id else pages.new_form(), offered, status=503)
    pages.forwarder.wake()
    return _receipt(draft, submission, receipt)


def _place_faults(draft: Draft, offered: Mapping[str, str]) -> list[Fault]:
    """Looking for a place complains about the place only."""
    return [fault for fault in check(draft, offered) if fault.field == "place"]


def _form(draft: Draft, faults: list[Fault], token: str, offered: Mapping[str, str], *, status: int = 200) -> Response:
    return page(
        "report.html",
        {
            "here": "report",
            "draft": draft,
            "faults": faults,
            "wrong": {fault.field: fault.message for fault in faults},
            "token": token,
            "tiles": list(tiles().values()),
            "apps": offered,
            "languages": LANGUAGES,
        },
        status=status,
    )


def _receipt(draft: Draft, submission: Submission, receipt: Receipt) -> Response:
    place = next((match for match in draft.matches if match.unit == submission.commune), None)
    return page(
        "receipt.html",
        {
            "here": "report",
            "receipt": receipt,
            "difficulty": difficulty_labels()[submission.category],
            "place": place,
            "calls_back": submission.contact is not None,
            "urgent": submission.category in ("SCAM", "DATA_LEAK"),
        },
    )
