"""The map through GraphQL, as of a day; nobody needs a token for it."""

from typing import Any

from tests.journeys.conftest import As
from tests.reform import check_both_ends

DEMANDED = """{
  now: unit(code: "96", asOf: "2025-07-01") { name children { totalCount } }
  before: unit(code: "96", asOf: "2025-06-30") { children { totalCount } descendants(level: COMMUNE) { totalCount } }
}"""
ENDS = "{ unit { code name } part seat }"


def test_ca_mau_has_64_communes_and_had_9_districts_with_100(someone: As) -> None:
    found = someone().data(DEMANDED)
    assert found["now"] == {"name": "Tỉnh Cà Mau", "children": {"totalCount": 64}}
    assert found["before"] == {"children": {"totalCount": 9}, "descendants": {"totalCount": 100}}


def test_ca_mau_had_101_communes_and_from_december_2024_100(someone: As) -> None:
    document = 'query ($day: Date!) { unit(code: "96", asOf: $day) { descendants(level: COMMUNE) { totalCount } } }'
    counts = [
        someone().data(document, day=day)["unit"]["descendants"]["totalCount"]
        for day in ("2023-08-31", "2024-11-30", "2024-12-01", "2025-06-30")
    ]
    assert counts == [101, 101, 100, 100]


def test_a_ward_that_went_in_two_parts_before_the_reform_names_both(someone: As) -> None:
    old = someone().data(f'{{ unit(code: "32011", asOf: "2024-11-30") {{ name successors {ENDS} }} }}')["unit"]
    assert old["name"] == "Phường 4"
    assert by_code(old["successors"]) == {
        "32002": ("Phường 2", True, False),
        "32022": ("Phường Tân Xuyên", True, False),
    }
    kept = someone().data('{ unit(code: "32230", asOf: "2025-06-30") { successors { part on unit { code kind } } } }')
    assert kept["unit"]["successors"] == [
        {"part": False, "on": "2025-07-01", "unit": {"code": "32212", "kind": "Xã"}},
        {"part": True, "on": "2024-12-01", "unit": {"code": "32212", "kind": "Thị trấn"}},
    ]


def test_a_day_before_the_map_is_known_is_not_answered_with_a_guess(someone: As) -> None:
    document = 'query ($day: Date!) { unit(code: "96", asOf: $day) { children { totalCount } } }'
    assert someone().codes(document, day="2023-08-30") == ["MAP_NOT_KNOWN"]
    assert someone().codes(document, day="2023-08-31") == []
    assert someone().codes(document.replace('"96"', '"95"'), day="2024-12-01") == ["MAP_NOT_KNOWN"]


def test_a_split_commune_names_what_it_became_and_each_of_these_what_it_came_from(someone: As) -> None:
    document = f'{{ unit(code: "32242", asOf: "2025-06-30") {{ name successors {ENDS} }} }}'
    old = someone().data(document)["unit"]
    assert old["name"] == "Xã Viên An"
    assert by_code(old["successors"]) == {
        "32201": ("Xã Đất Mới", True, False),
        "32248": ("Xã Đất Mũi", True, True),
    }
    for code, seat in (("32201", False), ("32248", True)):
        new = someone().data(f'{{ unit(code: "{code}") {{ predecessors {ENDS} }} }}')["unit"]
        assert by_code(new["predecessors"])["32242"] == ("Xã Viên An", True, seat)


def test_the_64_came_from_100_and_64_of_which_19_were_split_told_alike_from_both_ends(someone: As) -> None:
    check_both_ends(someone().data)


def test_two_provinces_became_one(someone: As) -> None:
    document = f"""{{
      camau: unit(code: "96", asOf: "2025-06-30") {{ id successors {ENDS} }}
      baclieu: unit(code: "95", asOf: "2025-06-30") {{ successors {ENDS} }}
      now: unit(code: "96") {{ id predecessors {ENDS} }}
      gone: unit(code: "95") {{ name }}
    }}"""
    found = someone().data(document)
    assert by_code(found["camau"]["successors"]) == {"96": ("Tỉnh Cà Mau", False, True)}
    assert by_code(found["baclieu"]["successors"]) == {"96": ("Tỉnh Cà Mau", False, True)}
    assert {(code, name, part) for code, (name, part, _) in by_code(found["now"]["predecessors"]).items()} == {
        ("96", "Tỉnh Cà Mau", False),
        ("95", "Tỉnh Bạc Liêu", False),
    }
    assert found["camau"]["id"] != found["now"]["id"]
    assert found["gone"] is None


def by_code(ends: list[dict[str, Any]]) -> dict[str, tuple[str, bool, bool]]:
    """Ends of successions by the unit's code."""
    return {end["unit"]["code"]: (end["unit"]["name"], end["part"], end["seat"]) for end in ends}
