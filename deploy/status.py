"""What an operator asks first: how far each log is, who lags, what is parked, halted or dead."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import func, select

from deploy import system
from services.kernel import log as event_log
from services.kernel.consumption import cursors, held_events, held_streams
from services.kernel.database import Database
from services.kernel.settings import Settings


@dataclass(frozen=True, slots=True)
class LogStatus:
    """One service's log. `waiting` events have no position yet; `published` is the last one the broker confirmed."""

    service: str
    epoch: str
    head: int
    published: int
    waiting: int


@dataclass(frozen=True, slots=True)
class SubscriptionStatus:
    """One follower of one source. `lag` is in events; `halted` gives the reason, empty while all is well."""

    subscription: str
    source: str
    position: int
    lag: int
    halted: str
    retrying: int
    parked: int
    held_events: int


@dataclass(frozen=True, slots=True)
class ParkedStream:
    """A stream set aside, and why."""

    subscription: str
    source: str
    stream: str
    reason: str
    since: str


def databases(settings: Settings) -> dict[str, Database]:
    """Every database, for looking only. Raises `BadEnvironment`."""
    return system.open_databases(settings, system.DATABASES, pool_size=1)


def logs(opened: Mapping[str, Database]) -> Iterator[LogStatus]:
    """The logs of all services."""
    for name in system.SERVICES:
        with opened[name].read() as connection:
            row = connection.execute(select(event_log.history)).one_or_none()
            waiting = connection.exec_driver_sql("SELECT count(*) FROM outbox").scalar_one()
            head = event_log.head(connection)
        yield LogStatus(name, head.epoch, head.position, row.published if row else 0, int(waiting))


def subscriptions(opened: Mapping[str, Database]) -> Iterator[SubscriptionStatus]:
    """Every subscription of every database, those that never got anything included."""
    heads = {status.service: status.head for status in logs(opened)}
    for name, consumer in system.consumers().items():
        with opened[name].read() as connection:
            rows = {(row.subscription, row.source): row for row in connection.execute(select(cursors))}
            held: dict[tuple[str, str, str], int] = {}
            key_columns = (held_streams.c.subscription, held_streams.c.source, held_streams.c.state)
            states = select(*key_columns, func.count()).group_by(*key_columns)
            for subscription, source, state, count in connection.execute(states):
                held[subscription, source, state] = count
            columns = (held_events.c.subscription, held_events.c.source)
            kept = select(*columns, func.count()).group_by(*columns)
            events = {(row[0], row[1]): row[2] for row in connection.execute(kept)}
        follows = [(p.name, p.views) for p in consumer.projections]
        follows += [(m.name, m.views) for m in consumer.process_managers]
        for short, views in follows:
            for source in views:
                key = (f"{name}.{short}", source)
                cursor = rows.get(key)
                position = cursor.position if cursor else 0
                yield SubscriptionStatus(
                    subscription=key[0],
                    source=source,
                    position=position,
                    lag=max(0, heads.get(source, 0) - position),
                    halted=cursor.halted if cursor else "",
                    retrying=held.get((*key, "retrying"), 0),
                    parked=held.get((*key, "parked"), 0),
                    held_events=events.get(key, 0),
                )


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """Messages of one queue that nobody could read; they wait for a person."""

    queue: str
    count: int


def dead_letters(amqp_url: str) -> Iterator[DeadLetters]:
    """Every dead-letter queue of the system with something in it."""
    import amqp

    from services.kernel.messaging.connection import close_soon, connect
    from services.kernel.messaging.topology import dead_calls_of

    connection = connect(amqp_url, "causo status")
    try:
        for queue in [*(queue.dead for queue in system.queues()), *map(dead_calls_of, system.SERVICES)]:
            with suppress(amqp.NotFound):  # who would declare it has not run yet
                count = connection.channel().queue_declare(queue, passive=True).message_count
                if count:
                    yield DeadLetters(queue, count)
    finally:
        close_soon(connection)


def parked(opened: Mapping[str, Database]) -> Iterator[ParkedStream]:
    """Every parked stream."""
    for database in opened.values():
        with database.read() as connection:
            for row in connection.execute(select(held_streams).where(held_streams.c.state == "parked")):
                yield ParkedStream(row.subscription, row.source, row.stream, row.reason, row.since)
