"""Reading the map from CSV: every bad row named, nothing asked for twice."""

import unicodedata
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from services.kernel.runtime import ServiceRuntime
from services.registry.import_map import ImportPlan, plan_import
from services.registry.reorganisation import Merge, Reorganise
from services.registry.unit import EndUnit, RegisterUnit, SucceedUnit, unit_id
from tests.registry.conftest import changes_of

UNIT_HEADER = "regime,code,name,level,type,parent_code,valid_from,valid_to,lat,lon,area_km2"
SUCCESSION_HEADER = "level,legacy_code,current_code,kind,is_default"
KNOWN_HEADER = "regime,province_code,known_from,known_to,source"

# Children stand before their parents on purpose.
UNITS = """\
current,31843,Xã Hồng Dân,commune,Xã,96,2025-07-01,,9.53724,105.452,15.62
current,96,Tỉnh Cà Mau,province,Tỉnh,,2025-07-01,,9.1362,105.182,
legacy,31843,Thị trấn Ngan Dừa,commune,Thị trấn,956,,2025-06-30,9.571344,105.44954,
legacy,31852,Xã Lộc Ninh,commune,Xã,956,,2025-06-30,9.5,105.4,
legacy,956,Huyện Hồng Dân,district,Huyện,95,,2025-06-30,9.5,105.4,
legacy,95,Tỉnh Bạc Liêu,province,Tỉnh,,,2025-06-30,9.289943,105.500548,
"""
SUCCESSIONS = """\
commune,31843,31843,whole,1
commune,31852,31843,whole,1
province,95,96,whole,1
"""
KNOWN = "legacy,,2025-06-30,2025-06-30,admin-units.csv\nlegacy,95,2025-01-01,2025-06-30,Nghị quyết\n"


class Files:
    """Three files of a test's own, ready to be spoilt."""

    def __init__(self, home: Path) -> None:
        self.units = home / "units.csv"
        self.successions = home / "successions.csv"
        self.known = home / "known.csv"
        self.write(UNITS, SUCCESSIONS, KNOWN)

    def write(self, units: str = UNITS, successions: str = SUCCESSIONS, known: str = KNOWN) -> None:
        self.units.write_text(f"{UNIT_HEADER}\n{units}", encoding="utf-8")
        self.successions.write_text(f"{SUCCESSION_HEADER}\n{successions}", encoding="utf-8")
        self.known.write_text(f"{KNOWN_HEADER}\n{known}", encoding="utf-8")

    def plan(self, *, good_rows_only: bool = False) -> ImportPlan:
        return plan_import(self.units, self.successions, self.known, good_rows_only=good_rows_only)

    def places(self) -> list[tuple[str, int, str]]:
        return [(fault.file, fault.line, fault.column) for fault in self.plan().faults]


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def codes(plan: ImportPlan) -> list[str]:
    return [command.code for command in changes_of(plan) if isinstance(command, RegisterUnit)]


def test_old_units_come_before_reorganisations_and_parents_before_children(files: Files) -> None:
    plan = files.plan()
    assert plan.faults == ()
    assert codes(plan) == ["95", "956", "31843", "31852", "96", "31843"]
    names = ["register_unit"] * 4 + ["reorganise"] * 3 + ["declare_map"] * 2
    assert [command.name for command in plan.commands] == names


def test_units_that_go_together_are_one_reorganisation_and_the_tier_without_successors_goes_last(files: Files) -> None:
    province, commune, district = (c for c in files.plan().commands if isinstance(c, Reorganise))
    assert [operation.do for operation in province.operations] == ["found_unit", "merge"]
    assert [operation.do for operation in commune.operations] == ["found_unit", "merge"]
    assert [operation.do for operation in district.operations] == ["abolish"]
    assert isinstance(merge := commune.operations[1], Merge)
    assert set(merge.units) == {unit_id("legacy", "commune", code) for code in ("31843", "31852")}
    assert {change.valid_to for change in changes_of(files.plan()) if isinstance(change, EndUnit)} == {
        date(2025, 6, 30)
    }


