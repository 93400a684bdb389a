"""Staff of partners where they should not overlap (không trùng chéo, 003 §III.5), both ways, with the rule for it.

One person in two teams, and two firms of one kind in one hamlet. Listed is only what a plan in force asks: where none
states the rule nothing overlaps. Who serves elsewhere than the viewer may see is counted and not named. Firms are told
apart by how people call them, written with or without marks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, select

from gateway import members, policies, teams, units
from gateway.compliance import PARTNERS
from gateway.paging import Page, Slice, page_of, sifted
from gateway.team_places import homes, lying_in
from gateway.unit_tree import belonging
from gateway.vietnamese import fold, sort_key


@dataclass(frozen=True, slots=True)
class SharedMember:
    """A partner's member in several teams. `teams` are those the viewer may see, `places` is how many there are."""

    member: str
    organisations: list[str]
    places: int
    teams: list[str]
    rule: Mapping[str, Any]
    profile: Any

    @property
    def reason(self) -> str:
        """In Vietnamese."""
        return f"người của {', '.join(self.organisations)} ở {self.places} Tổ"


@dataclass(frozen=True, slots=True)
class SharedHamlet:
    """A hamlet to which several firms of one kind send staff."""

    hamlet: Any
    organisation_kinds: list[str]
    firms: list[str]
    teams: list[str]
    rule: Mapping[str, Any]
    profile: Any

    @property
    def reason(self) -> str:
        """In Vietnamese."""
        return f"{len(self.firms)} đơn vị cùng cử người: {', '.join(self.firms)}"


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """In how many other teams somebody serves; `rule` is the plan's against it, for staff of partners where stated."""

    places: int
    rule: Mapping[str, Any] | None


def serves_elsewhere(connection: Connection, member: str, team: str, day: date) -> Elsewhere | None:
    """Whether a member of a team served in another one that stood that day; None where in none.

    Asked right after an appointment, which the read models need not know of yet.
    """
    table, others = members.LIVE.members.c, teams.LIVE.teams.c
    query = select(table.team, table.organisation_kind, others.commune).join(
        teams.LIVE.teams, others.team == table.team
    )
    query = query.where(table.member == member, table.team != team, *members.serving(day), teams.stands(day))
    found = connection.execute(query).all()
    if not found:
        return None
    partner = any(row.organisation_kind in PARTNERS for row in found)
    rules = _rules(connection, [row.commune for row in found], day) if partner else {}
    stated = next((rule for rule in rules.values() if rule is not None), None)
    return Elsewhere(len({row.team for row in found}), None if stated is None else stated[0])


def shared_members(connection: Connection, unit: str, day: date, visible: ColumnElement[bool], wanted: Slice) -> Page:
    """Partners' staff serving below a unit on a day who serve in two teams or more. `visible` is about `teams`."""
    team, member = teams.LIVE.teams.c, members.LIVE.members.c
    here = _serving(day, visible).where(lying_in(belonging([unit], day), day)).subquery("here")
    people = select(here.c.member).distinct()

    def several(rows: list[Any]) -> list[SharedMember | None]:
        places = members.serving_elsewhere(connection, [row.member for row in rows], day)
        shared = [row.member for row in rows if places.get(row.member, 0) > 1]
        found = _serving(day, visible).where(member.member.in_(shared)).order_by(team.sort_key, team.team)
        of = _by(connection.execute(found), "member")
        lies = homes(connection, [row for spells in of.values() for row in spells], day)
        stated = _rules(connection, sorted(set(lies.values())), day)
        rules = {one: stated[commune] for one, commune in lies.items()}
        return [_shared(row.member, places, of.get(row.member, []), rules) for row in rows]

    return sifted(lambda part: page_of(connection, people, [here.c.member], part), several, wanted)


def _shared(
    member: str, places: Mapping[str, int], spells: Sequence[Any], rules: Mapping[str, Any]
) -> SharedMember | None:
    """`rules` are those of each team's commune."""
    asked = next((rules[row.team] for row in spells if rules.get(row.team)), None)
    if asked is None:
        return None
    called = list(dict.fromkeys(row.organisation for row in spells))
    return SharedMember(member, called, places[member], list(dict.fromkeys(row.team for row in spells)), *asked)


def shared_hamlets(connection: Connection, unit: str, day: date, visible: ColumnElement[bool], wanted: Slice) -> Page:
    """Hamlets below a unit whose teams have staff of two firms of one kind on a day. `visible` is about `teams`."""
    hamlets, team, served = units.LIVE.hamlets.c, teams.LIVE.teams.c, teams.LIVE.served.c
    tree = belonging([unit], day)
    serving = select(served.hamlet).join(teams.LIVE.teams, team.team == served.team).where(visible, teams.serves(day))
    query = select(units.LIVE.hamlets).where(
        hamlets.commune.in_(select(tree.c.unit)), units.in_force(day, units.LIVE.hamlets), hamlets.hamlet.in_(serving)
    )

    def by_several(rows: list[Any]) -> list[SharedHamlet | None]:
        staff = _serving(day, visible).add_columns(served.hamlet)
        staff = staff.join(teams.LIVE.served, and_(served.team == team.team, teams.serves(day)))
        found = staff.where(served.hamlet.in_([row.hamlet for row in rows])).order_by(team.sort_key, team.team)
        of = _by(connection.execute(found), "hamlet")
        rules = _rules(connection, [row.commune for row in rows if row.hamlet in of], day)
        return [_several(row, of.get(row.hamlet, []), rules.get(row.commune)) for row in rows]

    return sifted(lambda part: page_of(connection, query, [hamlets.sort_key, hamlets.hamlet], part), by_several, wanted)


def _several(hamlet: Any, staff: Sequence[Any], asked: tuple[Mapping[str, Any], Any] | None) -> SharedHamlet | None:
    if asked is None:
        return None
    kinds: list[str] = []
    firms: list[str] = []
    for kind in sorted(PARTNERS):
        spelt = sorted((row.organisation for row in staff if row.organisation_kind == kind), reverse=True)
        called = {fold(name): name for name in spelt}  # of several spellings the first in the alphabet
        if len(called) > 1:
            kinds.append(kind)
            firms += sorted(called.values(), key=sort_key)
    there = list(dict.fromkeys(row.team for row in staff if row.organisation_kind in kinds))
    return SharedHamlet(hamlet, kinds, firms, there, *asked) if kinds else None


def _serving(day: date, visible: ColumnElement[bool]) -> Any:
    """Partners' staff serving on a day in teams that stand and are visible."""
    team, member = teams.LIVE.teams.c, members.LIVE.members.c
    query = select(member.member, member.team, member.organisation, member.organisation_kind, team.commune)
    return query.join(teams.LIVE.teams, team.team == member.team).where(
        member.organisation_kind.in_(sorted(PARTNERS)), *members.serving(day), teams.stands(day), visible
    )


def _rules(connection: Connection, communes: Sequence[str], day: date) -> dict[str, Any]:
    """The rule against overlap of each commune's nearest plan, None where no plan states it."""
    held = policies.profiles_in_force(connection, sorted(set(communes)), day)
    return {commune: policies.stated(plans, "overlap") for commune, plans in held.items()}


def _by(rows: Any, name: str) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for row in rows:
        found.setdefault(getattr(row, name), []).append(row)
    return found
