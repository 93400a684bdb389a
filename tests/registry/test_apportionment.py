"""Shares of what was divided: of all its parts, together the whole, on somebody's word."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from services.kernel.identifiers import derived_id
from services.kernel.runtime import ServiceRuntime
from services.kernel.testing import given
from services.registry.apportionment import APPORTIONMENT, SharesStated, StateShares
from services.registry.examples import EXAMPLES
from services.registry.unit import unit_id
from tests.registry.conftest import NOON

(STATED,) = (event for event in EXAMPLES if isinstance(event, SharesStated))
ON = date(2026, 7, 1)
PROVINCE, OLD, ONE, TWO = (
    unit_id("current", level, code)
    for level, code in (("province", "96"), ("commune", "00001"), ("commune", "00002"), ("commune", "00003"))
)
ASH, OAK = derived_id("hamlet", 1), derived_id("hamlet", 2)


def told(**changes: Any) -> StateShares:
    fields = STATED.model_dump(exclude={"stated_on"})
    return StateShares.model_validate({"actor": "official", "at": NOON, **fields, **changes})


def shares(*given: tuple[Any, str]) -> list[dict[str, str]]:
    return [{"successor": str(successor), "share": share} for successor, share in given]


def test_a_statement_is_kept_until_another_replaces_it() -> None:
    (event,) = given(APPORTIONMENT).when(told()).events
    assert event == STATED.model_copy(update={"stated_on": date(2026, 10, 6)})
    given(APPORTIONMENT, event).when(told()).then()
    other = told(source="Số liệu rà soát lại")
    given(APPORTIONMENT, event).when(other).then(event.model_copy(update={"source": "Số liệu rà soát lại"}))


def test_shares_are_together_exactly_the_whole() -> None:
    first, second = STATED.shares
    short = (first, second.model_copy(update={"share": Decimal("0.749999")}))
    given(APPORTIONMENT).when(told(shares=short)).refused("SHARES_NOT_ONE", field="shares")
    given(APPORTIONMENT).when(told(shares=(first, first, second))).refused("SHARE_TWICE", field="shares")


@pytest.fixture
def divided(registry: ServiceRuntime) -> ServiceRuntime:
    """A commune that ended in two others, and a hamlet that gave a part to another and goes on."""
    who = {"actor": "official", "at": NOON.isoformat()}
    unit = {"regime": "current", "kind": "Xã", "valid_from": "2025-07-01", "lat": 9.5, "lon": 105.4, **who}
    ash = {"hamlet": str(ASH), "name": "Ấp Một", "kind": "Ấp", "valid_from": "2025-07-01", "commune": str(ONE), **who}
    operations = [
        {"do": "split", "unit": str(OLD), "into": [str(ONE), str(TWO)]},
        {"do": "cede", "place": "hamlet", "unit": str(ASH), "to": str(OAK)},
    ]
    decided = {"reorganisation": str(derived_id("split")), "on": ON.isoformat(), "source": "NQ", **who}
    communes = [
        ("register_unit", {**unit, "code": code, "name": "Xã", "level": "commune", "parent": str(PROVINCE)})
        for code in ("00001", "00002", "00003")
    ]
    commands: list[tuple[str, dict[str, Any]]] = [
        ("register_unit", {**unit, "code": "96", "name": "Tỉnh Cà Mau", "level": "province"}),
        *communes,
        ("register_hamlet", ash),
        ("register_hamlet", {**ash, "hamlet": str(OAK), "name": "Ấp Hai"}),
        ("reorganise", {**decided, "operations": operations}),
    ]
    assert {answer.code for answer in registry.execute_many(commands)} == {""}
    return registry


def say(registry: ServiceRuntime, about: Any, place: str, *parts: tuple[Any, str], on: date = ON) -> str:
    told = {"about": str(about), "place": place, "on": on.isoformat(), "basis": "Số hộ", "source": "Biên bản"}
    envelope = {"actor": "official", "at": NOON.isoformat(), "shares": shares(*parts)}
    return registry.execute("state_shares", {**told, **envelope}).code


def test_they_are_of_all_parts_of_what_was_divided_that_day(divided: ServiceRuntime) -> None:
    assert say(divided, OLD, "unit", (ONE, "0.4"), (TWO, "0.6")) == ""
    assert say(divided, ASH, "hamlet", (ASH, "0.9"), (OAK, "0.1")) == ""
    assert say(divided, OLD, "unit", (ONE, "1")) == "SHARES_OF_OTHERS"
    assert say(divided, OLD, "unit", (ONE, "0.4"), (PROVINCE, "0.6")) == "SHARES_OF_OTHERS"
    assert say(divided, ASH, "hamlet", (OAK, "1")) == "SHARES_OF_OTHERS"
    assert say(divided, OLD, "unit", (ONE, "0.4"), (TWO, "0.6"), on=date(2026, 7, 2)) == "NOT_DIVIDED"
    assert say(divided, ONE, "unit", (ONE, "1")) == "NOT_DIVIDED"
    assert say(divided, derived_id("nowhere"), "unit", (ONE, "1")) == "PLACE_UNKNOWN"


@pytest.mark.parametrize("share", ["0", "-0.1", "1.1", "0.1234567", "a half", "NaN"])
def test_a_share_is_a_part_of_one_with_six_decimals(divided: ServiceRuntime, share: str) -> None:
    assert say(divided, OLD, "unit", (ONE, share), (TWO, "0.5")) == "INVALID"
