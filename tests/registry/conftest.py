"""A registry of the test's own: the real one, on each kind of database."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from services.kernel.database import Database
from services.kernel.message import Command
from services.kernel.runtime import ServiceRuntime
from services.kernel.settings import Settings
from services.registry.import_map import ImportPlan
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


@pytest.fixture(params=["sqlite", "postgresql"])
def registry(request: pytest.FixtureRequest, prepared: Callable[[str, str], str]) -> Iterator[ServiceRuntime]:
    database = Database(prepared(request.param, "registry"))
    yield ServiceRuntime(DEFINITION, database, Settings(), clock=lambda: NOON)
    database.close()
