"""A file of office staff as commands: all bad rows named first, nothing asked for twice.

With any bad row nothing is sent, unless the good rows alone are asked for; whoever sends decides that.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.roster.cells import plain
from gateway.roster.files import COLUMNS, PHONE, Kind
from gateway.roster.hamlet_rows import register_hamlet
from gateway.roster.known import Known
from gateway.roster.member_rows import appoint_member
from gateway.roster.reading import Asked, Planned, Reading, RowReader, Seal
from gateway.roster.team_rows import establish_team
from gateway.roster.unit_rows import register_unit
from services.kernel.csv_rows import Row, RowFault, read_bytes
from services.kernel.identifiers import new_id

READERS: dict[Kind, RowReader] = {
    "units": register_unit,
    "hamlets": register_hamlet,
    "teams": establish_team,
    "members": appoint_member,
}
COMMANDS: dict[Kind, str] = {
    "units": "register_unit",
    "hamlets": "register_hamlet",
    "teams": "establish_team",
    "members": "appoint_member",
}
"""What a file mainly asks for: who may not, may not send the file."""
BATCH = 500
"""Commands a call: what the bus takes at once."""
MOST_FAULTS = 1000
"""Bad rows named at once; who has more begins with these."""


@dataclass(frozen=True, slots=True)
class RosterPlan:
    """What a file asks for, and which of its rows cannot be used, and why."""

    rows: int
    unchanged: int
    planned: tuple[Planned, ...]
    faults: tuple[RowFault, ...]

    @property
    def changes(self) -> int:
        """How many rows ask for something."""
        return len({each.line for each in self.planned})


def plan_roster(
    kind: Kind,
    raw: bytes,
    known: Known,
    actor: str,
    at: datetime,
    *,
    file: str = "",
    seal: Seal | None = None,
    correlation_id: UUID | None = None,
) -> RosterPlan:
    """Read and check one file. Raises nothing: what is wrong with it is in the plan's `faults`."""
    reading = Reading(file or f"{kind}.csv", known, actor, at, known.today, correlation_id or new_id(), seal)
    reader, rows, unchanged = READERS[kind], 0, 0
    for row in read_bytes(reading.file, raw, COLUMNS[kind], reading.faults):
        rows += 1
        before = len(reading.planned)
        if reading.take(row, lambda row, reading: _read(row, reading, reader)):
            unchanged += len(reading.planned) == before
    faults = sorted(reading.faults, key=lambda fault: fault.line)
    return RosterPlan(rows, unchanged, tuple(reading.planned), tuple(faults))


def batches(planned: Sequence[Planned], size: int = BATCH) -> Iterator[Sequence[Planned]]:
    """The commands in calls of at most so many, in order."""
    for start in range(0, len(planned), size):
        yield planned[start : start + size]


def _read(row: Row, reading: Reading, reader: RowReader) -> list[Asked]:
    return reader(plain(row, may_begin_with_plus=(PHONE,)), reading)
