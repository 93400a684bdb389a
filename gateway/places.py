"""The read models as the public pages ask for them (`pages.ports`): each call one short snapshot, for any thread."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import true

from gateway import cases, search, units
from gateway.pages.ports import CaseStatus, CommuneMatch
from gateway.units import ancestors, units_by_id
from services.kernel.clock import Clock, business_date
from services.kernel.database import Database


class MapPlaces:
    """`Places` over the map."""

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
        today, key = business_date(self._clock()), str(unit)
        with self._database.read() as connection:
            above = ancestors(connection, [key]).get(key, [])
            found = units_by_id(connection, [key, *above], today)
        commune = found.get(key)
        if commune is None or commune.level != "commune" or not units.stands(commune, today):
            return None
        return CommuneMatch(unit, commune.name, found[above[-1]].name if above and above[-1] in found else "")

    def name(self, unit: UUID) -> str:
        """See `Places`."""
        key = str(unit)
        with self._database.read() as connection:
            found = units_by_id(connection, [key], business_date(self._clock())).get(key)
        return "" if found is None else found.name


class ListedCases:
    """`CaseStatuses` over the cases. Whoever asks has shown code and PIN: no viewer's scope applies."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def status(self, case: UUID) -> CaseStatus | None:
        """See `CaseStatuses`."""
        with self._database.read() as connection:
            row = cases.case_by_id(connection, str(case), true())
        if row is None:
            return None
        return CaseStatus(row.category, row.body, row.status, row.submitted_on, row.answered_on, row.erased)
