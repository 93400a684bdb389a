"""The import within the registry's process: in the background, beside other commands, gone on with after a death."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import Any

import pytest

from services.kernel import store
from services.kernel.clock import to_text
from services.kernel.identifiers import new_id
from services.kernel.runtime import ServiceRuntime
from services.registry import import_map, map_importing
from services.registry.map_import import MAP_IMPORT, AdvanceMapImport, MapImport, StartMapImport
from services.registry.map_importing import Importing
from tests.registry.conftest import NOON

EDITION = "a" * 64
REFUSED = 1
"""The commune in these files is registered before its province is founded."""


@pytest.fixture(autouse=True)
def small_map(monkeypatch: pytest.MonkeyPatch, provinces: tuple[Path, Path, Path]) -> None:
    """The provinces alone, in small batches, each told."""
    monkeypatch.setattr(map_importing, "plan_import", lambda **told: import_map.plan_import(*provinces, **_time(told)))
    monkeypatch.setattr(map_importing, "BATCH", 20)
    monkeypatch.setattr(map_importing, "TOLD_EVERY", 20)
    monkeypatch.setattr(map_importing, "PAUSE_SECONDS", 0.0)


def _time(told: dict[str, Any]) -> dict[str, Any]:
    return {name: told[name] for name in ("clock", "pause")}


@pytest.fixture
def total(provinces: tuple[Path, Path, Path]) -> int:
    return len(import_map.plan_import(*provinces).commands)


def envelope(number: int = 0) -> dict[str, Any]:
    return {"command_id": str(new_id()), "actor": f"official-{number}", "at": to_text(NOON)}


def state(registry: ServiceRuntime) -> MapImport | None:
    with registry.database.look() as connection:
        rows = store.load(connection, ["map_import-national"])["map_import-national"]
    return MAP_IMPORT.fold(None, MAP_IMPORT.codec.decode_all(rows))


def until_finished(registry: ServiceRuntime) -> MapImport:
    pause, until = Event(), monotonic() + 60
    while (found := state(registry)) is None or not found.finished:
        assert monotonic() < until
        pause.wait(0.02)
    return found


def events(registry: ServiceRuntime) -> int:
    with registry.database.look() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM events").scalar_one())


@pytest.fixture
def importing() -> Iterator[Importing]:
    made = Importing()
    yield made
    if made._thread is not None:
        made._thread.join(60)


def test_it_runs_in_the_background_and_asked_again_it_is_done(
    registry: ServiceRuntime, importing: Importing, total: int
) -> None:
    assert importing.start(registry, envelope())["accepted"]
    found = until_finished(registry)
    assert (found.done, found.total, found.refused) == (total, total, REFUSED)
    recorded = events(registry)
    assert importing.start(registry, envelope(1))["accepted"]
    assert importing._thread is not None
    importing._thread.join(60)
    assert events(registry) == recorded


def test_a_process_that_died_leaves_it_where_it_was_and_another_one_goes_on(
    registry: ServiceRuntime, total: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Death(BaseException):
        pass

    asked: list[int] = []
    real = ServiceRuntime.execute_many

    def dying(self: ServiceRuntime, commands: Any) -> Any:
        if len(commands) > 1:
            if len(asked) == 2:
                raise Death
            asked.append(len(commands))
        return real(self, commands)

    monkeypatch.setattr(ServiceRuntime, "execute_many", dying)
    registry.execute("start_map_import", {**envelope(), "edition": map_importing.edition()})
    with pytest.raises(Death):
        map_importing._import(registry)
    halfway = state(registry)
    assert halfway is not None
    assert (halfway.done, halfway.total) == (40, total)
    monkeypatch.setattr(ServiceRuntime, "execute_many", real)
    other = Importing()
    other.start(registry, envelope())
    assert until_finished(registry).refused == REFUSED


def test_trouble_of_the_database_is_tried_again(
    registry: ServiceRuntime, importing: Importing, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, troubles = ServiceRuntime.execute_many, [TimeoutError(), TimeoutError()]

    def troubled(self: ServiceRuntime, commands: Any) -> Any:
        if len(commands) > 1 and troubles:
            raise troubles.pop()
        return real(self, commands)

    monkeypatch.setattr(ServiceRuntime, "execute_many", troubled)
    importing.start(registry, envelope())
    assert until_finished(registry).refused == REFUSED


def test_other_commands_are_answered_meanwhile(
    registry: ServiceRuntime, importing: Importing, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, held, go_on = ServiceRuntime.execute_many, Event(), Event()

    def slow(self: ServiceRuntime, commands: Any) -> Any:
        if len(commands) > 1 and not held.is_set():
            held.set()
            assert go_on.wait(60)
        return real(self, commands)

    monkeypatch.setattr(ServiceRuntime, "execute_many", slow)
    importing.start(registry, envelope())
    assert held.wait(60)
    answers: list[bool] = []
    course = {"course": str(new_id()), "name": "An toàn mạng", "topics": ["VNEID_L2"], "provider": "Bộ"}
    asking = Thread(
        target=lambda: answers.append(registry.execute("catalogue_course", {**course, **envelope()}).accepted)
    )
    asking.start()
    asking.join(30)
    found = state(registry)
    go_on.set()
    assert answers == [True]
    assert found is None or not found.finished
    until_finished(registry)


def test_an_edition_is_started_once_and_never_goes_back() -> None:
    start = StartMapImport(edition=EDITION, **told())
    (started,) = MAP_IMPORT.decide(start, None)
    running = MAP_IMPORT.fold(None, [started])
    assert MAP_IMPORT.decide(start, running) == []
    advance = AdvanceMapImport(edition=EDITION, stage="units", done=500, total=900, refused=1, **told())
    running = MAP_IMPORT.fold(running, MAP_IMPORT.decide(advance, running))
    assert running == MapImport(EDITION, 500, 900, 1)
    late = advance.model_copy(update={"done": 400})
    assert MAP_IMPORT.decide(late, running) == []
    other = start.model_copy(update={"edition": "b" * 64})
    assert [event.name for event in MAP_IMPORT.decide(other, running)] == ["map_import.started"]


def told() -> dict[str, Any]:
    return {"command_id": new_id(), "actor": "test", "at": NOON}
