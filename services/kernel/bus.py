"""The command bus: how an edge reaches a service, the same in-process and over RabbitMQ.

Two adapters exist: `local_bus` (embedded) and `rpc_client` (nameko RPC). A command goes as its name and a JSON payload
and comes back as an `Answer`; a refusal is an answer too. Only trouble on the way raises.

Errors:

    BusError
    ├── ServiceUnavailable   no answer within the deadline; safe to repeat with the same command id
    └── UnknownQuestion      the service does not answer questions of that name
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

Payload: TypeAlias = Mapping[str, Any]
"""JSON-ready fields of a command, `command_id`, `actor` and `at` included."""


class BusError(Exception):
    """The way to the service failed."""


class ServiceUnavailable(BusError):
    """No answer in time. The command may or may not have run: repeat it with the same id."""


class UnknownQuestion(BusError):
    """No such question."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one command.

    Accepted: `stream` and `version` make the token a reader waits for. Refused: `code` is stable, `field` names the
    input, `message` says the rule in Vietnamese.
    """

    accepted: bool
    stream: str = ""
    version: int = 0
    code: str = ""
    message: str = ""
    field: str = ""


class CommandBus(Protocol):
    """The way to every service."""

    async def execute(self, service: str, command: str, payload: Payload) -> Answer:
        """Run one command. Raises `ServiceUnavailable`."""
        ...

    async def execute_many(self, service: str, commands: Sequence[tuple[str, Payload]]) -> list[Answer]:
        """Run up to 500 commands, each accepted or refused on its own, answers in the same order."""
        ...

    async def ask(self, service: str, question: str, payload: Payload) -> Any:
        """Ask the owner of data something; the answer is JSON. Raises `ServiceUnavailable`, `UnknownQuestion`."""
        ...
