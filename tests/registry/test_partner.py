"""Partners: engaged once for a territory that stands, ended once."""

from datetime import date
from typing import Any

import pytest

from services.kernel.runtime import ServiceRuntime
from services.kernel.testing import given
from services.registry.examples import COMMUNE, EXAMPLES
from services.registry.partner import PARTNER, EndPartner, EngagePartner, PartnerEnded, PartnerEngaged, guard
from services.registry.unit import UNIT, UnitRegistered
from tests.registry.conftest import NOON
from tests.registry.looking import Looking, refusal_of

(ENGAGED,) = (event for event in EXAMPLES if isinstance(event, PartnerEngaged))
(ENDED,) = (event for event in EXAMPLES if isinstance(event, PartnerEnded))
(COMMUNE_THERE,) = (e for e in EXAMPLES if isinstance(e, UnitRegistered) and e.unit == COMMUNE)


def engage(**changes: Any) -> EngagePartner:
    return EngagePartner.model_validate({"actor": "official", "at": NOON, **ENGAGED.model_dump(), **changes})


def end(last_day: date = ENDED.last_day) -> EndPartner:
    return EndPartner(actor="official", at=NOON, partner=ENGAGED.partner, last_day=last_day)


def test_a_partner_is_engaged_once_and_ended_once() -> None:
    given(PARTNER).when(engage()).then(ENGAGED)
    given(PARTNER, ENGAGED).when(engage()).then()
    given(PARTNER, ENGAGED).when(engage(kind="bank")).refused("PARTNER_EXISTS", field="partner")
    given(PARTNER, ENGAGED).when(end()).then(ENDED)
    given(PARTNER, ENGAGED, ENDED).when(end()).then()
    given(PARTNER, ENGAGED, ENDED).when(end(date(2027, 1, 1))).refused("ENDED_ALREADY", field="last_day")
    given(PARTNER).when(end()).refused("PARTNER_UNKNOWN", field="partner")
    before = end(date(2026, 2, 28))
    given(PARTNER, ENGAGED).when(before).refused("SPAN_REVERSED", field="last_day")


def test_fields_count_once_in_any_order_and_an_agreement_may_have_no_number() -> None:
    mixed = (*reversed(ENGAGED.fields), *ENGAGED.fields)
    given(PARTNER, ENGAGED).when(engage(fields=mixed)).then()
    plain = ENGAGED.model_copy(update={"agreement_no": None})
    given(PARTNER).when(engage(agreement_no=None)).then(plain)


@pytest.mark.parametrize(("name", "value"), [("kind", "police"), ("fields", []), ("organisation", " ")])
def test_what_is_no_partner_is_not_engaged(name: str, value: Any, registry: ServiceRuntime) -> None:
    answer = registry.execute("engage_partner", engage().model_dump(mode="json") | {name: value})
    assert (answer.code, answer.field.partition(".")[0]) == ("INVALID", name)


def test_the_territory_stands_on_the_first_day() -> None:
    looking = Looking()
    assert refusal_of(lambda: guard(engage(), looking)) == ("TERRITORY_UNKNOWN", "territory")
    looking.with_events(UNIT, ENGAGED.territory, COMMUNE_THERE)
    assert refusal_of(lambda: guard(engage(), looking)) is None
    early = engage(engaged_on=date(2025, 6, 30))
    assert refusal_of(lambda: guard(early, looking)) == ("TERRITORY_NOT_IN_FORCE", "engaged_on")
