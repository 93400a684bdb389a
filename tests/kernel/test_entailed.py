"""One command that stands for several: all of them are accepted in one append, or none."""

from pathlib import Path
from uuid import UUID

from services.kernel.clock import system_clock
from services.kernel.database import Database
from services.kernel.decider import Aggregate
from services.kernel.definition import ServiceDefinition
from services.kernel.handling import CommandProcessor
from services.kernel.identifiers import new_id
from services.kernel.message import Command, Event
from tests.kernel.counter import COUNTER, RaiseCounter
from tests.kernel.driving import AT, CLERK, add, at_once, start, stored


class Moved(Event, name="move.made"):
    move: UUID


class Move(Command, name="make_move"):
    move: UUID
    counters: tuple[UUID, ...]
    by: int


def raises(command: Move) -> list[RaiseCounter]:
    common = {"command_id": command.command_id, "actor": command.actor, "at": command.at}
    return [RaiseCounter(counter=counter, by=command.by, **common) for counter in command.counters]


MOVE: Aggregate[bool, Move, Moved] = Aggregate(
    category="move",
    events=Moved,
    commands=Move,
    initial=False,
    evolve=lambda _made, _event: True,
    decide=lambda command, made: [] if made else [Moved(move=command.move)],
    identity=lambda command: command.move,
    opens=frozenset({Move}),
    entails=raises,
)
MOVING = ServiceDefinition(name="moving", home=Path(__file__).parent, aggregates=(COUNTER, MOVE))


def processor(database: Database) -> CommandProcessor:
    return CommandProcessor(database, MOVING, system_clock)


def move(*counters: UUID, by: int = 1, move: UUID | None = None) -> Move:
    return Move(command_id=new_id(), actor=CLERK, at=AT, move=move or new_id(), counters=counters, by=by)


def totals(database: Database) -> dict[str, int]:
    found: dict[str, int] = {}
    for stream, _, name in stored(database):
        found[stream] = found.get(stream, 0) + (name == "counter.raised")
    return {stream: times for stream, times in found.items() if stream.startswith("counter")}


def test_what_a_command_entails_is_recorded_with_it_under_one_cause(database: Database) -> None:
    one, other = new_id(), new_id()
    running = processor(database)
    running.execute_many([start(one), start(other)])
    asked = move(one, other)
    answer = running.execute(asked)
    assert (answer.accepted, answer.stream, answer.version) == (True, f"move-{asked.move}", 1)
    assert totals(database) == {f"counter-{one}": 1, f"counter-{other}": 1}
    with database.read() as connection:
        causes = connection.exec_driver_sql("SELECT cause FROM events ORDER BY ordinal DESC LIMIT 3").scalars().all()
    assert set(causes) == {str(asked.command_id)}


def test_one_refusal_refuses_all_of_it_and_leaves_nothing_behind(database: Database) -> None:
    known, unknown = new_id(), new_id()
    running = processor(database)
    running.execute(start(known))
    before = stored(database)
    # Together with a command on the same counter: what the refused one did to it is forgotten.
    refused, accepted = running.execute_many([move(known, unknown), add(known)])
    assert (refused.code, refused.field) == ("NO_SUCH_COUNTER", "counter")
    assert accepted.version == 2
    assert stored(database) == [*before, (f"counter-{known}", 2, "counter.raised")]


def test_a_bug_in_what_is_entailed_leaves_nothing_behind(database: Database) -> None:
    one, other = new_id(), new_id()
    running = processor(database)
    running.execute_many([start(one), start(other)])
    before = stored(database)
    (outcome,) = running.execute_each([move(one, other, by=13)])
    assert isinstance(outcome, RuntimeError)
    assert stored(database) == before


def test_a_command_that_records_nothing_entails_nothing(database: Database) -> None:
    counter, made = new_id(), new_id()
    running = processor(database)
    running.execute_many([start(counter), move(counter, move=made)])
    before = stored(database)
    assert running.execute(move(counter, move=made)).accepted
    assert stored(database) == before


def test_a_rehearsal_answers_as_the_command_would_and_records_nothing(database: Database) -> None:
    known, unknown = new_id(), new_id()
    running = processor(database)
    running.execute(start(known))
    before = stored(database)
    good, bad = move(known, known), move(known, unknown)
    rehearsed = [running.rehearse(good), running.rehearse(bad)]
    assert stored(database) == before
    assert rehearsed == [running.execute(good), running.execute(bad)]


def test_the_same_counter_twice_is_raised_twice_in_order(database: Database) -> None:
    counter = new_id()
    running = processor(database)
    running.execute(start(counter))
    assert running.execute(move(counter, counter)).accepted
    assert [version for stream, version, _ in stored(database) if stream.startswith("counter")] == [1, 2, 3]


def test_processors_that_entail_each_others_streams_lose_nothing(database: Database) -> None:
    """Each keeps states of its own: a stale one is seen in the append, of entailed streams too, and decided again."""
    one, other = new_id(), new_id()
    processors = [processor(database) for _ in range(3)]
    processors[0].execute_many([start(one), start(other)])

    def act(number: int) -> None:
        for turn in range(10):
            pair = (one, other) if (turn + number) % 2 else (other, one)
            assert processors[number].execute(move(*pair)).accepted

    at_once(3, act)
    assert totals(database) == {f"counter-{one}": 30, f"counter-{other}": 30}
