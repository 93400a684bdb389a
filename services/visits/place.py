"""The household, the hamlet and the team of a visit belong together on its day: checked before each visit is decided.

When hamlets went whole into another one, that one has their households and their teams from the day on: a visit may
name the hamlet the household was registered in or any that this one went into by then, and a team that was not renewed
yet goes on serving there.

Errors:

    Refused
    ├── UnknownHousehold     "UNKNOWN_HOUSEHOLD"     see `household`
    ├── UnknownHamlet        "UNKNOWN_HAMLET"        see `household`
    ├── HouseholdElsewhere   "HOUSEHOLD_ELSEWHERE"   the household lives in another hamlet
    ├── UnknownTeam          "UNKNOWN_TEAM"
    └── TeamNotServing       "TEAM_NOT_SERVING"      the team does not serve this hamlet
"""

from datetime import date
from uuid import UUID

from services.kernel.decider import Lookup, NotKnownHere, Refused
from services.visits.household import HOUSEHOLD, UnknownHousehold, check_hamlet
from services.visits.territory import TERRITORY


class HouseholdElsewhere(Refused):
    """The household lives in another hamlet than the visit says."""

    code = "HOUSEHOLD_ELSEWHERE"


class UnknownTeam(NotKnownHere):
    """No such team is known here (yet)."""

    code = "UNKNOWN_TEAM"


class TeamNotServing(Refused):
    """The team served other hamlets that day, or was dissolved."""

    code = "TEAM_NOT_SERVING"


def check_place(household: UUID, hamlet: UUID, team: UUID, day: date, lookup: Lookup) -> None:
    """Refuse a visit whose household, hamlet and team do not fit on the day it was made.

    The household may have been registered a moment ago in the same batch: its stream is asked, not a read model.
    """
    home = lookup.state(HOUSEHOLD, str(household))
    if home is None:
        check_hamlet(hamlet, lookup)
        raise UnknownHousehold("Hộ này chưa được ghi danh.", field="household")
    lived = str(home.hamlet_on(day))
    if str(hamlet) != lived and str(hamlet) not in _became(lived, day, lookup):
        check_hamlet(hamlet, lookup)
        raise HouseholdElsewhere("Hộ này thuộc ấp, khóm khác.", field="hamlet")
    spans = lookup.query(TERRITORY.served_by, team=str(team))
    if not spans:
        raise UnknownTeam("Không có Tổ công nghệ số cộng đồng này.", field="team")
    served = {span.hamlet for span in spans if span.since <= day.isoformat() < span.until}
    if lived not in served and _became(lived, day, lookup)[-1] not in {_became(one, day, lookup)[-1] for one in served}:
        raise TeamNotServing("Ngày đó Tổ này không phụ trách ấp, khóm của hộ.", field="team")


def _became(hamlet: str, day: date, lookup: Lookup) -> list[str]:
    """The hamlet and those it went into as a whole by that day, in their order."""
    heirs = lookup.query(TERRITORY.heirs, hamlet=hamlet)
    return [hamlet, *(heir.successor for heir in heirs if heir.on_day <= day.isoformat())]
