"""Handling commands: load, decide, append, answer; once, however often the same command comes.

Threads (or greenthreads) that call at the same time share one batch and one commit (`line`). The state of recently used
streams is kept; the append's version check makes a stale copy harmless, it is decided again.
"""

import random
import sqlite3
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import psycopg
import structlog
from sqlalchemy import Connection, Select
from sqlalchemy.exc import DBAPIError

from services.kernel import store
from services.kernel.bus import Answer
from services.kernel.clock import Clock, to_text
from services.kernel.database import Database, Session, is_trouble
from services.kernel.decider import Aggregate, CommandIdReused, NotKnownHere, Refused
from services.kernel.definition import ServiceDefinition
from services.kernel.identifiers import new_id
from services.kernel.line import Line
from services.kernel.message import Command

log = structlog.get_logger(__name__)

ATTEMPTS = 8
BATCH = 500
CACHED_STREAMS = 8192
LOST_SECONDS = 0.05
"""Pause after a lost connection: whatever ended it may be about to end those that wait in the pool."""

Key = tuple[str, str]


def may_pass(error: BaseException) -> bool:
    """The database's, not a command's: the same commands may succeed in a moment. Their callers have deadlines."""
    return is_trouble(error, timeouts=True)


@dataclass(slots=True)
class _Item:
    """One command on its way: `answer` or `error` is set when it is done."""

    command: Command
    aggregate: Aggregate[Any, Any, Any]
    key: Key
    payload_hash: str
    refusal: Refused | None = None
    contended: bool = False
    answer: Answer | None = None
    error: BaseException | None = None

    def entailed(self) -> Sequence[Command]:
        """Further commands that it stands for."""
        return () if self.aggregate.entails is None else self.aggregate.entails(self.command)

    @property
    def done(self) -> bool:
        return self.answer is not None or self.error is not None


class _Working:
    """What a batch knows while it decides: loaded states, advanced by the decisions already made in it."""

    def __init__(self, connection: Connection, cache: "OrderedDict[str, tuple[int, Any]]") -> None:
        self.connection = connection
        self.cache = cache
        self.states: dict[str, tuple[int, Any]] = {}
        self.base: dict[str, int] = {}
        self.others: dict[str, Any] = {}
        self.answers: dict[tuple[Any, ...], list[Any]] = {}

    def current(self, aggregate: Aggregate[Any, Any, Any], stream: str, *, opens: bool) -> tuple[int, Any]:
        if stream in self.states:
            return self.states[stream]
        if stream in self.cache:
            self.cache.move_to_end(stream)
            found = self.cache[stream]
        elif opens:
            found = (0, aggregate.initial)
        else:
            found = self._load(aggregate, stream)
        self.states[stream] = found
        self.base[stream] = found[0]
        return found

    def _load(self, aggregate: Aggregate[Any, Any, Any], stream: str) -> tuple[int, Any]:
        rows = store.load(self.connection, [stream])[stream]
        return len(rows), aggregate.fold(aggregate.initial, aggregate.codec.decode_all(rows))

    # The Lookup a guard sees: own streams as this batch leaves them, never an old copy.
    def state(self, aggregate: Aggregate[Any, Any, Any], identity: str) -> Any:
        stream = aggregate.stream_of(identity)
        if stream in self.states:
            return self.states[stream][1]
        if stream not in self.others:
            self.others[stream] = self._load(aggregate, stream)[1]
        return self.others[stream]

    def query(self, statement: Select[Any], **values: Any) -> list[Any]:
        asked = (statement, *values.items())
        if asked not in self.answers:
            self.answers[asked] = list(self.connection.execute(statement, values))
        return self.answers[asked]


