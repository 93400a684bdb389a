"""Messaging groups: their links lead where they should."""

from datetime import date
from typing import Any

import pytest

from services.kernel.testing import given
from services.registry.examples import EXAMPLES
from services.registry.messaging_group import (
    MESSAGING_GROUP,
    LinkMessagingGroup,
    MessagingGroupLinked,
    MessagingGroupUnlinked,
    UnlinkMessagingGroup,
)
from tests.registry.conftest import NOON

(LINKED,) = (event for event in EXAMPLES if isinstance(event, MessagingGroupLinked))
(UNLINKED,) = (event for event in EXAMPLES if isinstance(event, MessagingGroupUnlinked))
TOMORROW = date(2026, 10, 7)


def link(**changes: Any) -> LinkMessagingGroup:
    return LinkMessagingGroup.model_validate({"actor": "official", "at": NOON, **LINKED.model_dump(), **changes})


def unlink(**changes: Any) -> UnlinkMessagingGroup:
    return UnlinkMessagingGroup.model_validate({"actor": "official", "at": NOON, **UNLINKED.model_dump(), **changes})


def test_a_group_is_linked_once_and_unlinked() -> None:
    given(MESSAGING_GROUP).when(link()).then(LINKED)
    given(MESSAGING_GROUP, LINKED).when(link()).then()
    given(MESSAGING_GROUP, LINKED).when(link(place="team")).refused("GROUP_EXISTS", field="group")
    given(MESSAGING_GROUP, LINKED).when(unlink()).then(UNLINKED)
    given(MESSAGING_GROUP, LINKED, UNLINKED).when(unlink()).refused("GROUP_UNKNOWN", field="group")


@pytest.mark.parametrize(
    "strange",
    ["https://zalo.me.evil.example/g/x", "https://evil.example/zalo.me", "https://zalo.me@evil.example/g/x"],
)
def test_a_link_leads_to_its_app_and_nowhere_else(strange: str) -> None:
    given(MESSAGING_GROUP).when(link(link=strange)).refused("LINK_STRANGE", field="link")
    given(MESSAGING_GROUP).when(link(app="mocha")).refused("LINK_STRANGE", field="link")


def test_days_lie_between_its_first_and_today() -> None:
    given(MESSAGING_GROUP).when(link(linked_on=TOMORROW)).refused("DAY_IN_FUTURE", field="linked_on")
    before = unlink(unlinked_on=date(2026, 1, 31))
    given(MESSAGING_GROUP, LINKED).when(before).refused("DAY_IN_FUTURE", field="unlinked_on")
