"""`causo import-teams`: an office's files from the command line, together and twice; `causo erase-contacts`."""

from pathlib import Path

from gateway.roster.files import COLUMNS, Kind
from services.kernel.database import Database
from tests.deploy.test_cli import causo, started
from tests.gateway.running import Running
from tests.gateway.test_roster import HAMLETS, MEMBERS, TEAMS, file


def events(var: Path) -> int:
    database = Database(f"sqlite:///{var}/registry.db")
    with database.read() as connection:
        found = int(connection.exec_driver_sql("SELECT count(*) FROM events").scalar_one())
    database.close()
    return found


def test_four_files_are_imported_together_and_again_without_a_change(tmp_path: Path) -> None:
    Running(tmp_path).close()
    unit = ("31990", "Phường Tân Lập", "Phường", "xã", "96", "01/07/2025")
    there = ("31990", "Khóm 1", "Khóm", "01/07/2025")
    rows: dict[Kind, list[tuple[str, ...]]] = {
        "units": [unit],
        "hamlets": [*HAMLETS, there],
        "teams": TEAMS,
        "members": MEMBERS,
    }
    arguments = ["import-teams"]
    for kind in COLUMNS:
        (tmp_path / f"{kind}.csv").write_bytes(file(kind, rows[kind]))
        arguments += [f"--{kind}", str(tmp_path / f"{kind}.csv")]
    before = events(tmp_path)
    for run in (started, causo):
        done = run(*arguments, var=tmp_path)
        assert done.returncode == 0, done.stderr
        assert "12 of 12 accepted" in done.stdout
        assert events(tmp_path) == before + 12


def test_bad_rows_are_named_by_file_and_line_and_nothing_is_imported(tmp_path: Path) -> None:
    Running(tmp_path).close()
    (tmp_path / "ap.csv").write_bytes(file("hamlets", [*HAMLETS, ("31843", "", "Ấp", "01/07/2025")]))
    before = events(tmp_path)
    done = causo("import-teams", "--hamlets", str(tmp_path / "ap.csv"), var=tmp_path)
    assert done.returncode == 1
    assert "ap.csv, dòng 4, cột ấp khóm: không được để trống" in done.stderr
    assert events(tmp_path) == before
    done = causo("import-teams", "--hamlets", str(tmp_path / "ap.csv"), "--good-rows", var=tmp_path)
    assert (done.returncode, events(tmp_path)) == (0, before + 2)


def test_contacts_are_erased_only_when_the_office_said_after_how_long(tmp_path: Path) -> None:
    done = causo("erase-contacts", var=tmp_path)
    assert done.returncode == 1
    assert "CAUSO_CONTACT_RETENTION_DAYS is not set" in done.stderr
    done = started("erase-contacts", var=tmp_path, CAUSO_CONTACT_RETENTION_DAYS="90")
    assert done.stdout.strip().endswith("0 of 0 erased")
