"""Teams and who serves in them."""

import unicodedata
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given as for_all, strategies as some
from pydantic import ValidationError

from services.kernel.decider import Refused
from services.kernel.identifiers import derived_id
from services.kernel.testing import given
from services.registry.examples import EXAMPLES, HAMLET_ID
from services.registry.team import (
    TEAM,
    AppointMember,
    AssignDuty,
    DissolveTeam,
    EstablishTeam,
    LaunchTeam,
    NominateMember,
    RenewTeam,
    StandDownMember,
    TeamCommand,
)
from services.registry.team_events import (
    DutyAssigned,
    MemberAppointed,
    MemberNominated,
    MemberStoodDown,
    TeamDissolved,
    TeamEstablished,
    TeamLaunched,
    TeamRenewed,
)
from tests.registry.conftest import NOON

TODAY, TOMORROW = date(2026, 10, 6), date(2026, 10, 7)
(ESTABLISHED,) = (event for event in EXAMPLES if isinstance(event, TeamEstablished))
(LEADER,) = (event for event in EXAMPLES if isinstance(event, MemberAppointed))
(STOOD_DOWN,) = (event for event in EXAMPLES if isinstance(event, MemberStoodDown))
SOMEBODY = derived_id("test", "somebody")


def establish(*, at: datetime = NOON, **changes: Any) -> EstablishTeam:
    return EstablishTeam.model_validate({"actor": "official", "at": at, **ESTABLISHED.model_dump(), **changes})


def appoint(**changes: Any) -> AppointMember:
    return AppointMember.model_validate({"actor": "official", "at": NOON, **LEADER.model_dump(), **changes})


def stand_down(**changes: Any) -> StandDownMember:
    return StandDownMember.model_validate(
        {"actor": "official", "at": NOON, **STOOD_DOWN.model_dump(exclude={"appointed_on"}), **changes}
    )


def test_a_decision_establishes_a_team_for_its_hamlets() -> None:
    given(TEAM).when(establish()).then(ESTABLISHED)


def test_its_name_and_decision_number_are_composed() -> None:
    decomposed: dict[str, Any] = {
        key: unicodedata.normalize("NFD", getattr(ESTABLISHED, field))
        for key, field in (("name", "title"), ("decision_no", "decision_no"))
    }
    given(TEAM).when(establish(**decomposed)).then(ESTABLISHED)


def test_a_team_is_established_once() -> None:
    given(TEAM, ESTABLISHED).when(establish()).refused("TEAM_EXISTS", field="team")


def test_a_team_serves_at_least_one_hamlet() -> None:
    given(TEAM).when(establish(hamlets=[])).refused("NO_HAMLET", field="hamlets")


def test_a_hamlet_is_named_once() -> None:
    given(TEAM).when(establish(hamlets=[HAMLET_ID, HAMLET_ID])).refused("HAMLET_TWICE", field="hamlets")


def test_a_decision_may_be_of_today_and_not_of_tomorrow() -> None:
    given(TEAM).when(establish(decision_date=TODAY)).then(ESTABLISHED.model_copy(update={"decision_date": TODAY}))
    given(TEAM).when(establish(decision_date=TOMORROW)).refused("DECISION_IN_FUTURE", field="decision_date")


def test_today_is_today_in_vietnam() -> None:
    past_midnight_there = datetime(2026, 10, 6, 17, 0, tzinfo=UTC)
    given(TEAM).when(establish(at=past_midnight_there, decision_date=TOMORROW)).then(
        ESTABLISHED.model_copy(update={"decision_date": TOMORROW})
    )


