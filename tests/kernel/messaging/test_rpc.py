"""Commands and questions over nameko RPC: client and hardened edge together, on a real broker."""

import asyncio
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import amqp
import pytest

from deploy.local.rabbitmq import RabbitServer
from services.kernel.bus import Answer, BusError, ServiceUnavailable, UnknownQuestion
from services.kernel.log import Head, Page
from services.kernel.messaging import beat, rpc
from services.kernel.messaging.rpc_client import LoopThread, RpcCommandBus, RpcEventSource
from tests.faults.tcp_proxy import Direction, TcpProxy
from tests.kernel.messaging.conftest import Admin, until
from tests.kernel.messaging.examples import recorded
from tests.soak import Scale

HEARTBEAT_SECONDS = 3
"""Of an edge that is to notice silence soon; in production it is 10."""


class Edge:
    """A running edge process and a bus to it."""

    def __init__(self, url: str, home: Path, *, bus_url: str | None = None, heartbeat: int = 10) -> None:
        self.url = url
        self.journal = home / "journal"
        self._heartbeat = heartbeat
        self.beat = home / "beat"
        self.log = (home / "log").open("ab")
        self._thread = LoopThread("bus")
        self._bus = RpcCommandBus(bus_url or url)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.kernel.messaging.edge_process",
                self.url,
                str(self.journal),
                str(self._heartbeat),
            ],
            env={**os.environ, beat.BEAT_FILE_VARIABLE: str(self.beat)},
            stdout=self.log,
            stderr=self.log,
        )
        until(self.answers, "the edge answers", seconds=120)

    def answers(self) -> bool:
        try:
            return bool(self.ask("echo", {"alive": True}))
        except ServiceUnavailable:
            return False

    def execute(self, command: str, **payload: Any) -> Answer:
        return self._thread.run(lambda: self._bus.execute("registry", command, payload))

    def execute_many(self, *commands: tuple[str, dict[str, Any]]) -> list[Answer]:
        return self._thread.run(lambda: self._bus.execute_many("registry", commands))

    def ask(self, question: str, payload: dict[str, Any] | None = None, seconds: float = 5) -> Any:
        return self._thread.run(
            lambda: self._bus.call("registry", "ask", question, payload or {}, timeout_seconds=seconds)
        )

    def call(self, method: str, *args: Any, service: str = "registry", seconds: float = 5) -> Any:
        return self._thread.run(lambda: self._bus.call(service, method, *args, timeout_seconds=seconds))

    def ran(self) -> list[str]:
        return self.journal.read_text(encoding="utf-8").splitlines() if self.journal.exists() else []

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=40)

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._thread.run(self._bus.close)
        self._thread.close()
        self.log.close()


@pytest.fixture
def new_edge(tmp_path: Path) -> Iterator[Callable[..., Edge]]:
    made: list[Edge] = []

    def make(url: str, **options: Any) -> Edge:
        made.append(Edge(url, tmp_path, **options))
        return made[-1]

    yield make
    for edge in made:
        edge.close()


