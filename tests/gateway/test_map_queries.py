"""The map through GraphQL: public, as of any day it is known."""

import pytest

from tests.gateway.asking import Gateway
from tests.reform import check_both_ends

THE_DOCUMENT = """{ now: unit(code: "96", asOf: "2025-07-01") { name children { totalCount } }
before: unit(code: "96", asOf: "2025-06-30") { children { totalCount } descendants(level: COMMUNE) { totalCount } } }"""


def test_the_document_the_system_was_ordered_with_answers_64_9_and_100(gateway: Gateway) -> None:
    data = gateway.data(THE_DOCUMENT)
    assert data["now"] == {"name": "Tỉnh Cà Mau", "children": {"totalCount": 64}}
    assert data["before"] == {"children": {"totalCount": 9}, "descendants": {"totalCount": 100}}


@pytest.mark.parametrize("day", ["2023-08-30", "1975-04-30"])
def test_a_day_before_the_map_is_known_has_its_own_code(gateway: Gateway, day: str) -> None:
    assert gateway.code('query($d: Date) { unit(code: "96", asOf: $d) { name } }', d=day) == "MAP_NOT_KNOWN"


def test_a_code_nobody_carries_is_null(gateway: Gateway) -> None:
    assert gateway.data('{ unit(code: "95") { name } }') == {"unit": None}
    assert gateway.data(r'{ unit(code: "9\u0000") { name } }') == {"unit": None}


def test_successors_and_predecessors_meet(gateway: Gateway) -> None:
    forth = """{ unit(code: "32029", asOf: "2025-06-30") {
        successors { part seat on unit { code name validFrom parent { name } predecessors { unit { code } part } } }
    } }"""
    parts = gateway.data(forth)["unit"]["successors"]
    assert [p["seat"] for p in parts] == [True, False]
    assert all(p["part"] and p["on"] == "2025-07-01" and p["unit"]["parent"]["name"] == "Tỉnh Cà Mau" for p in parts)
    assert all({"unit": {"code": "32029"}, "part": True} in p["unit"]["predecessors"] for p in parts)


def test_the_64_came_from_100_and_64_of_which_19_were_split_told_alike_from_both_ends(gateway: Gateway) -> None:
    check_both_ends(gateway.data)


def test_a_predecessor_is_seen_on_its_last_day(gateway: Gateway) -> None:
    document = '{ unit(code: "96") { predecessors { unit { code children { totalCount } } } } }'
    found = gateway.data(document)["unit"]["predecessors"]
    counts = {each["unit"]["code"]: each["unit"]["children"]["totalCount"] for each in found}
    assert counts == {"96": 9, "95": 7}


def test_pages_of_children_join_without_seam(gateway: Gateway) -> None:
    document = """query($from: String) { unit(code: "96") { children(first: 25, after: $from) {
        edges { cursor node { code } } nodes { code } pageInfo { hasNextPage endCursor } } } }"""
    codes: list[dict[str, str]] = []
    start = None
    for expected in (25, 25, 14):
        page = gateway.data(document, **{"from": start or ""})["unit"]["children"]
        assert [e["node"] for e in page["edges"]] == page["nodes"]
        assert len(page["nodes"]) == expected
        assert page["pageInfo"]["endCursor"] == page["edges"][-1]["cursor"]
        codes += page["nodes"]
        start = page["pageInfo"]["endCursor"]
    assert len({node["code"] for node in codes}) == 64


@pytest.mark.parametrize("after", ["x", "e30", "WyJ0eCJd", "WyJiMDAiLCJ0YSIsInRiIl0", "💥", "W10"])
def test_a_cursor_not_ours_is_invalid_input(gateway: Gateway, after: str) -> None:
    document = 'query($from: String) { unit(code: "96") { children(after: $from) { nodes { code } } } }'
    answer = gateway.ask(document, **{"from": after})
    assert answer["errors"][0]["extensions"] == {"code": "INVALID_INPUT", "field": "after"}


def test_levels_and_days_are_checked_by_the_schema(gateway: Gateway) -> None:
    assert gateway.code('{ unit(code: "96", asOf: "30/6/2025") { name } }') == "GRAPHQL_VALIDATION_FAILED"
    assert gateway.code('query($d: Date) { unit(code: "96", asOf: $d) { name } }', d="hôm qua") == "INVALID_INPUT"


def test_communes_are_found_by_what_people_type(gateway: Gateway) -> None:
    document = "query($t: String!) { searchUnits(text: $t) { unit { code name } province formerly part } }"
    found = gateway.data(document, t="tac van ca mau")["searchUnits"]
    assert {f["formerly"] for f in found} == {"Xã Tắc Vân"}
    assert all(f["part"] and f["province"] == "Tỉnh Cà Mau" for f in found)


def test_hundreds_of_units_cost_a_handful_of_queries(gateway: Gateway) -> None:
    from sqlalchemy import event  # noqa: PLC0415

    statements: list[str] = []
    engine = gateway.parts.database.engine

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        gateway.data("""{ unit(code: "96") { children(first: 100) { nodes { name parent { name }
            predecessors { part unit { name children { totalCount } } } hamlets { totalCount } } } } }""")
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len([s for s in statements if "map_" in s]) < 12
