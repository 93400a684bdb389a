"""Policy profiles: what a plan demands, where and when, and who may demand more."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as for_all, strategies as some

from services.kernel.bus import Answer
from services.kernel.runtime import ServiceRuntime
from services.kernel.testing import Given, given
from services.registry.examples import PLAN, PROVINCE
from services.registry.import_map import PROFILES, plan_import
from services.registry.plan_rules import Citation, DueRule, LeadRule, OpinionRule, PlanRule, QuantityRule, TargetRule
from services.registry.policy import (
    POLICY,
    DraftPolicyProfile,
    EndPolicyProfile,
    Plan,
    Policy,
    PolicyProfileDrafted,
    PolicyProfilePublished,
    PolicyProfileSuperseded,
    PublishPolicyProfile,
    profile_id,
)
from services.registry.unit import unit_id
from tests.registry.conftest import NOON

TODAY = date(2026, 10, 6)
OLD, NEW = profile_id("OLD"), profile_id("NEW")
CITED = Citation(document="1/QĐ", section="2")


def members(comparator: Any, value: float) -> QuantityRule:
    return QuantityRule(
        kind="quantity", measure="members", level="hamlet", comparator=comparator, value=value, citation=CITED
    )


def report(day: int | None, *, inclusive: bool | None = True, cadence: Any = "quarter") -> DueRule:
    return DueRule(
        kind="due", what="report", cadence=cadence, tier="team", day=day, inclusive=inclusive, citation=CITED
    )


def plan(**changes: Any) -> Plan:
    return PLAN.model_copy(update=changes)


def draft(profile: Any = NEW, *, at: datetime = NOON, **changes: Any) -> DraftPolicyProfile:
    return DraftPolicyProfile(actor="official", at=at, territory=PROVINCE, profile=profile, plan=plan(**changes))


def publish(profile: Any = NEW, **changes: Any) -> PublishPolicyProfile:
    return PublishPolicyProfile(actor="official", at=NOON, territory=PROVINCE, profile=profile, **changes)


def drafted(profile: Any = NEW, **changes: Any) -> PolicyProfileDrafted:
    return PolicyProfileDrafted(territory=PROVINCE, profile=profile, plan=plan(**changes))


def published(profile: Any = NEW, **changes: Any) -> PolicyProfilePublished:
    return PolicyProfilePublished(territory=PROVINCE, profile=profile, plan=plan(**changes))


def superseded(profile: Any, last_day: date, by: Any = None) -> PolicyProfileSuperseded:
    return PolicyProfileSuperseded(territory=PROVINCE, profile=profile, last_day=last_day, by=by)


def end(last_day: date, profile: Any = OLD) -> EndPolicyProfile:
    return EndPolicyProfile(actor="official", at=NOON, territory=PROVINCE, profile=profile, last_day=last_day)


# -- drafting ---------------------------------------------------------------------------------------------------------


def test_a_plan_is_written_down_before_it_holds() -> None:
    given(POLICY).when(draft()).then(drafted())


def test_a_draft_may_be_written_anew_and_told_again_changes_nothing() -> None:
    given(POLICY, drafted()).when(draft(issuer="Nơi khác")).then(drafted(issuer="Nơi khác"))
    given(POLICY, drafted()).when(draft()).then()


def test_what_is_published_is_not_rewritten() -> None:
    given(POLICY, drafted(), published()).when(draft(issuer="Nơi khác")).refused("PROFILE_PUBLISHED", field="profile")
    given(POLICY, drafted(), published()).when(draft()).then()


def test_a_plan_does_not_end_before_it_begins() -> None:
    backwards = draft(valid_from=date(2026, 2, 1), valid_to=date(2026, 1, 31))
    given(POLICY).when(backwards).refused("PROFILE_SPAN_REVERSED", field="plan.valid_to")


def test_two_rules_do_not_speak_of_one_thing() -> None:
    twice = draft(rules=(members(">=", 4), members("<=", 10), members(">=", 5)))
    given(POLICY).when(twice).refused("RULE_TWICE", field="plan.rules.2")
    both = draft(rules=(members("=", 12), members("<=", 10)))
    given(POLICY).when(both).refused("RULE_TWICE", field="plan.rules.1")


# -- publishing -------------------------------------------------------------------------------------------------------


def test_a_draft_is_published() -> None:
    given(POLICY, drafted()).when(publish()).then(published())


def test_only_what_was_drafted_is_published_and_only_once() -> None:
    given(POLICY).when(publish()).refused("PROFILE_UNKNOWN", field="profile")
    given(POLICY, drafted(), published()).when(publish()).refused("PROFILE_PUBLISHED", field="profile")


def test_a_draft_without_number_or_day_gets_them_when_it_is_published() -> None:
    unsigned = drafted(document=None, issued_on=None)
    given(POLICY, unsigned).when(publish()).refused("DECISION_MISSING", field="document")
    given(POLICY, unsigned).when(publish(document="7/KH-UBND")).refused("DECISION_MISSING", field="issued_on")
    signed = {"document": "7/KH-UBND", "issued_on": date(2026, 10, 5)}
    given(POLICY, unsigned).when(publish(**signed)).then(published(**signed, valid_from=date(2026, 10, 5)))


def test_of_a_plan_long_over_the_day_may_be_unknown() -> None:
    past = {"issued_on": None, "valid_from": date(2022, 1, 1), "valid_to": date(2022, 12, 31)}
    given(POLICY, drafted(**past)).when(publish()).then(published(**past))


def test_a_plan_binds_nobody_before_it_was_signed() -> None:
    late = {"issued_on": date(2026, 3, 1), "valid_from": date(2026, 1, 1)}
    given(POLICY, drafted(**late)).when(publish()).then(published(**{**late, "valid_from": date(2026, 3, 1)}))


def test_a_decision_is_not_dated_tomorrow() -> None:
    tomorrow = publish(issued_on=date(2026, 10, 7))
    given(POLICY, drafted()).when(tomorrow).refused("DECISION_IN_FUTURE", field="issued_on")


def test_a_plan_signed_after_its_last_day_is_none() -> None:
    over = drafted(valid_from=date(2026, 2, 1), valid_to=date(2026, 3, 1), issued_on=date(2026, 4, 1))
    given(POLICY, over).when(publish()).refused("PROFILE_SPAN_REVERSED", field="issued_on")


def test_the_next_plan_takes_the_place_of_the_last_from_its_first_day() -> None:
    first = date(2026, 11, 1)
    given(POLICY, drafted(OLD), published(OLD), drafted(valid_from=first)).when(publish()).then(
        superseded(OLD, date(2026, 10, 31), by=NEW), published(valid_from=first)
    )


def test_what_is_past_is_not_judged_anew() -> None:
    yesterday = drafted(valid_from=date(2026, 10, 5))
    given(POLICY, drafted(OLD), published(OLD), yesterday).when(publish()).refused(
        "SUPERSEDES_THE_PAST", field="plan.valid_from"
    )


def test_a_plan_does_not_hold_while_a_later_one_does() -> None:
    later = {"valid_from": date(2027, 1, 1), "valid_to": date(2027, 12, 31)}
    over = {"valid_from": date(2026, 11, 1), "valid_to": date(2027, 1, 1)}
    before = {"valid_from": date(2026, 11, 1), "valid_to": date(2026, 12, 31)}
    there = (drafted(OLD, **later), published(OLD, **later))
    given(POLICY, *there, drafted(**over)).when(publish()).refused("PROFILE_OVERLAPS", field="plan.valid_from")
    given(POLICY, *there, drafted(**before)).when(publish()).then(published(**before))


# -- ending -----------------------------------------------------------------------------------------------------------


def test_a_plan_may_end_without_another() -> None:
    given(POLICY, drafted(OLD), published(OLD)).when(end(TODAY)).then(superseded(OLD, TODAY))
    given(POLICY, drafted(OLD), published(OLD), superseded(OLD, TODAY)).when(end(TODAY)).then()


def test_a_plan_does_not_end_in_the_past_nor_after_its_end_nor_unpublished() -> None:
    there = (drafted(OLD), published(OLD))
    given(POLICY, *there).when(end(date(2026, 10, 4))).refused("ENDS_IN_THE_PAST", field="last_day")
    given(POLICY, *there).when(end(date(2031, 1, 1))).refused("PROFILE_NOT_IN_FORCE", field="last_day")
    given(POLICY, drafted(OLD)).when(end(TODAY)).refused("PROFILE_UNKNOWN", field="profile")


@for_all(some.lists(some.tuples(some.integers(0, 400), some.integers(0, 400)), max_size=8))
def test_whatever_is_published_no_two_profiles_hold_on_one_day(spans: list[tuple[int, int]]) -> None:
    start = date(2026, 6, 1).toordinal()
    policy: Policy = POLICY.initial
    for number, (first, length) in enumerate(spans):
        span = {"valid_from": date.fromordinal(start + first), "valid_to": date.fromordinal(start + first + length)}
        profile = profile_id(f"P{number}")
        command = draft(profile).model_copy(update={"plan": plan(issued_on=date(2026, 6, 1), **span)})
        for asked in (command, publish(profile)):
            policy = POLICY.fold(policy, Given(POLICY, policy).when(asked).events)  # type: ignore[arg-type]
    for day in range(start, start + 801):
        assert sum(each.holds(date.fromordinal(day)) for each in policy.published.values()) <= 1


# -- tightening -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("own", "above", "loosens"),
    [
        (members(">=", 4), members(">=", 4), False),
        (members(">=", 5), members(">=", 4), False),
        (members(">=", 3), members(">=", 4), True),
        (members(">=", 4), members(">", 4), True),
        (members("<=", 9), members("<=", 10), False),
        (members("<=", 11), members("<=", 10), True),
        (members("=", 5), members(">=", 4), False),
        (members("=", 12), members("<=", 10), True),
        (members("=", 10), members("<=", 10), False),
        (members("=", 4), members(">", 4), True),
        (members("=", 5), members("=", 5), False),
        (members(">=", 5), members("=", 5), True),
        (members(">=", 12), members("<=", 10), True),
        (members("<=", 3), members(">=", 4), True),
        (members("<=", 10), members(">=", 4), False),
        (members("<=", 11).model_copy(update={"level": None}), members("<=", 10), True),
        (report(15), report(16), False),
        (report(17), report(16), True),
        (report(16, inclusive=True), report(16, inclusive=False), True),
        (report(15, inclusive=True), report(16, inclusive=False), False),
        (report(16), report(None), False),
        (report(None), report(16), True),
        (TargetRule(kind="target", indicator="HH-02", comparator=">=", value=70, citation=CITED),) * 2 + (False,),
    ],
)
def test_lower_tiers_may_tighten_and_not_loosen(own: PlanRule, above: PlanRule, loosens: bool) -> None:
    assert own.bears_on(above)
    assert own.loosens(above) is loosens


def test_before_a_day_means_the_day_before_and_at_latest_means_that_day() -> None:
    """domain.md A8 (b), E23."""
    period = date(2026, 9, 30)
    assert report(16, inclusive=False).last_day(period) == date(2026, 9, 15)
    assert report(16, inclusive=True).last_day(period) == date(2026, 9, 16)
    assert report(None).last_day(period) is None
    assert report(31, inclusive=True).last_day(period) == date(2026, 9, 30)


# -- in the registry --------------------------------------------------------------------------------------------------

OPEN, CLOSED = date(2026, 10, 1), date(2026, 9, 30)
"""The first day of the quarter that is not over, and the last day before it."""
HONG_DAN = unit_id("current", "commune", "31843")


def ask(registry: ServiceRuntime, command: str, /, **payload: Any) -> Answer:
    return registry.execute(command, {"actor": "official", "at": NOON.isoformat(), **payload})


@pytest.fixture
def mapped(registry: ServiceRuntime) -> ServiceRuntime:
    """A province and a commune of it."""
    place = {"regime": "current", "kind": "Tỉnh", "lat": 9.1, "lon": 105.2, "valid_from": "2025-07-01"}
    province = ask(registry, "register_unit", **place, code="96", name="Tỉnh Cà Mau", level="province")
    commune = ask(
        registry, "register_unit", **place, code="31843", name="Xã Hồng Dân", level="commune", parent=str(PROVINCE)
    )
    assert province.accepted
    assert commune.accepted
    return registry


def put_in_force(registry: ServiceRuntime, territory: Any, profile: Any, **changes: Any) -> Answer:
    said = plan(**changes).model_dump(mode="json")
    about = {"territory": str(territory), "profile": str(profile)}
    assert ask(registry, "draft_policy_profile", **about, plan=said).accepted
    return ask(registry, "publish_policy_profile", **about)


def test_a_commune_may_ask_more_than_its_province_and_not_less(mapped: ServiceRuntime) -> None:
    assert put_in_force(mapped, PROVINCE, OLD, rules=(members(">=", 4),)).accepted
    looser = put_in_force(mapped, HONG_DAN, NEW, valid_from=OPEN, rules=(members("<=", 9), members(">=", 3)))
    assert (looser.code, looser.field) == ("RULE_LOOSENED", "plan.rules.1")
    assert "1/QĐ, 2" in looser.message
    tight = (members("<=", 9), members(">=", 5))
    assert put_in_force(mapped, HONG_DAN, profile_id("TIGHT"), valid_from=OPEN, rules=tight).accepted


def test_exactly_twelve_is_looser_than_ten_at_most(mapped: ServiceRuntime) -> None:
    assert put_in_force(mapped, PROVINCE, OLD, rules=(members("<=", 10),)).accepted
    twelve = put_in_force(mapped, HONG_DAN, NEW, valid_from=OPEN, rules=(members("=", 12),))
    assert (twelve.code, twelve.field) == ("RULE_LOOSENED", "plan.rules.0")
    assert put_in_force(mapped, HONG_DAN, profile_id("NINE"), valid_from=OPEN, rules=(members("=", 9),)).accepted


# -- what is closed ---------------------------------------------------------------------------------------------------


def refused_for_the_past(answer: Answer) -> bool:
    return (answer.code, answer.field) == ("SUPERSEDES_THE_PAST", "plan.valid_from")


def test_a_commune_does_not_tighten_a_quarter_its_province_s_plan_has_judged(mapped: ServiceRuntime) -> None:
    assert put_in_force(mapped, PROVINCE, OLD, rules=(members(">=", 4),)).accepted
    tight = {"rules": (members(">=", 5),)}
    assert refused_for_the_past(put_in_force(mapped, HONG_DAN, NEW, valid_from=CLOSED, **tight))
    within = {"valid_from": date(2026, 2, 1), "valid_to": date(2026, 2, 28)}
    assert refused_for_the_past(put_in_force(mapped, HONG_DAN, profile_id("SPAN"), **within, **tight))
    assert put_in_force(mapped, HONG_DAN, profile_id("NOW"), valid_from=OPEN, **tight).accepted


def test_a_province_does_not_judge_anew_where_a_commune_s_own_plan_has_judged(mapped: ServiceRuntime) -> None:
    assert put_in_force(mapped, HONG_DAN, OLD, rules=(members(">=", 5),)).accepted
    assert refused_for_the_past(put_in_force(mapped, PROVINCE, NEW, valid_from=CLOSED))
    assert put_in_force(mapped, PROVINCE, profile_id("NOW"), valid_from=OPEN).accepted


def test_where_nothing_had_judged_a_plan_is_entered_with_its_own_past(mapped: ServiceRuntime) -> None:
    over = {"valid_from": date(2026, 1, 16), "valid_to": date(2026, 6, 30)}
    assert put_in_force(mapped, PROVINCE, OLD, **over).accepted
    assert refused_for_the_past(put_in_force(mapped, HONG_DAN, NEW, valid_from=date(2026, 6, 30)))
    assert put_in_force(mapped, HONG_DAN, profile_id("AFTER"), valid_from=date(2026, 7, 1)).accepted


def test_a_commune_is_held_to_the_province_it_lay_under_then(mapped: ServiceRuntime) -> None:
    place = {"regime": "current", "kind": "Tỉnh", "lat": 9.9, "lon": 105.1, "valid_from": "2025-07-01"}
    assert ask(mapped, "register_unit", **place, code="91", name="Tỉnh An Giang", level="province").accepted
    assert put_in_force(mapped, PROVINCE, OLD).accepted
    moved = {"unit": str(HONG_DAN), "parent": str(unit_id("current", "province", "91")), "on": "2026-08-01"}
    assert ask(mapped, "transfer_unit", **moved).accepted
    assert refused_for_the_past(put_in_force(mapped, HONG_DAN, NEW, valid_from=date(2026, 7, 31)))
    assert put_in_force(mapped, HONG_DAN, profile_id("AFTER"), valid_from=date(2026, 8, 1)).accepted


def test_a_plan_needs_a_place_that_stands(mapped: ServiceRuntime) -> None:
    nowhere = ask(
        mapped,
        "draft_policy_profile",
        territory=str(unit_id("current", "province", "01")),
        profile=str(NEW),
        plan=PLAN.model_dump(mode="json"),
    )
    assert (nowhere.code, nowhere.field) == ("TERRITORY_UNKNOWN", "territory")
    too_early = put_in_force(mapped, PROVINCE, NEW, valid_from=date(2025, 1, 1), issued_on=date(2025, 1, 1))
    assert (too_early.code, too_early.field) == ("TERRITORY_NOT_IN_FORCE", "territory")


def test_a_rule_of_an_unknown_kind_is_refused_by_name(mapped: ServiceRuntime) -> None:
    said = PLAN.model_dump(mode="json")
    said["rules"][0]["kind"] = "weather"
    answer = ask(mapped, "draft_policy_profile", territory=str(PROVINCE), profile=str(NEW), plan=said)
    assert (answer.code, answer.field) == ("INVALID", "plan.rules.0")


# -- the plans that ship ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped(provinces: tuple[Path, Path, Path]) -> dict[str, DraftPolicyProfile]:
    found = plan_import(*provinces, profiles=PROFILES)
    assert found.faults == ()
    return {c.plan.code: c for c in found.commands if isinstance(c, DraftPolicyProfile)}


def test_the_four_plans_ship_and_the_unsigned_one_as_a_draft(
    shipped: dict[str, DraftPolicyProfile], provinces: tuple[Path, Path, Path]
) -> None:
    commands = plan_import(*provinces, profiles=PROFILES).commands
    published_ones = {command.profile for command in commands if isinstance(command, PublishPolicyProfile)}
    assert set(shipped) == {"CM-2023-220", "KG-2022", "CG-2026", "CM-2026-20"}
    assert {code for code, c in shipped.items() if c.profile not in published_ones} == {"CG-2026"}


def test_what_a_plan_does_not_state_is_not_there(shipped: dict[str, DraftPolicyProfile]) -> None:
    """domain.md A8 (f): Cà Mau 2026 has no 16/21/26 and no four members."""
    kinds = {rule.kind for rule in shipped["CM-2026-20"].plan.rules}
    assert kinds == {"quantity", "target"}, "no report's day, no lead body"
    stated = [r.measure for r in shipped["CM-2026-20"].plan.rules if isinstance(r, QuantityRule)]
    assert stated == ["teams_per_hamlet"]


def test_the_days_of_220_are_the_ones_it_says(shipped: dict[str, DraftPolicyProfile]) -> None:
    quarter_end = date(2024, 9, 30)
    due = {
        rule.tier: rule.last_day(quarter_end)
        for rule in shipped["CM-2023-220"].plan.rules
        if isinstance(rule, DueRule) and (rule.what, rule.cadence) == ("report", "quarter")
    }
    assert due == {
        "team": date(2024, 9, 15),
        "commune": date(2024, 9, 20),
        "district": date(2024, 9, 25),
        "department": None,
    }


def test_each_plan_names_its_lead_body_and_the_tiers_down_to_the_team(shipped: dict[str, DraftPolicyProfile]) -> None:
    """domain.md A8: 000 names none in what is known of it."""
    leads = {
        code: [(r.body, r.citation.section) for r in c.plan.rules if isinstance(r, LeadRule)]
        for code, c in shipped.items()
    }
    assert leads == {
        "CM-2023-220": [("SO_TTTT", "VI.1a, VI.1b")],
        "KG-2022": [("SO_TTTT", "II.2, III.1"), ("CONG_AN_TINH", "III.2")],
        "CG-2026": [("PHONG_VHXH", "IV.1")],
        "CM-2026-20": [],
    }
    assert all({"team", "hamlet"} <= set(command.plan.tiers) for command in shipped.values())


def test_kien_giang_s_targets_are_the_eleven_its_plan_states(shipped: dict[str, DraftPolicyProfile]) -> None:
    """domain.md A3, rows 59 to 63."""
    targets = {
        rule.indicator: (rule.value, rule.by, rule.citation.section)
        for rule in shipped["KG-2022"].plan.rules
        if isinstance(rule, TargetRule)
    }
    year_end = date(2022, 12, 31)
    half = dict.fromkeys(("ECO-01", "PPL-02", "PPL-05", "PPL-06", "PPL-07", "PPL-08"), (50, year_end, "I.3"))
    assert targets == half | {
        "GOV-03": (60, year_end, "I.3"),
        "ECO-03": (60, year_end, "I.3"),
        "GOV-02": (None, year_end, "I.3"),
        "GOV-05": (100, None, "III.2"),
        "GOV-06": (100, None, "III.2"),
    }


def test_of_the_four_plans_only_kien_giang_s_asks_for_an_opinion(shipped: dict[str, DraftPolicyProfile]) -> None:
    asked = {
        code: rule.citation.section
        for code, command in shipped.items()
        for rule in command.plan.rules
        if isinstance(rule, OpinionRule)
    }
    assert asked == {"KG-2022": "III.1"}
