# mypy: disable-error-code="untyped-decorator"
"""An unmodified nameko service that writes down all it hears, as an integrator would write it; see docs/integrators.md.

Run by `nameko run` in an environment that holds nameko and nothing else of ours.
"""

import json
import os
from pathlib import Path
from typing import Any

from nameko.events import event_handler


def _note(name: str, body: Any) -> None:
    with Path(os.environ["RECEIVED_FILE"]).open("a", encoding="utf-8") as file:
        file.write(json.dumps([name, body]) + "\n")


class PlainListener:
    name = "plain_listener"

    @event_handler("registry", "unit.registered")
    def on_unit_registered(self, body: Any) -> None:
        _note("unit.registered", body)

    @event_handler("registry", "unit.succeeded")
    def on_unit_succeeded(self, body: Any) -> None:
        _note("unit.succeeded", body)

    @event_handler("registry", "map.declared")
    def on_map_declared(self, body: Any) -> None:
        _note("map.declared", body)

    @event_handler("registry", "hamlet.registered")
    def on_hamlet_registered(self, body: Any) -> None:
        _note("hamlet.registered", body)

    @event_handler("registry", "team.established")
    def on_team_established(self, body: Any) -> None:
        _note("team.established", body)

    @event_handler("registry", "member.appointed")
    def on_member_appointed(self, body: Any) -> None:
        _note("member.appointed", body)

    @event_handler("registry", "member.stood_down")
    def on_member_stood_down(self, body: Any) -> None:
        _note("member.stood_down", body)

    @event_handler("visits", "household.registered")
    def on_household_registered(self, body: Any) -> None:
        _note("household.registered", body)

    @event_handler("visits", "visit.recorded")
    def on_visit_recorded(self, body: Any) -> None:
        _note("visit.recorded", body)

    @event_handler("visits", "visit.corrected")
    def on_visit_corrected(self, body: Any) -> None:
        _note("visit.corrected", body)

    @event_handler("visits", "visit.voided")
    def on_visit_voided(self, body: Any) -> None:
        _note("visit.voided", body)

    @event_handler("reporting", "coverage.counted")
    def on_coverage_counted(self, body: Any) -> None:
        _note("coverage.counted", body)

    @event_handler("feedback", "feedback.submitted")
    def on_feedback_submitted(self, body: Any) -> None:
        _note("feedback.submitted", body)

    @event_handler("feedback", "feedback.answered")
    def on_feedback_answered(self, body: Any) -> None:
        _note("feedback.answered", body)

    @event_handler("feedback", "person.erased")
    def on_person_erased(self, body: Any) -> None:
        _note("person.erased", body)

    @event_handler("feedback", "personal_data.viewed")
    def on_personal_data_viewed(self, body: Any) -> None:
        _note("personal_data.viewed", body)
