"""Files of units: new ones under those the province holds, known ones left alone, given out as of any day."""

import unicodedata
from typing import Any
from uuid import UUID

import pytest

from gateway.roster.files import COLUMNS, PLACE
from gateway.viewer import Role
from services.kernel.clock import to_text
from services.registry.unit import unit_id
from tests.gateway.asking import NOW, Gateway
from tests.gateway.running import HERE, PROVINCE, THERE, Running
from tests.gateway.test_reorganisations import EVE, NEXT_MONTH, reorganise
from tests.gateway.test_roster import events, export, faults, file, imported, post

HONG_DAN = ("31843", "Xã Hồng Dân", "Xã", "xã", "96", "01/07/2025")
NEW = ("31990", "Phường Tân Lập", "Phường", "xã", "96", "01/10/2026")
OTHER = ("31993", "Xã Đất Mũi", "Xã", "xã", "96", "2026-10-01")
ROWS = [NEW, OTHER]
OTHER_PROVINCE = unit_id("current", "province", "92")


def told(row: tuple[str, ...] = NEW, *place: str, **cells: str) -> list[str]:
    """A row, some of its cells otherwise, what was measured after them."""
    names = [name.replace(" ", "_") for name in (*COLUMNS["units"], *PLACE)]
    return list((dict(zip(names, (*row, *place), strict=False)) | cells).values())


def take(running: Running, *rows: Any, **how: Any) -> dict[str, Any]:
    return imported(running, "units", rows, running.province, **how)


def wrong(running: Running, *rows: Any, **how: Any) -> list[tuple[int, str]]:
    return faults(running, "units", *rows, token=running.province, **how)


def rules(running: Running, body: bytes) -> list[tuple[int, str, str]]:
    answer = post(running, "units", body, token=running.province).json()
    return [(fault["line"], fault["column"], fault["rule"]) for fault in answer["faults"]]


def unchanged(running: Running, body: bytes, rows: int) -> None:
    """A file that is taken in whole and says nothing new."""
    before = events(running)
    answer = post(running, "units", body, "apply", running.province).json()
    assert (answer["faults"], answer["unchanged"], answer["imported"]["accepted"]) == ([], rows, 0)
    assert events(running) == before


def register(running: Running, **told: Any) -> UUID:
    """A unit as the national map brings it."""
    unit = {"regime": "current", "kind": "Xã", "valid_from": "2025-07-01", "actor": "test", "at": to_text(NOW), **told}
    (answer,) = running.embedded.runtimes["registry"].execute_many([("register_unit", unit)])
    assert answer.accepted, answer
    running.settle()
    return unit_id(unit["regime"], unit["level"], unit["code"])


def another_province(running: Running) -> None:
    register(running, code="92", name="Thành phố Cần Thơ", level="province", kind="Thành phố")
    register(running, code="31117", name="Phường Ninh Kiều", level="commune", parent=str(OTHER_PROVINCE))


def asked(running: Running, code: str) -> Any:
    document = "query($c: String!) { unit(code: $c) { id name kind level lat lon parent { code } } }"
    return running.gateway.data(document, None, c=code)["unit"]


def test_new_units_come_in_under_a_unit_the_province_holds(running: Running) -> None:
    rows = [told(NEW, "9,1768", "105,15", "12,5"), told(OTHER, "", "", "")]
    done = take(running, *rows, separator=";", more=PLACE)
    assert (done["changes"], done["imported"]["accepted"]) == (2, 2)
    assert asked(running, "31990") == {
        "id": str(unit_id("current", "commune", "31990")),
        "name": "Phường Tân Lập",
        "kind": "Phường",
        "level": "COMMUNE",
        "lat": 9.1768,
        "lon": 105.15,
        "parent": {"code": "96"},
    }
    assert asked(running, "31993")["lat"] is None, "not said is not known"


@pytest.mark.parametrize("mark", [True, False], ids=["mark", "no mark"])
@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_mark_separator_and_letters_make_no_difference(running: Running, mark: bool, separator: str, form: Any) -> None:
    body = unicodedata.normalize(form, file("units", ROWS, separator, mark).decode()).encode()
    answer = post(running, "units", body, "apply", running.province).json()
    assert (answer["faults"], answer["imported"]["accepted"]) == ([], 2)
    running.settle()
    assert asked(running, "31990")["name"] == unicodedata.normalize("NFC", "Phường Tân Lập")
    unchanged(running, file("units", ROWS), 2)


