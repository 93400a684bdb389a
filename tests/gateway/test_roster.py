"""Files of office staff: taken in by the row, refused by the row, given out so that they can be taken in again."""

import unicodedata
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import pytest

from gateway.roster.cells import escaped, plain
from gateway.roster.files import COLUMNS, CONTACT, Kind
from gateway.viewer import Role
from services.kernel.csv_rows import BadCell, Row
from services.kernel.identifiers import derived_id
from tests.gateway.running import HERE, THERE, Running
from tests.gateway.test_reorganisations import reorganise
from tests.gateway.test_teams import do, read

HAMLETS: list[tuple[str, ...]] = [
    ("31843", "Ấp Nội Ô", "Ấp", "01/07/2025"),
    ("31843", "Ấp Thống Nhất", "Ấp", "2025-07-01"),
]
SIGNER = "Chủ tịch Ủy ban nhân dân xã"
TEAMS: list[tuple[str, ...]] = [
    ("31843", "Tổ ấp Nội Ô", "ấp", "Ấp Nội Ô", "12/QĐ-UBND", "01/08/2025", SIGNER, "15/08/2025"),
    ("31843", "Tổ hai ấp", "ấp", "Ấp Thống Nhất | Ấp Nội Ô", "12/QĐ-UBND", "01/08/2025", SIGNER, ""),
    ("31843", "Tổ cấp xã", "xã", "", "11/QĐ-UBND", "01/08/2025", "", ""),
]
LEADER = (
    "31843",
    "Tổ ấp Nội Ô",
    "NO-01",
    "tổ trưởng",
    "Ban nhân dân ấp",
    "trưởng ấp",
    "có",
    "có",
    "02/08/2025",
    "",
    "",
)
MEMBER = ("31843", "Tổ ấp Nội Ô", "NO-02", "thành viên", "Xã đoàn", "đoàn thanh niên", "", "", "02/08/2025", "", "")
GONE = ("31843", "Tổ cấp xã", "NO-03", "thành viên", "Công an xã", "", "", "", "02/08/2025", "", "31/12/2025")
MEMBERS: list[tuple[str, ...]] = [LEADER, MEMBER, GONE]


def file(
    kind: Kind,
    rows: Iterable[Iterable[object]],
    separator: str = ",",
    mark: bool = True,
    more: tuple[str, ...] = (),
) -> bytes:
    """A file as a spreadsheet writes it, formulas and all."""
    lines = [separator.join((*COLUMNS[kind], *more)), *(separator.join(map(str, row)) for row in rows)]
    return ("\ufeff" if mark else "").encode() + "\r\n".join(lines).encode()


def post(running: Running, kind: str, body: bytes, mode: str = "preview", token: str | None = None) -> Any:
    headers = {"Authorization": f"Bearer {token or running.here}", "Content-Type": "text/csv; charset=utf-8"}
    return running.gateway.client.post(f"/roster/{kind}?mode={mode}", content=body, headers=headers)


def imported(
    running: Running, kind: Kind, rows: Iterable[Iterable[object]], token: str | None = None, **how: Any
) -> dict[str, Any]:
    """The answer to a file that is taken in whole."""
    answer = post(running, kind, file(kind, rows, **how), "apply", token).json()
    running.settle()
    assert answer["faults"] == [], answer
    assert answer["imported"]["refused"] == [], answer
    found: dict[str, Any] = answer
    return found


def founded(running: Running) -> None:
    imported(running, "hamlets", HAMLETS)
    imported(running, "teams", TEAMS)


def faults(
    running: Running, kind: Kind, *rows: Iterable[object], token: str | None = None, **how: Any
) -> list[tuple[int, str]]:
    """Line and column of each fault; a file with any asks for nothing."""
    before = events(running)
    answer = post(running, kind, file(kind, rows, **how), "apply", token).json()
    assert answer["imported"] is None
    assert events(running) == before
    return [(fault["line"], fault["column"]) for fault in answer["faults"]]


def events(running: Running) -> int:
    with running.embedded.databases["registry"].read() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM events").scalar_one())


def export(running: Running, kind: str, token: str | None = None, unit: str = "31843", **how: str) -> Any:
    headers = {"Authorization": f"Bearer {token or running.here}"}
    return running.gateway.client.get(f"/roster/{kind}.csv", params={"unit": unit, **how}, headers=headers)


