"""What the read models must show, computed from the driver's log; and what they do show."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import Table, select

from gateway import (
    coverage as gateway_coverage,
    teams as gateway_teams,
    units as gateway_units,
    visits as gateway_visits,
)
from services.kernel.database import Database
from services.reporting import household_coverage, territory as reporting_territory
from services.visits import territory as visits_territory
from tests.faults.driver import Acknowledged, Payload

Shown = dict[str, set[tuple[Any, ...]]]
"""Rows by read model and table."""


def expected(log: Iterable[Acknowledged]) -> Shown:
    """Rows of every read model the driver's commands reach."""
    accepted = [entry for entry in log if entry.answer.accepted]
    hamlets = {e.payload["hamlet"]: e.payload["commune"] for e in accepted if e.command == "register_hamlet"}
    teams = {e.payload["team"]: e.payload["hamlets"] for e in accepted if e.command == "establish_team"}
    households = {e.payload["household"]: e.payload for e in accepted if e.command == "register_household"}
    visits = _visits(accepted)
    served = {(team, hamlet) for team, served in teams.items() for hamlet in served}
    homes: dict[str, set[str]] = {}
    for household, payload in households.items():
        homes.setdefault(payload["hamlet"], set()).add(household)
    quarters = _guided(visits.values())
    quarter_rows = {(hamlet, quarter, len(guided)) for (hamlet, quarter), guided in quarters.items() if guided}
    return {
        "visits.territory hamlets": {(hamlet,) for hamlet in hamlets},
        "visits.territory served": served,
        "reporting.territory places": set(hamlets.items()),
        "reporting.household_coverage households": {(hamlet, len(living)) for hamlet, living in homes.items()},
        "reporting.household_coverage quarters": quarter_rows,
        "reporting.household_coverage homes": {(h, p["hamlet"]) for h, p in households.items()},
        "gateway.units hamlets": set(hamlets.items()),
        "gateway.teams served": served,
        "gateway.visits households": {(h, p["hamlet"], p["registered_on"]) for h, p in households.items()},
        "gateway.visits visits": {_visit_row(visit) for visit in visits.values()},
        "gateway.coverage hamlets": {(h, None, len(living), None) for h, living in homes.items()},
        "gateway.coverage quarters": quarter_rows,
    }


_FACTS = ("household", "hamlet", "team", "visited_on", "mode", "services", "outcome")


def _visits(accepted: Iterable[Acknowledged]) -> dict[str, Payload]:
    visits: dict[str, Payload] = {}
    for entry in accepted:
        payload = entry.payload
        if entry.command == "record_visit":
            visits[payload["visit"]] = _facts(payload) | {"status": "recorded", "reason": None}
        elif entry.command == "correct_visit":
            before = visits[payload["visit"]]
            if any(before[name] != value for name, value in _facts(payload).items()):
                visits[payload["visit"]] = _facts(payload) | {"status": "corrected", "reason": payload["reason"]}
        elif entry.command == "void_visit":
            visits[payload["visit"]] |= {"status": "voided", "reason": payload["reason"]}
    return visits


def _facts(payload: Payload) -> Payload:
    facts = {name: payload[name] for name in _FACTS} | {"visit": payload["visit"]}
    return facts | {"services": sorted(set(facts["services"]))}


def _guided(visits: Iterable[Payload]) -> dict[tuple[str, str], set[str]]:
    """Nobody has published a plan here: households are counted by quarter and not since a plan began."""
    quarters: dict[tuple[str, str], set[str]] = {}
    for visit in visits:
        if visit["outcome"] != "guided" or visit["status"] == "voided":
            continue
        day = date.fromisoformat(visit["visited_on"])
        quarter = f"{day.year}-Q{(day.month + 2) // 3}"
        quarters.setdefault((visit["hamlet"], quarter), set()).add(visit["household"])
    return quarters


def _visit_row(visit: Payload) -> tuple[Any, ...]:
    values = {**visit, "services": " ".join(visit["services"])}
    return tuple(values[name] for name in _VISIT_COLUMNS)


_VISIT_COLUMNS = ("visit", *_FACTS, "status", "reason")


def shown(databases: Mapping[str, Database]) -> Shown:
    """The same rows as the read models show them. A figure of 0 is as good as none."""
    visits, reporting, gateway = databases["visits"], databases["reporting"], databases["gateway"]
    mine = visits_territory.TERRITORY
    counted, theirs = household_coverage.HOUSEHOLD_COVERAGE, reporting_territory.TERRITORY
    coverage, visited = gateway_coverage.LIVE, gateway_visits.LIVE
    return {
        "visits.territory hamlets": _rows(visits, mine.hamlets, "hamlet"),
        "visits.territory served": _rows(visits, mine.served, "team", "hamlet"),
        "reporting.territory places": {
            row[1:] for row in _rows(reporting, theirs.places, "level", "place", "parent") if row[0] == "hamlet"
        },
        "reporting.household_coverage households": _rows(reporting, counted.hamlets, "hamlet", "households"),
        "reporting.household_coverage quarters": _some(
            _rows(reporting, counted.quarters, "hamlet", "quarter", "guided")
        ),
        "reporting.household_coverage homes": _rows(reporting, counted.homes, "household", "hamlet"),
        "gateway.units hamlets": _rows(gateway, gateway_units.LIVE.hamlets, "hamlet", "commune"),
        "gateway.teams served": _rows(gateway, gateway_teams.LIVE.served, "team", "hamlet"),
        "gateway.visits households": _rows(gateway, visited.households, "household", "hamlet", "registered_on"),
        "gateway.visits visits": _rows(gateway, visited.visits, *_VISIT_COLUMNS),
        "gateway.coverage hamlets": _rows(
            gateway, coverage.hamlets, "hamlet", "plan", "households", "guided_since_plan"
        ),
        "gateway.coverage quarters": _some(_rows(gateway, coverage.quarters, "hamlet", "quarter", "guided")),
    }


def _rows(database: Database, table: Table, *columns: str) -> set[tuple[Any, ...]]:
    with database.read() as connection:
        found = connection.execute(select(*(table.c[name] for name in columns))).all()
    return {tuple(value.isoformat() if isinstance(value, date) else value for value in row) for row in found}


def _some(rows: set[tuple[Any, ...]]) -> set[tuple[Any, ...]]:
    return {row for row in rows if row[-1]}


def differences(wanted: Shown, found: Shown) -> list[str]:
    """One line a table that is not as it should be; empty when all is well."""
    lines = []
    for name, rows in wanted.items():
        missing, surplus = rows - found[name], found[name] - rows
        if missing or surplus:
            lines.append(
                f"{name}: {len(rows)} wanted, {len(missing)} missing such as {sorted(missing, key=str)[:2]},"
                f" {len(surplus)} wrong such as {sorted(surplus, key=str)[:2]}"
            )
    return lines
