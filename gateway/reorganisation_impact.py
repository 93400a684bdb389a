"""What a reorganisation would touch, looked at before it is decided, and what in it needs a person's choice.

Counted is what hangs on the units and hamlets it names on the day before it, and today where things are not dated. The
lists show what the viewer may see of it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, false, func, or_, select

from gateway import cases, enterprises, learning, members, policies, teams, units, visits
from gateway.paging import Page, Slice, page_of
from gateway.roster_dues import RosterDue, open_dues
from gateway.team_places import lying_in
from gateway.unit_tree import belonging
from gateway.units import called
from gateway.viewer import Scope


@dataclass(frozen=True, slots=True)
class Change:
    """The units and hamlets that some operations change."""

    ended: frozenset[str]
    divided: frozenset[str]
    """Those of which a part goes elsewhere, ended or not."""
    moved: frozenset[str]
    """Transferred as they are."""
    renamed: frozenset[str]

    @property
    def touched(self) -> frozenset[str]:
        """All of them."""
        return self.ended | self.divided | self.moved | self.renamed

    @classmethod
    def of(cls, operations: Sequence[Mapping[str, Any]], place: str) -> "Change":
        """Of units or of hamlets, read from operations as the registry takes them."""
        told = [each for each in operations if each.get("place") == place]

        def about(*kinds: str) -> frozenset[str]:
            return frozenset(str(each["unit"]) for each in told if each["do"] in kinds)

        gone = {str(unit) for each in told if each["do"] in ("merge", "abolish") for unit in each["units"]}
        return cls(about("split") | gone, about("split", "cede"), about("transfer"), about("rename"))


@dataclass(frozen=True, slots=True)
class Warned:
    """What a person should look at before deciding: a stable code, the words, and what it is about."""

    code: str
    message: str
    about: str


@dataclass(frozen=True, slots=True)
class Target:
    """A rule of a plan in force that sets a target, and the communes touched for which it holds."""

    rule: Mapping[str, Any]
    profile: Any
    units: Sequence[str]


@dataclass(frozen=True, slots=True)
class Impact:
    """What is touched, in numbers where it may be much, and what needs a person's choice."""

    units: int
    hamlets: int
    teams: Sequence[Mapping[str, str]]
    """`id` and `name`."""
    members: int
    households: int
    open_cases: int
    enterprises: int
    trainings: int
    policies: int
    targets: Sequence[Target]
    reports: Sequence[RosterDue]
    warnings: Sequence[Warned]


