"""What the pages ask of the gateway's read models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from uuid import UUID

from gateway.visit_codes import Checked


@dataclass(frozen=True, slots=True)
class CommuneMatch:
    """A commune of today. `formerly` is the old name it was found by; `part`: only a part of the old one went there."""

    unit: UUID
    name: str
    province: str
    formerly: str | None = None
    part: bool = False


@dataclass(frozen=True, slots=True)
class CaseStatus:
    """Where a case stands. `status` is "received" or "answered"."""

    category: str
    body: str
    status: str
    submitted_on: date
    answered_on: date | None
    erased: bool


class Places(Protocol):
    """The map as the pages need it."""

    def find(self, text: str) -> Sequence[CommuneMatch]:
        """Communes of today that `text` may mean, the best first: without marks, by old names too."""
        ...

    def commune(self, unit: UUID) -> CommuneMatch | None:
        """The commune of this id, if it stands today."""
        ...

    def name(self, unit: UUID) -> str:
        """What a unit is called, whenever it stood; empty when it is not known."""
        ...


class Services(Protocol):
    """The catalogue of digital services as the form needs it."""

    def offered(self) -> Mapping[str, str]:
        """Codes a resident may choose today, each with the words shown, in the order shown."""
        ...


class Visits(Protocol):
    """Who goes from door to door, as the pages need it."""

    def check(self, code: str) -> Sequence[Checked]:
        """Whose visit code of today this is, well formed as it is."""
        ...


class CaseStatuses(Protocol):
    """The cases as the pages need them."""

    def status(self, case: UUID) -> CaseStatus | None:
        """Where the case stands; None when the read model has not heard of it yet."""
        ...
