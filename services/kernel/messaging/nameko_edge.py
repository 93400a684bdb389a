"""The way a service's commands and questions come in: its nameko process, from start to drained stop.

Import `green` before this module. What nameko does wrong is cured in `nameko_hardened`. Exceptions of handlers go out
and into logs by type only: their text may hold values, and values may be personal.
"""

# mypy: disable-error-code="untyped-decorator"
# nameko has no types.

import signal
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import eventlet
import structlog
from nameko.runners import ServiceRunner

from services.kernel.bus import UnknownQuestion
from services.kernel.messaging import rpc
from services.kernel.messaging.beat import Beat
from services.kernel.messaging.green import assert_green
from services.kernel.messaging.nameko_hardened import CallFailed, Deadline, DeadlinePassed, HardenedRpc, Ping

HEARTBEAT_SECONDS = 10
STOP_SECONDS = 25.0
"""For draining; what is left of 30 s is for closing."""
_call = HardenedRpc.decorator(expected_exceptions=(CallFailed,))
_log = structlog.get_logger(__name__)


def serve(
    service: str,
    handlers: rpc.Handlers,
    *,
    amqp_url: str,
    beat: Beat,
    max_workers: int = 10,
) -> int:
    """Answer calls to `service` until SIGTERM or SIGINT; the exit status. Main thread of a green process only."""
    assert_green()
    config = {
        "AMQP_URI": amqp_url,
        "max_workers": max_workers,
        "HEARTBEAT": HEARTBEAT_SECONDS,
        "TRANSPORT_OPTIONS": {},
    }
    runner = ServiceRunner(config)
    runner.add_service(edge_class(service, handlers, beat))
    finished: eventlet.event.Event = eventlet.event.Event()

    def stop() -> None:
        if finished.ready():
            return
        _log.info("edge_stopping", service=service)
        status = 0
        try:
            with eventlet.Timeout(STOP_SECONDS):
                runner.stop()
        except eventlet.Timeout:
            _log.warning("edge_not_drained", service=service)
            status = 1
        if not finished.ready():
            finished.send(status)

    def watch() -> None:
        try:
            runner.start()
            runner.wait()
        except Exception as error:  # the container died: let the watchdog start us afresh
            _log.exception("edge_died", service=service, error=type(error).__name__)
            if not finished.ready():
                finished.send(1)
        else:
            if not finished.ready():
                finished.send(0)

    for number in (signal.SIGTERM, signal.SIGINT):
        # Handlers run in the hub and must not wait there.
        signal.signal(number, lambda *_: eventlet.spawn_n(stop))
    eventlet.spawn_n(watch)
    return int(finished.wait())


def edge_class(service: str, handlers: rpc.Handlers, beat: Beat) -> type:
    """The nameko service class of `service`."""

    class Edge:
        """Entrypoints without a rule in them."""

        name = service
        deadline = Deadline()
        ping = Ping(beat)

        @_call
        def execute(self, command: str, payload: dict[str, Any]) -> Any:
            return self._run(lambda: asdict(handlers.execute(command, payload)))

        @_call
        def execute_many(self, commands: list[tuple[str, dict[str, Any]]]) -> Any:
            pairs = [(str(name), payload) for name, payload in commands]
            return self._run(lambda: [asdict(answer) for answer in handlers.execute_many(pairs)])

        @_call
        def ask(self, question: str, payload: dict[str, Any]) -> Any:
            return self._run(lambda: handlers.ask(question, payload))

        @_call
        def events_since(self, after: int, limit: int) -> Any:
            return self._run(lambda: handlers.events_since(after, limit))

        @_call
        def head(self) -> Any:
            return self._run(handlers.head)

        def _run(self, work: Callable[[], Any]) -> Any:
            return run_in_time(work, self.deadline)

    Edge.__name__ = Edge.__qualname__ = f"{service.capitalize()}Edge"
    return Edge


def run_in_time(work: Callable[[], Any], deadline: object) -> Any:
    """The result of `work`, unless its caller has given up. Raises `CallFailed` and nothing else."""
    if rpc.is_late(deadline):
        raise DeadlinePassed
    try:
        return work()
    except UnknownQuestion:
        raise CallFailed(rpc.UNKNOWN_QUESTION) from None
    except BaseException as error:  # eventlet.Timeout and GreenletExit too: nameko would lose the message and a worker
        kind = type(error).__name__
        _log.error("call_failed", error=kind, where=_where(error))
        raise CallFailed(kind) from None


def _where(error: BaseException) -> str:
    """The innermost frame: where to look, without a value."""
    trace = error.__traceback__
    if trace is None:
        return ""
    while trace.tb_next is not None:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
