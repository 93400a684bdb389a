"""Topic campaigns: one a unit, subject and period, opened before the period is over."""

from datetime import date
from typing import Any

import pytest

from services.kernel.runtime import ServiceRuntime
from services.kernel.testing import given
from services.registry.campaign import (
    CAMPAIGN,
    CallOffCampaign,
    CampaignCalledOff,
    CampaignOpened,
    CampaignPlanned,
    OpenCampaign,
    PlanCampaign,
    campaign_id,
    days_of,
)
from services.registry.examples import EXAMPLES, PROVINCE
from tests.registry.conftest import NOON

(OPENED,) = (event for event in EXAMPLES if isinstance(event, CampaignOpened))
(PLANNED,) = (event for event in EXAMPLES if isinstance(event, CampaignPlanned))
(CALLED_OFF,) = (event for event in EXAMPLES if isinstance(event, CampaignCalledOff))
CALL_OFF = CallOffCampaign(actor="official", at=NOON, campaign=OPENED.campaign)


def opening(**changes: Any) -> OpenCampaign:
    told = {"unit": OPENED.unit, "topic": OPENED.topic, "name": OPENED.title, "period": OPENED.period}
    return OpenCampaign.model_validate({"actor": "official", "at": NOON, **told, **changes})


def planning(**changes: Any) -> PlanCampaign:
    told = PLANNED.model_dump() | changes
    return PlanCampaign.model_validate({"actor": "official", "at": NOON, **told})


@pytest.mark.parametrize(
    ("period", "told"),
    [
        ("2028-02", ("month", date(2028, 2, 1), date(2028, 2, 29))),
        ("2026-Q4", ("quarter", date(2026, 10, 1), date(2026, 12, 31))),
        ("2027", ("year", date(2027, 1, 1), date(2027, 12, 31))),
    ],
)
def test_a_period_is_a_month_a_quarter_or_a_year(period: str, told: tuple[str, date, date]) -> None:
    assert days_of(period) == told


@pytest.mark.parametrize("period", ["2026-13", "2026-Q5", "2026-1", "Q4-2026", "1999", "2026-10-01", ""])
def test_nothing_else_is_a_period(period: str, registry: ServiceRuntime) -> None:
    told = opening().model_dump(mode="json") | {"period": period}
    answer = registry.execute("open_campaign", told)
    assert (answer.code, answer.field) == ("INVALID", "period")


def test_a_campaign_is_opened_once_and_called_off_once() -> None:
    given(CAMPAIGN).when(opening()).then(OPENED)
    given(CAMPAIGN, OPENED).when(opening()).then()
    given(CAMPAIGN, OPENED).when(opening(name="Tên khác")).refused("CAMPAIGN_EXISTS", field="name")
    given(CAMPAIGN, OPENED).when(CALL_OFF).then(CALLED_OFF)
    given(CAMPAIGN, OPENED, CALLED_OFF).when(CALL_OFF).then()
    given(CAMPAIGN, OPENED, CALLED_OFF).when(opening()).then(OPENED)
    given(CAMPAIGN).when(CALL_OFF).refused("CAMPAIGN_UNKNOWN", field="campaign")


def test_no_campaign_is_opened_for_what_is_over() -> None:
    given(CAMPAIGN).when(opening(period="2026-09")).refused("PERIOD_OVER", field="period")
    assert given(CAMPAIGN).when(opening(period="2026-10")).refusal is None, "begun is not over"


def test_two_officials_who_open_the_same_one_have_opened_one(registry: ServiceRuntime) -> None:
    assert CAMPAIGN.stream(opening(actor="another", name="X")) == CAMPAIGN.stream(CALL_OFF)
    assert opening().unit == PROVINCE
    assert campaign_id(PROVINCE, "VNEID_L2", "2026-Q4") != campaign_id(PROVINCE, "VNEID_L2", "2026-10")


def test_the_unit_stands_when_the_campaign_begins(registry: ServiceRuntime) -> None:
    def ask(**changes: Any) -> tuple[str, str]:
        answer = registry.execute("open_campaign", opening(**changes).model_dump(mode="json"))
        return answer.code, answer.field

    assert ask() == ("UNIT_UNKNOWN", "unit")
    unit: dict[str, Any] = {
        "regime": "current",
        "code": "96",
        "name": "Tỉnh Cà Mau",
        "level": "province",
        "kind": "Tỉnh",
    }
    unit |= {
        "valid_from": "2025-07-01",
        "valid_to": "2027-06-30",
        "lat": 9.1,
        "lon": 105.2,
        "actor": "official",
        "at": NOON.isoformat(),
    }
    assert registry.execute("register_unit", unit).accepted
    assert ask(period="2027-Q3", name="Sau ngày cuối") == ("UNIT_NOT_IN_FORCE", "unit")
    assert ask() == ("", "")


def test_who_leads_and_who_takes_part_is_told_when_it_opens_or_later_and_anew() -> None:
    words = PLANNED.model_dump(exclude={"campaign"})
    given(CAMPAIGN).when(opening(**words)).then(OPENED, PLANNED)
    given(CAMPAIGN, OPENED).when(opening(**words)).then(PLANNED)
    given(CAMPAIGN, OPENED, PLANNED).when(opening(**words)).then()
    given(CAMPAIGN, OPENED, PLANNED).when(opening()).then()
    given(CAMPAIGN, OPENED).when(planning()).then(PLANNED)
    given(CAMPAIGN, OPENED, PLANNED).when(planning()).then()
    fewer = PLANNED.model_copy(update={"organiser": None, "participants": ("pupils",)})
    twice = planning(organiser=None, participants=("pupils", "pupils"))
    given(CAMPAIGN, OPENED, PLANNED).when(twice).then(fewer)


def test_only_an_open_campaign_is_planned_and_without_private_numbers() -> None:
    given(CAMPAIGN).when(planning()).refused("CAMPAIGN_UNKNOWN", field="campaign")
    given(CAMPAIGN, OPENED, CALLED_OFF).when(planning()).refused("CAMPAIGN_CALLED_OFF", field="campaign")
    number = planning(coordination_plan="Gọi đồng chí phụ trách, số 0912 345 678")
    given(CAMPAIGN, OPENED).when(number).refused("PRIVATE_NUMBER", field="coordination_plan")
    opened = opening(coordination_plan="Thư về doan@example.vn")
    given(CAMPAIGN).when(opened).refused("PRIVATE_NUMBER", field="coordination_plan")
    again = given(CAMPAIGN, OPENED, PLANNED, CALLED_OFF)
    again.when(opening()).then(OPENED)
    given(CAMPAIGN, OPENED, PLANNED, CALLED_OFF, OPENED).when(planning()).then(PLANNED)
