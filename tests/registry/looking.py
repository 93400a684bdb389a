"""What a guard may look at, from events told in the test and folded by the real aggregates."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from services.kernel.decider import Aggregate, Refused
from services.kernel.message import Event


class Looking:
    """Streams of several aggregates."""

    def __init__(self) -> None:
        self._states: dict[tuple[str, str], Any] = {}

    def with_events(self, aggregate: Aggregate[Any, Any, Any], identity: UUID, *events: Event) -> "Looking":
        """Let this stream hold these events."""
        self._states[aggregate.category, str(identity)] = aggregate.fold(aggregate.initial, events)
        return self

    def state(self, aggregate: Aggregate[Any, Any, Any], identity: str) -> Any:
        return self._states.get((aggregate.category, identity), aggregate.initial)

    def query(self, statement: Any, **values: Any) -> list[Any]:
        raise AssertionError("no guard here asks a table")


def refusal_of(check: Callable[[], None]) -> tuple[str, str | None] | None:
    """Code and field of the refusal, None when there is none."""
    try:
        check()
    except Refused as refused:
        return refused.stable_code, refused.field
    return None
