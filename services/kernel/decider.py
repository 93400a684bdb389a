"""The decider: `decide(command, state) -> events` and `evolve(state, event) -> state`, both pure.

`evolve` never refuses; `decide` never mutates, reads no clock and does no I/O. What `decide` cannot know from its own
stream (does that hamlet exist?) a `guard` checks first, against other streams or a local read model.

Errors:

    Refused                  the rules say no; `code` is stable and machine-readable
    ├── NotKnownHere         another service's fact has not arrived (yet); the one refusal that is not remembered
    └── CommandIdReused      the same command id came with another payload
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from services.kernel.message import Codec, Command, Event, members

S = TypeVar("S")
C = TypeVar("C", bound=Command)
E = TypeVar("E", bound=Event)


class Refused(Exception):
    """A rule refuses the command. `field` names the input at fault, `message` says the rule in Vietnamese."""

    code: ClassVar[str] = "REFUSED"

    def __init__(self, message: str, *, field: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.stable_code = code or self.code


class NotKnownHere(Refused):
    """What the command names has not been heard of in this service, which may only mean not yet.

    Told to the caller and not remembered: the same command may be sent again and then succeed.
    """

    code = "NOT_KNOWN_HERE"


class CommandIdReused(Refused):
    """The command id was used before with another payload."""

    code = "COMMAND_ID_REUSED"


class Lookup(Protocol):
    """What a guard may ask: the current state of another aggregate, or a query on the service's own database."""

    def state(self, aggregate: "Aggregate[Any, Any, Any]", identity: str) -> Any:
        """State of one stream, `aggregate.initial` when it does not exist."""
        ...

    def query(self, statement: Any, **values: Any) -> list[Any]:
        """Rows of a SQLAlchemy Core SELECT, asked once for all commands handled together."""
        ...


@dataclass(frozen=True)
class Aggregate(Generic[S, C, E]):
    """One aggregate bound together: the last lines of its file.

    `stream` names the stream of a command (`"team-<id>"`); `opens` lists the commands that usually start a stream, for
    which loading is skipped until the append says otherwise. `entails` gives the commands that one command stands for
    (a payment, its two bookings): each is decided by its own aggregate of the same service, as the earlier ones leave
    things, and all of it is accepted in one append or refused with the first refusal. What records nothing entails
    nothing.
    """

    category: str
    events: Any
    commands: Any
    initial: S
    evolve: Callable[[S, E], S]
    decide: Callable[[C, S], Sequence[E]]
    identity: Callable[[C], object]
    guard: Callable[[C, Lookup], None] | None = None
    opens: frozenset[type[Command]] = frozenset()
    entails: Callable[[C], Sequence[Command]] | None = None
    codec: Codec[E] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "codec", Codec(self.events))

    @property
    def command_classes(self) -> tuple[type[Command], ...]:
        """The commands this aggregate decides."""
        return members(self.commands)

    def stream(self, command: C) -> str:
        """The stream `command` is about."""
        return self.stream_of(self.identity(command))

    def stream_of(self, identity: object) -> str:
        """The stream of the aggregate with this identity."""
        return f"{self.category}-{identity}"

    def fold(self, state: S, events: Sequence[E]) -> S:
        """State after `events`."""
        for event in events:
            state = self.evolve(state, event)
        return state
