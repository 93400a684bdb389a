"""A household: an opaque id in a hamlet, the unit coverage is counted in (indicators HH-01 to HH-05).

Errors:

    Refused
    ├── DayInFuture, DayTooEarly     see `business_days`
    ├── HouseholdAlreadyRegistered   "HOUSEHOLD_ALREADY_REGISTERED"  the id is taken, in another hamlet
    └── UnknownHamlet                "UNKNOWN_HAMLET"                the registry has not told of that hamlet
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.kernel.clock import business_date
from services.kernel.decider import Aggregate, Lookup, NotKnownHere, Refused
from services.kernel.message import Command, Event
from services.visits.business_days import check_day
from services.visits.territory import TERRITORY

# -- events -----------------------------------------------------------------------------------------------------------


class HouseholdRegistered(Event, name="household.registered"):
    """A household is counted in its hamlet from now on."""

    household: UUID
    hamlet: UUID
    registered_on: date


# -- state ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Household:
    """Where the household lives."""

    hamlet: UUID


def evolve(_state: Household | None, event: HouseholdRegistered) -> Household | None:
    """The household after `event`."""
    return Household(hamlet=event.hamlet)


# -- commands ---------------------------------------------------------------------------------------------------------


class RegisterHousehold(Command, name="register_household"):
    """Count a household in. `registered_on` is today in Vietnam unless given."""

    household: UUID
    hamlet: UUID
    registered_on: date | None = None


# -- rules ------------------------------------------------------------------------------------------------------------


class HouseholdAlreadyRegistered(Refused):
    """The id belongs to a household of another hamlet."""

    code = "HOUSEHOLD_ALREADY_REGISTERED"


class UnknownHamlet(NotKnownHere):
    """No such hamlet is known here (yet)."""

    code = "UNKNOWN_HAMLET"


def check_hamlet(hamlet: UUID, lookup: Lookup) -> None:
    """Refuse a hamlet the registry has not told of."""
    if not lookup.query(TERRITORY.hamlet, hamlet=str(hamlet)):
        raise UnknownHamlet("Không có ấp, khóm này trong danh mục.", field="hamlet")


def guard(command: RegisterHousehold, lookup: Lookup) -> None:
    """The hamlet exists."""
    check_hamlet(command.hamlet, lookup)


def decide(command: RegisterHousehold, state: Household | None) -> Sequence[HouseholdRegistered]:
    """Registering the same household in the same hamlet again changes nothing: phones send twice."""
    day = command.registered_on or business_date(command.at)
    check_day(day, command.at, "registered_on")
    if state is None:
        return [HouseholdRegistered(household=command.household, hamlet=command.hamlet, registered_on=day)]
    if state.hamlet != command.hamlet:
        raise HouseholdAlreadyRegistered("Mã hộ này đã dùng cho một hộ ở ấp, khóm khác.", field="household")
    return []


HOUSEHOLD: Aggregate[Household | None, RegisterHousehold, HouseholdRegistered] = Aggregate(
    category="household",
    events=HouseholdRegistered,
    commands=RegisterHousehold,
    initial=None,
    evolve=evolve,
    decide=decide,
    identity=lambda command: command.household,
    guard=guard,
    opens=frozenset({RegisterHousehold}),
)
