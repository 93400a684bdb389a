"""Policy profiles: which plan holds where and when, what it demands, and what is only a draft."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from math import ceil
from typing import Any, ClassVar, TypeAlias
from uuid import UUID

import orjson
from pydantic import BaseModel, Field
from sqlalchemy import Column, ColumnElement, Connection, Date, Index, LargeBinary, Table, Text, and_, func, or_, select

from gateway.paging import Page, Slice, page_of
from gateway.rows import Identifier, ReadModel
from gateway.units import ancestors, homes_of
from gateway.vietnamese import sort_key
from services.kernel.message import Event
from services.kernel.projection import Delivered
from services.kernel.rows import Rows, write_all

# What it reads of the registry's events


class Plan(BaseModel):
    """What a profile says. Its rules are passed on as they are told."""

    code: str
    title: str = Field(alias="name")
    issuer: str
    document: str | None
    issued_on: date | None
    valid_from: date
    valid_to: date | None
    tiers: tuple[str, ...]
    team_levels: tuple[str, ...]
    rules: tuple[dict[str, Any], ...]


class PolicyProfileDrafted(Event, name="policy_profile.drafted"):
    """Written down, not in force."""

    territory: UUID
    profile: UUID
    plan: Plan


class PolicyProfilePublished(Event, name="policy_profile.published"):
    """In force from the plan's first day."""

    territory: UUID
    profile: UUID
    plan: Plan


class PolicyProfileSuperseded(Event, name="policy_profile.superseded"):
    """Not in force after `last_day`."""

    territory: UUID
    profile: UUID
    last_day: date
    by: UUID | None


PolicyEvent: TypeAlias = PolicyProfileDrafted | PolicyProfilePublished | PolicyProfileSuperseded


class Policies(ReadModel):
    """The table of profiles."""

    name = "policies"
    views: ClassVar[Mapping[str, Any]] = {"registry": PolicyEvent}
    streams: ClassVar[frozenset[str]] = frozenset({"policy"})

    def define(self) -> None:
        self.profiles = Table(
            f"policy_profiles{self.suffix}",
            self.metadata,
            Column("profile", Identifier, primary_key=True),
            Column("territory", Identifier, nullable=False),
            Column("status", Identifier, nullable=False),
            Column("code", Identifier, nullable=False),
            Column("name", Identifier, nullable=False),
            Column("issuer", Identifier, nullable=False),
            Column("document", Identifier),
            Column("issued_on", Date),
            Column("valid_from", Date, nullable=False),
            Column("last_day", Date),
            Column("superseded_by", Identifier),
            Column("tiers", Identifier, nullable=False),
            Column("team_levels", Identifier, nullable=False),
            Column("rules", Text, nullable=False),
            Column("sort_key", LargeBinary, nullable=False),
        )
        Index(f"policy_profiles_territory{self.suffix}", self.profiles.c.territory, self.profiles.c.valid_from)
        Index(f"policy_profiles_name{self.suffix}", self.profiles.c.sort_key, self.profiles.c.profile)

    def apply(self, connection: Connection, events: Sequence[Delivered[PolicyEvent]]) -> None:
        profiles = Rows(self.profiles)
        for delivered in events:
            match delivered.event:
                case PolicyProfileDrafted() as drafted:
                    profiles.put(_row(drafted, "draft"))
                case PolicyProfilePublished() as published:
                    profiles.put(_row(published, "published"))
                case PolicyProfileSuperseded() as gone:
                    by = None if gone.by is None else str(gone.by)
                    profiles.change((str(gone.profile),), {"last_day": gone.last_day, "superseded_by": by})
        write_all(connection, profiles)


def _row(told: PolicyProfileDrafted | PolicyProfilePublished, status: str) -> dict[str, Any]:
    plan = told.plan
    row = plan.model_dump(include={"code", "issuer", "document", "issued_on", "valid_from"})
    return row | {
        "profile": str(told.profile),
        "territory": str(told.territory),
        "status": status,
        "name": plan.title,
        "last_day": plan.valid_to,
        "superseded_by": None,
        "tiers": " ".join(plan.tiers),
        "team_levels": " ".join(plan.team_levels),
        "rules": orjson.dumps(plan.rules).decode(),
        "sort_key": sort_key(plan.title),
    }


