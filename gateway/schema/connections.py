"""Lists as connections: `totalCount`, `edges`, `nodes`, `pageInfo`, each asked of the database only when selected."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import graphene

from gateway.paging import DEFAULT_FIRST, MAX_FIRST, Page

if TYPE_CHECKING:
    # graphene is published without types.
    class ObjectType:
        """An output type."""

        def __init__(self, **fields: Any) -> None: ...

    class InputObjectType(dict[str, Any]):
        """An input type; a dict when it arrives."""
else:
    from graphene import InputObjectType, ObjectType

__all__ = [
    "InputObjectType",
    "Listing",
    "ObjectType",
    "PageInfo",
    "connection_of",
    "many",
    "page_arguments",
    "page_type",
    "search_argument",
]


@dataclass
class Listing:
    """A list not yet asked for: how to get its page and its total, and how a row becomes a node."""

    ask_page: Callable[[], Awaitable[Page]]
    ask_total: Callable[[], Awaitable[int]]
    node: Callable[[Any], Any] = lambda row: row
    _page: Awaitable[Page] | None = None

    @property
    def page(self) -> Awaitable[Page]:
        """The page, asked once."""
        # No `cached_property`: up to Python 3.11 it holds one lock for all lists of all requests while it asks.
        if self._page is None:
            self._page = self.ask_page()
        return self._page


class PageInfo(ObjectType):
    """Whether more follows, and from where."""

    has_next_page = graphene.Boolean(required=True)
    end_cursor = graphene.String()


async def _total(listing: Listing, _info: Any) -> int:
    return await listing.ask_total()


async def _nodes(listing: Listing, _info: Any) -> list[Any]:
    return [listing.node(row) for row in (await listing.page).rows]


async def _edges(listing: Listing, _info: Any) -> list[dict[str, Any]]:
    page = await listing.page
    return [{"node": listing.node(row), "cursor": cursor} for row, cursor in zip(page.rows, page.cursors, strict=True)]


async def _page_info(listing: Listing, _info: Any) -> dict[str, Any]:
    page = await listing.page
    return {"has_next_page": page.has_next, "end_cursor": page.cursors[-1] if page.cursors else None}


def connection_of(name: str, node: Callable[[], Any]) -> Any:
    """The connection type of a node type, given lazily."""
    edge = type(
        f"{name}Edge",
        (ObjectType,),
        {
            "__doc__": f"One {name} and its cursor.",
            "node": graphene.Field(node, required=True),
            "cursor": graphene.String(required=True),
        },
    )
    fields = {
        "__doc__": f"A list of {name}, {DEFAULT_FIRST} at a time unless `first` says otherwise (at most {MAX_FIRST}).",
        "total_count": graphene.Int(required=True),
        "edges": many(edge),
        "nodes": many(node),
        "page_info": graphene.Field(PageInfo, required=True),
        "resolve_total_count": _total,
        "resolve_edges": _edges,
        "resolve_nodes": _nodes,
        "resolve_page_info": _page_info,
    }
    return type(f"{name}Connection", (ObjectType,), fields)


def page_type(name: str, node: Callable[[], Any]) -> Any:
    """The type of a list whose length nobody counts: `nodes` and `pageInfo`."""

    def nodes(page: Page, _info: Any) -> list[Any]:
        return page.rows

    def page_info(page: Page, _info: Any) -> dict[str, Any]:
        return {"has_next_page": page.has_next, "end_cursor": page.cursors[-1] if page.cursors else None}

    fields = {
        "__doc__": f"Some {name}, {DEFAULT_FIRST} at a time unless `first` says otherwise; nobody counts all of them.",
        "nodes": many(node),
        "page_info": graphene.Field(PageInfo, required=True),
        "resolve_nodes": staticmethod(nodes),
        "resolve_page_info": staticmethod(page_info),
    }
    return type(f"{name}Page", (ObjectType,), fields)


def many(node: Any, **arguments: Any) -> Any:
    """A field that is a list without holes."""
    return graphene.List(graphene.NonNull(node), required=True, **arguments)


def search_argument() -> Any:
    """`search` of a connection field whose rows have words."""
    return graphene.String(description="beginnings of words; marks do not matter")


def page_arguments() -> dict[str, Any]:
    """`first` and `after` of every connection field."""
    return {
        "first": graphene.Int(description=f"1 to {MAX_FIRST}, {DEFAULT_FIRST} by default"),
        "after": graphene.String(description="a cursor of an earlier answer"),
    }
