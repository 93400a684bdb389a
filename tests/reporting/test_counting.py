"""What the visits' events ask of the hamlets' coverage."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine

from services.kernel.identifiers import derived_id
from services.kernel.message import Command, read
from services.kernel.subscription import NotYet
from services.reporting.counting import (
    Counting,
    HouseholdRegistered,
    VisitCorrected,
    VisitRecorded,
    VisitVoided,
)
from services.reporting.coverage import CountHousehold, CountVisit
from services.reporting.territory import (
    TERRITORY,
    HamletRegistered,
    HamletTransferred,
    UnitRegistered,
    UnitSucceeded,
    UnitTransferred,
)
from tests.reporting.hamlets import (
    COMMUNE,
    HAMLETS,
    OTHER_COMMUNE,
    PLAN,
    PROVINCE,
    RECORDED_AT,
    TODAY,
    delivered,
    put_on_the_map,
)

HOUSEHOLD = derived_id("test", "household")
VISIT = derived_id("test", "visit")
DAY = date(2026, 10, 6)
TOLD: dict[str, Any] = {
    "visit": VISIT,
    "household": HOUSEHOLD,
    "hamlet": HAMLETS[0],
    "visited_on": DAY,
    "services": ("VNEID_L2",),
    "outcome": "guided",
}
GOLDEN = Path(__file__).parent.parent / "golden" / "visits"


@pytest.fixture
def connection() -> Iterator[Connection]:
    with create_engine("sqlite://").connect() as connection:
        put_on_the_map(connection)
        yield connection


def reaction(connection: Connection, event: Any, *, version: int = 1, event_id: str = "e") -> list[Command]:
    return list(Counting().react(connection, [delivered("visits", event, version=version, event_id=event_id)]))


def only_visit(commands: list[Command]) -> CountVisit:
    [command] = commands
    assert isinstance(command, CountVisit)
    return command


def test_a_household_is_counted_in_its_hamlet_under_the_plan_in_force(connection: Connection) -> None:
    event = HouseholdRegistered(household=HOUSEHOLD, hamlet=HAMLETS[0], registered_on=DAY)
    [command] = reaction(connection, event)
    assert isinstance(command, CountHousehold)
    assert (command.hamlet, command.household, command.registered_on) == (HAMLETS[0], HOUSEHOLD, DAY)
    assert command.plan == PLAN


def test_a_guided_visit_counts_on_its_day(connection: Connection) -> None:
    command = only_visit(reaction(connection, VisitRecorded(**TOLD), version=1))
    assert (command.hamlet, command.visit, command.revision, command.guided_on) == (HAMLETS[0], VISIT, 1, DAY)
    assert command.at == RECORDED_AT


@pytest.mark.parametrize("changes", [{"outcome": "informed"}, {"outcome": "absent"}, {"services": ()}])
def test_guided_directly_means_guided_in_a_service(connection: Connection, changes: dict[str, Any]) -> None:
    assert only_visit(reaction(connection, VisitRecorded(**{**TOLD, **changes}))).guided_on is None
    corrected = VisitCorrected(**{**TOLD, **changes})
    assert only_visit(reaction(connection, corrected, version=2)).guided_on is None


def test_a_visit_moved_to_another_hamlet_asks_both(connection: Connection) -> None:
    moved = VisitCorrected(**{**TOLD, "hamlet": HAMLETS[2], "previous_hamlet": HAMLETS[0]})
    commands = reaction(connection, moved, version=2)
    assert [(c.hamlet, c.guided_on) for c in commands if isinstance(c, CountVisit)] == [
        (HAMLETS[0], None),
        (HAMLETS[2], DAY),
    ]
    assert len({command.command_id for command in commands}) == 2


def test_a_correction_within_the_hamlet_asks_it_alone(connection: Connection) -> None:
    command = only_visit(reaction(connection, VisitCorrected(**{**TOLD, "visited_on": date(2026, 10, 7)}), version=2))
    assert (command.revision, command.guided_on) == (2, date(2026, 10, 7))


def test_a_voided_visit_counts_for_nothing(connection: Connection) -> None:
    voided = VisitVoided(visit=VISIT, household=HOUSEHOLD, hamlet=HAMLETS[0])
    assert only_visit(reaction(connection, voided, version=2)).guided_on is None


def test_the_same_event_asks_the_same_again_and_another_event_does_not(connection: Connection) -> None:
    event = VisitRecorded(**TOLD)
    first, again, other = (reaction(connection, event, event_id=event_id) for event_id in ("e", "e", "f"))
    assert first == again
    assert first[0].command_id != other[0].command_id


def test_a_hamlet_not_on_the_map_yet_makes_the_event_wait(connection: Connection) -> None:
    with pytest.raises(NotYet):
        reaction(connection, VisitRecorded(**{**TOLD, "hamlet": derived_id("test", "new hamlet")}))


def test_a_hamlet_of_a_province_without_a_known_plan_is_counted_without_one(connection: Connection) -> None:
    province, district, commune, hamlet = (derived_id("elsewhere", n) for n in range(4))
    elsewhere = [
        UnitRegistered(unit=province, level="province"),
        UnitRegistered(unit=district, level="district", parent=province),
        UnitRegistered(unit=commune, level="commune", parent=district),
        HamletRegistered(hamlet=hamlet, commune=commune),
    ]
    TERRITORY.apply(connection, [delivered("registry", event) for event in elsewhere])
    assert TERRITORY.chains_of(connection, [hamlet], TODAY) == {hamlet: [commune, district, province]}
    assert only_visit(reaction(connection, VisitRecorded(**{**TOLD, "hamlet": hamlet}))).plan is None


def test_both_versions_of_a_recorded_visit_are_understood() -> None:
    for version in (1, 2):
        body = (GOLDEN / f"visit.recorded.v{version}.json").read_text(encoding="utf-8")
        assert read(VisitRecorded, version, body).guided_on == date(2026, 10, 6)


def test_hamlets_are_found_under_commune_and_province(connection: Connection) -> None:
    def under(unit: Any) -> set[str]:
        return set(connection.execute(TERRITORY.hamlets_under([unit], TODAY)).scalars())

    assert under(COMMUNE) == {str(HAMLETS[0]), str(HAMLETS[1])}
    assert under(PROVINCE) == {str(hamlet) for hamlet in HAMLETS}
    assert under(derived_id("nowhere")) == set()


def test_a_hamlet_that_changes_commune_does_so_on_its_day(connection: Connection) -> None:
    moved = HamletTransferred(hamlet=HAMLETS[0], commune=OTHER_COMMUNE, on=TODAY)
    TERRITORY.apply(connection, [delivered("registry", moved)])

    def under(unit: Any, day: date) -> set[str]:
        return set(connection.execute(TERRITORY.hamlets_under([unit], day)).scalars())

    assert under(COMMUNE, TODAY - timedelta(days=1)) == {str(HAMLETS[0]), str(HAMLETS[1])}
    assert under(COMMUNE, TODAY) == {str(HAMLETS[1])}
    assert under(OTHER_COMMUNE, TODAY) == {str(HAMLETS[0]), str(HAMLETS[2])}


def test_the_hamlets_of_a_commune_that_went_whole_into_another_lie_under_that_one(connection: Connection) -> None:
    new = derived_id("test", "new commune")
    events = [
        UnitRegistered(unit=new, level="commune", parent=PROVINCE),
        UnitSucceeded(unit=COMMUNE, successor=new, part=False, on=TODAY),
        UnitSucceeded(unit=OTHER_COMMUNE, successor=new, part=True, on=TODAY),
    ]
    TERRITORY.apply(connection, [delivered("registry", event) for event in events])

    def under(unit: Any, day: date) -> set[str]:
        return set(connection.execute(TERRITORY.hamlets_under([unit], day)).scalars())

    assert under(new, TODAY - timedelta(days=1)) == set()
    assert under(new, TODAY) == {str(HAMLETS[0]), str(HAMLETS[1])}
    assert under(PROVINCE, TODAY) == {str(hamlet) for hamlet in HAMLETS}
    assert TERRITORY.chains_of(connection, HAMLETS, TODAY) == {
        **{hamlet: [new, PROVINCE] for hamlet in HAMLETS[:2]},
        HAMLETS[2]: [OTHER_COMMUNE, PROVINCE],
    }


def test_a_commune_that_goes_to_another_province_counts_there_from_its_day(connection: Connection) -> None:
    other = derived_id("test", "other province")
    events = [
        UnitRegistered(unit=other, level="province"),
        UnitTransferred(unit=OTHER_COMMUNE, parent=other, on=TODAY),
    ]
    TERRITORY.apply(connection, [delivered("registry", event) for event in events])
    hamlet = HAMLETS[2]
    eve = TODAY - timedelta(days=1)
    assert TERRITORY.chains_of(connection, [hamlet], eve) == {hamlet: [OTHER_COMMUNE, PROVINCE]}
    assert TERRITORY.chains_of(connection, [hamlet], TODAY) == {hamlet: [OTHER_COMMUNE, other]}