@pytest.mark.parametrize("changes", [{"level": "district"}, {"decision_no": ""}, {"name": "x" * 201}])
def test_what_no_team_can_be_is_not_a_command(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        establish(**changes)


def test_a_member_is_appointed() -> None:
    given(TEAM, ESTABLISHED).when(appoint()).then(LEADER)


def test_nobody_is_appointed_to_a_team_that_was_never_established() -> None:
    given(TEAM).when(appoint()).refused("TEAM_UNKNOWN", field="team")
    given(TEAM).when(stand_down()).refused("TEAM_UNKNOWN", field="team")


def test_a_member_is_not_appointed_twice() -> None:
    given(TEAM, ESTABLISHED, LEADER).when(appoint(role="member")).refused("MEMBER_TWICE", field="member")


def test_a_team_has_one_leader() -> None:
    given(TEAM, ESTABLISHED, LEADER).when(appoint(member=SOMEBODY)).refused("LEADER_TAKEN", field="role")


def test_a_team_may_have_two_deputies() -> None:
    deputy = LEADER.model_copy(update={"role": "deputy"})
    given(TEAM, ESTABLISHED, deputy).when(appoint(member=SOMEBODY, role="deputy")).then(
        deputy.model_copy(update={"member": SOMEBODY})
    )


def test_nobody_is_appointed_from_tomorrow_on() -> None:
    given(TEAM, ESTABLISHED).when(appoint(appointed_on=TOMORROW)).refused("APPOINTED_IN_FUTURE")


def test_nobody_is_appointed_before_the_team_was_established() -> None:
    early = appoint(appointed_on=date(2026, 1, 19))
    given(TEAM, ESTABLISHED).when(early).refused("APPOINTED_BEFORE_TEAM", field="appointed_on")


def test_a_member_stands_down() -> None:
    given(TEAM, ESTABLISHED, LEADER).when(stand_down()).then(STOOD_DOWN)


def test_who_does_not_serve_cannot_stand_down() -> None:
    given(TEAM, ESTABLISHED).when(stand_down()).refused("MEMBER_UNKNOWN", field="member")
    given(TEAM, ESTABLISHED, LEADER, STOOD_DOWN).when(stand_down()).refused("MEMBER_UNKNOWN", field="member")


def test_nobody_stands_down_before_they_were_appointed_nor_from_tomorrow_on() -> None:
    serving = given(TEAM, ESTABLISHED, LEADER)
    serving.when(stand_down(stood_down_on=date(2026, 1, 19))).refused("STOOD_DOWN_BEFORE_APPOINTED")
    serving.when(stand_down(stood_down_on=TOMORROW)).refused("STOOD_DOWN_IN_FUTURE", field="stood_down_on")


def test_a_place_that_was_left_may_be_taken_again() -> None:
    left = given(TEAM, ESTABLISHED, LEADER, STOOD_DOWN)
    left.when(appoint(member=SOMEBODY)).then(LEADER.model_copy(update={"member": SOMEBODY}))
    left.when(appoint(appointed_on=TODAY)).then(LEADER.model_copy(update={"appointed_on": TODAY}))


# -- levels -----------------------------------------------------------------------------------------------------------


def test_a_commune_team_serves_all_of_it_and_names_no_hamlet() -> None:
    whole: dict[str, Any] = {"level": "commune", "hamlets": ()}
    given(TEAM).when(establish(**whole)).then(ESTABLISHED.model_copy(update=whole))
    given(TEAM).when(establish(level="commune")).refused("HAMLETS_NOT_EXPECTED", field="hamlets")


def test_an_enterprise_team_names_its_enterprise_and_no_other_does() -> None:
    of_works: dict[str, Any] = {"level": "enterprise", "hamlets": (), "enterprise": SOMEBODY}
    given(TEAM).when(establish(**of_works)).then(ESTABLISHED.model_copy(update=of_works))
    given(TEAM).when(establish(level="enterprise", hamlets=())).refused("ENTERPRISE_MISSING", field="enterprise")
    given(TEAM).when(establish(enterprise=SOMEBODY)).refused("ENTERPRISE_MISSING", field="enterprise")


# -- its decisions ----------------------------------------------------------------------------------------------------

(RENEWED,) = (event for event in EXAMPLES if isinstance(event, TeamRenewed))
(LAUNCHED,) = (event for event in EXAMPLES if isinstance(event, TeamLaunched))
(NOMINATED,) = (event for event in EXAMPLES if isinstance(event, MemberNominated))
(ASSIGNED,) = (event for event in EXAMPLES if isinstance(event, DutyAssigned))
DISSOLVED = next(event for event in EXAMPLES if isinstance(event, TeamDissolved)).model_copy(
    update={"decision_date": TODAY}
)


def renew(**changes: Any) -> RenewTeam:
    return RenewTeam.model_validate({"actor": "official", "at": NOON, **RENEWED.model_dump(), **changes})


def launch(**changes: Any) -> LaunchTeam:
    return LaunchTeam.model_validate({"actor": "official", "at": NOON, **LAUNCHED.model_dump(), **changes})


def dissolve(**changes: Any) -> DissolveTeam:
    return DissolveTeam.model_validate({"actor": "official", "at": NOON, **DISSOLVED.model_dump(), **changes})


def nominate(**changes: Any) -> NominateMember:
    return NominateMember.model_validate({"actor": "official", "at": NOON, **NOMINATED.model_dump(), **changes})


def assign(**changes: Any) -> AssignDuty:
    return AssignDuty.model_validate({"actor": "official", "at": NOON, **ASSIGNED.model_dump(), **changes})


def test_a_team_is_renewed_by_a_later_decision_for_other_hamlets() -> None:
    given(TEAM, ESTABLISHED).when(renew()).then(RENEWED)
    given(TEAM).when(renew()).refused("TEAM_UNKNOWN", field="team")
    given(TEAM, ESTABLISHED).when(renew(hamlets=())).refused("NO_HAMLET", field="hamlets")
    given(TEAM, ESTABLISHED).when(renew(decision_date=TOMORROW)).refused("DECISION_IN_FUTURE", field="decision_date")


def test_decisions_on_a_team_follow_one_another() -> None:
    early = date(2026, 9, 30)
    given(TEAM, ESTABLISHED, RENEWED).when(renew(decision_date=early)).refused("DECISION_BEFORE_TEAM")
    given(TEAM, ESTABLISHED, RENEWED).when(dissolve(decision_date=early)).refused("DECISION_BEFORE_TEAM")


def test_a_team_is_launched_once_after_it_was_founded() -> None:
    given(TEAM, ESTABLISHED).when(launch()).then(LAUNCHED)
    given(TEAM, ESTABLISHED, LAUNCHED).when(launch()).refused("TEAM_LAUNCHED", field="team")
    given(TEAM, ESTABLISHED).when(launch(launched_on=TOMORROW)).refused("DAY_IN_FUTURE", field="launched_on")
    given(TEAM, ESTABLISHED).when(launch(launched_on=date(2026, 1, 19))).refused("DAY_BEFORE_TEAM")


def test_of_a_dissolved_team_nothing_more_is_decided() -> None:
    given(TEAM, ESTABLISHED, LEADER).when(dissolve()).then(DISSOLVED)
    gone = given(TEAM, ESTABLISHED, LEADER, DISSOLVED)
    for command in (renew(), launch(), dissolve(), nominate(), appoint(), stand_down(), assign()):
        gone.when(command).refused("TEAM_DISSOLVED", field="team")


# -- its people -------------------------------------------------------------------------------------------------------


def test_somebody_is_put_forward_and_then_appointed() -> None:
    given(TEAM, ESTABLISHED).when(nominate()).then(NOMINATED)
    given(TEAM, ESTABLISHED, NOMINATED).when(nominate()).refused("NOMINATED_ALREADY", field="member")
    given(TEAM, ESTABLISHED, NOMINATED).when(appoint()).then(LEADER)
    given(TEAM, ESTABLISHED, NOMINATED, LEADER).when(nominate()).refused("MEMBER_TWICE", field="member")


def test_a_leader_is_replaced_in_one_step() -> None:
    replaced = appoint(member=SOMEBODY, replaces=LEADER.member, appointed_on=date(2026, 9, 30))
    given(TEAM, ESTABLISHED, LEADER).when(replaced).then(
        STOOD_DOWN, LEADER.model_copy(update={"member": SOMEBODY, "appointed_on": date(2026, 9, 30)})
    )
    given(TEAM, ESTABLISHED).when(replaced).refused("MEMBER_UNKNOWN", field="replaces")


def test_a_term_does_not_end_before_it_begins() -> None:
    given(TEAM, ESTABLISHED).when(appoint(term_to=date(2026, 1, 19))).refused("TERM_REVERSED", field="term_to")


def test_a_member_has_one_duty_at_a_time() -> None:
    given(TEAM, ESTABLISHED, LEADER).when(assign()).then(ASSIGNED)
    given(TEAM, ESTABLISHED, LEADER, ASSIGNED).when(assign()).then()
    other = assign(duty="Trực điểm hỗ trợ")
    given(TEAM, ESTABLISHED, LEADER, ASSIGNED).when(other).then(
        ASSIGNED.model_copy(update={"duty": "Trực điểm hỗ trợ"})
    )
    given(TEAM, ESTABLISHED).when(assign()).refused("MEMBER_UNKNOWN", field="member")


MEMBERS = [derived_id("test", "member", n) for n in range(4)]
ACTS = some.one_of(
    some.builds(
        lambda m, r: appoint(member=m, role=r), some.sampled_from(MEMBERS), some.sampled_from(["leader", "member"])
    ),
    some.builds(lambda m: stand_down(member=m), some.sampled_from(MEMBERS)),
)


@for_all(some.lists(ACTS, max_size=30))
def test_whatever_is_asked_a_team_has_at_most_one_leader_and_nobody_twice(acts: list[TeamCommand]) -> None:
    state = TEAM.fold(TEAM.initial, [ESTABLISHED])
    roles: dict[object, str] = {}
    for act in acts:
        try:
            events = TEAM.decide(act, state)
        except Refused:
            continue
        state = TEAM.fold(state, events)
        for event in events:
            if isinstance(event, MemberAppointed):
                assert event.member not in roles
                roles[event.member] = event.role
            elif isinstance(event, MemberStoodDown):
                del roles[event.member]
        assert list(roles.values()).count("leader") <= 1
    assert state is not None
    assert {member: appointed.role for member, appointed in state.serving.items()} == roles
