"""The journal of erasures: every line whole, whoever writes at the same time and whatever was cut short."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from services.kernel.erasures import Journal

AT = "2026-11-20T02:00:00.000000Z"


def test_several_replicas_write_one_journal(tmp_path: Path) -> None:
    replicas = [Journal(tmp_path / "volume" / "erasures.journal") for _ in range(4)]
    for journal in replicas:
        journal.open()
    with ThreadPoolExecutor(len(replicas)) as pool:
        list(pool.map(lambda n: replicas[n % len(replicas)].append(f"case-{n}", AT), range(40)))
    erasures, length = replicas[0].since(0)
    assert sorted(erasures) == sorted((f"case-{n}", AT) for n in range(40))
    assert length == replicas[0].length()
    assert replicas[0].since(length) == ([], length)


def test_a_line_a_full_disk_cut_short_is_told_and_costs_its_neighbours_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(tmp_path / "erasures.journal")
    journal.append("first", AT)
    write = os.write
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda descriptor, line: write(descriptor, line[:4]))
        with pytest.raises(OSError, match="No space left"):
            journal.append("second", AT)
    journal.append("third", AT)
    assert journal.since(0)[0] == [("first", AT), ("third", AT)]


def test_a_journal_shorter_than_what_is_known_of_it_is_read_from_its_start(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "erasures.journal")
    journal.append("first", AT)
    assert journal.since(10_000) == ([("first", AT)], journal.length())
