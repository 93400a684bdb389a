"""What both ends of nameko RPC agree on: names, headers, error bodies.

nameko's own protocol, so that any nameko client can call our services and we can call any nameko service. Our addition
is a deadline that travels in the headers: a call whose caller has given up must not run later.
"""

import time
from collections.abc import Mapping
from typing import Any, Protocol

import orjson

from services.kernel.bus import Answer, Payload

EXCHANGE = "nameko-rpc"
DEADLINE = "causo_deadline"
"""Epoch milliseconds; nameko strips the prefix of the header and hands the rest to the worker's context."""
DEADLINE_HEADER = f"nameko.{DEADLINE}"
CALL_STACK_HEADER = "nameko.call_id_stack"
LATE = "DeadlinePassed"
UNKNOWN_QUESTION = "UnknownQuestion"
CALLERS_FAULT = frozenset({"MethodNotFound", "MalformedRequest", "IncorrectSignature", "UnserializableValueError"})
"""Errors that repeating the call cannot cure."""


class Handlers(Protocol):
    """What a service answers; `ServiceRuntime` is one."""

    def execute(self, command: str, payload: Payload) -> Answer:
        """Run one command."""
        ...

    def execute_many(self, commands: Any) -> list[Answer]:
        """Run commands, each on its own, given as (name, payload)."""
        ...

    def ask(self, question: str, payload: Mapping[str, Any]) -> Any:
        """Answer with JSON. Raises `UnknownQuestion`."""
        ...

    def events_since(self, after: int, limit: int) -> list[dict[str, Any]]:
        """A page of the log, as JSON, each event with its epoch."""
        ...

    def head(self) -> dict[str, Any]:
        """Epoch and last position, as JSON."""
        ...


def queue_of(service: str) -> str:
    """The queue of a service's calls, as nameko names it."""
    return f"rpc-{service}"


def deadline_in(seconds: float) -> int:
    """The instant `seconds` from now, as the header carries it."""
    return int((time.time() + seconds) * 1000)


def is_late(deadline: object) -> bool:
    """True when the caller has given up; a call without a deadline never is."""
    return isinstance(deadline, int) and time.time() * 1000 > deadline


def request_body(args: tuple[Any, ...]) -> bytes:
    """The body of a call with positional arguments."""
    return orjson.dumps({"args": args, "kwargs": {}})


def reply_body(result: Any) -> bytes:
    """The body of a reply. Raises `TypeError` when `result` is not JSON."""
    return orjson.dumps({"result": result, "error": None})


def error_body(kind: str, text: str = "") -> bytes:
    """The body of a reply that reports an error by its type; never give it text that may hold values."""
    error = {"exc_type": kind, "exc_path": f"causo.{kind}", "exc_args": [text] if text else [], "value": text}
    return orjson.dumps({"result": None, "error": error})
