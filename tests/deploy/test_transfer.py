"""From the embedded files to PostgreSQL: every row, every position, the same epoch."""

from pathlib import Path

import pytest

from deploy import system
from deploy.transfer import TargetNotEmpty, transfer
from services.kernel import log
from services.kernel.clock import system_clock
from services.kernel.identifiers import new_id
from services.kernel.log import Head
from services.kernel.runtime import ServiceRuntime
from services.kernel.settings import Settings

HAMLETS = 3


def laptop(var_dir: Path) -> tuple[Settings, Head]:
    """An embedded run that has seen some work and stands still."""
    settings = Settings(var_dir=var_dir)
    for name, consumer in system.consumers().items():
        database = system.open_database(settings, name)
        system.prepare_database(consumer, database)
        database.close()
    database = system.open_database(settings, "visits")
    runtime = ServiceRuntime(system.definition("visits"), database, settings)
    for _ in range(HAMLETS):
        payload = {"household": str(new_id()), "hamlet": str(new_id()), "actor": "test", "at": system_clock()}
        assert runtime.execute("register_household", payload).code == "UNKNOWN_HAMLET"
    registry = system.open_database(settings, "registry")
    runtime = ServiceRuntime(system.definition("registry"), registry, settings)
    for regime in ("legacy", "current"):
        declared = {
            "regime": regime,
            "known_from": "2025-07-01",
            "source": "thử",
            "actor": "test",
            "at": system_clock(),
        }
        assert runtime.execute("declare_map", declared).accepted
    log.open_history(registry)
    with registry.write() as connection:
        log.number(connection, 100)
    head = log.open_history(registry)
    database.close()
    registry.close()
    return settings, head


@pytest.fixture
def target(postgres_template: str, tmp_path: Path) -> Settings:
    return Settings(var_dir=tmp_path / "server", database_url=postgres_template)


def test_epoch_and_positions_go_along_and_new_events_come_after_the_old(tmp_path: Path, target: Settings) -> None:
    source, head = laptop(tmp_path / "laptop")

    transfer(source, target)

    database = system.open_database(target, "registry")
    assert log.open_history(database) == head
    runtime = ServiceRuntime(system.definition("registry"), database, target)
    declared = {"regime": "next", "known_from": "2030-01-01", "source": "thử", "actor": "test", "at": system_clock()}
    assert runtime.execute("declare_map", declared).accepted
    with database.write() as connection:
        assert log.number(connection, 100) == 1
        assert [event.position for event in log.events_since(connection, 0, 100)] == [1, 2, 3]
    database.close()


def test_a_target_with_a_history_of_its_own_is_left_alone(tmp_path: Path, target: Settings) -> None:
    source, _ = laptop(tmp_path / "laptop")
    transfer(source, target)
    database = system.open_database(target, "registry")
    declared = {"regime": "next", "known_from": "2030-01-01", "source": "thử", "actor": "test", "at": system_clock()}
    assert ServiceRuntime(system.definition("registry"), database, target).execute("declare_map", declared).accepted

    with pytest.raises(TargetNotEmpty):
        transfer(source, target)

    database.close()


def test_a_target_with_as_many_rows_of_another_history_is_left_alone(tmp_path: Path, target: Settings) -> None:
    transfer(laptop(tmp_path / "one")[0], target)

    with pytest.raises(TargetNotEmpty):
        transfer(laptop(tmp_path / "other")[0], target)


def test_an_interrupted_transfer_is_simply_run_again(tmp_path: Path, target: Settings) -> None:
    source, head = laptop(tmp_path / "laptop")

    def lose_the_way(table: str, _rows: int) -> None:
        if table == "gateway.cursors":
            raise ConnectionError("in the last database")

    with pytest.raises(ConnectionError):
        transfer(source, target, lose_the_way)
    heard: dict[str, int] = {}
    transfer(source, target, heard.__setitem__)

    assert "registry.events" not in heard, "it had arrived"
    assert "gateway.cursors" in heard
    database = system.open_database(target, "registry")
    assert log.open_history(database) == head
    database.close()


def test_progress_is_told_table_by_table(tmp_path: Path, target: Settings) -> None:
    source, _ = laptop(tmp_path / "laptop")
    heard: dict[str, int] = {}

    copied = transfer(source, target, heard.__setitem__)

    assert heard["registry.events"] == 2
    assert copied == sum(heard.values())
