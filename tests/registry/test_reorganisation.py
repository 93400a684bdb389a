"""Reorganisations: all of a decision or none of it, from its day on."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from services.kernel.bus import Answer
from services.kernel.clock import to_text
from services.kernel.identifiers import derived_id, new_id
from services.kernel.runtime import ServiceRuntime
from services.registry.hamlet import HAMLET, Hamlet
from services.registry.unit import UNIT, Unit, lies_within, unit_id
from tests.registry.conftest import NOON

DAY, LAST_DAY = date(2026, 12, 1), date(2026, 11, 30)
PROVINCE, OTHER_PROVINCE = (unit_id("current", "province", code) for code in ("96", "91"))
WEST, EAST, SOUTH = (unit_id("current", "commune", code) for code in ("32002", "32005", "32008"))
NEW = unit_id("current", "commune", "32999")
AP_1, AP_2, AP_3 = (derived_id("test", name) for name in ("ap 1", "ap 2", "ap 3"))

Payload = dict[str, Any]


def command(order: str, **fields: Any) -> tuple[str, Payload]:
    return order, {"command_id": str(new_id()), "actor": "official", "at": to_text(NOON), **fields}


def unit(code: str, level: str, parent: UUID | None) -> tuple[str, Payload]:
    place = {"lat": 9.2, "lon": 105.1, "kind": "Xã", "regime": "current", "valid_from": "2025-07-01"}
    return command(
        "register_unit", code=code, name=f"Đơn vị {code}", level=level, parent=parent and str(parent), **place
    )


def hamlet(identity: UUID, commune: UUID) -> tuple[str, Payload]:
    told = {"hamlet": str(identity), "commune": str(commune), "name": "Ấp", "kind": "Ấp", "valid_from": "2025-07-01"}
    return command("register_hamlet", **told)


def found(code: str = "32999", **changes: Any) -> Payload:
    told = {"do": "found_unit", "regime": "current", "code": code, "name": "Xã Mới", "level": "commune", "kind": "Xã"}
    return {**told, "parent": str(PROVINCE), **changes}


def merge(*units: UUID, into: UUID, place: str = "unit") -> Payload:
    return {"do": "merge", "place": place, "units": [str(one) for one in units], "into": str(into)}


def reorganise(*operations: Payload, **changes: Any) -> tuple[str, Payload]:
    told = {"reorganisation": str(new_id()), "on": str(DAY), "decision_no": "12/NQ-HĐND", "decision_date": "2026-10-01"}
    return command("reorganise", **{**told, "operations": list(operations), **changes})


@pytest.fixture
def mapped(registry: ServiceRuntime) -> ServiceRuntime:
    """Two provinces, three communes of the first, three hamlets in the west."""
    commands = [unit("96", "province", None), unit("91", "province", None)]
    commands += [unit(code, "commune", PROVINCE) for code in ("32002", "32005", "32008")]
    commands += [hamlet(one, WEST) for one in (AP_1, AP_2, AP_3)]
    assert all(answer.accepted for answer in registry.execute_many(commands))
    return registry


def send(registry: ServiceRuntime, asked: tuple[str, Payload]) -> Answer:
    (answer,) = registry.execute_many([asked])
    return answer


def unit_state(registry: ServiceRuntime, identity: UUID) -> Unit | None:
    found: Unit | None = _state(registry, UNIT, identity)
    return found


def hamlet_state(registry: ServiceRuntime, identity: UUID) -> Hamlet | None:
    found: Hamlet | None = _state(registry, HAMLET, identity)
    return found


def _state(registry: ServiceRuntime, aggregate: Any, identity: UUID) -> Any:
    statement = "SELECT name, schema_version, data FROM events WHERE stream = '{}' ORDER BY version"
    with registry.database.read() as connection:
        rows = connection.exec_driver_sql(statement.format(aggregate.stream_of(identity))).all()
    return aggregate.fold(aggregate.initial, [aggregate.codec.decode(*row) for row in rows])


def count(registry: ServiceRuntime) -> int:
    with registry.database.read() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM events").scalar_one())


def test_two_communes_become_one_on_the_day_and_not_before(mapped: ServiceRuntime) -> None:
    assert send(mapped, reorganise(merge(WEST, EAST, into=NEW), found())).accepted
    west, new = unit_state(mapped, WEST), unit_state(mapped, NEW)
    assert west is not None
    assert new is not None
    assert (west.in_force(LAST_DAY), west.in_force(DAY)) == (True, False)
    assert (new.in_force(LAST_DAY), new.in_force(DAY)) == (False, True)
    assert (west.whole, west.successors, west.seat) == (True, frozenset({NEW}), NEW)


def test_a_commune_divided_ends_in_parts_and_one_keeps_the_seat(mapped: ServiceRuntime) -> None:
    split = {"do": "split", "unit": str(WEST), "into": [str(EAST), str(NEW)], "seat": str(NEW)}
    assert send(mapped, reorganise(found(), split)).accepted
    west = unit_state(mapped, WEST)
    assert west is not None
    assert (west.whole, west.successors, west.seat, west.last_day) == (False, frozenset({EAST, NEW}), NEW, LAST_DAY)


def test_a_part_that_goes_over_leaves_the_rest_standing(mapped: ServiceRuntime) -> None:
    assert send(mapped, reorganise({"do": "cede", "unit": str(WEST), "to": str(EAST)})).accepted
    west = unit_state(mapped, WEST)
    assert west is not None
    assert (west.in_force(DAY), west.successors, west.whole) == (True, frozenset({EAST}), False)


def test_a_commune_changes_province_and_name(mapped: ServiceRuntime) -> None:
    transfer = {"do": "transfer", "unit": str(WEST), "to": str(OTHER_PROVINCE)}
    rename = {"do": "rename", "unit": str(WEST), "name": "Phường Tây", "kind": "Phường"}
    assert send(mapped, reorganise(transfer, rename)).accepted
    west = unit_state(mapped, WEST)
    assert west is not None
    assert (west.parent_on(LAST_DAY), west.parent_on(DAY)) == (PROVINCE, OTHER_PROVINCE)
    assert west.named == ("Phường Tây", "Phường")


def test_hamlets_are_put_together_divided_renamed_and_moved(mapped: ServiceRuntime) -> None:
    new = new_id()
    operations = [
        {"do": "found_hamlet", "hamlet": str(new), "commune": str(WEST), "name": "Ấp Mới", "kind": "Ấp"},
        merge(AP_1, AP_2, into=new, place="hamlet"),
        {"do": "transfer", "place": "hamlet", "unit": str(AP_3), "to": str(EAST)},
        {"do": "rename", "place": "hamlet", "unit": str(AP_3), "name": "Khóm 3", "kind": "Khóm"},
    ]
    assert send(mapped, reorganise(*operations)).accepted
    one, three = hamlet_state(mapped, AP_1), hamlet_state(mapped, AP_3)
    assert one is not None
    assert three is not None
    assert (one.last_day, one.successors, one.whole) == (LAST_DAY, frozenset({new}), True)
    assert (three.commune_on(LAST_DAY), three.commune_on(DAY), three.named) == (WEST, EAST, ("Khóm 3", "Khóm"))


def test_a_tier_goes_without_successors(mapped: ServiceRuntime) -> None:
    assert send(mapped, reorganise({"do": "abolish", "units": [str(WEST), str(EAST)]})).accepted
    west = unit_state(mapped, WEST)
    assert west is not None
    assert (west.last_day, west.successors) == (LAST_DAY, frozenset[UUID]())


def test_what_belonged_to_a_commune_belongs_to_what_it_became(mapped: ServiceRuntime) -> None:
    """A team of the new commune takes hamlets that were registered under the old one."""
    past = {"on": "2026-09-01", "decision_date": "2026-08-01"}
    assert send(mapped, reorganise(found(), merge(WEST, EAST, into=NEW), **past)).accepted
    told = {"team": str(new_id()), "name": "Tổ", "hamlets": [str(AP_1)], "decision_no": "1/QĐ", "commune": str(NEW)}
    assert send(mapped, command("establish_team", **told, decision_date="2026-09-02")).accepted
    early = {**told, "team": str(new_id())}
    assert (
        send(mapped, command("establish_team", **early, decision_date="2026-08-31")).code == "HAMLET_OF_OTHER_COMMUNE"
    )


class Recorded:
    """What a guard may look at: the streams as they are recorded."""

    def __init__(self, registry: ServiceRuntime) -> None:
        self._registry = registry

    def state(self, aggregate: Any, identity: str) -> Any:
        return _state(self._registry, aggregate, UUID(identity))

    def query(self, statement: Any, **values: Any) -> list[Any]:
        raise AssertionError("where a unit lies is asked of no table")


def test_a_commune_lies_in_its_province_up_to_the_day_it_goes_to_another(mapped: ServiceRuntime) -> None:
    transfer = {"do": "transfer", "unit": str(WEST), "to": str(OTHER_PROVINCE)}
    assert send(mapped, reorganise(transfer)).accepted
    there = Recorded(mapped)
    assert [lies_within(there, WEST, one, LAST_DAY) for one in (WEST, PROVINCE, OTHER_PROVINCE)] == [True, True, False]
    assert [lies_within(there, WEST, one, DAY) for one in (WEST, PROVINCE, OTHER_PROVINCE)] == [True, False, True]


def test_what_went_whole_into_a_commune_lies_where_that_one_does_and_in_the_old_one_no_more(
    mapped: ServiceRuntime,
) -> None:
    transfer = {"do": "transfer", "unit": str(EAST), "to": str(OTHER_PROVINCE)}
    assert send(mapped, reorganise(merge(WEST, into=EAST), transfer)).accepted
    there, asked = Recorded(mapped), (WEST, EAST, PROVINCE, OTHER_PROVINCE)
    assert [lies_within(there, WEST, one, LAST_DAY) for one in asked] == [True, False, True, False]
    assert [lies_within(there, WEST, one, DAY) for one in asked] == [False, True, False, True]
    assert not lies_within(there, new_id(), PROVINCE, DAY)


def test_what_lay_in_a_province_lies_in_what_that_one_became(mapped: ServiceRuntime) -> None:
    assert send(mapped, reorganise(merge(PROVINCE, into=OTHER_PROVINCE))).accepted
    there = Recorded(mapped)
    assert [lies_within(there, WEST, one, LAST_DAY) for one in (PROVINCE, OTHER_PROVINCE)] == [True, False]
    assert [lies_within(there, WEST, one, DAY) for one in (PROVINCE, OTHER_PROVINCE)] == [False, True]


def test_one_bad_operation_refuses_all_and_changes_nothing(mapped: ServiceRuntime) -> None:
    before = count(mapped)
    refused = send(mapped, reorganise(found(), merge(WEST, into=NEW), merge(EAST, into=unit_id("x", "commune", "1"))))
    assert (refused.code, refused.field) == ("SUCCESSOR_UNKNOWN", "successor")
    assert count(mapped) == before


def test_told_again_just_so_nothing_changes_and_with_other_words_it_is_refused(mapped: ServiceRuntime) -> None:
    name, first = reorganise(found(), merge(WEST, into=NEW))
    assert send(mapped, (name, first)).accepted
    before = count(mapped)
    assert send(mapped, (name, first | {"command_id": str(new_id())})).accepted
    other = first | {"command_id": str(new_id()), "decision_no": "13/NQ-HĐND"}
    assert send(mapped, (name, other)).code == "REORGANISATION_EXISTS"
    assert count(mapped) == before


@pytest.mark.parametrize(
    ("code", "operations", "changes"),
    [
        ("UNIT_NOT_IN_FORCE", [found(), merge(WEST, into=NEW)], {"on": "2025-06-01", "decision_date": None}),
        ("UNIT_TWICE", [merge(WEST, into=EAST), merge(WEST, into=SOUTH)], {}),
        ("SUCCESSION_CYCLE", [merge(WEST, into=EAST), merge(EAST, into=WEST)], {}),
        ("SUCCESSOR_ENDS", [merge(WEST, into=EAST), merge(EAST, into=SOUTH)], {}),
        ("DECISION_IN_FUTURE", [merge(WEST, into=EAST)], {"decision_date": "2026-10-07"}),
        ("EFFECTIVE_BEFORE_DECISION", [merge(WEST, into=EAST)], {"on": "2026-09-30"}),
        ("UNIT_UNKNOWN", [merge(unit_id("current", "commune", "99999"), into=EAST)], {}),
        ("PARENT_LEVEL", [{"do": "transfer", "unit": str(WEST), "to": str(EAST)}], {}),
        ("HAMLET_UNKNOWN", [merge(new_id(), into=AP_1, place="hamlet")], {}),
        ("SUCCESSOR_UNKNOWN", [merge(AP_1, into=new_id(), place="hamlet")], {}),
        ("PARENT_UNKNOWN", [found(parent=str(new_id()))], {}),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(
    mapped: ServiceRuntime, code: str, operations: list[Payload], changes: Payload
) -> None:
    before = count(mapped)
    assert send(mapped, reorganise(*operations, **changes)).code == code
    assert count(mapped) == before


def test_a_unit_that_ended_is_merged_no_more(mapped: ServiceRuntime) -> None:
    assert send(mapped, reorganise(merge(WEST, into=EAST))).accepted
    assert send(mapped, reorganise(merge(WEST, into=SOUTH), on="2026-12-15")).code == "UNIT_ENDED"
    assert send(mapped, reorganise(merge(SOUTH, into=WEST))).code == "SUCCESSOR_NOT_IN_FORCE"


def test_changes_come_in_the_order_of_their_days(mapped: ServiceRuntime) -> None:
    def rename(name: str, on: str) -> Answer:
        return send(mapped, reorganise({"do": "rename", "unit": str(WEST), "name": name, "kind": "Xã"}, on=on))

    assert rename("Xã Tây", "2026-12-01").accepted
    assert rename("Xã Khác", "2026-11-01").code == "CHANGED_LATER"
    assert rename("Xã Khác", "2027-01-01").accepted


def test_what_is_told_of_an_earlier_day_than_another_change_is_refused_whatever_it_is(mapped: ServiceRuntime) -> None:
    def change(on: str, **operation: Any) -> str:
        return send(mapped, reorganise({"unit": str(WEST), **operation}, on=on)).code

    assert change("2027-03-01", do="rename", name="Xã Tây", kind="Xã") == ""
    assert change("2027-01-01", do="transfer", to=str(OTHER_PROVINCE)) == "CHANGED_LATER"
    assert change("2027-01-01", do="rename", name="Xã Tây", kind="Xã") == "CHANGED_LATER"
    assert change("2027-01-01", do="cede", to=str(EAST)) == "CHANGED_LATER"
    assert send(mapped, reorganise(merge(WEST, into=EAST), on="2027-02-01")).code == "CHANGED_LATER"
    assert change("2027-03-01", do="transfer", to=str(OTHER_PROVINCE)) == ""
    assert send(mapped, reorganise(merge(WEST, into=EAST), on="2027-03-02")).code == ""


def test_a_unit_that_is_gone_cedes_nothing(mapped: ServiceRuntime) -> None:
    assert send(mapped, reorganise(merge(WEST, into=EAST))).accepted
    later = reorganise({"do": "cede", "unit": str(WEST), "to": str(SOUTH)}, on="2027-01-01")
    assert send(mapped, later).code == "UNIT_NOT_IN_FORCE"
    assert send(mapped, reorganise(merge(AP_1, into=AP_2, place="hamlet"))).accepted
    later = reorganise({"do": "cede", "place": "hamlet", "unit": str(AP_1), "to": str(AP_3)}, on="2027-01-01")
    assert send(mapped, later).code == "HAMLET_NOT_IN_FORCE"


def test_a_rehearsal_sees_what_is_there_already(mapped: ServiceRuntime) -> None:
    asked = reorganise(found(code="32005"), merge(WEST, into=EAST))
    assert mapped.ask("rehearse", asked[1])["code"] == send(mapped, asked).code == "UNIT_EXISTS"


def test_a_rehearsal_says_what_would_be_refused_and_changes_nothing(mapped: ServiceRuntime) -> None:
    before = count(mapped)
    good, bad = reorganise(found(), merge(WEST, EAST, into=NEW)), reorganise(merge(WEST, into=NEW))
    assert mapped.ask("rehearse", good[1])["accepted"]
    assert mapped.ask("rehearse", bad[1])["code"] == "SUCCESSOR_UNKNOWN"
    assert mapped.ask("rehearse", {**good[1], "on": "mai"})["code"] == "INVALID"
    assert count(mapped) == before
