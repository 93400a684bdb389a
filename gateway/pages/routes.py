"""The public pages' routes."""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.pages.checking import get_check, post_check
from gateway.pages.needs import Pages
from gateway.pages.rendering import asset, page, trouble
from gateway.pages.report import get_form, post_form
from gateway.pages.status import get_lookup, post_lookup

_CSS = "text/css; charset=utf-8"
_ASSETS = {"site.css": _CSS, "decision.css": _CSS, "icon.svg": "image/svg+xml"}


def routes(pages: Pages) -> list[Route]:
    """`/`, `/phan-anh`, `/tra-cuu`, `/kiem-tra` and the assets."""
    return [
        Route("/", get_start, methods=["GET"]),
        Route("/phan-anh", partial(get_form, pages), methods=["GET"]),
        Route("/phan-anh", partial(post_form, pages), methods=["POST"]),
        Route("/tra-cuu", get_lookup, methods=["GET"]),
        Route("/tra-cuu", partial(post_lookup, pages), methods=["POST"]),
        Route("/kiem-tra", get_check, methods=["GET"]),
        Route("/kiem-tra", partial(post_check, pages), methods=["POST"]),
        Route("/assets/{name}", get_asset, methods=["GET"]),
    ]


async def get_start(_: Request) -> Response:
    """The start page."""
    return page("start.html", {"here": "start"}, personal=False)


async def get_asset(request: Request) -> Response:
    """A style sheet or picture; its address holds its digest, so it never changes."""
    name = request.path_params["name"]
    if name not in _ASSETS:
        return trouble(404, "Không có trang này.")
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    return Response(asset(name), media_type=_ASSETS[name], headers=headers)