class Touched:
    """What hangs on the units and hamlets of a reorganisation; each list with the viewer's scope as a condition."""

    def __init__(self, operations: Sequence[Mapping[str, Any]], on: date, today: date) -> None:
        self._units, self._hamlets = Change.of(operations, "unit"), Change.of(operations, "hamlet")
        self._on, self._day, self._today = on, on - timedelta(days=1), today

    def impact(self, connection: Connection) -> Impact:
        """All of it in numbers, and what needs a choice."""
        communes, hamlets = self._places(connection)
        team, training = teams.LIVE.teams.c, learning.LIVE.trainings.c
        asked = select(team.team, team.name).where(self._teams(hamlets)).order_by(team.sort_key, team.team)
        policy = policies.LIVE.profiles.c
        held = and_(policy.status == "published", or_(policy.last_day.is_(None), policy.last_day >= self._on))
        around = communes | self._communes_of(connection, hamlets)
        return Impact(
            units=len(self._units.touched),
            hamlets=len(hamlets),
            teams=[{"id": row.team, "name": row.name} for row in connection.execute(asked)],
            members=_many(connection, self._serving(hamlets)),
            households=_count(connection, visits.LIVE.households.c.hamlet.in_(hamlets)),
            open_cases=_count(connection, self._open_cases(communes)),
            enterprises=_count(connection, enterprises.LIVE.enterprises.c.commune.in_(communes)),
            trainings=_count(connection, and_(training.unit.in_(communes), training.status == "scheduled")),
            policies=_count(connection, and_(policy.territory.in_(self._units.ended), held)),
            targets=self._targets(connection, around),
            reports=open_dues(connection, sorted(around), min(self._day, self._today)),
            warnings=list(self._warnings(connection)),
        )

    # -- lists ---------------------------------------------------------------------------------------------------------

    def members_page(self, connection: Connection, scope: Scope, wanted: Slice) -> Page:
        """Who serves in the teams touched, by team."""
        member = members.LIVE.members.c
        return page_of(connection, self._members(connection, scope), [member.team, member.member], wanted)

    def members_count(self, connection: Connection, scope: Scope) -> int:
        """How many the viewer may see."""
        return _many(connection, self._members(connection, scope))

    def households_page(self, connection: Connection, scope: Scope, wanted: Slice) -> Page:
        """Households of the hamlets touched, by hamlet."""
        table = visits.LIVE.households
        query = select(table).where(*self._households(connection, scope))
        return page_of(connection, query, [table.c.hamlet, table.c.household], wanted)

    def households_count(self, connection: Connection, scope: Scope) -> int:
        """How many the viewer may see."""
        visible, here = self._households(connection, scope)
        return visits.households_count(connection, visible, [here])

    def cases_page(self, connection: Connection, scope: Scope, wanted: Slice) -> Page:
        """Cases not answered yet, the newest first."""
        return cases.cases_page(connection, scope.cases, [self._open_cases(self._places(connection)[0])], wanted)

    def cases_count(self, connection: Connection, scope: Scope) -> int:
        """How many the viewer may see."""
        return cases.cases_count(connection, scope.cases, [self._open_cases(self._places(connection)[0])])

    # -- what is touched -----------------------------------------------------------------------------------------------

    def _places(self, connection: Connection) -> tuple[set[str], set[str]]:
        """Units that belong to those changed, and hamlets: theirs and those changed by themselves."""
        communes = set(_belonging(connection, self._units.touched, self._day))
        return communes, _hamlets(connection, communes, self._day) | self._hamlets.touched

    def _teams(self, hamlets: Collection[str]) -> ColumnElement[bool]:
        served = teams.LIVE.served.c
        serving = select(served.team).where(served.hamlet.in_(hamlets), teams.serves(self._day))
        there: list[ColumnElement[bool]] = [teams.LIVE.teams.c.team.in_(serving)]
        if self._units.touched:
            there.append(lying_in(belonging(sorted(self._units.touched), self._day), self._day))
        return and_(or_(*there), teams.stands(self._day))

    def _serving(self, hamlets: Collection[str]) -> Select[Any]:
        member, team = members.LIVE.members, teams.LIVE.teams
        query = select(member).join(team, team.c.team == member.c.team)
        return query.where(self._teams(hamlets), *members.serving(min(self._day, self._today)))

    def _members(self, connection: Connection, scope: Scope) -> Select[Any]:
        return self._serving(self._places(connection)[1]).where(scope.teams)

    def _households(self, connection: Connection, scope: Scope) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
        return scope.households, visits.LIVE.households.c.hamlet.in_(self._places(connection)[1])

    def _open_cases(self, communes: Collection[str]) -> ColumnElement[bool]:
        case = cases.LIVE.cases.c
        return and_(case.commune.in_(communes) if communes else false(), case.status != "answered")

    def _communes_of(self, connection: Connection, hamlets: Collection[str]) -> set[str]:
        found = units.hamlets_by_id(connection, sorted(hamlets), self._day)
        return {row.commune for row in found.values()}

    def _targets(self, connection: Connection, communes: Collection[str]) -> list[Target]:
        """What plans in force on the day before set as targets where something is touched."""
        found: dict[str, tuple[Any, list[str]]] = {}
        for unit, profiles in policies.profiles_in_force(connection, sorted(communes), self._day).items():
            for profile in profiles:
                found.setdefault(profile.profile, (profile, []))[1].append(unit)
        return [
            Target(rule, profile, there)
            for profile, there in found.values()
            for rule in policies.rules_of(profile)
            if rule["kind"] == "target"
        ]

    # -- what needs a choice -------------------------------------------------------------------------------------------

    def _warnings(self, connection: Connection) -> Iterator[Warned]:
        yield from self._left_behind(connection)
        theirs, hamlets = _belonging(connection, self._units.divided, self._day), units.LIVE.hamlets
        here = select(hamlets).where(hamlets.c.commune.in_(theirs), units.in_force(self._day, hamlets))
        for row in connection.execute(here.order_by(hamlets.c.sort_key, hamlets.c.hamlet)):
            if row.hamlet not in self._hamlets.ended | self._hamlets.moved:
                rule = f"{called(row)} thuộc đơn vị bị chia: hãy chọn xã, phường mới, nếu không thì giữ nguyên."
                yield Warned("CHOICE_NEEDED", rule, row.hamlet)
        divided = units.hamlets_by_id(connection, sorted(self._hamlets.divided), self._day)
        for row in sorted(divided.values(), key=lambda row: (row.sort_key, row.hamlet)):
            rule = f"{called(row)} bị chia: hãy chọn hộ nào về đâu và Tổ nào phụ trách từng phần; máy không tự chia."
            yield Warned("CHOICE_NEEDED", rule, row.hamlet)
        named: dict[str, Any] = {**units.units_by_id(connection, sorted(self._units.divided), self._day), **divided}
        for one in sorted(named):
            rule = f"Số liệu cũ của {called(named[one])} không chia lại được: chưa có tỷ lệ chia nào kèm nguồn."
            yield Warned("WEIGHT_NOT_STATED", rule, one)

    def _left_behind(self, connection: Connection) -> Iterator[Warned]:
        table = units.LIVE.units
        left = select(table).where(table.c.parent.in_(self._units.ended), units.in_force(self._day))
        for row in connection.execute(left.order_by(table.c.sort_key)):
            if row.unit not in self._units.ended | self._units.moved:
                rule = f"{called(row)} còn thuộc một đơn vị kết thúc; hãy chuyển hoặc sắp xếp."
                yield Warned("LEFT_BEHIND", rule, row.unit)


def _many(connection: Connection, query: Select[Any]) -> int:
    return connection.execute(select(func.count()).select_from(query.subquery())).scalar_one()


def _count(connection: Connection, condition: ColumnElement[bool]) -> int:
    return connection.execute(select(func.count()).where(condition)).scalar_one()


def _belonging(connection: Connection, touched: Collection[str], day: date) -> set[str]:
    return set(connection.execute(select(belonging(sorted(touched), day).c.unit)).scalars()) if touched else set()


def _hamlets(connection: Connection, communes: Collection[str], day: date) -> set[str]:
    hamlets = units.LIVE.hamlets
    here = select(hamlets.c.hamlet).where(hamlets.c.commune.in_(communes), units.in_force(day, hamlets))
    return set(connection.execute(here).scalars())
