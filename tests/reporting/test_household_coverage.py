"""The law of coverage: however visits come, are corrected, voided and told again, the figures equal a plain count."""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Any
from uuid import UUID

from hypothesis import given, settings, strategies as st
from sqlalchemy import Connection, create_engine

from services.kernel.identifiers import derived_id
from services.kernel.projection import Delivered
from services.reporting.counting import Followed, HouseholdRegistered, VisitCorrected, VisitRecorded, VisitVoided
from services.reporting.coverage import CoverageCounted, days_of
from services.reporting.household_coverage import CoverageFigures, HouseholdCoverage
from tests.reporting.hamlets import (
    COMMUNE,
    COMMUNE_OF,
    HAMLETS,
    OTHER_COMMUNE,
    PLAN,
    PROVINCE,
    TODAY,
    Counted,
    delivered,
    guided_households,
    put_on_the_map,
    told,
)

HOUSEHOLDS = {derived_id("test", "household", n): HAMLETS[n % 3] for n in range(6)}
VISITS = tuple(derived_id("test", "visit", n) for n in range(5))
QUARTERS = {
    "2025-Q4": (date(2025, 10, 1), date(2025, 12, 31)),
    "2026-Q1": (date(2026, 1, 1), date(2026, 3, 31)),
    "2026-Q2": (date(2026, 4, 1), date(2026, 6, 30)),
}
DAYS = (date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 15), date(2026, 1, 16), date(2026, 3, 31), date(2026, 4, 1))
OUTCOMES = ("guided", "absent")
SCOPES: dict[Any, tuple[UUID, ...]] = {
    PROVINCE: HAMLETS,
    COMMUNE: HAMLETS[:2],
    OTHER_COMMUNE: HAMLETS[2:],
    **{(hamlet,): (hamlet,) for hamlet in HAMLETS},
    HAMLETS[1:]: HAMLETS[1:],
}
REGISTERED = [
    HouseholdRegistered(household=household, hamlet=hamlet, registered_on=DAYS[0])
    for household, hamlet in HOUSEHOLDS.items()
]

tellings = st.lists(
    st.tuples(
        st.sampled_from(VISITS),
        st.one_of(
            st.none(),  # the visit is voided
            st.tuples(st.sampled_from(tuple(HOUSEHOLDS)), st.sampled_from(DAYS), st.sampled_from(OUTCOMES)),
        ),
    ),
    max_size=14,
)


def history_of(steps: Sequence[tuple[UUID, Any]]) -> tuple[list[Followed], dict[UUID, VisitRecorded | VisitCorrected]]:
    """What the visits service would publish for these tellings, and how each visit stands in the end."""
    events: list[Followed] = list(REGISTERED)
    standing: dict[UUID, VisitRecorded | VisitCorrected] = {}
    over: set[UUID] = set()
    for visit, telling in steps:
        before = standing.get(visit)
        if visit in over or (telling is None and before is None):
            continue
        if telling is None:
            last = standing.pop(visit)
            over.add(visit)
            events.append(VisitVoided(visit=visit, household=last.household, hamlet=last.hamlet))
            continue
        household, day, outcome = telling
        facts = {
            "visit": visit,
            "household": household,
            "hamlet": HOUSEHOLDS[household],
            "visited_on": day,
            "services": ("DVCQG",) if outcome == "guided" else (),
            "outcome": outcome,
        }
        if before is None:
            standing[visit] = VisitRecorded(**facts)
        else:
            moved = before.hamlet != facts["hamlet"]
            standing[visit] = VisitCorrected(**facts, previous_hamlet=before.hamlet if moved else None)
        events.append(standing[visit])
    return events, standing


def project(connection: Connection, events: Sequence[CoverageCounted], edges: Sequence[int]) -> HouseholdCoverage:
    """The read model after the events, applied in batches cut at `edges`."""
    projection = HouseholdCoverage()
    projection.metadata.create_all(connection)
    cuts = sorted({0, len(events), *(edge % (len(events) + 1) for edge in edges)})
    for first, last in pairwise(cuts):
        projection.apply(connection, [delivered("reporting", event) for event in events[first:last]])
    return projection


