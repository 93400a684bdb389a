"""What a subscription gets from an event transport, and what a relay must expect to go wrong with one.

Delivery is at least once. Whatever arrives twice has the same epoch and position; whatever was raised as an error may
have arrived all the same.

Errors:

    PublishFailed (relay)
    ├── Unroutable            the broker has no queue for it, even after the topology was declared again
    └── BrokerUnavailable     not connected, or the connection was lost before every confirm came
        ├── BrokerBlocked     a disk or memory alarm is on: nothing is taken until there is room again
        └── BrokerStalled     connected, but nothing was confirmed for too long
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from services.kernel.message import Recorded
from services.kernel.relay import PublishFailed


class Unroutable(PublishFailed):
    """No queue takes these events."""


class BrokerUnavailable(PublishFailed):
    """The broker cannot be reached, or the connection was lost."""


class BrokerBlocked(BrokerUnavailable):
    """The broker takes no publishes: its disk or memory alarm is on."""


class BrokerStalled(BrokerUnavailable):
    """No confirm for too long."""


@dataclass(frozen=True, slots=True)
class IncomingEvent:
    """One event of `source`. `redelivered` is a hint: an earlier consumer may have died with it in hand."""

    source: str
    epoch: str
    recorded: Recorded
    redelivered: bool = False


@dataclass(frozen=True, slots=True)
class HeadAnnounced:
    """`source` says how far its log has come. A head that stays ahead of what arrives means something was lost."""

    source: str
    epoch: str
    position: int


Incoming: TypeAlias = IncomingEvent | HeadAnnounced
OnBatch: TypeAlias = Callable[[list[Incoming]], None]
"""Takes a batch durably, or raises; what it raised for comes again."""
OnBeat: TypeAlias = Callable[[str], None]
"""Called with a one-word state on each proof of progress."""


def no_beat(state: str) -> None:
    """For whoever is not watched."""
