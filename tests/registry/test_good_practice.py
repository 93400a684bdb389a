"""Good practices: written anew until shared, shared once, withdrawn once, without anybody's numbers."""

from datetime import date
from typing import Any

import pytest

from services.kernel.identifiers import derived_id
from services.kernel.runtime import ServiceRuntime
from services.kernel.testing import given
from services.registry.examples import COMMUNE, EXAMPLES, MATERIAL_ID, TEAM_ID
from services.registry.good_practice import (
    GOOD_PRACTICE,
    GoodPracticeProposed,
    GoodPracticeShared,
    GoodPracticeWithdrawn,
    ProposeGoodPractice,
    ShareGoodPractice,
    WithdrawGoodPractice,
    guard,
)
from services.registry.material import MATERIAL, MaterialDrafted, MaterialPublished, MaterialWithdrawn
from services.registry.team import TEAM
from services.registry.team_events import TeamEstablished
from services.registry.unit import UNIT, UnitRegistered
from tests.registry.looking import Looking, refusal_of

(PROPOSED,) = (event for event in EXAMPLES if isinstance(event, GoodPracticeProposed))
(SHARED,) = (event for event in EXAMPLES if isinstance(event, GoodPracticeShared))
(WITHDRAWN,) = (event for event in EXAMPLES if isinstance(event, GoodPracticeWithdrawn))
(ESTABLISHED,) = (event for event in EXAMPLES if isinstance(event, TeamEstablished))
REGISTERED = next(event for event in EXAMPLES if isinstance(event, UnitRegistered))
LATER = "2026-12-31T05:00:00Z"
FACTS = PROPOSED.facts.model_dump()


def told(command: Any, event: Any, **changes: Any) -> Any:
    return command.model_validate({"actor": "official", "at": LATER, **event.model_dump(), **changes})


def proposing(**facts: Any) -> ProposeGoodPractice:
    proposal: ProposeGoodPractice = told(ProposeGoodPractice, PROPOSED, facts={**FACTS, **facts})
    return proposal


SHARE = told(ShareGoodPractice, SHARED)
WITHDRAW = told(WithdrawGoodPractice, WITHDRAWN)


def test_it_is_proposed_shared_and_withdrawn_each_once() -> None:
    given(GOOD_PRACTICE).when(proposing()).then(PROPOSED)
    given(GOOD_PRACTICE, PROPOSED).when(proposing()).then()
    given(GOOD_PRACTICE, PROPOSED).when(SHARE).then(SHARED)
    given(GOOD_PRACTICE, PROPOSED, SHARED).when(SHARE).then()
    given(GOOD_PRACTICE, PROPOSED, SHARED).when(WITHDRAW).then(WITHDRAWN)
    given(GOOD_PRACTICE, PROPOSED, SHARED, WITHDRAWN).when(WITHDRAW).then()
    given(GOOD_PRACTICE, PROPOSED).when(WITHDRAW).then(WITHDRAWN)
    given(GOOD_PRACTICE).when(SHARE).refused("GOOD_PRACTICE_UNKNOWN", field="practice")


def test_a_proposal_is_written_anew_until_it_is_shared() -> None:
    again = proposing(name="Bàn VNeID ở chợ")
    (event,) = given(GOOD_PRACTICE, PROPOSED).when(again).events
    assert isinstance(event, GoodPracticeProposed)
    assert event.facts.title == "Bàn VNeID ở chợ"
    given(GOOD_PRACTICE, PROPOSED, SHARED).when(again).refused("GOOD_PRACTICE_SHARED", field="practice")
    given(GOOD_PRACTICE, PROPOSED, WITHDRAWN).when(again).refused("GOOD_PRACTICE_WITHDRAWN", field="practice")
    given(GOOD_PRACTICE, PROPOSED, WITHDRAWN).when(SHARE).refused("GOOD_PRACTICE_WITHDRAWN", field="practice")
    elsewhere = told(ProposeGoodPractice, PROPOSED, team=None)
    given(GOOD_PRACTICE, PROPOSED).when(elsewhere).refused("GOOD_PRACTICE_OF_OTHERS", field="practice")


def test_no_step_comes_before_the_one_before_it_or_tomorrow() -> None:
    proposed = given(GOOD_PRACTICE, PROPOSED)
    early = told(ShareGoodPractice, SHARED, shared_on=date(2026, 4, 9))
    proposed.when(early).refused("DAYS_OUT_OF_ORDER", field="shared_on")
    early = told(WithdrawGoodPractice, WITHDRAWN, withdrawn_on=date(2026, 4, 19))
    given(GOOD_PRACTICE, PROPOSED, SHARED).when(early).refused("DAYS_OUT_OF_ORDER", field="withdrawn_on")
    tomorrow = told(ShareGoodPractice, SHARED, shared_on=date(2027, 1, 1))
    proposed.when(tomorrow).refused("DAY_IN_FUTURE", field="shared_on")


@pytest.mark.parametrize("field", ["name", "done"])
def test_nobody_s_number_stands_in_a_text_for_everybody(field: str) -> None:
    asked = proposing(**{field: "Gọi anh tổ trưởng 0912 345 678"})
    given(GOOD_PRACTICE).when(asked).refused("PRIVATE_NUMBER", field=field)


def test_unit_and_team_are_there_and_the_material_is_handed_out() -> None:
    known = [event for event in EXAMPLES if isinstance(event, MaterialDrafted | MaterialPublished)]
    (gone,) = (event for event in EXAMPLES if isinstance(event, MaterialWithdrawn))
    looking = Looking()

    def refused() -> tuple[str, str | None] | None:
        return refusal_of(lambda: guard(proposing(), looking))

    assert refused() == ("UNIT_UNKNOWN", "unit")
    looking.with_events(UNIT, COMMUNE, REGISTERED)
    assert refused() == ("TEAM_UNKNOWN", "team")
    looking.with_events(TEAM, TEAM_ID, ESTABLISHED)
    assert refused() == ("MATERIAL_UNKNOWN", "material")
    looking.with_events(MATERIAL, MATERIAL_ID, known[0])
    assert refused() == ("MATERIAL_NOT_PUBLISHED", "material")
    looking.with_events(MATERIAL, MATERIAL_ID, *known)
    assert refused() is None
    looking.with_events(MATERIAL, MATERIAL_ID, *known, gone)
    assert refused() == ("MATERIAL_NOT_PUBLISHED", "material")


def test_a_text_that_is_too_long_is_refused_at_the_edge(registry: ServiceRuntime) -> None:
    asked = proposing().model_dump(mode="json")
    asked["practice"] = str(derived_id("test", "long"))
    asked["facts"]["done"] = "dài " * 600
    answer = registry.execute("propose_good_practice", asked)
    assert (answer.code, answer.field) == ("INVALID", "facts.done")
