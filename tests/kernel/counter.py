"""A small aggregate for kernel tests: a counter that refuses to pass a hundred."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Column, Connection, Integer, Table, Text

from services.kernel.decider import Aggregate, Refused
from services.kernel.definition import ServiceDefinition
from services.kernel.message import Command, Event
from services.kernel.projection import Delivered, Projection


class CounterStarted(Event, name="counter.started"):
    counter: UUID


class CounterRaised(Event, name="counter.raised"):
    counter: UUID
    by: int


CounterEvent = CounterStarted | CounterRaised


class StartCounter(Command, name="start_counter"):
    counter: UUID


class RaiseCounter(Command, name="raise_counter"):
    counter: UUID
    by: int


@dataclass(frozen=True)
class Counter:
    started: bool = False
    total: int = 0


def evolve(state: Counter, event: CounterEvent) -> Counter:
    match event:
        case CounterStarted():
            return replace(state, started=True)
        case CounterRaised(by=by):
            return replace(state, total=state.total + by)


def decide(command: StartCounter | RaiseCounter, state: Counter) -> Sequence[CounterEvent]:
    match command:
        case StartCounter(counter=counter):
            if state.started:
                raise Refused("Đã có bộ đếm này.", code="ALREADY_STARTED", field="counter")
            return [CounterStarted(counter=counter)]
        case RaiseCounter(counter=counter, by=by):
            if not state.started:
                raise Refused("Chưa có bộ đếm này.", code="NO_SUCH_COUNTER", field="counter")
            if by == 13:
                raise RuntimeError("a bug in a rule")
            return [CounterRaised(counter=counter, by=by)] if by else []


COUNTER: Aggregate[Counter, Any, CounterEvent] = Aggregate(
    category="counter",
    events=CounterEvent,
    commands=StartCounter | RaiseCounter,
    initial=Counter(),
    evolve=evolve,
    decide=decide,
    identity=lambda command: command.counter,
    opens=frozenset({StartCounter}),
)

COUNTING = ServiceDefinition(name="counting", home=Path(__file__).parent, aggregates=(COUNTER,))


class Totals(Projection):
    """What every counter stands at, and how many events it took; an event applied twice or skipped shows."""

    name = "totals"
    views: ClassVar[Mapping[str, Any]] = {"counting": CounterEvent}
    streams: ClassVar[frozenset[str]] = frozenset({"counter"})

    def define(self) -> None:
        self.table = Table(
            f"totals{self.suffix}",
            self.metadata,
            Column("counter", Text, primary_key=True),
            Column("total", Integer, nullable=False),
            Column("events", Integer, nullable=False),
            Column("last_version", Integer, nullable=False),
        )

    def apply(self, connection: Connection, events: Sequence[Delivered[CounterEvent]]) -> None:
        for delivered in events:
            event, version = delivered.event, delivered.recorded.version
            counter = str(event.counter)
            if isinstance(event, CounterStarted):
                connection.execute(self.table.insert().values(counter=counter, total=0, events=1, last_version=version))
                continue
            if event.by == 666:
                raise ValueError("poison")
            mine = self.table.c.counter == counter, self.table.c.last_version == version - 1
            moved = connection.execute(
                self.table.update()
                .where(*mine)
                .values(total=self.table.c.total + event.by, events=self.table.c.events + 1, last_version=version)
            ).rowcount
            assert moved == 1, "an event came out of order"
