"""Reorganisations through GraphQL: looked at, decided, in force on their day, and what they leave to be done."""

from typing import Any

import pytest
from sqlalchemy import event

from tests.gateway.running import HERE, OUTCOME, THERE, Running
from tests.gateway.test_commands import SUBMIT
from tests.gateway.test_enterprises import register
from tests.gateway.test_learning import SCHEDULE

ARGUMENTS = "on: $on, operations: $operations, decisionNo: $no, decisionDate: $day"
VARIABLES = "($on: Date!, $operations: [OperationInput!]!, $no: String, $day: Date)"
PREVIEW = """{ accepted code message field units hamlets teams { id name } members households openCases
    warnings { code about } }"""
NEXT_MONTH, EVE = "2026-12-01", "2026-11-30"
THIS_MONTH = "2026-11-01"


def told(operations: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    return {"operations": operations, "on": NEXT_MONTH, "no": "30/NQ-HĐND", "day": "2026-10-01", **changes}


def reorganise(running: Running, token: str, *operations: dict[str, Any], **changes: Any) -> dict[str, Any]:
    document = f"mutation{VARIABLES} {{ reorganise({ARGUMENTS}) {OUTCOME} }}"
    outcome = running.do(document, token, **told(list(operations), **changes))
    running.settle()
    return outcome


def preview(running: Running, token: str, *operations: dict[str, Any], **changes: Any) -> dict[str, Any]:
    document = f"mutation{VARIABLES} {{ previewReorganisation({ARGUMENTS}) {PREVIEW} }}"
    return running.do(document, token, **told(list(operations), **changes))


def to_reform(running: Running, day: str, unit: str = "31843") -> list[tuple[str, str, list[str]]]:
    document = """query($day: Date!, $unit: String!) { teamsToReform(unit: $unit, asOf: $day) { nodes {
        team { id } reason proposed { name } } } }"""
    nodes = running.gateway.data(document, running.province, day=day, unit=unit)["teamsToReform"]["nodes"]
    return [(node["team"]["id"], node["reason"], [hamlet["name"] for hamlet in node["proposed"]]) for node in nodes]


def hamlets(running: Running, day: str, unit: str = "31843") -> list[str]:
    document = """query($day: Date!, $unit: String!) { unit(code: $unit, asOf: $day) { hamlets { nodes { name } } } }"""
    found = running.gateway.data(document, running.province, day=day, unit=unit)["unit"]
    return [hamlet["name"] for hamlet in found["hamlets"]["nodes"]]


def merged(one: str, other: str) -> list[dict[str, Any]]:
    founded = {"do": "FOUND", "place": "HAMLET", "label": "mới", "name": "Ấp Thống Nhất", "kind": "Ấp", "to": "31843"}
    return [founded, {"do": "MERGE", "place": "HAMLET", "units": [one, other], "to": "mới"}]


def test_a_hamlet_merge_dated_next_month_is_previewed_performed_and_leaves_teams_to_reform_on_its_day(
    running: Running,
) -> None:
    one, team, _ = running.founded()
    other = running.hamlet(running.here, name="Ấp Ngoại Ô")["id"]
    running.settle()
    seen = preview(running, running.here, *merged(one, other))
    assert (seen["accepted"], seen["hamlets"], seen["households"]) == (True, 2, 1)
    assert [found["id"] for found in seen["teams"]] == [team]
    assert hamlets(running, NEXT_MONTH) == ["Ấp Ngoại Ô", "Ấp Nội Ô"]  # a preview records nothing

    assert reorganise(running, running.here, *merged(one, other))["accepted"]
    assert hamlets(running, EVE) == ["Ấp Ngoại Ô", "Ấp Nội Ô"]
    assert hamlets(running, NEXT_MONTH) == ["Ấp Thống Nhất"]
    assert to_reform(running, EVE) == []
    assert to_reform(running, NEXT_MONTH) == [(team, "Ấp Nội Ô không còn", ["Ấp Thống Nhất"])]
    assert one not in str(preview(running, running.here, *merged(one, other), on="2027-01-01")["teams"])


def test_a_commune_that_goes_whole_takes_everything_along(running: Running) -> None:
    _, team, _ = running.founded()
    operation = {"do": "MERGE", "units": ["31843"], "to": "31849"}
    seen = preview(running, running.province, operation)
    assert (seen["accepted"], seen["units"], seen["hamlets"], seen["households"]) == (True, 1, 1, 1)
    assert reorganise(running, running.province, operation)["accepted"]
    document = """query($day: Date!) { unit(code: "96", asOf: $day) { children { nodes { code } }
        hamlets { totalCount } teams { totalCount } coverage { households } } }"""
    before, after = (running.gateway.data(document, running.province, day=day)["unit"] for day in (EVE, NEXT_MONTH))
    assert [child["code"] for child in before["children"]["nodes"]] == ["31843", "31849"]
    assert [child["code"] for child in after["children"]["nodes"]] == ["31849"]
    for found in (before, after):
        assert (found["hamlets"]["totalCount"], found["teams"]["totalCount"]) == (1, 1)
        assert found["coverage"]["households"] == 1
    assert hamlets(running, NEXT_MONTH, "31849") == ["Ấp Nội Ô"]
    assert [row[0] for row in to_reform(running, NEXT_MONTH, "31849")] == [team]
    assert to_reform(running, EVE) == []


def test_a_commune_divided_asks_for_a_choice_for_each_hamlet(running: Running) -> None:
    chosen = running.hamlet(running.here)["id"]
    left = running.hamlet(running.here, name="Ấp Ngoại Ô")["id"]
    running.settle()
    founded = {"do": "FOUND", "label": "mới", "name": "Xã Mới", "kind": "Xã", "level": "commune", "code": "31999"}
    split = {"do": "SPLIT", "unit": "31843", "into": ["mới", "31849"], "seat": "mới"}
    move = {"do": "TRANSFER", "place": "HAMLET", "unit": chosen, "to": "mới"}
    operations: list[dict[str, Any]] = [{**founded, "parent": "96"}, split, move]
    seen = preview(running, running.province, *operations)
    assert seen["accepted"]
    warned = [(warning["code"], warning["about"]) for warning in seen["warnings"]]
    assert warned == [("CHOICE_NEEDED", left), ("WEIGHT_NOT_STATED", str(HERE))]
    assert reorganise(running, running.province, *operations)["accepted"]
    assert hamlets(running, NEXT_MONTH, "31999") == ["Ấp Nội Ô"]
    assert hamlets(running, NEXT_MONTH, "31849") == []  # of the other nobody said to which part it belongs
    assert hamlets(running, NEXT_MONTH, "96") == ["Ấp Ngoại Ô", "Ấp Nội Ô"]
    late = {"do": "TRANSFER", "place": "HAMLET", "unit": left, "to": "31849"}
    assert reorganise(running, running.province, late)["accepted"]
    assert hamlets(running, NEXT_MONTH, "31849") == ["Ấp Ngoại Ô"]
    assert hamlets(running, EVE, "96") == ["Ấp Ngoại Ô", "Ấp Nội Ô"]


def test_a_unit_that_changes_its_name_keeps_the_old_one_for_the_days_before(running: Running) -> None:
    rename = {"do": "RENAME", "unit": "31843", "name": "Phường Hồng Dân", "kind": "Phường"}
    assert reorganise(running, running.province, rename)["accepted"]
    document = 'query($day: Date!) { unit(code: "31843", asOf: $day) { name kind } }'
    assert running.gateway.data(document, None, day=EVE)["unit"] == {"name": "Xã Hồng Dân", "kind": "Xã"}
    renamed = {"name": "Phường Hồng Dân", "kind": "Phường"}
    assert running.gateway.data(document, None, day=NEXT_MONTH)["unit"] == renamed


def test_a_tier_is_abolished_by_its_name(running: Running) -> None:
    abolish = {"do": "ABOLISH", "level": "commune", "unit": "96"}
    assert preview(running, running.province, abolish)["units"] == 2
    district = {"do": "ABOLISH", "level": "district", "unit": "96"}
    assert preview(running, running.province, district)["code"] == "NOT_FOUND"


def test_what_the_registry_refuses_is_told_before_and_after(running: Running) -> None:
    circle = [{"do": "MERGE", "units": ["31843"], "to": "31849"}, {"do": "MERGE", "units": ["31849"], "to": "31843"}]
    assert preview(running, running.province, *circle)["code"] == "SUCCESSION_CYCLE"
    refused = reorganise(running, running.province, *circle)
    assert (refused["code"], refused["field"]) == ("SUCCESSION_CYCLE", "operations.0")
    late = reorganise(running, running.province, circle[0], day="2027-01-01")
    assert (late["code"], late["field"]) == ("DECISION_IN_FUTURE", "decisionDate")


def test_a_unit_is_the_provinces_to_change_and_a_hamlet_its_communes(running: Running) -> None:
    hamlet = running.hamlet(running.here)["id"]
    running.settle()
    unit = {"do": "RENAME", "unit": "31843", "name": "Xã Khác", "kind": "Xã"}
    assert reorganise(running, running.here, unit)["code"] == "FORBIDDEN"
    theirs = {"do": "RENAME", "place": "HAMLET", "unit": hamlet, "name": "Ấp Khác", "kind": "Ấp"}
    assert reorganise(running, running.there, theirs)["code"] == "NOT_FOUND"
    assert reorganise(running, running.here, theirs)["accepted"]
    away = {"do": "TRANSFER", "place": "HAMLET", "unit": hamlet, "to": "31849"}
    assert reorganise(running, running.here, away)["code"] == "NOT_FOUND"
    assert reorganise(running, running.province, away)["accepted"]


@pytest.mark.parametrize(
    ("operation", "field"),
    [
        ({"do": "FOUND", "name": "Xã", "kind": "Xã", "level": "commune", "code": "1"}, "operations.0.label"),
        ({"do": "MERGE", "to": "31849"}, "operations.0.units"),
        ({"do": "SPLIT", "unit": "31843"}, "operations.0.into"),
        ({"do": "RENAME", "unit": "31843", "name": "Xã"}, "operations.0.kind"),
        ({"do": "MERGE", "place": "HAMLET", "units": ["Ấp 1"], "to": "Ấp 2"}, "operations.0.units"),
        ({"do": "MERGE", "units": ["99999"], "to": "31849"}, "operations.0.units"),
    ],
)
def test_what_an_operation_lacks_is_named(running: Running, operation: dict[str, Any], field: str) -> None:
    assert reorganise(running, running.province, operation)["field"] == field


def test_what_was_decided_is_told_by_unit(running: Running) -> None:
    rename = {"do": "RENAME", "unit": "31843", "name": "Phường Hồng Dân", "kind": "Phường"}
    about = reorganise(running, running.province, rename)["id"]
    document = """query($unit: ID) { reorganisations(unit: $unit) { totalCount nodes {
        id on decisionNo decisionDate operations } } }"""
    found = running.gateway.data(document, None, unit=str(HERE))["reorganisations"]
    (one,) = found["nodes"]
    assert (one["id"], one["on"], one["decisionNo"]) == (about, NEXT_MONTH, "30/NQ-HĐND")
    assert '"do":"rename"' in one["operations"]
    assert running.gateway.data(document, None, unit=str(THERE))["reorganisations"]["totalCount"] == 0


def homes(running: Running) -> dict[str, set[str]]:
    """Of each kind of thing: the codes of the communes it is shown in today."""
    document = """{ teams { nodes { commune { code } hamlets { commune { code } } } }
        cases { nodes { commune { code } } } enterprises { nodes { commune { code } } }
        trainings { nodes { unit { code } } } unit(code: "96") { hamlets { nodes { commune { code } } } } }"""
    found = running.gateway.data(document, running.province)
    served = [hamlet for team in found["teams"]["nodes"] for hamlet in team["hamlets"]]
    lists = {name: found[name]["nodes"] for name in ("teams", "cases", "enterprises", "trainings")}
    lists |= {"served": served, "hamlets": found["unit"]["hamlets"]["nodes"]}
    return {name: {(row.get("commune") or row["unit"])["code"] for row in rows} for name, rows in lists.items()}


def one_of_each(running: Running) -> None:
    running.founded()
    assert register(running, "Công ty A", 301)["accepted"]
    assert running.do(SUBMIT, running.here, c="31843", text="Chưa đăng nhập được")["accepted"]
    assert running.do(SCHEDULE, running.here, u="31843")["accepted"]
    running.settle()


KINDS = ("teams", "cases", "enterprises", "trainings", "served", "hamlets")


@pytest.mark.parametrize(("on", "code"), [(NEXT_MONTH, "31843"), (THIS_MONTH, "31849")])
def test_a_thing_is_shown_in_the_commune_it_belongs_to_today(running: Running, on: str, code: str) -> None:
    one_of_each(running)
    merger = {"do": "MERGE", "units": ["31843"], "to": "31849"}
    assert reorganise(running, running.province, merger, on=on)["accepted"]
    assert homes(running) == {kind: {code} for kind in KINDS}


def test_what_came_along_is_the_new_commune_s_to_write_about(running: Running) -> None:
    firm = register(running, "Công ty A", 301)["id"]
    running.settle()
    count = f"""mutation($e: ID!) {{ countEnterprise(enterprise: $e, workers: 302, manyFromElsewhere: true,
        countedOn: "2026-11-10") {OUTCOME} }}"""
    assert running.do(count, running.there, e=firm)["code"] == "NOT_FOUND"
    merger = {"do": "MERGE", "units": ["31843"], "to": "31849"}
    assert reorganise(running, running.province, merger, on=THIS_MONTH)["accepted"]
    assert running.do(count, running.there, e=firm)["accepted"]


def test_a_thing_of_a_commune_that_was_divided_is_shown_in_it_until_somebody_chooses(running: Running) -> None:
    one_of_each(running)
    founded = {"do": "FOUND", "label": "mới", "name": "Xã Mới", "kind": "Xã", "level": "commune", "code": "31999"}
    split = {"do": "SPLIT", "unit": "31843", "into": ["mới", "31849"], "seat": "mới"}
    assert reorganise(running, running.province, {**founded, "parent": "96"}, split, on=THIS_MONTH)["accepted"]
    assert homes(running) == {kind: {"31843"} for kind in KINDS}


def test_the_communes_of_many_teams_cost_a_statement_for_all_and_one_for_each_merger(running: Running) -> None:
    for token, commune in ((running.here, HERE), (running.there, THERE)):
        hamlet = running.hamlet(token, commune)["id"]
        for _ in range(3):
            assert running.team(token, hamlet, commune=commune)["accepted"]
    founded = {"do": "FOUND", "label": "mới", "name": "Xã Mới", "kind": "Xã", "level": "commune", "code": "31999"}
    first, second = {"do": "MERGE", "units": ["31843"], "to": "31849"}, {"do": "MERGE", "units": ["31849"], "to": "mới"}
    assert reorganise(running, running.province, first, on=THIS_MONTH)["accepted"]
    assert reorganise(running, running.province, {**founded, "parent": "96"}, second, on="2026-11-10")["accepted"]

    def asked(field: str) -> tuple[list[Any], int]:
        engine, statements = running.gateway.parts.database.engine, list[str]()

        def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            statements.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        try:
            found = running.gateway.data(f"{{ teams {{ nodes {{ {field} }} }} }}", running.province)["teams"]["nodes"]
        finally:
            event.remove(engine, "before_cursor_execute", note)
        return found, len([one for one in statements if "FROM map_" in one])

    _, before = asked("id")
    nodes, with_communes = asked("commune { code }")
    assert [node["commune"]["code"] for node in nodes] == ["31999"] * 6
    assert with_communes - before <= 4