class CommandProcessor:
    """Runs the commands of one service against its event store. Safe to call from any thread."""

    def __init__(
        self,
        database: Database,
        definition: ServiceDefinition,
        clock: Clock,
        committed: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._committed = committed
        self._prepares = definition.prepares
        self._shared = definition.together
        self._takes_back = definition.takes_back
        self._aggregates = {c: a for a in definition.aggregates for c in a.command_classes}
        self._line = Line(self._run, BATCH)
        self._cache: OrderedDict[str, tuple[int, Any]] = OrderedDict()
        self._session = Session(database)

    def execute(self, command: Command) -> Answer:
        """Run one command. A refusal is an answer; trouble with the database raises and may be repeated."""
        return self.execute_many([command])[0]

    def execute_many(self, commands: Sequence[Command]) -> list[Answer]:
        """Run commands in order, each accepted or refused on its own, sharing commits. Raises the first failure."""
        answers = []
        for outcome in self.execute_each(commands):
            if isinstance(outcome, BaseException):
                raise outcome
            answers.append(outcome)
        return answers

    def execute_each(self, commands: Sequence[Command]) -> list[Answer | BaseException]:
        """The same, a failure standing in the place of the command that failed."""
        items = [self._item(command) for command in commands]
        self._line.join(items)
        return [item.answer or item.error or AssertionError("a command left undone") for item in items]

    def rehearse(self, command: Command) -> Answer:
        """What the answer would be now; nothing is recorded. Raises trouble with the database."""
        with self._database.read() as connection:
            item = self._item(command)
            item.contended = True  # no stream is taken for new: no append will tell
            try:
                answer, _ = self._decide(_Working(connection, OrderedDict()), item, place=0)
            except Refused as refusal:
                answer = _refusal(self._aggregates[type(command)].stream(command), refusal)
        return answer

    def let_go(self) -> None:
        """Give up the database session, as when it was lost; the next command opens another one."""
        self._session.drop()

    def _item(self, command: Command) -> _Item:
        aggregate = self._aggregates[type(command)]
        return _Item(command, aggregate, (command.actor, str(command.command_id)), command.payload_hash())

    def _run(self, batch: list[_Item]) -> None:
        """Together while that works; one by one, still in order, once others keep getting in between or one is bad."""
        try:
            if not self._together(batch):
                for item in batch:
                    self._alone(item)
        except BaseException as error:
            self.let_go()
            for item in batch:
                if not item.done:
                    item.error = error
            if not isinstance(error, Exception):
                raise
        for item in batch:
            self._take_back(item)

    def _together(self, batch: list[_Item]) -> bool:
        try:
            return self._attempt(batch, attempts=2)
        except Exception as error:
            if may_pass(error):
                raise
            # One of them cannot be stored or asked about: nobody else pays for it.
            log.warning("batch_failed", error=type(error).__name__)
            return False

    def _alone(self, item: _Item) -> None:
        try:
            if not self._attempt([item], attempts=ATTEMPTS):
                item.error = store.Conflict(f"still contended after {ATTEMPTS} attempts")
        except Exception as error:
            if may_pass(error):
                raise
            log.error("command_failed", command=item.command.name, error=type(error).__name__)
            item.error = error

    def _attempt(self, items: list[_Item], *, attempts: int) -> bool:
        """Try until every item is done; False when others were first each time."""
        for attempt in range(attempts):
            try:
                if self._finish(items):
                    return True
            except Exception as error:
                if not may_pass(error):
                    raise
                # The outcome may be unknown; trying again is safe, the command's row tells.
                self.let_go()
                if attempt + 1 == attempts:
                    raise
                time.sleep(LOST_SECONDS)
            time.sleep(random.uniform(0, 0.004 * 2**attempt))
        return False

    def _finish(self, items: list[_Item]) -> bool:
        try:
            while items := [item for item in items if not item.done]:
                self._decide_and_append(items)
        except store.Conflict:
            self._answer_remembered(items)
            for item in items:
                item.contended = True
                for command in (item.command, *item.entailed()):
                    self._cache.pop(self._aggregates[type(command)].stream(command), None)
        return all(item.done for item in items)

    def _decide_and_append(self, items: list[_Item]) -> None:
        """Decide and append one round; of two items with the same command id the second waits for the next."""
        first: dict[Key, _Item] = {}
        for item in items:
            first.setdefault(item.key, item)
        for item in self._prepare_together(list(first.values())):
            self._prepare(item)
        now = [item for item in first.values() if not item.done]
        if self._database.is_postgres:
            answers, states = self._decide_batch(self._session.open(), now)
        else:
            with self._database.write() as connection:
                answers, states = self._decide_batch(connection, now)
        for stream, state in states.items():
            self._cache[stream] = state
            self._cache.move_to_end(stream)
        while len(self._cache) > CACHED_STREAMS:
            self._cache.popitem(last=False)
        for item, answer in answers:
            item.answer = answer
        self._committed()

    def _prepare_together(self, items: list[_Item]) -> list[_Item]:
        """Prepare several of a kind in what they may share; others, and all of a kind in which one fails, remain."""
        for kind, shared in self._shared.items():
            several = [item for item in items if type(item.command) is kind]
            if len(several) < 2:
                continue
            try:
                with shared(self._database):
                    prepared = [self._prepares[kind](self._database, item.command) for item in several]
            except Exception as error:
                if may_pass(error):
                    raise
                continue
            for item, command in zip(several, prepared, strict=True):
                item.command = command
            items = [item for item in items if type(item.command) is not kind]
        return items

    def _prepare(self, item: _Item) -> None:
        prepare = self._prepares.get(type(item.command))
        if prepare is None:
            return
        try:
            item.command = prepare(self._database, item.command)
        except Refused as refusal:
            item.refusal = refusal
        except Exception as error:
            if may_pass(error):
                raise
            log.error("command_failed", command=item.command.name, error=type(error).__name__)
            item.error = error

    def _take_back(self, item: _Item) -> None:
        take_back = self._takes_back.get(type(item.command))
        first_hand = item.answer is not None and item.answer.accepted and not item.contended
        if take_back is None or item.answer is None or first_hand:
            return
        try:
            identity = str(item.aggregate.identity(item.command))
            with self._database.look() as connection:
                state = _Working(connection, self._cache).state(item.aggregate, identity)
            take_back(self._database, item.command, state)
        except Exception as error:  # the command has its answer all the same
            log.error("take_back_failed", command=item.command.name, error=type(error).__name__)

    def _decide_batch(
        self, connection: Connection, items: list[_Item]
    ) -> tuple[list[tuple[_Item, Answer]], dict[str, tuple[int, Any]]]:
        working = _Working(connection, self._cache)
        answers: list[tuple[_Item, Answer]] = []
        new_commands: list[store.NewCommand] = []
        new_events: list[store.NewEvent] = []
        for item in items:
            try:
                answer, events = self._decide(working, item, place=len(new_events))
            except Refused as refusal:
                answer = _refusal(item.aggregate.stream(item.command), refusal)
                if isinstance(refusal, NotKnownHere):
                    if store.remembered(connection, [item.key]):
                        raise store.Conflict from None  # decided before, when it was known
                    answers.append((item, answer))
                    continue
                events = []
            except (psycopg.Error, sqlite3.Error, DBAPIError):
                raise
            except Exception as error:
                log.error("command_failed", command=item.command.name, error=type(error).__name__)
                item.error = error
                continue
            new_commands.append(store.NewCommand(*item.key, item.payload_hash, orjson.dumps(answer).decode()))
            new_events += events
            answers.append((item, answer))
        if new_commands:
            # Every state a decision stood on is checked, those of refusals too: a refusal is remembered for good.
            store.append(connection, store.Batch(working.base, new_commands, new_events, to_text(self._clock())))
        return answers, working.states

    def _decide(self, working: _Working, item: _Item, place: int) -> tuple[Answer, list[store.NewEvent]]:
        if item.refusal is not None:
            raise item.refusal
        events: list[store.NewEvent] = []
        if item.aggregate.entails is None:
            version = self._decide_one(working, item, item.command, place, events)
        else:
            before = dict(working.states)
            try:
                version = self._decide_one(working, item, item.command, place, events)
                for command in item.entailed() if events else ():
                    self._decide_one(working, item, command, place, events)
            except Exception:
                working.states = before
                raise
        return Answer(True, item.aggregate.stream(item.command), version), events

    def _decide_one(
        self, working: _Working, item: _Item, command: Command, place: int, events: list[store.NewEvent]
    ) -> int:
        """Decide one command, adding its events to those of its item; the version it leaves its stream at."""
        aggregate = self._aggregates[type(command)]
        stream = aggregate.stream(command)
        opens = type(command) in aggregate.opens and not item.contended
        version, state = working.current(aggregate, stream, opens=opens)
        if aggregate.guard is not None:
            aggregate.guard(command, working)
        decided = aggregate.decide(command, state)
        actor, command_id = item.key
        correlation_id = str(item.command.correlation_id or item.command.command_id)
        for event in decided:
            version += 1
            state = aggregate.evolve(state, event)
            body = event.model_dump_json()
            events.append(
                store.NewEvent(
                    place=place + len(events),
                    stream=stream,
                    version=version,
                    id=str(new_id()),
                    name=event.name,
                    schema_version=event.schema_version,
                    data=body,
                    cause=command_id,
                    correlation_id=correlation_id,
                    actor=actor,
                )
            )
        working.states[stream] = (version, state)
        return version

    def _answer_remembered(self, items: Iterable[_Item]) -> None:
        by_key: dict[Key, list[_Item]] = {}
        for item in items:
            by_key.setdefault(item.key, []).append(item)
        if self._database.is_postgres:
            found = store.remembered(self._session.open(), list(by_key))
        else:
            with self._database.read() as connection:
                found = store.remembered(connection, list(by_key))
        for key, (payload_hash, outcome) in found.items():
            for item in by_key[key]:
                item.answer = (
                    Answer(**orjson.loads(outcome))
                    if item.payload_hash == payload_hash
                    else Answer(False, code=CommandIdReused.code, message=_REUSED, field="command_id")
                )


def _refusal(stream: str, refusal: Refused) -> Answer:
    return Answer(False, stream, 0, refusal.stable_code, refusal.message, refusal.field or "")


_REUSED = "Mã lệnh này đã dùng cho một nội dung khác; hãy gửi với mã lệnh mới."
