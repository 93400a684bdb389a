"""Courses, trainings and what members learnt."""

from datetime import date
from typing import Any

from services.kernel.bus import Answer
from services.kernel.identifiers import derived_id
from services.kernel.runtime import ServiceRuntime
from services.kernel.testing import given
from services.registry.course import COURSE, CatalogueCourse, CourseCatalogued, CourseRetired, RetireCourse
from services.registry.examples import EXAMPLES
from services.registry.learner import (
    LEARNER,
    AssessMemberSkill,
    CompleteExternalCourse,
    ConfirmMemberSkill,
    ExternalCourseCompleted,
    MemberSkillAssessed,
    MemberSkillConfirmed,
)
from services.registry.training import (
    TRAINING,
    CallOffTraining,
    HoldTraining,
    ScheduleTraining,
    TrainingCalledOff,
    TrainingHeld,
    TrainingScheduled,
)
from tests.registry.conftest import NOON

(CATALOGUED,) = (event for event in EXAMPLES if isinstance(event, CourseCatalogued))
(RETIRED,) = (event for event in EXAMPLES if isinstance(event, CourseRetired))
(SCHEDULED,) = (event for event in EXAMPLES if isinstance(event, TrainingScheduled))
(HELD,) = (event for event in EXAMPLES if isinstance(event, TrainingHeld))
(CALLED_OFF,) = (event for event in EXAMPLES if isinstance(event, TrainingCalledOff))
(ASSESSED,) = (event for event in EXAMPLES if isinstance(event, MemberSkillAssessed))
(CONFIRMED,) = (event for event in EXAMPLES if isinstance(event, MemberSkillConfirmed))
(COMPLETED,) = (event for event in EXAMPLES if isinstance(event, ExternalCourseCompleted))
SOMEBODY = derived_id("test", "somebody")
TOMORROW = date(2026, 10, 7)


def told(command: Any, event: Any, **changes: Any) -> Any:
    """The command that leads to `event`, with some words changed."""
    return command.model_validate({"actor": "official", "at": NOON, **event.model_dump(), **changes})


# -- courses ----------------------------------------------------------------------------------------------------------


def test_a_course_is_offered_described_better_and_retired() -> None:
    given(COURSE).when(told(CatalogueCourse, CATALOGUED)).then(CATALOGUED)
    given(COURSE, CATALOGUED).when(told(CatalogueCourse, CATALOGUED)).then()
    better = CATALOGUED.model_copy(update={"topics": ("VNEID_L2", "DVCQG")})
    given(COURSE, CATALOGUED).when(told(CatalogueCourse, better)).then(better)
    given(COURSE, CATALOGUED).when(told(RetireCourse, RETIRED)).then(RETIRED)
    given(COURSE, CATALOGUED, RETIRED).when(told(RetireCourse, RETIRED)).refused("COURSE_UNKNOWN", field="course")


# -- trainings --------------------------------------------------------------------------------------------------------


def test_a_training_is_planned_once() -> None:
    given(TRAINING).when(told(ScheduleTraining, SCHEDULED)).then(SCHEDULED)
    given(TRAINING, SCHEDULED).when(told(ScheduleTraining, SCHEDULED)).then()
    other = told(ScheduleTraining, SCHEDULED, mode="online")
    given(TRAINING, SCHEDULED).when(other).refused("TRAINING_EXISTS", field="training")
    backwards = told(ScheduleTraining, SCHEDULED, last_day=date(2026, 3, 1))
    given(TRAINING).when(backwards).refused("DAYS_REVERSED", field="last_day")


def test_who_was_there_is_told_and_may_be_corrected() -> None:
    given(TRAINING, SCHEDULED).when(told(HoldTraining, HELD)).then(HELD)
    given(TRAINING, SCHEDULED, HELD).when(told(HoldTraining, HELD)).then()
    corrected = HELD.model_copy(update={"missed": (SOMEBODY,)})
    given(TRAINING, SCHEDULED, HELD).when(told(HoldTraining, corrected)).then(corrected)


