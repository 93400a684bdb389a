"""`causo sweep-files`: what nobody made a material of goes after a day, all else stays, whatever happens meanwhile."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from deploy import connecting
from gateway.file_store import FileStore, Swept
from services.kernel.consumption import held_streams
from services.kernel.settings import Settings
from tests.deploy.test_cli import causo, started
from tests.gateway.media import pdf, png
from tests.gateway.running import Running
from tests.gateway.test_materials import DRAFT, do, drafted, published, upload

LONG_AGO = datetime.now(UTC) - timedelta(days=2)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """The whole system, running."""
    made = Running(tmp_path)
    yield made
    made.close()


def aged(path: Path) -> Path:
    os.utime(path, (LONG_AGO.timestamp(), LONG_AGO.timestamp()))
    return path


def placed(home: Path, content: bytes) -> Path:
    """A file as the gateway lays it down, two days old."""
    digest = sha256(content).hexdigest()
    path = home / digest[:2] / digest
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return aged(path)


def there(home: Path) -> set[str]:
    return {path.name for path in home.rglob("*") if path.is_file()}


def digests(*contents: bytes) -> set[str]:
    return {sha256(content).hexdigest() for content in contents}


def test_what_no_material_has_goes_after_a_day_while_the_gateway_runs(running: Running, tmp_path: Path) -> None:
    home = running.gateway.parts.files.home
    drafted(running, pdf("một dự thảo"))
    published(running, pdf("đã ban hành"))
    rewritten = drafted(running, pdf("bản nháp cũ"))
    file = upload(running, pdf("bản nháp mới")).json()["file"]
    assert do(running, DRAFT, f=file, l="vi", u="96", t="VNEID_L2", m=rewritten)["accepted"]
    running.settle()
    upload(running, pdf("không ai dùng"))
    (home / "arriving" / "tmp").write_bytes(b"x" * 30)
    for path in home.rglob("*"):
        aged(path)
    upload(running, png())
    used = digests(*(pdf(words) for words in ("một dự thảo", "đã ban hành", "bản nháp mới")), png())
    size = len(pdf("không ai dùng")) + len(pdf("bản nháp cũ")) + 30
    before = there(home)
    looked = causo("sweep-files", "--dry-run", var=tmp_path)
    said = f"3 files, {size / 1_000_000:,.1f} MB"
    assert (looked.returncode, looked.stdout.strip()) == (0, f"{said} would be removed from {home}"), looked.stderr
    assert there(home) == before
    done = started("sweep-files", var=tmp_path)
    assert (done.returncode, done.stdout.strip()) == (0, f"{said} removed from {home}")
    assert there(home) == used
    again = upload(running, pdf("không ai dùng")).json()["file"]
    assert do(running, DRAFT, f=again, l="vi", u="96", t="VNEID_L2")["accepted"], "sent again it is there again"


def test_an_old_file_a_draft_is_just_being_written_with_stays_though_nobody_has_heard_of_it(running: Running) -> None:
    file = upload(running, pdf()).json()["file"]
    files = running.gateway.parts.files
    for path in files.home.rglob("*"):
        aged(path)
    outcome = running.do(DRAFT, running.province, f=file, l="vi", u="96", t="VNEID_L2")
    assert outcome["accepted"], outcome
    assert files.sweep(set(), datetime.now(UTC) - timedelta(days=1)) == Swept(0, 0)
    assert files.path(file) is not None


def test_nothing_goes_while_the_gateway_does_not_know_all_materials(
    running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "CATCH_UP_SECONDS", 0.0)
    kept = placed(running.gateway.parts.files.home, pdf())
    parked = {"subscription": "gateway.materials", "source": "registry", "stream": "material-1", "state": "parked"}
    told = {"attempts": 9, "next_attempt_at": 0.0, "reason": "x", "since": "2026-11-20"}
    with running.embedded.databases["gateway"].write() as connection:
        connection.execute(held_streams.insert().values(**parked, **told))
    with pytest.raises(LookupError, match=r"gateway\.materials"):
        connecting.sweep_files(Settings(var_dir=tmp_path), dry_run=False)
    assert kept.is_file()
    with running.embedded.databases["gateway"].write() as connection:
        connection.execute(held_streams.delete())
    assert connecting.sweep_files(Settings(var_dir=tmp_path), dry_run=False)[1].files == 1


def test_a_gateway_that_never_heard_of_the_registry_loses_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Running(tmp_path).close()
    (tmp_path / "gateway.db").unlink()
    monkeypatch.setattr(connecting, "CATCH_UP_SECONDS", 0.0)
    kept = placed(tmp_path / "files", pdf())
    with pytest.raises(LookupError, match=r"gateway\.materials"):
        connecting.sweep_files(Settings(var_dir=tmp_path), dry_run=False)
    assert kept.is_file()


def test_a_file_sent_again_in_the_instant_it_is_swept_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, rename = placed(tmp_path, pdf()), Path.rename

    def just_then(path: Path, target: Path) -> Path:
        if path == kept:
            os.utime(path)
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", just_then)
    files = FileStore(tmp_path, 10_000)
    assert files.sweep(set(), datetime.now(UTC) - timedelta(days=1)) == Swept(0, 0)
    assert there(tmp_path) == {kept.name}


def test_what_a_sweep_that_was_broken_off_had_moved_aside_is_put_back(tmp_path: Path) -> None:
    used, unused = placed(tmp_path, pdf()), placed(tmp_path, png())
    for path in (used, unused):
        path.rename(path.with_name(f"{path.name}.swept"))
    files, before = FileStore(tmp_path, 10_000), datetime.now(UTC) - timedelta(days=1)
    assert files.sweep({used.name}, before, dry_run=True) == Swept(0, 0)
    assert files.path(used.name) is None, "a look changes nothing"
    assert files.sweep({used.name}, before) == Swept(1, len(png()))
    assert there(tmp_path) == {used.name}