def test_a_preview_says_what_would_change_and_changes_nothing(running: Running) -> None:
    before = events(running)
    answer = post(running, "units", file("units", [HONG_DAN, NEW, told(OTHER, loại="")]), token=running.province).json()
    seen = {name: answer[name] for name in ("rows", "changes", "unchanged", "faultCount", "imported")}
    assert seen == {"rows": 3, "changes": 1, "unchanged": 1, "faultCount": 1, "imported": None}
    assert answer["faults"] == [{"line": 4, "column": "loại", "rule": "không được để trống"}]
    assert events(running) == before


def test_the_same_file_twice_changes_nothing_even_before_the_read_models_have_heard(running: Running) -> None:
    body = file("units", ROWS)
    post(running, "units", body, "apply", running.province)
    count = events(running)
    assert post(running, "units", body, "apply", running.province).json()["imported"]["refused"] == []
    running.settle()
    assert events(running) == count
    unchanged(running, body, 2)


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"mã_đơn_vị": ""}, "mã đơn vị"),
        ({"mã_đơn_vị": "1990"}, "mã đơn vị"),
        ({"mã_đơn_vị": "٣١٩٩٠"}, "mã đơn vị"),
        ({"tên_đơn_vị": ""}, "tên đơn vị"),
        ({"tên_đơn_vị": "ổ" * 300}, "tên đơn vị"),
        ({"tên_đơn_vị": "=HYPERLINK(1)"}, "tên đơn vị"),
        ({"tên_đơn_vị": "Xã Một\u0007"}, "tên đơn vị"),
        ({"loại": ""}, "loại"),
        ({"loại": "Xã;@SUM(1)"}, "loại"),
        ({"cấp": ""}, "cấp"),
        ({"cấp": "thôn"}, "cấp"),
        ({"cấp": "huyện"}, "mã đơn vị"),
        ({"cấp": "tỉnh", "mã_đơn_vị": "96"}, "mã cấp trên"),
        ({"cấp": "tỉnh", "mã_đơn_vị": "98", "mã_cấp_trên": ""}, "mã đơn vị"),
        ({"cấp": "huyện", "mã_đơn_vị": "960", "mã_cấp_trên": "31849"}, "mã cấp trên"),
        ({"mã_cấp_trên": ""}, "mã cấp trên"),
        ({"mã_cấp_trên": "6"}, "mã cấp trên"),
        ({"mã_cấp_trên": "98"}, "mã cấp trên"),
        ({"mã_cấp_trên": "31843"}, "mã cấp trên"),
        ({"từ_ngày": ""}, "từ ngày"),
        ({"từ_ngày": "31/09/2026"}, "từ ngày"),
        ({"từ_ngày": "30/06/2025"}, "từ ngày"),
        ({"vĩ_độ": "5,99"}, "vĩ độ"),
        ({"vĩ_độ": "24,01"}, "vĩ độ"),
        ({"vĩ_độ": "105,1", "kinh_độ": "9,1"}, "vĩ độ"),
        ({"vĩ_độ": "chín"}, "vĩ độ"),
        ({"vĩ_độ": "-9,1"}, "vĩ độ"),
        ({"vĩ_độ": ""}, "vĩ độ"),
        ({"kinh_độ": "101,99"}, "kinh độ"),
        ({"kinh_độ": "118.01"}, "kinh độ"),
        ({"kinh_độ": ""}, "kinh độ"),
        ({"diện_tích_km2": "0"}, "diện tích km2"),
        ({"diện_tích_km2": "400000,1"}, "diện tích km2"),
        ({"diện_tích_km2": "1.234,5"}, "diện tích km2"),
    ],
    ids=str,
)
def test_a_bad_cell_is_named_by_line_and_column(running: Running, cells: dict[str, str], column: str) -> None:
    bad = told(NEW, "9,1", "105,1", "12,5", **cells)
    quoted = [f'"{cell}"' if ";" in cell else cell for cell in bad]
    assert wrong(running, told(OTHER, "", "", ""), quoted, separator=";", more=PLACE) == [(3, column)]


def test_the_last_degrees_and_areas_that_are_taken_are_the_registry_s_too(running: Running) -> None:
    take(running, told(NEW, "6", "102", "0.00001"), told(OTHER, "24", "118", "400000"), more=PLACE)
    assert (asked(running, "31990")["lat"], asked(running, "31993")["lon"]) == (6, 118)


