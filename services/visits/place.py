"""The household, the hamlet and the team of a visit belong together: checked before each visit is decided.

Errors:

    Refused
    ├── UnknownHousehold     "UNKNOWN_HOUSEHOLD"
    ├── UnknownHamlet        "UNKNOWN_HAMLET"        see `household`
    ├── HouseholdElsewhere   "HOUSEHOLD_ELSEWHERE"   the household lives in another hamlet
    ├── UnknownTeam          "UNKNOWN_TEAM"
    └── TeamNotServing       "TEAM_NOT_SERVING"      the team does not serve this hamlet
"""

from datetime import date
from uuid import UUID

from services.kernel.decider import Lookup, NotKnownHere, Refused
from services.visits.household import HOUSEHOLD, check_hamlet
from services.visits.territory import TERRITORY


class UnknownHousehold(NotKnownHere):
    """No household was registered under this id."""

    code = "UNKNOWN_HOUSEHOLD"


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
    if home is None or home.hamlet != hamlet:
        check_hamlet(hamlet, lookup)
        if home is None:
            raise UnknownHousehold("Hộ này chưa được ghi danh.", field="household")
        raise HouseholdElsewhere("Hộ này thuộc ấp, khóm khác.", field="hamlet")
    spans = lookup.query(TERRITORY.served_by, team=str(team))
    if not spans:
        raise UnknownTeam("Không có Tổ công nghệ số cộng đồng này.", field="team")
    served = {span.hamlet for span in spans if span.since <= day.isoformat() < span.until}
    if str(hamlet) not in served:
        raise TeamNotServing("Ngày đó Tổ này không phụ trách ấp, khóm của hộ.", field="team")
