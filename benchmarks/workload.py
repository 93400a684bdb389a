"""What is done over and over: counters are started and raised, and a read model keeps their totals.

The body of a raise is about as large as that of a visit. The peers do the same with the same fields.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Column, Connection, Integer, Table, Text
from sqlalchemy.dialects.postgresql import insert

from services.kernel.decider import Aggregate, Refused
from services.kernel.definition import ServiceDefinition
from services.kernel.message import Command, Event
from services.kernel.projection import Delivered, Projection

SOURCE = "counting"
REASON = "Hướng dẫn nộp hồ sơ trực tuyến tại nhà văn hoá ấp"


class CounterStarted(Event, name="counter.started"):
    """A counter at nought."""

    counter: UUID
    unit: UUID
    reason: str


class CounterRaised(Event, name="counter.raised"):
    """A counter went up."""

    counter: UUID
    by: int
    reason: str


CounterEvent = CounterStarted | CounterRaised


class StartCounter(Command, name="start_counter"):
    """Open a stream."""

    counter: UUID
    unit: UUID
    reason: str


class RaiseCounter(Command, name="raise_counter"):
    """Add to a stream."""

    counter: UUID
    by: int
    reason: str


@dataclass(frozen=True)
class Counter:
    """What the rules need to know."""

    started: bool = False
    total: int = 0


def evolve(state: Counter, event: CounterEvent) -> Counter:
    """State after `event`."""
    match event:
        case CounterStarted():
            return replace(state, started=True)
        case CounterRaised(by=by):
            return replace(state, total=state.total + by)


def decide(command: StartCounter | RaiseCounter, state: Counter) -> Sequence[CounterEvent]:
    """A counter is started once, then raised."""
    match command:
        case StartCounter(counter=counter, unit=unit, reason=reason):
            if state.started:
                raise Refused("Đã có bộ đếm này.", code="ALREADY_STARTED", field="counter")
            return [CounterStarted(counter=counter, unit=unit, reason=reason)]
        case RaiseCounter(counter=counter, by=by, reason=reason):
            if not state.started:
                raise Refused("Chưa có bộ đếm này.", code="NO_SUCH_COUNTER", field="counter")
            return [CounterRaised(counter=counter, by=by, reason=reason)]


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

COUNTING = ServiceDefinition(name=SOURCE, home=Path(__file__).parent, aggregates=(COUNTER,))


class Totals(Projection):
    """What every counter stands at, and how many events it took."""

    name: ClassVar[str] = "totals"
    views: ClassVar[dict[str, Any]] = {SOURCE: CounterEvent}
    streams: ClassVar[frozenset[str]] = frozenset({"counter"})

    table: Table

    def define(self) -> None:
        self.table = Table(
            f"totals{self.suffix}",
            self.metadata,
            Column("counter", Text, primary_key=True),
            Column("total", Integer, nullable=False),
            Column("events", Integer, nullable=False),
        )

    def apply(self, connection: Connection, events: Sequence[Delivered[CounterEvent]]) -> None:
        moved: dict[str, tuple[int, int]] = {}
        for delivered in events:
            event = delivered.event
            counter = str(event.counter)
            total, count = moved.get(counter, (0, 0))
            moved[counter] = (total + (event.by if isinstance(event, CounterRaised) else 0), count + 1)
        new = insert(self.table)
        upsert = new.on_conflict_do_update(
            index_elements=[self.table.c.counter],
            set_={
                "total": self.table.c.total + new.excluded.total,
                "events": self.table.c.events + new.excluded.events,
            },
        )
        rows = [{"counter": counter, "total": total, "events": count} for counter, (total, count) in moved.items()]
        if rows:
            connection.execute(upsert, rows)
