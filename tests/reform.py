"""What the reform made of Cà Mau, asked through GraphQL from both ends."""

from collections.abc import Callable
from typing import Any

REFORM = "2025-07-01"
"""Some of them had given a part away before."""
Ask = Callable[..., dict[str, Any]]
"""`(document, **variables) -> data`."""

NEW = """query($a: String) { unit(code: "96") { children(first: 40, after: $a) { pageInfo { hasNextPage endCursor }
    nodes { id predecessors { part unit { id } } } } } }"""
OLD = """query($c: String!, $a: String) { unit(code: $c, asOf: "2025-06-30") { descendants(level: COMMUNE, first: 40,
    after: $a) { pageInfo { hasNextPage endCursor } nodes { id successors { part on unit { id } } } } } }"""

Edges = set[tuple[str, str, bool]]
"""(old commune, new commune, only a part)."""


def the_64_and_what_they_came_from(ask: Ask) -> tuple[set[str], Edges]:
    """The communes of today's Cà Mau, and each succession as these tell it."""
    nodes = _all(lambda after: ask(NEW, a=after)["unit"]["children"])
    found = {(one["unit"]["id"], node["id"], one["part"]) for node in nodes for one in node["predecessors"]}
    return {node["id"] for node in nodes}, found


def communes_of_old(ask: Ask, code: str) -> tuple[set[str], Edges]:
    """The communes a province had on its last day, and each succession as these tell it."""
    nodes = _all(lambda after: ask(OLD, c=code, a=after)["unit"]["descendants"])
    then = {node["id"]: [one for one in node["successors"] if one["on"] == REFORM] for node in nodes}
    return set(then), {(old, one["unit"]["id"], one["part"]) for old, went in then.items() for one in went}


def check_both_ends(ask: Ask) -> None:
    """64 of today came from 100 and 64 of old, of which 19 of old Cà Mau were split; both ends say the same."""
    new, told_by_new = the_64_and_what_they_came_from(ask)
    ca_mau, told_by_ca_mau = communes_of_old(ask, "96")
    bac_lieu, told_by_bac_lieu = communes_of_old(ask, "95")
    assert (len(new), len(ca_mau), len(bac_lieu)) == (64, 100, 64)
    assert {old for old, _, _ in told_by_new} == ca_mau | bac_lieu
    assert {one for _, one, _ in told_by_ca_mau | told_by_bac_lieu} == new
    assert told_by_new == told_by_ca_mau | told_by_bac_lieu
    assert len({old for old, _, part in told_by_ca_mau if part}) == 19
    assert len({old for old, _, part in told_by_bac_lieu if part}) == 0
    assert all(sum(edge[0] == old for edge in told_by_ca_mau) > 1 for old, _, part in told_by_ca_mau if part)


def _all(page: Callable[[str | None], dict[str, Any]]) -> list[dict[str, Any]]:
    found, after = list[dict[str, Any]](), None
    while True:
        one = page(after)
        found += one["nodes"]
        if not one["pageInfo"]["hasNextPage"]:
            return found
        after = one["pageInfo"]["endCursor"]
