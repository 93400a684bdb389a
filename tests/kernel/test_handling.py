"""Commands are decided once, in order, and answered whatever happens meanwhile."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from services.kernel.bus import Answer
from services.kernel.clock import system_clock
from services.kernel.database import Database
from services.kernel.decider import Refused
from services.kernel.definition import ServiceDefinition
from services.kernel.handling import CommandProcessor
from services.kernel.identifiers import new_id
from services.kernel.message import Command
from tests.kernel.counter import COUNTER, Counter, RaiseCounter
from tests.kernel.driving import add, at_once, count, processor, start, stored, until
from tests.soak import Scale


def test_a_command_is_answered_with_its_stream_and_version(database: Database) -> None:
    counter = new_id()
    running = processor(database)
    assert running.execute(start(counter)) == Answer(True, f"counter-{counter}", 1)
    assert running.execute(add(counter, 2)) == Answer(True, f"counter-{counter}", 2)
    assert stored(database) == [
        (f"counter-{counter}", 1, "counter.started"),
        (f"counter-{counter}", 2, "counter.raised"),
    ]


def test_an_event_remembers_who_caused_it_and_why(database: Database) -> None:
    counter, act = new_id(), new_id()
    command = start(counter, actor="an").model_copy(update={"correlation_id": act})
    processor(database).execute(command)
    with database.read() as connection:
        row = connection.execute(text("SELECT actor, cause, correlation_id, recorded_at FROM events")).one()
    assert row[:3] == ("an", str(command.command_id), str(act))
    assert row.recorded_at.endswith("Z")


def test_a_command_that_changes_nothing_is_accepted_and_records_no_event(database: Database) -> None:
    counter = new_id()
    running = processor(database)
    running.execute(start(counter))
    assert running.execute(add(counter, 0)) == Answer(True, f"counter-{counter}", 1)
    assert len(stored(database)) == 1


def test_a_thousand_repeats_give_the_first_answer_and_record_nothing(database: Database, scale: Scale) -> None:
    counter = new_id()
    running = processor(database)
    running.execute(start(counter))
    once = add(counter, 5)
    first = running.execute(once)
    running.execute(add(counter, 1))
    again = [processor(database).execute(once) if n % 100 == 0 else running.execute(once) for n in range(1000)]
    assert set(again) == {first}
    assert len(stored(database)) == 3
    assert count(database, "commands") == 3
    kind = database.engine.dialect.name
    scale.measured("4", "same result, 1 event, 1,000 retries", f"same result, 1 event, {len(again):,} retries, {kind}")


def test_a_refusal_is_remembered_even_when_the_rules_would_now_agree(database: Database) -> None:
    counter = new_id()
    running = processor(database)
    early = add(counter)
    refusal = running.execute(early)
    assert (refusal.accepted, refusal.code, refusal.field) == (False, "NO_SUCH_COUNTER", "counter")
    running.execute(start(counter))
    assert running.execute(early) == processor(database).execute(early) == refusal
    assert len(stored(database)) == 1


def test_an_acceptance_is_remembered_even_when_the_rules_would_now_refuse(database: Database) -> None:
    first = start(new_id())
    running = processor(database)
    assert running.execute(first) == running.execute(first) == processor(database).execute(first)


def test_the_same_id_for_something_else_is_refused(database: Database) -> None:
    counter, command_id = new_id(), new_id()
    running = processor(database)
    running.execute(start(counter))
    running.execute(add(counter, 1, command_id))
    misuse = running.execute(add(counter, 2, command_id))
    assert (misuse.accepted, misuse.code, misuse.field) == (False, "COMMAND_ID_REUSED", "command_id")
    assert len(stored(database)) == 2


def test_ids_are_each_actors_own(database: Database) -> None:
    counter, command_id = new_id(), new_id()
    running = processor(database)
    running.execute(start(counter))
    assert running.execute(add(counter, 1, command_id, "an")).version == 2
    assert running.execute(add(counter, 2, command_id, "binh")).version == 3


def test_one_command_sent_by_many_callers_at_once_happens_once(database: Database) -> None:
    replicas = [processor(database) for _ in range(2)]
    for _ in range(20):
        counter = new_id()
        begin = start(counter)
        assert len({*at_once(8, lambda n, c=begin: replicas[n % 2].execute(c))}) == 1  # type: ignore[misc]
        once = add(counter, 4)
        answers = at_once(8, lambda n, c=once: replicas[n % 2].execute(c))  # type: ignore[misc]
        assert set(answers) == {Answer(True, f"counter-{counter}", 2)}
        assert len(stored(database, counter)) == 2


def test_a_bug_in_a_rule_fails_only_its_own_command(database: Database) -> None:
    counters = [new_id() for _ in range(8)]
    running = processor(database)
    running.execute_many([start(counter) for counter in counters])

    def raise_one(number: int) -> Answer | None:
        try:
            return running.execute(add(counters[number], 13 if number == 3 else 1))
        except RuntimeError:
            return None

    answers = at_once(8, raise_one)
    assert [answer is None for answer in answers] == [n == 3 for n in range(8)]
    assert len(stored(database)) == 15
    with pytest.raises(RuntimeError):
        running.execute_many([add(counters[0]), add(counters[0], 13), add(counters[0])])
    assert len(stored(database, counters[0])) == 4, "its neighbours in the call were recorded all the same"


def test_a_command_that_cannot_be_stored_fails_only_itself(postgres: Database) -> None:
    counter = new_id()
    running = processor(postgres)
    running.execute(start(counter))
    with pytest.raises(psycopg.DataError):  # PostgreSQL's text takes no NUL
        running.execute_many([add(counter), add(counter, actor="nul\0"), add(counter)])
    assert [version for _, version, _ in stored(postgres)] == [1, 2, 3]


def test_a_guard_that_asks_wrongly_fails_only_its_own_command(postgres: Database) -> None:
    def guard(command: Command, lookup: object) -> None:
        if getattr(command, "by", 0) == 99:
            lookup.query(text("SELECT nothing FROM nowhere"))  # type: ignore[attr-defined]

    aggregate = COUNTER.__class__(
        **{name: getattr(COUNTER, name) for name in COUNTER.__dataclass_fields__ if name not in ("codec", "guard")},
        guard=guard,
    )
    running = CommandProcessor(
        postgres, ServiceDefinition("guarded", Path(__file__).parent, (aggregate,)), system_clock
    )
    counter = new_id()
    running.execute(start(counter))
    with pytest.raises(Exception, match=r"nowhere"):
        running.execute_many([add(counter), add(counter, 99), add(counter)])
    assert [version for _, version, _ in stored(postgres)] == [1, 2, 3]


def test_a_preparation_can_refuse_or_fail_without_harm_to_others(database: Database) -> None:
    def prepare(_database: Database, command: Command) -> Command:
        by = getattr(command, "by", 0)
        if by == 77:
            raise Refused("Không được.", code="NOT_PREPARED", field="by")
        if by == 99:
            raise KeyError("a bug in a preparation")
        return command

    definition = ServiceDefinition(
        "prepared", Path(__file__).parent, (COUNTER,), prepares=dict.fromkeys(COUNTER.command_classes, prepare)
    )
    running = CommandProcessor(database, definition, system_clock)
    counter = new_id()
    running.execute(start(counter))
    refused = add(counter, 77)
    assert running.execute(refused).code == running.execute(refused).code == "NOT_PREPARED"
    with pytest.raises(KeyError):
        running.execute_many([add(counter), add(counter, 99), add(counter)])
    assert [version for _, version, _ in stored(database)] == [1, 2, 3]


def test_several_of_a_kind_are_prepared_in_what_they_share_and_each_by_itself_when_one_fails(
    database: Database,
) -> None:
    inside: list[str] = []

    @contextmanager
    def shared(_database: Database) -> Iterator[None]:
        inside.append("began")
        yield
        inside.append("ended")

    def prepare(_database: Database, command: Command) -> Command:
        inside.append(str(getattr(command, "by", "")))
        if getattr(command, "by", 0) == 77:
            raise Refused("Không được.", code="NOT_PREPARED", field="by")
        return command

    definition = ServiceDefinition(
        "prepared",
        Path(__file__).parent,
        (COUNTER,),
        prepares=dict.fromkeys(COUNTER.command_classes, prepare),
        together={RaiseCounter: shared},
    )
    running = CommandProcessor(database, definition, system_clock)
    counter = new_id()
    running.execute_many([start(counter), add(counter, 1), add(counter, 2)])
    assert inside == ["began", "1", "2", "ended", ""]
    inside.clear()
    answers = running.execute_many([add(counter, 3), add(counter, 77)])
    assert [answer.code for answer in answers] == ["", "NOT_PREPARED"]
    assert inside == ["began", "3", "77", "3", "77"]
    assert running.execute(add(counter, 4)).accepted
    assert inside[-2:] == ["77", "4"], "one alone shares with nobody"


def test_what_a_refused_or_repeated_command_prepared_may_be_taken_back(
    database: Database,
) -> None:
    asked: list[tuple[Command, object]] = []

    def take_back(_database: Database, command: Command, state: object) -> None:
        asked.append((command, state))
        raise OSError("in the middle of it")

    definition = ServiceDefinition(
        "prepared", Path(__file__).parent, (COUNTER,), takes_back=dict.fromkeys(COUNTER.command_classes, take_back)
    )
    running = CommandProcessor(database, definition, system_clock)
    counter = new_id()
    first, again = start(counter), start(counter)
    assert running.execute(first).accepted
    assert asked == []
    assert not running.execute(again).accepted
    assert running.execute(first).accepted
    assert asked == [(again, Counter(started=True)), (first, Counter(started=True))]


def test_a_batch_is_decided_in_the_order_it_came(database: Database) -> None:
    counter = new_id()
    early, begin = add(counter), start(counter)
    answers = processor(database).execute_many([early, begin, add(counter), add(counter), early, begin])
    assert [(a.accepted, a.version) for a in answers] == [
        (False, 0),
        (True, 1),
        (True, 2),
        (True, 3),
        (False, 0),
        (True, 1),
    ]


def test_a_batch_of_five_hundred_is_one_commit(database: Database) -> None:
    commits: list[None] = []
    counter = new_id()
    running = processor(database, lambda: commits.append(None))
    answers = running.execute_many([start(counter), *(add(counter) for _ in range(499))])
    assert [answer.version for answer in answers] == list(range(1, 501))
    assert len(commits) == 1
    assert [version for _, version, _ in stored(database)] == list(range(1, 501))


def test_a_stale_copy_of_the_state_is_decided_anew(database: Database) -> None:
    one, other = processor(database), processor(database)
    counter = new_id()
    one.execute(start(counter))
    other.execute(add(counter, 1))
    assert one.execute(add(counter, 1)).version == 3
    assert other.execute(add(counter, 1)).version == 4


def test_a_refusal_on_a_stale_copy_is_decided_anew(database: Database) -> None:
    one, other = processor(database), processor(database)
    counter = new_id()
    assert one.execute(add(counter)).code == "NO_SUCH_COUNTER"
    other.execute(start(counter))
    assert one.execute(add(counter)).version == 2, "the copy of `one` still says there is no such counter"


def test_opening_a_stream_that_exists_is_refused_by_its_rules(database: Database) -> None:
    counter = new_id()
    processor(database).execute(start(counter))
    assert processor(database).execute(start(counter)).code == "ALREADY_STARTED"


def test_a_hot_stream_shared_by_two_replicas_ends_right(database: Database) -> None:
    counter = new_id()
    replicas = [processor(database) for _ in range(2)]
    replicas[0].execute(start(counter))
    answers = at_once(8, lambda n: [replicas[n % 2].execute(add(counter)) for _ in range(25)])
    versions = sorted(answer.version for each in answers for answer in each)
    assert versions == list(range(2, 202))
    assert [version for _, version, _ in stored(database)] == list(range(1, 202))


def test_thirty_two_callers_are_all_answered(database: Database) -> None:
    running = processor(database)

    def many(number: int) -> int:
        counter = UUID(int=number + 1)
        running.execute(start(counter))
        return [running.execute(add(counter)).version for _ in range(40)][-1]

    assert at_once(32, many) == [41] * 32
    assert count(database, "events") == 32 * 41


def test_losing_connections_under_load_loses_and_doubles_nothing(postgres: Database) -> None:
    running, counters = processor(postgres), [new_id() for _ in range(8)]
    running.execute_many([start(counter) for counter in counters])
    over = threading.Event()

    def insistent(command: Command) -> Answer:
        while True:
            try:
                return running.execute(command)
            except (OperationalError, psycopg.OperationalError):
                continue  # the contract: trouble raises and the same command may be sent again

    def load(number: int) -> list[int]:
        return [insistent(add(counters[number])).version for _ in range(100)]

    def cut() -> None:
        url = postgres.url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(url, autocommit=True) as connection:
            for _ in range(20):
                if over.wait(0.03):
                    return
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )

    cutter = threading.Thread(target=cut)
    cutter.start()
    try:
        answers = at_once(8, load)
    finally:
        over.set()
        cutter.join()
    assert answers == [list(range(2, 102))] * 8
    assert count(postgres, "events") == 8 * 101


def test_a_process_killed_between_commit_and_reply_answers_the_repeat_alike(database: Database) -> None:
    counter, command_id = new_id(), new_id()
    url = database.url.render_as_string(hide_password=False)
    died = subprocess.run(
        [sys.executable, "-m", "tests.kernel.dying", url, str(counter), str(command_id)], check=False, timeout=60
    )
    assert died.returncode == -signal.SIGKILL
    assert stored(database, counter) == [(f"counter-{counter}", 1, "counter.started")]
    assert processor(database).execute(start(counter, command_id)) == Answer(True, f"counter-{counter}", 1)
    assert count(database, "events") == 1


def test_a_plan_made_while_the_tables_were_empty_never_reads_them_whole(postgres: Database) -> None:
    """A plan is kept for a session; autovacuum may just have looked at an empty database."""
    with postgres.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM (ANALYZE)")
        connection.exec_driver_sql("SELECT pg_stat_reset()")  # what was done here before is not counted
    commands = 30
    running = processor(postgres)
    for _ in range(commands):
        counter = new_id()
        assert running.execute(start(counter)).accepted
        assert running.execute(add(counter)).accepted
    running.let_go()
    postgres.close()  # a session tells what it read when it ends
    ours = "FROM pg_stat_user_tables WHERE relname IN ('events', 'commands', 'outbox', 'log')"

    def told() -> bool:
        with postgres.look() as connection:
            written = connection.exec_driver_sql(f"SELECT sum(n_tup_ins) {ours}").scalar_one()
        return bool(written >= 3 * commands)

    until(told, "what was read is told")
    with postgres.look() as connection:
        assert connection.exec_driver_sql(f"SELECT sum(seq_tup_read) {ours}").scalar_one() == 0
