"""`hamlets`: one row, one hamlet of a commune since a day."""

from gateway.roster.cells import day
from gateway.roster.files import COMMUNE, HAMLET, HAMLET_ID, PLACE_KIND, VALID_FROM
from gateway.roster.known import KnownHamlet, hamlet_named, same_words
from gateway.roster.reading import Asked, Reading
from services.kernel.csv_rows import BadCell, Row
from services.kernel.identifiers import derived_id


def register_hamlet(row: Row, reading: Reading) -> list[Asked]:
    """What the row asks for: nothing when it is known just so. Raises `BadCell`."""
    commune = reading.known.commune(row, COMMUNE)
    title, kind, since = row.text(HAMLET), row.text(PLACE_KIND), day(row, VALID_FROM)
    reading.once(row, HAMLET, "hamlet", commune.unit, title.casefold(), row.cells.get(HAMLET_ID, ""))
    if given := row.cells.get(HAMLET_ID, ""):
        found: KnownHamlet | None = hamlet_named(commune, HAMLET_ID, given)
    else:
        named = [hamlet for hamlet in commune.hamlets.values() if same_words(hamlet.title, title)]
        found = next((h for h in named if (h.kind, h.valid_from) == (kind, since)), named[0] if named else None)
    if found is None:
        hamlet = str(derived_id("roster", "hamlet", commune.unit, title.casefold()))
        commune.hamlets[hamlet] = KnownHamlet(hamlet, title, kind, since)
        told = {"commune": commune.unit, "name": title, "kind": kind, "valid_from": since.isoformat()}
        return [Asked("register_hamlet", hamlet, {"hamlet": hamlet, **told})]
    if (found.title, found.kind, found.valid_from) != (title, kind, since):
        raise BadCell(HAMLET, "ấp, khóm này đã có với loại hoặc ngày khác")
    return []