def test_a_fault_of_degrees_says_between_what_they_lie(running: Running) -> None:
    body = file("units", [told(NEW, "105,1", "9,1", "")], ";", more=PLACE)
    assert rules(running, body) == [(2, "vĩ độ", "phải từ 6 đến 24")]


def test_a_unit_told_twice_in_a_file_is_named(running: Running) -> None:
    assert wrong(running, NEW, told(NEW, tên_đơn_vị="Phường Khác")) == [(3, "mã đơn vị")]
    assert wrong(running, HONG_DAN, HONG_DAN) == [(3, "mã đơn vị")]


@pytest.mark.parametrize(
    ("cells", "column", "by_reorganisation"),
    [
        ({"tên_đơn_vị": "Xã Hồng Dân Mới"}, "tên đơn vị", True),
        ({"loại": "Phường"}, "loại", True),
        ({"mã_cấp_trên": "960"}, "mã cấp trên", True),
        ({"từ_ngày": "02/07/2025"}, "từ ngày", False),
        ({"vĩ_độ": "9,6"}, "vĩ độ", False),
        ({"kinh_độ": "105,5"}, "kinh độ", False),
        ({"diện_tích_km2": "3"}, "diện tích km2", False),
    ],
    ids=str,
)
def test_what_is_said_otherwise_of_a_known_unit_is_for_a_reorganisation(
    running: Running, cells: dict[str, str], column: str, by_reorganisation: bool
) -> None:
    register(running, code="960", name="Huyện Thử", kind="Huyện", level="district", parent=str(PROVINCE))
    told_otherwise = file("units", [told(HONG_DAN, "9,5", "105,4", "", **cells)], ";", more=PLACE)
    before = events(running)
    ((line, named, rule),) = rules(running, told_otherwise)
    assert (line, named, "(reorganise)" in rule) == (2, column, by_reorganisation)
    assert post(running, "units", told_otherwise, "apply_good", running.province).json()["imported"]["accepted"] == 0
    assert events(running) == before


def test_what_a_row_leaves_out_of_a_known_unit_it_does_not_deny(running: Running) -> None:
    unchanged(running, file("units", [HONG_DAN]), 1)
    unchanged(running, file("units", [told(HONG_DAN, "", "105.4", "")], more=PLACE), 1)
    unchanged(running, file("units", [("96", "Tỉnh Cà Mau", "Tỉnh", "tỉnh", "", "2025-07-01")]), 1)


def test_what_is_another_province_s_is_refused_under_either_parent(running: Running) -> None:
    another_province(running)
    theirs = told(NEW, mã_cấp_trên="92")
    known = ("31117", "Phường Ninh Kiều", "Xã", "xã", "92", "2025-07-01")
    assert wrong(running, theirs, known) == [(2, "mã cấp trên"), (3, "mã cấp trên")]
    assert wrong(running, told(known, mã_cấp_trên="96")) == [(2, "mã đơn vị")]
    assert wrong(running, ("92", "Thành phố Cần Thơ", "Thành phố", "tỉnh", "", "2025-07-01")) == [(2, "mã đơn vị")]
    unknown, elsewhere = (rules(running, file("units", [told(NEW, mã_cấp_trên=code)])) for code in ("98", "92"))
    assert unknown == elsewhere, "nothing is learnt by asking"


def test_only_the_province_sends_units(running: Running) -> None:
    before = events(running)
    for role, status in ((Role.COMMUNE_OFFICIAL, 403), (Role.TEAM_LEADER, 403), (Role.BODY_HANDLER, 403)):
        answer = post(running, "units", file("units", ROWS), "apply", running.gateway.token(role, PROVINCE, HERE))
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (status, "FORBIDDEN")
    assert events(running) == before
    headers = {"Authorization": f"Bearer {running.province}"}
    empty = running.gateway.client.get("/roster/units/template.csv", headers=headers)
    assert empty.content.decode("utf-8-sig").strip() == ",".join((*COLUMNS["units"], *PLACE))


