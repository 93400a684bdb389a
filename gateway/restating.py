"""Old figures carried to the units of a day: where each hamlet of then lies now, and how much of it.

What went whole is counted whole. What was divided goes by the shares somebody stated and by nothing else: without them
nothing is computed. Counts stay whole numbers, allotted by the method of Webster and Sainte-Laguë, under which the
parts sum to the whole and no part of a smaller count exceeds the same part of a larger one.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, select

from gateway import coverage, units
from gateway.apportionments import LIVE as STATED
from gateway.coverage import Figures
from gateway.rows import among
from gateway.unit_tree import belonging
from gateway.viewer import Scope


@dataclass(frozen=True, slots=True)
class Change:
    """From the day `on` a place went into `parts`; whole into the one, else by `shares`, empty when none are stated.

    A hamlet that gave a part away and goes on is one of its own parts. The part nobody knows about is called "".
    """

    about: str
    on: date
    parts: tuple[str, ...]
    whole: bool
    shares: Mapping[str, Fraction] = field(default_factory=dict)


class NotComputed(Exception):
    """A place was divided and nobody has stated its shares."""

    def __init__(self, about: str) -> None:
        super().__init__(about)
        self.about = about


def allotted(count: int, shares: Mapping[str, Fraction]) -> dict[str, int]:
    """`count` things shared out as whole numbers; equal claims are settled by id. Shares are positive."""
    given = dict.fromkeys(sorted(shares), 0)
    for _ in range(count):
        given[max(given, key=lambda part: shares[part] / (2 * given[part] + 1))] += 1
    return given


@dataclass(frozen=True, slots=True)
class Restating:
    """The ways from the places of old to one unit, whose own units of the day are `inside`."""

    inside: Collection[str]
    changes: Mapping[str, Sequence[Change]]
    """By place, in the order of their days; of units only those that ended them."""
    communes: Mapping[str, str]
    """Of hamlets, as of the day."""

    def share_of(self, place: str, counts: Sequence[int], since: date) -> Sequence[int] | None:
        """How much of what a place counted at the end of the day `since` is the unit's; None when nothing of it is.

        Raises `NotComputed`.
        """
        end = self._end(place, since)
        lies = self._lies(end)
        if lies is not None or isinstance(end, str):
            return counts if lies else None
        if not end.shares:
            raise NotComputed(end.about)
        allotments = [allotted(count, end.shares) for count in counts]
        parts = (self.share_of(part, [each[part] for each in allotments], end.on) for part in end.shares)
        return [sum(column) for column in zip(*(part for part in parts if part is not None), strict=True)]

    def holds(self, place: str, since: date) -> bool:
        """Whether all of a place is the unit's."""
        return self._lies(self._end(place, since)) is True

    def _lies(self, end: str | Change) -> bool | None:
        """Whether all of it is inside, or none of it; None: some."""
        if isinstance(end, str):
            return end in self.inside
        found = {self._lies(self._end(part, end.on)) for part in end.parts}
        return found.pop() if len(found) == 1 else None

    def _end(self, place: str, since: date) -> str | Change:
        """The unit a place has come to, or the change that divided it."""
        while True:
            change = next((each for each in self.changes.get(place, ()) if self._applies(each, since)), None)
            if change is None:
                commune = self.communes.get(place)
                if commune is None:
                    return place
                place = commune
            elif change.whole:
                place, since = change.parts[0], change.on
            else:
                return change

    @staticmethod
    def _applies(change: Change, since: date) -> bool:
        """What ended a place takes along all that is counted under it; what it gave away, only what was before."""
        return change.on > since or change.about not in change.parts


