"""Old figures on today's map: nothing is lost, nothing is counted twice, and nothing is guessed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from hypothesis import given, settings, strategies as st
from sqlalchemy import Connection, create_engine

from gateway import map_tables, rollups
from gateway.apportionments import Apportionments, SharesStated
from gateway.coverage import Coverage, CoverageCounted, Figures
from gateway.map_tables import Units
from gateway.restating import allotted
from gateway.viewer import Role, Viewer, scope_of
from services.kernel.message import Recorded
from services.kernel.projection import Delivered
from tests.gateway.running import HERE, OUTCOME, THERE, Running
from tests.gateway.test_map_properties import HAMLETS, PROVINCES, Oracle, founding, step

QUARTER, DAY_BEFORE = "2025-Q3", date(2025, 9, 30)
PLACE = Recorded(1, "", "", 1, "", 1, "", "", "", "")
OF_BOTH = Viewer("official", Role.PROVINCE_OFFICIAL, units=tuple(str(one) for one in PROVINCES))
HALVES = (Decimal("0.25"), Decimal("0.75"))


@given(st.integers(0, 300), st.integers(0, 300), st.lists(st.integers(1, 20), min_size=1, max_size=6))
def test_parts_sum_to_the_whole_and_no_part_of_less_exceeds_that_of_more(
    some: int, more: int, weights: list[int]
) -> None:
    some, more = sorted((some, more))
    shares = {str(n): Decimal(weight) / sum(weights) for n, weight in enumerate(weights)}
    given_some, given_more = (allotted(count, shares) for count in (some, more))  # type: ignore[arg-type]
    assert (sum(given_some.values()), sum(given_more.values())) == (some, more)
    assert all(given_some[part] <= given_more[part] for part in shares)
    assert all(abs(given_more[part] - more * shares[part]) < len(shares) for part in shares)


@dataclass
class History:
    """What happened to the map after the quarter, and the figures of the quarter."""

    oracle: Oracle
    events: list[Any]
    stated: list[SharesStated] = field(default_factory=list)
    standing: list[UUID] = field(default_factory=lambda: list(HAMLETS))

    def divide(self, one: int, other: int, on: date, *, say: bool) -> None:
        """A commune ends, in two others."""
        communes = sorted(self.oracle.parents)
        if len(communes) < 3:
            return
        gone = communes.pop(one % len(communes))
        parts = (communes[other % len(communes)], communes[(other + 1) % len(communes)])
        del self.oracle.parents[gone], self.oracle.names[gone]
        self.events.append(map_tables.UnitEnded(unit=gone, valid_to=on - timedelta(days=1)))
        for part in parts:
            told = {"unit": gone, "successor": part, "part": True, "seat": False, "on": on}
            self.events.append(map_tables.UnitSucceeded.model_validate(told))
        self._say("unit", gone, parts, on, say=say)

    def change_hamlet(self, kind: str, one: int, other: int, on: date, *, say: bool) -> None:
        """A hamlet goes into another, in two others, or gives a part away."""
        if len(self.standing) < 4:
            return
        gone = self.standing[one % len(self.standing)]
        rest = [hamlet for hamlet in self.standing if hamlet != gone]
        parts = (rest[other % len(rest)], rest[(other + 1) % len(rest)])
        goals = {"join": parts[:1], "part": parts, "cede": parts[:1]}[kind]
        if kind != "cede":
            self.standing.remove(gone)
            self.events.append(map_tables.HamletEnded(hamlet=gone, valid_to=on - timedelta(days=1)))
        for goal in goals:
            self.events.append(map_tables.HamletSucceeded(hamlet=gone, successor=goal, part=kind != "join", on=on))
        if kind != "join":
            self._say("hamlet", gone, (goals[0], gone) if kind == "cede" else goals, on, say=say)

    def _say(self, place: Any, about: UUID, parts: tuple[UUID, ...], on: date, *, say: bool) -> None:
        if say:
            shares = [{"successor": part, "share": share} for part, share in zip(parts, HALVES, strict=True)]
            told = {"about": about, "place": place, "on": on, "shares": shares, "stated_on": on}
            self.stated.append(SharesStated.model_validate({**told, "basis": "hộ", "source": "Biên bản"}))


@contextmanager
def shown(history: History, households: list[int]) -> Iterator[Connection]:
    """The gateway's tables after all of it."""
    engine = create_engine("sqlite://")
    counted = [
        CoverageCounted(hamlet=hamlet, quarter=QUARTER, households=count, guided_in_quarter=count // 2)
        for hamlet, count in zip(HAMLETS, households, strict=True)
    ]
    with engine.connect() as connection:
        for model, events in ((Units(), history.events), (Apportionments(), history.stated), (Coverage(), counted)):
            model.metadata.create_all(connection)
            model.apply(connection, [Delivered("registry", event, PLACE) for event in events])  # type: ignore[arg-type]
        yield connection
    engine.dispose()


steps = st.lists(
    st.tuples(
        st.sampled_from(("merge", "found", "transfer", "move", "divide", "join", "part", "cede")),
        st.integers(0, 20),
        st.integers(0, 20),
    ),
    max_size=12,
)


def happened(steps: list[tuple[str, int, int]], *, say: bool) -> tuple[History, dict[date, list[str]]]:
    """The steps, one every ten days from the quarter's end; and the communes that stood before and after each."""
    history, on = History(*founding()), DAY_BEFORE + timedelta(days=1)
    history.events.append(map_tables.MapDeclared(regime="current", known_from=date(2025, 7, 1)))
    stood = {DAY_BEFORE: [str(one) for one in history.oracle.parents]}
    for kind, one, other in steps:
        if kind == "divide":
            history.divide(one, other, on, say=say)
        elif kind in ("join", "part", "cede"):
            history.change_hamlet(kind, one, other, on, say=say)
        elif kind != "move" or HAMLETS[one % len(HAMLETS)] in history.standing:
            history.events += step(history.oracle, kind, one, other, on)
        stood[on] = [str(one) for one in history.oracle.parents]
        on += timedelta(days=10)
    return history, stood


def restated(connection: Connection, roots: list[str], day: date) -> dict[str, Figures]:
    return rollups.coverage_of_units(connection, roots, day, QUARTER, scope_of(OF_BOTH, day), "restated")


@settings(max_examples=60, deadline=None)
@given(steps, st.lists(st.integers(0, 9), min_size=12, max_size=12))
def test_restated_figures_sum_to_the_original_ones(steps: list[tuple[str, int, int]], households: list[int]) -> None:
    history, stood = happened(steps, say=True)
    with shown(history, households) as connection:
        provinces = [str(one) for one in PROVINCES]
        before = rollups.coverage_of_units(
            connection, provinces, max(stood), QUARTER, scope_of(OF_BOTH, max(stood)), "original"
        )
        assert sum(each.households or 0 for each in before.values()) == sum(households)
        for day, roots in [(max(stood), provinces), *stood.items()]:
            found = restated(connection, roots, day).values()
            assert not [each.unshared for each in found if each.unshared]
            assert sum(each.households or 0 for each in found) == sum(households)
            assert sum(each.guided_in_quarter or 0 for each in found) == sum(n // 2 for n in households)
            assert all((each.guided_in_quarter or 0) <= (each.households or 0) for each in found)


@settings(max_examples=40, deadline=None)
@given(steps)
def test_what_nobody_shared_out_is_not_computed_and_named(steps: list[tuple[str, int, int]]) -> None:
    history, stood = happened(steps, say=False)
    said, _ = happened(steps, say=True)
    day, roots = list(stood.items())[-1]
    divided = {str(each.about) for each in said.stated}
    with shown(history, [8] * 12) as connection, shown(said, [8] * 12) as knowing:
        found, known = restated(connection, roots, day), restated(knowing, roots, day)
        for root in roots:
            if found[root].unshared:
                assert set(found[root].unshared) <= divided
                assert (found[root].households, found[root].rate_in_quarter) == (None, None)
            else:
                assert found[root].households == known[root].households


# -- through GraphQL, on the running system ---------------------------------------------------------------------------

SPLIT = f"""mutation($h: String!, $a: String!, $b: String!) {{ reorganise(on: "2026-10-01", source: "NQ", operations: [
    {{do: SPLIT, place: HAMLET, unit: $h, into: [$a, $b]}}]) {OUTCOME} }}"""
STATE = f"""mutation($h: ID!, $shares: [ShareInput!]!) {{ stateShares(about: $h, place: HAMLET, on: "2026-10-01",
    shares: $shares, basis: "Số hộ", source: "Biên bản bàn giao") {OUTCOME} }}"""
FIGURES = """query($u: String!, $s: Structure, $q: String) { coverage(unit: $u, structure: $s, quarter: $q) {
    hamlets households unshared } }"""


def test_an_official_states_shares_and_the_old_figures_go_by_them(running: Running) -> None:
    """Four households of a hamlet of one commune, divided between a hamlet there and one of another commune."""
    old, _, _ = running.founded()
    here, there = (
        running.hamlet(running.here, name="Ấp Một")["id"],
        running.hamlet(running.there, THERE, "Ấp Hai")["id"],
    )
    running.settle()
    register = f"mutation($h: ID!) {{ registerHousehold(hamlet: $h) {OUTCOME} }}"
    for _ in range(3):
        assert running.do(register, running.here, h=old)["accepted"]
    assert running.do(SPLIT, running.province, h=old, a=here, b=there)["accepted"]
    running.settle()

    def told(unit: Any, structure: str) -> dict[str, Any]:
        asked: dict[str, Any] = {"u": str(unit), "s": structure, "q": "2026-Q4" if structure == "RESTATED" else None}
        found: dict[str, Any] = running.gateway.data(FIGURES, running.province, "", **asked)["coverage"]
        return found

    assert told(HERE, "CURRENT")["households"] == 4
    unknown = told(HERE, "RESTATED")
    assert (unknown["households"], unknown["unshared"]) == (None, [old])
    shares = [{"successor": here, "share": "0.25"}, {"successor": there, "share": "0.75"}]
    refused = running.do(STATE, running.there, h=old, shares=shares)
    assert refused["code"] == "NOT_FOUND"  # the hamlet was never theirs
    short = running.do(STATE, running.here, h=old, shares=shares[:1])
    assert (short["code"], short["field"]) == ("SHARES_OF_OTHERS", "shares")
    assert running.do(STATE, running.here, h=old, shares=shares)["accepted"]
    running.settle()
    assert (told(HERE, "RESTATED")["households"], told(THERE, "RESTATED")["households"]) == (1, 3)
    assert told(HERE, "RESTATED")["unshared"] == []


def test_a_quarter_before_the_map_is_known_has_no_map_of_its_own(running: Running) -> None:
    asked = running.gateway.ask(FIGURES, running.province, u=str(HERE), s="ORIGINAL", q="2025-Q1")
    assert asked["errors"][0]["extensions"]["code"] == "MAP_NOT_KNOWN"
