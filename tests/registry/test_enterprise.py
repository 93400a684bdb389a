"""Enterprises and how many work in them."""

from datetime import date
from typing import Any

from services.kernel.testing import given
from services.registry.enterprise import (
    ENTERPRISE,
    CountEnterprise,
    EnterpriseCounted,
    EnterpriseRegistered,
    RegisterEnterprise,
)
from services.registry.examples import EXAMPLES
from tests.registry.conftest import NOON

(REGISTERED,) = (event for event in EXAMPLES if isinstance(event, EnterpriseRegistered))
(COUNTED,) = (event for event in EXAMPLES if isinstance(event, EnterpriseCounted))
TOMORROW = date(2026, 10, 7)


def register(**changes: Any) -> RegisterEnterprise:
    return RegisterEnterprise.model_validate({"actor": "official", "at": NOON, **REGISTERED.model_dump(), **changes})


def count(**changes: Any) -> CountEnterprise:
    return CountEnterprise.model_validate({"actor": "official", "at": NOON, **COUNTED.model_dump(), **changes})


def test_an_enterprise_is_registered_once() -> None:
    given(ENTERPRISE).when(register()).then(REGISTERED)
    given(ENTERPRISE, REGISTERED).when(register()).then()
    given(ENTERPRISE, REGISTERED).when(register(workers=5)).refused("ENTERPRISE_EXISTS", field="enterprise")


def test_its_workers_are_counted_again_and_again_in_order() -> None:
    given(ENTERPRISE, REGISTERED).when(count()).then(COUNTED)
    given(ENTERPRISE, REGISTERED, COUNTED).when(count()).then()
    early = count(counted_on=date(2026, 1, 30))
    given(ENTERPRISE, REGISTERED).when(early).refused("COUNTED_OUT_OF_ORDER", field="counted_on")
    given(ENTERPRISE).when(count()).refused("ENTERPRISE_UNKNOWN", field="enterprise")


def test_nobody_counts_tomorrow_s_workers() -> None:
    given(ENTERPRISE).when(register(counted_on=TOMORROW)).refused("DAY_IN_FUTURE", field="counted_on")
    given(ENTERPRISE, REGISTERED).when(count(counted_on=TOMORROW)).refused("DAY_IN_FUTURE", field="counted_on")
