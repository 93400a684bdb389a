"""Where a team lies on a day: in the communes that hold the hamlets it serves, or what these became.

A commune or enterprise team, and one whose hamlets nobody knows, lies in the commune of its last decision. A commune
that was divided stands here with its parts: which of them a team goes to, a decision of that part says.
"""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from services.kernel.decider import Lookup
from services.registry.hamlet import HAMLET, Hamlet
from services.registry.team_events import Team
from services.registry.unit import UNIT, Unit, carried


def communes_of(lookup: Lookup, team: Team, day: date) -> set[UUID]:
    """The communes that may decide on a team on a day: several where its hamlets lie in several."""
    return became(lookup, _homes(lookup, team.hamlets, day) or {team.commune}, day)


def became(lookup: Lookup, communes: Iterable[UUID], day: date) -> set[UUID]:
    """The communes on a day: each itself, what it went into as a whole, or beside it the parts it was divided over."""
    found = {carried(lookup, commune, day) for commune in communes}
    for home in tuple(found):
        unit: Unit | None = lookup.state(UNIT, str(home))
        if unit is not None and not unit.in_force(day) and unit.gone_on is not None and unit.gone_on <= day:
            found |= became(lookup, unit.successors, day)
    return found


def _homes(lookup: Lookup, hamlets: Iterable[UUID], day: date) -> set[UUID]:
    found, ahead, seen = set[UUID](), list(hamlets), set[UUID]()
    while ahead:
        one = ahead.pop()
        hamlet: Hamlet | None = lookup.state(HAMLET, str(one))
        if one in seen or hamlet is None:
            continue
        seen.add(one)
        if hamlet.ended_by(day) and hamlet.successors and hamlet.gone_on is not None and hamlet.gone_on <= day:
            ahead += hamlet.successors
        else:
            found.add(hamlet.commune_on(day))
    return found