@pytest.fixture(scope="module")
def shared_edge(vhosts: Iterator[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """An edge for the tests that leave it as it is; starting one takes seconds."""
    found = Edge(next(vhosts), tmp_path_factory.mktemp("edge"))
    found.start()
    yield found
    found.close()


@pytest.fixture
def edge(amqp_url: str, new_edge: Callable[..., Edge]) -> Edge:
    found = new_edge(amqp_url)
    found.start()
    return found


def test_commands_and_questions_are_answered(shared_edge: Edge) -> None:
    assert shared_edge.execute("register_unit", id="7") == Answer(True, "unit-7", 1)
    assert shared_edge.execute_many(("register_unit", {"id": 1}), ("refuse_me", {})) == [
        Answer(True, "unit-1", 1),
        Answer(False, code="NO", message="Không được.", field="id"),
    ]
    assert shared_edge.ask("echo", {"tên": "Đất Mũi"}) == {"tên": "Đất Mũi"}
    with pytest.raises(UnknownQuestion):
        shared_edge.ask("no_such_question")


def test_a_gap_is_fetched_from_the_owner_without_an_event_loop(shared_edge: Edge) -> None:
    source = RpcEventSource(shared_edge.url)
    assert source.head("registry") == Head("e1", 7)
    assert source.events_since("registry", 3, 2) == Page("e1", [recorded(4), recorded(5)])
    assert source.events_since("registry", 7, 0) == Page("e1", [])
    with pytest.raises(ServiceUnavailable):
        source.head("nobody")
    source.close()


def test_calls_made_wrongly_are_the_caller_s_error(shared_edge: Edge) -> None:
    with pytest.raises(BusError, match="MethodNotFound"):
        shared_edge.call("no_such_method")
    with pytest.raises(BusError, match="IncorrectSignature"):
        shared_edge.call("execute")
    with pytest.raises(BusError, match="UnserializableValueError"):
        shared_edge.ask("not_json")


def test_whatever_a_handler_raises_is_answered_and_leaks_neither_worker_nor_value(
    edge: Edge, admin: Admin, scale: Scale
) -> None:
    """Row 18, and of each kind more than there are workers."""
    timeouts = 20
    for question in (*["time_out"] * timeouts, *["fail", "leave"] * 7):
        with pytest.raises(ServiceUnavailable) as fault:
            edge.ask(question)
        assert "Nguyễn" not in str(fault.value)
    assert edge.answers()
    assert edge.process is not None
    assert edge.process.poll() is None
    assert "Nguyễn" not in Path(edge.log.name).read_text(encoding="utf-8")
    assert edge.stop() == 0
    assert admin.ready("rpc-registry") == 0, "nothing was left unacknowledged"
    scale.measured("18", "unacked = 0 after 20, still consuming", f"0 after {timeouts}, still answering")


def test_a_service_never_started_is_noticed_at_once(shared_edge: Edge) -> None:
    with pytest.raises(ServiceUnavailable, match="never been started"):
        shared_edge.call("head", service="nobody", seconds=60)


def test_a_call_given_up_on_does_not_run_later(edge: Edge, admin: Admin) -> None:
    edge.stop()
    with pytest.raises(ServiceUnavailable, match="within"):
        edge.call("execute", "register_unit", {"id": "late"}, seconds=1)
    # The same without expiry on the broker: only the callee's own look at the deadline is left.
    headers = {rpc.DEADLINE_HEADER: rpc.deadline_in(-1)}
    body = rpc.request_body(("register_unit", {"id": "late"}))
    send_call(admin, body, reply_to="nowhere", application_headers=headers)
    edge.start()
    edge.execute("register_unit", id="in time")
    until(lambda: admin.ready("rpc-registry") == 0, "all calls taken")
    assert edge.ran() == ["register_unit in time", "register_unit in time done"]


def send_call(admin: Admin, body: bytes, **properties: Any) -> None:
    properties = {"content_type": "application/json", "correlation_id": "c", **properties}
    with admin.connection.channel() as channel:
        channel.basic_publish(amqp.Message(body, **properties), rpc.EXCHANGE, "registry.execute")


def test_calls_nobody_can_read_go_to_the_dead_letters_and_expired_ones_do_not(
    edge: Edge, admin: Admin, scale: Scale
) -> None:
    broken = [
        (b"{broken", {}),
        (pickle.dumps({}), {"content_type": "application/x-python-serialize"}),
        (b"{}", {"content_type": "application/cloudevents+json"}),
        (b"[]", {}),
        (b"{}", {}),
    ]
    for body, properties in broken:
        send_call(admin, body, **properties)
    until(lambda: admin.ready("rpc-registry.dead") == len(broken), "dead letters")
    assert edge.answers()
    edge.stop()
    send_call(admin, rpc.request_body(()), expiration="1")
    until(lambda: admin.ready("rpc-registry") == 0, "the call expired")
    assert admin.ready("rpc-registry.dead") == len(broken)
    scale.measured("14, calls", "100 % in dead letters", f"{len(broken)} of {len(broken)} kinds")


def test_a_handler_that_holds_the_hub_does_not_kill_the_service(
    amqp_url: str, new_edge: Callable[..., Edge], scale: Scale
) -> None:
    edge = new_edge(amqp_url, heartbeat=HEARTBEAT_SECONDS)
    edge.start()
    # Row 19: 3.5 times the heartbeat. The broker has closed the connection long before the answer is ready.
    with pytest.raises(ServiceUnavailable):
        edge.ask("hold_the_hub", {"seconds": 3.5 * HEARTBEAT_SECONDS}, seconds=1)
    until(edge.answers, "answers again", seconds=60)
    assert edge.process is not None
    assert edge.process.poll() is None
    scale.measured("19", "no process exit", f"none after {3.5 * HEARTBEAT_SECONDS} s, heartbeat {HEARTBEAT_SECONDS} s")


def test_sigterm_lets_what_runs_finish_answer_and_be_acknowledged(edge: Edge, admin: Admin, scale: Scale) -> None:
    """Row 25, the handlers: seconds each of them takes."""
    handlers = scale((2, 3, 4, 5), (1, 4, 7, 10))
    rounds, longest = scale(1, 20), 0.0
    for turn in range(rounds):
        if turn:
            edge.start()
        longest = max(longest, stopped_amid(edge, handlers))
        assert len(edge.ran()) == 2 * len(handlers) * (turn + 1), "each ran once, to its end"
        assert admin.ready("rpc-registry") == 0
    assert longest <= 30
    found = f"0 lost, none ran twice, exit within {longest:.1f} s, {rounds} times amid handlers of {handlers} s"
    scale.measured("25, slow handlers", "0 lost, exit ≤ 30 s, ×20 with handlers of 1–10 s", found)


def stopped_amid(edge: Edge, handlers: Sequence[int]) -> float:
    """Stop the edge while these run, each of which is answered; seconds until it was gone."""
    answers: list[Answer] = []
    before = len(edge.ran())

    def call(seconds: int) -> None:
        payload = {"id": seconds, "seconds": seconds}
        answers.append(Answer(**edge.call("execute", "register_unit", payload, seconds=20)))

    callers = [threading.Thread(target=call, args=(seconds,)) for seconds in handlers]
    for caller in callers:
        caller.start()
    until(lambda: len(edge.ran()) == before + len(handlers), "all of them running")
    started = time.monotonic()
    assert edge.stop() == 0
    took = time.monotonic() - started
    for caller in callers:
        caller.join(timeout=20)
    assert {answer.stream for answer in answers} == {f"unit-{seconds}" for seconds in handlers}
    return took


def test_the_edge_beats_only_while_calls_come_in(shared_edge: Edge) -> None:
    until(lambda: (last := beat.last(shared_edge.beat)) is not None and last.state == "serving", "a beat")
    before = beat.raw(shared_edge.beat)
    until(lambda: beat.raw(shared_edge.beat) != before, "the next beat")


def test_a_broker_killed_and_back_is_served_again(
    poor_broker: RabbitServer, poor_url: str, new_edge: Callable[..., Edge]
) -> None:
    edge = new_edge(poor_url)
    edge.start()
    for _ in range(3):
        poor_broker.kill()
        with pytest.raises(ServiceUnavailable):
            edge.execute("register_unit", id="lost")
        until(lambda: (b := beat.last(edge.beat)) is not None and b.state == "waiting-for-broker", "says so")
        poor_broker.start()
        until(edge.answers, "answers again", seconds=15)


def test_during_a_disk_alarm_calls_fail_in_time_and_work_again_after_it(
    poor_broker: RabbitServer, poor_url: str, new_edge: Callable[..., Edge]
) -> None:
    edge = new_edge(poor_url)
    edge.start()
    poor_broker.rabbitmqctl("set_disk_free_limit", "9000GB")
    for _ in range(3):
        started = time.monotonic()
        with pytest.raises(ServiceUnavailable):
            edge.ask("echo", {"alive": True}, seconds=1)
        assert time.monotonic() - started < 5
    until(lambda: (b := beat.last(edge.beat)) is not None and b.state == "broker-blocked", "says so")
    poor_broker.rabbitmqctl("set_disk_free_limit", "50MB")
    until(edge.answers, "answers again", seconds=30)


@pytest.mark.parametrize("direction", ["upstream", "downstream"])
def test_an_edge_whose_link_loses_one_way_serves_again_within_a_minute(
    amqp_url: str, new_edge: Callable[..., Edge], direction: Direction
) -> None:
    with TcpProxy.before(amqp_url) as proxy:
        edge = new_edge(proxy.url, bus_url=amqp_url, heartbeat=HEARTBEAT_SECONDS)
        edge.start()
        proxy.lose(direction)
        until(lambda: proxy.accepted > 2, "the silent connection is given up", seconds=60)
        proxy.heal()
        until(edge.answers, "answers again", seconds=60)
        assert edge.stop() == 0


@pytest.mark.parametrize("direction", ["upstream", "downstream"])
def test_a_client_whose_link_loses_one_way_gives_up_in_time_and_connects_anew(
    amqp_url: str, new_edge: Callable[..., Edge], direction: Direction
) -> None:
    with TcpProxy.before(amqp_url) as proxy:
        edge = new_edge(amqp_url, bus_url=proxy.url)
        edge.start()
        proxy.lose(direction)
        with pytest.raises(ServiceUnavailable):
            edge.ask("echo", {"alive": True}, seconds=1)
        proxy.heal()
        until(edge.answers, "a new connection", seconds=15)


def test_nobody_at_the_port_is_an_answer_in_time() -> None:
    async def call() -> None:
        bus = RpcCommandBus("amqp://guest:guest@127.0.0.1:9/")
        with pytest.raises(ServiceUnavailable):
            await bus.execute("registry", "register_unit", {})
        await bus.close()

    asyncio.run(call())


def test_database_waits_do_not_hold_the_hub(shared_edge: Edge, postgres_url: str, scale: Scale) -> None:
    """Row 26: one after the other they would take four seconds, blocking it would show as a stall of one.

    Beside the other workers of `make test` the process itself has to wait for a core: wider bounds, which still tell.
    """
    longest, stall = scale((2.5, 0.9), (1.3, 0.1))
    found = shared_edge.ask("query_four_times", {"url": postgres_url}, seconds=20)
    figure = f"{found['wall']:.2f} s, stall {found['stall'] * 1000:.0f} ms"
    scale.measured("26", "4 × pg_sleep(1) < 1.3 s, stall < 100 ms", figure)
    assert found["wall"] < longest, figure
    assert found["stall"] < stall, figure