def test_the_day_of_a_succession_is_the_successor_s_first_day_in_the_data(files: Files) -> None:
    files.write(units=UNITS.replace("2025-07-01", "2031-03-01").replace("2025-06-30", "2031-02-28"), known="")
    days = {command.on.isoformat() for command in changes_of(files.plan()) if isinstance(command, SucceedUnit)}
    assert days == {"2031-03-01"}


def test_the_day_after_the_last_is_taken_where_no_first_day_is_stated(files: Files) -> None:
    files.write(units=UNITS.replace("2025-07-01", ""))
    days = {command.on.isoformat() for command in changes_of(files.plan()) if isinstance(command, SucceedUnit)}
    assert days == {"2025-07-01"}


def test_a_spreadsheet_s_bom_semicolons_decimal_commas_and_dates_are_understood(files: Files) -> None:
    expected = files.plan().commands
    units = "\n".join(",".join(line.split(",")) for line in UNITS.splitlines()).replace(",", ";").replace(".", ",")
    units = units.replace("2025-07-01", "01/07/2025").replace("2025-06-30", "30/6/2025")
    text = f"{UNIT_HEADER.replace(',', ';')}\r\n{units}".replace("\n", "\r\n").replace("\r\r", "\r")
    files.units.write_bytes(b"\xef\xbb\xbf" + unicodedata.normalize("NFD", text).encode())
    plan = files.plan()
    assert plan.faults == ()
    assert [c.command_id for c in plan.commands] == [c.command_id for c in expected]


def test_the_order_of_columns_and_columns_nobody_knows_do_not_matter(files: Files) -> None:
    expected = files.plan().commands
    turned = [",".join(["x", *reversed(line.split(","))]) for line in SUCCESSIONS.splitlines()]
    header = ",".join(["note", *reversed(SUCCESSION_HEADER.split(","))])
    files.successions.write_text("\n".join([header, *turned]), encoding="utf-8")
    assert [c.command_id for c in files.plan().commands] == [c.command_id for c in expected]


def test_reading_the_same_files_again_asks_under_the_same_ids(files: Files) -> None:
    later = plan_import(files.units, files.successions, files.known, clock=lambda: datetime(2030, 1, 1, tzinfo=UTC))
    assert [c.command_id for c in later.commands] == [c.command_id for c in files.plan().commands]
    assert len({c.command_id for c in later.commands}) == len(later.commands)


def test_a_row_that_says_something_else_asks_under_another_id(files: Files) -> None:
    before = {c.command_id for c in files.plan().commands}
    files.write(units=UNITS.replace("Xã Lộc Ninh", "Xã Lộc Ninh A"))
    assert len({c.command_id for c in files.plan().commands} - before) == 1


def test_an_import_run_twice_changes_nothing(files: Files, registry: ServiceRuntime) -> None:
    heads = []
    for _ in range(2):
        for batch in files.plan().batches(4):
            assert [answer.code for answer in registry.execute_many(batch)] == [""] * len(batch)
        with registry.database.read() as connection:
            heads.append(connection.exec_driver_sql("SELECT count(*) FROM events").scalar())
    assert heads == [18, 18]


def test_a_changed_row_of_a_known_unit_is_refused_and_the_rest_stands(files: Files, registry: ServiceRuntime) -> None:
    for batch in files.plan().batches():
        registry.execute_many(batch)
    files.write(units=UNITS.replace("Xã Lộc Ninh", "Xã Lộc Ninh A"))
    answers = [answer.code for batch in files.plan().batches() for answer in registry.execute_many(batch)]
    assert Counter(answers) == {"": 8, "UNIT_EXISTS": 1}


