"""Templates, headers and bodies: how a page leaves and how a form comes in."""

from datetime import date, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from services.kernel.clock import VIETNAM

HOME = Path(__file__).parent
MAX_BODY_BYTES = 64 * 1024
MAX_FIELDS = 60

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; object-src 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Content-Language": "vi",
}


class BadForm(Exception):
    """The body cannot be a form of ours. `status` is the HTTP status, the text is Vietnamese."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def page(template: str, values: dict[str, Any], *, status: int = 200, personal: bool = True) -> HTMLResponse:
    """A finished page. `personal` pages (all but the start) are never stored by anybody."""
    caching = "no-store" if personal else "public, max-age=300"
    html = (
        _environment()
        .get_template(template)
        .render(values | {"style": asset_name("site.css"), "icon": asset_name("icon.svg")})
    )
    return HTMLResponse(html, status, HEADERS | {"Cache-Control": caching})


def trouble(status: int, message: str) -> HTMLResponse:
    """A page that says what went wrong and where to go from there."""
    return page("trouble.html", {"here": "", "message": message}, status=status)


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a posted form; of a field sent twice the last. Raises `BadForm`."""
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise BadForm(415, "Biểu mẫu gửi lên không đúng dạng.")
    if request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        raise BadForm(403, "Biểu mẫu này không được gửi từ trang của Cầu Số.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise BadForm(413, "Nội dung dài quá. Bà con viết ngắn lại giúp.")
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except ValueError:
        raise BadForm(400, "Biểu mẫu gửi lên không đọc được.") from None
    return dict(pairs)


@cache
def asset(name: str) -> bytes:
    """A file of `assets/`."""
    return (HOME / "assets" / name).read_bytes()


@cache
def asset_name(name: str) -> str:
    """The address of an asset; it changes with the content, so it may be cached for ever."""
    return f"/assets/{name}?v={sha256(asset(name)).hexdigest()[:10]}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HOME / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["day"] = _day
    environment.filters["moment"] = _moment
    return environment


def _day(value: date) -> str:
    return value.strftime("%d/%m/%Y")


def _moment(value: datetime) -> str:
    return value.astimezone(VIETNAM).strftime("%H:%M ngày %d/%m/%Y")
