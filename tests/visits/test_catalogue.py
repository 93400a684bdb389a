"""Digital services as visits know them: first codes, then what the registry tells."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine

from services.kernel.decider import NotKnownHere, Refused
from services.kernel.message import Event
from services.kernel.runtime import ServiceRuntime
from services.visits.catalogue import (
    Catalogue,
    DigitalServicePublished,
    DigitalServiceWithdrawn,
    Facts,
    check_services,
    first_codes,
)
from tests.visits.test_phone_batch import (  # noqa: F401  the fixture
    delivered,
    household,
    visit,
    visits,
)

DAY = date(2026, 10, 6)
HISTORY: list[Event] = [
    DigitalServicePublished(service="DVC_PROV", facts=Facts(name="Cổng tỉnh"), valid_from=None),
    DigitalServicePublished(service="NEW_APP", facts=Facts(name="Ứng dụng mới"), valid_from=date(2026, 10, 1)),
    DigitalServiceWithdrawn(service="DVC_PROV", last_day=date(2026, 9, 30)),
    DigitalServiceWithdrawn(service="NEVER_PUBLISHED", last_day=None),
]


class Asking:
    """A lookup over one connection."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def query(self, statement: Any, **values: Any) -> list[Any]:
        return list(self.connection.execute(statement, values))

    def state(self, *_: Any) -> Any:
        raise AssertionError("no stream is asked")


@pytest.fixture
def asking() -> Iterator[Asking]:
    with create_engine("sqlite://").connect() as connection:
        Catalogue().metadata.create_all(connection)
        yield Asking(connection)


def tell(asking: Asking, *batches: Sequence[Event]) -> None:
    for batch in batches:
        Catalogue().apply(asking.connection, [delivered(event) for event in batch])


def code_of(asking: Asking, service: str, day: date = DAY) -> str:
    try:
        check_services([service], day, asking)
    except Refused as refused:
        return refused.stable_code
    return ""


def test_before_the_catalogue_was_imported_the_first_codes_are_accepted_on_any_day(asking: Asking) -> None:
    assert len(first_codes()) == 26
    assert {code_of(asking, code, date(2022, 1, 1)) for code in first_codes()} == {""}


def test_an_unknown_code_is_refused_for_now_and_without_being_repeated(asking: Asking) -> None:
    with pytest.raises(NotKnownHere) as caught:
        check_services(["VNEID_L2", "0912345678"], DAY, asking)
    assert (caught.value.stable_code, caught.value.field) == ("UNKNOWN_SERVICE", "services")
    assert "0912345678" not in caught.value.message


@pytest.mark.parametrize("edge", range(len(HISTORY) + 1))
def test_once_told_of_a_code_the_registry_s_days_hold_however_it_was_told(asking: Asking, edge: int) -> None:
    tell(asking, HISTORY[:edge], HISTORY[edge:])
    assert [code_of(asking, "DVC_PROV", date(2026, *on)) for on in ((9, 30), (10, 1))] == ["", "SERVICE_NOT_AVAILABLE"]
    assert [code_of(asking, "NEW_APP", date(2026, *on)) for on in ((9, 30), (10, 1))] == ["SERVICE_NOT_AVAILABLE", ""]
    assert code_of(asking, "DVC_PROV", date(2022, 1, 1)) == "", "since when is not stated"
    assert code_of(asking, "VNEID_L2") == "", "of this one nothing was told"
    assert code_of(asking, "NEVER_PUBLISHED") == "UNKNOWN_SERVICE"


def test_a_visit_refused_for_a_service_not_heard_of_succeeds_once_it_is(visits: ServiceRuntime) -> None:  # noqa: F811
    told = visit(services=["NEW_APP"])
    visits.execute_many([household()])
    assert [answer.code for answer in visits.execute_many([told])] == ["UNKNOWN_SERVICE"]
    with visits.database.write() as connection:
        Catalogue().apply(connection, [delivered(event) for event in HISTORY])
    assert [answer.code for answer in visits.execute_many([told])] == [""]
    late = visit(services=["DVC_PROV"])
    assert [answer.code for answer in visits.execute_many([late])] == ["SERVICE_NOT_AVAILABLE"]