@pytest.mark.parametrize(
    ("good", "bad", "column"),
    [
        ("legacy,95,", "Legacy!,95,", "regime"),
        ("31852,Xã Lộc Ninh,commune", "31852,Xã Lộc Ninh,hamlet", "level"),
        ("legacy,31852,", "legacy,1852,", "code"),
        ("Xã Lộc Ninh", "", "name"),
        ("Xã Lộc Ninh", "x" * 201, "name"),
        ("Xã Lộc Ninh", "Xã\x07Lộc Ninh", "name"),
        ("Xã,956,,2025-06-30,9.5", "Xã,,,2025-06-30,9.5", "parent_code"),
        ("Xã,956,,2025-06-30,9.5", "Xã,31843,,2025-06-30,9.5", "parent_code"),
        ("Xã,956,,2025-06-30,9.5", "Xã,957,,2025-06-30,9.5", "parent_code"),
        ("Xã,956,,2025-06-30,9.5", "Xã,956,30.6.2025,2025-06-30,9.5", "valid_from"),
        ("Xã,956,,2025-06-30,9.5", "Xã,956,,2025-06-31,9.5", "valid_to"),
        ("Xã,956,,2025-06-30,9.5", "Xã,956,2025-07-01,2025-06-30,9.5", "valid_to"),
        ("Xã,956,,2025-06-30,9.5", "Xã,956,,2025-06-30,105.4", "lat"),
        ("Xã,956,,2025-06-30,9.5", "Xã,956,,2025-06-30,", "lat"),
        ("Xã,956,,2025-06-30,9.5,105.4", "Xã,956,,2025-06-30,9.5,abc", "lon"),
        ("Xã,956,,2025-06-30,9.5,105.4,", "Xã,956,,2025-06-30,9.5,105.4,-3", "area_km2"),
    ],
)
def test_a_bad_cell_of_a_unit_is_named_by_line_and_column(files: Files, good: str, bad: str, column: str) -> None:
    files.write(units=UNITS.replace(good, bad), successions="", known="")
    line = 2 + next(n for n, row in enumerate(UNITS.splitlines()) if good in row)
    assert (files.units.name, line, column) in files.places()
    assert files.plan().commands == ()


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("hamlet,31852,31843,whole,1", "level"),
        ("commune,31852,31843,half,1", "kind"),
        ("commune,31852,31843,whole,yes", "is_default"),
        ("commune,1852,31843,whole,1", "legacy_code"),
        ("commune,31999,31843,whole,1", "legacy_code"),
        ("commune,31852,31999,whole,1", "current_code"),
        ("commune,31852,x,whole,1", "current_code"),
        ("commune,31852,96,whole,1", "current_code"),
        ("commune,31843,31843,whole,1", "current_code"),
    ],
)
def test_a_bad_cell_of_a_succession_is_named_by_line_and_column(files: Files, row: str, column: str) -> None:
    files.write(successions=f"commune,31843,31843,whole,1\n{row}\n")
    assert files.places() == [("successions.csv", 3, column)]


def test_what_went_whole_or_has_its_seat_elsewhere_is_named(files: Files) -> None:
    more = UNITS + "current,31855,Xã Khác,commune,Xã,96,2025-07-01,,9.5,105.4,\n"
    files.write(units=more, successions="commune,31843,31843,part,0\ncommune,31843,31855,whole,1\n")
    assert files.places() == [("successions.csv", 3, "kind")]
    files.write(units=more, successions="commune,31843,31843,part,1\ncommune,31843,31855,part,1\n")
    assert files.places() == [("successions.csv", 3, "is_default")]


def test_a_successor_in_force_before_the_old_unit_ended_is_named(files: Files) -> None:
    files.write(units=UNITS.replace("2025-07-01", "2025-06-30"))
    assert ("successions.csv", 2, "current_code") in files.places()


def test_bad_rows_about_when_the_map_is_known_are_named(files: Files) -> None:
    files.write(known="past,,2025-06-30,,x\nlegacy,,,,x\nlegacy,96,2025-06-30,,x\nlegacy,,2025-06-30,2025-01-01,\n")
    assert files.places() == [
        ("known.csv", 2, "regime"),
        ("known.csv", 3, "known_from"),
        ("known.csv", 4, "province_code"),
        ("known.csv", 5, "source"),
    ]


