"""What services promise each other: names that never change, old bodies that still read, views that fit."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest

import services
from deploy.system import SERVICES, Consumer, consumers, open_database, prepare_database
from services.kernel.message import Event, Recorded, members, read
from services.kernel.projection import Delivered, Projection
from services.kernel.settings import Settings
from tests.golden import GOLDEN, NAMES, event_classes, examples, golden_file

if TYPE_CHECKING:
    from services.kernel.process_manager import ProcessManager

GOLDEN_FILES = sorted(GOLDEN.glob("*/*.json"))
CLASSES = {event_class.name: event_class for _, event_class in event_classes()}
CONSUMERS = consumers()


def followed(consumer: Consumer) -> Iterator[Any]:
    """A pytest parameter (source, view) for every event the consumer follows."""
    parts: list[type[Projection | ProcessManager]] = [*consumer.projections, *consumer.process_managers]
    for part in parts:
        for source, union in part.views.items():
            for view in members(union):
                yield pytest.param(source, view, id=f"{consumer.name}.{part.name}:{view.name}")


VIEWS = [parameter for consumer in CONSUMERS.values() for parameter in followed(consumer)]


def body_of(event: Event) -> dict[str, Any]:
    body: dict[str, Any] = orjson.loads(event.model_dump_json())
    return body


def shipped(path: Path) -> tuple[str, int, str]:
    """(stored name, schema version, body) of a golden file."""
    name, version = path.stem.rsplit(".v", 1)
    return name, int(version), path.read_text(encoding="utf-8")


def test_every_service_folder_is_part_of_the_system() -> None:
    home = Path(next(iter(services.__path__)))
    assert {path.parent.name for path in home.glob("*/service.py")} == set(SERVICES)


def test_stored_names_are_those_of_the_committed_list() -> None:
    """Never take a line out of the list: somewhere an event of that name is stored. `python -m tests.golden` adds."""
    assert NAMES.read_text(encoding="utf-8").split() == sorted(CLASSES)


def test_a_stored_name_is_two_words_and_belongs_to_one_service() -> None:
    names = Counter(event_class.name for _, event_class in event_classes())
    assert set(names.values()) == {1}
    assert [name for name in names if not re.fullmatch(r"[a-z_]+\.[a-z_]+", name)] == []


@pytest.mark.parametrize("service", SERVICES)
def test_every_event_has_an_example(service: str) -> None:
    stored = {event_class.name for owner, event_class in event_classes() if owner == service}
    assert {example.name for example in examples(service)} == stored


@pytest.mark.parametrize(("service", "event_class"), [pytest.param(*pair, id=pair[1].name) for pair in event_classes()])
def test_every_version_of_an_event_has_its_golden_file(service: str, event_class: type[Event]) -> None:
    """A missing one of today's version: `python -m tests.golden`, once, when the event is shipped."""
    for version in range(1, event_class.schema_version + 1):
        assert golden_file(service, event_class.name, version).is_file()


@pytest.mark.parametrize("path", GOLDEN_FILES, ids=lambda path: path.stem)
def test_every_body_ever_shipped_still_reads_and_keeps_what_it_said(path: Path) -> None:
    name, version, body = shipped(path)
    event_class = CLASSES[name]
    event = read(event_class, version, body)
    today = body_of(event)
    if version == event_class.schema_version:
        assert {key: today.get(key) for key in orjson.loads(body)} == orjson.loads(body)
    assert read(event_class, event_class.schema_version, event.model_dump_json()) == event


@pytest.mark.parametrize(("source", "view"), VIEWS)
def test_a_consumer_s_view_reads_what_the_publisher_writes(source: str, view: type[Event]) -> None:
    published = [example for example in examples(source) if example.name == view.name]
    assert published, f"{source} publishes no {view.name}"
    fields = {field.alias or name for name, field in view.model_fields.items()}
    for example in published:
        read(view, example.schema_version, example.model_dump_json())
        assert fields <= set(body_of(example)), "a view reads a field nobody writes"


@pytest.mark.parametrize(("source", "view"), VIEWS)
def test_a_consumer_s_view_reads_every_version_ever_shipped(source: str, view: type[Event]) -> None:
    for path in sorted((GOLDEN / source).glob(f"{view.name}.v*.json")):
        _, version, body = shipped(path)
        read(view, version, body)


@pytest.mark.parametrize("consumer", CONSUMERS.values(), ids=CONSUMERS)
def test_every_read_model_and_process_manager_takes_every_example(consumer: Consumer, tmp_path: Path) -> None:
    database = open_database(Settings(var_dir=tmp_path), consumer.name)
    prepare_database(consumer, database)
    with database.write() as connection:
        for projection in (projection_class() for projection_class in consumer.projections):
            for source, union in projection.views.items():
                projection.apply(connection, _delivered(source, union))
        for manager in (manager_class() for manager_class in consumer.process_managers):
            for source, union in manager.views.items():
                manager.react(connection, _delivered(source, union))
    database.close()


def _delivered(source: str, union: Any) -> list[Delivered[Any]]:
    views = {view.name: view for view in members(union)}
    taken = [example for example in examples(source) if example.name in views]
    return [
        Delivered(source, read(views[e.name], e.schema_version, e.model_dump_json()), _recorded(position, e))
        for position, e in enumerate(taken, start=1)
    ]


def _recorded(position: int, event: Event) -> Recorded:
    key = f"019a0000-0000-7000-8000-{position:012}"
    return Recorded(
        position=position,
        id=key,
        stream=f"example-{position}",
        version=1,
        name=event.name,
        schema_version=event.schema_version,
        data=event.model_dump_json(),
        recorded_at="2026-11-20T05:00:00.000000Z",
        correlation_id=key,
        cause=key,
    )
