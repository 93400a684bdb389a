"""One decision on many teams: all of it, or nothing."""

from datetime import date
from typing import Any

from services.kernel.bus import Answer
from services.kernel.identifiers import derived_id, new_id
from services.kernel.runtime import ServiceRuntime
from services.kernel.testing import given
from services.registry.decision import TEAM_DECISION, DecideOnTeams, TeamDecisionIssued
from services.registry.examples import EXAMPLES
from services.registry.hamlet import HamletRegistered
from services.registry.unit import unit_id
from tests.registry.conftest import NOON

(ISSUED,) = (event for event in EXAMPLES if isinstance(event, TeamDecisionIssued))
HERE = unit_id("current", "commune", "31843")
THERE = unit_id("current", "commune", "31849")
OLD = unit_id("legacy", "commune", "31852")
HAMLETS = [event for event in EXAMPLES if isinstance(event, HamletRegistered)]


def decide(**changes: Any) -> DecideOnTeams:
    told = {"actor": "official", "at": NOON, **ISSUED.model_dump(exclude={"decision"}), **changes}
    return DecideOnTeams.model_validate(told)


def test_a_decision_is_issued_once_under_its_number() -> None:
    given(TEAM_DECISION).when(decide()).then(ISSUED)
    given(TEAM_DECISION, ISSUED).when(decide()).refused("DECISION_EXISTS", field="decision_no")
    assert decide(decision_no=ISSUED.decision_no.lower()).decision == ISSUED.decision
    assert decide(decision_date=date(2025, 10, 2)).decision != ISSUED.decision


def test_a_decision_is_of_today_or_before_and_names_teams_once() -> None:
    tomorrow = decide(decision_date=date(2026, 10, 7))
    given(TEAM_DECISION).when(tomorrow).refused("DECISION_IN_FUTURE", field="decision_date")
    given(TEAM_DECISION).when(decide(acts=())).refused("NO_TEAM", field="acts")
    given(TEAM_DECISION).when(decide(acts=(ISSUED.acts[0], ISSUED.acts[0]))).refused("TEAM_TWICE", field="acts")


# -- with the teams ---------------------------------------------------------------------------------------------------


def commune(registry: ServiceRuntime) -> None:
    """Two communes of today, one that became the first, and two hamlets."""
    envelope = {"actor": "test", "at": NOON.isoformat()}
    unit = {"kind": "Xã", "lat": 9.5, "lon": 105.4, **envelope}
    today = {**unit, "regime": "current", "valid_from": "2025-07-01"}
    before = {**unit, "regime": "legacy", "valid_to": "2025-06-30"}
    province = {"code": "96", "name": "Tỉnh Cà Mau", "level": "province"}
    parent = str(unit_id("current", "province", "96"))
    district = {"code": "956", "name": "Huyện Hồng Dân", "level": "district"}
    old_parent = str(unit_id("legacy", "province", "95"))
    commands: list[tuple[str, dict[str, Any]]] = [
        ("register_unit", {**today, **province}),
        ("register_unit", {**before, "code": "95", "name": "Tỉnh Bạc Liêu", "level": "province"}),
        ("register_unit", {**before, **district, "parent": old_parent}),
        ("register_unit", {**today, "code": "31843", "name": "Xã Hồng Dân", "level": "commune", "parent": parent}),
        ("register_unit", {**today, "code": "31849", "name": "Xã Ninh Quới", "level": "commune", "parent": parent}),
        (
            "register_unit",
            {
                **before,
                "code": "31852",
                "name": "Xã Lộc Ninh",
                "level": "commune",
                "parent": str(unit_id("legacy", "district", "956")),
            },
        ),
        (
            "succeed_unit",
            {"unit": str(OLD), "successor": str(HERE), "part": False, "seat": True, "on": "2025-07-01", **envelope},
        ),
        *(("register_hamlet", {**hamlet.model_dump(mode="json"), **envelope}) for hamlet in HAMLETS),
    ]
    answers = registry.execute_many(commands)
    assert [answer.code for answer in answers] == [""] * len(answers)


def ask(registry: ServiceRuntime, **changes: Any) -> Answer:
    told = {"command_id": str(new_id()), "actor": "official", "at": NOON.isoformat(), "unit": str(HERE)}
    told |= {"decision_no": "5/QĐ-UBND", "decision_date": "2026-09-01", **changes}
    return registry.execute("decide_on_teams", told)


def founding(name: str, hamlet: int = 0, *roles: str, act: str = "establish") -> dict[str, Any]:
    listed = [
        {"member": str(derived_id("test", name, number)), "role": role, "organisation": "Xã đoàn"}
        for number, role in enumerate(roles)
    ]
    hamlets = [str(HAMLETS[hamlet].hamlet)]
    return {"act": act, "team": str(derived_id("test", name)), "name": name, "hamlets": hamlets, "appoints": listed}


def stored(registry: ServiceRuntime) -> list[str]:
    with registry.database.read() as connection:
        names = connection.exec_driver_sql("SELECT name FROM events ORDER BY ordinal").scalars().all()
    return [name for name in names if name.partition(".")[0] in ("team", "member", "team_decision")]