def test_a_commune_s_hamlets_teams_and_members_come_in_from_three_files(running: Running) -> None:
    founded(running)
    assert imported(running, "members", MEMBERS)["imported"]["accepted"] == 4
    document = '{ teams(unit: "31843") { nodes { id name level launchedOn hamlets { name } } } }'
    nodes = {node["name"]: node for node in running.gateway.data(document, running.here)["teams"]["nodes"]}
    assert [h["name"] for h in nodes["Tổ hai ấp"]["hamlets"]] == ["Ấp Nội Ô", "Ấp Thống Nhất"]
    assert (nodes["Tổ ấp Nội Ô"]["launchedOn"], nodes["Tổ cấp xã"]["level"]) == ("2025-08-15", "commune")
    members = "members { nodes { id role organisationKind sameHamlet partTime appointedOn } }"
    serving = {m["role"]: m for m in read(running, nodes["Tổ ấp Nội Ô"]["id"], members)["members"]["nodes"]}
    assert serving["leader"] == {
        "id": str(derived_id("roster", "member", HERE, "no-01")),
        "role": "leader",
        "organisationKind": "hamlet_head",
        "sameHamlet": True,
        "partTime": True,
        "appointedOn": "2025-08-02",
    }
    assert serving["member"]["sameHamlet"] is None, "not said is not no"
    assert read(running, nodes["Tổ cấp xã"]["id"], members)["members"]["nodes"] == []


def test_a_preview_says_what_would_change_and_changes_nothing(running: Running) -> None:
    imported(running, "hamlets", HAMLETS[:1])
    before = events(running)
    answer = post(running, "hamlets", file("hamlets", [*HAMLETS, ("31843", "", "Ấp", "x")])).json()
    told = {name: answer[name] for name in ("rows", "changes", "unchanged", "faultCount", "imported")}
    assert told == {"rows": 3, "changes": 1, "unchanged": 1, "faultCount": 1, "imported": None}
    assert events(running) == before


def test_with_a_bad_row_nothing_is_imported_unless_the_good_rows_are_asked_for(running: Running) -> None:
    bad = [HAMLETS[0], ("99999", "Ấp Lạ", "Ấp", "01/07/2025"), HAMLETS[1]]
    assert faults(running, "hamlets", *bad) == [(3, "mã xã")]
    answer = post(running, "hamlets", file("hamlets", bad), "apply_good").json()
    assert (answer["imported"]["accepted"], answer["faultCount"]) == (2, 1)


def test_the_same_files_twice_change_nothing_even_before_the_read_models_have_heard(running: Running) -> None:
    founded(running)
    body = file("members", MEMBERS)
    first = post(running, "members", body, "apply").json()["imported"]
    count = events(running)
    assert post(running, "members", body, "apply").json()["imported"]["refused"] == []
    running.settle()
    again = post(running, "members", body, "apply").json()
    assert (first["accepted"], again["unchanged"], again["imported"]["accepted"]) == (4, 3, 0)
    for kind, rows in (("hamlets", HAMLETS), ("teams", TEAMS)):
        assert post(running, kind, file(kind, rows), "apply").json()["unchanged"] == len(rows)  # type: ignore[arg-type]
    assert events(running) == count


def test_semicolons_no_mark_and_decomposed_letters_are_the_same_file(running: Running) -> None:
    founded(running)
    count = events(running)
    rows = [[unicodedata.normalize("NFD", cell) for cell in row] for row in TEAMS]
    body = unicodedata.normalize("NFD", file("teams", rows, separator=";", mark=False).decode()).encode()
    answer = post(running, "teams", body, "apply").json()
    assert (answer["faults"], answer["unchanged"]) == ([], 3)
    assert events(running) == count
    imported(running, "hamlets", [("31843", unicodedata.normalize("NFD", "Ấp Đầu Sấu"), "Ấp", "01/07/2025")])
    assert "Ấp Đầu Sấu" in export(running, "hamlets").text


