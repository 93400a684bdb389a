"""One example of every event feedback publishes: for contract tests, documentation and seeds."""

from datetime import date

from services.feedback.case import FeedbackAnswered, FeedbackSubmitted, PersonalDataViewed, PersonErased
from services.kernel.identifiers import derived_id
from services.kernel.message import Event

CASE_ID = derived_id("example", "case")
COMMUNE = derived_id("unit", "current", "commune", "31843")

EXAMPLES: tuple[Event, ...] = (
    FeedbackSubmitted(
        case=CASE_ID,
        letter=derived_id("example", "letter"),
        category="ACC_OTP",
        service="VNEID_L2",
        commune=COMMUNE,
        body="TEAM",
        severity="S2",
        channel="public_form",
        has_contact=True,
        submitted_on=date(2026, 11, 20),
    ),
    FeedbackAnswered(case=CASE_ID, answered_on=date(2026, 11, 22), letter=derived_id("example", "answer")),
    PersonErased(case=CASE_ID),
    PersonalDataViewed(case=CASE_ID, viewer="official-1", purpose="handle_case"),
)
