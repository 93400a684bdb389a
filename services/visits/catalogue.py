"""The catalogue of digital services a team may guide a household in; data, not code (`data/digital-services.csv`).

A blank date in it means "not stated", never "for ever": a service is refused only outside a date somebody wrote down.

Errors:

    Refused
    ├── UnknownService        "UNKNOWN_SERVICE"
    └── ServiceNotAvailable   "SERVICE_NOT_AVAILABLE"   not yet, or no more, on the day of the visit
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from services.kernel.decider import Refused

_FILE = Path(__file__).parent / "data" / "digital-services.csv"


class UnknownService(Refused):
    """The catalogue has no service of this code."""

    code = "UNKNOWN_SERVICE"


class ServiceNotAvailable(Refused):
    """The service did not exist on that day."""

    code = "SERVICE_NOT_AVAILABLE"


@dataclass(frozen=True, slots=True)
class DigitalService:
    """One row: `owner` is the responsible body as the plans name it, empty when no plan does."""

    code: str
    name: str
    owner: str
    source: str
    available_from: date | None
    available_to: date | None

    def available_on(self, day: date) -> bool:
        """False only when a stated date excludes `day`; both ends count as available."""
        return not (
            (self.available_from is not None and day < self.available_from)
            or (self.available_to is not None and day > self.available_to)
        )


@cache
def catalogue() -> Mapping[str, DigitalService]:
    """The shipped services by code; the file is read once."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        return {row["code"]: _service(row) for row in csv.DictReader(file)}


def check_services(codes: Iterable[str], day: date) -> None:
    """Refuse a code the catalogue does not have, or does not have on `day`. The message never repeats the input."""
    for code in codes:
        service = catalogue().get(code)
        if service is None:
            raise UnknownService("Có mã dịch vụ không nằm trong danh mục.", field="services")
        if not service.available_on(day):
            raise ServiceNotAvailable(f"Dịch vụ {service.name} không có vào ngày này.", field="services")


def _service(row: dict[str, str]) -> DigitalService:
    return DigitalService(
        code=row["code"],
        name=row["name"],
        owner=row["owner"],
        source=row["source"],
        available_from=_day(row["available_from"]),
        available_to=_day(row["available_to"]),
    )


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
