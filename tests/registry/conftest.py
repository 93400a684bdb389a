"""A registry of the test's own: the real one, on each kind of database."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.kernel.database import Database
from services.kernel.message import Command
from services.kernel.runtime import ServiceRuntime
from services.kernel.settings import Settings
from services.registry.import_map import KNOWN_FROM_CSV, SUCCESSIONS_CSV, UNITS_CSV, ImportPlan
from services.registry.reorganisation import Reorganise, entailed
from services.registry.service import DEFINITION

NOON = datetime(2026, 10, 6, 5, 0, tzinfo=UTC)
"""Noon in Vietnam on 6 October 2026."""


def changes_of(plan: ImportPlan) -> list[Command]:
    """Every command of a plan and all it entails, in order."""
    found: list[Command] = []
    for command in plan.commands:
        found += [command, *(entailed(command) if isinstance(command, Reorganise) else ())]
    return found


@pytest.fixture(scope="session")
def provinces(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """The files of a map of provinces and the commune with a plan of its own, as `plan_import` takes them first."""
    folder, kept = tmp_path_factory.mktemp("provinces"), []
    known = {UNITS_CSV: (",province,", "current,10888,"), SUCCESSIONS_CSV: ("province,",), KNOWN_FROM_CSV: ("",)}
    for file, keeps in known.items():
        head, *rows = file.read_text(encoding="utf-8").splitlines(keepends=True)
        kept.append(folder / file.name)
        lines = [row for row in rows if any(word in row for word in keeps)]
        kept[-1].write_text(head + "".join(lines), encoding="utf-8")
    units, successions, known_from = kept
    return units, successions, known_from


@pytest.fixture(params=["sqlite", "postgresql"])
def registry(request: pytest.FixtureRequest, prepared: Callable[[str, str], str]) -> Iterator[ServiceRuntime]:
    database = Database(prepared(request.param, "registry"))
    yield ServiceRuntime(DEFINITION, database, Settings(), clock=lambda: NOON)
    database.close()