def test_a_parent_that_is_new_itself_stands_in_an_earlier_row_and_has_begun(running: Running) -> None:
    district = ("960", "Huyện Năm Căn", "Huyện", "huyện", "96", "01/10/2026")
    commune = told(NEW, mã_cấp_trên="960")
    assert wrong(running, commune, district) == [(2, "mã cấp trên")]
    assert wrong(running, told(district, từ_ngày="01/12/2026"), commune) == [(3, "mã cấp trên")]
    assert wrong(running, district, told(commune, từ_ngày="30/09/2026")) == [(3, "từ ngày")]  # type: ignore[arg-type]
    take(running, district, commune)
    assert asked(running, "31990")["parent"] == {"code": "960"}
    unchanged(running, file("units", [district, commune]), 2)
    given = export(running, "units", running.province, "96")
    codes = [line.split(",")[0] for line in given.text.splitlines()[1:]]
    assert codes == ["960", "31990", "31843", "31849"], "parents first"
    unchanged(running, given.content, 4)


def test_a_unit_that_begins_later_is_known_at_once(running: Running) -> None:
    later = told(NEW, từ_ngày="01/01/2027")
    take(running, later)
    unchanged(running, file("units", [later]), 1)
    assert asked(running, "31990") is None
    assert wrong(running, told(NEW, từ_ngày="02/01/2027")) == [(2, "từ ngày")]


def test_what_is_given_out_is_in_vietnamese_order_and_taken_in_again_without_a_change(running: Running) -> None:
    another_province(running)
    rows = [told(NEW, "9.176812345678911", "105.1", "0.00001"), told(OTHER, "8.6", "104.7", "1e3")]
    assert wrong(running, *rows, more=PLACE) == [(3, "diện tích km2")]
    take(running, rows[0], told(OTHER, "8.6", "104.7", "1000"), more=PLACE)
    given = export(running, "units", running.province, "96")
    assert given.headers["content-type"] == "text/csv; charset=utf-8"
    assert given.content.decode().splitlines() == [
        "\ufeffmã đơn vị,tên đơn vị,loại,cấp,mã cấp trên,từ ngày,vĩ độ,kinh độ,diện tích km2,tại ngày",
        '31990,Phường Tân Lập,Phường,xã,96,01/10/2026,"9,176812345678911","105,1","0,00001",20/11/2026',
        '31993,Xã Đất Mũi,Xã,xã,96,01/10/2026,"8,6","104,7",1000,20/11/2026',
        '31843,Xã Hồng Dân,Xã,xã,96,01/07/2025,"9,5","105,4",,20/11/2026',
        '31849,Xã Ninh Quới,Xã,xã,96,01/07/2025,"9,5","105,4",,20/11/2026',
    ]
    unchanged(running, given.content, 4)
    by_id = export(running, "units", running.province, str(PROVINCE))
    assert by_id.content == given.content


def test_no_spreadsheet_runs_a_name_that_is_given_out_and_it_comes_back_as_it_was(running: Running) -> None:
    take(running, told(NEW, tên_đơn_vị="'=cmd|'"), told(OTHER, tên_đơn_vị="Xã 1;'@x"))
    assert (asked(running, "31990")["name"], asked(running, "31993")["name"]) == ("=cmd|'", "Xã 1;@x")
    given = export(running, "units", running.province, "96")
    assert "31990,'=cmd|'," in given.text
    assert "31993,Xã 1;'@x," in given.text
    unchanged(running, given.content, 4)


def test_the_map_of_any_day_is_given_out_and_taken_in_as_of_that_day(running: Running) -> None:
    rename = {"do": "RENAME", "unit": "31843", "name": "Phường Hồng Dân", "kind": "Phường"}
    found = {"do": "FOUND", "label": "mới", "name": "Xã Mới", "kind": "Xã", "level": "commune", "code": "31999"}
    merge = {"do": "MERGE", "units": ["31849"], "to": "mới"}
    assert reorganise(running, running.province, rename, {**found, "parent": "96"}, merge)["accepted"]
    eve, after = (export(running, "units", running.province, "96", asOf=day) for day in (EVE, NEXT_MONTH))
    names = [[line.split(",")[1] for line in given.text.splitlines()[1:]] for given in (eve, after)]
    assert names == [["Xã Hồng Dân", "Xã Ninh Quới"], ["Phường Hồng Dân", "Xã Mới"]]
    unchanged(running, eve.content, 2)
    unchanged(running, after.content, 2)
    early = after.text.replace("01/12/2026\r\n", "30/11/2026\r\n").encode()
    assert [column for _, column, _ in rules(running, early)] == ["tên đơn vị"]


