"""Which share of a divided unit or hamlet each of its parts took, stated by somebody with a source.

Old figures of what was divided are carried to its parts by these shares and by nothing else: where nobody has stated
any, the figure is not computed. A later statement about the same place replaces the earlier one.

Refusals: PLACE_UNKNOWN, NOT_DIVIDED, SHARES_OF_OTHERS, SHARE_TWICE, SHARES_NOT_ONE.
"""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.kernel.clock import business_date
from services.kernel.decider import Aggregate, Lookup, Refused
from services.kernel.message import Command, Event
from services.registry.hamlet import HAMLET, Hamlet
from services.registry.unit import UNIT, Unit
from services.registry.wording import Wording

Place: TypeAlias = Literal["unit", "hamlet"]


class Share(BaseModel):
    """What went into `successor`: more than nought, at most the whole, six decimals."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    successor: UUID
    share: Annotated[Decimal, Field(gt=0, le=1, max_digits=7, decimal_places=6)]


# Events


class SharesStated(Event, name="apportionment.stated"):
    """Of `about`, divided on the day `on`, each part took its share of what `basis` counts."""

    about: UUID
    place: Place
    on: date
    shares: tuple[Share, ...]
    basis: str
    source: str
    stated_on: date


# State: what was stated last


def evolve(_stated: SharesStated | None, event: SharesStated) -> SharesStated:
    """The newest statement."""
    return event


# Commands


class StateShares(Command, name="state_shares"):
    """Say by which shares the figures of a divided place go to its parts."""

    about: UUID
    place: Place
    on: date
    shares: tuple[Share, ...] = Field(min_length=1, max_length=51)
    basis: Wording
    """What was counted: households, inhabitants, …"""
    source: Wording


# Rules


def guard(command: StateShares, lookup: Lookup) -> None:
    """The place was divided that day, and the shares are of its parts: of all of them and of nobody else."""
    place: Unit | Hamlet | None = lookup.state(UNIT if command.place == "unit" else HAMLET, str(command.about))
    if place is None:
        raise Refused("Chưa có đơn vị hoặc ấp, khóm này.", code="PLACE_UNKNOWN", field="about")
    if place.gone_on != command.on or place.whole:
        raise Refused("Nơi này không bị chia vào ngày này.", code="NOT_DIVIDED", field="on")
    parts = set(place.successors)
    if place.in_force(command.on):  # it gave a part away and goes on with the rest
        parts.add(command.about)
    if parts != {each.successor for each in command.shares}:
        rule = "Phải ghi tỷ lệ của tất cả các phần và chỉ của các phần ấy."
        raise Refused(rule, code="SHARES_OF_OTHERS", field="shares")


def decide(command: StateShares, stated: SharesStated | None) -> list[SharesStated]:
    """The shares are the whole."""
    if len({each.successor for each in command.shares}) < len(command.shares):
        raise Refused("Mỗi phần chỉ ghi một lần.", code="SHARE_TWICE", field="shares")
    if sum(each.share for each in command.shares) != 1:
        raise Refused("Tổng các tỷ lệ phải bằng đúng 1.", code="SHARES_NOT_ONE", field="shares")
    today = business_date(command.at)
    event = SharesStated(
        about=command.about,
        place=command.place,
        on=command.on,
        shares=tuple(sorted(command.shares, key=lambda each: str(each.successor))),
        basis=command.basis,
        source=command.source,
        stated_on=today,
    )
    if stated is not None and stated.model_copy(update={"stated_on": today}) == event:
        return []
    return [event]


APPORTIONMENT: Aggregate[SharesStated | None, StateShares, SharesStated] = Aggregate(
    category="apportionment",
    events=SharesStated,
    commands=StateShares,
    initial=None,
    evolve=evolve,
    decide=decide,
    identity=lambda command: command.about,
    guard=guard,
)