def test_all_bad_rows_are_reported_and_nothing_is_asked_for(files: Files) -> None:
    files.write(units=UNITS.replace("9.53724", "cao").replace("Xã Lộc Ninh", ""), successions="x,y,z,w,v\n")
    plan = files.plan()
    assert plan.commands == ()
    assert [(fault.file, fault.line) for fault in plan.faults][:2] == [("units.csv", 2), ("units.csv", 5)]
    assert {fault.column for fault in plan.faults if fault.file == "successions.csv"} >= {"level", "kind"}
    assert str(plan.faults[0]) == "units.csv, dòng 2, cột lat: phải là số"


def test_the_good_rows_alone_are_asked_for_when_told_so(files: Files) -> None:
    files.write(units=UNITS.replace("Xã Lộc Ninh", ""))
    plan = files.plan(good_rows_only=True)
    assert [(fault.file, fault.line) for fault in plan.faults] == [("units.csv", 5), ("successions.csv", 3)]
    assert codes(plan) == ["95", "956", "31843", "96", "31843"]
    assert sum(isinstance(command, SucceedUnit) for command in changes_of(plan)) == 2


def test_what_hangs_on_a_bad_row_falls_with_it_and_says_which(files: Files) -> None:
    files.write(units=UNITS.replace("Tỉnh Bạc Liêu", ""), known="")
    plan = files.plan(good_rows_only=True)
    assert {fault.line for fault in plan.faults if fault.file == "units.csv"} == {4, 5, 6, 7}
    assert "dòng 7 của đơn vị 95 có lỗi" in next(str(fault) for fault in plan.faults if fault.line == 6)
    assert codes(plan) == ["96", "31843"]


def test_a_unit_told_twice_is_named_with_the_line_it_stood_on(files: Files) -> None:
    files.write(units=UNITS + "legacy,95,Tỉnh Bạc Liêu,province,Tỉnh,,,2025-06-30,9.2,105.5,\n")
    (fault,) = files.plan().faults
    assert (fault.line, fault.column) == (8, "code")
    assert "dòng 7" in fault.rule


def test_rows_too_short_or_too_long_and_broken_quotes_are_named(files: Files) -> None:
    files.write(successions='commune,31843\ncommune,31843,31843,whole,1,x\n\ncommune,"31852" x,31843,whole,1\n')
    assert files.places() == [("successions.csv", 2, ""), ("successions.csv", 3, ""), ("successions.csv", 5, "")]


def test_a_cell_over_two_lines_does_not_shift_the_count(files: Files) -> None:
    files.write(known='legacy,,2025-06-30,,"hai\ndòng"\nlegacy,95,hôm qua,,x\n')
    assert files.places() == [("known.csv", 4, "known_from")]


def test_files_that_cannot_be_read_at_all_are_named(files: Files) -> None:
    files.known.write_bytes(b"")
    files.successions.write_bytes(f"{SUCCESSION_HEADER}\ncommune,".encode() + b"\xff\xfe\n")
    assert files.places() == [("known.csv", 1, ""), ("successions.csv", 2, "")]
    files.successions.unlink()
    assert ("successions.csv", 1, "") in files.places()
    files.successions.write_text("level,legacy_code,kind,kind\n", encoding="utf-8")
    assert [place for place in files.places() if place[0] == "successions.csv"] == [
        ("successions.csv", 1, "current_code"),
        ("successions.csv", 1, "is_default"),
        ("successions.csv", 1, "kind"),
    ]


def test_ids_of_units_do_not_depend_on_the_file(files: Files) -> None:
    units = [command.unit for command in changes_of(files.plan()) if isinstance(command, RegisterUnit)]
    assert unit_id("current", "commune", "31843") in units