def coverage_restated(
    connection: Connection,
    roots: Sequence[str],
    day: date,
    quarter: str,
    scope: Scope,
    only: Collection[str] | None = None,
) -> dict[str, Figures]:
    """Figures of a quarter carried to each unit of a day, of all hamlets or of some. Raises `MapNotKnown`."""
    since, ways = coverage.last_day_of(quarter), Ways(connection, roots, day)
    for root in roots:
        ways.require_known(root, since)
    hamlets = ways.hamlets(scope)
    known = units.LIVE.hamlets.c
    pairs = select(known.hamlet.label("member"), known.hamlet).where(known.hamlet.in_(hamlets))
    figures = coverage.figures(connection, pairs, quarter)
    wanted = figures.keys() if only is None else figures.keys() & set(only)
    found = {}
    for root in ways.inside:
        mine, missing, to = list[Figures](), set[str](), ways.to(root)
        for hamlet in ways.near(root, hamlets):
            if hamlet not in wanted:
                continue
            try:
                share = to.share_of(hamlet, coverage.counts_of(figures[hamlet]), since)
            except NotComputed as trouble:
                missing.add(trouble.about)
            else:
                mine += [] if share is None else [coverage.with_counts(figures[hamlet], share)]
        found[root] = coverage.summed(quarter, mine, sorted(missing))
    return found