def test_a_unit_that_is_no_more_is_not_taken_for_one_that_stands(running: Running) -> None:
    rows = [HONG_DAN, ("31849", "Xã Ninh Quới", "Xã", "xã", "96", "01/07/2025")]
    before = export(running, "units", running.province, "96", asOf="2026-10-31")
    merge = {"do": "MERGE", "units": ["31843"], "to": "31849"}
    assert reorganise(running, running.province, merge, on="2026-11-01", day="2026-10-01")["accepted"]
    assert wrong(running, *rows) == [(2, "mã đơn vị")]
    assert wrong(running, told(HONG_DAN, mã_cấp_trên="31849")) == [(2, "mã cấp trên")]
    unchanged(running, before.content, 2)


def test_the_map_before_the_regime_s_is_compared_and_never_taken_for_new(running: Running) -> None:
    old = {"regime": "legacy", "valid_from": None, "valid_to": "2025-06-30"}
    province = register(running, **old, code="96", name="Tỉnh Cà Mau", level="province", kind="Tỉnh")
    district = register(running, **old, code="964", name="Thành phố Cà Mau", level="district", parent=str(province))
    register(running, **old, code="31999", name="Phường 9", level="commune", kind="Phường", parent=str(district))
    envelope = {"actor": "test", "at": to_text(NOW)}
    known = {"regime": "legacy", "known_from": "2025-06-30", "known_to": "2025-06-30", "source": "test", **envelope}
    went = {"unit": str(province), "successor": str(PROVINCE), "part": False, "seat": True, "on": "2025-07-01"}
    commands: list[tuple[str, dict[str, Any]]] = [("declare_map", known), ("succeed_unit", {**went, **envelope})]
    assert all(answer.accepted for answer in running.embedded.runtimes["registry"].execute_many(commands))
    running.settle()
    given = export(running, "units", running.province, "96", asOf="2025-06-30")
    codes = [line.split(",")[0] for line in given.text.splitlines()[1:]]
    assert codes == ["964", "31999"]
    unchanged(running, given.content, 2)
    more = given.text + "965,Huyện Mới,Huyện,huyện,96,30/06/2025,,,,30/06/2025\r\n"
    assert [(line, column) for line, column, _ in rules(running, more.encode())] == [(4, "mã cấp trên")]
    today = given.text.replace("30/06/2025", "")
    assert [column for _, column, _ in rules(running, today.encode())] == ["từ ngày", "mã cấp trên"]


def test_who_does_not_hold_a_unit_is_given_nothing_of_it(running: Running) -> None:
    another_province(running)
    assert len(export(running, "units", running.province, "92").text.splitlines()) == 1
    assert len(export(running, "units", running.there, "96").text.splitlines()) == 1
    assert len(export(running, "units", running.there, str(THERE)).text.splitlines()) == 1
    team = running.gateway.token(Role.TEAM_LEADER, HERE)
    assert export(running, "units", team, "96").status_code == 403


def test_a_day_that_cannot_be_told_is_named(running: Running) -> None:
    def refusal(kind: str, **how: str) -> tuple[str, str]:
        told = export(running, kind, running.province, **how).json()["errors"][0]["extensions"]
        return told["code"], told["field"]

    assert refusal("units", unit="96", asOf="2024-01-01") == ("MAP_NOT_KNOWN", "asOf")
    assert refusal("units", unit=str(PROVINCE), asOf="2024-01-01") == ("MAP_NOT_KNOWN", "asOf")
    assert refusal("units", unit="96", asOf="hôm qua") == ("INVALID_INPUT", "asOf")
    assert refusal("hamlets", unit="96", asOf=EVE) == ("INVALID_INPUT", "asOf")
    bad = [(*NEW, "1/13/2026"), (*OTHER, "01/01/2024")]
    assert wrong(running, *bad, more=("tại ngày",)) == [(2, "tại ngày"), (3, "mã cấp trên")]


@pytest.mark.parametrize(("day", "code", "rows"), [("2026-11-20", "96", 64), ("2025-06-30", "95", 71)])
def test_the_real_map_of_a_province_is_given_out_and_nothing_in_it_is_new(
    gateway: Gateway, day: str, code: str, rows: int
) -> None:
    headers = {"Authorization": f"Bearer {gateway.token(Role.PROVINCE_OFFICIAL, PROVINCE)}"}
    given = gateway.client.get("/roster/units.csv", params={"unit": code, "asOf": day}, headers=headers)
    again = gateway.client.post("/roster/units", content=given.content, headers=headers | {"Content-Type": "text/csv"})
    answer = again.json()
    assert (answer["rows"], answer["unchanged"], answer["faults"]) == (rows, rows, [])
