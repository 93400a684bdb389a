"""Messages: commands ask, events tell.

Stored names are explicit and never change; fields are only ever added. The union of an aggregate's events *is* its
registry: the codec reads its members, so there is no list to keep in step.

Errors:

    UndecodableEvent   a stored or received event no class of the union can read
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from inspect import isabstract
from types import UnionType
from typing import Any, ClassVar, Generic, TypeVar, Union, get_args, get_origin
from uuid import UUID

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from services.kernel.identifiers import new_id


class UndecodableEvent(ValueError):
    """No event class reads this name and body; the message says which field and rule, never the value."""


class Event(BaseModel):
    """A fact in the past tense. Subclasses name themselves once: `class TeamFounded(Event, name="team.founded")`.

    When a field changes meaning, raise `schema_version` and teach `upcast` to read the older shapes.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: ClassVar[str]
    schema_version: ClassVar[int] = 1

    def __init_subclass__(cls, *, name: str | None = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if name is not None:
            cls.name = name
        elif not isabstract(cls) and not hasattr(cls, "name"):
            raise TypeError(f"{cls.__name__} needs a stored name: class {cls.__name__}(Event, name='noun.verb')")

    @classmethod
    def upcast(cls, data: dict[str, Any], schema_version: int) -> dict[str, Any]:  # noqa: ARG003 (for overriders)
        """Today's shape of a body written with `schema_version`; pure."""
        return data


class Command(BaseModel):
    """A request in the imperative. `command_id` is the idempotency key, scoped by `actor`.

    `at` is the instant (UTC) the rules see; `correlation_id` ties together all that one act caused.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: ClassVar[str]
    sealed: ClassVar[frozenset[str]] = frozenset()
    """Fields made anew whenever it is sent, so no part of the digest: ciphertext, figures counted on the way."""

    command_id: UUID = Field(default_factory=new_id)
    actor: str = Field(min_length=1, max_length=200)
    at: AwareDatetime
    correlation_id: UUID | None = None

    def __init_subclass__(cls, *, name: str | None = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if name is None:
            raise TypeError(f"{cls.__name__} needs a name: class {cls.__name__}(Command, name='verb_noun')")
        cls.name = name

    def payload_hash(self) -> str:
        """Digest of what is asked, whoever asks and whenever: the same id with another digest is a misuse."""
        payload = self.model_dump(mode="json", exclude={"command_id", "actor", "at", "correlation_id", *self.sealed})
        return sha256(self.name.encode() + orjson.dumps(payload, option=orjson.OPT_SORT_KEYS)).hexdigest()


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event as stored: its body still JSON text, its place in stream and log beside it.

    `position` is its gapless place in the service's log (from 1). `recorded_at` is ISO 8601 UTC text.
    """

    position: int
    id: str
    stream: str
    version: int
    name: str
    schema_version: int
    data: str
    recorded_at: str
    correlation_id: str
    cause: str
    """The id of the command that caused it."""


E = TypeVar("E", bound=Event)
C = TypeVar("C", bound=Command)


def members(union: Any) -> tuple[Any, ...]:
    """The classes of `A | B | C`, or of a single class."""
    return get_args(union) if get_origin(union) in (Union, UnionType) else (union,)


class Codec(Generic[E]):
    """Reads and writes the bodies of one union of events."""

    def __init__(self, union: Any) -> None:
        self._by_name: dict[str, type[E]] = {}
        for event_class in members(union):
            if event_class.name in self._by_name:
                raise TypeError(f"two events are stored as {event_class.name!r}")
            self._by_name[event_class.name] = event_class

    @property
    def classes(self) -> Mapping[str, type[E]]:
        """Event classes by stored name."""
        return self._by_name

    def decode(self, name: str, schema_version: int, data: str) -> E:
        """The event, in today's shape. Raises `UndecodableEvent`."""
        event_class = self._by_name.get(name)
        if event_class is None:
            raise UndecodableEvent(f"no event of this union is stored as {name!r}")
        return read(event_class, schema_version, data)

    def decode_all(self, rows: Iterable[tuple[str, int, str]]) -> list[E]:
        """Decode `(name, schema_version, data)` rows in order."""
        return [self.decode(*row) for row in rows]


def read(event_class: type[E], schema_version: int, data: str) -> E:
    """One body as `event_class`. Raises `UndecodableEvent` naming field and rule, never the value."""
    try:
        if schema_version == event_class.schema_version:
            return event_class.model_validate_json(data)
        return event_class.model_validate(event_class.upcast(orjson.loads(data), schema_version))
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'body'}: {e['type']}" for e in error.errors())
        raise UndecodableEvent(f"{event_class.name} v{schema_version}: {faults}") from None
    except (LookupError, TypeError, AttributeError, ValueError) as error:  # not JSON, or no shape an upcast knows
        raise UndecodableEvent(f"{event_class.name} v{schema_version}: {type(error).__name__}") from None


def parse_recorded_at(recorded: Recorded) -> datetime:
    """When the event was recorded, as an aware instant."""
    return datetime.fromisoformat(recorded.recorded_at)