def interleaved(deliveries: Sequence[Delivered[Followed]], keys: Sequence[int]) -> list[Delivered[Followed]]:
    """Another order in which each stream's own order is kept, as when streams are held and let go."""
    ranked = [(keys[n % len(keys)] if keys else 0, d) for n, d in enumerate(deliveries)]
    latest: dict[str, int] = {}
    placed = []
    for place, (key, delivery) in enumerate(ranked):
        stream = delivery.recorded.stream
        latest[stream] = max(latest.get(stream, 0), key)
        placed.append((latest[stream], place, delivery))
    return [delivery for _, _, delivery in sorted(placed, key=lambda item: item[:2])]


@settings(max_examples=120, deadline=None)
@given(
    steps=tellings,
    order=st.lists(st.integers(0, 9), max_size=12),
    repeats=st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=3),
    edges=st.lists(st.integers(0, 60), max_size=4),
)
def test_coverage_equals_a_plain_count_of_the_visits_that_stand(
    steps: list[tuple[UUID, Any]], order: list[int], repeats: list[tuple[int, int]], edges: list[int]
) -> None:
    events, standing = history_of(steps)
    deliveries = told(events)
    visits = [(v.hamlet, v.household, v.visited_on) for v in standing.values() if v.guided_on]
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        put_on_the_map(connection)
        counted = Counted(connection)
        counted.follow(interleaved(deliveries, order))
        published = len(counted.events)
        for first, last in repeats:
            counted.follow(deliveries[first:last])
        assert len(counted.events) == published, "a repeated event changed something"
        projection = project(connection, counted.events, edges)
        for scope, hamlets in SCOPES.items():
            for quarter, (first_day, last_day) in QUARTERS.items():
                assert projection.figures(connection, scope, quarter, TODAY) == CoverageFigures(
                    hamlets=len(hamlets),
                    households=sum(hamlet in hamlets for hamlet in HOUSEHOLDS.values()),
                    guided_in_quarter=guided_households(visits, first_day, last_day, hamlets),
                    plan=PLAN.plan,
                    guided_since_plan=guided_households(visits, PLAN.since, PLAN.until, hamlets),
                )
    engine.dispose()


@settings(max_examples=60, deadline=None)
@given(steps=tellings)
def test_the_state_of_a_hamlet_follows_from_its_events(steps: list[tuple[UUID, Any]]) -> None:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        put_on_the_map(connection)
        counted = Counted(connection)
        counted.follow(told(history_of(steps)[0]))
    engine.dispose()
    for hamlet, state in counted.states.items():
        newest: dict[str, int] = {}
        for event in counted.events:
            if event.hamlet == hamlet:
                newest[event.quarter] = event.guided_in_quarter
                assert event.households <= len(state.households)
        assert all(state.guided_between(*days_of(quarter)) == figure for quarter, figure in newest.items())
    assert {hamlet: len(state.households) for hamlet, state in counted.states.items()} == dict.fromkeys(COMMUNE_OF, 2)


def test_roll_ups_are_the_sums_of_their_parts() -> None:
    steps = [(visit, (household, DAYS[4], "guided")) for visit, household in zip(VISITS, HOUSEHOLDS, strict=False)]
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        put_on_the_map(connection)
        counted = Counted(connection)
        counted.follow(told(history_of(steps)[0]))
        projection = project(connection, counted.events, [])

        def guided(scope: Any) -> int:
            return projection.figures(connection, scope, "2026-Q1", TODAY).guided_in_quarter or 0

        assert guided(PROVINCE) == guided(COMMUNE) + guided(OTHER_COMMUNE) == sum(guided((h,)) for h in HAMLETS) == 5
    engine.dispose()


def test_what_is_not_known_is_not_nought() -> None:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        put_on_the_map(connection)
        projection = project(connection, [], [])
        figures = projection.figures(connection, PROVINCE, "2026-Q1", TODAY)
    engine.dispose()
    assert figures == CoverageFigures(0, None, None, None, None)
