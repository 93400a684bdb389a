"""A small page to try GraphQL in a browser: works offline, no inline script, nothing from elsewhere."""

from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

HOME = Path(__file__).parent / "static"
TYPES = {
    "explorer.js": "text/javascript; charset=utf-8",
    "explorer.css": "text/css; charset=utf-8",
    "explorer.html": "text/html; charset=utf-8",
}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-cache",
}


def explorer_page() -> Response:
    """The page itself."""
    return _file("explorer.html")


def routes() -> list[Route]:
    """The page's script and style."""
    return [Route("/static/{name}", get_static, methods=["GET"])]


async def get_static(request: Request) -> Response:
    """One of the two files."""
    name = request.path_params["name"]
    return _file(name) if name in TYPES and name != "explorer.html" else Response(status_code=404, headers=HEADERS)


def _file(name: str) -> Response:
    return Response(_content(name), headers={**HEADERS, "Content-Type": TYPES[name]})


@cache
def _content(name: str) -> bytes:
    return (HOME / name).read_bytes()
