"""A team from its decision to its figures: founded by an official, at work offline, its mistakes put right."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.kernel.clock import business_date, system_clock
from tests.journeys.conftest import As
from tests.journeys.people import OUTCOME, Official, Word
from tests.journeys.systems import eventually

COMMUNE, OTHER_COMMUNE = "32248", "32002"
SINCE = "2025-07-01"
RECORD = f"mutation ($visits: [VisitInput!]!) {{ recordVisits(visits: $visits) {OUTCOME} }}"
FIGURES = "{ households guidedInQuarter guidedSincePlan }"


@dataclass
class Team:
    """A team with its leader at GraphQL, its two hamlets and their households."""

    official: Official
    leader: Official
    id: str
    hamlets: tuple[str, str]
    households: dict[str, str] = field(default_factory=dict)
    """Household → hamlet."""

    def figures(self, overseer: Official) -> dict[str, dict[str, int]]:
        """Coverage of the first hamlet, the team, the commune and the province."""
        document = f"""{{
          hamlet: coverage(hamlet: "{self.hamlets[0]}") {FIGURES}
          team: coverage(team: "{self.id}") {FIGURES}
          commune: coverage(unit: "{COMMUNE}") {FIGURES}
          province: coverage(unit: "96") {FIGURES}
        }}"""
        found: dict[str, dict[str, int]] = overseer.data(document)
        return found

    def visit(self, household: str, **facts: Any) -> dict[str, Any]:
        """A visit as a phone tells it: guided in VNeID today, unless said otherwise."""
        hamlet = self.households.get(household, self.hamlets[0])
        told: dict[str, Any] = {"household": household, "hamlet": hamlet, "team": self.id}
        told |= {"visitedOn": today().isoformat(), "mode": "home", "services": ["VNEID_L2"], "outcome": "guided"}
        return told | {"visit": str(uuid4()), "commandId": str(uuid4())} | facts


def today() -> date:
    """The day it is in Vietnam."""
    return business_date(system_clock())


def last_quarter() -> date:
    """A day in the quarter before this one."""
    now = today()
    return date(now.year, (now.month - 1) // 3 * 3 + 1, 1) - timedelta(days=10)


def founded(someone: As, *, households: Sequence[int] = (0, 0)) -> Team:
    """A new team in Xã Đất Mũi with two new hamlets of so many households each."""
    official = someone("commune_official", COMMUNE)
    hamlets = [
        official.done("registerHamlet", commune=COMMUNE, name=f"Ấp {uuid4()}", kind="Ấp", validFrom=SINCE)
        for _ in range(2)
    ]
    ids = (hamlets[0]["id"], hamlets[1]["id"])
    told: dict[str, Any] = {"commune": COMMUNE, "name": f"Tổ {uuid4()}", "hamlets": ids}
    team = official.done("establishTeam", decisionNo="12/QĐ-UBND", decisionDate="2025-08-01", **told)
    after = ",".join(each["token"] for each in (*hamlets, team))
    assert official.data(f'{{ team(id: "{team["id"]}") {{ id }} }}', after=after)["team"] == {"id": team["id"]}
    found = Team(official, someone("team_leader", team["id"]), team["id"], ids)
    for hamlet, count in zip(ids, households, strict=True):
        for _ in range(count):
            done = found.leader.done("registerHousehold", after, hamlet=hamlet, registeredOn=SINCE)
            found.households[done["id"]] = hamlet
    return found


def test_what_was_written_is_read_at_once_with_its_token(someone: As) -> None:
    official, stranger = someone("commune_official", COMMUNE), someone("commune_official", OTHER_COMMUNE)
    named = {"commune": COMMUNE, "name": "Ấp Kinh Mới", "kind": "Ấp", "validFrom": SINCE}
    hamlet = official.done("registerHamlet", **named)
    listed = f'{{ unit(code: "{COMMUNE}") {{ hamlets(first: 100) {{ nodes {{ id name kind }} }} }} }}'
    assert {"id": hamlet["id"], "name": "Ấp Kinh Mới", "kind": "Ấp"} in official.data(listed, after=hamlet["token"])[
        "unit"
    ]["hamlets"]["nodes"]
    assert not stranger.tell("registerHamlet", **named)["accepted"]

    decision: dict[str, Any] = {"decisionNo": "9/QĐ-UBND", "decisionDate": "2025-08-01"}
    decision |= {"commune": COMMUNE, "hamlets": [hamlet["id"]]}
    team = official.done("establishTeam", name="Tổ Kinh Mới", **decision)
    seats = {"team": team["id"], "organisation": "Đoàn Thanh niên", "appointedOn": "2025-08-02"}
    leader = official.done("appointMember", team["token"], role=Word("LEADER"), **seats)
    deputy = official.done("appointMember", team["token"], role=Word("DEPUTY"), **seats)
    assert official.tell("appointMember", role=Word("LEADER"), **seats)["code"] == "LEADER_TAKEN"
    shown = f'{{ team(id: "{team["id"]}") {{ name hamlets {{ name }} members {{ totalCount nodes {{ id role }} }} }} }}'
    found = official.data(shown, after=deputy["token"])["team"]
    assert (found["name"], found["hamlets"]) == ("Tổ Kinh Mới", [{"name": "Ấp Kinh Mới"}])
    assert sorted(member["role"] for member in found["members"]["nodes"]) == ["deputy", "leader"]
    assert stranger.codes(shown) == ["NOT_FOUND"]

    gone = {"team": team["id"], "member": found["members"]["nodes"][0]["id"], "stoodDownOn": today().isoformat()}
    left = official.done("standDownMember", leader["token"], **gone)
    assert official.data(shown, after=left["token"])["team"]["members"]["totalCount"] == 1

    household = official.done("registerHousehold", hamlet=hamlet["id"])
    counted = f'{{ households(hamlet: "{hamlet["id"]}") {{ totalCount }} }}'
    assert official.data(counted, after=household["token"])["households"] == {"totalCount": 1}
    facts = {"household": household["id"], "hamlet": hamlet["id"], "team": team["id"], "outcome": "informed"}
    visit = official.done("recordVisit", visit=facts | {"visitedOn": today().isoformat(), "mode": "event"})
    logged = f'{{ visits(team: "{team["id"]}") {{ nodes {{ id outcome mode hamlet {{ name }} }} }} }}'
    assert official.data(logged, after=visit["token"])["visits"]["nodes"] == [
        {"id": visit["id"], "outcome": "informed", "mode": "event", "hamlet": {"name": "Ấp Kinh Mới"}}
    ]


@pytest.fixture
def overseer(someone: As) -> Official:
    """Who sees the whole province."""
    return someone("province_official", "96")


def test_a_batch_from_an_offline_phone_moves_coverage_at_every_level_and_back(someone: As, overseer: Official) -> None:
    before = figures_of_all_so_far(someone, overseer)
    team = founded(someone, households=(8, 4))
    first, second = ([h for h, hamlet in team.households.items() if hamlet == where] for where in team.hamlets)
    early = last_quarter().isoformat()

    batch = [team.visit(first[0]), team.visit(first[1]), team.visit(second[0])]
    batch += [team.visit(first[2], visitedOn=early), team.visit(second[1], visitedOn=early)]
    batch += [team.visit(first[3], outcome="absent", services=[]), team.visit(first[4], outcome="informed")]
    bad = {
        "UNKNOWN_HOUSEHOLD": team.visit(str(uuid4())),
        "HOUSEHOLD_ELSEWHERE": team.visit(first[5], hamlet=team.hamlets[1]),
        "DAY_IN_FUTURE": team.visit(first[5], visitedOn=(today() + timedelta(days=2)).isoformat()),
        "DAY_TOO_EARLY": team.visit(first[5], visitedOn="2019-01-01"),
        "SERVICE_REQUIRED": team.visit(first[5], services=[]),
        "SERVICES_NOT_EXPECTED": team.visit(first[5], outcome="absent"),
        "NOT_FOUND": team.visit(first[5], team=str(uuid4())),
    }
    slips: list[dict[str, Any]] = [{"mode": "dream"}, {"visitedOn": "hôm qua"}, {"services": ["NO_SUCH_SERVICE"]}]
    malformed = [team.visit(first[5], **slip) for slip in slips] + [team.visit("nhà bác Ba")]
    batch += [*bad.values(), *malformed]
    batch += [team.visit(first[n % 2]) for n in range(500 - len(batch))]
    outcomes = team.leader.data(RECORD, visits=batch)["recordVisits"]
    refused = {outcome["id"]: outcome for outcome in outcomes if not outcome["accepted"]}
    assert len(outcomes) == 500 and len(refused) == len(bad) + len(malformed)
    for code, visit in bad.items():
        outcome = outcomes[batch.index(visit)]
        assert (outcome["accepted"], outcome["code"]) == (False, code), outcome
    for visit in malformed:
        outcome = outcomes[batch.index(visit)]
        assert not outcome["accepted"] and outcome["code"] and outcome["message"] and outcome["field"], outcome

    def more(hamlet: tuple[int, int, int], team: tuple[int, int, int]) -> dict[str, dict[str, int]]:
        return {
            "hamlet": _sum({}, hamlet),
            "team": _sum({}, team),
            "commune": _sum(before["commune"], team),
            "province": _sum(before["province"], team),
        }

    moved = more((8, 2, 3), (12, 3, 5))
    eventually(lambda: team.figures(overseer) == moved, f"coverage moved to {moved}")

    corrected = team.visit(second[0], outcome="absent", services=[], visit=None, commandId=str(uuid4()))
    del corrected["visit"]
    told = batch[2]["visit"]
    assert team.leader.done("correctVisit", id=told, visit=corrected, reason="wrong_outcome")["id"] == told
    team.leader.done("voidVisit", id=batch[3]["visit"], reason="not_made")
    back = more((8, 2, 2), (12, 2, 3))
    eventually(lambda: team.figures(overseer) == back, f"coverage moved back to {back}")

    again = team.leader.data(RECORD, visits=batch)["recordVisits"]
    accepted = [(each["id"], each["token"]) for each in outcomes if each["accepted"]]
    assert [(each["id"], each["token"]) for each in again if each["accepted"]] == accepted
    # What comes after the repeated batch has shown: had the batch changed anything, that would show too.
    last = team.leader.done("registerHousehold", hamlet=team.hamlets[0], registeredOn=SINCE)
    since = more((9, 2, 2), (13, 2, 3))
    eventually(lambda: team.figures(overseer) == since, f"only one household more: {since}")
    listed = f'{{ visits(team: "{team.id}") {{ totalCount }} }}'
    found = team.leader.data(listed, after=last["token"])["visits"]["totalCount"]
    assert found == len(accepted)


def figures_of_all_so_far(someone: As, overseer: Official) -> dict[str, dict[str, int]]:
    """Coverage once everything other tests did has been counted: what is done last is counted last."""
    last = founded(someone, households=(1, 0))
    eventually(lambda: last.figures(overseer)["hamlet"]["households"] == 1, "all is counted")
    return last.figures(overseer)


def _sum(before: dict[str, int], more: tuple[int, int, int]) -> dict[str, int]:
    names = ("households", "guidedInQuarter", "guidedSincePlan")
    return {name: (before.get(name) or 0) + number for name, number in zip(names, more, strict=True)}


def test_more_than_500_visits_at_once_are_refused_whole(someone: As) -> None:
    team = founded(someone, households=(1, 0))
    too_many = [team.visit(next(iter(team.households))) for _ in range(501)]
    assert team.leader.codes(RECORD, visits=too_many) == ["INVALID_INPUT"]
    assert team.leader.data(f'{{ visits(team: "{team.id}") {{ totalCount }} }}')["visits"]["totalCount"] == 0
