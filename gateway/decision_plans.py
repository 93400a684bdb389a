"""A decision on many teams as an official plans it: the same for a mutation and for a printed draft.

`full_name` is for the draft only: it is put on the paper and sent nowhere.
"""

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from gateway.errors import InvalidInput
from services.kernel.identifiers import derived_id

MOST_TEAMS = 200
MOST_MEMBERS = 100
_Words = Annotated[str, Field(min_length=1, max_length=200)]


class _Planned(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True, hide_input_in_errors=True
    )


class PlannedMember(_Planned):
    """Somebody on the list; an id is made unless one is given."""

    role: Annotated[str, Field(pattern="^(leader|deputy|member)$")]
    organisation: _Words
    organisation_kind: _Words | None = None
    same_hamlet: bool | None = None
    part_time: bool | None = None
    term_to: date | None = None
    member: UUID | None = None
    full_name: Annotated[str, Field(max_length=200)] = ""


_Roster = Annotated[tuple[PlannedMember, ...], Field(max_length=MOST_MEMBERS)]
_Hamlets = Annotated[tuple[UUID, ...], Field(max_length=100)]


class PlannedTeam(_Planned):
    """A team to be established, maybe launched with it."""

    name: _Words
    level: Annotated[str, Field(pattern="^(hamlet|commune|enterprise)$")] = "hamlet"
    hamlets: _Hamlets = ()
    enterprise: UUID | None = None
    appoints: _Roster = ()
    launched_on: date | None = None
    team: UUID | None = None


class PlannedRenewal(_Planned):
    """A team to be renewed."""

    team: UUID
    hamlets: _Hamlets = ()
    stands_down: Annotated[tuple[UUID, ...], Field(max_length=MOST_MEMBERS)] = ()
    appoints: _Roster = ()


class PlannedLaunch(_Planned):
    """A team that was presented to the people."""

    team: UUID
    launched_on: date | None = None


class PlannedDecision(_Planned):
    """The whole of it. A draft may be without number, date and signer: the clerk writes them."""

    unit: _Words
    decision_no: _Words | None = None
    decision_date: date | None = None
    signer: _Words | None = None
    establishes: Annotated[tuple[PlannedTeam, ...], Field(max_length=MOST_TEAMS)] = ()
    renews: Annotated[tuple[PlannedRenewal, ...], Field(max_length=MOST_TEAMS)] = ()
    launches: Annotated[tuple[PlannedLaunch, ...], Field(max_length=MOST_TEAMS)] = ()

    def known_teams(self) -> list[str]:
        """Ids of the teams that must be there already."""
        return sorted({str(team) for team in (*(r.team for r in self.renews), *(each.team for each in self.launches))})

    def names(self, *key: object) -> dict[str, str]:
        """What a draft calls each member, by the id `acts` gives with the same key."""
        told = [*(each.appoints for each in self.establishes), *(each.appoints for each in self.renews)]
        listed = [act["appoints"] for act in self.acts(*key) if act["act"] != "launch"]
        pairs = [pair for roster, ids in zip(told, listed, strict=True) for pair in zip(roster, ids, strict=True)]
        return {each["member"]: member.full_name for member, each in pairs}

    def acts(self, *key: object) -> list[dict[str, Any]]:
        """As the registry takes them. New things get ids derived from `key`: the same plan makes the same ids."""
        return [act for acts in (self._establishing(key), self._renewing(key), self._launching()) for act in acts]

    def _establishing(self, key: tuple[object, ...]) -> Iterator[dict[str, Any]]:
        for number, team in enumerate(self.establishes):
            made = str(team.team or derived_id("team", *key, number))
            told = team.model_dump(mode="json", exclude={"appoints", "launched_on", "team"}, exclude_none=True)
            yield {**told, "act": "establish", "team": made, "appoints": _listed(team.appoints, *key, made)}
            if team.launched_on is not None:
                yield {"act": "launch", "team": made, "launched_on": team.launched_on.isoformat()}

    def _renewing(self, key: tuple[object, ...]) -> Iterator[dict[str, Any]]:
        for renewal in self.renews:
            told = renewal.model_dump(mode="json", exclude={"appoints"}, exclude_none=True)
            yield {**told, "act": "renew", "appoints": _listed(renewal.appoints, *key, renewal.team)}

    def _launching(self) -> Iterator[dict[str, Any]]:
        for launch in self.launches:
            yield {**launch.model_dump(mode="json", exclude_none=True), "act": "launch"}


def planned(told: Any) -> PlannedDecision:
    """What was told, checked. Raises `InvalidInput` naming the place, never what stood there."""
    try:
        return PlannedDecision.model_validate(told)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        place = ".".join(to_camel(part) if isinstance(part, str) else str(part) for part in first["loc"])
        raise InvalidInput(f"`{place}` thiếu, dài quá hoặc không đúng dạng.", field=place) from None


def _listed(roster: tuple[PlannedMember, ...], *key: object) -> list[dict[str, Any]]:
    found = []
    for number, member in enumerate(roster):
        told = member.model_dump(mode="json", exclude={"full_name", "member"}, exclude_none=True)
        found.append({**told, "member": str(member.member or derived_id("member", *key, number))})
    return found
