"""The ground a team stands on: which communes its hamlets put it in, by spans of days; written by the model of teams.

A hamlet that is no more counts as what it went into. Told anew for every team that was decided about or whose ground
shifted, from what is stored: thus it does not matter how events come in batches.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Select, Table, delete, insert, select

from gateway.rows import listed

if TYPE_CHECKING:
    from gateway.teams import Teams

ALWAYS, FOR_EVER = "", "9999-12-31"
AT_ONCE = 500
Span = tuple[str, str]
"""ISO days, the second not included."""
Ground = Mapping[str, Sequence[Any]]
"""Of each hamlet its rows, by day."""


def write_places(connection: Connection, model: "Teams", touched: Collection[str], shifted: Collection[str]) -> None:
    """Write `team_places` anew for teams, and for those that stand on these hamlets."""
    wanted = sorted({*touched, *_standing_on(connection, model, shifted)})
    for start in range(0, len(wanted), AT_ONCE):
        some = wanted[start : start + AT_ONCE]
        served = _by(connection, model.served.c.team, select(model.served), some, "team")
        placed = _by(connection, model.placed.c.team, select(model.placed), some, "team")
        ground = _ground(connection, model.ground, {row.hamlet for rows in served.values() for row in rows})
        rows = [row for team in some for row in _places(team, served.get(team, []), placed.get(team, []), ground)]
        connection.execute(delete(model.lies).where(listed(connection, model.lies.c.team, some)))
        if rows:
            connection.execute(insert(model.lies), rows)


def _standing_on(connection: Connection, model: "Teams", shifted: Collection[str]) -> set[str]:
    """Teams that serve or served these hamlets, or such as went into them."""
    seen, ahead, ground = set(shifted), set(shifted), model.ground.c
    while ahead:
        came = select(ground.hamlet).where(ground.what == "went", listed(connection, ground.other, sorted(ahead)))
        ahead = set(connection.execute(came).scalars()) - seen
        seen |= ahead
    serving = select(model.served.c.team).where(listed(connection, model.served.c.hamlet, sorted(seen)))
    return set(connection.execute(serving).scalars()) if seen else set()


def _ground(connection: Connection, table: Table, hamlets: Collection[str]) -> dict[str, list[Any]]:
    """What is told of these hamlets and of those they went into."""
    found, ahead = dict[str, list[Any]](), set(hamlets)
    while ahead:
        asked = select(table).order_by(table.c.day, table.c.other)
        rows = _by(connection, table.c.hamlet, asked, sorted(ahead), "hamlet")
        found |= {hamlet: rows.get(hamlet, []) for hamlet in ahead}
        ahead = {row.other for some in rows.values() for row in some if row.what == "went"} - found.keys()
    return found


def _by(connection: Connection, column: Any, query: Select[Any], wanted: Sequence[str], name: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for start in range(0, len(wanted), AT_ONCE):
        for row in connection.execute(query.where(listed(connection, column, wanted[start : start + AT_ONCE]))):
            found.setdefault(getattr(row, name), []).append(row)
    return found


def _places(team: str, served: Sequence[Any], placed: Sequence[Any], ground: Ground) -> Iterable[dict[str, Any]]:
    """Rows of `team_places`: by its hamlets where any is known, else by decision."""
    spans = [(row.hamlet, row.since, FOR_EVER if row.at_the_end else row.until) for row in served]
    days = {ALWAYS, *(row.since for row in placed), *(day for _, *span in spans for day in span)}
    days |= {row.day for hamlet in _reached({row.hamlet for row in served}, ground) for row in ground.get(hamlet, ())}
    begins = sorted(days - {FOR_EVER})
    open_: dict[str, dict[str, Any]] = {}
    done: list[dict[str, Any]] = []
    for day in begins:
        now = Counter(
            commune
            for hamlet, since, until in spans
            if since <= day < until
            for commune in _communes(hamlet, day, ground, frozenset())
        ) or Counter({row.commune: 0 for row in placed if row.since <= day < row.until})
        over = [each for each, row in open_.items() if now.get(each) != row["hamlets"]]
        done += [open_.pop(commune) | {"until": day} for commune in over]
        for commune in now.keys() - open_.keys():
            open_[commune] = {"team": team, "since": day, "commune": commune, "hamlets": now[commune]}
    return [*done, *(row | {"until": FOR_EVER} for row in open_.values())]


def _reached(hamlets: set[str], ground: Ground) -> set[str]:
    """These and what they went into, over several steps."""
    found, ahead = set(hamlets), set(hamlets)
    while ahead:
        ahead = {row.other for one in ahead for row in ground.get(one, ()) if row.what == "went"} - found
        found |= ahead
    return found


def _communes(hamlet: str, day: str, ground: Ground, seen: frozenset[str]) -> list[str]:
    """Where what was of a hamlet lies on a day; nothing where nobody told of the hamlet."""
    told = [row for row in ground.get(hamlet, ()) if row.day <= day]
    went = [row.other for row in told if row.what == "went"]
    if went and hamlet not in seen and any(row.what == "ended" for row in told):
        return [commune for other in went for commune in _communes(other, day, ground, seen | {hamlet})]
    return [row.other for row in told if row.what == "commune"][-1:]
