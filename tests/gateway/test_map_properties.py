"""Whatever happens to the map: a question about a day agrees with the changes up to that day, and nobody is lost."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given, settings, strategies as st
from sqlalchemy import Connection, create_engine

from gateway import map_tables
from gateway.map_tables import Units
from gateway.unit_tree import children_counts, hamlets_counts, whole_trees
from gateway.units import homes_of, units_by_id
from services.kernel.identifiers import derived_id
from services.kernel.message import Recorded
from services.kernel.projection import Delivered

START = date(2025, 7, 1)
PROVINCES = tuple(derived_id("province", n) for n in range(2))
COMMUNES = tuple(derived_id("commune", n) for n in range(6))
HAMLETS = tuple(derived_id("hamlet", n) for n in range(12))


@dataclass
class Oracle:
    """The map of one day, changed step by step: what lies under what, and how it is called."""

    parents: dict[UUID, UUID] = field(default_factory=dict)
    names: dict[UUID, str] = field(default_factory=dict)
    communes: dict[UUID, UUID] = field(default_factory=dict)

    def copy(self) -> "Oracle":
        return Oracle(dict(self.parents), dict(self.names), dict(self.communes))


def unit(identity: UUID, level: str, parent: UUID | None, since: date) -> map_tables.UnitRegistered:
    told = {"unit": identity, "regime": "current", "code": "00001", "name": "Xã", "level": level, "kind": "Xã"}
    return map_tables.UnitRegistered.model_validate({**told, "parent": parent, "valid_from": since})


def founding() -> tuple[Oracle, list[Any]]:
    """Two provinces, six communes, twelve hamlets."""
    oracle = Oracle()
    events: list[Any] = [unit(province, "province", None, START) for province in PROVINCES]
    for number, commune in enumerate(COMMUNES):
        oracle.parents[commune], oracle.names[commune] = PROVINCES[number % 2], "Xã"
        events.append(unit(commune, "commune", PROVINCES[number % 2], START))
    for number, hamlet in enumerate(HAMLETS):
        oracle.communes[hamlet] = COMMUNES[number % 6]
        told = {"hamlet": hamlet, "commune": COMMUNES[number % 6], "name": "Ấp", "kind": "Ấp", "valid_from": START}
        events.append(map_tables.HamletRegistered.model_validate(told))
    return oracle, events


def step(oracle: Oracle, kind: str, one: int, other: int, on: date) -> list[Any]:
    """Change the map on a day; the events that say so. What cannot be changes nothing."""
    standing = sorted(oracle.parents)
    unit_id, goal = standing[one % len(standing)], standing[other % len(standing)]
    match kind:
        case "merge" if unit_id != goal:
            del oracle.parents[unit_id], oracle.names[unit_id]
            oracle.communes = {h: goal if c == unit_id else c for h, c in oracle.communes.items()}
            return [
                map_tables.UnitEnded(unit=unit_id, valid_to=on - timedelta(days=1)),
                map_tables.UnitSucceeded(unit=unit_id, successor=goal, part=False, seat=True, on=on),
            ]
        case "found":
            new = derived_id("new", on)
            oracle.parents[new], oracle.names[new] = PROVINCES[one % 2], "Xã"
            return [unit(new, "commune", PROVINCES[one % 2], on)]
        case "transfer":
            oracle.parents[unit_id] = PROVINCES[other % 2]
            return [map_tables.UnitTransferred(unit=unit_id, parent=PROVINCES[other % 2], on=on)]
        case "rename":
            oracle.names[unit_id] = f"Xã {other}"
            told = {"unit": unit_id, "name": f"Xã {other}", "kind": "Xã", "on": on}
            return [map_tables.UnitRenamed.model_validate(told)]
        case "move":
            hamlet = HAMLETS[one % len(HAMLETS)]
            oracle.communes[hamlet] = goal
            return [map_tables.HamletTransferred(hamlet=hamlet, commune=goal, on=on)]
        case _:
            return []


@contextmanager
def shown(batches: list[list[Any]]) -> Iterator[Connection]:
    """The map's tables after events that came in these batches."""
    engine = create_engine("sqlite://")
    model, recorded = Units(), Recorded(1, "", "", 1, "", 1, "", "", "", "")
    with engine.connect() as connection:
        model.metadata.create_all(connection)
        for batch in batches:
            model.apply(connection, [Delivered("registry", event, recorded) for event in batch])
        yield connection
    engine.dispose()


steps = st.lists(
    st.tuples(
        st.sampled_from(("merge", "merge", "found", "transfer", "rename", "move")),
        st.integers(0, 20),
        st.integers(0, 20),
    ),
    max_size=14,
)


@settings(max_examples=60, deadline=None)
@given(steps=steps, cut=st.integers(1, 40))
def test_a_question_about_a_day_agrees_with_the_changes_up_to_that_day(
    steps: list[tuple[str, int, int]], cut: int
) -> None:
    oracle, events = founding()
    then = {START: oracle.copy()}
    for number, (kind, one, other) in enumerate(steps):
        on = START + timedelta(days=10 * (number + 1))
        events += step(oracle, kind, one, other, on)
        then[on] = oracle.copy()
    with shown([events[at : at + cut] for at in range(0, len(events), cut)]) as connection:
        for first_day, known in then.items():
            for day in (first_day, first_day + timedelta(days=9)):
                _agrees(connection, known, day)


def _agrees(connection: Connection, known: Oracle, day: date) -> None:
    provinces, communes = [str(one) for one in PROVINCES], [str(one) for one in known.parents]
    children = Counter(str(parent) for parent in known.parents.values())
    assert children_counts(connection, provinces, day) == dict(children)
    hamlets = Counter(str(commune) for commune in known.communes.values())
    assert hamlets_counts(connection, communes, day) == dict(hamlets)
    by_province = Counter(str(known.parents[commune]) for commune in known.communes.values())
    assert hamlets_counts(connection, provinces, day) == dict(by_province)
    assert sum(by_province.values()) == len(HAMLETS)  # nobody is lost
    hangs = {
        UUID(node.id): UUID(node.parent) for tree in whole_trees(connection, provinces, day).values() for node in tree
    }
    assert hangs == known.parents | known.communes
    called = units_by_id(connection, communes, day)
    assert {UUID(one): found.name for one, found in called.items()} == known.names
    assert set(homes_of(connection, [str(one) for one in COMMUNES], day).values()) <= set(communes)