def test_teams_with_their_people_are_established_and_launched_by_one_command(registry: ServiceRuntime) -> None:
    commune(registry)
    acts = [founding("một", 0, "leader", "member"), founding("hai", 1, "leader")]
    acts.append({"act": "launch", "team": acts[0]["team"]})
    assert ask(registry, acts=acts).accepted
    assert stored(registry) == [
        "team_decision.issued",
        "team.established",
        "member.appointed",
        "member.appointed",
        "team.established",
        "member.appointed",
        "team.launched",
    ]
    again = ask(registry, acts=acts)
    assert (again.code, again.field) == ("DECISION_EXISTS", "decision_no")


def test_one_team_that_cannot_be_founded_leaves_none_of_them(registry: ServiceRuntime) -> None:
    commune(registry)
    good = founding("một", 0, "leader")
    for bad, code in (
        (founding("hai", 1, "leader", "leader"), "LEADER_TAKEN"),
        ({**founding("hai"), "hamlets": [str(new_id())]}, "HAMLET_UNKNOWN"),
        ({**founding("hai"), "hamlets": []}, "NO_HAMLET"),
        ({"act": "renew", "team": str(new_id()), "hamlets": good["hamlets"]}, "TEAM_UNKNOWN"),
        ({"act": "launch", "team": good["team"], "launched_on": "2026-08-31"}, "DAY_BEFORE_TEAM"),
    ):
        assert ask(registry, acts=[good, bad]).code == code
        assert stored(registry) == []
    assert ask(registry, acts=[good]).accepted


def test_a_renewal_changes_hamlets_and_people_on_the_decision_s_day(registry: ServiceRuntime) -> None:
    commune(registry)
    first = founding("một", 0, "leader", "member")
    assert ask(registry, acts=[first]).accepted
    leader, member = (listed["member"] for listed in first["appoints"])
    newcomer = founding("khác", 0, "leader")["appoints"]
    hamlets = [str(HAMLETS[1].hamlet)]
    renewal = {"act": "renew", "team": first["team"], "hamlets": hamlets, "appoints": newcomer}
    later = {"decision_no": "9/QĐ-UBND", "decision_date": "2026-10-01"}
    assert ask(registry, acts=[renewal], **later).code == "LEADER_TAKEN"
    assert ask(registry, acts=[{**renewal, "stands_down": [leader]}], **later | {"decision_no": "10/QĐ"}).accepted
    assert stored(registry)[-4:] == ["team_decision.issued", "team.renewed", "member.stood_down", "member.appointed"]
    assert member != newcomer[0]["member"]


def test_a_commune_decides_on_its_own_teams_and_on_those_it_inherited(registry: ServiceRuntime) -> None:
    commune(registry)
    assert ask(registry, acts=[founding("một")]).accepted
    mine = {"act": "launch", "team": founding("một")["team"]}
    assert ask(registry, unit=str(THERE), acts=[mine]).code == "TEAM_OF_OTHER_COMMUNE"
    assert ask(registry, unit=str(unit_id("current", "province", "96")), acts=[mine]).code == "UNIT_NOT_COMMUNE"
    inherited = str(derived_id("test", "cũ"))
    told = {"actor": "test", "at": NOON.isoformat(), "team": inherited, "commune": str(OLD), "name": "Tổ cũ"}
    told |= {"level": "commune", "decision_no": "1/QĐ", "decision_date": "2024-01-02"}
    assert registry.execute("establish_team", told).accepted
    renewed = {"act": "renew", "team": inherited, "hamlets": []}
    assert ask(registry, acts=[renewed], decision_no="11/QĐ").accepted
    assert ask(registry, unit=str(THERE), acts=[renewed], decision_no="11/QĐ").code == "TEAM_OF_OTHER_COMMUNE"


def test_a_commune_decides_on_teams_from_the_day_they_came_to_it_however_many_mergers_ago(
    registry: ServiceRuntime,
) -> None:
    commune(registry)
    inherited, envelope = str(derived_id("test", "cũ")), {"actor": "test", "at": NOON.isoformat()}
    told = {"team": inherited, "commune": str(OLD), "name": "Tổ cũ", "level": "commune", **envelope}
    assert registry.execute("establish_team", {**told, "decision_no": "1", "decision_date": "2024-01-02"}).accepted
    merger = {"do": "merge", "place": "unit", "units": [str(HERE)], "into": str(THERE)}
    decided = {"on": "2026-09-15", "decision_no": "30/NQ", "decision_date": "2026-09-01", "operations": [merger]}
    assert registry.execute("reorganise", {"reorganisation": str(new_id()), **decided, **envelope}).accepted
    for number, (unit, day, code) in enumerate(
        (
            (THERE, "2026-09-14", "TEAM_OF_OTHER_COMMUNE"),
            (HERE, "2026-09-14", ""),
            (HERE, "2026-09-15", "TEAM_OF_OTHER_COMMUNE"),
            (THERE, "2026-09-15", ""),
        )
    ):
        renewed = {"act": "renew", "team": inherited, "hamlets": []}
        answer = ask(registry, unit=str(unit), acts=[renewed], decision_no=f"{number}/QĐ", decision_date=day)
        assert answer.code == code, (unit, day)