def test_what_is_given_out_is_taken_in_again_without_a_change(running: Running) -> None:
    founded(running)
    imported(running, "members", MEMBERS)
    twin = running.hamlet(running.here, name="Ấp Nội Ô")["id"]
    running.settle()
    moved = do(
        running, "renewTeam", team=team_id(running), hamlets=[twin], decisionNo="2/QĐ", decisionDate="2026-06-01"
    )
    assert moved["accepted"], moved
    running.settle()
    count = events(running)
    for kind, rows in (("hamlets", 3), ("teams", 3), ("members", 3)):
        given = export(running, kind)
        assert given.headers["content-type"] == "text/csv; charset=utf-8"
        assert given.content.startswith(b"\xef\xbb\xbf")
        answer = post(running, kind, given.content, "apply").json()
        assert (answer["faults"], answer["unchanged"]) == ([], rows), kind
    assert events(running) == count


def test_what_came_from_a_commune_that_went_whole_into_another_is_given_out_and_taken_in_under_its_code(
    running: Running,
) -> None:
    founded(running)
    imported(running, "members", MEMBERS)
    twin = running.hamlet(running.there, THERE)["id"]
    running.settle()
    assert running.team(running.there, twin, commune=THERE)["accepted"]
    merger = {"do": "MERGE", "units": ["31843"], "to": "31849"}
    assert reorganise(running, running.province, merger, on="2026-11-01")["accepted"]
    count = events(running)
    for kind, rows in (("hamlets", 3), ("teams", 4), ("members", 3)):
        given = export(running, kind, running.there, "31849")
        above = export(running, kind, running.province, "96")
        lines = given.text.splitlines()[1:]
        assert above.content == given.content
        assert [line.partition(",")[0] for line in lines] == ["31849"] * rows, kind
        answer = post(running, kind, given.content, "apply", running.there).json()
        assert (answer["faults"], answer["unchanged"]) == ([], rows), kind
    assert events(running) == count
    gone = post(running, "hamlets", file("hamlets", HAMLETS), token=running.there).json()
    assert [fault["column"] for fault in gone["faults"]] == ["mã xã"] * 2


def again(running: Running, kind: Kind, token: str | None = None, unit: str = "31843") -> str:
    """What is given out of a kind, after it was taken in again without a change."""
    count, given = events(running), export(running, kind, token, unit)
    answer = post(running, kind, given.content, "apply", token).json()
    assert (answer["faults"], answer["changes"]) == ([], 0), answer
    assert answer["unchanged"] == len(given.text.splitlines()) - 1
    assert events(running) == count
    return str(given.text)


def place(running: Running, name: str, day: str = "2026-01-01") -> str:
    """The hamlet that had a name on a day."""
    document = 'query($d: Date) { unit(code: "31843", asOf: $d) { hamlets { nodes { id name } } } }'
    nodes = running.gateway.data(document, running.here, d=day)["unit"]["hamlets"]["nodes"]
    return next(str(node["id"]) for node in nodes if node["name"] == name)


ANEW = {"do": "FOUND", "place": "HAMLET", "label": "mới", "name": "Ấp Mới", "kind": "Ấp", "to": "31843"}


def test_a_team_whose_hamlets_were_merged_or_divided_is_taken_in_again_until_it_is_renewed(running: Running) -> None:
    founded(running)
    gone = [place(running, name) for name in ("Ấp Nội Ô", "Ấp Thống Nhất")]
    merge = {"do": "MERGE", "place": "HAMLET", "units": gone[:1], "to": "mới"}
    parts = [{**ANEW, "label": label, "name": f"Ấp {label}"} for label in ("Một", "Hai")]
    split = {"do": "SPLIT", "place": "HAMLET", "unit": gone[1], "into": ["Một", "Hai"]}
    done = reorganise(running, running.province, ANEW, merge, *parts, split, on="2026-11-01")
    assert done["accepted"], done
    assert "Ấp Nội Ô | Ấp Thống Nhất" in again(running, "teams")
    assert "Ấp Nội Ô" not in again(running, "hamlets")
    imported(running, "teams", TEAMS)  # the office's own file, too
    new = ("31843", "Tổ mới", "ấp", "Ấp Nội Ô", "13/QĐ-UBND", "02/11/2026", SIGNER, "")
    assert faults(running, "teams", new) == [(2, "ấp khóm phụ trách")], "nobody can be founded for what is no more"
    now = [place(running, "Ấp Mới", "2026-11-01")]
    renewed = do(running, "renewTeam", team=team_id(running), hamlets=now, decisionNo="2/QĐ", decisionDate="2026-11-02")
    assert renewed["accepted"], renewed
    running.settle()
    assert "Tổ ấp Nội Ô,ấp,Ấp Mới," in again(running, "teams")
    assert faults(running, "teams", TEAMS[0]) == [(2, "ấp khóm phụ trách")]


