"""`map-known-from.csv`: one row, since when a regime's map is known, or one province's in it, and on whose word."""

from collections.abc import Mapping
from pathlib import Path

from services.kernel.csv_rows import BadCell, Row, read_rows
from services.registry.map import DeclareMap
from services.registry.reading import CellReader, Key, Reading, day, span
from services.registry.unit import RegisterUnit

COLUMNS = ("regime", "province_code", "known_from", "known_to", "source")


def declare_maps(path: Path, units: Mapping[Key, RegisterUnit], reading: Reading) -> list[DeclareMap]:
    """The commands of all good rows, in the file's order."""
    regimes = sorted({regime for regime, _, _ in reading.lines})
    maps: dict[tuple[str, str], DeclareMap] = {}
    for row in read_rows(path, COLUMNS, reading.faults):
        cells = reading.cells(path, row, _readers(row, regimes))
        if cells is None:
            continue
        about = regime, province = cells["regime"], row.cells["province_code"]
        try:
            span("known_from", cells["known_from"], "known_to", cells["known_to"])
            if province:
                reading.unit(units, "province_code", (regime, "province", province))
            if about in maps:
                raise BadCell("regime", "đã khai ở một dòng trên")
        except BadCell as bad:
            reading.fault(path, row, bad)
            continue
        maps[about] = DeclareMap(
            regime=regime,
            known_from=cells["known_from"],
            known_to=cells["known_to"],
            province_code=province or None,
            source=cells["source"],
            **reading.envelope("map", province, *cells.values()),
        )
    return list(maps.values())


def _readers(row: Row, regimes: list[str]) -> dict[str, CellReader]:
    return {
        "regime": lambda column: row.one_of(column, regimes),
        "known_from": lambda column: day(row, column),
        "known_to": row.day,
        "source": row.text,
    }
