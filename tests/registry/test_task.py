"""Tasks: given within an authority's territory, done with something to show, closed once."""

from datetime import date
from typing import Any

import pytest

from services.kernel.testing import given
from services.registry.examples import COMMUNE, EXAMPLES, OLD_COMMUNE, PROVINCE, TEAM_ID
from services.registry.task import (
    TASK,
    CallOffTask,
    FinishTask,
    IssueTask,
    StartTask,
    TaskCalledOff,
    TaskDone,
    TaskIssued,
    TaskStarted,
    guard,
)
from services.registry.team import TEAM
from services.registry.team_events import TeamDissolved, TeamEstablished
from services.registry.unit import UNIT, UnitRegistered
from tests.registry.conftest import NOON
from tests.registry.looking import Looking, refusal_of

(ISSUED,) = (event for event in EXAMPLES if isinstance(event, TaskIssued))
(STARTED,) = (event for event in EXAMPLES if isinstance(event, TaskStarted))
(DONE,) = (event for event in EXAMPLES if isinstance(event, TaskDone))
(COMMUNE_THERE,) = (e for e in EXAMPLES if isinstance(e, UnitRegistered) and e.unit == COMMUNE)
(TEAM_THERE,) = (e for e in EXAMPLES if isinstance(e, TeamEstablished) and e.team == TEAM_ID)
OFF = TaskCalledOff(task=ISSUED.task, called_off_on=date(2026, 5, 1))
TOMORROW = date(2026, 10, 7)
ENVELOPE = {"actor": "official", "at": NOON}


def issue(**changes: Any) -> IssueTask:
    return IssueTask.model_validate({**ENVELOPE, **ISSUED.model_dump(), **changes})


def start(**changes: Any) -> StartTask:
    return StartTask.model_validate({**ENVELOPE, **STARTED.model_dump(), **changes})


def finish(**changes: Any) -> FinishTask:
    return FinishTask.model_validate({**ENVELOPE, **DONE.model_dump(), **changes})


def call_off(**changes: Any) -> CallOffTask:
    return CallOffTask.model_validate({**ENVELOPE, **OFF.model_dump(), **changes})


def test_a_task_is_issued_begun_and_done() -> None:
    given(TASK).when(issue()).then(ISSUED)
    given(TASK, ISSUED).when(issue()).then()
    given(TASK, ISSUED).when(issue(owner="Phòng khác")).refused("TASK_EXISTS", field="task")
    given(TASK, ISSUED).when(start()).then(STARTED)
    given(TASK, ISSUED, STARTED).when(start()).then()
    given(TASK, ISSUED, STARTED).when(finish()).then(DONE)
    given(TASK, ISSUED, STARTED, DONE).when(finish()).then()
    given(TASK, ISSUED).when(finish()).then(DONE)
    given(TASK).when(start()).refused("TASK_UNKNOWN", field="task")


def test_what_is_over_does_not_go_on() -> None:
    given(TASK, ISSUED, STARTED).when(call_off()).then(OFF)
    given(TASK, ISSUED, OFF).when(call_off()).then()
    for later in (start(started_on=date(2026, 7, 1)), finish(done_on=date(2026, 7, 1))):
        given(TASK, ISSUED, OFF).when(later).refused("TASK_CLOSED", field="task")
    given(TASK, ISSUED, DONE).when(call_off(called_off_on=date(2026, 7, 1))).refused("TASK_CLOSED", field="task")
    given(TASK, ISSUED, DONE).when(finish(figure=43)).refused("TASK_CLOSED", field="task")


def test_words_or_a_figure_show_that_it_is_done() -> None:
    bare = finish(evidence=None, figure=None)
    given(TASK, ISSUED).when(bare).refused("EVIDENCE_MISSING", field="evidence")
    nought = DONE.model_copy(update={"evidence": None, "figure": 0})
    given(TASK, ISSUED).when(finish(evidence=None, figure=0)).then(nought)


def test_a_due_day_may_be_not_stated_and_never_lies_before_the_issue() -> None:
    given(TASK).when(issue(due_on=None)).then(ISSUED.model_copy(update={"due_on": None}))
    given(TASK).when(issue(due_on=ISSUED.issued_on)).then(ISSUED.model_copy(update={"due_on": ISSUED.issued_on}))
    given(TASK).when(issue(due_on=date(2026, 3, 31))).refused("DUE_BEFORE_ISSUED", field="due_on")


@pytest.mark.parametrize(
    ("command", "field"),
    [
        (start(started_on=TOMORROW), "started_on"),
        (finish(done_on=TOMORROW), "done_on"),
        (call_off(called_off_on=TOMORROW), "called_off_on"),
    ],
)
def test_nothing_is_told_ahead(command: Any, field: str) -> None:
    given(TASK, ISSUED).when(command).refused("DAY_IN_FUTURE", field=field)
    given(TASK).when(issue(issued_on=TOMORROW, due_on=None)).refused("DAY_IN_FUTURE", field="issued_on")


def test_days_follow_one_another() -> None:
    early = start(started_on=date(2026, 3, 31))
    given(TASK, ISSUED).when(early).refused("DAY_OUT_OF_ORDER", field="started_on")
    given(TASK, ISSUED, STARTED).when(finish(done_on=date(2026, 4, 4))).refused("DAY_OUT_OF_ORDER", field="done_on")
    again = start(started_on=date(2026, 4, 6))
    given(TASK, ISSUED, STARTED).when(again).refused("DAY_OUT_OF_ORDER", field="started_on")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, None),
        ({"authority": COMMUNE}, None),
        ({"authority": OLD_COMMUNE}, ("OUTSIDE_TERRITORY", "about")),
        ({"about": COMMUNE}, ("TEAM_UNKNOWN", "about")),
        ({"assignee": "unit", "about": COMMUNE}, None),
        ({"assignee": "unit", "about": PROVINCE}, None),
        ({"assignee": "unit", "about": PROVINCE, "authority": COMMUNE}, ("OUTSIDE_TERRITORY", "about")),
        ({"assignee": "unit", "about": OLD_COMMUNE}, ("UNIT_UNKNOWN", "about")),
        ({"assignee": "unit", "about": COMMUNE, "issued_on": date(2025, 6, 1)}, ("UNIT_NOT_IN_FORCE", "about")),
    ],
)
def test_an_authority_gives_tasks_to_what_lies_within_it(changes: dict[str, Any], told: Any) -> None:
    province = COMMUNE_THERE.model_copy(update={"unit": PROVINCE, "level": "province", "parent": None})
    looking = (
        Looking()
        .with_events(UNIT, PROVINCE, province)
        .with_events(UNIT, COMMUNE, COMMUNE_THERE)
        .with_events(TEAM, TEAM_ID, TEAM_THERE)
    )
    assert refusal_of(lambda: guard(issue(**changes), looking)) == told


def test_a_dissolved_team_gets_no_task() -> None:
    gone = TeamDissolved(team=TEAM_ID, decision_no="1/QĐ", decision_date=date(2026, 3, 1), signer=None, successor=None)
    looking = Looking().with_events(TEAM, TEAM_ID, TEAM_THERE, gone)
    assert refusal_of(lambda: guard(issue(), looking)) == ("TEAM_DISSOLVED", "about")
