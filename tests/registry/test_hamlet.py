"""Hamlets: what one stream decides alone. What the map must say first is in `test_territory`."""

from typing import Any

from services.kernel.identifiers import derived_id
from services.kernel.testing import given
from services.registry.examples import EXAMPLES
from services.registry.hamlet import HAMLET, HamletRegistered, RegisterHamlet
from tests.registry.conftest import NOON

REGISTERED = next(event for event in EXAMPLES if isinstance(event, HamletRegistered))


def register(**changes: Any) -> RegisterHamlet:
    told = REGISTERED.model_dump()
    return RegisterHamlet.model_validate({"actor": "official", "at": NOON, **told, **changes})


def test_a_hamlet_is_registered_under_its_commune() -> None:
    given(HAMLET).when(register()).then(REGISTERED)


def test_blanks_in_its_name_are_put_in_order() -> None:
    given(HAMLET).when(register(name="  Ấp\tNội   Ô ")).then(REGISTERED)


def test_registering_the_same_again_changes_nothing() -> None:
    given(HAMLET, REGISTERED).when(register()).then()


def test_the_id_of_another_hamlet_is_taken() -> None:
    given(HAMLET, REGISTERED).when(register(name="Ấp Thống Nhất")).refused("HAMLET_EXISTS", field="hamlet")
    elsewhere = register(commune=derived_id("test", "commune"))
    given(HAMLET, REGISTERED).when(elsewhere).refused("HAMLET_EXISTS", field="hamlet")
