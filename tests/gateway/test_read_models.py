"""Read models give the same rows however their events were batched, and a rebuild finds nothing to correct."""

import random
from collections.abc import Iterator, Sequence
from typing import Any

import orjson
import pytest

from gateway import cases, coverage, members, visits
from gateway.coverage import percent
from gateway.projections import PROJECTIONS
from gateway.rows import ReadModel
from services.kernel.database import Database
from services.kernel.identifiers import derived_id
from services.kernel.rebuild import checksum, rebuild
from services.kernel.subscription import for_projection
from services.registry.examples import EXAMPLES
from tests.gateway.conftest import BOTH
from tests.gateway.world import World
from tests.moulds import Moulds


def told(world: World) -> None:
    """A history in which every kind of event comes, corrections and returns included."""
    province = world.unit("current", "96", "Tỉnh Cà Mau", "province", "Tỉnh", None, valid_from="2025-07-01")
    for name in ("31843", "31849"):
        commune = world.unit("current", name, f"Xã {name}", "commune", "Xã", province, valid_from="2025-07-01")
        old = world.unit("legacy", name, f"Xã cũ {name}", "commune", "Xã", None, valid_to="2025-06-30")
        world.succeeded(old, commune)
        hamlet, other = world.hamlet("Ấp Một", commune), world.hamlet("Ấp Hai", commune)
        team = world.team("Tổ Một", commune, hamlet, other)
        members = [world.member(team, number) for number in range(3)]
        for member in members[:2]:
            world.log.add(
                "registry",
                f"team-{team}",
                "member.stood_down",
                team=str(team),
                member=str(member),
                stood_down_on="2026-01-01",
            )
        world.member(team, 0, "leader")
        household = world.household(hamlet, 1)
        for number in range(4):
            visit = world.visit(household, hamlet, team, number)
            if number == 1:
                _corrected(world, visit, household, other, team)
            if number > 1:
                _voided(world, visit)
            if number == 3:
                _corrected(world, visit, household, other, team)
        for quarter, guided in (("2026-Q3", 1), ("2026-Q4", 2), ("2026-Q3", 3)):
            world.counted(hamlet, quarter, 7, guided, guided + 1)
        first, second = world.case(commune, 1), world.case(commune, 2)
        _about(world, first, "feedback.answered", answered_on="2026-10-11", kind="answer")
        _about(world, first, "person.erased")
        _about(world, second, "person.erased")
    world.known("current", "2025-07-01")
    for code in ("CHO_SO", "DAY_HOC"):
        _service(world, code)
    for number in range(2):
        _material(world, number)
        campaign = str(derived_id("campaign", number))
        days = {"period": "2026-12", "cadence": "month", "first_day": "2026-12-01", "last_day": "2026-12-31"}
        told = {"campaign": campaign, "unit": str(province), "topic": "VNEID_L2", "name": "Chuyên đề", **days}
        world.log.add("registry", f"campaign-{campaign}", "campaign.opened", **told)
    plan = {"organiser": "Xã đoàn", "participants": ["pupils", "teachers"], "coordination_plan": None}
    world.log.add("registry", f"campaign-{campaign}", "campaign.planned", campaign=campaign, **plan)
    world.log.add("registry", f"campaign-{campaign}", "campaign.called_off", campaign=campaign)
    for example in EXAMPLES:
        if example.name == "member.evaluated" or example.name.partition(".")[0] in _AS_IN_THE_EXAMPLES:
            world.log.add("registry", "example-1", example.name, **orjson.loads(example.model_dump_json()))


_AS_IN_THE_EXAMPLES = {
    *("member_skill", "member_evaluation", "good_practice", "emulation_drive", "commendation"),
    *("funding_rule", "funding", "roster", "priority_area", "partner", "task"),
}


def _service(world: World, code: str) -> None:
    def add(event: str, **told: Any) -> None:
        world.log.add("registry", f"digital_service-{code}", f"digital_service.{event}", service=code, **told)

    facts = {"name": code, "name_en": code, "group": "digital_economy", "owner": None, "hotline": None, "source": None}
    asked = {"territory": None, "proposer": {"kind": "firm", "organisation": "VNPT"}}
    add("proposed", facts=facts, **asked)
    add("withdrawn", last_day=None)
    add("proposed", facts=facts, **asked)
    add("published", facts=facts, **asked, valid_from="2026-01-01")
    for name, day in (("Một", "2026-03-01"), ("Hai", "2026-03-01"), ("Ba", "2026-06-01")):
        add("revised", facts={**facts, "name": name}, revised_on=day)
    add("withdrawn", last_day="2026-12-31")


def _material(world: World, number: int) -> None:
    material = str(derived_id("material", number))

    def add(event: str, **told: Any) -> None:
        world.log.add("registry", f"material-{material}", f"material.{event}", material=material, **told)

    file = {"sha256": f"{number}" * 64, "media_type": "image/png", "size": 70}
    facts = {"name": "Tờ rơi", "topic": "VNEID_L2", "service": None, "language": "vi", "issuer": "Sở", "file": file}
    for language in ("km", "vi"):
        add("drafted", unit=str(derived_id("unit", "96")), facts={**facts, "language": language})
        add("opinion_given", favourable=True, document="15/UBND", given_on="2026-02-10")
        add("approved", approved_on="2026-02-12")
    add("published", published_on="2026-02-15", replaces=None)
    if number:
        add("withdrawn", withdrawn_on="2026-08-01", replaced_by=None)


