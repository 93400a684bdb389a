"""Priority areas: one designation of a place and kind at a time, of places that stand."""

from datetime import date
from typing import Any

import pytest

from services.kernel.testing import given
from services.registry.examples import COMMUNE, EXAMPLES, HAMLET_ID, PROVINCE
from services.registry.hamlet import HAMLET, HamletEnded, HamletRegistered
from services.registry.priority_area import (
    PRIORITY_AREA,
    DesignatePriorityArea,
    EndPriorityArea,
    PriorityAreaDesignated,
    PriorityAreaEnded,
    area_id,
    guard,
)
from services.registry.unit import UNIT, UnitRegistered
from tests.registry.conftest import NOON
from tests.registry.looking import Looking, refusal_of

(DESIGNATED,) = (event for event in EXAMPLES if isinstance(event, PriorityAreaDesignated))
(ENDED,) = (event for event in EXAMPLES if isinstance(event, PriorityAreaEnded))
(HAMLET_THERE,) = (e for e in EXAMPLES if isinstance(e, HamletRegistered) and e.hamlet == HAMLET_ID)
(COMMUNE_THERE,) = (e for e in EXAMPLES if isinstance(e, UnitRegistered) and e.unit == COMMUNE)


def designate(**changes: Any) -> DesignatePriorityArea:
    told = DESIGNATED.model_dump(exclude={"area"})
    return DesignatePriorityArea.model_validate({"actor": "official", "at": NOON, **told, **changes})


def end(last_day: date = ENDED.last_day) -> EndPriorityArea:
    return EndPriorityArea(actor="official", at=NOON, area=DESIGNATED.area, last_day=last_day)


def test_a_place_is_designated_ended_and_designated_again() -> None:
    given(PRIORITY_AREA).when(designate()).then(DESIGNATED)
    given(PRIORITY_AREA, DESIGNATED).when(designate()).then()
    given(PRIORITY_AREA, DESIGNATED).when(end()).then(ENDED)
    given(PRIORITY_AREA, DESIGNATED, ENDED).when(end()).then()
    again = DESIGNATED.model_copy(update={"valid_from": date(2026, 7, 1)})
    given(PRIORITY_AREA, DESIGNATED, ENDED).when(designate(valid_from=again.valid_from)).then(again)
    closed = ENDED.model_copy(update={"valid_from": again.valid_from, "last_day": date(2027, 1, 1)})
    given(PRIORITY_AREA, DESIGNATED, ENDED, again).when(end(closed.last_day)).then(closed)


def test_no_day_is_designated_twice_for_one_kind() -> None:
    later = designate(valid_from=date(2026, 6, 30))
    given(PRIORITY_AREA, DESIGNATED).when(later).refused("AREA_EXISTS", field="valid_from")
    given(PRIORITY_AREA, DESIGNATED, ENDED).when(later).refused("AREA_EXISTS", field="valid_from")
    assert area_id(HAMLET_ID, "remote") != DESIGNATED.area, "another kind is another area"
    assert PRIORITY_AREA.stream(designate()) == PRIORITY_AREA.stream(end())


def test_days_are_in_order_and_the_decision_is_there() -> None:
    ahead = designate(decision_date=date(2026, 10, 7))
    given(PRIORITY_AREA).when(ahead).refused("DECISION_IN_FUTURE", field="decision_date")
    given(PRIORITY_AREA).when(end()).refused("AREA_UNKNOWN", field="area")
    before = end(date(2026, 1, 14))
    given(PRIORITY_AREA, DESIGNATED).when(before).refused("SPAN_REVERSED", field="last_day")
    given(PRIORITY_AREA, DESIGNATED, ENDED).when(end(date(2026, 7, 1))).refused("ENDED_ALREADY", field="last_day")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, None),
        ({"about": COMMUNE}, ("PLACE_UNKNOWN", "about")),
        ({"about": COMMUNE, "place": "commune"}, None),
        ({"about": PROVINCE, "place": "commune"}, ("PLACE_UNKNOWN", "about")),
        ({"about": HAMLET_ID, "place": "commune"}, ("PLACE_UNKNOWN", "about")),
        ({"valid_from": date(2026, 9, 1)}, ("PLACE_NOT_IN_FORCE", "valid_from")),
    ],
)
def test_it_is_a_commune_or_hamlet_that_stands_that_day(changes: dict[str, Any], told: Any) -> None:
    gone = HamletEnded(hamlet=HAMLET_ID, valid_to=date(2026, 8, 31))
    province = COMMUNE_THERE.model_copy(update={"unit": PROVINCE, "level": "province", "parent": None})
    looking = (
        Looking()
        .with_events(HAMLET, HAMLET_ID, HAMLET_THERE, gone)
        .with_events(UNIT, COMMUNE, COMMUNE_THERE)
        .with_events(UNIT, PROVINCE, province)
    )
    assert refusal_of(lambda: guard(designate(**changes), looking)) == told