def test_a_hamlet_that_is_no_more_and_one_of_the_same_name_are_told_apart(running: Running) -> None:
    founded(running)
    gone = [place(running, name) for name in ("Ấp Nội Ô", "Ấp Thống Nhất")]
    merge = {"do": "MERGE", "place": "HAMLET", "units": gone, "to": "mới"}
    anew = {**ANEW, "name": "Ấp Thống Nhất"}
    assert reorganise(running, running.province, anew, merge, on="2026-11-01")["accepted"]
    assert f"Ấp Nội Ô | {gone[1]}" in again(running, "teams")


def test_a_team_that_serves_a_hamlet_which_went_to_another_commune_is_taken_in_again(running: Running) -> None:
    founded(running)
    move = {"do": "TRANSFER", "place": "HAMLET", "unit": place(running, "Ấp Nội Ô"), "to": "31849"}
    assert reorganise(running, running.province, move, on="2026-11-01")["accepted"]
    assert "Ấp Nội Ô | Ấp Thống Nhất" in again(running, "teams")
    assert "31849,Tổ ấp Nội Ô" in again(running, "teams", running.province, "96"), "it went along with its only hamlet"
    assert "Tổ ấp Nội Ô" not in export(running, "teams").text
    assert "Ấp Nội Ô" in again(running, "hamlets", running.there, "31849")


def test_a_name_that_a_hamlet_without_a_team_has_as_well_is_given_out_by_its_id(running: Running) -> None:
    founded(running)
    served = place(running, "Ấp Thống Nhất")
    assert running.hamlet(running.here, name="Ấp Thống Nhất")["accepted"]
    running.settle()
    assert f"Ấp Nội Ô | {served}" in again(running, "teams")


def team_id(running: Running, name: str = "Tổ ấp Nội Ô", *, standing: bool = False) -> str:
    document = '{ teams(unit: "31843") { nodes { id name dissolvedOn } } }'
    nodes = running.gateway.data(document, running.here)["teams"]["nodes"]
    return next(str(n["id"]) for n in nodes if n["name"] == name and not (standing and n["dissolvedOn"]))


def test_a_name_two_hamlets_share_is_asked_about(running: Running) -> None:
    first, second = (running.hamlet(running.here, name="Ấp 1")["id"] for _ in range(2))
    running.settle()
    row = ("31843", "Tổ ấp 1", "ấp", "Ấp 1", "1/QĐ", "01/08/2025", "", "")
    assert faults(running, "teams", row) == [(2, "ấp khóm phụ trách")]
    imported(running, "teams", [[second if cell == "Ấp 1" else cell for cell in row]])
    assert first != second
    assert [h["id"] for h in read(running, team_id(running, "Tổ ấp 1"), "hamlets { id }")["hamlets"]] == [second]


def changed(row: tuple[str, ...], **cells: str) -> list[str]:
    names = COLUMNS["members"] if len(row) == len(COLUMNS["members"]) else COLUMNS["teams"]
    told = {name.replace(" ", "_"): cell for name, cell in zip(names, row, strict=True)} | cells
    return list(told.values())


TOMORROW = "21/11/2026"


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"mã_xã": "31849"}, "mã xã"),
        ({"mã_xã": "1843"}, "mã xã"),
        ({"tên_tổ": ""}, "tên tổ"),
        ({"tên_tổ": "ổ" * 300}, "tên tổ"),
        ({"cấp": "thôn bản"}, "cấp"),
        ({"cấp": "doanh nghiệp", "ấp_khóm_phụ_trách": ""}, "cấp"),
        ({"cấp": "xã"}, "ấp khóm phụ trách"),
        ({"ấp_khóm_phụ_trách": "Ấp Không Có"}, "ấp khóm phụ trách"),
        ({"ấp_khóm_phụ_trách": ""}, "ấp khóm phụ trách"),
        ({"ấp_khóm_phụ_trách": "Ấp Nội Ô|ấp nội ô"}, "ấp khóm phụ trách"),
        ({"số_quyết_định": ""}, "số quyết định"),
        ({"ngày_quyết_định": TOMORROW}, "ngày quyết định"),
        ({"ngày_quyết_định": "31/06/2025"}, "ngày quyết định"),
        ({"ngày_ra_mắt": "31/07/2025"}, "ngày ra mắt"),
        ({"ngày_ra_mắt": TOMORROW}, "ngày ra mắt"),
        ({"chức_danh_người_ký": "=HYPERLINK(1)"}, "chức danh người ký"),
        ({"chức_danh_người_ký": "Chủ tịch;=HYPERLINK(1)"}, "chức danh người ký"),
        ({"tên_tổ": "Tổ 1; ;  @SUM(1)"}, "tên tổ"),
        ({"tên_tổ": 'Tổ 1;"=1'}, "tên tổ"),
        ({"tên_tổ": "Tổ 1;'2;+1"}, "tên tổ"),
    ],
    ids=str,
)
def test_a_bad_cell_of_a_team_is_named_by_line_and_column(running: Running, cells: dict[str, str], column: str) -> None:
    imported(running, "hamlets", HAMLETS)
    assert faults(running, "teams", TEAMS[1], changed(TEAMS[0], **cells)) == [(3, column)]


