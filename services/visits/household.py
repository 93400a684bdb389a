"""A household: an opaque id in a hamlet, the unit coverage is counted in (indicators HH-01 to HH-05).

It lives in its hamlet, and in what that hamlet went whole into; when a hamlet is divided, somebody says of each
household which of the new ones it belongs to.

Errors:

    Refused
    ├── DayInFuture, DayTooEarly     see `business_days`
    ├── HouseholdAlreadyRegistered   "HOUSEHOLD_ALREADY_REGISTERED"  the id is taken, in another hamlet
    ├── UnknownHousehold             "UNKNOWN_HOUSEHOLD"
    ├── MovedLater                   "MOVED_LATER"                   it moved again after that day
    ├── HamletEnded                  "HAMLET_ENDED"                  nobody moves into a hamlet that is no more
    └── UnknownHamlet                "UNKNOWN_HAMLET"                the registry has not told of that hamlet
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias, assert_never
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


class HouseholdMoved(Event, name="household.moved"):
    """From the day `moved_on` the household belongs to another hamlet; what was done before stays where it was."""

    household: UUID
    hamlet: UUID
    previous_hamlet: UUID
    moved_on: date


HouseholdEvent: TypeAlias = HouseholdRegistered | HouseholdMoved

# -- state ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Household:
    """Where the household lives: in the last of `hamlets` from its day on, in the first since ever."""

    hamlets: tuple[tuple[date, UUID], ...]

    @property
    def hamlet(self) -> UUID:
        """Where it lives now."""
        return self.hamlets[-1][1]

    def hamlet_on(self, day: date) -> UUID:
        """Where it lived on a day."""
        return next(hamlet for since, hamlet in reversed(self.hamlets) if since <= day)


def evolve(state: Household | None, event: HouseholdEvent) -> Household | None:
    """The household after `event`."""
    match event:
        case HouseholdRegistered():
            return Household(hamlets=((date.min, event.hamlet),))
        case HouseholdMoved():
            return state and Household(hamlets=(*state.hamlets, (event.moved_on, event.hamlet)))
        case _:
            assert_never(event)


# -- commands ---------------------------------------------------------------------------------------------------------


class RegisterHousehold(Command, name="register_household"):
    """Count a household in. `registered_on` is today in Vietnam unless given."""

    household: UUID
    hamlet: UUID
    registered_on: date | None = None


class MoveHousehold(Command, name="move_household"):
    """Say which hamlet a household belongs to from a day on, today in Vietnam unless given."""

    household: UUID
    hamlet: UUID
    moved_on: date | None = None


HouseholdCommand: TypeAlias = RegisterHousehold | MoveHousehold

# -- rules ------------------------------------------------------------------------------------------------------------


class HouseholdAlreadyRegistered(Refused):
    """The id belongs to a household of another hamlet."""

    code = "HOUSEHOLD_ALREADY_REGISTERED"


class UnknownHousehold(NotKnownHere):
    """No household was registered under this id."""

    code = "UNKNOWN_HOUSEHOLD"


class MovedLater(Refused):
    """What is known of a later day would no longer follow."""

    code = "MOVED_LATER"


class HamletEnded(Refused):
    """The hamlet was put together with another one, divided or abolished before that day."""

    code = "HAMLET_ENDED"


class UnknownHamlet(NotKnownHere):
    """No such hamlet is known here (yet)."""

    code = "UNKNOWN_HAMLET"


def check_hamlet(hamlet: UUID, lookup: Lookup, day: date | None = None) -> None:
    """Refuse a hamlet the registry has not told of, and one that was no more on `day`, if a day is given."""
    found = lookup.query(TERRITORY.hamlet, hamlet=str(hamlet))
    if not found:
        raise UnknownHamlet("Không có ấp, khóm này trong danh mục.", field="hamlet")
    if day is None or found[0].last_day >= day.isoformat():
        return
    last_day = date.fromisoformat(found[0].last_day)
    said = f"{found[0].name} chỉ còn đến hết ngày {last_day:%d/%m/%Y}"
    goals = " hoặc ".join(row.name for row in lookup.query(TERRITORY.successors, hamlet=str(hamlet)))
    raise HamletEnded(f"{said}; hãy ghi hộ vào {goals}." if goals else f"{said}.", field="hamlet")


def guard(command: HouseholdCommand, lookup: Lookup) -> None:
    """The hamlet exists on that day."""
    check_hamlet(command.hamlet, lookup, _day_of(command))


def _day_of(command: HouseholdCommand) -> date:
    told = command.registered_on if isinstance(command, RegisterHousehold) else command.moved_on
    return told or business_date(command.at)


def decide(command: HouseholdCommand, state: Household | None) -> Sequence[HouseholdEvent]:
    """What is so already changes nothing: phones send twice."""
    match command:
        case RegisterHousehold():
            return _register(command, state)
        case MoveHousehold():
            return _move(command, state)
        case _:
            assert_never(command)


def _register(command: RegisterHousehold, state: Household | None) -> Sequence[HouseholdEvent]:
    day = _day_of(command)
    check_day(day, command.at, "registered_on")
    if state is None:
        return [HouseholdRegistered(household=command.household, hamlet=command.hamlet, registered_on=day)]
    if command.hamlet not in {hamlet for _, hamlet in state.hamlets}:
        raise HouseholdAlreadyRegistered("Mã hộ này đã dùng cho một hộ ở ấp, khóm khác.", field="household")
    return []


def _move(command: MoveHousehold, state: Household | None) -> Sequence[HouseholdEvent]:
    day = _day_of(command)
    check_day(day, command.at, "moved_on")
    if state is None:
        raise UnknownHousehold("Hộ này chưa được ghi danh.", field="household")
    if state.hamlet == command.hamlet:
        return []
    if day < state.hamlets[-1][0]:
        raise MovedLater("Đã ghi hộ này chuyển đi sau ngày đó.", field="moved_on")
    return [
        HouseholdMoved(household=command.household, hamlet=command.hamlet, previous_hamlet=state.hamlet, moved_on=day)
    ]


HOUSEHOLD: Aggregate[Household | None, HouseholdCommand, HouseholdEvent] = Aggregate(
    category="household",
    events=HouseholdEvent,
    commands=HouseholdCommand,
    initial=None,
    evolve=evolve,
    decide=decide,
    identity=lambda command: command.household,
    guard=guard,
    opens=frozenset({RegisterHousehold}),
)
