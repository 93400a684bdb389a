"""Teams whose ground went elsewhere, and what a decision on a team may not name; asked of the real event store."""

from typing import Any

import pytest

from services.kernel.bus import Answer
from services.kernel.identifiers import derived_id, new_id
from services.kernel.runtime import ServiceRuntime
from services.registry.team import TEAM
from services.registry.unit import unit_id
from tests.registry.conftest import NOON

PROVINCE = unit_id("current", "province", "96")
HERE, THERE, NEW = (unit_id("current", "commune", code) for code in ("31843", "31849", "31999"))
ONE, TWO, THREE, TEAM_ID, OTHER = (derived_id("test", word) for word in ("one", "two", "three", "team", "other"))
FIRM = derived_id("test", "firm")
ENVELOPE = {"actor": "official", "at": NOON.isoformat()}
BEFORE, DAY = "2026-08-31", "2026-09-01"


def unit(code: str, level: str = "commune", parent: object = PROVINCE) -> dict[str, Any]:
    told = {"regime": "current", "code": code, "name": f"Xã {code}", "kind": "Xã", "level": level, **ENVELOPE}
    return {**told, "valid_from": "2025-07-01", "lat": 9.5, "lon": 105.4, "parent": parent and str(parent)}


def hamlet(one: object, commune: object = HERE) -> dict[str, Any]:
    named = {"hamlet": str(one), "commune": str(commune), "name": "Ấp Một", "kind": "Ấp"}
    return {**named, "valid_from": "2025-07-01", **ENVELOPE}


def do(registry: ServiceRuntime, command: str, **told: Any) -> Answer:
    return registry.execute(command, {**told, **ENVELOPE, "command_id": str(new_id())})


def establish(registry: ServiceRuntime, team: object = TEAM_ID, **changes: Any) -> Answer:
    told = {"team": str(team), "commune": str(HERE), "name": "Tổ", "hamlets": [str(ONE), str(TWO)]}
    return do(registry, "establish_team", **{**told, "decision_no": "1/QĐ", "decision_date": "2026-01-20", **changes})


def renew(registry: ServiceRuntime, *hamlets: object, day: str = DAY, **changes: Any) -> Answer:
    told = {"team": str(TEAM_ID), "hamlets": [str(one) for one in hamlets], "decision_no": "2/QĐ", "decision_date": day}
    return do(registry, "renew_team", **{**told, **changes})


def dissolve(registry: ServiceRuntime, team: object = TEAM_ID, successor: object = None) -> Answer:
    told = {"team": str(team), "decision_no": "3/QĐ", "decision_date": DAY}
    return do(registry, "dissolve_team", **told, successor=successor and str(successor))


def decide(registry: ServiceRuntime, commune: object, *acts: dict[str, Any], day: str = DAY) -> Answer:
    told = {"unit": str(commune), "decision_no": str(new_id()), "decision_date": day, "acts": list(acts)}
    return do(registry, "decide_on_teams", **told)


def reorganise(registry: ServiceRuntime, *operations: dict[str, Any], on: str = DAY) -> None:
    answer = do(registry, "reorganise", reorganisation=str(new_id()), on=on, operations=list(operations))
    assert answer.accepted, answer


def transfer(one: object, to: object) -> dict[str, Any]:
    return {"do": "transfer", "place": "hamlet", "unit": str(one), "to": str(to)}


FOUNDED = {"do": "found_unit", "regime": "current", "code": "31999", "name": "Xã Mới", "kind": "Xã"}
SPLIT: tuple[dict[str, Any], ...] = (
    {**FOUNDED, "level": "commune", "parent": str(PROVINCE)},
    {"do": "split", "unit": str(HERE), "into": [str(NEW), str(THERE)], "seat": str(NEW)},
)


@pytest.fixture
def land(registry: ServiceRuntime) -> ServiceRuntime:
    """Two communes, three hamlets of the first, an enterprise there, a team of two of the hamlets."""
    commands: list[tuple[str, dict[str, Any]]] = [
        ("register_unit", unit("96", "province", None)),
        ("register_unit", unit("31843")),
        ("register_unit", unit("31849")),
        *(("register_hamlet", hamlet(one)) for one in (ONE, TWO, THREE)),
    ]
    works = {"enterprise": str(FIRM), "commune": str(HERE), "name": "Công ty", "workers": 400}
    commands.append(("register_enterprise", {**works, "counted_on": "2026-01-01", **ENVELOPE}))
    assert [answer.code for answer in registry.execute_many(commands)] == [""] * len(commands)
    assert establish(registry).accepted
    return registry


def commune_of(registry: ServiceRuntime) -> object:
    """Where the rules have the team."""
    statement = f"SELECT name, schema_version, data FROM events WHERE stream = 'team-{TEAM_ID}' ORDER BY version"
    with registry.database.read() as connection:
        rows = [tuple(row) for row in connection.exec_driver_sql(statement)]
    team = TEAM.fold(None, TEAM.codec.decode_all(rows))
    assert team is not None
    return team.commune


# -- a team follows its hamlets ---------------------------------------------------------------------------------------


def test_a_team_whose_hamlets_went_to_a_living_commune_is_that_commune_s_to_renew(land: ServiceRuntime) -> None:
    reorganise(land, transfer(ONE, THERE), transfer(TWO, THERE))
    act = {"act": "renew", "team": str(TEAM_ID), "hamlets": [str(ONE)]}
    assert decide(land, THERE, act, day=BEFORE).code == "TEAM_OF_OTHER_COMMUNE", "it lay in the other one still"
    assert decide(land, HERE, act).code == "TEAM_OF_OTHER_COMMUNE"
    assert decide(land, THERE, act).accepted
    assert commune_of(land) == THERE
    # From then on without a word of the commune.
    assert renew(land, TWO, day="2026-09-02").accepted
    assert renew(land, THREE, day="2026-09-03").code == "HAMLET_OF_OTHER_COMMUNE"