def test_a_team_told_twice_or_told_otherwise_is_named(running: Running) -> None:
    imported(running, "hamlets", HAMLETS)
    assert faults(running, "teams", TEAMS[0], TEAMS[0]) == [(3, "tên tổ")]
    imported(running, "teams", TEAMS)
    assert faults(running, "teams", changed(TEAMS[0], số_quyết_định="99/QĐ")) == [(2, "tên tổ")]
    assert faults(running, "teams", changed(TEAMS[0], ngày_ra_mắt="16/08/2025")) == [(2, "ngày ra mắt")]


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"tên_tổ": "Tổ không có"}, "tên tổ"),
        ({"mã_thành_viên": ""}, "mã thành viên"),
        ({"mã_thành_viên": "Ông Tư"}, "mã thành viên"),
        ({"mã_thành_viên": "0912345678"}, "mã thành viên"),
        ({"mã_thành_viên": "096.085.001234"}, "mã thành viên"),
        ({"vai_trò": "trưởng"}, "vai trò"),
        ({"vai_trò": "tổ trưởng"}, "vai trò"),
        ({"tổ_chức": "ộ" * 300}, "tổ chức"),
        ({"tổ_chức": "@SUM(1+1)"}, "tổ chức"),
        ({"loại_tổ_chức": "câu lạc bộ"}, "loại tổ chức"),
        ({"kiêm_nhiệm": "1"}, "kiêm nhiệm"),
        ({"ngày_cử": ""}, "ngày cử"),
        ({"ngày_cử": TOMORROW}, "ngày cử"),
        ({"ngày_cử": "31/07/2025"}, "ngày cử"),
        ({"hết_nhiệm_kỳ": "01/08/2025"}, "hết nhiệm kỳ"),
        ({"ngày_thôi": "01/08/2025"}, "ngày thôi"),
        ({"ngày_thôi": TOMORROW}, "ngày thôi"),
    ],
    ids=str,
)
def test_a_bad_cell_of_a_member_is_named_by_line_and_column(
    running: Running, cells: dict[str, str], column: str
) -> None:
    founded(running)
    assert faults(running, "members", LEADER, changed(MEMBER, **cells)) == [(3, column)]


def test_a_member_twice_and_a_second_leader_are_named_whether_recorded_or_in_the_file(running: Running) -> None:
    founded(running)
    assert faults(running, "members", MEMBER, MEMBER) == [(3, "mã thành viên")]
    assert faults(running, "members", MEMBER, changed(MEMBER, ngày_cử="03/08/2025")) == [(3, "mã thành viên")]
    other = changed(LEADER, mã_thành_viên="NO-09")
    assert faults(running, "members", LEADER, other) == [(3, "vai trò")]
    imported(running, "members", MEMBERS)
    assert faults(running, "members", other) == [(2, "vai trò")]
    assert faults(running, "members", changed(MEMBER, vai_trò="tổ phó")) == [(2, "mã thành viên")]
    assert faults(running, "members", changed(MEMBER, ngày_cử="03/08/2025")) == [(2, "mã thành viên")]
    left = imported(running, "members", [changed(LEADER, ngày_thôi="01/09/2026"), changed(other, ngày_cử="01/09/2026")])  # type: ignore[arg-type]
    assert left["imported"]["accepted"] == 2


