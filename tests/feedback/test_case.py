"""The rules of a case: who may be told what, once."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from services.feedback.case import (
    CASE,
    AnswerFeedback,
    ErasePerson,
    FeedbackAnswered,
    FeedbackSubmitted,
    PersonalDataViewed,
    PersonErased,
    SubmitFeedback,
    ViewPersonalData,
)
from services.feedback.difficulties import bodies, difficulties
from services.feedback.examples import CASE_ID, COMMUNE, EXAMPLES
from services.kernel.identifiers import derived_id
from services.kernel.testing import given

AT = datetime(2026, 11, 20, 18, 30, tzinfo=UTC)
"""01:30 on the 21st in Vietnam."""
ENVELOPE: dict[str, Any] = {"actor": "test", "at": AT}
SUBMITTED, ANSWERED, ERASED = EXAMPLES[:3]


KEPT = derived_id("test", "letter")


def submit(letter: str = "", **fields: Any) -> SubmitFeedback:
    command = SubmitFeedback(case=CASE_ID, category="SCAM", commune=COMMUNE, letter="sealed", **ENVELOPE)
    return command.model_copy(update={"letter": letter, "kept": KEPT, **fields})


def answer(letter: str = "") -> AnswerFeedback:
    command = AnswerFeedback(case=CASE_ID, letter="sealed", **ENVELOPE)
    return command.model_copy(update={"letter": letter, "kept": KEPT})


def test_a_report_goes_to_the_first_body_of_its_difficulty_on_the_vietnamese_date() -> None:
    given(CASE).when(submit(service="VNEID_L2", has_contact=True)).then(
        FeedbackSubmitted(
            case=CASE_ID,
            letter=KEPT,
            category="SCAM",
            service="VNEID_L2",
            commune=COMMUNE,
            body="POLICE",
            severity="S0",
            channel="public_form",
            has_contact=True,
            submitted_on=datetime(2026, 11, 21, tzinfo=UTC).date(),
        )
    )


def test_a_case_is_submitted_once() -> None:
    given(CASE, SUBMITTED).when(submit()).refused("ALREADY_SUBMITTED", field="case")


def test_an_unknown_difficulty_is_refused_by_name_of_the_field() -> None:
    given(CASE).when(submit(category="NO_SUCH")).refused("UNKNOWN_CATEGORY", field="category")


def test_a_letter_the_vault_could_not_take_over_is_refused() -> None:
    given(CASE).when(submit(letter="sealed to nobody")).refused("LETTER_UNREADABLE", field="letter")
    given(CASE, SUBMITTED).when(answer(letter="sealed to nobody")).refused("LETTER_UNREADABLE", field="letter")


def test_an_answer_names_its_letter_and_not_its_words() -> None:
    command = answer()
    given(CASE, SUBMITTED).when(command).then(
        FeedbackAnswered(case=CASE_ID, answered_on=datetime(2026, 11, 21, tzinfo=UTC).date(), letter=KEPT)
    )


def test_only_a_submitted_case_of_a_person_still_known_is_answered_once() -> None:
    given(CASE).when(answer()).refused("NO_SUCH_CASE")
    given(CASE, SUBMITTED, ANSWERED).when(answer()).refused("ALREADY_ANSWERED")
    given(CASE, SUBMITTED, ERASED).when(answer()).refused("PERSON_ERASED")


def test_erasing_twice_is_one_erasure() -> None:
    erase = ErasePerson(case=CASE_ID, **ENVELOPE)
    given(CASE).when(erase).refused("NO_SUCH_CASE")
    given(CASE, SUBMITTED).when(erase).then(PersonErased(case=CASE_ID))
    given(CASE, SUBMITTED, ERASED).when(erase).then()


def test_each_reading_is_an_event() -> None:
    view = ViewPersonalData(case=CASE_ID, viewer="official-1", purpose="handle_case", **ENVELOPE)
    viewed = PersonalDataViewed(case=CASE_ID, viewer="official-1", purpose="handle_case")
    given(CASE, SUBMITTED, viewed).when(view).then(viewed)
    given(CASE, SUBMITTED, ERASED).when(view).refused("PERSON_ERASED")


def test_the_catalogue_is_whole_and_reports_about_a_team_do_not_go_to_it() -> None:
    assert len(difficulties()) == 25
    assert {row.first_body for row in difficulties().values()} <= set(bodies())
    assert difficulties()["TEAM"].first_body == "VHXH"


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: event.name)
def test_no_event_has_room_for_what_a_person_wrote(event: Any) -> None:
    free_text = {name for name, field in type(event).model_fields.items() if field.annotation is str}
    assert free_text <= {"category", "body", "viewer"}
    assert isinstance(event.case, UUID)