LIVE = Policies()
"""The table readers see."""


# Questions; `visible` is the viewer's scope as a condition on `policy_profiles`


def profiles_in_force(connection: Connection, units: Sequence[str], day: date) -> dict[str, list[Any]]:
    """Rows of the profiles that hold for each unit on a day: its own first, then those of the tiers above it.

    What went whole into another unit is bound by what binds that one.
    """
    homes = homes_of(connection, units, day)
    profiles, above = LIVE.profiles.c, ancestors(connection, sorted(set(homes.values())), day)
    chains = {unit: [home, *above.get(home, [])] for unit, home in homes.items()}
    places = {unit for chain in chains.values() for unit in chain}
    held = select(LIVE.profiles).where(profiles.territory.in_(places), _in_force(day))
    of = {row.territory: row for row in connection.execute(held)}
    return {unit: [of[each] for each in chain if each in of] for unit, chain in chains.items()}


def rules_of(profile: Any) -> list[Mapping[str, Any]]:
    """The rules of a profile's row, as they were told."""
    rules: list[Mapping[str, Any]] = orjson.loads(profile.rules)
    return rules


def stated(profiles: Sequence[Any], kind: str, **said: Any) -> tuple[Mapping[str, Any], Any] | None:
    """The first rule of a kind that says these words, and its profile; None where none is stated."""
    for profile in profiles:
        for rule in rules_of(profile):
            if rule["kind"] == kind and all(rule.get(word) == value for word, value in said.items()):
                return rule, profile
    return None


def last_day_of(rule: Mapping[str, Any]) -> date | None:
    """The last day that is in time for what is due once; None where the plan names none."""
    if rule.get("on") is None:
        return None
    day = date.fromisoformat(rule["on"])
    return day - timedelta(days=1) if rule.get("inclusive") is False else day


def teams_asked(connection: Connection, day: date) -> dict[str, int]:
    """The territories whose plan asks for two teams or more in a hamlet on a day, and for how many."""
    profiles = LIVE.profiles.c
    found: dict[str, int] = {}
    for row in connection.execute(select(LIVE.profiles).where(_in_force(day), profiles.rules.contains(_PER_HAMLET))):
        for rule in rules_of(row):
            if rule.get("measure") == _PER_HAMLET and rule["comparator"] in (">=", ">", "="):
                least = int(rule["value"]) + 1 if rule["comparator"] == ">" else ceil(rule["value"])
                found[row.territory] = max(least, found.get(row.territory, 0))
    return {territory: least for territory, least in found.items() if least > 1}


_PER_HAMLET = "teams_per_hamlet"


def _in_force(day: date) -> ColumnElement[bool]:
    profiles = LIVE.profiles.c
    begun, not_over = profiles.valid_from <= day, or_(profiles.last_day.is_(None), profiles.last_day >= day)
    return and_(profiles.status == "published", begun, not_over)


def profiles_page(
    connection: Connection, visible: ColumnElement[bool], within: Sequence[ColumnElement[bool]], wanted: Slice
) -> Page:
    """Profiles by name."""
    profiles = LIVE.profiles.c
    return page_of(
        connection, select(LIVE.profiles).where(visible, *within), [profiles.sort_key, profiles.profile], wanted
    )


def profiles_count(connection: Connection, visible: ColumnElement[bool], within: Sequence[ColumnElement[bool]]) -> int:
    """How many profiles there are."""
    return connection.execute(select(func.count()).select_from(LIVE.profiles).where(visible, *within)).scalar_one()


def profiles_by_id(connection: Connection, ids: Sequence[str], visible: ColumnElement[bool]) -> dict[str, Any]:
    """Profile rows the viewer may see, by id."""
    rows = connection.execute(select(LIVE.profiles).where(LIVE.profiles.c.profile.in_(ids), visible))
    return {row.profile: row for row in rows}
