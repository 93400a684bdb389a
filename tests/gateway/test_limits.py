"""Hostile documents are refused, quickly and with a code, and honest ones pass."""

import time
from typing import Any

import pytest
from graphql import get_introspection_query, parse

from gateway.errors import TooMuch
from gateway.limits import MOST_BODY_BYTES, check_shape
from tests.gateway.asking import Gateway

UNIT = 'unit(code: "96")'


def nested(levels: int) -> str:
    return f"{{ {UNIT} " + "{ parent " * (levels - 2) + "{ name " + "}" * levels


def doubling(fragments: int, body: str = "name") -> str:
    """A document of a few hundred bytes that unfolds to 2 ** fragments fields."""
    parts = [f"fragment F{n} on Unit {{ ...F{n + 1} ...F{n + 1} }}" for n in range(fragments)]
    return " ".join([f"{{ {UNIT} {{ ...F0 }} }}", *parts, f"fragment F{fragments} on Unit {{ {body} }}"])


HOSTILE = {
    "too deep": (nested(9), "TOO_DEEP"),
    "very deep": (nested(150), "TOO_DEEP"),
    "deep through fragments": (
        f"{{ {UNIT} {{ ...F0 }} }} "
        + " ".join(f"fragment F{n} on Unit {{ parent {{ ...F{n + 1} }} }}" for n in range(8))
        + " fragment F8 on Unit { name }",
        "TOO_DEEP",
    ),
    "aliases": ("{ " + " ".join(f'a{n}: unit(code: "{n}") {{ name }}' for n in range(16)) + " }", "TOO_MANY_FIELDS"),
    "inner aliases": (f"{{ {UNIT} {{ " + " ".join(f"a{n}: name" for n in range(16)) + " } }", "TOO_MANY_ALIASES"),
    "aliases doubled by fragments": (doubling(5, "a: name"), "TOO_MANY_ALIASES"),
    "roots doubled by fragments": (
        "{ ...R } fragment R on Query { ...S ...S ...S } fragment S on Query { " + "me { sub } " * 4 + "}",
        "TOO_MANY_FIELDS",
    ),
    "same field": ("{ " + "me { sub } " * 11 + "}", "TOO_MANY_FIELDS"),
    "one field over and over": (f"{{ {UNIT} {{ " + "name " * 900 + "} }", "TOO_MANY_FIELDS"),
    "one fragment over and over": (
        f"{{ {UNIT} {{ " + "...F " * 300 + "} } fragment F on Unit { name }",
        "TOO_MANY_FIELDS",
    ),
    "fields doubled by fragments": (doubling(60), "TOO_MANY_FIELDS"),
    "cycle of one": (f"{{ {UNIT} {{ ...A }} }} fragment A on Unit {{ ...A }}", "GRAPHQL_VALIDATION_FAILED"),
    "cycle of two": (
        f"{{ {UNIT} {{ ...A }} }} fragment A on Unit {{ parent {{ ...B }} }} fragment B on Unit {{ ...A }}",
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "tokens": ("{ " + "me " * 1001 + "}", "GRAPHQL_PARSE_FAILED"),
    "bytes": ("{ me { sub } } #" + "x" * 33_000, "TOO_LARGE"),
    "inline fragments": ("{ " + "... { " * 240 + "me { sub }" + " }" * 240 + " }", None),
    "braces": ("{" * 999, "GRAPHQL_PARSE_FAILED"),
    "long lists": (
        f"{{ {UNIT} {{ " + "children(first: 100) { nodes { " * 2 + "hamlets(first: 100) { nodes { id } }" + " } }" * 3,
        "TOO_COSTLY",
    ),
    "long list without end": (f"{{ {UNIT} {{ children(first: 101) {{ nodes {{ name }} }} }} }}", "INVALID_INPUT"),
    "no list at all": (f"{{ {UNIT} {{ children(first: 0) {{ nodes {{ name }} }} }} }}", "INVALID_INPUT"),
    "wide introspection": ("{ __schema { " + "types { name } " * 240 + "} }", "TOO_MANY_FIELDS"),
    "nested introspection": (
        "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }",
        "GRAPHQL_VALIDATION_FAILED",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_asks_too_much_is_refused_with_its_code(edge: Gateway, name: str) -> None:
    document, code = HOSTILE[name]
    answer = edge.ask(document)
    if code is not None:
        assert {e["extensions"]["code"] for e in answer["errors"]} == {code}, answer


def test_doubling_fragments_cost_no_time() -> None:
    document = parse(doubling(60))
    started = time.process_time()
    with pytest.raises(TooMuch):
        check_shape(document)
    assert time.process_time() - started < 1, "2 ** 60 would never end"


def test_a_cost_hidden_in_a_variable_is_seen(edge: Gateway) -> None:
    document = """query($n: Int) { unit(code: "96") { children(first: $n) { nodes {
        descendants(level: COMMUNE, first: $n) { nodes { hamlets(first: $n) { nodes { id } } } } } } } }"""
    assert edge.code(document, n=100) == "TOO_COSTLY"
    assert edge.data(document, n=2)["unit"] is not None


def test_totals_of_long_lists_cost_nothing(edge: Gateway) -> None:
    document = '{ unit(code: "96") { children(first: 100) { nodes { children(first: 100) { totalCount } } } } }'
    assert len(edge.data(document)["unit"]["children"]["nodes"]) == 64


def test_a_body_too_large_is_413_before_it_is_read_whole(edge: Gateway) -> None:
    document: dict[str, Any] = {"query": "{ me { sub } }", "variables": {"x": "x" * MOST_BODY_BYTES}}
    answer = edge.client.post("/graphql", json=document)
    assert answer.status_code == 413


def test_the_standard_introspection_query_passes_in_development(edge: Gateway) -> None:
    assert edge.data(get_introspection_query())["__schema"]["queryType"]["name"] == "Query"


def test_the_depth_that_is_allowed_is_allowed(edge: Gateway) -> None:
    check_shape(parse(nested(8)))
    with pytest.raises(TooMuch):
        check_shape(parse(nested(9)))
    assert edge.data(nested(8)) is not None
