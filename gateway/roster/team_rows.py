"""`teams`: one row, one team with the hamlets it serves and the decision that established it.

A team that is there just so is left alone; one that is there otherwise is renewed by a decision, not by a file. A day
of launch may be added to a team that has none.
"""

from dataclasses import dataclass
from datetime import date

from gateway.roster.cells import coded, past_day, past_day_or_none
from gateway.roster.files import (
    COMMUNE,
    DECISION_DATE,
    DECISION_NO,
    HAMLETS_SERVED,
    LAUNCHED_ON,
    LEVEL,
    LEVELS,
    SEPARATOR,
    SIGNER,
    TEAM,
    TEAM_ID,
)
from gateway.roster.known import KnownCommune, KnownTeam, hamlet_named, team_or_none
from gateway.roster.reading import Asked, Reading
from services.kernel.csv_rows import BadCell, Row
from services.kernel.identifiers import derived_id
from services.kernel.words import one_line

MOST_HAMLETS = 100


@dataclass(frozen=True, slots=True)
class _Told:
    title: str
    level: str
    hamlets: frozenset[str]
    decision_no: str
    decision_date: date
    signer: str | None
    launched_on: date | None


def establish_team(row: Row, reading: Reading) -> list[Asked]:
    """What the row asks for: nothing when it is known just so. Raises `BadCell`."""
    commune = reading.known.commune(row, COMMUNE)
    found = team_or_none(commune, row, TEAM, TEAM_ID)
    if found is not None and found.dissolved_on is not None:
        if row.cells.get(TEAM_ID):
            raise BadCell(TEAM_ID, "Tổ này đã giải thể")
        found = None
    if found is None or found.line is not None:
        reading.once(row, TEAM, "team", commune.unit, row.text(TEAM).casefold())
    told = _told(row, commune, found, reading.today)
    if told.launched_on is not None and told.launched_on < told.decision_date:
        raise BadCell(LAUNCHED_ON, "không được trước ngày quyết định")
    if found is not None:
        return _known(found, told)
    if told.level == "enterprise":
        raise BadCell(LEVEL, "Tổ của doanh nghiệp phải lập trên hệ thống, kèm doanh nghiệp")
    team = str(derived_id("roster", "team", commune.unit, told.title.casefold(), told.decision_no, told.decision_date))
    commune.teams[team] = KnownTeam(
        team,
        told.title,
        told.level,
        told.hamlets,
        told.decision_no,
        told.decision_date,
        told.signer,
        told.launched_on,
        line=row.line,
    )
    return [Asked("establish_team", team, _establishing(team, commune, told)), *_launching(team, told)]


def _told(row: Row, commune: KnownCommune, team: KnownTeam | None, today: date) -> _Told:
    level = coded(row, LEVEL, LEVELS)
    hamlets = [hamlet_named(commune, HAMLETS_SERVED, name, team).hamlet for name in _names(row)]
    if level == "hamlet" and not hamlets:
        raise BadCell(HAMLETS_SERVED, "Tổ phải phụ trách ít nhất một ấp, khóm")
    if level != "hamlet" and hamlets:
        raise BadCell(HAMLETS_SERVED, "chỉ Tổ của ấp, khóm mới ghi ấp, khóm")
    if len(set(hamlets)) < len(hamlets):
        raise BadCell(HAMLETS_SERVED, "một ấp, khóm chỉ ghi một lần")
    if len(hamlets) > MOST_HAMLETS:
        raise BadCell(HAMLETS_SERVED, f"nhiều nhất {MOST_HAMLETS} ấp, khóm")
    return _Told(
        row.text(TEAM),
        level,
        frozenset(hamlets),
        row.text(DECISION_NO),
        past_day(row, DECISION_DATE, today),
        row.optional(SIGNER),
        past_day_or_none(row, LAUNCHED_ON, today),
    )


def _names(row: Row) -> list[str]:
    return [name for part in row.cells[HAMLETS_SERVED].split(SEPARATOR) if (name := one_line(part))]


def _known(found: KnownTeam, told: _Told) -> list[Asked]:
    there = (found.level, found.hamlets, found.decision_no, found.decision_date, found.signer)
    if there != (told.level, told.hamlets, told.decision_no, told.decision_date, told.signer):
        raise BadCell(TEAM, "Tổ này đã có với nội dung khác; muốn đổi phải có quyết định kiện toàn")
    if told.launched_on is None or told.launched_on == found.launched_on:
        return []
    if found.launched_on is not None:
        raise BadCell(LAUNCHED_ON, "Tổ này đã ra mắt vào ngày khác")
    return _launching(found.team, told)


def _establishing(team: str, commune: KnownCommune, told: _Told) -> dict[str, object]:
    payload: dict[str, object] = {
        "team": team,
        "commune": commune.unit,
        "name": told.title,
        "level": told.level,
        "hamlets": sorted(told.hamlets),
        "decision_no": told.decision_no,
        "decision_date": told.decision_date.isoformat(),
    }
    return payload if told.signer is None else {**payload, "signer": told.signer}


def _launching(team: str, told: _Told) -> list[Asked]:
    if told.launched_on is None:
        return []
    return [Asked("launch_team", team, {"team": team, "launched_on": told.launched_on.isoformat()})]