def _corrected(world: World, visit: Any, household: Any, hamlet: Any, team: Any) -> None:
    facts = {"visited_on": "2026-10-06", "mode": "phone", "services": ["DVCQG", "VNEID_L2"], "outcome": "informed"}
    ids = {"visit": str(visit), "household": str(household), "hamlet": str(hamlet), "team": str(team), "member": None}
    world.log.add("visits", f"visit-{visit}", "visit.corrected", **ids, **facts, reason="wrong_household")


def _voided(world: World, visit: Any) -> None:
    world.log.add("visits", f"visit-{visit}", "visit.voided", visit=str(visit), reason="duplicate")


def _about(world: World, case: Any, event: str, **more: Any) -> None:
    world.log.add("feedback", f"case-{case}", event, case=str(case), **more)


def rows(world: World, read_model: type[ReadModel]) -> str:
    with world.database.read() as connection:
        return checksum(connection, read_model())[0]


def take_in(world: World, sizes: Sequence[int]) -> None:
    """Deliver every log in batches of these sizes, over and over."""
    for projection in PROJECTIONS:
        for subscription in for_projection("gateway", projection(), world.database, world.log):
            log = world.log.events.get(subscription.source, [])
            at = turn = 0
            while at < len(log):
                size = sizes[turn % len(sizes)]
                subscription.receive("epoch-1", log[at : at + size])
                at, turn = at + size, turn + 1


def test_how_events_are_batched_makes_no_difference(world: World) -> None:
    told(world)
    world.catch_up()
    whole = {read_model: rows(world, read_model) for read_model in PROJECTIONS}
    random.seed(7)
    for sizes in ([1], [2, 3], [random.randint(1, 9) for _ in range(20)]):
        with world.database.write() as connection:
            for read_model in PROJECTIONS:
                read_model().metadata.drop_all(connection)
                read_model().metadata.create_all(connection)
            connection.exec_driver_sql("DELETE FROM cursors")
            connection.exec_driver_sql("DELETE FROM applied_versions")
        take_in(world, sizes)
        assert {read_model: rows(world, read_model) for read_model in PROJECTIONS} == whole, sizes


@pytest.fixture(scope="module", params=BOTH)
def told_world(
    request: pytest.FixtureRequest, moulds: Moulds, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """A world in which all that has been told is taken in; a rebuild leaves it as it was."""
    if request.param == "sqlite":
        url, cast = moulds.copy("gateway", tmp_path_factory.mktemp("told") / "gateway.db"), None
    else:
        cast = moulds.take("gateway")
        url = cast.url
    world = World(Database(url))
    told(world)
    world.catch_up()
    yield world
    world.database.close()
    if cast is not None:
        moulds.give_back("gateway", cast)


@pytest.mark.parametrize("read_model", PROJECTIONS, ids=lambda each: each.name)
def test_a_rebuild_finds_nothing_to_correct(told_world: World, read_model: type[ReadModel]) -> None:
    before = rows(told_world, read_model)
    done = rebuild("gateway", read_model, told_world.database, told_world.log)
    assert done.checksum == done.live_checksum
    assert rows(told_world, read_model) == before
    rebuild("gateway", read_model, told_world.database, told_world.log)


def test_what_came_last_holds(world: World) -> None:
    told(world)
    world.catch_up()
    with world.database.read() as connection:
        statuses = connection.execute(visits.LIVE.visits.select()).all()
        assert sorted(v.status for v in statuses) == sorted(["recorded", "corrected", "voided", "corrected"] * 2)
        serving = [m for m in connection.execute(members.LIVE.members.select()).all() if m.stood_down_on is None]
        assert sorted(m.role for m in serving) == ["leader", "leader", "member", "member"]
        guided = connection.execute(coverage.LIVE.quarters.select()).all()
        assert sorted((q.quarter, q.guided) for q in guided) == [("2026-Q3", 3)] * 2 + [("2026-Q4", 2)] * 2
        found = connection.execute(cases.LIVE.cases.select()).all()
        assert sorted((c.status, c.erased) for c in found) == [("answered", True)] * 2 + [("received", True)] * 2


def test_a_visit_told_in_the_first_shape_is_understood() -> None:
    event = visits.VisitRecorded.upcast({"guided": False}, 1)
    assert event["outcome"] == "informed"
    assert visits.VisitRecorded.upcast({"guided": True}, 1)["outcome"] == "guided"


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(0, 0, None), (0, 3, "0.0"), (1, 3, "33.3"), (2, 3, "66.7"), (1, 2000, "0.1"), (5, 5, "100.0")],
)
def test_a_rate_is_text_rounded_half_up_and_nothing_of_nothing(part: int, whole: int, text: str | None) -> None:
    assert percent(part, whole) == text