@dataclass(frozen=True, slots=True)
class Thing:
    """Something counted at the end of the day `since`, at one place, or at several of which it is counted at one."""

    places: Sequence[str]
    counts: Sequence[int]
    since: date


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums of what things counted; None when something was divided over `unshared` without a stated share."""

    counts: tuple[int, ...] | None
    unshared: tuple[str, ...] = ()


class Ways:
    """One look at the map: how the places of old came to some units of a day."""

    def __init__(self, connection: Connection, roots: Sequence[str], day: date) -> None:
        self._connection = connection
        self._day = day
        self._communes: dict[str, str] = {}
        self._changes: defaultdict[str, list[Change]] = defaultdict(list)
        tree = belonging(roots, day)
        self.inside: defaultdict[str, set[str]] = defaultdict(set)
        for row in connection.execute(select(tree.c.root, tree.c.unit)):
            self.inside[row.root].add(row.unit)
        self.reach: defaultdict[str, set[str]] = defaultdict(set)
        """Of each root: itself, what lies below it, and all that went into any of these."""
        for row in connection.execute(_reach(roots, day)):
            self.reach[row.root].add(row.unit)
        self._learn_units(set().union(*self.reach.values()))

    def require_known(self, root: str, day: date) -> None:
        """Refuse a day before the map is known of what stood in the place of a root. Raises `MapNotKnown`."""
        known = units.LIVE.units.c
        stood = select(known.unit).where(among(known.unit, sorted(self.reach[root])), units.in_force(day))
        units.require_day(self._connection, list(self._connection.execute(stood).scalars()) or [root], day)

    def to(self, root: str) -> Restating:
        """The ways to one of the units."""
        return Restating(self.inside[root], self._changes, self._communes)

    def hamlets(self, scope: Scope) -> set[str]:
        """The hamlets whose figures may be some root's, as far as the viewer may see."""
        hamlets = self._seen_in(set().union(*self.reach.values()), scope)
        self._learn_hamlets(hamlets)
        return hamlets

    def near(self, root: str, hamlets: Iterable[str]) -> Iterator[str]:
        """Those that may be this root's."""
        # What came from afar by a hamlet's own change is asked of everybody; it is nobody's but one's.
        return (one for one in hamlets if self._communes[one] in self.reach[root] or one in self._changes)

    def sum(self, root: str, things: Iterable[Thing], width: int) -> Sums:
        """What of all things is the root's. What counts nothing needs no share."""
        sums, missing, to = [0] * width, set[str](), self.to(root)
        for thing in things:
            if not any(thing.counts):
                continue
            place = next((one for one in thing.places if to.holds(one, thing.since)), thing.places[0])
            try:
                share = to.share_of(place, thing.counts, thing.since)
            except NotComputed as trouble:
                missing.add(trouble.about)
            else:
                sums = sums if share is None else [sum(both) for both in zip(sums, share, strict=True)]
        return Sums(None, tuple(sorted(missing))) if missing else Sums(tuple(sums))

    def _learn_units(self, reach: set[str]) -> None:
        """What ended each unit."""
        known, gone = units.LIVE.units.c, units.LIVE.successions.c
        ended = select(gone.unit, gone.successor, gone.part, gone.on_day, known.valid_to)
        ended = ended.join(units.LIVE.units, known.unit == gone.unit).where(
            units.told_on(self._day), gone.on_day > known.valid_to, gone.on_day <= self._day
        )
        self._learn(ended.where(among(gone.unit, sorted(reach))))

    def _seen_in(self, communes: set[str], scope: Scope) -> set[str]:
        """The hamlets of these communes, and those that went into them, as far as the viewer may see."""
        hamlets, gone = units.LIVE.hamlets.c, units.LIVE.successions.c
        found = self._hamlets(among(hamlets.commune, sorted(communes)), scope)
        new = found
        while new:
            before = select(gone.unit).where(gone.successor.in_(new), gone.on_day <= self._day)
            new = self._hamlets(hamlets.hamlet.in_(before), scope) - found
            found |= new
        return found

    def _hamlets(self, which: ColumnElement[bool], scope: Scope | None) -> set[str]:
        hamlets = units.LIVE.hamlets
        query = select(hamlets.c.hamlet, hamlets.c.commune).where(units.told_on(self._day, hamlets), which)
        if scope is not None:
            query = query.where(scope.hamlets(hamlets.c.hamlet))
        rows = self._connection.execute(query).all()
        self._communes.update({row.hamlet: row.commune for row in rows})
        return {row.hamlet for row in rows}

    def _learn_hamlets(self, hamlets: set[str]) -> None:
        """What became of each hamlet, and of what it became."""
        known, gone = units.LIVE.hamlets.c, units.LIVE.successions.c
        went = select(gone.unit, gone.successor, gone.part, gone.on_day, known.valid_to)
        went = went.join(units.LIVE.hamlets, known.hamlet == gone.unit)
        went = went.where(units.told_on(self._day, units.LIVE.hamlets), gone.on_day <= self._day)
        new = set(hamlets)
        while new:
            goals = self._learn(went.where(gone.unit.in_(new)))
            new = self._hamlets(known.hamlet.in_(goals - self._communes.keys()), None)
        unlearnt = {self._communes[one] for one in self._communes} - self._changes.keys()
        self._learn_units(unlearnt)

    def _learn(self, query: Select[Any]) -> set[str]:
        """Note the changes these rows tell of; returns where things went."""
        told: defaultdict[tuple[str, date], list[Any]] = defaultdict(list)
        for row in self._connection.execute(query):
            told[row.unit, row.on_day].append(row)
        shares = self._stated(told)
        for (about, on), rows in sorted(told.items()):
            whole, parts = not rows[0].part, {row.successor for row in rows}
            if rows[0].valid_to is None or rows[0].valid_to >= on:
                parts.add(about)
            elif not whole and len(parts) == 1:
                parts.add("")
            stated = shares.get((about, on), {})
            change = Change(about, on, tuple(sorted(stated or parts)), whole, stated)
            if change not in self._changes[about]:
                self._changes[about].append(change)
        return {row.successor for rows in told.values() for row in rows}

    def _stated(self, divided: Iterable[tuple[str, date]]) -> dict[tuple[str, date], dict[str, Fraction]]:
        shares, found = STATED.shares.c, dict[tuple[str, date], dict[str, Fraction]]()
        wanted = sorted({about for about, _ in divided})
        for row in self._connection.execute(select(STATED.shares).where(shares.about.in_(wanted))):
            found.setdefault((row.about, row.on_day), {})[row.successor] = Fraction(row.share)
        return found


def _reach(roots: Sequence[str], day: date) -> Select[Any]:
    """`(root, unit)`: the units of the day, what lies below them, and all that went into any of these."""
    known, carried = units.LIVE.units.c, units.LIVE.carried
    start = select(known.unit.label("root"), known.unit).where(among(known.unit, roots), units.told_on(day))
    reach = start.cte("reach", recursive=True)
    step = select(reach.c.root, carried.c.also).join(reach, carried.c.holds == reach.c.unit)
    reach = reach.union(step.where(units.told_on(day, carried)))
    return select(reach.c.root, reach.c.unit)