def test_a_team_of_a_divided_commune_goes_with_its_hamlets_to_a_part(land: ServiceRuntime) -> None:
    reorganise(land, *SPLIT, transfer(ONE, NEW), transfer(TWO, NEW))
    assert renew(land, ONE, TWO).code == "HAMLET_OF_OTHER_COMMUNE", "which commune renews it must be said"
    refused = renew(land, ONE, TWO, commune=str(THERE))
    assert (refused.code, refused.field) == ("TEAM_OF_OTHER_COMMUNE", "commune")
    assert renew(land, ONE, TWO, commune=str(NEW)).accepted
    assert commune_of(land) == NEW


def test_a_team_with_hamlets_on_both_sides_goes_with_the_one_that_renews_it(land: ServiceRuntime) -> None:
    reorganise(land, *SPLIT, transfer(ONE, NEW), transfer(TWO, THERE))
    assert decide(land, NEW, {"act": "renew", "team": str(TEAM_ID), "hamlets": [str(ONE)]}).accepted
    assert commune_of(land) == NEW
    after = decide(land, THERE, {"act": "renew", "team": str(TEAM_ID), "hamlets": [str(TWO)]})
    assert after.code == "TEAM_OF_OTHER_COMMUNE", "renewed for one hamlet it lies with that one"


def test_a_team_follows_a_hamlet_into_the_one_it_was_merged_into(land: ServiceRuntime) -> None:
    founded = {"do": "found_hamlet", "hamlet": str(OTHER), "commune": str(THERE), "name": "Ấp Mới", "kind": "Ấp"}
    merge = {"do": "merge", "place": "hamlet", "units": [str(ONE), str(TWO)], "into": str(OTHER)}
    reorganise(land, founded, merge)
    assert decide(land, THERE, {"act": "renew", "team": str(TEAM_ID), "hamlets": [str(OTHER)]}).accepted
    assert commune_of(land) == THERE


def test_a_commune_team_of_a_divided_commune_is_renewed_by_one_of_the_parts(land: ServiceRuntime) -> None:
    assert establish(land, OTHER, level="commune", hamlets=[]).accepted
    act = {"act": "renew", "team": str(OTHER)}
    assert decide(land, THERE, act).code == "TEAM_OF_OTHER_COMMUNE"
    reorganise(land, *SPLIT)
    assert decide(land, THERE, act).accepted
    assert decide(land, NEW, act).code == "TEAM_OF_OTHER_COMMUNE", "it has gone to the other part"


# -- what a decision may not name -------------------------------------------------------------------------------------


def test_a_hamlet_that_has_ended_by_the_decision_s_day_is_served_by_no_new_decision(land: ServiceRuntime) -> None:
    assert do(land, "end_hamlet", hamlet=str(TWO), valid_to="2026-08-31").accepted
    for answer in (renew(land, TWO), establish(land, OTHER, hamlets=[str(TWO)], decision_date=DAY)):
        assert (answer.code, answer.field) == ("HAMLET_ENDED", "hamlets")
        assert "đã kết thúc" in answer.message
    assert renew(land, TWO, day=BEFORE).accepted, "its last day counts"


def test_a_commune_that_has_ended_founds_no_team_and_one_of_before_its_first_day_may_be_told(
    land: ServiceRuntime,
) -> None:
    reorganise(land, {"do": "merge", "units": [str(HERE)], "into": str(THERE)})
    answer = establish(land, OTHER, decision_date=DAY)
    assert (answer.code, answer.field) == ("COMMUNE_ENDED", "commune")
    assert establish(land, OTHER, decision_date=BEFORE).accepted
    assert establish(land, derived_id("test", "old"), commune=str(THERE), level="commune", hamlets=[]).accepted
    old = {"level": "commune", "hamlets": [], "decision_date": "2023-05-01"}
    assert establish(land, derived_id("test", "older"), commune=str(THERE), **old).accepted
    assert renew(land, ONE, commune=str(HERE)).accepted, "as the one it belonged to: nothing is carried over"


def test_an_enterprise_founds_its_team_where_it_is(land: ServiceRuntime) -> None:
    works = {"level": "enterprise", "hamlets": [], "enterprise": str(FIRM)}
    answer = establish(land, OTHER, commune=str(THERE), **works)
    assert (answer.code, answer.field) == ("ENTERPRISE_OF_OTHER_COMMUNE", "enterprise")
    reorganise(land, {"do": "merge", "units": [str(HERE)], "into": str(THERE)})
    assert establish(land, OTHER, commune=str(THERE), **works).code == "ENTERPRISE_OF_OTHER_COMMUNE"
    assert establish(land, OTHER, commune=str(THERE), **works, decision_date=DAY).accepted, "it came along"


def test_who_takes_a_team_over_must_be_another_team_that_stands(land: ServiceRuntime) -> None:
    assert establish(land, OTHER, hamlets=[str(THREE)]).accepted
    for successor, code in ((new_id(), "SUCCESSOR_UNKNOWN"), (TEAM_ID, "SUCCESSOR_IS_SELF")):
        answer = dissolve(land, successor=successor)
        assert (answer.code, answer.field) == (code, "successor")
        assert answer.message
    assert dissolve(land, successor=OTHER).accepted
    circle = dissolve(land, OTHER, successor=TEAM_ID)
    assert (circle.code, circle.field) == ("SUCCESSOR_DISSOLVED", "successor"), "so no circle can close"
    assert dissolve(land, OTHER).accepted
