"""A resident at a browser without scripts: opens the form, fills it in, reads what comes back."""

import asyncio
import re
from html.parser import HTMLParser
from typing import Any

from sqlalchemy import select

from gateway.intake import forward_pending, intake
from tests.gateway.pages.conftest import Site

REPORT = {
    "tile": "signin",
    "place": "hong dan",
    "text": "Không nhận được mã từ hôm qua",
    "call": "no",
    "language": "vi",
}


class Reader(HTMLParser):
    """What a page holds: ids, links, inputs, headings, text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self._silent = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if attributes.get("id"):
            self.ids.add(str(attributes["id"]))

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.text.append(" ".join(data.split()))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Attributes of every such tag."""
        return [attributes for name, attributes in self.tags if name == tag]

    def value(self, name: str) -> str:
        """Value of the input of this name."""
        return next(str(field["value"]) for field in self.all("input") if field.get("name") == name)


def token(site: Site) -> str:
    return Reader(site.browser.get("/phan-anh").text).value("token")


def send(site: Site, **fields: Any) -> Any:
    filled = {"token": token(site), "press": "send"} | REPORT | fields
    return site.browser.post("/phan-anh", data={name: value for name, value in filled.items() if value is not None})


def codes(html: str) -> tuple[str, str]:
    code, pin = re.findall(r'<p class="code">([\d ]+)</p>', html)
    return code, pin


def count(site: Site) -> int:
    with site.database.read() as connection:
        return len(connection.execute(select(intake.c.submission)).all())


def errors(html: str) -> list[str]:
    """What the summary links to; every link must lead to something on the page."""
    reader = Reader(html)
    targets = [str(link["href"])[1:] for link in reader.all("a") if str(link.get("href", "")).startswith("#")]
    targets.remove("noi-dung")
    assert set(targets) <= reader.ids
    return targets


def forward(site: Site) -> None:
    asyncio.run(forward_pending(site.intake, site.bus))
