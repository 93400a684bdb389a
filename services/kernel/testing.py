"""Given, when, then: the three beats of every aggregate test.

given(TEAM, TeamEstablished(...)).when(AppointMember(...)).then(MemberAppointed(...))
given(TEAM).when(AppointMember(...)).refused("NO_SUCH_TEAM")
"""

from dataclasses import dataclass
from typing import Any

from services.kernel.decider import Aggregate, Refused
from services.kernel.message import Command, Event


@dataclass(frozen=True)
class Outcome:
    """What a command led to."""

    events: tuple[Event, ...]
    refusal: Refused | None

    def then(self, *expected: Event) -> None:
        """Exactly these events, in this order."""
        assert self.refusal is None, f"refused: {self.refusal.stable_code}"
        assert self.events == expected

    def refused(self, code: str, *, field: str | None = None) -> None:
        """Refused with this stable code (and, when given, blaming this field)."""
        assert self.refusal is not None, f"accepted: {self.events}"
        assert self.refusal.stable_code == code
        if field is not None:
            assert self.refusal.field == field


@dataclass(frozen=True)
class Given:
    """A history, proven to survive the codec: an event that cannot be stored cannot be given."""

    aggregate: Aggregate[Any, Any, Any]
    state: Any

    def when(self, command: Command) -> Outcome:
        """Decide `command` on this history."""
        try:
            return Outcome(tuple(self.aggregate.decide(command, self.state)), None)
        except Refused as refusal:
            return Outcome((), refusal)


def given(aggregate: Aggregate[Any, Any, Any], *history: Event) -> Given:
    """Start from `history`, each event written and read back once."""
    codec = aggregate.codec
    events = [codec.decode(e.name, e.schema_version, e.model_dump_json()) for e in history]
    return Given(aggregate, aggregate.fold(aggregate.initial, events))
