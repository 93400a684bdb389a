"""The three beats must fail when they should; a test kit that always agrees is worse than none."""

from uuid import UUID

import pytest

from services.kernel.message import Event, UndecodableEvent
from services.kernel.testing import given
from tests.kernel.counter import COUNTER, CounterRaised, CounterStarted
from tests.kernel.driving import add, start

ID = UUID(int=1)
STARTED = CounterStarted(counter=ID)


def test_given_when_then_agrees_with_the_rules() -> None:
    given(COUNTER).when(start(ID)).then(STARTED)
    given(COUNTER, STARTED).when(add(ID, 2)).then(CounterRaised(counter=ID, by=2))
    given(COUNTER, STARTED).when(add(ID, 0)).then()
    given(COUNTER, STARTED).when(start(ID)).refused("ALREADY_STARTED", field="counter")


def test_then_fails_on_other_missing_or_further_events() -> None:
    outcome = given(COUNTER, STARTED).when(add(ID, 2))
    for expected in ([CounterRaised(counter=ID, by=3)], [], [CounterRaised(counter=ID, by=2)] * 2):
        with pytest.raises(AssertionError):
            outcome.then(*expected)


def test_then_fails_on_a_refusal_and_names_its_code() -> None:
    with pytest.raises(AssertionError, match="NO_SUCH_COUNTER"):
        given(COUNTER).when(add(ID)).then()


def test_refused_fails_when_accepted_or_refused_otherwise() -> None:
    with pytest.raises(AssertionError, match="accepted"):
        given(COUNTER).when(start(ID)).refused("ALREADY_STARTED")
    refusal = given(COUNTER).when(add(ID))
    for code, field in (("ALREADY_STARTED", None), ("NO_SUCH_COUNTER", "by")):
        with pytest.raises(AssertionError):
            refusal.refused(code, field=field)


def test_an_event_that_cannot_be_stored_cannot_be_given() -> None:
    class Foreign(Event, name="foreign.thing"):
        pass

    with pytest.raises(UndecodableEvent):
        given(COUNTER, Foreign())


def test_a_bug_in_a_rule_is_no_refusal() -> None:
    with pytest.raises(RuntimeError):
        given(COUNTER, STARTED).when(add(ID, 13))