def test_a_file_that_is_no_table_is_refused_with_what_is_wrong(running: Running) -> None:
    lacking = post(running, "members", "mã xã,tên tổ\n".encode()).json()
    assert {"line": 1, "column": "vai trò", "rule": "thiếu cột này"} in lacking["faults"]
    assert post(running, "teams", b"\xff\xfe").json()["faults"][0]["rule"] == "không phải chữ mã hoá UTF-8"
    assert post(running, "teams", b"x" * (8 * 1024 * 1024 + 1)).status_code == 413
    assert post(running, "nothing", b"x").status_code == 404
    assert post(running, "teams", b"x", "later").json()["errors"][0]["extensions"]["field"] == "mode"
    form = {"Authorization": f"Bearer {running.here}", "Content-Type": "application/x-www-form-urlencoded"}
    assert running.gateway.client.post("/roster/teams", content=b"a=1", headers=form).status_code == 415


def test_officials_only_and_each_only_for_their_own_units(running: Running) -> None:
    founded(running)
    template = "/roster/members/template.csv"
    assert running.gateway.client.get(template).status_code == 401
    team = running.gateway.token(Role.TEAM_LEADER, HERE, served=(UUID(team_id(running)),))
    assert post(running, "members", b"x", token=team).status_code == 403
    elsewhere = post(running, "members", file("members", [MEMBER]), "apply", token=running.there).json()
    assert [(f["line"], f["column"]) for f in elsewhere["faults"]] == [(2, "mã xã")]
    assert len(export(running, "teams", running.there).text.splitlines()) == 1
    assert len(export(running, "teams", running.province, "96").text.splitlines()) == 4
    headers = {"Authorization": f"Bearer {running.here}"}
    empty = running.gateway.client.get(template, headers=headers)
    assert empty.content.decode("utf-8-sig").strip() == ",".join((*COLUMNS["members"], *CONTACT))


def test_no_spreadsheet_runs_what_is_given_out_and_it_comes_back_as_it_was(running: Running) -> None:
    alone = ["=cmd|' /C calc'!A0", "+1", "-1", "@x", "'=x", "＝x"]
    written = {name: f"'{name}" for name in alone} | {
        "Ấp 1;=x": "Ấp 1;'=x",
        "Ấp 2; ; -x;＋y": "Ấp 2; ; '-x;'＋y",
        "Ấp 3;'@x": "Ấp 3;''@x",
        "=x;=y": "'=x;'=y",
        "Ấp 4; khóm 5; 6-7": "Ấp 4; khóm 5; 6-7",
        "Ấp 8;'khóm 9;": "Ấp 8;'khóm 9;",
    }
    names = list(written)
    for name in names:
        assert running.hamlet(running.here, name=name)["accepted"], name
    running.settle()
    given = export(running, "hamlets")
    cells = [line.split(",")[1].strip('"') for line in given.text.splitlines()[1:]]
    assert sorted(cells) == sorted(written.values())
    answer = post(running, "hamlets", given.content, "apply").json()
    assert (answer["faults"], answer["unchanged"]) == ([], len(names))


def test_a_sign_after_a_tab_or_line_break_is_no_formula_either() -> None:
    assert escaped("Tổ\t=x\n@y") == "Tổ\t'=x\n'@y"
    assert plain(Row(2, {"tên tổ": "Tổ\t'=x\n'@y"})).cells == {"tên tổ": "Tổ\t=x\n@y"}
    with pytest.raises(BadCell):
        plain(Row(2, {"tên tổ": "Tổ\t=x"}))


def test_a_semicolon_before_anything_else_is_a_semicolon(running: Running) -> None:
    imported(running, "hamlets", HAMLETS)
    imported(running, "teams", [changed(TEAMS[0], tên_tổ="Tổ 1; ấp Nội Ô;'2-3'")])
    assert "Tổ 1; ấp Nội Ô;'2-3'" in export(running, "teams").text


def test_a_dissolved_team_takes_nobody_and_a_new_one_may_bear_its_name(running: Running) -> None:
    founded(running)
    gone = team_id(running)
    assert do(running, "dissolveTeam", team=gone, decisionNo="9/QĐ", decisionDate="2026-02-01")["accepted"]
    running.settle()
    assert faults(running, "members", MEMBER) == [(2, "tên tổ")]
    imported(running, "teams", [changed(TEAMS[0], số_quyết_định="10/QĐ", ngày_quyết_định="02/02/2026", ngày_ra_mắt="")])
    assert team_id(running, standing=True) != gone
