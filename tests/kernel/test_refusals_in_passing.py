"""A refusal that only means "not yet" is told and not remembered."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from services.kernel.database import Database
from services.kernel.decider import Aggregate, Lookup, NotKnownHere
from services.kernel.definition import ServiceDefinition
from services.kernel.handling import CommandProcessor
from services.kernel.identifiers import new_id
from services.kernel.message import Command, Event

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


class DoorOpened(Event, name="door.opened"):
    door: UUID


class OpenDoor(Command, name="open_door"):
    door: UUID


@dataclass
class Keys:
    """What another service may or may not have told us yet."""

    known: bool = False


def processor(database: Database, keys: Keys) -> CommandProcessor:
    def guard(command: OpenDoor, lookup: Lookup) -> None:
        if not keys.known:
            raise NotKnownHere("Chưa biết cửa này.", field="door")

    door: Aggregate[None, Any, Any] = Aggregate(
        category="door",
        events=DoorOpened,
        commands=OpenDoor,
        initial=None,
        evolve=lambda state, event: None,
        decide=lambda command, state: [DoorOpened(door=command.door)],
        identity=lambda command: command.door,
        guard=guard,
    )
    definition = ServiceDefinition(name="doors", home=Path(__file__).parent, aggregates=(door,))
    return CommandProcessor(database, definition, lambda: NOW)


def test_the_same_command_succeeds_once_what_it_names_has_arrived(database: Database) -> None:
    keys = Keys()
    doors = processor(database, keys)
    command = OpenDoor(door=new_id(), actor="test", at=NOW)

    assert doors.execute(command).code == "NOT_KNOWN_HERE"
    keys.known = True

    assert doors.execute(command).accepted


def test_what_was_accepted_stays_accepted_when_it_is_no_longer_known(database: Database) -> None:
    keys = Keys(known=True)
    doors = processor(database, keys)
    command = OpenDoor(door=new_id(), actor="test", at=NOW)
    first = doors.execute(command)
    keys.known = False

    assert doors.execute(command) == first
