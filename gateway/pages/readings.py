"""The pages' questions answered from the gateway's own read models."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import structlog
from sqlalchemy import select, true
from sqlalchemy.exc import DBAPIError

from gateway import cases, digital_services, search, units, visit_codes
from gateway.pages.ports import CaseStatus, CommuneMatch
from gateway.pages.wording import apps, unasked
from gateway.tracking import Tracker
from gateway.visit_codes import Checked
from services.kernel.clock import Clock, business_date
from services.kernel.database import Database

log = structlog.get_logger(__name__)


class PlacesReading:
    """`Places` from the map's tables."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def find(self, text: str) -> Sequence[CommuneMatch]:
        """See `Places`."""
        with self._database.read() as connection:
            found = search.find_communes(connection, text, business_date(self._clock()))
        return [CommuneMatch(UUID(f.unit.unit), f.unit.name, f.province, f.formerly, f.part) for f in found]

    def commune(self, unit: UUID) -> CommuneMatch | None:
        """See `Places`."""
        today = business_date(self._clock())
        one = select(units.LIVE.units.c.name, units.LIVE.units.c.parent)
        one = one.where(units.LIVE.units.c.unit == str(unit), units.LIVE.units.c.level == "commune")
        with self._database.read() as connection:
            row = connection.execute(one.where(units.in_force(today))).one_or_none()
            above = units.units_by_id(connection, [row.parent], today) if row and row.parent else {}
        if row is None:
            return None
        return CommuneMatch(unit, row.name, above[row.parent].name if row.parent in above else "")

    def name(self, unit: UUID) -> str:
        """See `Places`."""
        with self._database.read() as connection:
            found = units.units_by_id(connection, [str(unit)], business_date(self._clock()))
        return found[str(unit)].name if str(unit) in found else ""


class ServicesReading:
    """`Services` from the catalogue: the apps there are everyday words for, then what was published since, by name.

    A code the catalogue has not been told of stays offered, as before there was one; one that is not in force today
    is not. When the database does not answer, the form is shown with the words it has.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def offered(self) -> Mapping[str, str]:
        """See `Services`."""
        try:
            with self._database.read() as connection:
                known = digital_services.known(connection, business_date(self._clock()))
        except DBAPIError as error:
            log.warning("catalogue_not_read", error=type(error).__name__)
            return apps()
        offered = {code: label for code, label in apps().items() if known.get(code, label) is not None}
        newer = {code: name for code, name in known.items() if name is not None and code not in apps()}
        return offered | {code: name for code, name in newer.items() if code not in unasked()}


class VisitsReading:
    """`Visits` from the tables of teams and members."""

    def __init__(self, database: Database, tracker: Tracker, clock: Clock) -> None:
        self._database = database
        self._tracker = tracker
        self._clock = clock

    def check(self, code: str) -> Sequence[Checked]:
        """See `Visits`."""
        with self._database.read() as connection:
            return visit_codes.check(connection, self._tracker, code, business_date(self._clock()))


class CaseStatusesReading:
    """`CaseStatuses` from the table of cases; whoever has code and PIN may see that one case."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def status(self, case: UUID) -> CaseStatus | None:
        """See `CaseStatuses`."""
        with self._database.read() as connection:
            row = cases.case_by_id(connection, str(case), true())
        if row is None:
            return None
        return CaseStatus(row.category, row.body, row.status, row.submitted_on, row.answered_on, row.erased)