def test_nobody_is_both_there_and_missing_and_nothing_is_held_before_its_day_or_tomorrow() -> None:
    there = given(TRAINING, SCHEDULED)
    there.when(told(HoldTraining, HELD, missed=HELD.attended)).refused("MEMBER_TWICE", field="attended")
    there.when(told(HoldTraining, HELD, held_on=date(2026, 3, 1))).refused("HELD_BEFORE_PLANNED", field="held_on")
    there.when(told(HoldTraining, HELD, held_on=TOMORROW)).refused("HELD_IN_FUTURE", field="held_on")
    given(TRAINING).when(told(HoldTraining, HELD)).refused("TRAINING_UNKNOWN", field="training")


def test_what_was_called_off_is_not_held_and_what_was_held_not_called_off() -> None:
    given(TRAINING, SCHEDULED).when(told(CallOffTraining, CALLED_OFF)).then(CALLED_OFF)
    given(TRAINING, SCHEDULED, CALLED_OFF).when(told(HoldTraining, HELD)).refused("TRAINING_CALLED_OFF")
    given(TRAINING, SCHEDULED, HELD).when(told(CallOffTraining, CALLED_OFF)).refused("TRAINING_HELD", field="training")


def test_a_training_is_of_a_unit_and_a_course_that_exist(registry: ServiceRuntime) -> None:
    def ask(**changes: Any) -> Answer:
        told = {"actor": "official", "at": NOON.isoformat(), **SCHEDULED.model_dump(mode="json"), **changes}
        return registry.execute("schedule_training", told)

    assert (ask().code, ask().field) == ("UNIT_UNKNOWN", "unit")


# -- learners ---------------------------------------------------------------------------------------------------------


def test_a_skill_is_assessed_again_later_and_never_tomorrow() -> None:
    given(LEARNER).when(told(AssessMemberSkill, ASSESSED)).then(ASSESSED)
    given(LEARNER, ASSESSED).when(told(AssessMemberSkill, ASSESSED)).then()
    later = ASSESSED.model_copy(update={"skill": "advanced", "assessed_on": date(2026, 9, 1)})
    given(LEARNER, ASSESSED).when(told(AssessMemberSkill, later)).then(later)
    given(LEARNER, later).when(told(AssessMemberSkill, ASSESSED)).refused("ASSESSED_OUT_OF_ORDER", field="assessed_on")
    tomorrow = told(AssessMemberSkill, ASSESSED, assessed_on=TOMORROW)
    given(LEARNER).when(tomorrow).refused("DAY_IN_FUTURE", field="assessed_on")


def test_the_last_assessment_is_confirmed_once_and_a_new_one_waits_again() -> None:
    confirm = told(ConfirmMemberSkill, CONFIRMED)
    given(LEARNER, ASSESSED).when(confirm).then(CONFIRMED)
    given(LEARNER, ASSESSED, CONFIRMED).when(confirm).then()
    again = told(ConfirmMemberSkill, CONFIRMED, office="Phòng khác")
    given(LEARNER, ASSESSED, CONFIRMED).when(again).refused("CONFIRMED_ALREADY", field="member")
    given(LEARNER).when(confirm).refused("NOT_ASSESSED", field="member")
    later = ASSESSED.model_copy(update={"skill": "advanced", "assessed_on": date(2026, 9, 1)})
    anew = CONFIRMED.model_copy(update={"assessed_on": date(2026, 9, 1), "confirmed_on": date(2026, 9, 2)})
    waiting = given(LEARNER, ASSESSED, CONFIRMED, later)
    waiting.when(confirm).refused("ASSESSMENT_CHANGED", field="assessed_on")
    waiting.when(told(ConfirmMemberSkill, anew)).then(anew)
    early = told(ConfirmMemberSkill, CONFIRMED, confirmed_on=date(2026, 3, 31))
    given(LEARNER, ASSESSED).when(early).refused("CONFIRMED_BEFORE_ASSESSED", field="confirmed_on")
    tomorrow = told(ConfirmMemberSkill, CONFIRMED, confirmed_on=TOMORROW)
    given(LEARNER, ASSESSED).when(tomorrow).refused("DAY_IN_FUTURE", field="confirmed_on")


def test_a_course_completed_elsewhere_counts_once() -> None:
    given(LEARNER).when(told(CompleteExternalCourse, COMPLETED)).then(COMPLETED)
    given(LEARNER, COMPLETED).when(told(CompleteExternalCourse, COMPLETED)).then()
    tomorrow = told(CompleteExternalCourse, COMPLETED, completed_on=TOMORROW)
    given(LEARNER).when(tomorrow).refused("DAY_IN_FUTURE", field="completed_on")
