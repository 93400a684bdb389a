"""The catalogue of digital services."""

from datetime import date

import pytest

from services.kernel.decider import Refused
from services.visits.catalogue import DigitalService, catalogue, check_services


def test_the_catalogue_has_every_service_the_plans_name() -> None:
    assert len(catalogue()) == 26
    assert catalogue()["VNEID_L2"].owner == "Công an"
    assert all(service.name and service.source for service in catalogue().values())


def test_an_unknown_code_is_refused_without_being_repeated() -> None:
    with pytest.raises(Refused) as caught:
        check_services(["VNEID_L2", "0912345678"], date(2026, 10, 6))
    assert (caught.value.stable_code, caught.value.field) == ("UNKNOWN_SERVICE", "services")
    assert "0912345678" not in caught.value.message


def test_a_blank_date_never_excludes_and_a_stated_one_does() -> None:
    undated = DigitalService("X", "x", "", "", None, None)
    dated = DigitalService("X", "x", "", "", date(2026, 1, 1), date(2026, 6, 30))
    assert undated.available_on(date(2022, 1, 1))
    assert [dated.available_on(date(2026, *day)) for day in ((1, 1), (6, 30), (7, 1))] == [True, True, False]
    assert not dated.available_on(date(2025, 12, 31))
